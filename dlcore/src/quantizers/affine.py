"""Integers with a zero point: ``(integer - zero) * scale``, by rows and groups."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import standardize_dtype


def parameters(
    x: Any,
    *,
    bits: int,
    symmetric: bool = False,
    per_channel: bool = False,
    group_size: int = -1,
    compute_dtype: str = "float32",
    epsilon: float = 0.0,
    signed: bool = False,
) -> tuple[Any, Any, int]:
    """Return scale and zero point of a matrix's rows, or of groups in its rows.

    Parameters
    ----------
    x : tensor of shape (outputs, inputs)
    bits : int
    symmetric : bool
        Whether the range is the same below and above 0.
    per_channel : bool
        Whether each row has its own.
    group_size : int
        How many neighbours in a row share them; -1 for the whole row.
    compute_dtype : str
        Of the scales.
    epsilon : float
        Added to the range of values.
    signed : bool
        Whether half of the integers are negative.

    Returns
    -------
    tuple
        Scale and zero point, of shape ``(outputs, groups)``, and the largest unsigned
        integer.

    Raises
    ------
    ValueError
        If ``x`` is None, empty, or has fewer than two axes.
    """
    if x is None:
        raise ValueError("Input tensor cannot be None.")
    if len(x.shape) < 2:
        raise ValueError(
            f"Input weight tensor must have a rank of at least 2, but got rank "
            f"{len(x.shape)}."
        )
    if 0 in tuple(x.shape):
        raise ValueError("Input tensor 'x' cannot be empty.")
    outputs, inputs = x.shape
    groups = -(-inputs // group_size) if per_channel and group_size > 0 else 1
    if groups > 1:
        x = ops.pad(x, [[0, 0], [0, groups * group_size - inputs]])
        x = ops.reshape(x, (outputs, groups, group_size))
    else:
        x = ops.reshape(x, (outputs, 1, -1) if per_channel else (1, 1, -1))
    low, high = ops.min(x, axis=-1), ops.max(x, axis=-1)
    if symmetric:
        high = ops.maximum(ops.abs(low), high)
        low = ops.where(ops.less(low, 0), ops.negative(high), low)
    if not signed:  # 0 is in the range, or its integer would be none from 0 to 255
        low, high = ops.minimum(low, 0), ops.maximum(high, 0)
    flat = ops.equal(low, high)
    low = ops.where(flat, ops.subtract(low, 1), low)
    high = ops.where(flat, ops.add(high, 1), high)

    largest = 2**bits - 1
    scale = ops.divide(ops.add(ops.subtract(high, low), epsilon), largest)
    scale = ops.cast(ops.where(ops.less_equal(scale, 0), 1e-8, scale), compute_dtype)
    least = -(2 ** (bits - 1)) if signed else 0
    if symmetric:
        zero = ops.full_like(scale, (largest + 1) / 2 + least)
    else:
        zero = ops.add(ops.round(ops.divide(ops.negative(low), scale)), least)
    if signed:
        zero = ops.clip(zero, least, least + largest)
    scale = ops.broadcast_to(scale, (outputs, groups))
    zero = ops.broadcast_to(zero, (outputs, groups))
    return scale, ops.cast(zero, "int8" if signed else "uint8"), largest


def quantize(x: Any, scale: Any, zero: Any, largest: int) -> Any:
    """Return ``x`` as integers from 0 to ``largest``, in the dtype of ``scale``."""
    safe = ops.where(ops.equal(scale, 0), 1e-8, scale)
    steps = ops.add(ops.divide(x, safe), ops.cast(zero, scale.dtype))
    return ops.clip(ops.round(steps), 0, largest)


def dequantize(values: Any, scale: Any, zero: Any) -> Any:
    """Return integers as floats, in the dtype of ``scale``."""
    dtype = standardize_dtype(scale.dtype)
    shifted = ops.subtract(ops.cast(values, dtype), ops.cast(zero, dtype))
    return ops.multiply(shifted, scale)


def spread(grouped: Any, groups: Any, axis: int = -1) -> Any:
    """Return what each group has for each of its members.

    Parameters
    ----------
    grouped : tensor
        Scales or zero points, one for each group along ``axis``.
    groups : tensor of shape (members,)
        The group of each, a whole number of any dtype.
    axis : int
    """
    return ops.take(grouped, ops.cast(groups, "int32"), axis=axis)


def dequantize_groups(
    values: Any, scale: Any, zero: Any, groups: Any, axis: int = -1
) -> Any:
    """Return integers as floats; ``groups`` tells the scale of each along ``axis``."""
    return dequantize(values, spread(scale, groups, axis), spread(zero, groups, axis))
