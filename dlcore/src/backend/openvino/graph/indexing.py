"""Choosing and replacing elements."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph import integers
from dlcore.src.backend.openvino.graph.elementwise import select
from dlcore.src.backend.openvino.graph.shape import (
    picked_flat,
    places,
    reshaped,
)
from dlcore.src.backend.openvino.graph.traced import (
    Traced,
    Untraceable,
    const,
    made,
    output,
)
from dlcore.src.backend.openvino.tensor import Tensor
from dlcore.src.ops import core, rules
from dlcore.src.ops.numpy import indexing as declared
from dlcore.src.variable import Variable

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__] = function
    return function


def index_of(indices: Any, size: int) -> Any:
    """Return the output of int32 indices that count from the front."""
    dtype = rules.promoted(indices)
    if dtype == "bool" or dtype.startswith(("float", "bfloat")):
        raise IndexError(f"indices must be integers, got {dtype}")
    node = output(indices, "int32")
    if type(indices) is Traced or _negative(indices):
        below = nodes.less(node, const(0))
        node = integers.select(below, nodes.add(node, const(size)), node)
    return node


def _negative(indices: Any) -> bool:
    return bool((np.asarray(indices) < 0).any())


@op
def get_item(x: Any, key: Any) -> Any:
    keys = list(key) if isinstance(key, tuple) else [key]
    keys = [k.value if type(k) is Variable else k for k in keys]
    if any(type(k) is Traced for k in keys):
        return _traced_item(x, keys)
    keys = [k.array if type(k) is Tensor else k for k in keys]
    simple = (int, np.integer, builtins.slice, type(None), type(Ellipsis))
    if not all(isinstance(k, simple) and not isinstance(k, bool) for k in keys):
        return picked_flat(x, places(x)[_native(keys)])
    spec = core._get_item_rule(x, tuple(keys))
    if 0 in spec.shape:
        raise Untraceable("get_item", "its result is empty")
    node = output(x)
    shape = rules.shape_of(x)
    used = sum(k is not None and k is not Ellipsis for k in keys)
    starts, stops, steps, axes = [], [], [], []
    axis = 0
    for k in keys:
        if k is None:
            continue
        if k is Ellipsis:
            axis += len(shape) - used
            continue
        if isinstance(k, builtins.slice):
            visited = range(*k.indices(shape[axis]))
        else:
            i = rules.canonical_axis(int(k), shape[axis])
            visited = range(i, i + 1)
        if visited != range(shape[axis]):
            starts.append(visited.start)
            # An end before the first element has no number: it would count from
            # the end.
            stops.append(visited.stop if visited.stop >= 0 else -(shape[axis] + 1))
            steps.append(visited.step)
            axes.append(axis)
        axis += 1
    if axes:
        node = nodes.slice(
            node,
            *(const(v, "int64") for v in (starts, stops, steps, axes)),
        )
    return made(reshaped(node, spec.shape), spec.dtype)


def _native(keys: list[Any]) -> tuple[Any, ...]:
    return tuple(np.asarray(k) if isinstance(k, list) else k for k in keys)


def _traced_item(x: Any, keys: list[Any]) -> Any:
    """Choose by tensors whose values are not known yet."""
    if any(type(k) is Traced and k.dtype == "bool" for k in keys):
        raise Untraceable("get_item", "how many elements a mask holds is not known")
    shape, dtype = rules.shape_of(x), rules.promoted(x)
    used = sum(k is not None and k is not Ellipsis for k in keys)
    if Ellipsis in [k for k in keys if type(k) is type(Ellipsis)]:
        at = next(i for i, k in enumerate(keys) if k is Ellipsis)
        gap = [builtins.slice(None)] * (len(shape) - used)
        keys = [*keys[:at], *gap, *keys[at + 1 :]]
    arrays = [i for i, k in enumerate(keys) if _is_index(k)]
    if len(arrays) == 1 and None not in [k for k in keys if k is None]:
        (axis,) = arrays
        plain = [builtins.slice(None) if i == axis else k for i, k in enumerate(keys)]
        x = get_item(x, tuple(plain))
        return take(x, keys[axis], axis)
    if arrays != list(range(len(keys))):
        raise Untraceable("get_item", "this mix of indices has no form in a graph")
    # All leading axes have an index: number the elements through.
    flat: Any = None
    for k, size in zip(keys, shape, strict=False):
        k = index_of(k, size)
        flat = k if flat is None else nodes.add(nodes.multiply(flat, const(size)), k)
    lead = math.prod(shape[: len(keys)])
    rows = reshaped(output(x), (lead, *shape[len(keys) :]))
    return made(nodes.gather(rows, flat, const(0)), dtype)


def _is_index(k: Any) -> bool:
    return k is not None and not isinstance(k, builtins.slice)


@op
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    node, shape = output(x), rules.shape_of(x)
    if axis is None:
        node, shape, axis = reshaped(node, (-1,)), (math.prod(shape),), 0
    axis = rules.canonical_axis(axis, len(shape))
    chosen = nodes.gather(node, index_of(indices, shape[axis]), const(axis))
    return made(chosen, rules.promoted(x))


@op
def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    spec = declared._take_along_axis_rule(x, indices, axis)
    shape, chosen = rules.shape_of(x), rules.shape_of(indices)
    node = output(x)
    if axis is None:
        size = math.prod(shape)
        index = reshaped(index_of(indices, size), (-1,))
        return made(nodes.gather(reshaped(node, (-1,)), index, const(0)), spec.dtype)
    axis = rules.canonical_axis(axis, len(shape))
    index = index_of(indices, shape[axis])
    others = list(spec.shape)
    wanted = [d if i != axis else shape[axis] for i, d in enumerate(others)]
    if list(shape) != wanted:
        node = nodes.broadcast(node, const(wanted))
    if list(chosen) != others:
        index = nodes.broadcast(index, const(others))
    return made(nodes.gather_elements(node, index, axis), spec.dtype)


def _begin(start: Any, size: int, count: int) -> Any:
    """Return a start, a number or an output, within its bounds."""
    if type(start) is not Traced:
        return int(start)
    node = nodes.maximum(reshaped(output(start, "int32"), ()), const(0))
    return nodes.minimum(node, const(size - count))


@op
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    sizes = rules.shape_of(inputs)
    x = inputs
    for axis, (start, count, size) in enumerate(
        zip(start_indices, shape, sizes, strict=True)
    ):
        if count == -1:
            count = size - int(start)
        begin = _begin(start, size, count)
        if type(begin) is int:
            key = (*[builtins.slice(None)] * axis, builtins.slice(begin, begin + count))
            x = core.get_item(x, key)
        else:
            index = nodes.add(const(np.arange(count)), begin)
            x = made(nodes.gather(output(x), index, const(axis)), rules.promoted(x))
    return x


@op
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    dtype, sizes = rules.promoted(inputs), rules.shape_of(inputs)
    node, inside = output(updates, dtype), None
    for axis, (start, count, size) in enumerate(
        zip(start_indices, rules.shape_of(updates), sizes, strict=True)
    ):
        if count == size:
            continue
        begin = _begin(start, size, count)
        begin = const(begin) if type(begin) is int else begin
        place = nodes.subtract(const(np.arange(size)), begin)
        here = nodes.logical_and(
            nodes.greater_equal(place, const(0)), nodes.less(place, const(count))
        )
        index = nodes.minimum(nodes.maximum(place, const(0)), const(count - 1))
        node = nodes.gather(node, index, const(axis))
        here = reshaped(here, [size if i == axis else 1 for i in range(len(sizes))])
        inside = here if inside is None else nodes.logical_and(inside, here)
    if inside is None:
        return made(node, dtype)
    return made(select(inside, node, output(inputs), dtype), dtype)


_REDUCTIONS = {None: "none", "add": "sum", "mul": "prod", "max": "max", "min": "min"}


@op
def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: Any = None
) -> Any:
    core._scatter_update_rule(inputs, indices, updates, reduction)
    dtype, shape = rules.promoted(inputs), rules.shape_of(inputs)
    depth = rules.shape_of(indices)[-1]
    node = output(indices, "int32")
    sizes = const(list(shape[:depth]))
    below = nodes.less(node, const(0))
    node = integers.select(below, nodes.add(node, sizes), node)
    result = nodes.scatter_nd_update(
        output(inputs), node, output(updates, dtype), _REDUCTIONS[reduction]
    )
    return made(result, dtype)
