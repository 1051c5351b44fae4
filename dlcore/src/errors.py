"""How errors suggest what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'adam'?"``, or the known names if none is near.

    Parameters
    ----------
    given : object
        What the user wrote.
    known : iterable of str
        What would have been right.

    Returns
    -------
    str
        A sentence with a leading space, to append to an error message.

    Examples
    --------
    >>> did_you_mean("adm", ["adam", "sgd"])
    " Did you mean 'adam'?"
    """
    names = sorted(set(known))
    lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(str(given).lower(), lower, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {lower[near[0]]!r}?"
    return f" Known: {', '.join(names)}." if names else ""
