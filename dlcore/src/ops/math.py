"""Special functions, segments, the largest elements."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast, scatter_update
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.creation import full
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    add,
    as_float,
    clip,
    exp,
    finite_range,
    log,
    log1p,
    maximum,
    multiply,
    negative,
    sign,
    sqrt,
    square,
    subtract,
)
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import equal, greater, isfinite, less, logical_and
from dlcore.src.ops.numpy.reduction import max as max_, sum as sum_
from dlcore.src.ops.numpy.shape import expand_dims, squeeze
from dlcore.src.symbolic import Spec


@derived(rule=rules.floating)
def rsqrt(x: Any) -> Any:
    """``1 / sqrt(x)``."""
    return 1.0 / sqrt(x)


@primitive(rules.floating)
def erf(x: Any) -> Any:
    """Error function: ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` up to x."""


@derived(rule=rules.floating)
def erfc(x: Any) -> Any:
    """``1 - erf(x)``, exact for large ``x`` where a backend can."""
    return subtract(1.0, erf(as_float(x)))


_CENTRAL = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06),
    *(0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844),
    *(0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)


@derived(rule=rules.floating)
def erfinv(x: Any) -> Any:
    """Inverse of ``erf``.

    Notes
    -----
    The shared body is right to single precision. Source: Giles, "Approximating the
    erfinv function", GPU Computing Gems, 2011.
    """
    x = as_float(x)
    w = negative(log1p(negative(square(x))))
    near, far = w - 2.5, sqrt(maximum(w, 0.0)) - 3.0
    central, tail = (cast(c[0], rules.promoted(x)) for c in (_CENTRAL, _TAIL))
    for a, b in zip(_CENTRAL[1:], _TAIL[1:], strict=True):
        central, tail = a + central * near, b + tail * far
    value = where(less(w, 5.0), central, tail) * x
    return where(equal(absolute(x), 1.0), multiply(sign(x), math.inf), value)


@derived(rule=rules.float_reduction)
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Logarithm of the sum of exponentials, without overflow."""
    x = as_float(x)
    high = max_(x, axis, True)
    high = where(isfinite(high), high, 0.0)
    total = add(log(sum_(exp(subtract(x, high)), axis, True)), high)
    return total if keepdims else squeeze(total, axis if axis is not None else None)


def _top_k_rule(x: Any, k: int, sorted: bool = True) -> Any:
    *lead, size = rules.shape_of(x) or (0,)
    if size is not None and not 0 <= k <= size:
        raise ValueError(f"`k` is at most {size}, the size of the last axis, got {k}")
    shape = (*lead, k)
    return Spec(shape, rules.promoted(x)), Spec(shape, "int32")


@primitive(_top_k_rule)
def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    """Return the ``k`` largest elements of the last axis, and their indices.

    Parameters
    ----------
    x : tensor
    k : int
    sorted : bool
        Whether the largest comes first.

    Returns
    -------
    tuple of tensor
        Values, and int32 indices.
    """


@derived
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether each target is among the ``k`` best classes.

    Parameters
    ----------
    targets : integer tensor of shape (n,)
    predictions : tensor of shape (n, classes)
    k : int

    Returns
    -------
    bool tensor of shape (n,)
        Ties count as better; False where the target's score is not finite.
    """
    from dlcore.src.ops.numpy.indexing import take_along_axis

    classes = rules.shape_of(predictions)[-1]
    targets = cast(targets, "int32")
    valid = logical_and(targets >= 0, less(targets, classes))
    place = where(valid, targets, 0)
    score = take_along_axis(predictions, expand_dims(place, -1), -1)
    better = sum_(cast(greater(predictions, score), "int32"), -1)
    finite = isfinite(squeeze(score, -1))
    return logical_and(logical_and(less(better, k), finite), valid)


def _segment_rule(
    data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
) -> Spec:
    if len(rules.shape_of(segment_ids)) != 1:
        raise ValueError(
            "Argument `segment_ids` should be an 1-D vector, got the shape "
            f"{rules.shape_of(segment_ids)}"
        )
    shape = rules.shape_of(data)
    if not shape or not rules.same_sizes(shape[0], rules.shape_of(segment_ids)[0]):
        raise ValueError(
            "Argument `segment_ids` and `data` should have same leading dimension. Got "
            f"{rules.shape_of(segment_ids)} and {shape}"
        )
    return Spec((num_segments, *shape[1:]), rules.promoted(data))


def _segments(data: Any, ids: Any, count: Any, reduction: str, empty: Any) -> Any:
    """Scatter the rows; ids outside of the range are dropped."""
    _segment_rule(data, ids, count)
    ids = cast(ids, "int32")
    if count is None:
        count = int(max_(ids)) + 1
    dtype = rules.promoted(data)
    start = full((count + 1, *rules.shape_of(data)[1:]), cast(empty, dtype), dtype)
    inside = logical_and(ids >= 0, less(ids, count))
    places = expand_dims(where(inside, ids, count), -1)
    return scatter_update(start, places, data, reduction)[:count]


@derived(rule=_segment_rule)
def segment_sum(
    data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
) -> Any:
    """Sum of the rows of each segment; zero for an empty one."""
    return _segments(data, segment_ids, num_segments, "add", 0)


@derived(rule=_segment_rule)
def segment_prod(
    data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
) -> Any:
    """Product of the rows of each segment; one for an empty one."""
    return _segments(data, segment_ids, num_segments, "mul", 1)


@derived(rule=_segment_rule)
def segment_max(
    data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
) -> Any:
    """Largest row elements of each segment; the dtype's least number if empty."""
    dtype = rules.promoted(data)
    empty = -math.inf if is_float(dtype) else finite_range(dtype)[0]
    return _segments(data, segment_ids, num_segments, "max", empty)


@derived(rule=_segment_rule)
def segment_min(
    data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
) -> Any:
    """Smallest row elements of each segment; the dtype's largest number if empty."""
    dtype = rules.promoted(data)
    empty = math.inf if is_float(dtype) else finite_range(dtype)[1]
    return _segments(data, segment_ids, num_segments, "min", empty)


def _cast_rule(x: Any, dtype: Any) -> Spec:
    return Spec(rules.shape_of(x), standardize_dtype(dtype))


@derived(rule=_cast_rule)
def saturate_cast(x: Any, dtype: Any) -> Any:
    """Cast; what the dtype cannot hold becomes its largest or smallest number.

    Parameters
    ----------
    x : tensor
    dtype : str
    """
    old, new = rules.promoted(x), standardize_dtype(dtype)
    if new == "bool" or old == "bool" or new in rules.REAL:
        return cast(x, new)
    low, high = finite_range(new)
    old_low, old_high = finite_range(old)
    if is_float(old) and not is_float(new):
        # The bounds are rounded into the float dtype: towards zero, to stay inside.
        low, high = _inside(low, old), _inside(high, old)
    return cast(clip(x, max(low, old_low), min(high, old_high)), new)


def _inside(bound: float, dtype: str) -> float:
    """Return the number of a float dtype that is next to ``bound`` towards zero."""
    import ml_dtypes
    import numpy as np

    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    info = ml_dtypes.finfo(kind)
    value = np.clip(np.float64(bound), float(info.min), float(info.max)).astype(kind)
    while abs(float(value)) > abs(bound):
        value = np.nextafter(value, kind.type(0))
    return float(value)


@derived
def cdist(x: Any, y: Any) -> Any:
    """Euclidean distance of every row of ``x`` to every row of ``y``.

    Parameters
    ----------
    x : tensor of shape (..., n, d)
    y : tensor of shape (..., m, d)

    Returns
    -------
    tensor of shape (..., n, m)
    """
    dtype = rules.float_of(rules.promoted(x, y))
    x, y = cast(x, dtype), cast(y, dtype)
    gap = subtract(expand_dims(x, -2), expand_dims(y, -3))
    return sqrt(sum_(square(gap), -1))
