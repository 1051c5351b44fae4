"""Files and folders in strings that name a path."""

from __future__ import annotations

import os
import re
from pathlib import Path

from kernel_ext.candidates.candidate import Candidate, cap
from kernel_ext.candidates.cursor import Call

_MOST = 5000
_TAKES_PATH = re.compile(
    r"(?:^|\.)(?:open|Path|PurePath|load\w*|read_\w+|scan_\w+|save\w*|to_\w+|imread|"
    r"imsave|listdir|chdir|glob|exists|isfile|isdir|makedirs|mkdir|from_file|fromfile|"
    r"genfromtxt|File)$|^%"
)


def wants_path(call: Call | None, typed: str) -> bool:
    """Tell whether a string is likely a path: by the call, or by a slash in it."""
    if "://" in typed:
        return False
    return "/" in typed or (call is not None and bool(_TAKES_PATH.search(call.callee)))


def files(typed: str) -> tuple[int, list[Candidate]]:
    """List the entries of the folder that a path names so far.

    Parameters
    ----------
    typed : str
        The path up to the cursor.

    Returns
    -------
    tuple of (int, list of Candidate)
        Where in ``typed`` the entry's name begins, and the entries; folders end with a
        slash. Hidden entries are listed once their dot is typed.
    """
    start = typed.rfind("/") + 1
    folder, prefix = typed[:start], typed[start:]
    found = []
    try:
        with os.scandir(Path(folder).expanduser() if folder else Path()) as entries:
            for count, entry in enumerate(entries):
                if count >= _MOST:
                    break
                if entry.name[: len(prefix)].lower() != prefix.lower():
                    continue
                if entry.name[0] == "." and prefix[:1] != ".":
                    continue
                name = entry.name + ("/" if entry.is_dir() else "")
                found.append(Candidate(name, name, "path"))
    except (OSError, RuntimeError, ValueError):  # no such folder or user, a zero byte
        return start, []
    return start, cap(sorted(found, key=lambda c: c.label), prefix)
