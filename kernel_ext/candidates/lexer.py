"""Tokens of Python text that need not be correct, or complete.

``tokenize`` and ``ast`` give up on a cell that somebody is still typing. This lexer
never does: an unclosed string of one line ends with its line, a line that begins a
statement closes the brackets that were left open above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?: \\\n | [^\S\n] )*+
    (?: (?P<name> [^\W\d]\w*+ (?!['"]) )
      | (?P<op> [.,()\[\]:{};] )
      | (?P<newline> \n )
      | (?P<string> [a-zA-Z]{0,2}
          (?: \'{3} (?: [^'\\] | \\. | '(?!'') )*+ (?: \'{3} | \\?(?P<o1>\Z) )
            | "{3}  (?: [^"\\] | \\. | "(?!"") )*+ (?: "{3}  | \\?(?P<o2>\Z) )
            | ' (?: [^'\\\n] | \\. )*+ (?: ' | \\?(?P<o3>\Z) | (?=\n) )
            | " (?: [^"\\\n] | \\. )*+ (?: " | \\?(?P<o4>\Z) | (?=\n) ) ) )
      | (?P<number> \d (?: [\w.] | (?<=[eE])[+-] )*+ )
      | (?P<comment> \#[^\n]* )
      | (?P<word> [^\W\d]\w*+ )
      | (?P<other> \*\*=? | //=? | -> | [=!<>+\-*/%@&|^]= | <<=? | >>=? | . )
      | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN = ("o1", "o2", "o3", "o4")
_KINDS = {"word": "name", "other": "op"}
_CLOSES = {")": "(", "]": "[", "}": "{"}
_RESTARTS = frozenset(
    "assert break class continue def del from global import nonlocal pass raise return "
    "try while with".split()
)
KEYWORDS = frozenset(
    "False None True and as assert async await break class continue def del elif else "
    "except finally for from global if import in is lambda nonlocal not or pass raise "
    "return try while with yield".split()
)


class Token(NamedTuple):
    """A token; ``kind`` is "name", "number", "string", "op", "newline" or "open".

    "open" is a string that the text ends in.
    """

    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Lexed:
    """The tokens of a text, without spaces, comments and newlines inside brackets."""

    text: str
    tokens: list[Token] = field(default_factory=list)
    partner: dict[int, int] = field(default_factory=dict)
    """Index of a closing bracket -> index of the one it closes."""
    open: list[int] = field(default_factory=list)
    """Indices of the brackets still open at the end, outermost first."""
    in_comment: bool = False
    """The text ends in a comment."""

    def statement(self) -> int:
        """Return the index of the first token of the last statement."""
        i = len(self.tokens)
        while i and self.tokens[i - 1].kind != "newline" and not self._ends(i - 1):
            i -= 1
        return i

    def statements(self) -> list[tuple[int, int]]:
        """Return the statements as ranges of token indices, without empty ones."""
        found, start = [], 0
        for i, token in enumerate(self.tokens):
            if token.kind == "newline":
                if i > start:
                    found.append((start, i))
                start = i + 1
        if len(self.tokens) > start:
            found.append((start, len(self.tokens)))
        return found

    def primary(self, last: int) -> int | None:
        """Return where the primary expression begins that ends with a token.

        A primary is a name, string or bracketed expression with any number of
        attributes, calls and subscripts after it; None if there is none.

        Examples
        --------
        >>> found = lex("x = a.b(1)[0].c")
        >>> found.tokens[found.primary(len(found.tokens) - 1)].text
        'a'
        """
        i = last
        while i >= 0:
            token = self.tokens[i]
            if token.text in _CLOSES and token.kind == "op":
                start = self.partner.get(i)
                if start is None:
                    return None
                opener = self.tokens[start].text
                if start and opener != "{" and self.is_primary_end(start - 1):
                    i = start - 1
                    continue
                return start
            if token.kind == "name" and not _is_reserved(token.text):
                if i >= 2 and self.tokens[i - 1].text == ".":
                    i -= 2
                    continue
                return i
            return i if token.kind == "string" else None
        return None

    def is_primary_end(self, i: int) -> bool:
        """Tell whether a bracket after this token would be a call or a subscript."""
        token = self.tokens[i]
        if token.kind == "name":
            return not _is_reserved(token.text)
        return token.kind == "string" or (token.kind == "op" and token.text in _CLOSES)

    def _ends(self, i: int) -> bool:
        return self.tokens[i].text == ";" and self.tokens[i].kind == "op"


def _is_reserved(name: str) -> bool:
    return name in KEYWORDS and name not in ("None", "True", "False")


@lru_cache(maxsize=16)
def lex(text: str) -> Lexed:
    """Split a text into tokens.

    Examples
    --------
    >>> [t.text for t in lex("df.head(  # first").tokens]
    ['df', '.', 'head', '(']
    """
    found = Lexed(text)
    tokens, stack = found.tokens, found.open
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind is None:
            break
        start, end = match.span(kind)
        value = match[kind]
        if kind == "comment":
            found.in_comment = end == len(text)
            continue
        if kind == "newline":
            if stack and not _restarts(text, end):
                continue
            stack.clear()
        elif kind == "op":
            if value in "([{":
                stack.append(len(tokens))
            elif value in _CLOSES:
                _close(found, value)
        elif kind == "string":
            if any(match[name] is not None for name in _OPEN):
                kind = "open"
        tokens.append(Token(_KINDS.get(kind, kind), value, start, end))
    return found


def _close(found: Lexed, letter: str) -> None:
    """Match a closing bracket with the nearest open one of its kind."""
    for depth in range(len(found.open) - 1, -1, -1):
        if found.tokens[found.open[depth]].text == _CLOSES[letter]:
            found.partner[len(found.tokens)] = found.open[depth]
            del found.open[depth:]
            return


_WORD = re.compile(r"[^\S\n]*(@?\w+)[^\S\n]*")


def _restarts(text: str, position: int) -> bool:
    """Tell whether the line at a position can only begin a new statement."""
    match = _WORD.match(text, position)
    if match is None:
        return False
    # A keyword argument may be called ``del_`` but none is called ``del``.
    return match[1] in _RESTARTS and not text.startswith("(", match.end() + 1)
