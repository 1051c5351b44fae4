"""Integers by the largest absolute value, and blocks of integers by their range."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.ops.core import home_of
from dlcore.src.quantizers.affine import parameters


def _on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function run on numpy where ``to_numpy=True`` asks for it."""

    @functools.wraps(function)
    def call(inputs: Any, *args: Any, to_numpy: bool = False, **kwargs: Any) -> Any:
        if not to_numpy:
            return function(ops.convert_to_tensor(inputs), *args, **kwargs)
        home = home_of(inputs) or backends.current()
        with backends.use_backend("numpy"):
            parts = function(ops.convert_to_numpy(inputs), *args, **kwargs)
        with backends.use_backend(home):
            return tuple(ops.convert_to_tensor(part) for part in parts)

    return call


@export("dlcore.quantizers.abs_max_quantize")
def abs_max_quantize(
    inputs: Any,
    axis: Any,
    value_range: tuple[int, int] = (-127, 127),
    dtype: str = "int8",
    epsilon: float = 1e-07,
    to_numpy: bool = False,
) -> tuple[Any, Any]:
    """Quantize so that the largest absolute value becomes the largest integer.

    Parameters
    ----------
    inputs : tensor
    axis : int or sequence of int
        Along which the largest absolute value is taken.
    value_range : tuple of two int
        Least and largest integer.
    dtype : str
        Of the integers.
    epsilon : float
        Added to the largest value, since it may be 0.
    to_numpy : bool
        Whether to compute on the host, which spares the memory of the device.

    Returns
    -------
    tuple of two tensors
        The integers, and the scale: ``integers / scale`` is near ``inputs``. The scale
        keeps the axes, of size 1, and has the inputs' dtype.

    Examples
    --------
    >>> values, scale = abs_max_quantize([[1.0, -2.0]], axis=-1)
    >>> values.tolist(), scale.tolist()
    ([[64, -127]], [[63.5]])
    """
    return _abs_max(inputs, axis, value_range, dtype, epsilon, to_numpy=to_numpy)


@_on_host
def _abs_max(inputs: Any, axis: Any, limits: Any, dtype: str, epsilon: float) -> Any:
    largest = ops.max(ops.abs(inputs), axis=axis, keepdims=True)
    scale = ops.divide(limits[1], ops.add(largest, epsilon))
    scale = ops.cast(scale, standardize_dtype(inputs.dtype))
    outputs = ops.clip(ops.round(ops.multiply(inputs, scale)), *limits)
    return ops.cast(outputs, dtype), scale


@export("dlcore.quantizers.abs_max_quantize_grouped_with_zero_point")
def abs_max_quantize_grouped_with_zero_point(
    inputs: Any,
    block_size: int,
    value_range: tuple[int, int] = (-8, 7),
    dtype: str = "int8",
    epsilon: float = 1e-07,
    to_numpy: bool = False,
) -> tuple[Any, Any, Any]:
    """Quantize blocks of a matrix's rows, from the least to the largest value.

    Parameters
    ----------
    inputs : tensor of shape (rows, columns)
    block_size : int
        How many rows share a scale and a zero point; each column has its own.
    value_range : tuple of two int
        Least and largest integer.
    dtype : str
        Of the integers.
    epsilon : float
        Added to the range of values, since it may be 0.
    to_numpy : bool
        Whether to compute on the host, which spares the memory of the device.

    Returns
    -------
    tuple of three tensors
        The integers; scales and zero points, of shape ``(blocks, columns)``:
        ``(integers - zero) * scale`` is near ``inputs``.

    Examples
    --------
    >>> values, scale, zero = abs_max_quantize_grouped_with_zero_point(
    ...     [[0.0], [15.0], [-4.0], [3.5]], block_size=2
    ... )
    >>> values[:, 0].tolist(), [round(s, 3) for s in scale[:, 0].tolist()]
    ([-8, 7, -8, 7], [1.0, 0.5])
    """
    options = (block_size, value_range, dtype, epsilon)
    return _grouped(inputs, *options, to_numpy=to_numpy)


@_on_host
def _grouped(
    inputs: Any, block_size: int, limits: Any, dtype: str, epsilon: float
) -> Any:
    rows, columns = inputs.shape
    blocks = math.ceil(rows / block_size)
    scale, zero, _ = parameters(
        ops.transpose(inputs),
        bits=int(math.log2(limits[1] - limits[0] + 1)),
        per_channel=True,
        group_size=block_size,
        compute_dtype=standardize_dtype(inputs.dtype),
        epsilon=epsilon,
        signed=True,
    )
    scale, zero = ops.transpose(scale), ops.transpose(zero)
    padded = ops.pad(inputs, [[0, blocks * block_size - rows], [0, 0]])
    parted = ops.reshape(padded, (blocks, block_size, columns))
    steps = ops.round(ops.divide(parted, ops.expand_dims(scale, 1)))
    values = ops.add(steps, ops.expand_dims(ops.cast(zero, scale.dtype), 1))
    values = ops.cast(ops.clip(values, *limits), dtype)
    values = ops.reshape(values, (blocks * block_size, columns))[:rows]
    return values, scale, zero
