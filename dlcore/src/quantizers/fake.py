"""Floats rounded to what integers can hold, with a gradient."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import result_type, standardize_dtype
from dlcore.src.export import export


@export("dlcore.quantizers.fake_quant_with_min_max_vars")
def fake_quant_with_min_max_vars(
    inputs: Any,
    min_vals: Any,
    max_vals: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """Round to the levels that integers between two values have.

    Parameters
    ----------
    inputs : tensor
        Of floats.
    min_vals, max_vals : tensor
        The range: scalars, or one for each index of ``axis``. It is moved a little so
        that 0 is a level.
    num_bits : int
        There are ``2**num_bits`` levels,
    narrow_range : bool
        or one less.
    axis : int, optional
        Whose indices have ranges of their own.

    Returns
    -------
    tensor
        Of the inputs' shape and dtype. Gradients pass where the inputs are in the
        range; elsewhere they go to the end of the range that is nearer.

    Notes
    -----
    Source: Jacob et al., 2017, arXiv:1712.05877.

    Examples
    --------
    >>> fake_quant_with_min_max_vars([-1.0, 0.6, 9.0], 0.0, 3.0, num_bits=2).tolist()
    [0.0, 1.0, 3.0]
    """
    levels = 2 ** int(num_bits) - 1
    least = 1 if narrow_range else 0
    rank = len(ops.convert_to_tensor(inputs).shape)
    kept = None if axis is None else axis % rank
    others = [i for i in range(rank) if i != kept]

    def wide(ends: Any) -> Any:
        """Lay the ends of ranges along the axis."""
        dtype = result_type(standardize_dtype(ends.dtype), "float32")
        shape = [1 if i in others else -1 for i in range(rank)]
        return ops.reshape(ops.cast(ends, dtype), shape)

    @ops.custom_gradient
    def rounded(x: Any, low: Any, high: Any) -> Any:
        wide_low, wide_high = wide(low), wide(high)
        scale = ops.divide(ops.subtract(wide_high, wide_low), levels - least)
        zero = ops.subtract(least, ops.divide(wide_low, scale))
        zero = ops.round(ops.clip(zero, least, levels))
        first = ops.multiply(ops.subtract(least, zero), scale)
        last = ops.multiply(ops.subtract(levels, zero), scale)
        inside = ops.clip(ops.cast(x, scale.dtype), first, last)
        inverse = ops.divide(levels - least, ops.subtract(wide_high, wide_low))
        step = ops.multiply(ops.subtract(inside, first), inverse)
        nought = ops.floor(ops.add(ops.multiply(ops.negative(first), inverse), 0.5))
        step = ops.floor(ops.add(ops.subtract(step, nought), 0.5))
        result = ops.cast(ops.multiply(step, scale), x.dtype)

        def grad(*_: Any, upstream: Any = None) -> Any:
            def where(condition: Any, end: Any = None) -> Any:
                passed = ops.where(condition, upstream, 0.0)
                if end is None:
                    return passed
                return ops.reshape(ops.sum(passed, axis=others), end.shape)

            within = ops.logical_and(
                ops.greater_equal(x, first), ops.less_equal(x, last)
            )
            return (
                where(within),
                where(ops.less_equal(x, first), low),
                where(ops.greater_equal(x, last), high),
            )

        return result, grad

    return rounded(*map(ops.convert_to_tensor, (inputs, min_vals, max_vals)))
