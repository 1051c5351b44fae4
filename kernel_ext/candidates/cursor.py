"""What could be completed at a cursor, from the text alone.

Only the text before the cursor is read, and of a long text only its end: enough for the
statement the cursor is in. What the names mean is found later, from live objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kernel_ext.candidates.lexer import Lexed, lex

WINDOW = 4000
"""Characters before the cursor that are read."""

PYTHON_CELLS = frozenset("capture prun time timeit".split())
"""Cell magics whose body is Python."""

PYTHON_LINES = frozenset("prun time timeit".split())
"""Line magics whose argument is Python."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call around the cursor, as far as it is written."""

    callee: str
    """Text of the expression that is called."""
    arguments: tuple[tuple[str | None, str], ...]
    """Keyword (or None) and text of each argument before the one at the cursor."""
    keyword: str | None
    """Keyword of the argument at the cursor, if it has one."""
    at_start: bool
    """Nothing of the argument is written but the name at the cursor."""

    @property
    def used(self) -> frozenset[str]:
        """Names of the keyword arguments that are given already."""
        return frozenset(name for name, _ in self.arguments if name)

    @property
    def positional(self) -> int:
        """Number of positional arguments before the cursor."""
        return sum(name is None for name, _ in self.arguments)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor is; offsets are code points of the text given to :func:`at`.

    ``kind`` is "attribute", "name", "module" (a module's name in an import statement),
    "import" (a name after ``from m import``), "string", "magic" or "none".
    """

    kind: str
    start: int
    prefix: str
    receiver: str | None = None
    """Expression before the dot, or the one that is subscripted by a string."""
    module: str = ""
    """Import statements: the module before the last dot, or after ``from``."""
    call: Call | None = None
    subscript: str | None = None
    """Text of what is subscripted when the name is the first thing in ``x[``."""
    index: int = 0
    """Strings: number of commas before it in the subscript around it."""
    quote: str = ""
    """Strings: the quote that opened it."""


def at(source: str, cursor: int) -> Place:
    """Describe the place of a cursor.

    Parameters
    ----------
    source : str
        Text of a cell.
    cursor : int
        Offset of the cursor in code points.

    Examples
    --------
    >>> place = at("x = df.he", 9)
    >>> place.kind, place.receiver, place.prefix, place.start
    ('attribute', 'df', 'he', 7)
    """
    first_line = source[: source.find("\n") if "\n" in source else len(source)]
    cell_magic = re.match(r"%%(\w*)", first_line)
    if cell_magic and cursor > len(first_line) and cell_magic[1] not in PYTHON_CELLS:
        return Place("none", cursor, "")
    begin = _window(source, cursor)
    if begin is None:
        return Place("none", cursor, "")
    return _shift(_place(lex(source[begin:cursor])), begin)


_STRING = re.compile(  # or comment, as a whole
    r"""
    [^\#"']*+
    ( \#[^\n]*
    | \"{3} (?: [^"\\] | \\. | "(?!"") )*+ (?: \"{3} | \Z )
    | '{3} (?: [^'\\] | \\. | '(?!'') )*+ (?: '{3} | \Z )
    | " (?: [^"\\\n] | \\. )*+ "? | ' (?: [^'\\\n] | \\. )*+ '? | \Z )
    """,
    re.VERBOSE | re.DOTALL,
)


def _window(source: str, cursor: int) -> int | None:
    """Return the start of a line at most about ``WINDOW`` before the cursor.

    A line in a string of several lines will not do: then the string's end is returned,
    or None if the cursor is in it.
    """
    begin = cursor - WINDOW
    if begin <= 0:
        return 0
    line = source.find("\n", begin, cursor) + 1 or begin  # else one very long line
    for match in _STRING.finditer(source, 0, cursor):
        if match.start(1) >= line:
            break
        if match.end() > line:
            return match.end() if match.end() < cursor else None
    return line


def _shift(place: Place, offset: int) -> Place:
    return replace(place, start=place.start + offset) if offset else place


def _place(lexed: Lexed) -> Place:
    tokens, end = lexed.tokens, len(lexed.text)
    nothing = Place("none", end, "")
    if lexed.in_comment:
        return nothing
    last = tokens[-1] if tokens else None
    if last and last.kind == "open":
        return _string(lexed)
    if last and last.kind == "number" and last.end == end:
        return nothing
    typed = last is not None and last.kind == "name" and last.end == end
    prefix = last.text if last and typed else ""
    start = end - len(prefix)
    before = len(tokens) - 1 - typed  # index of the token before the name
    first = lexed.statement()
    words = [token.text for token in tokens[first : before + 1]]
    if words[:1] == ["%"]:
        magic = _magic(lexed, first, words, prefix, start)
        if magic is not None:
            return magic
    if words[:1] in (["!"], ["?"]):
        return nothing
    if words[-1:] == ["\\"]:
        return Place("none", end, "")  # a symbol by its LaTeX name
    if words[:1] in (["import"], ["from"]):
        return _import(words, prefix, start)
    if words and words[-1] in ("def", "class", "as"):
        return Place("none", start, prefix)
    if words and words[-1] == ".":
        begin = lexed.primary(before - 1) if before else None
        if begin is None or begin < first:
            return Place("none", start, prefix)
        receiver = lexed.text[tokens[begin].start : tokens[before - 1].end]
        return Place("attribute", start, prefix, receiver=receiver)
    return _name(lexed, before, prefix, start)


def _name(lexed: Lexed, before: int, prefix: str, start: int) -> Place:
    place = Place("name", start, prefix)
    if not lexed.open:
        return place
    bracket = lexed.open[-1]
    kind = lexed.tokens[bracket].text
    inside = bracket > 0 and lexed.is_primary_end(bracket - 1)
    if kind == "(" and bracket > 1 and lexed.tokens[bracket - 2].text == "def":
        fresh = lexed.tokens[before].text in ("(", ",", "*", "**")
        return Place("none", start, prefix) if fresh else place
    if kind == "(" and inside:
        return replace(place, call=_call(lexed, bracket, start))
    if kind == "[" and inside and before == bracket:
        return replace(place, subscript=_primary_text(lexed, bracket - 1))
    return place


def _primary_text(lexed: Lexed, last: int) -> str | None:
    begin = lexed.primary(last)
    if begin is None:
        return None
    return lexed.text[lexed.tokens[begin].start : lexed.tokens[last].end]


def _call(lexed: Lexed, bracket: int, start: int) -> Call | None:
    """Read the arguments between an open bracket and the offset ``start``."""
    callee = _primary_text(lexed, bracket - 1)
    if callee is None or lexed.tokens[max(bracket - 2, 0)].text == "class":
        return None
    arguments: list[tuple[str | None, str]] = []
    depth, begin = 0, bracket + 1
    tokens = lexed.tokens
    for i in range(bracket + 1, len(tokens)):
        if tokens[i].start >= start:
            break
        if tokens[i].kind == "op":
            depth += (tokens[i].text in "([{") - (tokens[i].text in ")]}")
            if tokens[i].text == "," and depth == 0:
                keyword, first = _keyword(lexed, begin, i)
                if first < i:
                    text = lexed.text[tokens[first].start : tokens[i].start].strip()
                    arguments.append((keyword, text))
                begin = i + 1
    keyword, _ = _keyword(lexed, begin, len(tokens))
    at_start = keyword is None and (
        begin == len(tokens) or tokens[begin].start >= start
    )
    return Call(callee, tuple(arguments), keyword, at_start)


def _keyword(lexed: Lexed, begin: int, end: int) -> tuple[str | None, int]:
    """Return the keyword of an argument and the index where its value begins."""
    tokens = lexed.tokens
    if begin + 1 < end and tokens[begin].kind == "name":
        if tokens[begin + 1].text == "=":
            return tokens[begin].text, begin + 2
    return None, begin


_OPENING = re.compile(r"([a-zA-Z]{0,2})('{3}|\"{3}|'|\")")


def _string(lexed: Lexed) -> Place:
    token = lexed.tokens[-1]
    opening = _OPENING.match(token.text)
    assert opening is not None
    start = token.start + opening.end()
    content = lexed.text[start:]
    if "f" in opening[1].lower() or "t" in opening[1].lower():
        inner = _replacement(content)
        if inner is not None:
            return _shift(_place(lex(content[inner:])), start + inner)
    if len(opening[2]) == 3 or "\n" in content:
        return Place("none", len(lexed.text), "")
    place = Place("string", start, content, quote=opening[2])
    for bracket in reversed(lexed.open):
        if not (bracket and lexed.is_primary_end(bracket - 1)):
            continue  # a list, tuple or dict display
        if lexed.tokens[bracket].text == "[":
            receiver = _primary_text(lexed, bracket - 1)
            index = _commas(lexed, bracket)
            return replace(place, receiver=receiver, index=index)
        return replace(place, call=_call(lexed, bracket, token.start))
    return place


def _commas(lexed: Lexed, bracket: int) -> int:
    depth = count = 0
    for token in lexed.tokens[bracket + 1 :]:
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
            count += token.text == "," and depth == 0
    return count


def _replacement(content: str) -> int | None:
    """Return where the replacement field begins that an f-string's text ends in."""
    depth: list[int] = []
    i = 0
    while i < len(content):
        if content.startswith(("{{", "}}"), i) and not depth:
            i += 2
            continue
        if content[i] == "{":
            depth.append(i + 1)
        elif content[i] == "}" and depth:
            depth.pop()
        i += 1
    return depth[-1] if depth else None


def _import(words: list[str], prefix: str, start: int) -> Place:
    """Describe a place in an import statement; ``words`` are those before the name."""
    place = Place("module", start, prefix)
    if words[0] == "from":
        if "import" not in words:
            path = words[1:]
            if path and path[-1] != ".":
                return replace(place, kind="name", module="from")
            module = "".join(path)
            return replace(place, module=module[:-1] if module.strip(".") else module)
        cut = words.index("import")
        names = words[cut + 1 :]
        if names and names[-1] not in (",", "("):
            return replace(place, kind="none")
        return replace(place, kind="import", module="".join(words[1:cut]))
    comma = max((i for i, word in enumerate(words) if word == ","), default=0)
    path = words[comma + 1 :]
    if path and path[-1] != ".":
        return replace(place, kind="none")
    return replace(place, module="".join(path[:-1]) if path else "")


def _magic(
    lexed: Lexed, first: int, words: list[str], prefix: str, start: int
) -> Place | None:
    """Describe a place in a line of magic; None where Python follows."""
    tokens = lexed.tokens
    signs = 2 if words[1:2] == ["%"] else 1
    begin = tokens[first].start
    if len(words) == signs and start == begin + signs:
        return Place("magic", begin, "%" * signs + prefix)
    if words[signs : signs + 1] and words[signs] in PYTHON_LINES:
        return None
    if words[signs : signs + 1] in (["cd"], ["run"], ["load"], ["writefile"]):
        argument = re.search(r"\S*$", lexed.text)
        assert argument is not None
        call = Call("%" + words[signs], (), None, True)
        return Place("string", argument.start(), argument[0], call=call)
    return Place("none", len(lexed.text), "")
