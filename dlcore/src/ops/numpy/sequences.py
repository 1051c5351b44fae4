"""Evenly spaced numbers, and windows."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src import config
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.numpy.creation import arange, ones
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    add,
    cos,
    divide,
    exp,
    floor,
    i0,
    log,
    maximum,
    multiply,
    power,
    sign,
    sqrt,
    subtract,
)
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.symbolic import KerasTensor, Spec


def _linspace_rule(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    shape = rules.broadcast_shapes(rules.shape_of(start), rules.shape_of(stop))
    axis = rules.canonical_axis(axis, len(shape) + 1)
    name = dtype or rules.float_of(rules.promoted(start, stop, float))
    spec = Spec((*shape[:axis], num, *shape[axis:]), standardize_dtype(name))
    return (spec, Spec(shape, spec.dtype)) if retstep else spec


@derived(rule=_linspace_rule)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Evenly spaced numbers from ``start`` to ``stop``.

    Parameters
    ----------
    start, stop : number or tensor
    num : int
        How many.
    endpoint : bool
        Whether ``stop`` is the last one.
    retstep : bool
        Whether to return the spacing too.
    dtype : str, optional
    axis : int
        Axis of the numbers in the result, when the bounds are tensors.
    """
    from dlcore.src.ops.numpy.shape import moveaxis, reshape

    work = rules.float_of(rules.promoted(start, stop, float))
    start, stop = cast(start, work), cast(stop, work)
    num = int(num)  # a tensor of TensorFlow would not mix with floats
    gaps = num - 1 if endpoint else num
    width = subtract(stop, start)
    rank = len(rules.shape_of(width))
    axis = rules.canonical_axis(axis, rank + 1)
    steps = reshape(arange(num, dtype=work), (num, *[1] * rank))
    values = add(start, multiply(width, divide(steps, max(gaps, 1))))
    if endpoint and num > 1:
        values = where(steps == num - 1, stop, values)
    values = moveaxis(values, 0, axis) if rank else values
    result = standardize_dtype(dtype or work)
    if not is_float(result):
        values = floor(values)
    values = cast(values, result)
    if not retstep:
        return values
    return values, divide(width, gaps) if gaps else multiply(width, math.nan)


@derived
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Powers of ``base`` whose exponents are evenly spaced.

    Parameters
    ----------
    start, stop : number or tensor
        The first and the last exponent.
    num : int
    endpoint : bool
        Whether ``stop`` is the last exponent.
    base : number
    dtype : str, optional
    axis : int
        Axis of the numbers in the result, when the bounds are tensors.
    """
    powers = linspace(start, stop, num, endpoint, False, None, axis)
    values = power(cast(base, rules.promoted(powers)), powers)
    return cast(values, dtype) if dtype else values


@derived
def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Numbers from ``start`` to ``stop`` with a constant quotient.

    Parameters
    ----------
    start, stop : number or tensor
        Of one sign, not zero.
    num : int
    endpoint : bool
        Whether ``stop`` is the last one.
    dtype : str, optional
    axis : int
        Axis of the numbers in the result, when the bounds are tensors.
    """
    name = rules.float_of(rules.promoted(start, stop, float))
    start, stop = cast(start, name), cast(stop, name)
    logs = linspace(
        log(absolute(start)), log(absolute(stop)), num, endpoint, False, None, axis
    )
    values = multiply(sign(start), exp(logs))
    return cast(values, dtype) if dtype else values


def _window_rule(x: Any, beta: Any = None) -> Spec:
    size = None if isinstance(x, KerasTensor) else int(x)
    return Spec((size,), config.floatx())


def _window(x: Any) -> tuple[Any, int]:
    size = int(x)
    return arange(size, dtype=config.floatx()), max(size - 1, 1)


@derived(rule=_window_rule)
def hanning(x: Any) -> Any:
    """Hann window of ``x`` points, ``(1 - cos) / 2``."""
    return _cosine_window(x, (0.5, 0.5))


@derived(rule=_window_rule)
def hamming(x: Any) -> Any:
    """Hamming window of ``x`` points, ``0.54 - 0.46 cos``."""
    return _cosine_window(x, (0.54, 0.46))


@derived(rule=_window_rule)
def blackman(x: Any) -> Any:
    """Blackman window of ``x`` points, ``0.42 - 0.5 cos + 0.08 cos(2 .)``."""
    return _cosine_window(x, (0.42, 0.5, 0.08))


def _cosine_window(x: Any, weights: tuple[float, ...]) -> Any:
    points, gaps = _window(x)
    if int(x) <= 1:
        return ones((int(x),), config.floatx())
    total: Any = weights[0]
    for order, weight in enumerate(weights[1:], 1):
        angle = points * (2 * math.pi * order / gaps)
        total = total + (-1) ** order * weight * cos(angle)
    return total


@derived(rule=_window_rule)
def bartlett(x: Any) -> Any:
    """Triangular window of ``x`` points with zeros at its ends."""
    points, gaps = _window(x)
    if int(x) <= 1:
        return ones((int(x),), config.floatx())
    return 1.0 - absolute(points * (2 / gaps) - 1.0)


@derived(rule=_window_rule)
def kaiser(x: Any, beta: Any) -> Any:
    """Kaiser window of ``x`` points with the shape parameter ``beta``."""
    points, gaps = _window(x)
    if int(x) <= 1:
        return ones((int(x),), config.floatx())
    ratio = points * (2 / gaps) - 1.0
    beta = cast(beta, config.floatx())
    return i0(beta * sqrt(maximum(1.0 - ratio * ratio, 0.0))) / i0(beta)
