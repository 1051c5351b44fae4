r"""Letters by their LaTeX names (``\\alpha``), as IPython completes them."""

from __future__ import annotations

import re

from kernel_ext.candidates.candidate import Candidate

_NAME = re.compile(r"\\[\^_]?\w*\Z")


def symbols(text: str) -> tuple[int, list[Candidate]]:
    """List the symbols whose LaTeX name the text ends with.

    Returns
    -------
    tuple of (int, list of Candidate)
        Where in the text the name begins, and the symbols; a name that is complete is
        replaced by its letter, an incomplete one by its full names.
    """
    match = _NAME.search(text)
    if match is None or len(match[0]) < 2:
        return len(text), []
    from IPython.core.latex_symbols import latex_symbols

    typed = match[0]
    if typed in latex_symbols:
        letter = latex_symbols[typed]
        return match.start(), [Candidate(letter, letter, "text")]
    names = sorted(name for name in latex_symbols if name.startswith(typed))
    return match.start(), [Candidate(name, name, "text") for name in names]
