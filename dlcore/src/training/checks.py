"""Mistakes in data that would train quietly and wrongly, found before training."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from dlcore.src import tree
from dlcore.src.training.loss import CompiledLoss, align_labels

#: Larger arrays are looked at in their first batch only.
_MOST_BYTES = 64_000_000


def check_data(data: Any, first: Any, loss: CompiledLoss | None, y_pred: Any) -> None:
    """Look for NaN in the inputs and for labels that are no classes.

    Parameters
    ----------
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
    check_finite(x)
    if loss is not None and y is not None:
        check_labels(y, loss, y_pred)


def check_finite(x: Any) -> None:
    """Warn of NaN in the inputs."""
    for path, array in tree.flatten_with_path(x):
        if getattr(array, "dtype", None) is None or array.dtype.kind != "f":
            continue
        if np.isnan(np.sum(array)) and np.isnan(array).any():
            place = np.unravel_index(int(np.isnan(array).argmax()), array.shape)
            name = "".join(f"[{p!r}]" for p in path)
            warnings.warn(
                f"The input x{name} has NaN, the first one in sample {place[0]}: the "
                "loss will be NaN. Clean it, for instance with "
                "numpy.nan_to_num(x) or a Masking layer for another value.",
                stacklevel=5,
            )


def check_labels(y: Any, loss: CompiledLoss, y_pred: Any) -> None:
    """Check the labels of sparse crossentropies.

    Raises
    ------
    ValueError
        If a label is no class of the output.
    """
    predictions = tree.flatten(y_pred)
    labels = align_labels(y, loss.names, [True] * len(loss.names))
    for i, name, part, _ in loss.parts:
        if "sparse" not in str(getattr(part, "name", "")).lower():
            continue
        axis = getattr(part, "axis", -1)
        classes, array = predictions[i].shape[axis], labels[i]
        if classes is None or array is None or array.dtype.kind not in "iuf":
            continue
        ignored = getattr(part, "ignore_class", None)
        bad = (array < 0) | (array >= classes)
        if ignored is not None:
            bad &= array != ignored
        if bad.any():
            place = np.unravel_index(int(bad.argmax()), array.shape)
            raise ValueError(
                f"The labels of the output {name!r} must be whole numbers from 0 to "
                f"{classes - 1}, since it has {classes} classes; sample {place[0]} has "
                f"{array[place]}. Give the last layer {int(array.max()) + 1} units, or "
                "renumber the labels."
            )
