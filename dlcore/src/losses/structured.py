"""Losses of regions, sequences and embeddings."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.losses.base import LossFunctionWrapper
from dlcore.src.losses.weighting import matched
from dlcore.src.utils.homes import on_backend_of


@export("dlcore.losses.dice")
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """``1 - 2 * |A and B| / (|A| + |B|)`` of two regions.

    Parameters
    ----------
    y_true, y_pred : tensor
        0 outside, 1 inside, or between.
    axis : int or sequence of int, optional
        Over which a region extends; everything by default.

    Returns
    -------
    tensor
        0 for equal regions, 1 for regions without common points; without ``axis``.

    References
    ----------
    Dice, 1945, Measures of the amount of ecologic association between species.
    """
    y_true, y_pred = matched(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    sizes = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1 - 2.0 * both / (sizes + config.epsilon())


@export("dlcore.losses.tversky")
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    """Dice loss with prices for what one region has and the other has not.

    Parameters
    ----------
    y_true, y_pred : tensor
        0 outside, 1 inside, or between.
    alpha : float
        Price of what only ``y_true`` has.
    beta : float
        Price of what only ``y_pred`` has.
    axis : int or sequence of int, optional
        Over which a region extends; everything by default.

    Returns
    -------
    tensor
        From 0 to 1, without ``axis``; with both prices 0.5 the Dice loss.

    References
    ----------
    Salehi et al., 2017, Tversky loss function for image segmentation using 3D fully
    convolutional deep networks, arXiv:1706.05721.
    """
    y_true, y_pred = matched(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    only_true = ops.sum((1 - y_pred) * y_true, axis=axis)
    only_pred = ops.sum(y_pred * (1 - y_true), axis=axis)
    priced = only_true * alpha + only_pred * beta
    return 1 - both / (both + priced + config.epsilon())


@export("dlcore.losses.circle")
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Pull embeddings of one class together, push others apart.

    Parameters
    ----------
    y_true : tensor
        Class numbers, ``(batch,)``.
    y_pred : tensor
        Embeddings of norm 1, ``(batch, n)``.
    ref_labels, ref_embeddings : tensor, optional
        What to compare with; the batch itself by default.
    remove_diagonal : bool
        Whether each embedding is not compared with itself.
    gamma : float
        Scale.
    margin : float
        How far similarities should be from 0 and 1.

    Returns
    -------
    tensor
        ``(batch,)``.

    References
    ----------
    Sun et al., 2020, Circle loss: a unified perspective of pair similarity
    optimization, arXiv:2002.10857, eq. 6-8.
    """
    with on_backend_of(y_pred, y_true):
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true, "int32")
    others = y_pred if ref_embeddings is None else ref_embeddings
    labels = y_true if ref_labels is None else ops.cast(ref_labels, "int32")
    same = ops.equal(ops.reshape(y_true, (-1, 1)), ops.reshape(labels, (1, -1)))
    different = ops.logical_not(same)
    if remove_diagonal:
        itself = ops.eye(same.shape[0], same.shape[1], dtype="bool")
        same = ops.logical_and(same, ops.logical_not(itself))
    distance = ops.maximum(1 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    pull = -gamma * (margin + distance) * (margin - distance)
    push = gamma * ops.maximum(1 + margin - distance, 0.0) * (1 - margin - distance)
    # Not minus infinity, which has no gradient; float16 ends at 65504.
    nothing = -3e4 if ops.dtype(pull) == "float16" else -1e9
    pull = ops.logsumexp(ops.where(same, pull, nothing), axis=1)
    push = ops.logsumexp(ops.where(different, push, nothing), axis=1)
    return ops.softplus(pull + push)


@export("dlcore.losses.ctc")
def ctc(y_true: Any, y_pred: Any) -> Any:
    """Minus the logarithm of the probability of label sequences without times.

    Parameters
    ----------
    y_true : tensor
        Labels, ``(batch, labels)``; 0 fills a row up, and stands for the blank.
    y_pred : tensor
        Logits, ``(batch, time, classes)``.

    Returns
    -------
    tensor
        ``(batch,)``.

    References
    ----------
    Graves et al., 2006, Connectionist temporal classification, ICML.
    """
    with on_backend_of(y_pred, y_true):
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true)
    for name, value, axes in (
        ("y_true", y_true, "(batch, labels)"),
        ("y_pred", y_pred, "(batch, time, classes)"),
    ):
        if len(value.shape) != axes.count(",") + 1:
            raise ValueError(
                f"`{name}` must have the shape {axes}, got {tuple(value.shape)}."
            )
    labels = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    steps = ops.zeros_like(labels) + y_pred.shape[1]
    return ops.ctc_loss(ops.cast(y_true, "int32"), y_pred, labels, steps)


@export("dlcore.losses.CTC")
class CTC(LossFunctionWrapper):
    """Minus the logarithm of the probability of label sequences (see ``ctc``)."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "ctc",
        dtype: Any = None,
    ):
        super().__init__(ctc, reduction, name, dtype)


@export("dlcore.losses.Dice")
class Dice(LossFunctionWrapper):
    """``1 - 2 * |A and B| / (|A| + |B|)`` of two regions (see ``dice``).

    Parameters
    ----------
    axis : int or sequence of int, optional
        Over which a region extends; everything by default.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Any = None,
        dtype: Any = None,
    ):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@export("dlcore.losses.Tversky")
class Tversky(LossFunctionWrapper):
    """Dice loss with prices for both kinds of difference (see ``tversky``).

    Parameters
    ----------
    alpha, beta : float
        Prices of what only the labels, or only the predictions have.
    axis : int or sequence of int, optional
        Over which a region extends; everything by default.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis
        )


@export("dlcore.losses.Circle")
class Circle(LossFunctionWrapper):
    """Pull embeddings of one class together, push others apart (see ``circle``).

    Samples that cost nothing do not count in the mean.

    Parameters
    ----------
    gamma : float
        Scale.
    margin : float
        How far similarities should be from 0 and 1.
    remove_diagonal : bool
        Whether each embedding is not compared with itself.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ):
        super().__init__(
            circle,
            reduction,
            name,
            dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )

    def counted(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        """Return which losses are above 0."""
        return losses > 0
