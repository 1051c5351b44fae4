"""Losses of real numbers."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.losses.base import LossFunctionWrapper
from dlcore.src.losses.weighting import matched


@export("dlcore.losses.mean_squared_error", "dlcore.metrics.mean_squared_error")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """``mean((y_true - y_pred)**2)`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        ``(batch, ..., n)``.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.losses.mean_squared_error([0.0, 1.0], [2.0, 1.0]))
    2.0
    """
    y_true, y_pred = matched(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@export("dlcore.losses.mean_absolute_error", "dlcore.metrics.mean_absolute_error")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """``mean(|y_true - y_pred|)`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        ``(batch, ..., n)``.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.losses.mean_absolute_error([0.0, 1.0], [2.0, 1.0]))
    1.0
    """
    y_true, y_pred = matched(y_true, y_pred)
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


@export(
    "dlcore.losses.mean_absolute_percentage_error",
    "dlcore.metrics.mean_absolute_percentage_error",
)
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """``100 * mean(|(y_true - y_pred) / y_true|)`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        ``(batch, ..., n)``.

    Returns
    -------
    tensor
        ``(batch, ...)``, in percent; ``epsilon()`` stands for labels of 0.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.losses.mean_absolute_percentage_error([4.0, 1.0], [2.0, 1.0]))
    25.0
    """
    y_true, y_pred = matched(y_true, y_pred)
    size = ops.maximum(ops.absolute(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.absolute((y_true - y_pred) / size), axis=-1)


@export(
    "dlcore.losses.mean_squared_logarithmic_error",
    "dlcore.metrics.mean_squared_logarithmic_error",
)
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """``mean((log(1 + y_true) - log(1 + y_pred))**2)`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        ``(batch, ..., n)``; values below ``epsilon()`` count as that.

    Returns
    -------
    tensor
        ``(batch, ...)``.
    """
    y_true, y_pred = matched(y_true, y_pred)
    low = config.epsilon()
    logs = [ops.log(ops.maximum(y, low) + 1.0) for y in (y_true, y_pred)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


@export("dlcore.losses.cosine_similarity")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between vectors: -1 for one direction.

    Parameters
    ----------
    y_true, y_pred : tensor
    axis : int
        Along which the vectors lie.

    Returns
    -------
    tensor
        From -1 to 1, without ``axis``; 0 where a vector is 0.
    """
    y_true, y_pred = matched(y_true, y_pred)
    y_true, y_pred = (ops.normalize(y, axis=axis) for y in (y_true, y_pred))
    return -ops.sum(y_true * y_pred, axis=axis)


@export("dlcore.losses.huber", "dlcore.metrics.huber")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Half the squared error up to ``delta``, linear beyond; mean of the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        ``(batch, ..., n)``.
    delta : float
        Where the parabola becomes a line.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    References
    ----------
    Huber, 1964, Robust estimation of a location parameter, eq. 2.7.
    """
    y_true, y_pred = matched(y_true, y_pred)
    error = ops.absolute(y_pred - y_true)
    small = ops.minimum(error, delta)
    # small**2 / 2 + delta * (error - small), with one product less
    return ops.mean(small * (error - 0.5 * small), axis=-1)


@export("dlcore.losses.log_cosh", "dlcore.metrics.log_cosh")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """``mean(log(cosh(y_pred - y_true)))`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        ``(batch, ..., n)``.

    Returns
    -------
    tensor
        ``(batch, ...)``: about half the squared error near 0, the absolute error less
        ``log(2)`` far from it.
    """
    y_true, y_pred = matched(y_true, y_pred)
    x = y_pred - y_true  # log(cosh(x)), without overflow:
    return ops.mean(x + ops.softplus(-2.0 * x) - math.log(2.0), axis=-1)


@export("dlcore.losses.MeanSquaredError")
class MeanSquaredError(LossFunctionWrapper):
    """Mean of ``(y_true - y_pred)**2`` (see ``mean_squared_error``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ):
        super().__init__(mean_squared_error, reduction, name, dtype)


@export("dlcore.losses.MeanAbsoluteError")
class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of ``|y_true - y_pred|`` (see ``mean_absolute_error``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ):
        super().__init__(mean_absolute_error, reduction, name, dtype)


@export("dlcore.losses.MeanAbsolutePercentageError")
class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean error in percent (see ``mean_absolute_percentage_error``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@export("dlcore.losses.MeanSquaredLogarithmicError")
class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Squared error of logarithms (see ``mean_squared_logarithmic_error``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@export("dlcore.losses.CosineSimilarity")
class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine between vectors (see ``cosine_similarity``).

    Parameters
    ----------
    axis : int
        Along which the vectors lie.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


@export("dlcore.losses.Huber")
class Huber(LossFunctionWrapper):
    """Half the squared error up to ``delta``, linear beyond (see ``huber``).

    Parameters
    ----------
    delta : float
        Where the parabola becomes a line.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ):
        super().__init__(huber, reduction, name, dtype, delta=delta)


@export("dlcore.losses.LogCosh")
class LogCosh(LossFunctionWrapper):
    """Mean of ``log(cosh(y_pred - y_true))`` (see ``log_cosh``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ):
        super().__init__(log_cosh, reduction, name, dtype)
