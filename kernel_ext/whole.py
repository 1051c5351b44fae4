"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes | str) -> None:
    """Write a file beside its place and move it there, so that none is ever half.

    Parameters
    ----------
    path : Path
        Where the file goes; what is there is replaced.
    content : bytes or str
        Text is written as UTF-8.

    Raises
    ------
    OSError
        If it cannot be written; then nothing has changed.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
