"""Python's operators, for symbolic tensors and variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.src.ops.declare import REGISTRY
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import Variable

_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARISON = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
#: Of variables only: symbolic tensors are compared as objects.
_EQUALITY = {"eq": "equal", "ne": "not_equal"}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}


def _binary(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: op(a, b)


def _reflected(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: op(b, a)


def _unary(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a: op(a)


def install() -> None:
    """Give symbolic tensors and variables their operators."""
    for kind in (KerasTensor, Variable):
        for name, op in {**_BINARY, **_COMPARISON, "getitem": "get_item"}.items():
            setattr(kind, f"__{name}__", _binary(REGISTRY[op].function))
        for name, op in _BINARY.items():
            setattr(kind, f"__r{name}__", _reflected(REGISTRY[op].function))
        for name, op in _UNARY.items():
            setattr(kind, f"__{name}__", _unary(REGISTRY[op].function))
        rounded = REGISTRY["round"].function
        kind.__round__ = (  # type: ignore[union-attr]
            lambda x, decimals=None, r=rounded: r(x, decimals or 0)
        )
    for name, op in _EQUALITY.items():
        setattr(Variable, f"__{name}__", _binary(REGISTRY[op].function))
    Variable.__pos__ = lambda self: self.value  # type: ignore[operator]
