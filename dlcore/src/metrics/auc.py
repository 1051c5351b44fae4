"""Area under a curve of decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.metrics.base import Metric
from dlcore.src.metrics.confusion import Counts, count_decisions
from dlcore.src.utils.state import put

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")


@export("dlcore.metrics.AUC")
class AUC(Metric):
    """Area under the ROC curve, or under that of precision and recall.

    Parameters
    ----------
    num_thresholds : int
        Points of the curve; 2 or more.
    curve : {"ROC", "PR", "PRGAIN"}
        True over false positives, precision over recall, or the gains of both.
    summation_method : {"interpolation", "minoring", "majoring"}
        Between points: trapezia (for PR an interpolation of the counts), or rectangles
        below, or above the curve.
    name : str, optional
    dtype : str, optional
    thresholds : sequence of float, optional
        From 0 to 1, instead of evenly spread ones; both ends are added.
    multi_label : bool
        Whether each label has a curve of its own; the result is the mean of the areas.
    num_labels : int, optional
        With ``multi_label``: their number, else known at the first update.
    label_weights : sequence of float, optional
        Weights of the labels.
    from_logits : bool
        Whether predictions are logits rather than probabilities.

    Raises
    ------
    ValueError
        If an argument is none of these.

    References
    ----------
    Davis and Goadrich, 2006, The relationship between precision-recall and ROC curves
    (interpolation of PR). Flach and Kull, 2015, Precision-recall-gain curves.

    Examples
    --------
    >>> import dlcore
    >>> auc = dlcore.metrics.AUC()
    >>> round(float(auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])), 2)
    0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ):
        super().__init__(dtype, name)
        self.curve = _one_of("curve", str(curve).upper(), CURVES)
        self.summation_method = _one_of(
            "summation_method", str(summation_method).lower(), SUMMATIONS
        )
        if thresholds is None:
            if num_thresholds <= 1:
                raise ValueError(
                    "Argument `num_thresholds` must be an integer > 1, got "
                    f"{num_thresholds}."
                )
            last = num_thresholds - 1
            inner = [i / last for i in range(1, last)]
        else:
            inner = sorted(thresholds)
        # The ends lie beyond 0 and 1, so that all scores are above the first one.
        low = config.epsilon()
        self.thresholds = [-low, *inner, 1.0 + low]
        self.num_thresholds = len(self.thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = label_weights
        self.from_logits = from_logits
        self.built = False
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is for `multi_label=True` only.")
        if num_labels or not multi_label:
            self._make_counts(num_labels)

    def _make_counts(self, labels: int | None) -> None:
        shape = (self.num_thresholds, labels) if labels else (self.num_thresholds,)
        for count in Counts._fields:
            setattr(self, count, self.add_variable(shape, name=count))
        self.built = True

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the counts for each label."""
        if self.built:
            return
        shape = tuple(y_pred.shape)
        if len(shape) != 2:
            raise ValueError(
                "With `multi_label=True`, `y_pred` must have the shape (batch, "
                f"labels), got {shape}."
            )
        self._make_counts(shape[1])

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in labels and scores of any one shape, ``(batch, labels)`` for many."""
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        self.build(y_true, y_pred)
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        counts = count_decisions(
            y_true,
            ops.clip(y_pred, 0.0, 1.0),
            self.thresholds,
            self.variables[0].dtype,
            sample_weight,
            None if self.multi_label else self.label_weights,
            multi_label=self.multi_label,
        )
        for variable, number in zip(self.variables, counts, strict=True):
            put(variable, variable.value + number)

    def result(self) -> Any:
        """Return the area, or the mean of the labels' areas."""
        if not self.built:
            return ops.zeros((), dtype=self.dtype)
        areas = ops.sum(self._pieces(), axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.convert_to_tensor(self.label_weights, areas.dtype)
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))

    def _pieces(self) -> Any:
        """Return the area between each two points of the curve."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated_pr()
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = ops.minimum(y[:-1], y[1:])
        else:
            heights = ops.maximum(y[:-1], y[1:])
        return (x[:-1] - x[1:]) * heights

    def _points(self) -> tuple[Any, Any]:
        tp, fp, tn, fn = (v.value for v in self.variables)
        recall = ops.divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return ops.divide_no_nan(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, ops.divide_no_nan(tp, tp + fp)
        odds = ops.divide_no_nan(tp + fn, tn + fp)
        nothing = ops.equal(tp, 0.0)
        recall_gain = 1.0 - odds * ops.divide_no_nan(fn, tp)
        precision_gain = 1.0 - odds * ops.divide_no_nan(fp, tp)
        recall_gain = ops.maximum(ops.where(nothing, 0.0, recall_gain), 0.0)
        return recall_gain, ops.where(nothing, 1.0, precision_gain)

    def _interpolated_pr(self) -> Any:
        """Integrate precision where the counts, not the rates, change linearly.

        Between two points ``tp = slope * p + intercept`` with ``p = tp + fp``; the
        integral of ``tp / p`` over ``tp`` is what stands below.
        """
        tp, fp, _, fn = (v.value for v in self.variables)
        p = tp + fp
        dtp, dp = tp[:-1] - tp[1:], p[:-1] - p[1:]
        slope = ops.divide_no_nan(dtp, ops.maximum(dp, 0))
        intercept = tp[1:] - slope * p[1:]
        both = ops.logical_and(p[:-1] > 0, p[1:] > 0)
        ratio = ops.where(both, ops.divide_no_nan(p[:-1], p[1:]), 1.0)
        area = slope * (dtp + intercept * ops.log(ratio))
        return ops.divide_no_nan(area, ops.maximum(tp[1:] + fn[1:], 0))


def _one_of(argument: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(
            f"Argument `{argument}` cannot be {value!r}.{did_you_mean(value, known)}"
        )
    return value
