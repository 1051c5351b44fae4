"""Files that are whole or not there at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlcore.src.errors import did_you_mean


class MissingFileError(FileNotFoundError, ValueError):
    """A file is not there: an error of its own kind, and one in the arguments."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; what was written takes ``path``'s place at the end.

    Works for files and for folders. When the block fails, ``path`` stays as it was.

    Raises
    ------
    FileNotFoundError
        If the folder to write in is not there.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path} cannot be written: there is no folder {path.parent}. Make it "
            f"first: Path({str(path.parent)!r}).mkdir(parents=True)."
        )
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield new
        if path.is_dir() and new.is_dir():  # a folder cannot replace a full one
            old = path.with_name(f"{new.name}.old")
            path.replace(old)
            new.replace(path)
            shutil.rmtree(old)
        else:
            new.replace(path)
    except BaseException:
        if new.is_dir():
            shutil.rmtree(new)
        else:
            new.unlink(missing_ok=True)
        raise


def may_write(path: Path, overwrite: bool) -> None:
    """Refuse to replace what is there, unless told so.

    Raises
    ------
    FileExistsError
        If ``path`` exists and ``overwrite`` is False.
    """
    if not overwrite and path.exists():
        raise FileExistsError(f"{path} exists, and `overwrite` is False.")


def must_exist(path: Path, what: str) -> None:
    """Name a file that is not there, and a similar one that is.

    Raises
    ------
    FileNotFoundError
        If ``path`` does not exist.
    """
    if path.exists():
        return
    near = ""
    if path.parent.is_dir():
        names = [p.name for p in path.parent.iterdir() if p.suffix == path.suffix]
        near = did_you_mean(path.name, names) if names else ""
        near = near if near.startswith(" Did") else ""
    raise MissingFileError(
        f"File not found: there is no {what} {path}.{near} Please ensure the file is "
        "an accessible file on this machine."
    )


def as_path(filepath: Any) -> Path:
    """Return a path, ``~`` spelt out.

    Raises
    ------
    ValueError
        If it is an address on the network.
    """
    text = os.fspath(filepath)
    if "://" in text:
        raise ValueError(
            f"Files are read and written on this machine only, got {text!r}. Copy the "
            "file here first."
        )
    return Path(text).expanduser()
