"""Losses of signed labels: right answers beyond a margin cost nothing."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.losses.base import LossFunctionWrapper
from dlcore.src.losses.weighting import matched


def _margin(y_true: Any, y_pred: Any) -> Any:
    """Return ``max(1 - y_true * y_pred, 0)``; labels 0 and 1 become -1 and 1."""
    y_true, y_pred = matched(y_true, y_pred)
    zero_or_one = ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1))
    signs = ops.where(ops.all(zero_or_one), 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - signs * y_pred, 0.0)


@export("dlcore.losses.hinge", "dlcore.metrics.hinge")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """``mean(max(1 - y_true * y_pred, 0))`` over the last axis.

    Parameters
    ----------
    y_true : tensor
        -1 or 1, ``(batch, ..., n)``; if all are 0 or 1, 0 stands for -1.
    y_pred : tensor
        Of the same shape.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.losses.hinge([1.0, -1.0], [0.5, -2.0]))
    0.25
    """
    return ops.mean(_margin(y_true, y_pred), axis=-1)


@export("dlcore.losses.squared_hinge", "dlcore.metrics.squared_hinge")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """``mean(max(1 - y_true * y_pred, 0)**2)`` over the last axis (see ``hinge``)."""
    return ops.mean(ops.square(_margin(y_true, y_pred)), axis=-1)


@export("dlcore.losses.categorical_hinge", "dlcore.metrics.categorical_hinge")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """``max(largest wrong - right + 1, 0)`` for scores of classes.

    Parameters
    ----------
    y_true : tensor
        One-hot, ``(batch, ..., classes)``.
    y_pred : tensor
        Scores, of the same shape.

    Returns
    -------
    tensor
        ``(batch, ...)``.
    """
    y_true, y_pred = matched(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


@export("dlcore.losses.Hinge")
class Hinge(LossFunctionWrapper):
    """``max(1 - y_true * y_pred, 0)`` (see ``hinge``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: Any = None,
    ):
        super().__init__(hinge, reduction, name, dtype)


@export("dlcore.losses.SquaredHinge")
class SquaredHinge(LossFunctionWrapper):
    """``max(1 - y_true * y_pred, 0)**2`` (see ``hinge``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: Any = None,
    ):
        super().__init__(squared_hinge, reduction, name, dtype)


@export("dlcore.losses.CategoricalHinge")
class CategoricalHinge(LossFunctionWrapper):
    """``max(largest wrong - right + 1, 0)`` (see ``categorical_hinge``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ):
        super().__init__(categorical_hinge, reduction, name, dtype)
