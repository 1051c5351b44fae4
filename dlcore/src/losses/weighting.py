"""Weights, masks and reductions, shared by losses and metrics."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops
from dlcore.src.utils.homes import on_backend_of


def matched(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return labels and predictions as tensors of one backend, dtype and rank."""
    with on_backend_of(y_pred, y_true):
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    return same_rank(y_true, y_pred)


def same_rank(x1: Any, x2: Any, expand_vectors: bool = True) -> tuple[Any, Any]:
    """Give two tensors the same rank if a last axis of size 1 is the difference.

    Parameters
    ----------
    x1, x2 : tensor
    expand_vectors : bool
        Whether a vector beside a column becomes a column, rather than the column a
        vector.
    """
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 == rank2 + 1 and x1.shape[-1] == 1:
        if rank2 == 1 and expand_vectors:
            return x1, ops.expand_dims(x2, -1)
        return ops.squeeze(x1, -1), x2
    if rank2 == rank1 + 1 and x2.shape[-1] == 1:
        if rank1 == 1 and expand_vectors:
            return ops.expand_dims(x1, -1), x2
        return x1, ops.squeeze(x2, -1)
    return x1, x2


def count(x: Any) -> Any:
    """Return the number of elements; a tensor where the shape is not known yet."""
    shape = ops.shape(x)
    if all(isinstance(d, int) for d in shape):
        return math.prod(shape)
    return ops.size(x)


def masked_weight(weight: Any, mask: Any, dtype: Any, reduction: str | None) -> Any:
    """Return the sample weights with masked samples at 0.

    For a mean the others weigh ``total / valid``, so that dividing by the total
    later divides by the number of valid samples.
    """
    if mask is None:
        return weight
    mask = ops.cast(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        total = ops.cast(count(mask), dtype)
        mask = mask * ops.divide_no_nan(total, ops.sum(mask))
    if weight is None:
        return mask
    mask, weight = same_rank(mask, ops.cast(weight, dtype))
    return weight * mask


def reduce(values: Any, weight: Any, reduction: str | None) -> Any:
    """Return the sum or mean of weighted values, or the values themselves."""
    if reduction in (None, "none") or tuple(values.shape) in ((), (0,)):
        return values
    total = ops.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return ops.divide_no_nan(total, ops.cast(ops.sum(weight), total.dtype))
    number = count(values)
    if isinstance(number, int):
        return total / number if number else ops.zeros_like(total)
    return ops.divide_no_nan(total, ops.cast(number, total.dtype))
