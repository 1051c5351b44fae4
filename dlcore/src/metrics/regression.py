"""Errors, explained variance and correlation of real numbers."""

from __future__ import annotations

import warnings
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.losses.weighting import count, matched, same_rank
from dlcore.src.metrics.base import Metric
from dlcore.src.metrics.reduction import Mean, MeanMetricWrapper
from dlcore.src.utils.state import put


@export("dlcore.metrics.RootMeanSquaredError")
class RootMeanSquaredError(Mean):
    """Root of the mean of ``(y_true - y_pred)**2``."""

    _direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None):
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take in a batch of labels and predictions."""
        y_true = ops.convert_to_tensor(y_true, self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        y_true, y_pred = same_rank(y_true, y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Any:
        """Return the root of the mean."""
        return ops.sqrt(super().result())


AGGREGATIONS = ("uniform_average", "variance_weighted_average")


@export("dlcore.metrics.R2Score")
class R2Score(Metric):
    """Coefficient of determination: ``1 - squared error / variance``.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        How the scores of several outputs become one; None keeps them.
    num_regressors : int
        Number of inputs that the model uses, for the adjusted score; 0 does not adjust.
    name : str
    dtype : str, optional

    Raises
    ------
    ValueError
        If an argument is none of these, or the values are not ``(batch, outputs)``.

    References
    ----------
    Wright, 1921, Correlation and causation.
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ):
        super().__init__(dtype, name)
        if class_aggregation is not None and class_aggregation not in AGGREGATIONS:
            raise ValueError(
                "Invalid value for argument `class_aggregation`: "
                f"{class_aggregation!r}."
                + did_you_mean(class_aggregation, AGGREGATIONS)
            )
        if num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`: it must be 0 or more, "
                f"got {num_regressors}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), name="num_samples")
        self.built = False

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make sums for each output."""
        if self.built:
            return
        true, pred = tuple(y_true.shape), tuple(y_pred.shape)
        if len(true) != 2 or len(pred) != 2 or None in (true[-1], pred[-1]):
            raise ValueError(
                "R2Score takes labels and predictions of shape (batch, outputs), got "
                f"{true} and {pred}."
            )
        outputs = (pred[-1],)
        self.squared_sum = self.add_variable(outputs, name="squared_sum")
        self.sum = self.add_variable(outputs, name="sum")
        self.total_mse = self.add_variable(outputs, name="residual")
        self.count = self.add_variable(outputs, name="count")
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch of labels and predictions, ``(batch, outputs)``."""
        y_true = ops.convert_to_tensor(y_true, self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        y_true, y_pred = same_rank(y_true, y_pred)
        self.build(y_true, y_pred)
        weight = ops.convert_to_tensor(
            1.0 if sample_weight is None else sample_weight, self.dtype
        )
        if len(weight.shape) == 1:
            weight = ops.expand_dims(weight, 1)
        weight = ops.broadcast_to(weight, ops.shape(y_true))
        for variable, values in (
            (self.sum, y_true * weight),
            (self.squared_sum, ops.square(y_true) * weight),
            (self.total_mse, ops.square(y_true - y_pred) * weight),
            (self.count, weight),
        ):
            put(variable, variable.value + ops.sum(values, axis=0))
        put(self.num_samples, self.num_samples.value + count(y_true))

    def result(self) -> Any:
        """Return the score, or one for each output."""
        _, squares, total_sum, error, count = (v.value for v in self.variables)
        total = squares - total_sum * (total_sum / count)
        scores = 1.0 - error / total
        scores = ops.where(ops.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.sum(total * scores) / ops.sum(total)
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, scores: Any) -> Any:
        left = float(self.num_samples) - self.num_regressors - 1
        if left <= 0:
            warnings.warn(
                f"The R2 score is not adjusted: {self.num_regressors} regressors need "
                f"more than {self.num_regressors + 1} samples.",
                stacklevel=4,
            )
            return scores
        return 1.0 - (1.0 - scores) * (float(self.num_samples) - 1.0) / left


@export("dlcore.metrics.pearson_correlation")
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Correlation of labels and predictions along an axis.

    Parameters
    ----------
    y_true, y_pred : tensor
    axis : int

    Returns
    -------
    tensor
        From -1 to 1, without ``axis``.

    References
    ----------
    Pearson, 1895, Notes on regression and inheritance in the case of two parents.
    """
    y_true, y_pred = matched(y_true, y_pred)
    scores = []
    for y in (y_true, y_pred):
        centred = y - ops.mean(y, axis=axis, keepdims=True)
        scores.append(centred / ops.std(centred, axis=axis, keepdims=True))
    return ops.mean(scores[0] * scores[1], axis=axis)


@export("dlcore.metrics.concordance_correlation")
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Agreement of labels and predictions along an axis, in scale and place too.

    Parameters
    ----------
    y_true, y_pred : tensor
    axis : int

    Returns
    -------
    tensor
        From -1 to 1, without ``axis``.

    References
    ----------
    Lin, 1989, A concordance correlation coefficient to evaluate reproducibility.
    """
    y_true, y_pred = matched(y_true, y_pred)
    mean_true = ops.mean(y_true, axis=axis, keepdims=True)
    mean_pred = ops.mean(y_pred, axis=axis, keepdims=True)
    spread = ops.var(y_true, axis=axis, keepdims=True)
    spread = spread + ops.var(y_pred, axis=axis, keepdims=True)
    spread = spread + ops.square(mean_true - mean_pred) + config.epsilon()
    common = (y_true - mean_true) * (y_pred - mean_pred)
    return ops.mean(2.0 * common / spread, axis=axis)


@export("dlcore.metrics.PearsonCorrelation")
class PearsonCorrelation(MeanMetricWrapper):
    """Mean correlation along an axis (see ``pearson_correlation``).

    Parameters
    ----------
    name : str
    dtype : str, optional
    axis : int
    """

    _direction = "up"

    def __init__(
        self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1
    ):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


@export("dlcore.metrics.ConcordanceCorrelation")
class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean agreement along an axis (see ``concordance_correlation``).

    Parameters
    ----------
    name : str
    dtype : str, optional
    axis : int
    """

    _direction = "up"

    def __init__(
        self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1
    ):
        super().__init__(concordance_correlation, name, dtype, axis=axis)
