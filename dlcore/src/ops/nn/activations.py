"""Activation functions."""

from __future__ import annotations

import math
import warnings
from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast, stop_gradient
from dlcore.src.ops.declare import derived
from dlcore.src.ops.math import erf, rsqrt
from dlcore.src.ops.numpy.creation import arange, zeros_like
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    as_float,
    clip,
    cos,
    divide,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    sin,
    square,
    subtract,
    tanh,
)
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import greater, less, less_equal
from dlcore.src.ops.numpy.reduction import cumsum, max as max_, sum as sum_
from dlcore.src.ops.numpy.shape import flip, moveaxis, split
from dlcore.src.ops.numpy.sorting import sort
from dlcore.src.symbolic import Spec


@derived(rule=rules.same)
def relu(x: Any) -> Any:
    """Rectified linear unit, ``max(x, 0)``."""
    return maximum(x, cast(0, rules.promoted(x)))


@derived(rule=rules.same)
def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``."""
    return clip(x, 0, 6)


@derived(rule=rules.same_float)
def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    return 0.5 * (tanh(0.5 * as_float(x)) + 1.0)


def _softmax_rule(x: Any, axis: Any = -1) -> Spec:
    rules.canonical_axes(axis, len(rules.shape_of(x)))
    return rules.same_float(x)


def warn_of_one(shape: Any, axis: Any) -> None:
    """Warn that a softmax over an axis of size 1 is 1 everywhere."""
    if isinstance(axis, int) and -len(shape) <= axis < len(shape) and shape[axis] == 1:
        warnings.warn(
            f"You are using a softmax over axis {axis} of a tensor of shape "
            f"{tuple(shape)}. This axis has size 1. The softmax operation will always "
            "return the value 1, which is likely not what you intended. Did you mean "
            "to use a sigmoid instead?",
            stacklevel=4,
        )


@derived(rule=_softmax_rule)
def softmax(x: Any, axis: Any = -1) -> Any:
    """``exp(x)``, divided by its sum over ``axis``."""
    x = as_float(x)
    _softmax_rule(x, axis)
    warn_of_one(rules.shape_of(x), axis)
    powers = exp(subtract(x, stop_gradient(max_(x, axis, True))))
    return divide(powers, sum_(powers, axis, True))


@derived(rule=_softmax_rule)
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Logarithm of ``softmax``, without overflow."""
    x = as_float(x)
    centred = subtract(x, stop_gradient(max_(x, axis, True)))
    return subtract(centred, log(sum_(exp(centred), axis, True)))


@derived(rule=rules.same_float)
def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``, without overflow."""
    x = as_float(x)
    return maximum(x, 0.0) + log1p(exp(negative(absolute(x))))


@derived(rule=rules.same_float)
def log_sigmoid(x: Any) -> Any:
    """Logarithm of ``sigmoid``, without overflow."""
    return negative(softplus(negative(as_float(x))))


@derived(rule=rules.same_float)
def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``."""
    x = as_float(x)
    return divide(x, absolute(x) + 1.0)


@derived(rule=rules.same_float)
def silu(x: Any) -> Any:
    """``x * sigmoid(x)``, also called swish."""
    x = as_float(x)
    return multiply(x, sigmoid(x))


@derived(rule=rules.same_float)
def swish(x: Any) -> Any:
    """Alias of ``silu``."""
    return silu(x)


@derived(rule=rules.same_float)
def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``."""
    return clip(as_float(x) / 6.0 + 0.5, 0.0, 1.0)


@derived(rule=rules.same_float)
def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)``."""
    x = as_float(x)
    return multiply(x, hard_sigmoid(x))


@derived(rule=rules.same_float)
def hard_swish(x: Any) -> Any:
    """Alias of ``hard_silu``."""
    return hard_silu(x)


@derived(rule=rules.same_float)
def hard_tanh(x: Any) -> Any:
    """``x`` between -1 and 1, and these outside."""
    return clip(as_float(x), -1.0, 1.0)


@derived(rule=rules.same_float)
def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    """``x`` above zero, ``negative_slope * x`` below."""
    x = as_float(x)
    return where(less(x, 0), multiply(x, negative_slope), x)


@derived(rule=rules.same_float)
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """``x`` above zero, ``alpha * (exp(x) - 1)`` below."""
    x = as_float(x)
    return where(greater(x, 0), x, alpha * expm1(minimum(x, 0.0)))


@derived(rule=rules.same_float)
def celu(x: Any, alpha: Any = 1.0) -> Any:
    """``x`` above zero, ``alpha * (exp(x / alpha) - 1)`` below."""
    x = as_float(x)
    return maximum(x, 0.0) + alpha * expm1(minimum(x, 0.0) / alpha)


_SELU = 1.0507009873554805, 1.6732632423543772


@derived(rule=rules.same_float)
def selu(x: Any) -> Any:
    """Scaled ``elu`` that keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    scale, alpha = _SELU
    return scale * elu(x, alpha)


@derived(rule=rules.same_float)
def gelu(x: Any, approximate: bool = True) -> Any:
    """``x`` times the normal distribution function (Hendrycks and Gimpel, 2016).

    Parameters
    ----------
    x : tensor
    approximate : bool
        Whether to use the approximation by ``tanh``.
    """
    x = as_float(x)
    if approximate:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * square(x))
        return 0.5 * x * (1.0 + tanh(inner))
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def _half_rule(x: Any, axis: int = -1) -> Spec:
    shape = list(rules.shape_of(x))
    axis = rules.canonical_axis(axis, len(shape))
    if shape[axis] is not None:
        if shape[axis] % 2:
            raise ValueError(f"axis {axis} of shape {tuple(shape)} has an odd size")
        shape[axis] //= 2
    return Spec(shape, rules.float_of(rules.promoted(x)))


@derived(rule=_half_rule)
def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: one half times the sigmoid of the other.

    Parameters
    ----------
    x : tensor
    axis : int
        The axis to halve; of an even size.
    """
    first, second = split(as_float(x), 2, axis)
    return multiply(first, sigmoid(second))


@derived(rule=rules.same_float)
def tanh_shrink(x: Any) -> Any:
    """``x - tanh(x)``."""
    x = as_float(x)
    return subtract(x, tanh(x))


@derived(rule=rules.same_float)
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """``x`` moved towards zero by ``threshold``, zero between."""
    x = as_float(x)
    inner = where(less(x, -threshold), x + threshold, zeros_like(x))
    return where(greater(x, threshold), x - threshold, inner)


@derived(rule=rules.same_float)
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """``x``, and zero where ``|x| <= threshold``."""
    x = as_float(x)
    return where(less_equal(absolute(x), threshold), zeros_like(x), x)


@derived(rule=rules.same)
def threshold(x: Any, threshold: Any, default_value: Any) -> Any:
    """``x`` where it is above ``threshold``, else ``default_value``."""
    return where(greater(x, threshold), x, cast(default_value, rules.promoted(x)))


@derived(rule=rules.same_float)
def squareplus(x: Any, b: Any = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2``, a smooth ``relu`` (Barron, 2021)."""
    x = as_float(x)
    radius = square(x) + b
    return (x + radius * rsqrt(radius)) / 2


@derived(rule=rules.same_float)
def sparse_plus(x: Any) -> Any:
    """0 below -1, ``(x + 1)**2 / 4`` between, ``x`` above 1."""
    x = as_float(x)
    middle = square(x + 1.0) / 4
    return where(less_equal(x, -1.0), zeros_like(x), where(less(x, 1.0), middle, x))


@derived(rule=rules.same_float)
def sparse_sigmoid(x: Any) -> Any:
    """``(x + 1) / 2`` between -1 and 1, and 0 and 1 outside."""
    return clip((as_float(x) + 1.0) / 2, 0.0, 1.0)


@derived(rule=_softmax_rule)
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Return the nearest point of the probability simplex.

    Notes
    -----
    Source: Martins and Astudillo, 2016, arXiv:1602.02068.
    """
    x = moveaxis(as_float(x), axis, -1)
    dtype = rules.promoted(x)
    ordered = flip(sort(x, -1), -1)
    count = arange(1, rules.shape_of(x)[-1] + 1, dtype=dtype)
    total = cumsum(ordered, -1)
    support = cast(greater(1.0 + count * ordered, total), dtype)
    size = sum_(support, -1, True)
    tau = divide(sum_(multiply(ordered, support), -1, True) - 1.0, size)
    return moveaxis(maximum(subtract(x, tau), 0.0), -1, axis)


def _polar_rule(abs_: Any, angle: Any) -> Spec:
    return Spec(rules.elementwise(abs_, angle).shape, "complex64")


@derived(rule=_polar_rule)
def polar(abs_: Any, angle: Any) -> Any:
    """Complex number of a modulus and an angle.

    Parameters
    ----------
    abs_ : tensor
        The modulus.
    angle : tensor
        In radians.

    Returns
    -------
    complex64 tensor
    """
    from dlcore.src.ops.complex import view_as_complex
    from dlcore.src.ops.numpy.shape import stack

    abs_, angle = as_float(abs_), as_float(angle)
    return view_as_complex(stack([abs_ * cos(angle), abs_ * sin(angle)], -1))
