"""Sums and means of what is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.losses.base import Loss
from dlcore.src.losses.weighting import masked_weight, same_rank
from dlcore.src.metrics.base import Metric
from dlcore.src.saving.serialization import deserialize_keras_object
from dlcore.src.utils.state import put


def by_sample(
    values: Any, weight: Any, reduce: Callable[..., Any], dtype: str
) -> tuple[Any, Any]:
    """Return one weighted value a sample, and the samples' weights.

    Parameters
    ----------
    values : tensor
        ``(batch, ...)``.
    weight : tensor or None
        Of the shape of the values, or of their first axes.
    reduce : Callable
        ``ops.sum`` or ``ops.mean``: what becomes of the other axes.
    dtype : str

    Returns
    -------
    tuple of tensor
        Values ``(batch,)``; weights ``(batch,)`` or None.
    """
    mask = getattr(values, "_keras_mask", None)
    values = ops.cast(ops.convert_to_tensor(values), dtype)
    if weight is not None:
        weight = ops.convert_to_tensor(weight, dtype=dtype)
        weight = masked_weight(weight, mask, dtype, "sum")
        values, weight = same_rank(values, weight)
        axes = len(weight.shape)
        if len(values.shape) > axes:
            values = reduce(values, axis=tuple(range(axes, len(values.shape))))
        if tuple(weight.shape) != tuple(values.shape):
            weight = ops.broadcast_to(weight, ops.shape(values))
        values = values * weight
        if axes > 1:
            weight = reduce(weight, axis=tuple(range(1, axes)))
    if len(values.shape) > 1:
        values = reduce(values, axis=tuple(range(1, len(values.shape))))
    return values, weight


@export("dlcore.metrics.Sum")
class Sum(Metric):
    """Weighted sum of values.

    Parameters
    ----------
    name : str
    dtype : str, optional

    Examples
    --------
    >>> import dlcore
    >>> total = dlcore.metrics.Sum()
    >>> total.update_state([1.0, 3.0, 5.0], sample_weight=[1, 1, 0])
    >>> float(total.result())
    4.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None):
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values, ``(batch, ...)``, or a scalar."""
        values, _ = by_sample(values, sample_weight, ops.sum, self.dtype)
        put(self.total, self.total.value + ops.sum(values))

    def result(self) -> Any:
        """Return the sum."""
        return self.total.value


@export("dlcore.metrics.Mean")
class Mean(Metric):
    """Weighted mean of values.

    Parameters
    ----------
    name : str
    dtype : str, optional

    Examples
    --------
    >>> import dlcore
    >>> mean = dlcore.metrics.Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> mean.update_state([5.0])
    >>> float(mean.result())
    3.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None):
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take in values, ``(batch, ...)``, or a scalar."""
        values, weight = by_sample(values, sample_weight, ops.mean, self.dtype)
        put(self.total, self.total.value + ops.sum(values))
        if weight is not None:
            number = ops.sum(weight)
        else:
            number = ops.shape(values)[0] if len(values.shape) else 1
            if not isinstance(number, int):
                number = ops.cast(number, self.dtype)
        put(self.count, self.count.value + number)

    def result(self) -> Any:
        """Return the mean; 0 if nothing was seen."""
        return ops.divide_no_nan(self.total.value, self.count.value)


@export("dlcore.metrics.MeanMetricWrapper")
class MeanMetricWrapper(Mean):
    """Mean of a function of labels and predictions.

    Parameters
    ----------
    fn : Callable
        ``(y_true, y_pred, **options)`` -> a value for each sample.
    name : str, optional
    dtype : str, optional
    **options
        Passed on to the function, and attributes of the metric.

    Examples
    --------
    >>> import dlcore
    >>> def off_by(y_true, y_pred):
    ...     return dlcore.ops.absolute(y_true - y_pred)
    >>> metric = dlcore.metrics.MeanMetricWrapper(off_by, name="off_by")
    >>> float(metric(dlcore.ops.array([1.0, 2.0]), dlcore.ops.array([1.0, 4.0])))
    1.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ):
        super().__init__(name or getattr(fn, "__name__", None) or "mean", dtype)
        self.fn = fn
        self.options = options
        vars(self).update(options)
        if isinstance(fn, Loss) or "dlcore.src.losses" in getattr(fn, "__module__", ""):
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in a batch of labels and predictions."""
        mask = getattr(y_pred, "_keras_mask", None)
        values = self.fn(y_true, y_pred, **self.options)
        if sample_weight is not None and mask is not None:
            sample_weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        weight = masked_weight(sample_weight, mask, self.dtype, "sum")
        super().update_state(values, weight)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a metric from what ``get_config`` returned."""
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))
