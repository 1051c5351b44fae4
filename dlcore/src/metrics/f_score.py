"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.metrics.base import Metric
from dlcore.src.utils.state import put

AVERAGES = ("micro", "macro", "weighted")


@export("dlcore.metrics.FBetaScore")
class FBetaScore(Metric):
    """Weighted harmonic mean of precision and recall.

    Parameters
    ----------
    average : {"micro", "macro", "weighted", None}
        None gives a score for each class; ``"micro"`` counts all classes together,
        ``"macro"`` takes the mean of the scores, ``"weighted"`` weighs it by the labels
        of each class.
    beta : float
        How many times recall matters as much as precision.
    threshold : float, optional
        Above 0, at most 1; without it the largest score of a sample is its class.
    name : str
    dtype : str, optional

    Raises
    ------
    ValueError
        If an argument is none of these, or the values are not ``(batch, classes)``.

    References
    ----------
    van Rijsbergen, 1979, Information retrieval, chapter 7.
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ):
        super().__init__(dtype, name)
        if average is not None and average not in AVERAGES:
            raise ValueError(
                f"Argument `average` cannot be {average!r}."
                + did_you_mean(average, AVERAGES)
            )
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"Argument `beta` must be a float above 0, got {beta!r}.")
        if threshold is not None and not (
            isinstance(threshold, float) and 0 < threshold <= 1
        ):
            raise ValueError(
                "Argument `threshold` must be a float above 0, at most 1, got "
                f"{threshold!r}."
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self.built = False

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the counts of each class."""
        if self.built:
            return
        true, pred = tuple(y_true.shape), tuple(y_pred.shape)
        if len(true) != 2 or len(pred) != 2 or None in (true[-1], pred[-1]):
            raise ValueError(
                "FBetaScore takes labels and predictions of shape (batch, classes), "
                f"got {true} and {pred}."
            )
        shape = () if self.axis is None else (pred[-1],)
        for name in (
            "true_positives",
            "false_positives",
            "false_negatives",
            "intermediate_weights",
        ):
            setattr(self, name, self.add_variable(shape, dtype=self.dtype, name=name))
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one-hot or many-hot labels and scores, ``(batch, classes)``."""
        y_true = ops.convert_to_tensor(y_true, self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        self.build(y_true, y_pred)
        if self.threshold is None:
            largest = ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(y_pred >= largest, ops.absolute(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        chosen = ops.cast(chosen, self.dtype)
        weight = 1.0
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight, self.dtype)
            weight = ops.expand_dims(sample_weight, 1)
        for variable, values in zip(
            self.variables,
            (chosen * y_true, chosen * (1 - y_true), (1 - chosen) * y_true, y_true),
            strict=True,
        ):
            put(variable, variable.value + ops.sum(values * weight, axis=self.axis))

    def result(self) -> Any:
        """Return the score, or one for each class."""
        if not self.built:
            return ops.zeros((), dtype=self.dtype)
        tp, fp, fn, labels = (v.value for v in self.variables)
        low, squared = config.epsilon(), self.beta**2
        precision, recall = tp / (tp + fp + low), tp / (tp + fn + low)
        mean = precision * recall / (squared * precision + recall + low)
        scores = mean * (1 + squared)
        if self.average == "weighted":
            return ops.sum(scores * labels / (ops.sum(labels) + low))
        return scores if self.average is None else ops.mean(scores)


@export("dlcore.metrics.F1Score")
class F1Score(FBetaScore):
    """Harmonic mean of precision and recall.

    Parameters
    ----------
    average, threshold, name, dtype
        As for ``FBetaScore``.

    Examples
    --------
    >>> import dlcore
    >>> f1 = dlcore.metrics.F1Score(threshold=0.5, average="micro")
    >>> round(float(f1([[1.0, 0.0], [1.0, 1.0]], [[0.9, 0.1], [0.2, 0.7]])), 4)
    0.8
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ):
        super().__init__(average, 1.0, threshold, name, dtype)
