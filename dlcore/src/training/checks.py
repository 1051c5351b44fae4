"""Mistakes that would train quietly and wrongly, found before training."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcore.src import tree
from dlcore.src.training.loss import CompiledLoss
from dlcore.src.training.outputs import at, like_outputs

#: Losses that expect probabilities unless told otherwise.
_PROBABILITIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
#: Larger arrays are looked at in their first batch only.
_MOST_BYTES = 64_000_000


def check_data(
    model: Any, data: Any, first: Any, loss: CompiledLoss | None, y_pred: Any
) -> None:
    """Look for NaN, for labels that are no classes, and for unknown words.

    Parameters
    ----------
    model : Model
    data : tuple
        ``(x, y, sample_weight)``: all of it if in memory, else the first batch.
    first : tuple
        The first batch.
    loss : CompiledLoss, optional
    y_pred : nested tensors
        The outputs; only their shapes are looked at.
    """
    size = sum(getattr(a, "nbytes", 0) for a in tree.leaves(data))
    x, y, _ = data if size <= _MOST_BYTES else first
    check_indices(model, x)
    check_finite(x, "input x")
    check_finite(y, "target y")
    if loss is not None and y is not None:
        check_labels(y, loss, y_pred)


def check_finite(x: Any, role: str) -> None:
    """Warn of NaN in the inputs or the targets."""
    for path, array in tree.flatten_with_path(x):
        if getattr(array, "dtype", None) is None or array.dtype.kind != "f":
            continue
        if np.isnan(np.sum(array)) and np.isnan(array).any():
            place = np.unravel_index(int(np.isnan(array).argmax()), array.shape)
            name = "".join(f"[{p!r}]" for p in path)
            warnings.warn(
                f"The {role}{name} has NaN, the first one in sample {place[0]}: the "
                "loss will be NaN. Leave such samples out, or replace the values, for "
                "instance with numpy.nan_to_num.",
                stacklevel=5,
            )


def check_labels(y: Any, loss: CompiledLoss, y_pred: Any) -> None:
    """Check the labels of sparse crossentropies.

    Raises
    ------
    ValueError
        If a label is no class of the output.
    """
    labels = like_outputs(y, y_pred, loss.names, loss.used)
    for _, path, name, part in _parts(loss, y_pred):
        if "sparse" not in str(getattr(part, "name", "")).lower():
            continue
        axis = getattr(part, "axis", -1)
        classes, array = at(y_pred, path).shape[axis], at(labels, path)
        if classes is None or array is None or array.dtype.kind not in "iuf":
            continue
        ignored = getattr(part, "ignore_class", None)
        bad = (array < 0) | (array >= classes)
        if ignored is not None:
            bad &= array != ignored
        if bad.any():
            place = np.unravel_index(int(bad.argmax()), array.shape)
            units = max(int(array.max()) + 1, classes)
            hint = (
                f"Give the last layer {units} units, or renumber the labels."
                if array[place] >= 0
                else f"Renumber the labels, or pass ignore_class={int(array[place])} "
                "to the loss to leave such samples out."
            )
            raise ValueError(
                f"The labels of the output {name!r} must be whole numbers from 0 to "
                f"{classes - 1}, since it has {classes} classes; sample {place[0]} has "
                f"{array[place]}. {hint}"
            )


def _parts(loss: CompiledLoss, y_pred: Any) -> Iterator[Any]:
    """Yield ``(number, path, name, loss)`` for the losses of single outputs."""
    leaves = tree.flatten_with_path(y_pred)
    numbers = {path: i for i, (path, _) in enumerate(leaves)}
    for part in loss.parts:
        if part.path in numbers:
            yield numbers[part.path], part.path, part.name, part.loss


def check_model(model: Any, loss: CompiledLoss, y_pred: Any) -> None:
    """Warn of a model that cannot learn, or not what its loss is made for.

    Parameters
    ----------
    model : Model
    loss : CompiledLoss
        Built.
    y_pred : nested tensors
        The outputs; only their shapes are looked at.
    """
    if model.weights and not model.trainable_weights:
        warnings.warn(
            f"The model {model.name!r} has no trainable weights: nothing will change. "
            "Set `trainable = True` on the layers to train, then compile again.",
            stacklevel=5,
        )
    ends = _last_layers(model)
    for i, path, name, part in _parts(loss, y_pred):
        last = ends[i] if i < len(ends) else None
        kind = str(getattr(part, "name", "")).lower()
        if last is None or kind not in _PROBABILITIES:
            continue
        if not _options(part).get("from_logits") and _is_linear(last):
            right = "sigmoid" if "binary" in kind else "softmax"
            warnings.warn(
                f"The loss {kind!r} expects probabilities, and the last layer "
                f"{last.name!r} of the output {name!r} has no activation. Give it "
                f"activation={right!r}, or the loss from_logits=True.",
                stacklevel=5,
            )
        shape = at(y_pred, path).shape
        units = shape[-1] if len(shape) else None
        if units == 1 and _activation(last) == "softmax":
            warnings.warn(
                f"The last layer {last.name!r} takes a softmax over a single unit, "
                "which is always 1. Use activation='sigmoid', or a unit for each "
                "class.",
                stacklevel=5,
            )


def check_indices(model: Any, x: Any) -> None:
    """Check whole numbers that go straight into an ``Embedding``.

    Raises
    ------
    ValueError
        If one is not in its table: some libraries would read anything there.
    """
    inputs = {id(t): a for t, a in zip(_inputs(model), tree.leaves(x), strict=False)}
    for layer in getattr(model, "layers", ()):
        rows = getattr(layer, "input_dim", None)
        if type(layer).__name__ != "Embedding" or not isinstance(rows, int):
            continue
        for node in layer._nodes:
            for tensor in node.inputs:
                array = inputs.get(id(tensor))
                if array is not None and np.size(array):
                    _in_table(layer, rows, np.asarray(array))


def _inputs(model: Any) -> list[Any]:
    return tree.flatten(getattr(model, "inputs", None) or [])


def _in_table(layer: Any, rows: int, array: Any) -> None:
    low, high = array.min(), array.max()
    if low < 0 or high >= rows:
        raise ValueError(
            f"The layer {layer.name!r} has embeddings for the numbers from 0 to "
            f"{rows - 1}; the data has {low if low < 0 else high}. "
            + (
                f"Give it input_dim={int(high) + 1}."
                if high >= rows
                else "Numbers that stand for nothing may be 0, with mask_zero=True."
            )
        )


def _options(loss: Any) -> dict[str, Any]:
    """Return what a loss was told: an object's attributes, a function's arguments."""
    return {**vars(loss), **getattr(loss, "options", {})}


def _last_layers(model: Any) -> list[Any]:
    """Return the layer behind each output; nothing for a model that is code."""
    outputs = getattr(model, "outputs", None) or []
    nodes = [getattr(x, "node", None) for x in tree.flatten(outputs)]
    return [getattr(node, "operation", None) for node in nodes]


def _activation(layer: Any) -> str:
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def _is_linear(layer: Any) -> bool:
    """Whether a layer with weights puts out any numbers."""
    return _activation(layer) == "linear" and bool(getattr(layer, "weights", None))
