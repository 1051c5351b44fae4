"""``KerasFileEditor``: look at the weights in a file, compare and change them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.saving import archive, hdf5
from dlcore.src.saving.files import as_path, must_exist, replacing
from dlcore.src.saving.state import save_state
from dlcore.src.utils.talk import say

Tree = dict[str, Any]


class _Recorder:
    """Takes in what a model would write, as nested dicts."""

    def __init__(self) -> None:
        self.tree: Tree = {}

    def write(self, place: str, values: Mapping[str, Any], name: str | None) -> None:
        """Note the arrays of an object."""
        if not values:
            return
        found = self.tree
        for part in place.split("/") if place else ():
            found = found.setdefault(part, {})
        found.update({k: hdf5.as_array(v) for k, v in values.items()})


@export("dlcore.saving.KerasFileEditor")
class KerasFileEditor:
    """The weights of a ``.keras`` or ``.weights.h5`` file, to be looked at and edited.

    Useful when a model's architecture changed after its weights were saved. The file
    itself stays as it is: ``save`` writes another one.

    Parameters
    ----------
    filepath : str or Path

    Attributes
    ----------
    weights_dict : dict
        Objects by name, nested; an object's arrays by number.
    config, metadata : dict or None
        Of a ``.keras`` file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is none of these files, or is damaged.

    Examples
    --------
    >>> import dlcore, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "small.weights.h5"
    >>> model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
    >>> model.save_weights(path)
    >>> editor = dlcore.saving.KerasFileEditor(path)
    >>> editor.rename_object("layers/dense", "dense_7")
    >>> editor.weights_dict["layers"]["dense_7"]["0"].shape
    (2, 1)
    """

    def __init__(self, filepath: Any):
        path = as_path(filepath)
        self.filepath = path
        self.metadata: Tree | None = None
        self.config: Tree | None = None
        if not path.name.endswith((".keras", hdf5.ENDING)):
            raise ValueError(
                "Invalid filename: expected a `.keras` or `.weights.h5` extension. "
                f"Received: filepath={filepath}"
            )
        must_exist(path, "file")
        recorder = _Recorder()
        with self._weights() as weights:
            for place in weights.places:
                recorder.write(place, dict(weights.read(place)), None)
        self.weights_dict = recorder.tree

    @contextlib.contextmanager
    def _weights(self) -> Iterator[hdf5.Reader]:
        label = str(self.filepath)
        if self.filepath.suffix != ".keras":
            with hdf5.Reader(self.filepath, label) as weights:
                yield weights
            return
        with archive.opened(self.filepath, label) as packed:
            self.config = json.loads(archive.member(packed, archive.CONFIG, label))
            self.metadata = json.loads(archive.member(packed, archive.METADATA, label))
            with archive.weights_of(packed, label) as weights:
                yield weights

    # Looking.

    def summary(self) -> None:
        """Print the objects and the shapes of their arrays."""
        version = (self.metadata or {}).get("keras_version")
        say(f"{self.filepath}" + (f", written by Keras {version}" if version else ""))
        for line in _lines(self.weights_dict, "  "):
            say(line)

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print where the weights differ from a model's, and count it.

        Parameters
        ----------
        reference_model : Model

        Returns
        -------
        dict
            ``"status"``: ``"success"`` or ``"error"``; ``"error_count"``, and
            ``"match_count"``, the number of arrays that fit.
        """
        recorder = _Recorder()
        save_state(reference_model, recorder)
        faults: list[str] = []
        matching = _compare(self.weights_dict, recorder.tree, "", faults)
        for fault in faults:
            say(fault)
        say(f"{matching} arrays fit the model {reference_model.name!r}.")
        return {
            "status": "error" if faults else "success",
            "error_count": len(faults),
            "match_count": matching,
        }

    # Editing.

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name; ``object_name`` is its name or its path."""
        if "/" in new_name:
            raise ValueError(
                "Argument `new_name` should be a leaf name, not a full path. Received: "
                f"new_name={new_name!r}"
            )
        around, name = self._find(object_name)
        around[new_name] = around.pop(name)

    def delete_object(self, object_name: str) -> None:
        """Take an object away, with all that it consists of."""
        around, name = self._find(object_name)
        del around[name]

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Add an object.

        Parameters
        ----------
        object_path : str
            ``"layers/dense_2"``; what is before the last name must be there.
        weights : dict of str to array
            By number: ``{"0": kernel, "1": bias}``.
        """
        values = _arrays(weights)
        *path, last = object_path.split("/")
        around = self.weights_dict
        for part in path:
            if not isinstance(around.get(part), dict):
                raise ValueError(
                    f"Path '{'/'.join(path)}' not found in the file."
                    f"{did_you_mean(part, around)}"
                )
            around = around[part]
        around[last] = values

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Add arrays to an object, or replace them."""
        around, name = self._find(object_name)
        around[name].update(_arrays(weights))

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take an array away from an object."""
        around, name = self._find(object_name)
        if weight_name not in around[name]:
            raise ValueError(
                f"Weight {weight_name} not found in object {object_name}. Weights "
                f"found: {list(around[name])}"
            )
        del around[name][weight_name]

    def _find(self, name: str) -> tuple[Tree, str]:
        """Return the dict that holds an object, and its name there."""
        paths = [path for path, _ in _objects(self.weights_dict, "")]
        found = [p for p in paths if p == name]
        if not found and "/" not in name:
            found = [p for p in paths if p.rpartition("/")[2] == name]
        if len(found) > 1:
            raise ValueError(
                f"Name '{name}' occurs more than once in the file: {found}. Pass a "
                "complete path."
            )
        if not found:
            raise ValueError(
                f"Path '{name}' not found in the file.{did_you_mean(name, paths)}"
            )
        *path, last = found[0].split("/")
        around = self.weights_dict
        for part in path:
            around = around[part]
        return around, last

    # Writing.

    def save(self, filepath: Any) -> None:
        """Write the weights, as they are now, to a ``.weights.h5`` file."""
        path = as_path(filepath)
        if not path.name.endswith(hdf5.ENDING):
            raise ValueError(
                "Invalid `filepath` argument: expected a `.weights.h5` extension. "
                f"Received: filepath={filepath}"
            )
        with replacing(path) as new, hdf5.Writer(new) as writer:
            for place, values in [
                ("", self.weights_dict),
                *_objects(self.weights_dict),
            ]:
                own = {k: v for k, v in values.items() if not isinstance(v, dict)}
                writer.write(place, own, None)

    def resave_weights(self, filepath: Any) -> None:
        """Do the same as ``save``."""
        self.save(filepath)


def _arrays(weights: Any) -> Tree:
    if not isinstance(weights, Mapping):
        raise ValueError(
            "Argument `weights` should be a dict of arrays, with keys like '0' and "
            f"'1'. Received: type(weights)={type(weights)}"
        )
    return {str(key): np.asarray(value) for key, value in weights.items()}


def _objects(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            place = f"{path}/{key}".lstrip("/")
            yield place, value
            yield from _objects(value, place)


def _lines(tree: Tree, indent: str) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{key}: {tuple(value.shape)} {value.dtype}"


def _compare(found: Tree, wanted: Tree, path: str, faults: list[str]) -> int:
    """Note what differs; return the number of arrays that do not."""
    matching = 0
    for key in dict.fromkeys([*wanted, *found]):
        place = f"{path}/{key}".lstrip("/")
        mine, theirs = found.get(key), wanted.get(key)
        if mine is None:
            faults.append(f"{place}: in the model, missing from the file.")
        elif theirs is None:
            faults.append(f"{place}: in the file, missing from the model.")
        elif isinstance(mine, dict) and isinstance(theirs, dict):
            matching += _compare(mine, theirs, place, faults)
        elif np.shape(mine) != np.shape(theirs):
            faults.append(
                f"{place}: the file has the shape {np.shape(mine)}, the model "
                f"{np.shape(theirs)}."
            )
        else:
            matching += 1
    return matching
