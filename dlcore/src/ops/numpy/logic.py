"""Comparisons, logic, bits."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.declare import derived, primitive


@primitive(rules.predicate)
def equal(x1: Any, x2: Any) -> Any:
    """``x1 == x2``, element by element."""


@primitive(rules.predicate)
def not_equal(x1: Any, x2: Any) -> Any:
    """``x1 != x2``, element by element."""


@primitive(rules.predicate)
def less(x1: Any, x2: Any) -> Any:
    """``x1 < x2``, element by element."""


@primitive(rules.predicate)
def less_equal(x1: Any, x2: Any) -> Any:
    """``x1 <= x2``, element by element."""


@primitive(rules.predicate)
def greater(x1: Any, x2: Any) -> Any:
    """``x1 > x2``, element by element."""


@primitive(rules.predicate)
def greater_equal(x1: Any, x2: Any) -> Any:
    """``x1 >= x2``, element by element."""


@primitive(rules.predicate)
def logical_and(x1: Any, x2: Any) -> Any:
    """Whether both are true (not zero)."""


@primitive(rules.predicate)
def logical_or(x1: Any, x2: Any) -> Any:
    """Whether one of both is true (not zero)."""


@primitive(rules.predicate)
def logical_xor(x1: Any, x2: Any) -> Any:
    """Whether exactly one is true (not zero)."""


@primitive(rules.predicate)
def logical_not(x: Any) -> Any:
    """Whether it is false (zero)."""


@primitive(rules.predicate)
def isnan(x: Any) -> Any:
    """Whether it is no number."""


@primitive(rules.predicate)
def isfinite(x: Any) -> Any:
    """Whether it is neither infinite nor NaN."""


@primitive(rules.predicate)
def isinf(x: Any) -> Any:
    """Whether it is plus or minus infinity."""


@primitive(rules.predicate)
def signbit(x: Any) -> Any:
    """Whether the sign bit is set: negative numbers and minus zero."""


@primitive(rules.elementwise)
def bitwise_and(x: Any, y: Any) -> Any:
    """Bits set in both integers."""


@primitive(rules.elementwise)
def bitwise_or(x: Any, y: Any) -> Any:
    """Bits set in one of both integers."""


@primitive(rules.elementwise)
def bitwise_xor(x: Any, y: Any) -> Any:
    """Bits set in exactly one of both integers."""


@primitive(rules.elementwise)
def bitwise_left_shift(x: Any, y: Any) -> Any:
    """Shift the bits of ``x`` to the left by ``y``."""


@primitive(rules.elementwise)
def bitwise_right_shift(x: Any, y: Any) -> Any:
    """Shift the bits of ``x`` to the right by ``y``, keeping the sign."""


@primitive(rules.same)
def bitwise_not(x: Any) -> Any:
    """Flip the bits of integers."""


@derived
def bitwise_invert(x: Any) -> Any:
    """Alias of ``bitwise_not``."""
    return bitwise_not(x)


@derived
def left_shift(x: Any, y: Any) -> Any:
    """Alias of ``bitwise_left_shift``."""
    return bitwise_left_shift(x, y)


@derived
def right_shift(x: Any, y: Any) -> Any:
    """Alias of ``bitwise_right_shift``."""
    return bitwise_right_shift(x, y)


@derived
def isposinf(x: Any) -> Any:
    """Whether it is plus infinity."""
    return equal(x, math.inf)


@derived
def isneginf(x: Any) -> Any:
    """Whether it is minus infinity."""
    return equal(x, -math.inf)
