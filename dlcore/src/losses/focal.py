"""Cross-entropies that care for what is not sure yet, or trust labels less."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.losses.base import LossFunctionWrapper
from dlcore.src.losses.crossentropy import check_classes, smoothed
from dlcore.src.losses.weighting import matched
from dlcore.src.utils.homes import on_backend_of


@export(
    "dlcore.losses.binary_focal_crossentropy",
    "dlcore.metrics.binary_focal_crossentropy",
)
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Cross-entropy of yes-or-no labels, times ``(1 - p)**gamma``.

    Parameters
    ----------
    y_true, y_pred : tensor
        As for ``binary_crossentropy``.
    apply_class_balancing : bool
        Whether label 1 weighs ``alpha`` and label 0 ``1 - alpha``.
    alpha, gamma : float
        With ``gamma`` 0 it is the cross-entropy.
    from_logits, label_smoothing, axis
        As for ``binary_crossentropy``.

    Returns
    -------
    tensor
        Without ``axis``.

    References
    ----------
    Lin et al., 2017, Focal loss for dense object detection, arXiv:1708.02002, eq. 4-5.
    """
    y_true, y_pred = matched(y_true, y_pred)
    y_true = smoothed(y_true, label_smoothing, 2)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    losses = ops.binary_crossentropy(y_true, y_pred, from_logits=False)
    right = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    losses = ops.power(1.0 - right, gamma) * losses
    if apply_class_balancing:
        losses = (y_true * alpha + (1 - y_true) * (1 - alpha)) * losses
    return ops.mean(losses, axis=axis)


@export(
    "dlcore.losses.categorical_focal_crossentropy",
    "dlcore.metrics.categorical_focal_crossentropy",
)
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Cross-entropy of one-hot labels, times ``alpha * (1 - p)**gamma``.

    Parameters
    ----------
    y_true, y_pred : tensor
        As for ``categorical_crossentropy``.
    alpha : float or sequence of float
        Weight, of each class if it is a sequence.
    gamma : float
        How much less the sure ones weigh.
    from_logits, label_smoothing, axis
        As for ``categorical_crossentropy``.

    Returns
    -------
    tensor
        Without ``axis``.

    References
    ----------
    Lin et al., 2017, Focal loss for dense object detection, arXiv:1708.02002, eq. 5.
    """
    y_true, y_pred = matched(y_true, y_pred)
    check_classes("categorical_focal_crossentropy", y_pred, axis)
    y_true = smoothed(y_true, label_smoothing, y_true.shape[-1])
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    low = config.epsilon()
    p = ops.clip(y_pred / ops.sum(y_pred, axis=axis, keepdims=True), low, 1.0 - low)
    weight = ops.power(1.0 - p, gamma) * ops.convert_to_tensor(alpha, p.dtype)
    return ops.sum(-weight * y_true * ops.log(p), axis=axis)


@export("dlcore.losses.categorical_generalized_cross_entropy")
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """``(1 - p**q) / q``: between cross-entropy (q near 0) and absolute error (q 1).

    Parameters
    ----------
    y_true : tensor
        Class numbers, ``(batch, ...)``.
    y_pred : tensor
        Probabilities, ``(batch, ..., classes)``.
    q : float
        Between 0 and 1; the larger, the less wrong labels hurt.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    References
    ----------
    Zhang and Sabuncu, 2018, Generalized cross entropy loss for training deep neural
    networks with noisy labels, arXiv:1805.07836, eq. 6.
    """
    with on_backend_of(y_pred, y_true):
        y_pred = ops.convert_to_tensor(y_pred)
        labels = ops.convert_to_tensor(y_true, "int32")
    chosen = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.sum(y_pred * chosen, axis=-1)
    return (1 - ops.power(p, q)) / q


@export("dlcore.losses.BinaryFocalCrossentropy")
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Cross-entropy times ``(1 - p)**gamma`` (see ``binary_focal_crossentropy``).

    Parameters
    ----------
    apply_class_balancing : bool
        Whether label 1 weighs ``alpha`` and label 0 ``1 - alpha``.
    alpha, gamma : float
    from_logits, label_smoothing, axis
        As for ``BinaryCrossentropy``.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@export("dlcore.losses.CategoricalFocalCrossentropy")
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Cross-entropy times ``alpha * (1 - p)**gamma``.

    See ``categorical_focal_crossentropy``.

    Parameters
    ----------
    alpha : float or sequence of float
        Weight, of each class if it is a sequence.
    gamma : float
    from_logits, label_smoothing, axis
        As for ``CategoricalCrossentropy``.
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@export("dlcore.losses.CategoricalGeneralizedCrossEntropy")
class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """``(1 - p**q) / q`` (see ``categorical_generalized_cross_entropy``).

    Parameters
    ----------
    q : float
        Between 0 and 1; the larger, the less wrong labels hurt.

    Raises
    ------
    ValueError
        If ``q`` is not between 0 and 1.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ):
        if not 0 < q < 1:
            raise ValueError(f"`q` must be in the interval (0, 1), got {q!r}.")
        super().__init__(
            categorical_generalized_cross_entropy, reduction, name, dtype, q=q
        )
