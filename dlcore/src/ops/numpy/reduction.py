"""Sums, means, extremes and their like over axes."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.creation import zeros_like
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    add,
    as_float,
    as_floats,
    conjugate,
    divide,
    finite_range,
    multiply,
    real,
    sqrt,
    square,
    subtract,
)
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import equal, isnan, logical_not, not_equal
from dlcore.src.ops.numpy.shape import moveaxis, reshape
from dlcore.src.symbolic import Spec


@primitive(rules.sum_reduction)
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum over ``axis``."""


def _prod_rule(
    x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None
) -> Spec:
    name = standardize_dtype(dtype) if dtype else rules.accumulator(rules.promoted(x))
    return Spec(rules.reduced(x, axis, keepdims), name)


@primitive(_prod_rule)
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Product over ``axis``; small integers are multiplied as 32-bit ones."""


@primitive(rules.reduction)
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the largest element over ``axis``; not less than ``initial``."""


@primitive(rules.reduction)
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the smallest element over ``axis``; not greater than ``initial``."""


@primitive(rules.float_reduction)
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over ``axis``."""


@primitive(rules.bool_reduction)
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether one element over ``axis`` is true (not zero)."""


@primitive(rules.bool_reduction)
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements over ``axis`` are true (not zero)."""


@primitive(rules.index_reduction)
def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the first largest element along an axis, or in the flat tensor."""


@primitive(rules.index_reduction)
def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the first smallest element along an axis, or in the flat tensor."""


def _count_rule(x: Any, axis: Any = None) -> Spec:
    return Spec(rules.reduced(x, axis, False), "int32")


@derived(rule=_count_rule)
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """Return the number of elements that are not zero."""
    return sum(cast(not_equal(x, 0), "int32"), axis)


@derived
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Alias of ``max``."""
    return max(x, axis, keepdims)


@derived
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Alias of ``min``."""
    return min(x, axis, keepdims)


@derived
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest minus the smallest element over ``axis``."""
    return subtract(max(x, axis, keepdims), min(x, axis, keepdims))


@derived(rule=rules.real_reduction)
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Variance over ``axis``: the mean squared distance from the mean."""
    x = as_float(x)
    centred = subtract(x, mean(x, axis, True))
    if rules.promoted(x) in rules.REAL:
        return mean(real(multiply(centred, conjugate(centred))), axis, keepdims)
    return mean(square(centred), axis, keepdims)


@derived(rule=rules.real_reduction)
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over ``axis``."""
    return sqrt(var(x, axis, keepdims))


@derived
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Weighted mean.

    Parameters
    ----------
    x : tensor
    axis : int or tuple of int, optional
    weights : tensor, optional
        Of the shape of ``x``, or one weight for each element of ``axis``.
    """
    if weights is None:
        return mean(x, axis)
    dtype = rules.float_of(rules.promoted(x, weights))
    x, weights = cast(x, dtype), cast(weights, dtype)
    if rules.shape_of(weights) != rules.shape_of(x):
        rank = len(rules.shape_of(x))
        if axis is None:
            raise ValueError(
                "average: `axis` is needed when `weights` have another shape than `x`, "
                f"got {rules.shape_of(weights)} and {rules.shape_of(x)}."
            )
        axes = rules.canonical_axes(axis, rank)
        sizes = [rules.shape_of(x)[i] if i in axes else 1 for i in range(rank)]
        weights = reshape(weights, sizes)
    weighted = sum(multiply(x, weights), axis)
    return divide(weighted, sum(add(weights, zeros_like(x)), axis))


def _cumulative_rule(x: Any, axis: Any = None, dtype: Any = None) -> Spec:
    shape = rules.shape_of(x)
    rules.canonical_axes(axis, len(shape))
    dtype = standardize_dtype(dtype) if dtype else rules.promoted(x)
    dtype = "int32" if dtype == "bool" else dtype
    return Spec((rules.size_of(shape),) if axis is None else shape, dtype)


@primitive(_cumulative_rule)
def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Sum of all elements up to this one along an axis, or in the flat tensor."""


@primitive(_cumulative_rule)
def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Product of all elements up to this one along an axis, or in the flat tensor."""


def _without_nan(x: Any, instead: Any) -> Any:
    dtype = rules.promoted(x)
    if not is_float(dtype):
        return x
    return where(isnan(x), cast(instead, dtype), x)


@derived(rule=_cumulative_rule)
def nancumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """``cumsum`` that takes NaN for zero."""
    return cumsum(_without_nan(x, 0), axis, dtype)


@derived(rule=_cumulative_rule)
def nancumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """``cumprod`` that takes NaN for one."""
    return cumprod(_without_nan(x, 1), axis, dtype)


@derived(rule=rules.sum_reduction)
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum over ``axis`` that leaves out NaN."""
    return sum(_without_nan(x, 0), axis, keepdims)


@derived(rule=rules.sum_reduction)
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Product over ``axis`` that leaves out NaN."""
    return prod(_without_nan(x, 1), axis, keepdims)


def _count_numbers(x: Any, axis: Any, keepdims: bool) -> Any:
    return sum(cast(logical_not(isnan(x)), rules.promoted(x)), axis, keepdims)


@derived(rule=rules.float_reduction)
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over ``axis`` that leaves out NaN; NaN if nothing else is there."""
    x = as_float(x)
    return divide(nansum(x, axis, keepdims), _count_numbers(x, axis, keepdims))


@derived(rule=rules.real_reduction)
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Variance over ``axis`` that leaves out NaN."""
    x = as_float(x)
    middle = nanmean(x, axis, True)
    # Without NaN on the way: the gradient would take them up.
    gap = subtract(where(isnan(x), middle, x), middle)
    total = sum(square(gap), axis, keepdims)
    return divide(total, _count_numbers(x, axis, keepdims))


@derived(rule=rules.real_reduction)
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over ``axis`` that leaves out NaN."""
    return sqrt(nanvar(x, axis, keepdims))


@derived(rule=rules.reduction)
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest number over ``axis``; NaN if there is none."""
    if not is_float(rules.promoted(x)):
        return max(x, axis, keepdims)
    largest = max(_without_nan(x, -math.inf), axis, keepdims)
    return where(all(isnan(x), axis, keepdims), math.nan, largest)


@derived(rule=rules.reduction)
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest number over ``axis``; NaN if there is none."""
    if not is_float(rules.promoted(x)):
        return min(x, axis, keepdims)
    smallest = min(_without_nan(x, math.inf), axis, keepdims)
    return where(all(isnan(x), axis, keepdims), math.nan, smallest)


def _nanarg(x: Any, axis: Any, keepdims: bool, arg: Any, instead: float) -> Any:
    if not is_float(rules.promoted(x)):
        return arg(x, axis, keepdims)
    found = arg(_without_nan(x, instead), axis, keepdims)
    return where(all(isnan(x), axis, keepdims), cast(-1, "int32"), found)


@derived(rule=rules.index_reduction)
def nanargmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the largest number; -1 where everything is NaN."""
    return _nanarg(x, axis, keepdims, argmax, -math.inf)


@derived(rule=rules.index_reduction)
def nanargmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the smallest number; -1 where everything is NaN."""
    return _nanarg(x, axis, keepdims, argmin, math.inf)


@derived
def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether ``|x1 - x2| <= atol + rtol * |x2|``.

    Parameters
    ----------
    x1, x2 : tensor
    rtol, atol : float
        Relative and absolute tolerance.
    equal_nan : bool
        Whether NaN is close to NaN.
    """
    x1, x2 = as_floats(x1, x2)
    bound = add(atol, multiply(rtol, absolute(x2)))
    near = absolute(subtract(x1, x2)) <= bound
    infinite = equal(absolute(x2), math.inf)
    near = where(infinite, equal(x1, x2), near)
    if equal_nan:
        near = where(isnan(x1), isnan(x2), near)
    return near


@derived
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether all elements are close to each other, see ``isclose``."""
    return all(isclose(x1, x2, rtol, atol, equal_nan))


@derived
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Integral by the trapezoidal rule.

    Parameters
    ----------
    y : tensor
        Values of the function.
    x : tensor, optional
        Where they were taken; otherwise ``dx`` apart.
    dx : float
    axis : int
    """
    y = moveaxis(as_float(y), axis, -1)
    width: Any = dx
    if x is not None:
        x = as_float(x)
        x = moveaxis(x, axis, -1) if len(rules.shape_of(x)) > 1 else x
        width = subtract(x[..., 1:], x[..., :-1])
    heights = multiply(add(y[..., 1:], y[..., :-1]), 0.5)
    return sum(multiply(heights, width), -1)


@derived
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return the ``n``-th difference of neighbours along an axis."""
    if n < 0:
        raise ValueError(f"diff: `n` is not below 0, got {n}.")
    a = moveaxis(a, axis, -1)
    step = not_equal if rules.promoted(a) == "bool" else subtract
    for _ in range(n):
        a = step(a[..., 1:], a[..., :-1])
    return moveaxis(a, -1, axis)


def lowest(dtype: str) -> Any:
    """Return what is below every number of a dtype."""
    return -math.inf if is_float(dtype) else finite_range(dtype)[0]
