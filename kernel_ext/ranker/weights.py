"""The weights file: read with checks, written whole or not at all.

One ``.npz`` archive a language: plain arrays and one JSON text. It is read with
``allow_pickle=False``: loading weights never runs code.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kernel_ext import whole

FORMAT = 1
FOLDER = Path(__file__).parent.parent / "weights"


class WeightsError(RuntimeError):
    """A weights file is missing, cut short, or not what it should be."""

    def __init__(self, path: Path, what: str):
        super().__init__(
            f"cannot use the ranker's weights {path}: {what}. Reinstall them with "
            "`pip install --force-reinstall --no-deps polaris-lab`, or give "
            "Ranker.load(path=...) another file."
        )
        self.path = path


def write(path: Path, arrays: Mapping[str, np.ndarray], meta: dict[str, Any]) -> int:
    """Write a weights file by a temporary file and one rename.

    Parameters
    ----------
    path : Path
        Where the file goes; its folder is made if needed.
    arrays : mapping of str to ndarray
        Arrays of numbers.
    meta : dict
        Anything that JSON can say.

    Returns
    -------
    int
        Size of the file in bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": FORMAT, **meta}, sort_keys=True).encode("utf-8")
    buffer = io.BytesIO()
    every: dict[str, Any] = {**arrays, "meta": np.frombuffer(text, np.uint8)}
    np.savez_compressed(buffer, **every)
    whole.write(path, buffer.getvalue())
    return path.stat().st_size


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read a weights file.

    Returns
    -------
    tuple
        The arrays by name, and the JSON part.

    Raises
    ------
    WeightsError
        If the file is missing, cut short, damaged, or of another format.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(bytes(arrays.pop("meta")))
    except FileNotFoundError:
        raise WeightsError(path, "there is no such file") from None
    except KeyError:
        raise WeightsError(path, "it has no description ('meta')") from None
    except (
        OSError,
        ValueError,
        EOFError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
    ) as error:
        raise WeightsError(path, f"it is damaged ({error})") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        found = meta.get("format") if isinstance(meta, dict) else None
        raise WeightsError(
            path, f"it has format {found!r}, this version reads format {FORMAT}"
        )
    return arrays, meta
