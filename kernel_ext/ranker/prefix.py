"""How a candidate matches the letters typed so far."""

from __future__ import annotations

EXACT, START, START_ANY_CASE, WORD_START, INSIDE, NONE = range(6)


def match(name: str, prefix: str) -> int:
    """Tell how `name` matches `prefix`; smaller is better.

    Parameters
    ----------
    name : str
        A candidate.
    prefix : str
        The letters typed; everything starts with the empty prefix.

    Returns
    -------
    int
        `EXACT`, `START`, `START_ANY_CASE`, `WORD_START` (a later word of the name
        starts with it: ``csv`` in ``read_csv``), `INSIDE` or `NONE`.

    Examples
    --------
    >>> match("head", "head") == EXACT, match("head", "h") == START
    (True, True)
    >>> match("read_csv", "csv") == WORD_START, match("head", "x") == NONE
    (True, True)
    """
    if not prefix:
        return START
    if name.startswith(prefix):
        return EXACT if len(name) == len(prefix) else START
    low, typed = name.lower(), prefix.lower()
    if low.startswith(typed):
        return START_ANY_CASE
    at = low.find(typed)
    if at < 0:
        return NONE
    while at > 0:
        if name[at - 1] == "_" or (name[at].isupper() and not name[at - 1].isupper()):
            return WORD_START
        at = low.find(typed, at + 1)
    return INSIDE


def concealed(name: str) -> int:
    """Tell 0 for a public name, 1 for a private one, 2 for a dunder.

    Examples
    --------
    >>> concealed("head"), concealed("_data"), concealed("__add__")
    (0, 1, 2)
    """
    if not name.startswith("_") or name == "_":
        return 0
    return 2 if name.startswith("__") and name.endswith("__") else 1
