"""Arrays out of files that other programs pickled, without running their code."""

from __future__ import annotations

import codecs
import io
import pickle
import zipfile
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
from numpy._core import multiarray

#: All that an array of lists needs; whatever else a file asks for is refused.
_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
    **{
        (f"numpy.{core}.multiarray", name): getattr(multiarray, name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    },
}


class _Plain(pickle.Unpickler):
    """Reads numbers, texts, lists, dicts and arrays."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the few things that are allowed."""
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise pickle.UnpicklingError(
            f"The file asks for {module}.{name}; only numbers, texts, lists, dicts and "
            "arrays are read. It is damaged, or not what it should be."
        )


def load(stream: BinaryIO, encoding: str = "bytes") -> Any:
    """Read a pickled value made of plain data.

    Parameters
    ----------
    stream : binary file
    encoding : str
        How texts of Python 2 are decoded.

    Raises
    ------
    pickle.UnpicklingError
        If it asks for anything but plain data.
    """
    return _Plain(stream, encoding=encoding).load()


def load_npz(path: str | PathLike[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Read the arrays of an ``.npz`` file, arrays of lists among them.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict of str to ndarray
    """
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                arrays[member.removesuffix(".npy")] = _array(stream.read())
    return arrays


def _array(content: bytes) -> np.ndarray[Any, Any]:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        return np.asarray(load(stream), dtype=object).reshape(shape)
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
