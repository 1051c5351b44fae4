"""Sums, products, extremes and means over axes.

The CPU plugin reduces integers in single precision, and wrongly when it fuses what
follows; so integers are reduced as float32 where that is exact, else by other means.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import openvino.opset15 as nodes

from dlcore.src import config
from dlcore.src.backend.openvino.graph import integers
from dlcore.src.backend.openvino.graph.elementwise import (
    OPS as ELEMENTWISE,
    cast,
    truth,
)
from dlcore.src.backend.openvino.graph.traced import (
    SMALL,
    computed,
    const,
    cut,
    made,
    ordered,
    output,
)
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.declare import REGISTRY

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__.rstrip("_")] = function
    return function


def _axes(x: Any, axis: Any) -> list[int]:
    return sorted(rules.canonical_axes(axis, len(rules.shape_of(x))))


def _reduce(node: Any, x: Any, axes: list[int], keepdims: bool) -> Any:
    return node(x, const(axes), keepdims) if axes else x


def rows_of(x: Any, axes: list[int]) -> Any:
    """Return an output of shape (rows, n): the axes together at the end."""
    shape = tuple(x.get_partial_shape().to_shape())
    kept = [i for i in range(len(shape)) if i not in axes]
    size = math.prod(shape[i] for i in axes)
    if axes != list(range(len(kept), len(shape))):
        x = nodes.transpose(x, const([*kept, *axes]))
    return nodes.reshape(x, const([-1, size]), False).output(0)


def _back(rows: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    shape = rules.reduced(x, axis, keepdims)
    return nodes.reshape(rows, const(list(shape)).output(0), False)


@op
def sum_(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    dtype = computed(rules.promoted(x))
    axes = _axes(x, axis)
    if dtype == "float32" or not axes:
        to = rules.accumulator(dtype)
        x = cast(x, to) if to != dtype else x
        return made(_reduce(nodes.reduce_sum, output(x), axes, keepdims), to)
    return _whole_sum(x, dtype, axis, axes, keepdims)


def _whole_sum(x: Any, dtype: str, axis: Any, axes: list[int], keepdims: bool) -> Any:
    to = rules.accumulator(dtype)
    bits = 1 if dtype == "bool" else SMALL.get(dtype, (32, True))[0]
    count = math.prod(rules.shape_of(x)[i] for i in axes)
    if count << bits <= integers.EXACT:
        real = nodes.convert(output(x), "f32")
        sums = _reduce(nodes.reduce_sum, real, axes, keepdims)
        return made(nodes.convert(sums, "i32"), to)
    whole = nodes.convert(output(x), "i32").output(0)
    return made(_back(integers.total(rows_of(whole, axes)), x, axis, keepdims), to)


@op
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    have = computed(rules.promoted(x))
    to = standardize_dtype(dtype or rules.accumulator(have))
    x, axes = cast(x, to), _axes(x, axis)
    if to == "float32" or not axes:
        return cut(_reduce(nodes.reduce_prod, output(x), axes, keepdims), to)
    products = integers.product(rows_of(output(x), axes))
    return cut(_back(products, x, axis, keepdims), to)


@op
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    dtype = rules.promoted(x)
    x = x if is_float(dtype) else cast(x, config.floatx())
    dtype = computed(rules.promoted(x))
    return made(_reduce(nodes.reduce_mean, output(x), _axes(x, axis), keepdims), dtype)


def _predicate(name: str, node: Any) -> None:
    def make(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return made(_reduce(node, truth(x), _axes(x, axis), keepdims), "bool")

    OPS[name] = make


_predicate("any", nodes.reduce_logical_or)
_predicate("all", nodes.reduce_logical_and)


def _extreme(name: str, node: Any, mode: str, of_bool: Any, two: str) -> None:
    def make(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        dtype = ordered(rules.promoted(x))
        axes = _axes(x, axis)
        if initial is not None:
            found = make(x, axis, keepdims)
            return ELEMENTWISE[two](found, cast(initial, dtype))
        value = output(x)
        if not axes:
            return made(value, dtype)
        if dtype == "bool":
            return made(_reduce(of_bool, value, axes, keepdims), dtype)
        if dtype in ("int32", "int64"):
            best = nodes.topk(rows_of(value, axes), const(1), 1, mode, "value")
            return made(_back(best.output(0), x, axis, keepdims), dtype)
        if dtype != "float32":
            found = _reduce(node, nodes.convert(value, "f32"), axes, keepdims)
            return made(nodes.convert(found, "i32"), dtype)
        # The plugin's extremes leave out NaN.
        missing = nodes.is_nan(value)
        missing = _reduce(nodes.reduce_logical_or, missing, axes, keepdims)
        found = _reduce(node, value, axes, keepdims)
        return made(nodes.select(missing, const(math.nan, dtype), found), dtype)

    OPS[name] = make


_extreme("max", nodes.reduce_max, "max", nodes.reduce_logical_or, "maximum")
_extreme("min", nodes.reduce_min, "min", nodes.reduce_logical_and, "minimum")


def _index(name: str, mode: str, worst: float) -> None:
    def first(rows: Any, mode: str) -> Any:
        return nodes.topk(rows, const(1), 1, mode, "value", "i32", True).output(1)

    def make(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        dtype = ordered(rules.promoted(x))
        value = output(x)
        if dtype == "bool":
            value = nodes.convert(value, "i32").output(0)
        rows = rows_of(value, _axes(x, axis))
        if dtype == "float32":
            # The first NaN is the extreme, as in numpy.
            missing = nodes.is_nan(rows)
            rows = nodes.select(missing, const(worst, dtype), rows)
            some = nodes.reduce_logical_or(missing, const([1]), True)
            hole = first(nodes.convert(missing, "i32"), "max")
            found = integers.select(some, hole, first(rows, mode))
        else:
            found = first(rows, mode)
        return made(_back(found, x, axis, keepdims), "int32")

    OPS[name] = make


_index("argmax", "max", -math.inf)
_index("argmin", "min", math.inf)


def _flat(x: Any, axis: Any) -> tuple[Any, int]:
    if axis is None:
        return REGISTRY["reshape"].function(x, (-1,)), 0
    return x, rules.canonical_axis(axis, len(rules.shape_of(x)))


def _cumulative_dtype(x: Any, dtype: Any) -> str:
    name = standardize_dtype(dtype) if dtype else rules.promoted(x)
    return "int32" if name == "bool" else computed(name)


@op
def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    x, axis = _flat(x, axis)
    to = _cumulative_dtype(x, dtype)
    return cut(nodes.cumsum(output(cast(x, to)), const(axis)), to)


@op
def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Multiply by what stands 1, 2, 4, ... places before (Hillis and Steele, 1986)."""
    x, axis = _flat(x, axis)
    to = _cumulative_dtype(x, dtype)
    value = output(cast(x, to))
    size, distance = rules.shape_of(x)[axis], 1
    while distance < size:
        earlier = nodes.slice(
            value, const([0]), const([size - distance]), const([1]), const([axis])
        )
        begin = [distance if i == axis else 0 for i in range(len(rules.shape_of(x)))]
        one = const(1, "float32" if to == "float32" else "int32")
        none = const([0] * len(begin))
        earlier = nodes.pad(earlier, const(begin), none, "constant", one)
        value = nodes.multiply(value, earlier)
        distance *= 2
    return cut(value, to)
