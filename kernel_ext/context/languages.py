"""What the reading must know of a language: its tokens and its keywords.

A further language is a further table here and its statements' rules beside
`kernel_ext.context.reader`.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass

from kernel_ext.context.suggest import did_you_mean


@dataclass(frozen=True)
class Language:
    """Tokens and words of a language."""

    name: str
    token: re.Pattern[str]
    """Named groups `name`, `op`, `string`, `open` (a string without its end),
    `number`, `comment`, `newline`, `continuation`, `cell`."""
    keywords: frozenset[str]
    """Words that are no identifiers."""
    constants: dict[str, str]
    """Keywords that are values, with their types."""
    statements: frozenset[str]
    """Keywords that begin a statement."""
    headers: frozenset[str]
    """Of these, those whose statement ends at a colon."""
    resync: frozenset[str]
    """Keywords that cannot stand inside brackets: at the left margin they show that
    an earlier bracket was never closed."""
    builtins: frozenset[str]
    """Names that are always bound."""


_PYTHON_TOKEN = r"""
  (?P<string> [rRbBuUfFtT]{0,2} (?:
      \"\"\" [^"\\\f]* (?: (?: \\. | "(?!"") ) [^"\\\f]* )* \"\"\"
    | ''' [^'\\\f]* (?: (?: \\. | '(?!'') ) [^'\\\f]* )* '''
    | " (?!"") [^"\\\n\f]* (?: \\. [^"\\\n\f]* )* "
    | ' (?!'') [^'\\\n\f]* (?: \\. [^'\\\n\f]* )* ' ) )
| (?P<open> [rRbBuUfFtT]{0,2} (?:
      (?: \"\"\" | ''' ) [^\f]*
    | ["'] (?: [^\\\n\f] | \\[^\f] )* ) )
| (?P<number> \.?\d\w* (?: (?<=[eE]) [+-]\d\w* | \.\w* (?: (?<=[eE]) [+-]\d\w* )? )? )
| (?P<name> [^\W\d]\w* )
| (?P<newline> \n )
| (?P<comment> \#[^\n\f]* )
| (?P<continuation> \\\n )
| (?P<cell> \f )
| (?P<op> \*\*=? | //=? | >>=? | <<=? | := | -> | [-+*/%@&|^=<>!]= | \.\.\. | [^\w\s] )
"""

_HEADERS = "async class def elif else except finally for if try while with"
_SIMPLE = (
    "assert break continue del from global import nonlocal pass raise return yield"
)
_OPERATORS = "and as await in is lambda not or"

PYTHON = Language(
    name="python",
    token=re.compile(_PYTHON_TOKEN, re.VERBOSE | re.DOTALL),
    keywords=frozenset(
        f"{_HEADERS} {_SIMPLE} {_OPERATORS} True False None".split(),
    ),
    constants={"True": "bool", "False": "bool", "None": "None"},
    statements=frozenset(f"{_HEADERS} {_SIMPLE}".split()),
    headers=frozenset(_HEADERS.split()),
    resync=frozenset(
        "assert break class continue def del global import nonlocal pass raise return "
        "try while with".split()
    ),
    builtins=frozenset(name for name in dir(builtins) if name[0] != "_"),
)

LANGUAGES = {"python": PYTHON}


def language(name: str) -> Language:
    """Return the table of a language.

    Raises
    ------
    ValueError
        If there is none; names those that exist.
    """
    try:
        return LANGUAGES[name]
    except KeyError:
        raise ValueError(did_you_mean("language", name, LANGUAGES)) from None
