"""Ops with numpy's names and meaning."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.symbolic import Spec


@primitive(rules.elementwise)
def add(x1: Any, x2: Any) -> Any:
    """Sum, element by element.

    Parameters
    ----------
    x1, x2 : tensor or number
        Of shapes that broadcast together.

    Returns
    -------
    tensor
        Of the broadcast shape and the promoted dtype.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.convert_to_numpy(ops.add([1.0, 2.0], 3.0))
    array([4., 5.], dtype=float32)
    """


@primitive(rules.elementwise)
def subtract(x1: Any, x2: Any) -> Any:
    """Difference, element by element."""


@primitive(rules.elementwise)
def multiply(x1: Any, x2: Any) -> Any:
    """Product, element by element."""


@primitive(rules.floating)
def divide(x1: Any, x2: Any) -> Any:
    """Quotient, element by element; floating even for integers."""


@primitive(rules.elementwise)
def maximum(x1: Any, x2: Any) -> Any:
    """The larger one, element by element."""


@primitive(rules.floating)
def exp(x: Any) -> Any:
    """Exponential function."""


@primitive(rules.floating)
def log1p(x: Any) -> Any:
    """``log(1 + x)``, exact for small ``x``."""


@primitive(rules.same)
def absolute(x: Any) -> Any:
    """Absolute value."""


@primitive(rules.same)
def negative(x: Any) -> Any:
    """The opposite number."""


@derived
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
    high = maximum(x1, x2)
    return add(high, log1p(exp(negative(absolute(subtract(x1, x2))))))


def _sum_rule(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    dtype = rules.promoted(x)
    small = {"bool": "int32", "int8": "int32", "int16": "int32"}
    unsigned = {"uint8": "uint32", "uint16": "uint32"}
    dtype = small.get(dtype, unsigned.get(dtype, dtype))
    return Spec(rules.reduced(x, axis, keepdims), dtype)


@primitive(_sum_rule)
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum over ``axis``; small integers are added up as 32-bit ones."""
