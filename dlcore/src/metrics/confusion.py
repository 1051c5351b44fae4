"""Counting right and wrong decisions at one or many thresholds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dlcore import ops
from dlcore.src.losses.weighting import same_rank

#: What stands for "not among the k best": no threshold is below it.
NEVER = -1e10


class Counts(NamedTuple):
    """Weighted numbers of decisions, ``(thresholds,)`` or ``(thresholds, labels)``."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any


def check_thresholds(thresholds: Any, default: float = 0.5) -> list[float]:
    """Return thresholds as a list.

    Raises
    ------
    ValueError
        If one is not from 0 to 1.
    """
    if thresholds is None:
        return [default]
    given = list(thresholds) if isinstance(thresholds, list | tuple) else [thresholds]
    wrong = [t for t in given if t is None or not 0 <= t <= 1]
    if wrong:
        raise ValueError(
            f"Argument `thresholds` must hold numbers from 0 to 1, got {wrong}."
        )
    return given


def count_decisions(
    y_true: Any,
    y_pred: Any,
    thresholds: Any,
    dtype: str,
    sample_weight: Any = None,
    label_weights: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
) -> Counts:
    """Count the decisions "prediction above threshold".

    Parameters
    ----------
    y_true : tensor
        Labels, ``(batch, ...)``; not 0 is yes.
    y_pred : tensor
        Scores, of the same shape.
    thresholds : sequence of float
    dtype : str
        Of the counts.
    sample_weight : tensor, optional
        ``(batch,)``, or of the shape of the labels.
    label_weights : tensor, optional
        ``(labels,)``.
    top_k : int, optional
        Only the largest scores along the last axis may be above a threshold.
    class_id : int, optional
        Which one of the last axis to look at.
    multi_label : bool
        Whether to count each label for itself.

    Raises
    ------
    ValueError
        If shapes do not fit, or ``class_id`` is given for vectors.
    """
    y_true = ops.convert_to_tensor(y_true, dtype)
    y_pred = ops.convert_to_tensor(y_pred, dtype)
    y_pred, y_true = same_rank(y_pred, y_true)
    weight = None
    if sample_weight is not None:
        weight = ops.expand_dims(ops.convert_to_tensor(sample_weight, dtype), -1)
        _, weight = same_rank(y_true, weight, expand_vectors=False)
    if top_k is not None:
        y_pred = _only_best(y_pred, top_k)
    if class_id is not None:
        if len(y_pred.shape) == 1:
            raise ValueError(
                f"With class_id={class_id}, `y_pred` must have the shape (batch, "
                f"classes), got {tuple(y_pred.shape)}."
            )
        y_true, y_pred = (y[..., class_id : class_id + 1] for y in (y_true, y_pred))
    shape = ops.shape(y_pred)
    if label_weights is not None:
        by_label = ops.convert_to_tensor(label_weights, dtype)
        weight = by_label if weight is None else weight * by_label
    labels = shape[1] if multi_label else 1
    columns = (-1, labels)
    if weight is not None:
        weight = ops.reshape(ops.broadcast_to(weight, shape), columns)
    counts = _count(
        ops.reshape(y_true, columns),
        ops.reshape(y_pred, columns),
        weight,
        np.asarray(thresholds, "float32"),
        dtype,
    )
    if multi_label:
        return counts
    return Counts(*(ops.squeeze(c, -1) for c in counts))


def _only_best(scores: Any, k: int) -> Any:
    _, best = ops.top_k(scores, k)
    kept = ops.sum(ops.one_hot(best, scores.shape[-1], dtype=scores.dtype), axis=-2)
    return scores * kept + NEVER * (1 - kept)


def _count(
    y_true: Any, y_pred: Any, weight: Any, thresholds: np.ndarray[Any, Any], dtype: str
) -> Counts:
    """Count for values ``(n, labels)``; the results are ``(thresholds, labels)``."""
    positive = ops.cast(ops.not_equal(y_true, 0), dtype)
    negative = 1.0 - positive
    if weight is not None:
        positive, negative = positive * weight, negative * weight
    if len(thresholds) == 1:
        above = ops.cast(y_pred > float(thresholds[0]), dtype)
        tp, fp = (
            ops.sum(side * above, axis=0, keepdims=True)
            for side in (positive, negative)
        )
    else:
        tp, fp = _above(y_pred, (positive, negative), thresholds)
    positives, negatives = (ops.sum(x, axis=0) for x in (positive, negative))
    return Counts(tp, fp, negatives - fp, positives - tp)


def _above(
    scores: Any, sides: tuple[Any, Any], thresholds: np.ndarray[Any, Any]
) -> list[Any]:
    """Sum weights above each threshold: a histogram, then sums from its end.

    A score is sorted once into the interval between thresholds where it lies, so the
    work is n log(thresholds), not n * thresholds.
    """
    order = np.argsort(thresholds, kind="stable")
    bins, labels = len(thresholds) + 1, scores.shape[1]
    flat = ops.reshape(scores, (-1,))
    edges = ops.convert_to_tensor(thresholds[order], scores.dtype)
    below = ops.cast(ops.searchsorted(edges, flat, side="left"), "int32")
    column = np.arange(labels, dtype="int32") * bins
    if labels > 1:
        offsets = ops.broadcast_to(ops.convert_to_tensor(column), ops.shape(scores))
        below = below + ops.reshape(offsets, (-1,))
    sums = []
    back = ops.convert_to_tensor(np.argsort(order).astype("int32"))
    for weight in sides:
        histogram = ops.segment_sum(
            ops.reshape(weight, (-1,)), below, num_segments=bins * labels
        )
        histogram = ops.reshape(histogram, (labels, bins))
        above = ops.flip(ops.cumsum(ops.flip(histogram, axis=1), axis=1), axis=1)
        sums.append(ops.transpose(ops.take(above[:, 1:], back, axis=1)))
    return sums
