"""Means of losses."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.losses.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    counted_labels,
    sparse_categorical_crossentropy,
)
from dlcore.src.losses.hinge import categorical_hinge, hinge, squared_hinge
from dlcore.src.losses.probabilistic import kl_divergence, poisson
from dlcore.src.losses.regression import (
    cosine_similarity as minus_cosine,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from dlcore.src.metrics.reduction import MeanMetricWrapper


@export("dlcore.metrics.MeanSquaredError")
class MeanSquaredError(MeanMetricWrapper):
    """Mean of ``(y_true - y_pred)**2``.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.metrics.MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
    2.0
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None):
        super().__init__(mean_squared_error, name, dtype)


@export("dlcore.metrics.MeanAbsoluteError")
class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of ``|y_true - y_pred|``."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None):
        super().__init__(mean_absolute_error, name, dtype)


@export("dlcore.metrics.MeanAbsolutePercentageError")
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of ``100 * |(y_true - y_pred) / y_true|``."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None):
        super().__init__(mean_absolute_percentage_error, name, dtype)


@export("dlcore.metrics.MeanSquaredLogarithmicError")
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of ``(log(1 + y_true) - log(1 + y_pred))**2``."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None):
        super().__init__(mean_squared_logarithmic_error, name, dtype)


@export("dlcore.metrics.LogCoshError")
class LogCoshError(MeanMetricWrapper):
    """Mean of ``log(cosh(y_pred - y_true))``."""

    def __init__(self, name: str = "logcosh", dtype: Any = None):
        super().__init__(log_cosh, name, dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return the cosine of the angle between vectors."""
    return -minus_cosine(y_true, y_pred, axis=axis)


@export("dlcore.metrics.CosineSimilarity")
class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between vectors.

    Parameters
    ----------
    name : str
    dtype : str, optional
    axis : int
        Along which the vectors lie.
    """

    _direction = "up"

    def __init__(
        self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1
    ):
        super().__init__(cosine_similarity, name, dtype, axis=axis)


@export("dlcore.metrics.Hinge")
class Hinge(MeanMetricWrapper):
    """Mean of ``max(1 - y_true * y_pred, 0)``."""

    def __init__(self, name: str = "hinge", dtype: Any = None):
        super().__init__(hinge, name, dtype)


@export("dlcore.metrics.SquaredHinge")
class SquaredHinge(MeanMetricWrapper):
    """Mean of ``max(1 - y_true * y_pred, 0)**2``."""

    def __init__(self, name: str = "squared_hinge", dtype: Any = None):
        super().__init__(squared_hinge, name, dtype)


@export("dlcore.metrics.CategoricalHinge")
class CategoricalHinge(MeanMetricWrapper):
    """Mean of ``max(largest wrong - right + 1, 0)``."""

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None):
        super().__init__(categorical_hinge, name, dtype)


@export("dlcore.metrics.KLDivergence")
class KLDivergence(MeanMetricWrapper):
    """Mean of ``sum(y_true * log(y_true / y_pred))``."""

    def __init__(self, name: str = "kl_divergence", dtype: Any = None):
        super().__init__(kl_divergence, name, dtype)


@export("dlcore.metrics.Poisson")
class Poisson(MeanMetricWrapper):
    """Mean of ``y_pred - y_true * log(y_pred)``."""

    def __init__(self, name: str = "poisson", dtype: Any = None):
        super().__init__(poisson, name, dtype)


@export("dlcore.metrics.BinaryCrossentropy")
class BinaryCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of yes-or-no labels.

    Parameters
    ----------
    name : str
    dtype : str, optional
    from_logits : bool
        Whether predictions are logits rather than probabilities.
    label_smoothing : float
        0.2 makes 0.1 and 0.9 of the labels 0 and 1.
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ):
        super().__init__(
            binary_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


@export("dlcore.metrics.CategoricalCrossentropy")
class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of one-hot labels.

    Parameters
    ----------
    name : str
    dtype : str, optional
    from_logits : bool
        Whether predictions are logits rather than probabilities.
    label_smoothing : float
        Part of each label that is spread over all classes.
    axis : int
        Where the classes are.
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ):
        super().__init__(
            categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@export("dlcore.metrics.SparseCategoricalCrossentropy")
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of class numbers.

    Parameters
    ----------
    name : str
    dtype : str, optional
    from_logits : bool
        Whether predictions are logits rather than probabilities.
    ignore_class : int, optional
        Samples of this class cost 0.
    axis : int
        Where the classes are.
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ):
        super().__init__(
            sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in a batch; weights do not count for the class to ignore."""
        ignored = self.options["ignore_class"]
        if ignored is not None and sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            counted = counted_labels(
                ops.convert_to_tensor(y_true),
                ops.convert_to_tensor(y_pred),
                ignored,
                self.options["axis"],
            )
            sample_weight = weight * ops.cast(counted, self.dtype)
        super().update_state(y_true, y_pred, sample_weight)
