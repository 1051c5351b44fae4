"""Intersection over union of classes, from a confusion matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.metrics.base import Metric
from dlcore.src.utils.state import put


class ConfusionMatrix(Metric):
    """Base of these metrics: counts of (label, prediction).

    Parameters
    ----------
    num_classes : int
    name : str, optional
    dtype : str, optional
        ``"int32"`` by default.
    ignore_class : int, optional
        Labels of this class do not count.
    sparse_y_true, sparse_y_pred : bool
        Whether labels and predictions are class numbers rather than scores.
    axis : int
        Where the classes of scores are.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(dtype or "int32", name)
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), dtype=self.dtype, name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in labels and predictions of any one shape."""
        if not self.sparse_y_true:
            y_true = ops.argmax(ops.convert_to_tensor(y_true), axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(ops.convert_to_tensor(y_pred), axis=self.axis)
        true, pred = (
            ops.reshape(ops.cast(ops.convert_to_tensor(y), "int32"), (-1,))
            for y in (y_true, y_pred)
        )
        n = self.num_classes
        counted = ops.logical_and(
            ops.logical_and(true >= 0, true < n), ops.logical_and(pred >= 0, pred < n)
        )
        if self.ignore_class is not None:
            counted = ops.logical_and(counted, ops.not_equal(true, self.ignore_class))
        cells = ops.where(counted, true * n + pred, 0)
        weight = ops.where(counted, self._weight(sample_weight, true), 0)
        weight = ops.cast(weight, self.dtype)
        matrix = ops.segment_sum(weight, cells, num_segments=n * n)
        put(self.total_cm, self.total_cm.value + ops.reshape(matrix, (n, n)))

    def _weight(self, weight: Any, like: Any) -> Any:
        if weight is None:
            return ops.ones_like(like)
        if "float" in str(getattr(weight, "dtype", "")) and "int" in self.dtype:
            warnings.warn(
                f"{self.name}: `sample_weight` is floating, but the metric counts in "
                f"{self.dtype}: fractions are cut off. Make it with dtype='float32'.",
                stacklevel=4,
            )
        weight = ops.reshape(ops.convert_to_tensor(weight, self.dtype), (-1,))
        return ops.broadcast_to(weight, ops.shape(like))


@export("dlcore.metrics.IoU")
class IoU(ConfusionMatrix):
    """Mean over some classes of ``tp / (tp + fp + fn)``.

    Parameters
    ----------
    num_classes : int
    target_class_ids : sequence of int
        The classes to take the mean of; those never seen are left out.
    name : str, optional
    dtype : str, optional
        ``"int32"`` by default.
    ignore_class : int, optional
        Labels of this class do not count.
    sparse_y_true, sparse_y_pred : bool
        Whether labels and predictions are class numbers rather than scores.
    axis : int
        Where the classes of scores are.

    Raises
    ------
    ValueError
        If there is no such class.

    References
    ----------
    Jaccard, 1901, Etude comparative de la distribution florale.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(
            num_classes,
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )
        if max(target_class_ids) >= num_classes:
            raise ValueError(
                f"Argument `target_class_ids` holds {max(target_class_ids)}, but the "
                f"classes are 0 to {num_classes - 1}."
            )
        self.target_class_ids = list(target_class_ids)

    def result(self) -> Any:
        """Return the mean; 0 if none of the classes was seen."""
        matrix = ops.cast(self.total_cm.value, "float32")
        both = ops.diagonal(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        classes = ops.convert_to_tensor(self.target_class_ids, "int32")
        both, either = (ops.take(x, classes, axis=0) for x in (both, either))
        seen = ops.cast(either > 0, "float32")
        shares = ops.divide_no_nan(both, either + config.epsilon())
        return ops.sum(shares * seen) / (ops.sum(seen) + config.epsilon())


@export("dlcore.metrics.BinaryIoU")
class BinaryIoU(IoU):
    """Intersection over union of the classes 0 and 1.

    Parameters
    ----------
    target_class_ids : sequence of int
        Which of the two to take the mean of.
    threshold : float
        From which on a score means class 1.
    name : str, optional
    dtype : str, optional
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in labels 0 or 1, and scores, of any one shape."""
        y_pred = ops.convert_to_tensor(y_pred, "float32")
        y_pred = ops.cast(y_pred >= self.threshold, "int32")
        super().update_state(y_true, y_pred, sample_weight)


@export("dlcore.metrics.MeanIoU")
class MeanIoU(IoU):
    """Mean over all classes of intersection over union.

    Parameters
    ----------
    num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        As for ``IoU``.

    Examples
    --------
    >>> import dlcore
    >>> metric = dlcore.metrics.MeanIoU(num_classes=2)
    >>> round(float(metric([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(
            num_classes,
            range(num_classes),
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )


@export("dlcore.metrics.OneHotIoU")
class OneHotIoU(IoU):
    """Mean over some classes of intersection over union, for one-hot labels.

    Parameters
    ----------
    num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis
        As for ``IoU``; predictions are scores by default.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(
            num_classes,
            target_class_ids,
            name,
            dtype,
            ignore_class,
            False,
            sparse_y_pred,
            axis,
        )


@export("dlcore.metrics.OneHotMeanIoU")
class OneHotMeanIoU(MeanIoU):
    """Mean over all classes of intersection over union, for one-hot labels.

    Parameters
    ----------
    num_classes, name, dtype, ignore_class, sparse_y_pred, axis
        As for ``IoU``; predictions are scores by default.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(
            num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis
        )
