"""Messages for a wrong choice."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(argument: str, given: object, known: Iterable[str]) -> str:
    """Say what was given, what was expected, and what was probably meant."""
    known = sorted(known)
    close = difflib.get_close_matches(str(given), known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    choices = ", ".join(map(repr, known))
    return f"{argument} is {given!r}, expected one of {choices}{hint}"
