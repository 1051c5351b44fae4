"""Arrays in HDF5 files: one group ``<place>/vars`` for each object with state.

The layout is that of Keras' ``.weights.h5`` files. Links to elsewhere, and data sets
that declare far more than they store, are refused: a file is not trusted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from dlcore.src.variable import Variable

ENDING = ".weights.h5"
#: Data sets above this size, in bytes, must store at least a share of it.
LARGE, SHARE = 1 << 32, 1000


def h5py() -> Any:
    """Return the package, or say how to get it."""
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Reading and writing `.keras` and `.weights.h5` files needs h5py: "
            "pip install h5py. Files that end in `.safetensors` need none."
        ) from error
    return h5py


def as_array(value: Any) -> np.ndarray[Any, Any]:
    """Return a number, an array, a tensor or a Variable as a numpy array."""
    if isinstance(value, np.ndarray):
        return value
    from dlcore import ops

    if isinstance(value, Variable):
        return value.numpy()
    return np.asarray(ops.convert_to_numpy(value))


class Writer:
    """An HDF5 file that is being written.

    Parameters
    ----------
    file : Path or binary file
    """

    def __init__(self, file: Path | IO[bytes]):
        self._file = h5py().File(file, "w")

    def __enter__(self) -> Writer:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._file.close()

    def write(self, place: str, values: Mapping[str, Any], name: str | None) -> None:
        """Write what an object gave, under its place.

        Parameters
        ----------
        place : str
            ``"layers/dense"``; empty for the model itself.
        values : dict of str to array-like
        name : str, optional
            The object's own name, kept for people who look into the file.
        """
        if not values and name is None:
            return
        group = self._file.create_group(f"{place}/vars" if place else "vars")
        if name is not None:
            group.attrs["name"] = name
        for key, value in values.items():
            put(group, key, as_array(value))


def put(group: Any, key: str, array: np.ndarray[Any, Any]) -> None:
    """Write one array; HDF5 has no bfloat16, so that is noted beside it."""
    if array.dtype.name == "bfloat16":
        data = group.create_dataset(key, data=array.view("V2"))
        data.attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(key, data=array)


class Group(Mapping[str, Any]):
    """The arrays of one object, read when they are asked for."""

    def __init__(self, group: Any):
        self._group = group

    def __getitem__(self, key: str) -> np.ndarray[Any, Any]:
        """Read an array."""
        return read(self._group, key)

    def __iter__(self) -> Iterator[str]:
        """Go over the keys."""
        return iter(self._group)

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self._group)


class Reader:
    """An HDF5 file that is being read.

    Parameters
    ----------
    file : Path or binary file
    label : str
        What error messages call it.

    Raises
    ------
    ValueError
        If it is no HDF5 file, or a broken one.
    """

    def __init__(self, file: Path | IO[bytes], label: str):
        self.label = label
        try:
            self.file = h5py().File(file, "r")
        except OSError as error:
            raise ValueError(
                f"{label} is no HDF5 file, or is broken or cut off: {error}."
            ) from error

    def __enter__(self) -> Reader:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self.file.close()

    def read(self, place: str) -> Mapping[str, Any]:
        """Return the arrays under a place; an empty dict if there are none."""
        path = f"{place}/vars" if place else "vars"
        group = inside(self.file, path)
        return {} if group is None else Group(group)

    def has(self, place: str) -> bool:
        """Whether the file has anything under a place."""
        return inside(self.file, place) is not None

    @property
    def places(self) -> list[str]:
        """The places that hold arrays."""
        found: list[str] = []
        _collect(self.file, "", found)
        return found


def _collect(group: Any, path: str, found: list[str]) -> None:
    for key in group:
        part = _own(group, key)
        if isinstance(part, h5py().Group):
            if key == "vars" and len(part):
                found.append(path)
            elif key != "vars":
                _collect(part, f"{path}/{key}".lstrip("/"), found)


def inside(group: Any, path: str) -> Any:
    """Return a group inside another, or None.

    Raises
    ------
    ValueError
        If the path leads out of the file, or to something else than a group.
    """
    for key in path.split("/"):
        if key not in group:
            return None
        group = _own(group, key)
        if not isinstance(group, h5py().Group):
            raise ValueError(
                f"Invalid H5 file, expected Group at {path!r} but found "
                f"{type(group).__name__}."
            )
    return group


def _own(group: Any, key: str) -> Any:
    """Return a member that lies in this file."""
    link = group.get(key, getlink=True)
    if not isinstance(link, h5py().HardLink):
        raise ValueError(
            f"Not allowed: H5 file with {type(link).__name__} at "
            f"{group.name}/{key}: it leads elsewhere."
        )
    return group[key]


def read(group: Any, key: str) -> np.ndarray[Any, Any]:
    """Read an array.

    Raises
    ------
    KeyError
        If there is none.
    ValueError
        If it lies outside the file, or declares far more than it stores.
    """
    if key not in group:
        raise KeyError(key)
    data = _own(group, key)
    if not isinstance(data, h5py().Dataset):
        raise ValueError(
            f"Invalid H5 file, expected Dataset at {group.name}/{key} but found "
            f"{type(data).__name__}."
        )
    if data.external:
        raise ValueError(f"Not allowed: H5 file with external Dataset: {data.external}")
    if data.is_virtual:
        raise ValueError(f"Not allowed: H5 file with virtual Dataset {data.name}")
    declared = math.prod(data.shape) * data.dtype.itemsize
    stored = data.id.get_storage_size()
    if declared > LARGE and declared > SHARE * stored:
        raise ValueError(
            f"Not allowed: H5 dataset {data.name} declares {declared} bytes, but only "
            f"{stored} bytes are stored."
        )
    array = np.asarray(data[()])
    if data.attrs.get("dtype") == "bfloat16":
        import ml_dtypes

        return array.view(ml_dtypes.bfloat16)
    return array
