"""Order. NaN comes last, as in numpy; the plugin's sort leaves it anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph.shape import reshaped
from dlcore.src.backend.openvino.graph.traced import const, made, ordered, output
from dlcore.src.ops import rules
from dlcore.src.ops.numpy import sorting as declared

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__] = function
    return function


def _ordered(node: Any, axis: int, mode: str, count: int) -> Any:
    return nodes.topk(node, const(count), axis, mode, "value", "i32", True)


def _prepared(x: Any, axis: Any) -> tuple[str, Any, int, int]:
    """Return dtype, output, axis, and the axis' size."""
    dtype = ordered(rules.promoted(x))
    node = output(x)
    if dtype == "bool":
        node = nodes.convert(node, "i32").output(0)
    if axis is None:
        node, axis = reshaped(node, (-1,)), 0
    shape = node.get_partial_shape().to_shape()
    axis = rules.canonical_axis(axis, len(shape))
    return dtype, node, axis, shape[axis]


@op
def sort(x: Any, axis: Any = -1) -> Any:
    dtype, node, axis, size = _prepared(x, axis)
    if dtype != "float32":
        found = _ordered(node, axis, "min", size).output(0)
        return made(
            nodes.not_equal(found, const(0)) if dtype == "bool" else found, dtype
        )
    missing = nodes.is_nan(node)
    found = nodes.select(missing, const(math.inf, dtype), node)
    found = _ordered(found, axis, "min", size).output(0)
    # As many NaN as there were take the last places.
    holes = nodes.reduce_sum(nodes.convert(missing, "f32"), const([axis]), True)
    rank = len(node.get_partial_shape())
    place = np.arange(size).reshape([size if i == axis else 1 for i in range(rank)])
    left = nodes.subtract(const(size, dtype), holes)
    late = nodes.greater_equal(const(place, dtype), left)
    return made(nodes.select(late, const(math.nan, dtype), found), dtype)


@op
def argsort(x: Any, axis: Any = -1) -> Any:
    dtype, node, axis, size = _prepared(x, axis)
    if dtype != "float32":
        return made(_ordered(node, axis, "min", size).output(1), "int32")
    missing = nodes.is_nan(node)
    order = nodes.select(missing, const(math.inf, dtype), node)
    order = _ordered(order, axis, "min", size).output(1)
    # NaN after the infinities: a second, stable sort by "is it NaN".
    late = nodes.gather_elements(nodes.convert(missing, "i32"), order, axis)
    late = _ordered(late, axis, "min", size).output(1)
    return made(nodes.gather_elements(order, late, axis), "int32")


@op
def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    dtype, node, axis, _ = _prepared(x, -1)
    key = node
    if dtype == "float32":
        key = nodes.select(nodes.is_nan(node), const(-math.inf, dtype), node)
    index = _ordered(key, axis, "max", k).output(1)
    values = nodes.gather_elements(node, index, axis)
    if dtype == "bool":
        values = nodes.not_equal(values, const(0))
    return made(values, dtype), made(index, "int32")


@op
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Count the elements before each value."""
    declared._searchsorted_rule(sorted_sequence, values, side)
    from dlcore.src.ops.numpy.logic import less, less_equal
    from dlcore.src.ops.numpy.reduction import sum as sum_
    from dlcore.src.ops.numpy.shape import expand_dims

    before = less if side == "left" else less_equal
    return sum_(before(sorted_sequence, expand_dims(values, -1)), -1)
