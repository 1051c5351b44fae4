"""Arithmetic and functions of numbers, element by element."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes

from dlcore.src.dtypes import is_float
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.creation import ones_like, zeros_like
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import equal, greater, isnan, less_equal, logical_or
from dlcore.src.symbolic import Spec


@primitive(rules.elementwise)
def add(x1: Any, x2: Any) -> Any:
    """Sum, element by element."""


@primitive(rules.elementwise)
def subtract(x1: Any, x2: Any) -> Any:
    """Difference, element by element."""


@primitive(rules.elementwise)
def multiply(x1: Any, x2: Any) -> Any:
    """Product, element by element."""


@primitive(rules.elementwise)
def maximum(x1: Any, x2: Any) -> Any:
    """Return the larger one, element by element; NaN if one of them is."""


@primitive(rules.elementwise)
def minimum(x1: Any, x2: Any) -> Any:
    """Return the smaller one, element by element; NaN if one of them is."""


@primitive(rules.elementwise)
def fmax(x1: Any, x2: Any) -> Any:
    """Return the larger one, element by element; a NaN is ignored."""


@primitive(rules.elementwise)
def fmin(x1: Any, x2: Any) -> Any:
    """Return the smaller one, element by element; a NaN is ignored."""


@primitive(rules.elementwise)
def floor_divide(x1: Any, x2: Any) -> Any:
    """Return the largest integer that is not above the quotient."""


@primitive(rules.elementwise)
def mod(x1: Any, x2: Any) -> Any:
    """Remainder of ``floor_divide``: it has the sign of the divisor."""


@primitive(rules.elementwise)
def fmod(x1: Any, x2: Any) -> Any:
    """Remainder of the truncated quotient: it has the sign of the dividend."""


@primitive(rules.elementwise)
def power(x1: Any, x2: Any) -> Any:
    """``x1`` to the power ``x2``, element by element."""


@primitive(rules.elementwise)
def gcd(x1: Any, x2: Any) -> Any:
    """Greatest common divisor of integers."""


@primitive(rules.elementwise)
def lcm(x1: Any, x2: Any) -> Any:
    """Least common multiple of integers."""


@primitive(rules.floating)
def divide(x1: Any, x2: Any) -> Any:
    """Quotient, element by element; floating even for integers."""


@primitive(rules.floating)
def arctan2(x1: Any, x2: Any) -> Any:
    """Angle of the point ``(x2, x1)`` in radians, in ``[-pi, pi]``."""


@primitive(rules.floating)
def nextafter(x1: Any, x2: Any) -> Any:
    """Return the next floating number from ``x1`` in the direction of ``x2``."""


@primitive(rules.floating)
def exp(x: Any) -> Any:
    """Exponential function."""


@primitive(rules.floating)
def expm1(x: Any) -> Any:
    """``exp(x) - 1``, exact for small ``x``."""


@primitive(rules.floating)
def log(x: Any) -> Any:
    """Natural logarithm."""


@primitive(rules.floating)
def log1p(x: Any) -> Any:
    """``log(1 + x)``, exact for small ``x``."""


@primitive(rules.floating)
def sqrt(x: Any) -> Any:
    """Square root; NaN for negative numbers."""


@primitive(rules.floating)
def sin(x: Any) -> Any:
    """Sine of an angle in radians."""


@primitive(rules.floating)
def cos(x: Any) -> Any:
    """Cosine of an angle in radians."""


@primitive(rules.floating)
def tan(x: Any) -> Any:
    """Tangent of an angle in radians."""


@primitive(rules.floating)
def arcsin(x: Any) -> Any:
    """Inverse sine, in radians."""


@primitive(rules.floating)
def arccos(x: Any) -> Any:
    """Inverse cosine, in radians."""


@primitive(rules.floating)
def arctan(x: Any) -> Any:
    """Inverse tangent, in radians."""


@primitive(rules.floating)
def sinh(x: Any) -> Any:
    """Hyperbolic sine."""


@primitive(rules.floating)
def cosh(x: Any) -> Any:
    """Hyperbolic cosine."""


@primitive(rules.floating)
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""


@primitive(rules.floating)
def arcsinh(x: Any) -> Any:
    """Inverse hyperbolic sine."""


@primitive(rules.floating)
def arccosh(x: Any) -> Any:
    """Inverse hyperbolic cosine."""


@primitive(rules.floating)
def arctanh(x: Any) -> Any:
    """Inverse hyperbolic tangent."""


@primitive(rules.floating)
def floor(x: Any) -> Any:
    """Return the largest integer not above ``x``; a floating number."""


@primitive(rules.floating)
def ceil(x: Any) -> Any:
    """Return the smallest integer not below ``x``; a floating number."""


@primitive(rules.same)
def negative(x: Any) -> Any:
    """Return the opposite number."""


@primitive(rules.same)
def sign(x: Any) -> Any:
    """-1, 0 or 1, the sign of a number."""


@primitive(rules.same)
def trunc(x: Any) -> Any:
    """Return the integer part: rounded towards zero."""


@primitive(rules.same)
def conjugate(x: Any) -> Any:
    """Complex conjugate."""


@primitive(rules.real_of)
def absolute(x: Any) -> Any:
    """Absolute value; of a complex number, its modulus."""


@primitive(rules.real_of)
def real(x: Any) -> Any:
    """Real part."""


@primitive(rules.real_of)
def imag(x: Any) -> Any:
    """Imaginary part; zero for real numbers."""


@primitive(rules.same)
def round(x: Any, decimals: int = 0) -> Any:
    """Round to ``decimals``; halves go to the even neighbour."""


@primitive(rules.elementwise)
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Bring what lies outside of ``[x_min, x_max]`` to the bound."""


def _square_rule(x: Any) -> Spec:
    dtype = rules.promoted(x)
    return Spec(rules.shape_of(x), "int32" if dtype == "bool" else dtype)


@derived(rule=_square_rule)
def square(x: Any) -> Any:
    """``x * x``; an integer for bool."""
    if rules.promoted(x) == "bool":
        x = cast(x, "int32")
    return multiply(x, x)


@derived(rule=rules.elementwise)
def abs(x: Any) -> Any:
    """Alias of ``absolute``."""
    return absolute(x)


@derived
def true_divide(x1: Any, x2: Any) -> Any:
    """Alias of ``divide``."""
    return divide(x1, x2)


@derived
def conj(x: Any) -> Any:
    """Alias of ``conjugate``."""
    return conjugate(x)


@derived(rule=rules.floating)
def fabs(x: Any) -> Any:
    """Absolute value, floating."""
    return absolute(as_float(x))


@derived(rule=rules.floating)
def reciprocal(x: Any) -> Any:
    """``1 / x``."""
    return divide(1, x)


@derived(rule=rules.floating)
def exp2(x: Any) -> Any:
    """``2`` to the power ``x``."""
    return exp(multiply(as_float(x), math.log(2)))


@derived(rule=rules.floating)
def log2(x: Any) -> Any:
    """Logarithm to the base 2."""
    return divide(log(x), math.log(2))


@derived(rule=rules.floating)
def log10(x: Any) -> Any:
    """Logarithm to the base 10."""
    return divide(log(x), math.log(10))


@derived(rule=rules.floating)
def cbrt(x: Any) -> Any:
    """Cube root; that of a negative number is negative."""
    x = as_float(x)
    return multiply(sign(x), power(absolute(x), 1 / 3))


@derived(rule=rules.floating)
def deg2rad(x: Any) -> Any:
    """Turn degrees into radians."""
    return multiply(as_float(x), math.pi / 180)


@derived(rule=rules.floating)
def rad2deg(x: Any) -> Any:
    """Turn radians into degrees."""
    return multiply(as_float(x), 180 / math.pi)


@derived(rule=rules.floating)
def hypot(x1: Any, x2: Any) -> Any:
    """Length of the hypotenuse, ``sqrt(x1**2 + x2**2)``, without overflow."""
    x1, x2 = map(absolute, as_floats(x1, x2))
    high, low = maximum(x1, x2), minimum(x1, x2)
    # Where the quotient says nothing, the larger side is the length.
    plain = logical_or(equal(high, 0), equal(high, math.inf))
    ratio = divide(where(plain, zeros_like(low), low), where(plain, 1.0, high))
    return multiply(high, sqrt(add(1, square(ratio))))


@derived(rule=rules.floating)
def logaddexp(x1: Any, x2: Any) -> Any:
    """Logarithm of the sum of two exponentials, without overflow.

    Parameters
    ----------
    x1, x2 : tensor
        Logarithms, of shapes that broadcast together.

    Returns
    -------
    tensor
        ``log(exp(x1) + exp(x2))``: floating, of the broadcast shape.

    Examples
    --------
    >>> from dlcore import ops
    >>> float(ops.logaddexp(0.0, 0.0)) == float(ops.log1p(1.0))
    True
    """
    x1, x2 = as_floats(x1, x2)
    high = maximum(x1, x2)
    # Of equal infinities the difference is NaN, and the sum is that infinity.
    gap = where(equal(x1, x2), 0.0, absolute(subtract(x1, x2)))
    return add(high, log1p(exp(negative(gap))))


@derived(rule=rules.floating)
def logaddexp2(x1: Any, x2: Any) -> Any:
    """Base-2 logarithm of the sum of two powers of two, without overflow."""
    scale = math.log(2)
    x1, x2 = (multiply(x, scale) for x in as_floats(x1, x2))
    return divide(logaddexp(x1, x2), scale)


@derived(rule=rules.floating)
def ldexp(x1: Any, x2: Any) -> Any:
    """``x1 * 2**x2`` for integers ``x2``."""
    x1 = as_float(x1)
    return multiply(x1, power(2.0, cast(x2, rules.promoted(x1))))


@derived
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """Quotient, and zero where the divisor is zero."""
    none = equal(x2, 0)
    quotient = divide(x1, where(none, ones_like(x2), x2))
    return where(none, zeros_like(quotient), quotient)


@derived(rule=rules.floating)
def heaviside(x1: Any, x2: Any) -> Any:
    """Step function: 0 below zero, ``x2`` at zero, 1 above."""
    x1, x2 = as_floats(x1, x2)
    step = cast(greater(x1, 0), rules.promoted(x1))
    return where(isnan(x1), x1, where(equal(x1, 0), x2, step))


@derived(rule=rules.floating)
def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``, and 1 at zero."""
    x = as_float(x)
    angle = multiply(math.pi, where(equal(x, 0), 1e-20, x))
    return divide(sin(angle), angle)


@derived
def angle(x: Any) -> Any:
    """Angle of a complex number in radians."""
    x = as_float(x)
    return arctan2(imag(x), real(x))


@derived(rule=rules.same)
def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Replace NaN and infinities by numbers.

    Parameters
    ----------
    x : tensor
    nan : float
        Instead of NaN.
    posinf, neginf : float, optional
        Instead of the infinities; by default the largest finite numbers.
    """
    dtype = rules.promoted(x)
    if not is_float(dtype):
        return cast(x, dtype)
    low, high = finite_range(dtype)
    x = where(isnan(x), nan, x)
    x = where(equal(x, math.inf), high if posinf is None else posinf, x)
    return where(equal(x, -math.inf), low if neginf is None else neginf, x)


@derived(rule=rules.floating)
def i0(x: Any) -> Any:
    """Return the modified Bessel function of order 0.

    Source: Abramowitz and Stegun, 1964, 9.8.1 and 9.8.2.
    """
    size = absolute(as_float(x))
    small = _polynomial(square(divide(minimum(size, 3.75), 3.75)), _I0_SMALL)
    large = maximum(size, 3.75)
    tail = _polynomial(divide(3.75, large), _I0_LARGE)
    return where(
        less_equal(size, 3.75), small, multiply(divide(exp(large), sqrt(large)), tail)
    )


_I0_SMALL = (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813)
_I0_LARGE = (
    *(0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281),
    *(-0.02057706, 0.02635537, -0.01647633, 0.00392377),
)


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Return the sum of ``coefficients[i] * x**i``, by Horner's rule."""
    total: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = add(multiply(total, x), c)
    return total


def as_float(x: Any) -> Any:
    """Return ``x``, floating."""
    dtype = rules.float_of(rules.promoted(x))
    return cast(x, dtype)


def as_floats(*xs: Any) -> list[Any]:
    """Return tensors of the dtype that they make together, floating."""
    dtype = rules.float_of(rules.promoted(*xs))
    return [cast(x, dtype) for x in xs]


def finite_range(dtype: str) -> tuple[float, float]:
    """Return the smallest and the largest number of a dtype."""
    info = ml_dtypes.finfo if is_float(dtype) else ml_dtypes.iinfo
    found = info(getattr(ml_dtypes, dtype, dtype))
    return _plain(found.min), _plain(found.max)


@derived
def copy(x: Any) -> Any:
    """Return a copy."""
    dtype = rules.promoted(x)
    if dtype == "bool":
        return cast(cast(x, "int8"), "bool")
    return multiply(x, cast(1, dtype))


@derived(rule=rules.predicate)
def isreal(x: Any) -> Any:
    """Whether the imaginary part is zero."""
    return equal(imag(x), 0)


def _plain(bound: Any) -> Any:
    """Return Python's number of a bound of numpy's."""
    return bound.item() if hasattr(bound, "item") else bound
