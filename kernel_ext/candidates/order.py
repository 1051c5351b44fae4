"""Order of what the ranker knows nothing of: columns, keys and magics."""

from __future__ import annotations

from collections.abc import Sequence

from kernel_ext.candidates.candidate import Candidate

_MOST = 300
_LONGEST = 100_000


def by_use(found: list[Candidate], texts: Sequence[str]) -> list[Candidate]:
    """Put first what the texts name, the last used one at the top.

    The others keep their order: columns as they stand in the frame.

    Parameters
    ----------
    found : list of Candidate
        In their own order.
    texts : sequence of str
        The nearest first: this cell up to the cursor, then earlier cells.

    Examples
    --------
    >>> columns = [Candidate(c, c, "column") for c in "abc"]
    >>> [c.label for c in by_use(columns, ["df['b'].mean() + "])]
    ['b', 'a', 'c']
    """
    text = "\n".join(reversed(texts))[-_LONGEST:]
    used = {}
    for candidate in found[:_MOST]:
        last = max(_last(text, form) for form in _forms(candidate))
        if last >= 0:
            used[candidate.label] = last
    return sorted(found, key=lambda c: -used.get(c.label, -1))


def _last(text: str, form: str) -> int:
    """Return where a form stands last as a whole word, -1 if it does not."""
    at = text.rfind(form)
    while at >= 0 and text[at + len(form) : at + len(form) + 1].isidentifier():
        at = text.rfind(form, 0, at)
    return at


def _forms(candidate: Candidate) -> tuple[str, ...]:
    """Return how a candidate looks in a text."""
    if candidate.type in ("column", "key") and candidate.label[:1] not in "'\"":
        return f"'{candidate.label}'", f'"{candidate.label}"'
    return (candidate.label,)
