"""Order: sorting, searching, quantiles, histograms."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy import logic
from dlcore.src.ops.numpy.creation import arange
from dlcore.src.ops.numpy.elementwise import (
    add,
    as_float,
    ceil,
    floor,
    maximum,
    multiply,
    subtract,
)
from dlcore.src.ops.numpy.indexing import take_along_axis, where
from dlcore.src.ops.numpy.reduction import (
    any as any_,
    max as max_,
    min as min_,
    sum as sum_,
)
from dlcore.src.ops.numpy.shape import expand_dims, moveaxis, ravel, reshape, transpose
from dlcore.src.symbolic import Spec


def _sort_rule(x: Any, axis: Any = -1) -> Spec:
    shape = rules.shape_of(x)
    rules.canonical_axes(axis, len(shape))
    return Spec((rules.size_of(shape),) if axis is None else shape, rules.promoted(x))


@primitive(_sort_rule)
def sort(x: Any, axis: Any = -1) -> Any:
    """Order the elements from small to large along an axis, NaN last."""


def _argsort_rule(x: Any, axis: Any = -1) -> Spec:
    return Spec(_sort_rule(x, axis).shape, "int32")


@primitive(_argsort_rule)
def argsort(x: Any, axis: Any = -1) -> Any:
    """Return the indices that sort along an axis; equal elements keep their order."""


def _argpartition_rule(x: Any, kth: int, axis: Any = -1) -> Spec:
    if not isinstance(kth, int):
        raise ValueError(f"`kth` must be an integer, got {kth!r}")
    return _argsort_rule(x, axis)


@derived(rule=_argpartition_rule)
def argpartition(x: Any, kth: int, axis: Any = -1) -> Any:
    """Return the indices that put the ``kth`` element where sorting does.

    Smaller elements come before it, larger ones after it.

    Parameters
    ----------
    x : tensor
    kth : int
    axis : int, optional
    """
    _argpartition_rule(x, kth, axis)
    return argsort(x, axis)


def _searchsorted_rule(sorted_sequence: Any, values: Any, side: str = "left") -> Spec:
    if len(rules.shape_of(sorted_sequence)) != 1:
        raise ValueError(
            "`sorted_sequence` must have one dimension, got the shape "
            f"{rules.shape_of(sorted_sequence)}"
        )
    return Spec(rules.shape_of(values), "int32")


@primitive(_searchsorted_rule)
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where to insert values so that the order is kept.

    Parameters
    ----------
    sorted_sequence : tensor of shape (n,)
        In ascending order.
    values : tensor
    side : {"left", "right"}
        Before or after equal elements.

    Returns
    -------
    int32 tensor of the shape of ``values``
    """


@derived
def digitize(x: Any, bins: Any) -> Any:
    """Return the number of the bin that each value falls into.

    Parameters
    ----------
    x : tensor
    bins : tensor of shape (n,)
        Ascending edges; bin ``i`` is ``[bins[i - 1], bins[i])``.
    """
    return searchsorted(bins, x, side="right")


@derived
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of ``x1`` occurs in ``x2``.

    Parameters
    ----------
    x1, x2 : tensor
    assume_unique : bool
        Accepted for compatibility.
    invert : bool
        Ask whether it does not occur.
    """
    found = any_(logic.equal(expand_dims(x1, -1), ravel(x2)), -1)
    return logic.logical_not(found) if invert else found


_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile_rule(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Spec:
    spec = rules.float_reduction(x, axis, keepdims)
    return Spec((*rules.shape_of(q), *spec.shape), spec.dtype)


def _rows(x: Any, axis: Any) -> tuple[Any, tuple[int, ...], int]:
    """Move the reduced axes together to the end."""
    rank = len(rules.shape_of(x))
    axes = rules.canonical_axes(axis, rank)
    kept = [a for a in range(rank) if a not in axes]
    x = transpose(x, [*kept, *axes])
    sizes = [rules.shape_of(x)[i] for i in range(len(kept))]
    return reshape(x, (*sizes, -1)), axes, rank


def _interpolate(ordered: Any, position: Any, method: str) -> Any:
    """Return the values at fractional places along the last axis."""
    if method == "nearest":
        from dlcore.src.ops.numpy.elementwise import round as round_

        position = round_(position)
    low, high = cast(floor(position), "int32"), cast(ceil(position), "int32")
    if method == "lower":
        return take_along_axis(ordered, low, -1)
    if method in ("higher", "nearest"):
        return take_along_axis(ordered, high, -1)
    below, above = (take_along_axis(ordered, i, -1) for i in (low, high))
    weight: Any = 0.5 if method == "midpoint" else subtract(position, floor(position))
    if method == "midpoint":
        weight = where(logic.equal(low, high), 0.0, cast(0.5, rules.promoted(ordered)))
    value = add(below, multiply(subtract(above, below), weight))
    return where(logic.equal(below, above), below, value)  # inf - inf is NaN


def _quantile(
    x: Any, q: Any, axis: Any, method: str, keepdims: bool, skip: bool
) -> Any:
    if method not in _METHODS:
        raise ValueError(f"`method` is one of {', '.join(_METHODS)}, got {method!r}.")
    x = as_float(x)
    dtype = rules.promoted(x)
    points = ravel(cast(q, dtype))
    shape = _quantile_rule(x, q, axis, method, keepdims).shape
    rows, _, _ = _rows(x, axis)
    ordered = sort(rows, -1)
    missing = logic.isnan(rows)
    if skip:
        count = sum_(cast(logic.logical_not(missing), dtype), -1, True)
    else:
        count = cast(rules.shape_of(rows)[-1], dtype)
    last = maximum(subtract(count, 1), 0)
    position = multiply(points, last)
    lead = rules.shape_of(rows)[:-1]
    if not skip and lead:
        from dlcore.src.ops.numpy.shape import broadcast_to

        position = broadcast_to(position, (*lead, rules.shape_of(points)[0]))
    values = _interpolate(ordered, position, method)
    if not skip:
        values = where(any_(missing, -1, True), math.nan, values)
    return reshape(moveaxis(values, -1, 0), shape)


@derived(rule=_quantile_rule)
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the value below which the fraction ``q`` of the elements lies.

    Parameters
    ----------
    x : tensor
    q : float or tensor of shape (n,)
        In ``[0, 1]``. Several ones come first in the shape of the result.
    axis : int or tuple of int, optional
    method : {"linear", "lower", "higher", "midpoint", "nearest"}
        What to take between two elements.
    keepdims : bool
    """
    return _quantile(x, q, axis, method, keepdims, False)


@derived(rule=_quantile_rule)
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """``quantile`` that leaves out NaN."""
    return _quantile(x, q, axis, method, keepdims, True)


def _hundredth(q: Any) -> Any:
    from dlcore.src.ops.numpy.elementwise import divide

    return q / 100 if isinstance(q, int | float) else divide(q, 100)


@derived(rule=_quantile_rule)
def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """``quantile`` with ``q`` in percent."""
    return quantile(x, _hundredth(q), axis, method, keepdims)


@derived(rule=_quantile_rule)
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """``percentile`` that leaves out NaN."""
    return nanquantile(x, _hundredth(q), axis, method, keepdims)


@derived(rule=rules.float_reduction)
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle element over ``axis``, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, "linear", keepdims)


@derived(rule=rules.float_reduction)
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """``median`` that leaves out NaN."""
    return nanquantile(x, 0.5, axis, "linear", keepdims)


def _bincount_rule(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Spec:
    dtype = "int32" if weights is None else rules.promoted(weights)
    return Spec((*rules.shape_of(x)[:-1], None), dtype)


@primitive(_bincount_rule)
def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    """How often each of the numbers 0, 1, 2, ... occurs.

    Parameters
    ----------
    x : integer tensor of shape (n,) or (batch, n)
        Not negative.
    weights : tensor, optional
        Of the shape of ``x``: what each occurrence counts.
    minlength : int
        The least size of the result.
    sparse : bool
        Whether to make a sparse tensor, on jax and tensorflow. Elsewhere it is dense.
    """


def _histogram_rule(x: Any, bins: int = 10, range: Any = None) -> Any:
    _check_histogram(x, bins, range)
    dtype = rules.promoted(x)
    return Spec((bins,), "int32"), Spec((bins + 1,), rules.float_of(dtype))


def _check_histogram(x: Any, bins: Any, range: Any) -> None:
    if not isinstance(bins, int) or bins < 0:
        raise ValueError(
            f"Argument `bins` should be a non-negative integer, got bins={bins!r}"
        )
    if range is not None and (not isinstance(range, list | tuple) or len(range) != 2):
        raise ValueError(
            f"Argument `range` must be a tuple of two elements, got range={range!r}"
        )
    if range is not None and range[1] < range[0]:
        raise ValueError(
            "The second element of `range` must be greater than the first, got "
            f"range={range!r}"
        )
    if len(rules.shape_of(x)) != 1:
        raise ValueError(
            "Input tensor must be 1-dimensional, got the shape "
            f"{rules.shape_of(x)}: flatten it with ravel(x)"
        )


@derived(rule=_histogram_rule)
def histogram(x: Any, bins: int = 10, range: Any = None) -> Any:
    """How many elements fall into each of ``bins`` intervals of one width.

    Parameters
    ----------
    x : tensor of shape (n,)
    bins : int
    range : pair of float, optional
        From where to where; from the smallest to the largest element unless given.

    Returns
    -------
    tuple of tensor
        The counts (int32, ``bins``), and the edges (``bins + 1``).
    """
    from dlcore.src.ops.numpy.sequences import linspace

    _check_histogram(x, bins, range)
    x = as_float(x)
    low, high = (min_(x), max_(x)) if range is None else (range[0], range[1])
    if range is not None and low == high:
        low, high = low - 0.5, high + 0.5
    edges = cast(linspace(low, high, bins + 1), rules.promoted(x))
    place = subtract(searchsorted(edges, x, side="right"), 1)
    place = where(logic.equal(x, edges[-1]), bins - 1, place)
    inside = logic.logical_and(x >= edges[0], x <= edges[-1])
    hits = logic.equal(expand_dims(place, -1), arange(bins, dtype="int32"))
    hits = logic.logical_and(hits, expand_dims(inside, -1))
    return sum_(cast(hits, "int32"), 0), edges


def _unique_rule(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    size: Any = None,
    fill_value: Any = None,
) -> Any:
    shape = rules.shape_of(x)
    found = Spec((size,), rules.promoted(x))
    total = rules.size_of(shape)
    if axis is not None:
        axis = rules.canonical_axis(axis, len(shape))
        found = Spec((*shape[:axis], size, *shape[axis + 1 :]), found.dtype)
        total = shape[axis]
    inverse = Spec((total,) if axis is not None else shape, "int32")
    extra = [Spec((size,), "int32")] * return_index + [inverse] * return_inverse
    extra += [Spec((size,), "int32")] * return_counts
    return (found, *extra) if extra else found


@primitive(_unique_rule)
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    size: Any = None,
    fill_value: Any = None,
) -> Any:
    """Return the different elements, in ascending order.

    Parameters
    ----------
    x : tensor
    sorted : bool
        Accepted for compatibility: the result is always in order.
    return_index : bool
        Whether to return where each one occurs first.
    return_inverse : bool
        Whether to return the indices that rebuild ``x``.
    return_counts : bool
        Whether to return how often each one occurs.
    axis : int, optional
        Compare slices along it; single elements unless given.
    size : int, optional
        Cut or fill the result to this many, so that its shape is known.
    fill_value : number, optional
        What to fill with; the smallest element unless given.

    Returns
    -------
    tensor, or tuple of tensor
    """
