"""Names cut into the words they are made of."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")


def subtokens(name: str) -> tuple[str, ...]:
    """Cut a name at underscores, capitals and digits, in lower case.

    >>> subtokens("read_csv"), subtokens("HTTPServer2"), subtokens("fooBar_")
    (('read', 'csv'), ('http', 'server', '2'), ('foo', 'bar'))
    """
    return tuple(word.lower() for word in _WORDS.findall(name))
