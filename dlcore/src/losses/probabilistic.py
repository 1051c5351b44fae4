"""Losses of distributions: divergence, counts."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.losses.base import LossFunctionWrapper
from dlcore.src.losses.weighting import matched


@export("dlcore.losses.kl_divergence", "dlcore.metrics.kl_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """``sum(y_true * log(y_true / y_pred))`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor
        Probabilities, ``(batch, ..., n)``; kept from ``epsilon()`` to 1.

    Returns
    -------
    tensor
        ``(batch, ...)``, in nats.

    References
    ----------
    Kullback and Leibler, 1951, On information and sufficiency.
    """
    y_true, y_pred = matched(y_true, y_pred)
    y_true, y_pred = (ops.clip(y, config.epsilon(), 1) for y in (y_true, y_pred))
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@export("dlcore.losses.poisson", "dlcore.metrics.poisson")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """``mean(y_pred - y_true * log(y_pred))`` over the last axis.

    Parameters
    ----------
    y_true : tensor
        Counts, ``(batch, ..., n)``.
    y_pred : tensor
        Expected counts.

    Returns
    -------
    tensor
        ``(batch, ...)``: minus the log-likelihood, without ``log(y_true!)``.
    """
    y_true, y_pred = matched(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


@export("dlcore.losses.KLDivergence")
class KLDivergence(LossFunctionWrapper):
    """``sum(y_true * log(y_true / y_pred))`` (see ``kl_divergence``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ):
        super().__init__(kl_divergence, reduction, name, dtype)


@export("dlcore.losses.Poisson")
class Poisson(LossFunctionWrapper):
    """``y_pred - y_true * log(y_pred)`` (see ``poisson``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: Any = None,
    ):
        super().__init__(poisson, reduction, name, dtype)
