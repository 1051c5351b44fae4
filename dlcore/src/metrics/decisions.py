"""Metrics of decisions: counts, precision, recall, one at a given other."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.metrics.base import Metric
from dlcore.src.metrics.confusion import (
    NEVER,
    Counts,
    check_thresholds,
    count_decisions,
)
from dlcore.src.utils.state import put


class _Count(Metric):
    """One of the four counts, at each threshold.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        From 0 to 1; 0.5 by default.
    name : str, optional
    dtype : str, optional
    """

    _counted: str

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: Any = None
    ):
        super().__init__(dtype, name)
        self.thresholds = check_thresholds(thresholds)
        self.accumulator = self.add_variable(
            (len(self.thresholds),), name="accumulator"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in labels and scores of any one shape."""
        counts = count_decisions(
            y_true, y_pred, self.thresholds, self.accumulator.dtype, sample_weight
        )
        put(self.accumulator, self.accumulator.value + getattr(counts, self._counted))

    def result(self) -> Any:
        """Return the count; a vector for several thresholds."""
        counts = self.accumulator.value
        return counts[0] if len(self.thresholds) == 1 else counts


@export("dlcore.metrics.TruePositives")
class TruePositives(_Count):
    """Number of labels 1 with a score above the threshold.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        From 0 to 1; 0.5 by default.
    name : str, optional
    dtype : str, optional

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.metrics.TruePositives()([1, 1, 0], [0.9, 0.2, 0.8]))
    1.0
    """

    _counted = "true_positives"


@export("dlcore.metrics.FalsePositives")
class FalsePositives(_Count):
    """Number of labels 0 with a score above the threshold.

    Parameters
    ----------
    thresholds, name, dtype
        As for ``TruePositives``.
    """

    _counted = "false_positives"


@export("dlcore.metrics.TrueNegatives")
class TrueNegatives(_Count):
    """Number of labels 0 with a score not above the threshold.

    Parameters
    ----------
    thresholds, name, dtype
        As for ``TruePositives``.
    """

    _counted = "true_negatives"


@export("dlcore.metrics.FalseNegatives")
class FalseNegatives(_Count):
    """Number of labels 1 with a score not above the threshold.

    Parameters
    ----------
    thresholds, name, dtype
        As for ``TruePositives``.
    """

    _counted = "false_negatives"


class _Share(Metric):
    """Base of precision and recall: true positives in a greater number."""

    _direction = "up"
    _other: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(dtype, name)
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = check_thresholds(thresholds, 0.5 if top_k is None else NEVER)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.others = self.add_variable(shape, name=self._other)
        setattr(self, self._other, self.others)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in labels and scores of any one shape."""
        counts = count_decisions(
            y_true,
            y_pred,
            self.thresholds,
            self.true_positives.dtype,
            sample_weight,
            top_k=self.top_k,
            class_id=self.class_id,
        )
        put(self.true_positives, self.true_positives.value + counts.true_positives)
        put(self.others, self.others.value + getattr(counts, self._other))

    def result(self) -> Any:
        """Return the share; a vector for several thresholds."""
        tp = self.true_positives.value
        share = ops.divide_no_nan(tp, tp + self.others.value)
        return share[0] if len(self.thresholds) == 1 else share


@export("dlcore.metrics.Precision")
class Precision(_Share):
    """How many of those above the threshold are right.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        From 0 to 1; 0.5 by default, or none with ``top_k``.
    top_k : int, optional
        Only the so many largest scores of a sample may count.
    class_id : int, optional
        The one class to look at.
    name : str, optional
    dtype : str, optional

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.metrics.Precision()([1, 0, 1, 1], [0.9, 0.8, 0.7, 0.1]))
    0.6666666865348816
    """

    _other = "false_positives"


@export("dlcore.metrics.Recall")
class Recall(_Share):
    """How many of the labels 1 are above the threshold.

    Parameters
    ----------
    thresholds, top_k, class_id, name, dtype
        As for ``Precision``.
    """

    _other = "false_negatives"


class _AtValue(Metric):
    """Base of the metrics that give the best of one rate where another is enough."""

    _direction = "up"
    _argument: str

    def __init__(
        self,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ):
        super().__init__(dtype, name)
        if not 0 <= value <= 1:
            raise ValueError(
                f"Argument `{self._argument}` must be in the range [0, 1]. "
                f"It is {value!r}."
            )
        if num_thresholds <= 0:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 0, got "
                f"{num_thresholds!r}."
            )
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        last = num_thresholds - 1
        self.thresholds = [i / last for i in range(num_thresholds)] if last else [0.5]
        for count in Counts._fields:
            setattr(self, count, self.add_variable((num_thresholds,), name=count))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in labels and scores of any one shape."""
        counts = count_decisions(
            y_true,
            # Scores are probabilities: 0 is above no threshold, 1 not above the last.
            ops.clip(ops.convert_to_tensor(y_pred, self.dtype), 0.0, 1.0),
            self.thresholds,
            self.variables[0].dtype,
            sample_weight,
            class_id=self.class_id,
        )
        for variable, number in zip(self.variables, counts, strict=True):
            put(variable, variable.value + number)

    def rates(self) -> dict[str, Any]:
        """Return precision, recall (sensitivity) and specificity at each threshold."""
        tp, fp, tn, fn = (v.value for v in self.variables)
        return {
            "precision": ops.divide_no_nan(tp, tp + fp),
            "recall": ops.divide_no_nan(tp, tp + fn),
            "specificity": ops.divide_no_nan(tn, tn + fp),
        }

    def best(self, wanted: str, enough: str) -> Any:
        """Return the best of one rate where the other is at least ``value``."""
        rates = self.rates()
        return ops.max(ops.where(rates[enough] >= self.value, rates[wanted], 0.0))


@export("dlcore.metrics.SensitivityAtSpecificity")
class SensitivityAtSpecificity(_AtValue):
    """Best sensitivity (recall) where the specificity is at least a given one.

    Parameters
    ----------
    specificity : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds to try.
    class_id : int, optional
        The one class to look at.
    name : str, optional
    dtype : str, optional
    """

    _argument = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Any:
        """Return the best sensitivity."""
        return self.best("recall", "specificity")


@export("dlcore.metrics.SpecificityAtSensitivity")
class SpecificityAtSensitivity(_AtValue):
    """Best specificity where the sensitivity (recall) is at least a given one.

    Parameters
    ----------
    sensitivity : float
        From 0 to 1.
    num_thresholds, class_id, name, dtype
        As for ``SensitivityAtSpecificity``.
    """

    _argument = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Any:
        """Return the best specificity."""
        return self.best("specificity", "recall")


@export("dlcore.metrics.PrecisionAtRecall")
class PrecisionAtRecall(_AtValue):
    """Best precision where the recall is at least a given one.

    Parameters
    ----------
    recall : float
        From 0 to 1.
    num_thresholds, class_id, name, dtype
        As for ``SensitivityAtSpecificity``.
    """

    _argument = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Any:
        """Return the best precision."""
        return self.best("precision", "recall")


@export("dlcore.metrics.RecallAtPrecision")
class RecallAtPrecision(_AtValue):
    """Best recall where the precision is at least a given one.

    Parameters
    ----------
    precision : float
        From 0 to 1.
    num_thresholds, class_id, name, dtype
        As for ``SensitivityAtSpecificity``.
    """

    _argument = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Any:
        """Return the best recall."""
        return self.best("recall", "precision")
