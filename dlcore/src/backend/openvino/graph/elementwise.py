"""Arithmetic, functions and comparisons, element by element.

The CPU plugin drops a NaN in maximum, minimum, clamp and relu; here they are made of
comparisons, which keep it. Comparisons of 32-bit integers, which it makes in floating
point, are in ``integers``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph import floats, integers
from dlcore.src.backend.openvino.graph.traced import (
    COMPUTED,
    SMALL,
    Untraceable,
    computed,
    const,
    cut,
    made,
    operands,
    output,
)
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.declare import REGISTRY

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name without the underscore that keeps builtins."""
    OPS[function.__name__.rstrip("_")] = function
    return function


@op
def cast(x: Any, dtype: Any) -> Any:
    dtype = standardize_dtype(dtype)
    have, node = rules.promoted(x), output(x)
    if dtype == have:
        return made(node, dtype)
    kept = SMALL.keys() | {"int32", "bool"}
    if have in COMPUTED and dtype in COMPUTED:
        if dtype == "bool":
            return made(_truth(node, have), dtype)
        if have in kept and dtype == "float32":
            return made(nodes.convert(node, "f32"), dtype)
        if have in ("float32", "bool"):
            node = nodes.convert(node, "i32")
        return cut(node, dtype)
    if have == "float64" and dtype == "float32":
        return made(node, dtype)  # was rounded on its way in
    if have in kept and dtype in ("int64", "uint32"):
        if dtype == "uint32" or have != "bool":
            return made(nodes.convert(node, "i32"), dtype)
    if have == "int64" and dtype in COMPUTED:  # its values were seen to fit
        return cast(made(node, "int32"), dtype)
    if have == "uint32" and dtype in kept - {"bool"}:
        return cut(node, dtype)
    raise Untraceable("cast", f"openvino cannot cast {have} to {dtype} without loss")


def _truth(node: Any, dtype: str) -> Any:
    if dtype == "bool":
        return node
    return nodes.not_equal(node, const(0, "float32" if dtype == "float32" else "int32"))


def truth(x: Any) -> Any:
    """Return the output of ``x`` taken for bool."""
    return output(cast(x, "bool")) if rules.promoted(x) != "bool" else output(x)


def select(condition: Any, a: Any, b: Any, dtype: str) -> Any:
    """Return a node that chooses between two outputs of a dtype."""
    whole = not (is_float(dtype) or dtype == "bool")
    return (integers.select if whole else nodes.select)(condition, a, b)


def _arithmetic(name: str, node: Any, of_bool: Any) -> None:
    def make(x1: Any, x2: Any) -> Any:
        dtype, (a, b) = operands(x1, x2)
        if dtype == "bool":
            if of_bool is None:
                raise TypeError(f"{name}: bool tensors have no {name}.")
            return made(of_bool(a, b), dtype)
        return cut(node(a, b), dtype)

    OPS[name] = make


_arithmetic("add", nodes.add, nodes.logical_or)
_arithmetic("subtract", nodes.subtract, None)
_arithmetic("multiply", nodes.multiply, nodes.logical_and)


@op
def square(x: Any) -> Any:
    x = cast(x, "int32") if rules.promoted(x) == "bool" else x
    return OPS["multiply"](x, x)


def _known(x: Any) -> bool:
    """Whether ``x`` is a number, and none that is NaN."""
    return isinstance(x, int | float) and x == x


def _extreme(name: str, of_float: Any, of_int: Any, of_bool: Any) -> None:
    def make(x1: Any, x2: Any) -> Any:
        dtype, (a, b) = operands(x1, x2, compared=True)
        if dtype == "bool":
            return made(of_bool(a, b), dtype)
        if not is_float(dtype):
            return made(of_int(a, b), dtype)
        if _known(x2):
            a, b, x1 = b, a, x2
        return made(of_float(a, b, not _known(x1)), dtype)

    OPS[name] = make


_extreme("maximum", floats.larger, nodes.maximum, nodes.logical_or)
_extreme("minimum", floats.smaller, nodes.minimum, nodes.logical_and)


def _without_nan(name: str, other: str) -> None:
    def make(x1: Any, x2: Any) -> Any:
        dtype, (a, b) = operands(x1, x2, compared=True)
        found = OPS[other](x1, x2)
        if not is_float(dtype):
            return found
        rest = nodes.select(nodes.is_nan(b), a, found.output)
        return made(nodes.select(nodes.is_nan(a), b, rest), dtype)

    OPS[name] = make


_without_nan("fmax", "maximum")
_without_nan("fmin", "minimum")


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    dtype = rules.promoted(x, x_min, x_max)
    if dtype == "bool":
        x, x_min, x_max = (cast(v, "int32") for v in (x, x_min, x_max))
    if dtype in SMALL:
        x = cast(x, dtype)
    return OPS["minimum"](
        OPS["maximum"](cast(x, rules.promoted(x, x_min)), x_min), x_max
    )


@op
def mod(x1: Any, x2: Any) -> Any:
    dtype, (a, b) = operands(x1, x2)
    if dtype == "float32":
        return made(floats.divide(a, b)[1], dtype)
    return cut(integers.divide(a, b)[1], dtype)


@op
def floor_divide(x1: Any, x2: Any) -> Any:
    dtype, (a, b) = operands(x1, x2)
    if dtype == "float32":
        return made(floats.divide(a, b)[0], dtype)
    return cut(integers.divide(a, b)[0], dtype)


@op
def fmod(x1: Any, x2: Any) -> Any:
    dtype, (a, b) = operands(x1, x2)
    if dtype == "float32":
        return made(floats.remainder(a, b), dtype)
    return cut(integers.divide(a, b, truncated=True)[1], dtype)


@op
def power(x1: Any, x2: Any) -> Any:
    dtype, (a, b) = operands(x1, x2)
    if dtype == "float32":
        return made(nodes.power(a, b), dtype)
    if dtype == "bool":
        return made(nodes.logical_or(a, nodes.logical_not(b)), dtype)
    return cut(integers.power(a, b), dtype)


@op
def divide(x1: Any, x2: Any) -> Any:
    dtype, (a, b) = operands(x1, x2, floating=True)
    return made(nodes.divide(a, b), dtype)


OPS["true_divide"] = divide


@op
def arctan2(x1: Any, x2: Any) -> Any:
    dtype, (y, x) = operands(x1, x2, floating=True)
    return made(floats.arctan2(y, x), dtype)


def _floating(name: str, node: Any) -> None:
    def make(x: Any) -> Any:
        dtype, (x,) = operands(x, floating=True)
        return made(node(x), dtype)

    OPS[name] = make


for _name, _node in {
    **{"log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos"},
    **{"tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan"},
    **{"sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh"},
    **{"arccosh": "acosh", "arctanh": "atanh", "floor": "floor", "ceil": "ceiling"},
    **{"erf": "erf", "sigmoid": "sigmoid"},
}.items():
    _floating(_name, getattr(nodes, _node))


_floating("exp", floats.exp)
_floating("expm1", floats.expm1)
_floating("log1p", floats.log1p)


def _same(name: str, of_float: Any, of_int: Any) -> None:
    def make(x: Any) -> Any:
        dtype = computed(rules.promoted(x))
        node = output(x)
        if dtype == "bool":
            if name == "negative":
                raise TypeError("negative: bool tensors have no opposite.")
            return made(node, dtype)
        return cut((of_float if is_float(dtype) else of_int)(node), dtype)

    OPS[name] = make


def _trunc(x: Any) -> Any:
    zero = const(0.0, "float32")
    return nodes.select(nodes.less(x, zero), nodes.ceiling(x), nodes.floor(x))


_same("negative", nodes.negative, nodes.negative)
_same("sign", nodes.sign, nodes.sign)
_same("absolute", nodes.absolute, nodes.absolute)
_same("trunc", _trunc, lambda x: x)
for _name in ("conjugate", "real", "stop_gradient"):
    OPS[_name] = lambda x: made(output(x), rules.promoted(x))


@op
def imag(x: Any) -> Any:
    return REGISTRY["zeros_like"].function(x)


@op
def round_(x: Any, decimals: int = 0) -> Any:
    dtype = computed(rules.promoted(x))
    if dtype == "bool":
        return cast(x, "int32")
    if dtype != "float32":
        if decimals < 0:
            raise Untraceable("round", "openvino cannot round integers to tens")
        return made(output(x), dtype)
    scale = const(10.0 ** abs(decimals), dtype)
    there, back = nodes.multiply, nodes.divide
    if decimals < 0:
        there, back = back, there
    if not decimals:
        return made(nodes.round(output(x), "half_to_even"), dtype)
    return made(
        back(nodes.round(there(output(x), scale), "half_to_even"), scale), dtype
    )


def _comparison(name: str, node: Any, of_int: Any) -> None:
    def make(x1: Any, x2: Any) -> Any:
        dtype, (a, b) = operands(x1, x2, compared=True)
        if dtype == "bool":
            a, b = nodes.convert(a, "i32"), nodes.convert(b, "i32")
        return made((of_int if dtype in ("int32", "int64") else node)(a, b), "bool")

    OPS[name] = make


_comparison("equal", nodes.equal, integers.equal)
_comparison("not_equal", nodes.not_equal, integers.not_equal)
_comparison("less", nodes.less, integers.less)
_comparison("less_equal", nodes.less_equal, integers.less_equal)
_comparison("greater", nodes.greater, lambda a, b: integers.less(b, a))
_comparison(
    "greater_equal", nodes.greater_equal, lambda a, b: integers.less_equal(b, a)
)


def _logical(name: str, node: Any) -> None:
    OPS[name] = lambda x1, x2: made(node(truth(x1), truth(x2)), "bool")


_logical("logical_and", nodes.logical_and)
_logical("logical_or", nodes.logical_or)
_logical("logical_xor", nodes.logical_xor)


@op
def logical_not(x: Any) -> Any:
    return made(nodes.logical_not(truth(x)), "bool")


def _asks(name: str, node: Any, of_int: bool) -> None:
    def make(x: Any) -> Any:
        dtype = rules.promoted(x)
        if is_float(dtype):
            return made(node(output(x, computed(dtype))), "bool")
        full = REGISTRY["full"].function
        return full(rules.shape_of(x), of_int, "bool")

    OPS[name] = make


_asks("isnan", nodes.is_nan, False)
_asks("isfinite", nodes.is_finite, True)
_asks("isinf", nodes.is_inf, False)


@op
def signbit(x: Any) -> Any:
    dtype = computed(rules.promoted(x))
    if dtype == "float32":
        return made(floats.signbit(output(x)), "bool")
    return OPS["less"](x, np.zeros((), dtype))


def _bits(name: str, node: Any, of_bool: Any) -> None:
    def make(x: Any, y: Any) -> Any:
        dtype, (a, b) = operands(x, y)
        if dtype == "float32":
            raise TypeError(f"{name}: floating numbers have no bits to combine.")
        if dtype == "bool":
            return made(of_bool(a, b), dtype)
        return cut(node(a, b), dtype)

    OPS[name] = make


_bits("bitwise_and", nodes.bitwise_and, nodes.logical_and)
_bits("bitwise_or", nodes.bitwise_or, nodes.logical_or)
_bits("bitwise_xor", nodes.bitwise_xor, nodes.logical_xor)
_bits("bitwise_left_shift", nodes.bitwise_left_shift, nodes.logical_and)
_bits("bitwise_right_shift", nodes.bitwise_right_shift, nodes.logical_and)


@op
def bitwise_not(x: Any) -> Any:
    dtype = computed(rules.promoted(x))
    if dtype == "bool":
        return logical_not(x)
    return cut(nodes.bitwise_not(output(x)), dtype)


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    if x1 is None and x2 is None:
        raise Untraceable("where", "the shape of its result depends on values")
    dtype = rules.promoted(x1, x2)
    chosen = select(truth(condition), output(x1, dtype), output(x2, dtype), dtype)
    return made(chosen, dtype)
