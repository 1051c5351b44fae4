"""IPython's magics and their best-known arguments."""

from __future__ import annotations

from typing import Any

from kernel_ext.candidates.candidate import Candidate


def magics(shell: Any, prefix: str, first_line: bool) -> list[Candidate]:
    """List the magics that begin with ``%`` or ``%%`` and some letters.

    Parameters
    ----------
    shell : InteractiveShell or None
        The shell whose magics are listed.
    prefix : str
        What is typed, with the signs.
    first_line : bool
        Whether a cell magic may stand here.
    """
    if shell is None:
        return []
    known = shell.magics_manager.lsmagic()
    labels = [f"%{name}" for name in sorted(known.get("line", ()))]
    if first_line:
        labels += [f"%%{name}" for name in sorted(known.get("cell", ()))]
    typed = prefix.lower()
    return [
        Candidate(label, label, "magic")
        for label in labels
        if label.lower().startswith(typed)
    ]
