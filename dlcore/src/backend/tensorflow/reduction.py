"""Sums, means, extremes over axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dlcore.src.backend.tensorflow.numpy import (
    _COMPLEX,
    FLOATS,
    _cast,
    _max,
    _min,
    _reshape,
    _select,
    floating,
    truth,
)
from dlcore.src.backend.tensorflow.runtime import convert, ints, is_ours, raw
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules

_sum, _prod, _mean = raw("Sum"), raw("Prod"), raw("Mean")
_largest, _smallest = raw("Max"), raw("Min")


def _axes(axis: Any, x: tf.Tensor) -> Any:
    if axis is None:
        return ints(range(x.shape.rank))
    return axis if isinstance(axis, int) else ints(axis)


def _accumulated(
    fn: Callable[..., Any], x: Any, axis: Any, keepdims: bool, dtype: Any = None
) -> Any:
    x = x if is_ours(x) else convert(x)
    if dtype is not None or x.dtype not in FLOATS:
        name = dtype or rules.accumulator(standardize_dtype(x.dtype))
        x = convert(x, standardize_dtype(name))
    return fn(x, _axes(axis, x), keepdims)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _accumulated(_sum, x, axis, keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    return _accumulated(_prod, x, axis, keepdims, dtype)


_HALF = (tf.float16, tf.bfloat16)


def _in_single(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Add up half precision in single."""

    def op(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = floating(x)
        if x.dtype in _HALF:
            return _cast(fn(_cast(x, tf.float32), _axes(axis, x), keepdims), x.dtype)
        return fn(x, _axes(axis, x), keepdims)

    return op


def _var(x: Any, axis: Any, keepdims: bool) -> Any:
    centred = x - _mean(x, axis, True)
    if x.dtype in _COMPLEX:
        squares = raw("Square")(raw("ComplexAbs")(centred, x.dtype.real_dtype))
    else:
        squares = raw("Square")(centred)
    return _mean(squares, axis, keepdims)


mean, var = _in_single(_mean), _in_single(_var)
std = _in_single(lambda x, axis, keepdims: raw("Sqrt")(_var(x, axis, keepdims)))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = truth(x)
    return raw("Any")(x, _axes(axis, x), keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = truth(x)
    return raw("All")(x, _axes(axis, x), keepdims)


def _extreme(
    x: Any, axis: Any, keepdims: bool, initial: Any, best: Any, two: Any
) -> Any:
    x = convert(x)
    axes = rules.canonical_axes(axis, x.shape.rank)
    if initial is None and 0 in [x.shape[a] for a in axes]:
        raise ValueError(
            f"max and min of no elements need `initial`: the shape is "
            f"{tuple(x.shape)} and the axes are {axes}."
        )
    kind = x.dtype
    if kind is tf.bool:
        x = _cast(x, tf.int8)
    found = best(x, ints(axes), keepdims)
    if initial is not None:
        found = two(found, convert(convert(initial), x.dtype.name))
    return _cast(found, kind) if kind is tf.bool else found


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    return _extreme(x, axis, keepdims, initial, _largest, _max)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    return _extreme(x, axis, keepdims, initial, _smallest, _min)


def _index(x: Any, axis: Any, keepdims: bool, best: Any) -> Any:
    x = convert(x)
    rank = x.shape.rank
    if axis is None:
        found = _index(_reshape(x, ints((-1,))), 0, False, best)
        return _reshape(found, ints([1] * rank)) if keepdims else found
    axis = rules.canonical_axis(axis, rank)
    found = best(x, axis, tf.int32)
    if x.dtype.is_floating:  # the kernels skip NaN, which is the extreme elsewhere
        bad = raw("IsNan")(x)
        first = raw("ArgMax")(bad, axis, tf.int32)
        found = _select(raw("Any")(bad, axis), first, found)
    return tf.expand_dims(found, axis) if keepdims else found


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _index(x, axis, keepdims, raw("ArgMax"))


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _index(x, axis, keepdims, raw("ArgMin"))


def _cumulative(x: Any, axis: Any, dtype: Any, total: Any) -> Any:
    x = convert(x)
    if axis is None:
        x, axis = _reshape(x, ints((-1,))), 0
    name = standardize_dtype(dtype or x.dtype)
    return total(convert(x, "int32" if name == "bool" else name), axis)


def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return _cumulative(x, axis, dtype, raw("Cumsum"))


def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return _cumulative(x, axis, dtype, raw("Cumprod"))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = floating(x)
    return tf.reduce_logsumexp(x, _axes(axis, x), keepdims)
