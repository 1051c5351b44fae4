"""Cross-entropies: minus the logarithm of the probability of what is right."""

from __future__ import annotations

import warnings
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.losses.base import LossFunctionWrapper
from dlcore.src.losses.weighting import matched
from dlcore.src.utils.homes import on_backend_of


def smoothed(y_true: Any, label_smoothing: float, classes: int) -> Any:
    """Move a part of each label to all classes evenly.

    References
    ----------
    Szegedy et al., 2015, Rethinking the Inception architecture for computer vision,
    arXiv:1512.00567, section 7.
    """
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def check_classes(name: str, y_pred: Any, axis: Any) -> None:
    """Warn of predictions for one class only, of which softmax makes 1.

    Raises
    ------
    ValueError
        If ``axis`` is a bool, as when arguments got mixed up.
    """
    if isinstance(axis, bool):
        raise ValueError(f"{name}: `axis` must be an int, got {axis!r}.")
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"{name}: `y_pred` has the shape {tuple(y_pred.shape)}, one class. For two "
            "classes in one number use 'binary_crossentropy'.",
            SyntaxWarning,
            stacklevel=3,
        )


@export("dlcore.losses.binary_crossentropy", "dlcore.metrics.binary_crossentropy")
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Mean cross-entropy of yes-or-no labels.

    Parameters
    ----------
    y_true : tensor
        0 or 1 (or between), ``(batch, ..., n)``.
    y_pred : tensor
        Probabilities; logits with ``from_logits=True``.
    from_logits : bool
    label_smoothing : float
        0.2 makes 0.1 and 0.9 of the labels 0 and 1.
    axis : int
        Over which to take the mean.

    Returns
    -------
    tensor
        Without ``axis``.

    Examples
    --------
    >>> import dlcore
    >>> round(float(dlcore.losses.binary_crossentropy([1.0, 0.0], [0.5, 0.5])), 4)
    0.6931
    """
    y_true, y_pred = matched(y_true, y_pred)
    y_true = smoothed(y_true, label_smoothing, 2)
    losses = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    return ops.mean(losses, axis=axis)


@export(
    "dlcore.losses.categorical_crossentropy", "dlcore.metrics.categorical_crossentropy"
)
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Cross-entropy of one-hot labels.

    Parameters
    ----------
    y_true : tensor
        One-hot, or probabilities, ``(batch, ..., classes)``.
    y_pred : tensor
        Probabilities, which are divided by their sum; logits with ``from_logits=True``.
    from_logits : bool
    label_smoothing : float
        Part of each label that is spread over all classes.
    axis : int
        Where the classes are.

    Returns
    -------
    tensor
        Without ``axis``.
    """
    y_true, y_pred = matched(y_true, y_pred)
    check_classes("categorical_crossentropy", y_pred, axis)
    y_true = smoothed(y_true, label_smoothing, y_true.shape[-1])
    return ops.categorical_crossentropy(
        y_true, y_pred, from_logits=from_logits, axis=axis
    )


def counted_labels(y_true: Any, y_pred: Any, ignore_class: int, axis: int) -> Any:
    """Return which labels are not of the class to ignore."""
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    return ops.not_equal(y_true, ignore_class)


@export(
    "dlcore.losses.sparse_categorical_crossentropy",
    "dlcore.metrics.sparse_categorical_crossentropy",
)
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """Cross-entropy of labels that are class numbers.

    Parameters
    ----------
    y_true : tensor
        Class numbers, ``(batch, ...)`` or ``(batch, ..., 1)``.
    y_pred : tensor
        Probabilities, which are divided by their sum, or logits,
        ``(batch, ..., classes)``.
    from_logits : bool
    ignore_class : int, optional
        Samples of this class cost 0.
    axis : int
        Where the classes are.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    Examples
    --------
    >>> import dlcore
    >>> probabilities = [[0.25, 0.75], [0.5, 0.5]]
    >>> loss = dlcore.losses.sparse_categorical_crossentropy([1, 0], probabilities)
    >>> dlcore.ops.convert_to_numpy(loss).round(4).tolist()
    [0.28769999742507935, 0.6931000351905823]
    """
    with on_backend_of(y_pred, y_true):
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=from_logits, axis=axis
        )
    counted = ops.not_equal(y_true, ignore_class)
    losses = ops.sparse_categorical_crossentropy(
        ops.where(counted, y_true, 0),
        ops.where(ops.expand_dims(counted, axis), y_pred, 1.0),
        from_logits=from_logits,
        axis=axis,
    )
    return ops.where(counted, losses, 0.0)


@export("dlcore.losses.BinaryCrossentropy")
class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of yes-or-no labels (see ``binary_crossentropy``).

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits rather than probabilities.
    label_smoothing : float
        0.2 makes 0.1 and 0.9 of the labels 0 and 1.
    axis : int
        Over which to take the mean.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@export("dlcore.losses.CategoricalCrossentropy")
class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot labels (see ``categorical_crossentropy``).

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits rather than probabilities.
    label_smoothing : float
        Part of each label that is spread over all classes.
    axis : int
        Where the classes are.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@export("dlcore.losses.SparseCategoricalCrossentropy")
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of class numbers (see ``sparse_categorical_crossentropy``).

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits rather than probabilities.
    ignore_class : int, optional
        Samples of this class are left out, of the mean too.
    axis : int
        Where the classes are.
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )

    def counted(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        """Return which losses are not of the class to ignore."""
        ignored = self.options["ignore_class"]
        if ignored is None:
            return None
        return counted_labels(y_true, y_pred, ignored, self.options["axis"])
