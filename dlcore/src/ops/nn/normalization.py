"""Moments and normalization."""

from __future__ import annotations

import warnings
from typing import Any

from dlcore.src import config
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.math import rsqrt
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    add,
    as_float,
    divide,
    maximum,
    multiply,
    negative,
    power,
    square,
    subtract,
)
from dlcore.src.ops.numpy.reduction import mean, sum as sum_, var
from dlcore.src.ops.numpy.shape import reshape
from dlcore.src.symbolic import Spec


def _moments_rule(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> Any:
    one = rules.float_reduction(x, axes, keepdims)
    return one, one


@derived(rule=_moments_rule)
def moments(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> Any:
    """Mean and variance over axes; half precision is computed in single.

    Parameters
    ----------
    x : tensor
    axes : int or tuple of int
    keepdims : bool
    synchronized : bool
        Accepted for compatibility: one process sees the whole batch.

    Returns
    -------
    tuple of tensor
        Mean and variance.
    """
    x = as_float(x)
    dtype = rules.promoted(x)
    half = dtype in ("float16", "bfloat16")
    if not half:
        return mean(x, axes, keepdims), var(x, axes, keepdims)
    wide = cast(x, "float32")
    low, high = -65504.0, 65504.0
    average, variance = mean(wide, axes, keepdims), var(wide, axes, keepdims)
    if dtype == "float16":
        from dlcore.src.ops.numpy.elementwise import clip

        average, variance = clip(average, low, high), clip(variance, low, high)
    return cast(average, dtype), cast(variance, dtype)


def _along_shape(x: Any, parameter: Any, axis: Any) -> Any:
    """Return the shape in which a parameter of some axes broadcasts with ``x``."""
    rank = len(rules.shape_of(x))
    axes = rules.canonical_axes(axis, rank)
    shape = rules.shape_of(parameter)
    if len(shape) != len(axes):
        return shape
    order = dict(zip(sorted(axes), shape, strict=True))
    return tuple(order.get(i, 1) for i in range(rank))


def _along(x: Any, parameter: Any, axis: Any) -> Any:
    """Reshape a parameter of some axes so that it broadcasts with ``x``."""
    if parameter is None:
        return None
    shape = _along_shape(x, parameter, axis)
    return (
        parameter if shape == rules.shape_of(parameter) else reshape(parameter, shape)
    )


def _layer_rule(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Any = -1,
    epsilon: Any = None,
    **kwargs: Any,
) -> Spec:
    for parameter in (gamma, beta):
        if parameter is not None:
            laid = _along_shape(x, parameter, axis)
            rules.broadcast_shapes(rules.shape_of(x), laid)
    return rules.same_float(x)


def _batch_rule(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Spec:
    sizes = rules.shape_of(x)
    size = sizes[rules.canonical_axis(axis, len(sizes))]
    vectors = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    for name, value in vectors.items():
        shape = () if value is None else rules.shape_of(value)
        if value is not None and (
            len(shape) != 1 or not rules.same_sizes(shape[0], size)
        ):
            raise ValueError(
                f"batch_normalization: `{name}` must be a vector of length {size}, the "
                f"size of axis {axis} of {sizes}; got the shape {shape}."
            )
    return rules.same_float(x)


@derived(rule=_batch_rule)
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:
    """Normalize with given moments, then scale and shift.

    Parameters
    ----------
    x : tensor
    mean, variance : tensor of shape (channels,)
    axis : int
        The channels' axis.
    offset, scale : tensor of shape (channels,), optional
    epsilon : float

    Notes
    -----
    Source: Ioffe and Szegedy, 2015, arXiv:1502.03167.
    """
    _batch_rule(x, mean, variance, axis, offset, scale)
    x = as_float(x)
    axis = rules.canonical_axis(axis, len(rules.shape_of(x)))
    factor = rsqrt(add(variance, epsilon))
    if scale is not None:
        factor = multiply(factor, scale)
    shift = negative(multiply(mean, factor))
    if offset is not None:
        shift = add(shift, offset)
    result = multiply(x, _along(x, factor, axis)) + _along(x, shift, axis)
    return cast(result, rules.promoted(x))


@derived(rule=_layer_rule)
def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Any = -1,
    epsilon: Any = None,
    **kwargs: Any,
) -> Any:
    """Zero mean and unit variance over ``axis``, then scale and shift.

    Parameters
    ----------
    x : tensor
    gamma, beta : tensor of the sizes of ``axis``, optional
    axis : int or tuple of int
    epsilon : float, optional
        The global one unless given.
    **kwargs
        ``rms_scaling=True`` divides by the standard deviation only.

    Notes
    -----
    Source: Ba et al., 2016, arXiv:1607.06450.
    """
    epsilon = config.epsilon() if epsilon is None else epsilon
    original = rules.float_of(rules.promoted(x))
    wide = "float32" if original in ("float16", "bfloat16") else original
    x = cast(x, wide)
    gamma, beta = (
        _along(x, None if p is None else cast(p, wide), axis) for p in (gamma, beta)
    )
    if kwargs.pop("rms_scaling", False):
        warnings.warn(
            "You passed `rms_scaling=True`, which is deprecated: call "
            "rms_normalization instead.",
            stacklevel=2,
        )
        factor = rsqrt(var(x, axis, True) + epsilon)
        result = multiply(x, factor) if gamma is None else multiply(x, factor) * gamma
        return cast(result, original)
    average, variance = mean(x, axis, True), var(x, axis, True)
    result = multiply(subtract(x, average), rsqrt(variance + epsilon))
    if gamma is not None:
        result = multiply(result, gamma)
    return cast(result if beta is None else result + beta, original)


@derived(rule=rules.same_float)
def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: Any = None
) -> Any:
    """Divide by the root of the mean square over ``axis``, then scale.

    Parameters
    ----------
    x : tensor
    scale : tensor, optional
    axis : int or tuple of int
    epsilon : float, optional
        The global one unless given.

    Notes
    -----
    Source: Zhang and Sennrich, 2019, arXiv:1910.07467.
    """
    epsilon = config.epsilon() if epsilon is None else epsilon
    original = rules.float_of(rules.promoted(x))
    wide = "float32" if original in ("float16", "bfloat16") else original
    x = cast(x, wide)
    result = multiply(x, rsqrt(mean(square(x), axis, True) + epsilon))
    if scale is not None:
        result = multiply(result, _along(x, cast(scale, wide), axis))
    return cast(result, original)


def _normalize_rule(
    x: Any, axis: Any = -1, order: Any = 2, epsilon: Any = None
) -> Spec:
    rules.canonical_axes(axis, len(rules.shape_of(x)))
    return rules.same_float(x)


@derived(rule=_normalize_rule)
def normalize(x: Any, axis: Any = -1, order: Any = 2, epsilon: Any = None) -> Any:
    """Divide by the norm over ``axis``.

    Parameters
    ----------
    x : tensor
    axis : int or tuple of int
    order : int
        Which norm: the ``order``-th root of the sum of powers.
    epsilon : float, optional
        The least norm; the global one unless given.
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(
            "normalize: Argument `order` must be an int >= 1. "
            f"Received: order={order!r}"
        )
    epsilon = config.epsilon() if epsilon is None else epsilon
    x = as_float(x)
    if order == 2:
        squares = sum_(square(x), axis, True)
        return multiply(x, rsqrt(maximum(squares, epsilon**2)))
    size = absolute(x)
    norm = power(sum_(power(size, order), axis, True), 1.0 / order)
    return divide(x, maximum(norm, epsilon))
