"""Where output goes: a notebook, a terminal that redraws lines, or a log."""

from __future__ import annotations

import os
import sys
from typing import Literal

Place = Literal["notebook", "terminal", "log"]


def in_notebook() -> bool:
    """Return whether an IPython kernel runs this code and shows rich output.

    IPython is not imported for the question: in a kernel it is there already.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def cell() -> int | None:
    """Return the number of the notebook cell that runs; None outside of notebooks."""
    if not in_notebook():
        return None
    return int(sys.modules["IPython"].get_ipython().execution_count)


def place() -> Place:
    """Return where what is printed now will be read.

    Returns
    -------
    {"notebook", "terminal", "log"}
        A file, a pipe, continuous integration (the variable ``CI``) and a dumb
        terminal count as a log: nothing there can be drawn a second time.
    """
    if in_notebook():
        return "notebook"
    redraws = sys.stdout is not None and sys.stdout.isatty()
    plain = os.environ.get("TERM") == "dumb" or os.environ.get("CI", "") not in (
        "",
        "0",
        "false",
    )
    return "terminal" if redraws and not plain else "log"
