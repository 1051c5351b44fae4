"""How often predictions are right."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.losses.weighting import matched, same_rank
from dlcore.src.metrics.reduction import MeanMetricWrapper
from dlcore.src.utils.homes import on_backend_of


def _tensors(*xs: Any) -> list[Any]:
    with on_backend_of(*reversed(xs)):
        return [ops.convert_to_tensor(x) for x in xs]


def _floating(matches: Any) -> Any:
    return ops.cast(matches, config.floatx())


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where labels and predictions are equal, else 0."""
    return _floating(ops.equal(*matched(y_true, y_pred)))


@export("dlcore.metrics.binary_accuracy")
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1 where a probability is on the label's side of the threshold, else 0.

    Parameters
    ----------
    y_true : tensor
        0 or 1.
    y_pred : tensor
        Probabilities, of the same shape.
    threshold : float

    Returns
    -------
    tensor
        Of the same shape.

    Examples
    --------
    >>> import dlcore
    >>> right = dlcore.metrics.binary_accuracy([1, 0], [0.7, 0.6])
    >>> dlcore.ops.convert_to_numpy(right)
    array([1., 0.], dtype=float32)
    """
    y_true, y_pred = same_rank(*_tensors(y_true, y_pred))
    return _floating(ops.equal(y_true, ops.cast(y_pred > threshold, y_true.dtype)))


def _same_class(labels: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is that of the label, else 0."""
    largest = ops.cast(ops.argmax(y_pred, axis=-1), labels.dtype)
    return _floating(ops.equal(labels, largest))


@export("dlcore.metrics.categorical_accuracy")
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is that of the right class, else 0.

    Parameters
    ----------
    y_true : tensor
        One-hot, ``(batch, ..., classes)``.
    y_pred : tensor
        Probabilities or logits, of the same shape.

    Returns
    -------
    tensor
        ``(batch, ...)``.
    """
    y_true, y_pred = _tensors(y_true, y_pred)
    return _same_class(ops.argmax(y_true, axis=-1), y_pred)


@export("dlcore.metrics.sparse_categorical_accuracy")
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is that of the right class, else 0.

    Parameters
    ----------
    y_true : tensor
        Class numbers, ``(batch, ...)`` or ``(batch, ..., 1)``.
    y_pred : tensor
        Probabilities or logits, ``(batch, ..., classes)``.

    Returns
    -------
    tensor
        ``(batch, ...)``.

    Examples
    --------
    >>> import dlcore
    >>> scores = [[0.1, 0.9], [0.8, 0.2]]
    >>> right = dlcore.metrics.sparse_categorical_accuracy([1, 1], scores)
    >>> dlcore.ops.convert_to_numpy(right)
    array([1., 0.], dtype=float32)
    """
    y_true, y_pred = _tensors(y_true, y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    return _same_class(y_true, y_pred)


def _in_top(labels: Any, y_pred: Any, k: int) -> Any:
    flat = ops.reshape(ops.cast(labels, "int32"), (-1,))
    scores = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    return ops.reshape(_floating(ops.in_top_k(flat, scores, k)), ops.shape(labels))


@export("dlcore.metrics.top_k_categorical_accuracy")
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1 where the right class is among the ``k`` largest predictions, else 0.

    Parameters
    ----------
    y_true : tensor
        One-hot, ``(batch, ..., classes)``.
    y_pred : tensor
        Probabilities or logits, of the same shape.
    k : int

    Returns
    -------
    tensor
        ``(batch, ...)``.
    """
    y_true, y_pred = _tensors(y_true, y_pred)
    return _in_top(ops.argmax(y_true, axis=-1), y_pred, k)


@export("dlcore.metrics.sparse_top_k_categorical_accuracy")
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """Return 1 where the right class is among the ``k`` largest predictions, else 0.

    Parameters
    ----------
    y_true : tensor
        Class numbers, ``(batch, ...)``.
    y_pred : tensor
        Probabilities or logits, ``(batch, ..., classes)``; with ``from_sorted_ids``
        class numbers, best first.
    k : int
    from_sorted_ids : bool

    Returns
    -------
    tensor
        ``(batch, ...)``.
    """
    y_true, y_pred = _tensors(y_true, y_pred)
    if not from_sorted_ids:
        return _in_top(y_true, y_pred, k)
    labels = ops.expand_dims(ops.cast(y_true, y_pred.dtype), -1)
    return _floating(ops.any(ops.equal(labels, y_pred[..., :k]), axis=-1))


@export("dlcore.metrics.Accuracy")
class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.metrics.Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]))
    0.75
    """

    _direction = "up"

    def __init__(self, name: str = "accuracy", dtype: Any = None):
        super().__init__(accuracy, name, dtype)


@export("dlcore.metrics.BinaryAccuracy")
class BinaryAccuracy(MeanMetricWrapper):
    """How often probabilities are on the label's side of a threshold.

    Parameters
    ----------
    name : str
    dtype : str, optional
    threshold : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If it is not.
    """

    _direction = "up"

    def __init__(
        self,
        name: str = "binary_accuracy",
        dtype: Any = None,
        threshold: float = 0.5,
    ):
        if threshold is not None and not 0 < threshold < 1:
            raise ValueError(
                f"Argument `threshold` must be between 0 and 1, got {threshold!r}."
            )
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


@export("dlcore.metrics.CategoricalAccuracy")
class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is right, for one-hot labels."""

    _direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None):
        super().__init__(categorical_accuracy, name, dtype)


@export("dlcore.metrics.SparseCategoricalAccuracy")
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is right, for class numbers."""

    _direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


@export("dlcore.metrics.TopKCategoricalAccuracy")
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class is among the ``k`` largest, for one-hot labels.

    Parameters
    ----------
    k : int
    name : str
    dtype : str, optional
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None
    ):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


@export("dlcore.metrics.SparseTopKCategoricalAccuracy")
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class is among the ``k`` largest, for class numbers.

    Parameters
    ----------
    k : int
    name : str
    dtype : str, optional
    from_sorted_ids : bool
        Whether predictions are class numbers, best first, rather than scores.
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ):
        super().__init__(
            sparse_top_k_categorical_accuracy,
            name,
            dtype,
            k=k,
            from_sorted_ids=from_sorted_ids,
        )
