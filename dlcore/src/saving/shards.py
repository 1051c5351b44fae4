"""Weights in several HDF5 files of limited size, and a JSON file that lists them.

``model.weights.json`` says in which ``model_00000.weights.h5`` the arrays of an
object lie; the format is Keras' own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dlcore.src.saving import hdf5
from dlcore.src.saving.files import replacing
from dlcore.src.saving.state import save_state

_GIGABYTE = 1 << 30


class _Writer:
    """Files that are being written, one after the other.

    Parameters
    ----------
    stem : Path
        Without number and ending.
    limit : float
        Bytes a file may have.
    files : ExitStack
        Closes them, and puts them in their places.
    """

    def __init__(self, stem: Path, limit: float, files: contextlib.ExitStack):
        self.stem, self.limit, self.files = stem, limit, files
        self.map: dict[str, Any] = {}
        self.total = 0
        self.size, self.count = 0, 0
        self.begin()

    def begin(self) -> None:
        """Begin the next file."""
        self.path = self.stem.with_name(
            f"{self.stem.name}_{self.count:05}{hdf5.ENDING}"
        )
        new = self.files.enter_context(replacing(self.path))
        self.file = self.files.enter_context(hdf5.Writer(new))
        self.size, self.count = 0, self.count + 1

    def write(self, place: str, values: Mapping[str, Any], name: str | None) -> None:
        """Write what an object gave, some of it into a next file if need be."""
        pending: dict[str, Any] = {}
        for key, value in values.items():
            array = hdf5.as_array(value)
            if array.nbytes > self.limit:
                raise ValueError(
                    f"`max_shard_size` is {self.limit:.0f} bytes, but {place}/{key} "
                    f"alone has {array.nbytes}."
                )
            if self.size + array.nbytes > self.limit:
                self._put(place, pending, name)
                pending = {}
                self.begin()
            pending[key] = array
            self.size += array.nbytes
            self.total += array.nbytes
        self._put(place, pending, name)

    def _put(self, place: str, values: dict[str, Any], name: str | None) -> None:
        if not values:
            return
        self.file.write(place, values, name)
        key = f"/{place}/vars" if place else "/vars"
        self.map.setdefault(key, []).append(self.path.name)


def write(model: Any, path: Path, gigabytes: float, skip: Iterable[Any] = ()) -> None:
    """Write the state of a model into files of at most so many gigabytes.

    Parameters
    ----------
    model : Model or Layer
    path : Path
        Of the list; the files lie beside it.
    gigabytes : float
    skip : iterable of object

    Raises
    ------
    ValueError
        If one array alone is larger.
    """
    path = path.with_suffix(".json")
    stem = path.with_name(path.name.removesuffix(".json").removesuffix(".weights"))
    with contextlib.ExitStack() as files:
        index = files.enter_context(replacing(path))  # last to be put in its place
        writer = _Writer(stem, gigabytes * _GIGABYTE, files)
        save_state(model, writer, skip=skip)
        places = {k: v[0] if len(v) == 1 else v for k, v in writer.map.items()}
        config = {"metadata": {"total_size": writer.total}, "weight_map": places}
        index.write_text(json.dumps(config, indent=4))


class Reader:
    """The files that a list names, read when they are asked for.

    Parameters
    ----------
    path : Path
        Of the list.

    Raises
    ------
    ValueError
        If it is no such list.
    """

    def __init__(self, path: Path):
        self._folder = path.parent
        try:
            self._map = dict(json.loads(path.read_text())["weight_map"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is no list of weights files: {error}.") from error
        self._stack = contextlib.ExitStack()
        self._open: dict[str, hdf5.Reader] = {}

    def __enter__(self) -> Reader:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close all files."""
        self._stack.close()

    @property
    def places(self) -> list[str]:
        """The places that hold arrays."""
        return [k.removesuffix("/vars").lstrip("/") for k in self._map]

    def read(self, place: str) -> dict[str, Any]:
        """Return the arrays under a place."""
        names = self._map.get(f"/{place}/vars" if place else "/vars", ())
        found: dict[str, Any] = {}
        for name in [names] if isinstance(names, str) else names:
            found.update(self._file(name).read(place))
        return found

    def _file(self, name: str) -> hdf5.Reader:
        if Path(name).name != name:
            raise ValueError(f"Not allowed: the list of weights leads to {name!r}.")
        if name not in self._open:
            path = self._folder / name
            if not path.is_file():
                raise FileNotFoundError(
                    f"File not found: {path}, a part of the weights."
                )
            reader = self._stack.enter_context(hdf5.Reader(path, str(path)))
            self._open[name] = reader
        return self._open[name]
