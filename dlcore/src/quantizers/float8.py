"""Numbers in 8-bit floats, scaled by the largest values of the last steps.

Source: Micikevicius et al., 2022, arXiv:2209.05433.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes

from dlcore import ops
from dlcore.src.export import export


def largest(dtype: str) -> float:
    """Return the largest number of an 8-bit float dtype."""
    return float(ml_dtypes.finfo(dtype).max)


@export("dlcore.quantizers.compute_float8_scale")
def compute_float8_scale(amax: Any, scale: Any, dtype_max: Any, margin: int = 0) -> Any:
    """Return the scale with which the largest value becomes the dtype's largest.

    Parameters
    ----------
    amax : scalar tensor
        The largest absolute value.
    scale : scalar tensor
        The present scale, kept where ``amax`` is 0 or not finite.
    dtype_max : float
        The largest number of the 8-bit dtype.
    margin : int
        How many powers of two to stay below.

    Returns
    -------
    scalar tensor
        ``amax * 2**margin / dtype_max``.

    Examples
    --------
    >>> float(compute_float8_scale(224.0, 1.0, 448.0))
    0.5
    """
    amax = ops.convert_to_tensor(amax)
    usable = ops.logical_and(ops.greater(amax, 0.0), ops.isfinite(amax))
    safe = ops.where(usable, amax, ops.ones_like(amax))
    inverse = ops.divide(ops.divide(dtype_max, safe), 2**margin)
    return ops.reciprocal(ops.where(usable, inverse, ops.reciprocal(scale)))


@export("dlcore.quantizers.compute_float8_amax_history")
def compute_float8_amax_history(x: Any, amax_history: Any) -> Any:
    """Return the history of largest absolute values with that of ``x``.

    Parameters
    ----------
    x : tensor
    amax_history : tensor of shape (steps,)
        Its first element is the newest one, its last the one before that.

    Returns
    -------
    tensor of shape (steps,)

    Examples
    --------
    >>> compute_float8_amax_history([-5.0, 2.0], [1.0, 2.0, 3.0]).tolist()
    [5.0, 3.0, 1.0]
    """
    amax_history = ops.convert_to_tensor(amax_history)
    newest = ops.cast(ops.max(ops.abs(x)), amax_history.dtype)
    older = ops.roll(amax_history, shift=-1)[1:]
    return ops.concatenate([ops.reshape(newest, (1,)), older])


@export("dlcore.quantizers.quantize_and_dequantize")
def quantize_and_dequantize(
    inputs: Any, scale: Any, quantized_dtype: str, compute_dtype: str
) -> Any:
    """Round to what an 8-bit dtype can hold.

    Parameters
    ----------
    inputs : tensor
    scale : scalar tensor
        What the inputs are divided by before.
    quantized_dtype : {"float8_e4m3fn", "float8_e5m2"}
    compute_dtype : str
        Of the result.

    Returns
    -------
    tensor
        Of the inputs' shape.

    Examples
    --------
    >>> quantize_and_dequantize([17.0, 500.0], 1.0, "float8_e4m3fn", "float32").tolist()
    [16.0, 448.0]
    """
    limit = largest(quantized_dtype)
    scale = ops.cast(scale, compute_dtype)
    x = ops.clip(ops.divide(inputs, scale), -limit, limit)
    return ops.multiply(ops.cast(ops.cast(x, quantized_dtype), compute_dtype), scale)
