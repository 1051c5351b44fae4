"""Exact arithmetic of 32-bit integers.

The CPU plugin adds, multiplies, shifts and combines bits of integers exactly; it
compares, selects, divides, sums up and multiplies matrices of them in single precision,
wrong beyond 2**24. Here the latter are made of the former.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph.traced import const


def not_equal(a: Any, b: Any) -> Any:
    """Whether two outputs differ: no other bit pattern than 0 becomes 0.0."""
    return nodes.not_equal(nodes.bitwise_xor(a, b), const(0))


def equal(a: Any, b: Any) -> Any:
    """Whether two outputs are equal."""
    return nodes.equal(nodes.bitwise_xor(a, b), const(0))


def less(a: Any, b: Any) -> Any:
    """Whether ``a < b``: the larger one is not ``a``."""
    return not_equal(nodes.maximum(a, b), a)


def less_equal(a: Any, b: Any) -> Any:
    """Whether ``a <= b``: the larger one is ``b``."""
    return equal(nodes.maximum(a, b), b)


def select(condition: Any, a: Any, b: Any) -> Any:
    """Return ``a`` where the condition holds, else ``b``: its bits are a mask."""
    mask = nodes.negative(nodes.convert(condition, "i32"))
    return nodes.bitwise_xor(b, nodes.bitwise_and(mask, nodes.bitwise_xor(a, b)))


def divide(a: Any, b: Any, truncated: bool = False) -> tuple[Any, Any]:
    """Return quotient and remainder, rounded down or towards zero.

    A quotient in single precision is off by up to 2**8; dividing what remains again
    makes it exact. It is rounded, since the plugin's 3 / 3 may be just below 1.
    """
    zero = const(0)
    real_b = nodes.convert(b, "f32")
    quotient, rest = None, a
    for _ in range(3):
        ratio = nodes.divide(nodes.convert(rest, "f32"), real_b)
        step = nodes.convert(nodes.round(ratio, "half_to_even"), "i32")
        quotient = step if quotient is None else nodes.add(quotient, step)
        rest = nodes.subtract(a, nodes.multiply(quotient, b))
    # The remainder is at most half the divisor now, with either sign.
    wanted = a if truncated else b
    sign = nodes.bitwise_xor(rest, wanted)
    other_sign = nodes.logical_and(nodes.less(sign, zero), nodes.not_equal(rest, zero))
    # One more of the divisor, in the direction of the wanted sign.
    towards = select(
        nodes.less(nodes.bitwise_xor(b, wanted), zero), const(-1), const(1)
    )
    towards = select(other_sign, towards, zero)
    quotient = nodes.subtract(quotient, towards)
    rest = nodes.add(rest, nodes.multiply(towards, b))
    # By zero: zero, as numpy has it.
    none = nodes.equal(b, zero)
    return select(none, zero, quotient), select(none, zero, rest)


def power(a: Any, b: Any) -> Any:
    """Return ``a ** b`` for ``b >= 0``, by squaring."""
    result: Any = const(1)
    for bit in range(31):
        odd = nodes.bitwise_and(nodes.bitwise_right_shift(b, const(bit)), const(1))
        taken = nodes.multiply(result, a)
        result = select(nodes.not_equal(odd, const(0)), taken, result)
        a = nodes.multiply(a, a)
    return result


def total(rows: Any) -> Any:
    """Return the sums over the last axis of an output of shape (rows, n)."""
    size = rows.get_partial_shape()[1].get_length()
    sums = nodes.cumsum(rows, const(1))
    return nodes.gather(sums, const(size - 1), const(1))


def product(rows: Any) -> Any:
    """Return the products over the last axis of an output of shape (rows, n)."""
    size = rows.get_partial_shape()[1].get_length()
    while size > 1:
        half = size // 2
        first, second, *rest = nodes.variadic_split(
            rows, const(1), const([half, half, size % 2][: 2 + size % 2])
        ).outputs()
        rows = nodes.multiply(first, second).output(0)
        rows = nodes.concat([rows, *rest], 1).output(0) if rest else rows
        size = half + len(rest)
    return rows


def matmul(a: Any, b: Any) -> Any:
    """Return the matrix product of outputs of shapes (..., n, k) and (..., k, m)."""
    left = nodes.unsqueeze(a, const(-1))
    right = nodes.unsqueeze(b, const(-3))
    products = nodes.multiply(left, right).output(0)  # (..., n, k, m)
    shape = tuple(products.get_partial_shape().to_shape())
    rank = len(shape)
    order = [*range(rank - 2), rank - 1, rank - 2]
    rows = nodes.transpose(products, const(order))
    rows = nodes.reshape(rows, const([-1, shape[-2]]), False).output(0)
    lead = [*shape[:-2], shape[-1]]
    return nodes.reshape(total(rows), const(lead), False)


#: Below this size sums in single precision are exact.
EXACT = 1 << np.finfo("float32").nmant + 1
