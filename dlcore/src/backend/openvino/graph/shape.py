"""Other shapes of the same elements."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph.traced import Untraceable, const, made, output
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.numpy import matrices, shape as declared

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__] = function
    return function


def reshaped(node: Any, shape: Any) -> Any:
    """Return an output in another shape."""
    return nodes.reshape(node, const(list(shape), "int64"), False).output(0)


def picked(x: Any, index: Any, axis: int) -> Any:
    """Return the elements of known places along an axis."""
    chosen = nodes.gather(output(x), const(index), const(axis))
    return made(chosen, rules.promoted(x))


def picked_flat(x: Any, index: Any) -> Any:
    """Return the elements of known places of the flat tensor."""
    chosen = nodes.gather(reshaped(output(x), (-1,)), const(index), const(0))
    return made(chosen, rules.promoted(x))


def places(x: Any) -> Any:
    """Return the number of each element in the flat tensor."""
    shape = rules.shape_of(x)
    return np.arange(math.prod(shape), dtype="int32").reshape(shape)


@op
def reshape(x: Any, newshape: Any) -> Any:
    spec = declared._reshape_rule(x, newshape)
    return made(reshaped(output(x), spec.shape), spec.dtype)


@op
def transpose(x: Any, axes: Any = None) -> Any:
    rank = len(rules.shape_of(x))
    order = range(rank)[::-1] if axes is None else rules.canonical_axes(axes, rank)
    declared._transpose_rule(x, axes)
    node = output(x)
    if list(order) != list(range(rank)):
        node = nodes.transpose(node, const(list(order)))
    return made(node, rules.promoted(x))


@op
def broadcast_to(x: Any, shape: Any) -> Any:
    spec = declared._broadcast_to_rule(x, shape)
    return made(nodes.broadcast(output(x), const(list(spec.shape))), spec.dtype)


@op
def concatenate(xs: Any, axis: int = 0) -> Any:
    spec = declared._concatenate_rule(xs, axis)
    axis = rules.canonical_axis(axis, len(spec.shape))
    return made(nodes.concat([output(x, spec.dtype) for x in xs], axis), spec.dtype)


@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    shape, dtype = rules.shape_of(x), rules.promoted(x)
    axis = rules.canonical_axis(axis, len(shape))
    sizes = declared.sections(shape[axis], indices_or_sections, False)
    if 0 in sizes:
        raise Untraceable("split", "one of its parts is empty")
    parts = nodes.variadic_split(output(x), const(axis), const(sizes))
    return [made(part, dtype) for part in parts.outputs()]


@op
def pad(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Any:
    declared._pad_rule(x, pad_width, mode, constant_values)
    shape, dtype = rules.shape_of(x), rules.promoted(x)
    widths = declared.pad_widths(pad_width, len(shape))
    if mode != "constant":
        for axis, width in enumerate(widths):
            if any(width):
                index = np.arange(shape[axis], dtype="int32")
                x = picked(x, np.pad(index, width, mode=mode), axis)  # type: ignore[call-overload]
        return x
    value = output(0 if constant_values is None else constant_values, dtype)
    node = output(x)
    if dtype == "bool":
        node, value = nodes.convert(node, "i32"), nodes.convert(value, "i32")
    before, after = (const([w[i] for w in widths], "int64") for i in (0, 1))
    node = nodes.pad(node, before, after, "constant", value)
    return made(nodes.not_equal(node, const(0)) if dtype == "bool" else node, dtype)


@op
def tile(x: Any, repeats: Any) -> Any:
    spec = declared._tile_rule(x, repeats)
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    return made(nodes.tile(output(x), const(repeats, "int64")), spec.dtype)


@op
def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = rules.canonical_axis(axis, len(rules.shape_of(x)))
    index = np.arange(rules.shape_of(x)[axis], dtype="int32")
    return picked(x, np.repeat(index, np.asarray(repeats)), axis)


@op
def flip(x: Any, axis: Any = None) -> Any:
    shape = rules.shape_of(x)
    for a in rules.canonical_axes(axis, len(shape)):
        x = picked(x, np.arange(shape[a], dtype="int32")[::-1], a)
    return x


@op
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return picked_flat(x, np.roll(places(x), shift))
    axes = [axis] if isinstance(axis, int) else list(axis)
    shifts = np.broadcast_to(np.asarray(shift), (len(axes),))
    for s, a in zip(shifts, axes, strict=True):
        a = rules.canonical_axis(a, len(rules.shape_of(x)))
        index = np.arange(rules.shape_of(x)[a], dtype="int32")
        x = picked(x, np.roll(index, int(s)), a)
    return x


@op
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    matrices._diagonal_rule(x, offset, axis1, axis2)
    return picked_flat(x, np.diagonal(places(x), offset, axis1, axis2))


@op
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    from dlcore.src.backend.openvino.graph.elementwise import cast

    value = cast(fill_value, standardize_dtype(dtype))
    return broadcast_to(value, shape)


def _like(name: str) -> None:
    from dlcore.src.ops.declare import REGISTRY

    plain = REGISTRY[name.removesuffix("_like")].function

    def make(x: Any, dtype: Any = None) -> Any:
        return plain(rules.shape_of(x), dtype=dtype or rules.promoted(x))

    OPS[name] = make


for _name in ("zeros_like", "ones_like", "empty_like"):
    _like(_name)


@op
def copy(x: Any) -> Any:
    return made(output(x), rules.promoted(x))
