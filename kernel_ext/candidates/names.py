"""Plain names: the kernel's, built-in ones, keywords and those of the notebook."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kernel_ext.candidates.annotations import vars_of_builtins
from kernel_ext.candidates.candidate import Candidate, matches, select, unique

_LONGEST = 65_536
_WORD = re.compile(
    r"""
    \#[^\n]*
    | [rbfuRBFU]{0,2} (?: \"{3} .*? (?:\"{3}|\Z) | '{3} .*? (?:'{3}|\Z) )
    | [rbfuRBFU]{0,2} (?: "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'? )
    | (?: \b(?P<word>def|class|import|from)\s+ )? (?<![\w.]) (?P<name>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {"def": "function", "class": "class", "import": "module", "from": "module"}


def names(
    namespace: Mapping[str, Any], texts: Iterable[str], prefix: str
) -> list[Candidate]:
    """List the names that may stand at a place where an expression begins.

    Parameters
    ----------
    namespace : dict
        Names of the kernel.
    texts : iterable of str
        Texts whose words count: this cell up to the name first, then earlier cells.
    prefix : str
        What is typed of the name.
    """
    live = select(list(dict.items(_plain(namespace))), prefix)
    builtin = select(vars_of_builtins(), prefix)
    reserved = [
        Candidate(word, word, "keyword")
        for word in (*keyword.kwlist, "match", "case")
        if matches(word, prefix)
    ]
    kinds: dict[str, str] = {}
    for i, text in enumerate(texts):
        read = _words if i else words  # the first changes with every key
        for word, kind in read(text[-_LONGEST:]).items():
            if kinds.get(word, "text") == "text" and matches(word, prefix):
                kinds[word] = kind
    seen = [Candidate(word, word, kind) for word, kind in kinds.items()]
    return list(unique([*live, *reserved, *seen, *builtin]))


def words(text: str) -> dict[str, str]:
    r"""Return the names in a text, outside of strings and comments, and their kinds.

    Examples
    --------
    >>> words("def f(a):  # b\n    return a.c")
    {'f': 'function', 'a': 'text'}
    """
    found: dict[str, str] = {}
    for match in _WORD.finditer(text):
        name = match["name"]
        if name and not keyword.iskeyword(name):
            kind = _KINDS.get(match["word"] or "", "text")
            if found.get(name, "text") == "text":
                found[name] = kind
    return found


_words = lru_cache(maxsize=256)(words)


def _plain(namespace: Mapping[str, Any]) -> dict[str, Any]:
    return namespace if isinstance(namespace, dict) else dict(namespace)
