"""Functions of float32 outputs that the CPU plugin lacks, or computes too roughly."""

from __future__ import annotations

import math
from typing import Any

import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph.traced import const


def _number(value: float) -> Any:
    return const(value, "float32")


def larger(a: Any, b: Any, nan: bool = True) -> Any:
    """Return the larger of two floating outputs; NaN if one is, unless told."""
    above = nodes.greater(a, b)
    if nan:
        above = nodes.logical_or(above, nodes.is_nan(a))
    return nodes.select(above, a, b)


def smaller(a: Any, b: Any, nan: bool = True) -> Any:
    """Return the smaller of two floating outputs; NaN if one is, unless told."""
    below = nodes.less(a, b)
    if nan:
        below = nodes.logical_or(below, nodes.is_nan(a))
    return nodes.select(below, a, b)


def exp(x: Any) -> Any:
    """Return ``exp(x)``: the plugin's is infinite at NaN."""
    return nodes.select(nodes.is_nan(x), x, nodes.exp(x))


def expm1(x: Any) -> Any:
    """Return ``exp(x) - 1``, exact for small ``x``."""
    # exp(x) - 1 = 2 exp(x/2) sinh(x/2); below -30 it is -1, and the product 0 * inf.
    low = const(-30.0, "float32")
    half = nodes.multiply(
        nodes.select(nodes.less(x, low), low, x), const(0.5, "float32")
    )
    return nodes.multiply(
        nodes.multiply(const(2.0, "float32"), nodes.exp(half)), nodes.sinh(half)
    )


def log1p(x: Any) -> Any:
    """Return ``log(1 + x)``, exact for small ``x``."""
    # log(1 + x) = 2 artanh(x / (2 + x)), which keeps the digits of a small x.
    two = const(2.0, "float32")
    small = nodes.less(nodes.absolute(x), const(0.5, "float32"))
    inside = nodes.select(small, x, const(0.0, "float32"))
    series = nodes.multiply(
        two, nodes.atanh(nodes.divide(inside, nodes.add(two, inside)))
    )
    return nodes.select(small, series, nodes.log(nodes.add(const(1.0, "float32"), x)))


def signbit(x: Any) -> Any:
    """Whether an output is negative, or minus zero."""
    zero = const(0.0, "float32")
    reciprocal = nodes.divide(const(1.0, "float32"), x)
    minus_zero = nodes.logical_and(nodes.equal(x, zero), nodes.less(reciprocal, zero))
    return nodes.logical_or(nodes.less(x, zero), minus_zero)


def arctan2(y: Any, x: Any) -> Any:
    """Return the angle of the point ``(x, y)``."""
    size_y, size_x = nodes.absolute(y), nodes.absolute(x)
    even = nodes.equal(size_y, size_x)  # of zeros and infinities the ratio is NaN
    ratio = nodes.select(even, _number(1.0), nodes.divide(size_y, size_x))
    origin = nodes.equal(size_y, _number(0.0))
    angle = nodes.atan(nodes.select(origin, _number(0.0), ratio))
    angle = nodes.select(signbit(x), nodes.subtract(_number(math.pi), angle), angle)
    angle = nodes.select(signbit(y), nodes.negative(angle), angle)
    nan = nodes.logical_or(nodes.is_nan(x), nodes.is_nan(y))
    return nodes.select(nan, _number(math.nan), angle)


def remainder(a: Any, b: Any) -> Any:
    """Return the remainder of the truncated quotient; NaN if that is above ``2**36``.

    The quotient is found 12 bits at a time, and the divisor split into two numbers of
    12 bits, so that all products are exact.

    Notes
    -----
    Source: Dekker, "A floating-point technique for extending the available precision",
    1971.
    """
    rest, size = nodes.absolute(a), nodes.absolute(b)
    far = nodes.multiply(size, _number(4097.0))
    high = nodes.subtract(far, nodes.subtract(far, size))
    high = nodes.select(nodes.is_finite(far), high, size)
    low = nodes.subtract(size, high)
    for scale in (2.0**24, 2.0**12, 1.0):
        quotient = nodes.divide(nodes.multiply(rest, _number(1 / scale)), size)
        whole = nodes.multiply(nodes.floor(quotient), _number(scale))
        rest = nodes.subtract(rest, nodes.multiply(whole, high))
        rest = nodes.subtract(rest, nodes.multiply(whole, low))
    # A quotient may have been rounded up, or down, to the next integer.
    rest = nodes.select(nodes.less(rest, _number(0.0)), nodes.add(rest, size), rest)
    rest = nodes.select(
        nodes.greater_equal(rest, size), nodes.subtract(rest, size), rest
    )
    ratio = nodes.divide(nodes.absolute(a), size)
    unknown = nodes.greater_equal(ratio, _number(2.0**36))
    rest = nodes.select(unknown, _number(math.nan), rest)
    within = nodes.less(nodes.absolute(a), size)  # of infinity too
    rest = nodes.select(within, nodes.absolute(a), rest)
    return nodes.select(nodes.less(a, _number(0.0)), nodes.negative(rest), rest)


def divide(a: Any, b: Any) -> tuple[Any, Any]:
    """Return the quotient rounded down, and what remains."""
    zero = _number(0.0)
    rest = remainder(a, b)
    even = nodes.round(nodes.divide(nodes.subtract(a, rest), b), "half_to_even")
    other_sign = nodes.not_equal(nodes.less(rest, zero), nodes.less(b, zero))
    other_sign = nodes.logical_and(other_sign, nodes.not_equal(rest, zero))
    other_sign = nodes.logical_and(other_sign, nodes.equal(rest, rest))
    quotient = nodes.select(other_sign, nodes.subtract(even, _number(1.0)), even)
    by_zero = nodes.equal(b, zero)
    quotient = nodes.select(by_zero, nodes.divide(a, b), quotient)
    return quotient, nodes.select(other_sign, nodes.add(rest, b), rest)
