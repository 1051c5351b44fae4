"""Whole models in one ``.h5`` file: the format that Keras had before ``.keras``.

The configuration lies in attributes of the file, as JSON without module names; the
weights lie in the order of the layers, trainable ones first.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.src.saving import hdf5
from dlcore.src.saving.archive import KERAS
from dlcore.src.saving.files import replacing
from dlcore.src.saving.legacy_config import modern, old
from dlcore.src.saving.serialization import (
    class_name,
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.saving.sharing import sharing

ENDINGS = (".h5", ".hdf5")
_WEIGHTS, _OPTIMIZER = "model_weights", "optimizer_weights"
_OWN = "top_level_model_weights"
#: HDF5 holds no attribute above 64 KiB; longer lists are cut in parts.
_LIMIT = 64512
#: What ``compile`` is given again.
_COMPILED = ("loss", "loss_weights", "metrics", "weighted_metrics")


# Writing


def write(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Write a model, whole or not at all."""
    described = serialize_keras_object(model)
    config = {"class_name": class_name(model), "config": old(described["config"])}
    with replacing(path) as new, hdf5.h5py().File(new, "w") as file:
        file.attrs["keras_version"] = KERAS
        file.attrs["backend"] = model.backend.name
        file.attrs["model_config"] = json.dumps(config).encode()
        compiled = described.get("compile_config")
        if include_optimizer and compiled:
            file.attrs["training_config"] = json.dumps(_training(compiled)).encode()
        _write_layers(model, file.create_group(_WEIGHTS))
        optimizer = getattr(model, "optimizer", None)
        if include_optimizer and optimizer is not None:
            _write_arrays(file.create_group(_OPTIMIZER), optimizer.variables)


def _training(compiled: Mapping[str, Any]) -> dict[str, Any]:
    optimizer = compiled["optimizer"]
    named = {
        "class_name": optimizer["registered_name"] or optimizer["class_name"],
        "config": optimizer["config"],
    }
    rest = {k: v for k, v in compiled.items() if k != "optimizer"}
    return {**rest, "optimizer_config": named}


def _write_layers(model: Any, group: Any) -> None:
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"] = model.backend.name.encode()
    group.attrs["keras_version"] = KERAS.encode()
    for layer in sorted(model.layers, key=lambda layer: layer.name):
        _write_arrays(group.create_group(layer.name), _weights(layer))
    _write_arrays(group.create_group(_OWN), _own_weights(model))


def _write_arrays(group: Any, variables: Sequence[Any]) -> None:
    _write_names(group, "weight_names", [v.path for v in variables])
    for variable in variables:
        hdf5.put(group, variable.path, variable.numpy())


def _write_names(group: Any, key: str, names: list[str]) -> None:
    encoded = np.asarray([name.encode() for name in names])
    parts = -(-encoded.nbytes // _LIMIT) or 1
    for number, part in enumerate(np.array_split(encoded, parts)):
        group.attrs[key if parts == 1 else f"{key}{number}"] = part


def _weights(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own_weights(model: Any) -> list[Any]:
    """Return the weights that the model has beside those of its layers."""
    of_layers = {id(w) for layer in model.layers for w in layer.weights}
    return [w for w in _weights(model) if id(w) not in of_layers]


# Reading


def read(
    path: Path,
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
) -> Any:
    """Read a model.

    Raises
    ------
    ValueError
        If it is no such file, is damaged, or brings code.
    TypeError
        If it names classes or functions that are not known.
    """
    with _opened(path) as file:
        config = _json(file, "model_config")
        if config is None:
            raise ValueError(
                f"No model config found in the file at {path}: it holds weights only. "
                "Make the model, then call `model.load_weights(...)`."
            )
        with sharing():
            model = deserialize_keras_object(modern(config), custom_objects, safe_mode)
        load_weights(model, file, str(path))
        training = _json(file, "training_config")
        if compile and training is None:
            warnings.warn(
                f"{path} does not say how the model was compiled, so it is not.",
                stacklevel=4,
            )
        elif compile:
            _compile(model, training, custom_objects, safe_mode)
            _load_optimizer(model.optimizer, model.trainable_variables, file)
    return model


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with hdf5.Reader(path, str(path)) as reader:
        yield reader.file


def _json(file: Any, key: str) -> Any:
    text = file.attrs.get(key)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"{file.filename}: its {key} is no JSON: {error}.") from error


def _compile(
    model: Any, training: dict[str, Any], custom_objects: Any, safe_mode: bool
) -> None:
    from dlcore import losses, metrics, optimizers

    def made(get: Callable[[Any], Any], part: Any) -> Any:
        if part is None or (isinstance(part, dict) and "class_name" in part):
            return None if part is None else get(modern(part))
        if isinstance(part, dict):
            return {key: made(get, value) for key, value in part.items()}
        if isinstance(part, list):
            return [made(get, value) for value in part]
        return part  # ``compile`` knows the names

    from dlcore.src.saving.registration import CustomObjectScope
    from dlcore.src.saving.sharing import safe_mode as safe

    readers = dict.fromkeys(_COMPILED, metrics.deserialize) | {
        "loss": losses.deserialize,
        "loss_weights": lambda value: value,
    }
    with CustomObjectScope(custom_objects), safe(safe_mode):
        parts = {k: made(get, training.get(k)) for k, get in readers.items()}
        optimizer = optimizers.deserialize(modern(training["optimizer_config"]))
    model.compile(optimizer=optimizer, **parts)


def _load_optimizer(optimizer: Any, weights: list[Any], file: Any) -> None:
    group = hdf5.inside(file, _OPTIMIZER)
    if group is None:
        return
    arrays = _read_arrays(group)
    if len(arrays) > 2:  # else no step was done, and its slots are not there yet
        optimizer.build(weights)
    try:
        optimizer.load_own_variables({str(i): a for i, a in enumerate(arrays)})
    except ValueError as error:
        warnings.warn(
            f"The state of the optimizer {optimizer.name!r} was not loaded, so "
            f"training would begin with a new one: {error}",
            stacklevel=5,
        )


def load_weights_file(
    model: Any, path: Path, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Read the weights of a model from a file of weights, or of a model."""
    with _opened(path) as file:
        load_weights(model, file, str(path), skip_mismatch, by_name)


def load_weights(
    model: Any,
    file: Any,
    label: str,
    skip_mismatch: bool = False,
    by_name: bool = False,
) -> None:
    """Read the weights of a model; all of them, or none if something does not fit.

    Parameters
    ----------
    model : Model
    file : h5py.File
    label : str
        What messages call it.
    skip_mismatch : bool
        Whether what does not fit stays as it is, with a warning.
    by_name : bool
        Whether layers are found by name; else by their order.

    Raises
    ------
    ValueError
        If it does not fit the model.
    """
    group = file
    if "layer_names" not in file.attrs and _WEIGHTS in file:
        group = hdf5.inside(file, _WEIGHTS)
    found: list[tuple[Any, Any]] = []
    faults: list[str] = []
    for name, variables, arrays in _pairs(model, group, label, by_name):
        if len(variables) != len(arrays):
            faults.append(
                f"{name} has {len(variables)} weights, but {len(arrays)} are in the "
                "file"
            )
            continue
        for variable, array in zip(variables, arrays, strict=True):
            if tuple(variable.shape) == array.shape:
                found.append((variable, array))
            else:
                faults.append(
                    f"Shape mismatch in {name}: {variable.path} has the shape "
                    f"{tuple(variable.shape)}, but in the file {array.shape}"
                )
    if faults:
        message = f"{label} does not fit the model: {'; '.join(faults)}."
        if not skip_mismatch:
            raise ValueError(message)
        warnings.warn(message, stacklevel=4)
    for variable, array in found:
        variable.assign(array)
    for layer in model.layers:
        if hasattr(layer, "finalize_state") and layer.weights:
            layer.finalize_state()


def _pairs(
    model: Any, group: Any, label: str, by_name: bool
) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Go over the layers: name, weights, and the arrays for them."""
    saved = [(name, _arrays_of(group, name)) for name in _names(group, "layer_names")]
    layers: Iterable[Any] = [layer for layer in model.layers if _weights(layer)]
    if by_name:
        known = dict(saved)
        for layer in model.layers:
            if layer.name in known:
                yield f"the layer {layer.name!r}", _weights(layer), known[layer.name]
    else:
        saved = [(name, arrays) for name, arrays in saved if arrays]
        if len(saved) != len(list(layers)):
            raise ValueError(
                f"Layer count mismatch when loading weights from {label}: the model "
                f"has {len(list(layers))} layers with weights, the file {len(saved)}."
            )
        for layer, (_, arrays) in zip(layers, saved, strict=True):
            yield f"the layer {layer.name!r}", _weights(layer), arrays
    if _OWN in group:
        yield "the model itself", _own_weights(model), _arrays_of(group, _OWN)


def _arrays_of(group: Any, name: str) -> list[Any]:
    inner = hdf5.inside(group, name)
    if inner is None:
        raise ValueError(f"{group.file.filename} lists {name!r}, but does not hold it.")
    return _read_arrays(inner)


def _read_arrays(group: Any) -> list[Any]:
    arrays = []
    for name in _names(group, "weight_names"):
        place, _, key = name.rpartition("/")
        inner = hdf5.inside(group, place) if place else group
        if inner is None or key not in inner:
            raise ValueError(f"{group.name} lists {name!r}, but does not hold it.")
        arrays.append(hdf5.read(inner, key))
    return arrays


def _names(group: Any, key: str) -> list[str]:
    if key in group.attrs:
        names = list(group.attrs[key])
    else:
        names, number = [], 0
        while (part := group.attrs.get(f"{key}{number}")) is not None:
            names += list(part)
            number += 1
    return [n.decode() if isinstance(n, bytes) else str(n) for n in names]
