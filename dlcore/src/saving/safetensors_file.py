"""Weights in safetensors files: names by the place in the model, no code, no pickle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.src.errors import did_you_mean
from dlcore.src.saving.files import replacing
from dlcore.src.variable import Variable

_FORMAT = "dlcore-weights-1"


def named_weights(layer: Any) -> dict[str, Variable]:
    """Return the weights by their place: ``"layers/0/kernel"``.

    Names given automatically (``dense_3``) depend on what was made before, so they do
    not take part. A weight that is shared has the first of its places.
    """
    found: dict[str, Variable] = {}
    seen: set[int] = set()
    for name, variable in _places(layer, "", set()):
        if id(variable) not in seen:
            seen.add(id(variable))
            key, n = name, 1
            while key in found:
                key, n = f"{name}_{n}", n + 1
            found[key] = variable
    return found


def _places(layer: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Variable]]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    for variable in layer._own:
        yield f"{prefix}{variable.name}", variable
    if hasattr(layer, "layers"):
        parts = [(f"layers/{i}", part) for i, part in enumerate(_weighty(layer.layers))]
    else:
        parts = [(name, part) for kind, name, part in layer._owned() if kind == "layer"]
    for name, part in parts:
        yield from _places(part, f"{prefix}{name}/", seen)


def _weighty(layers: Any) -> list[Any]:
    return [layer for layer in layers if layer.weights or not layer.built]


def save(model: Any, path: Path) -> None:
    """Write a model's weights; the file is whole or not there."""
    from safetensors.numpy import save_file

    weights = named_weights(model).items()
    arrays = {k: np.ascontiguousarray(v.numpy()) for k, v in weights}
    with replacing(path) as new:
        save_file(arrays, new, metadata={"format": _FORMAT})


def load(model: Any, path: Path, skip_mismatch: bool = False) -> None:
    """Read weights into a model; all of them, or none if something does not fit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f"{path} is no safetensors file, or is broken: {error}."
        ) from None
    weights = named_weights(model)
    faults = list(_faults(weights, arrays))
    if faults and not skip_mismatch:
        raise ValueError(
            f"The weights in {path.name} do not fit the model {model.name!r}: "
            + "; ".join(faults[:3])
            + (f"; and {len(faults) - 3} more" if len(faults) > 3 else "")
            + "."
            + ("" if weights else " The model is not built yet: call it on data first.")
        )
    for name, variable in weights.items():
        if name in arrays and arrays[name].shape == variable.shape:
            variable.assign(arrays[name])


def _faults(weights: dict[str, Variable], arrays: dict[str, Any]) -> Iterator[str]:
    for name, variable in weights.items():
        if name not in arrays:
            spare = [k for k in arrays if k not in weights]
            hint = did_you_mean(name, spare) if spare else ""
            yield f"{name!r} is missing{hint.rstrip('.')}"
        elif arrays[name].shape != variable.shape:
            yield (
                f"{name!r} has the shape {arrays[name].shape}, the model's is "
                f"{variable.shape}"
            )
    for name in arrays:
        if name not in weights:
            yield f"{name!r} has no place in the model"
