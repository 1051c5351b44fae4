"""Shape and dtype rules of primitive ops: from arguments to a spec.

A rule gets exactly the op's arguments, symbolic tensors, variables, arrays and
numbers among them. A size that is not known yet is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.dtypes import is_float, result_type
from dlcore.src.symbolic import Shape, Spec


def shape_of(x: Any) -> Shape:
    """Return the shape of anything an op can meet."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype_of(x: Any) -> Any:
    """Return what ``result_type`` wants: a dtype, or Python's number type."""
    if hasattr(x, "dtype"):
        return x.dtype
    if isinstance(x, bool | int | float | complex):
        return type(x)
    kind = np.asarray(x).dtype.kind
    return {"b": "bool", "i": "int32", "f": config.floatx()}.get(kind, "complex64")


def promoted(*xs: Any) -> str:
    """Return the dtype that these arguments make together."""
    return result_type(*map(dtype_of, xs))


def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape that shapes broadcast to.

    Raises
    ------
    ValueError
        If they do not broadcast together.
    """
    longest = max(map(len, shapes), default=0)
    result: list[int | None] = []
    padded = [(1,) * (longest - len(s)) + tuple(s) for s in shapes]
    for sizes in zip(*padded, strict=True):
        known = {d for d in sizes if d not in (1, None)}
        if len(known) > 1:
            raise ValueError(
                f"shapes {' and '.join(map(str, shapes))} do not broadcast together"
            )
        result.append(known.pop() if known else (None if None in sizes else 1))
    return tuple(result)


def canonical_axis(axis: int, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises
    ------
    ValueError
        If there is no such axis.
    """
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} is out of bounds for {ndim} dimensions")
    return axis % ndim


def canonical_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return all axes for None, else the given one or ones, from the front."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, list | tuple) else (axis,)
    return tuple(canonical_axis(int(a), ndim) for a in axes)


def size_of(shape: Shape) -> int | None:
    """Return the number of elements, or None if a size is not known."""
    return None if None in shape else math.prod(shape)  # type: ignore[arg-type]


def elementwise(*xs: Any) -> Spec:
    """Broadcast shape, promoted dtype."""
    return Spec(broadcast_shapes(*map(shape_of, xs)), promoted(*xs))


def floating(*xs: Any) -> Spec:
    """Broadcast shape; floating, ``floatx`` from integers."""
    return Spec(broadcast_shapes(*map(shape_of, xs)), float_of(promoted(*xs)))


def float_of(dtype: str) -> str:
    """Return the floating (or complex) dtype for an op that leaves the integers."""
    return dtype if is_float(dtype) or dtype[0] == "c" else config.floatx()


def predicate(*xs: Any) -> Spec:
    """Broadcast shape, bool."""
    return Spec(broadcast_shapes(*map(shape_of, xs)), "bool")


def same(x: Any, *args: Any, **kwargs: Any) -> Spec:
    """The first argument's shape and dtype."""
    return Spec(shape_of(x), promoted(x))


def reduced(x: Any, axis: Any, keepdims: bool) -> Shape:
    """Return the shape after a reduction over ``axis``."""
    shape = shape_of(x)
    axes = canonical_axes(axis, len(shape))
    return tuple(
        1 if i in axes else d
        for i, d in enumerate(shape)
        if keepdims or i not in axes
    )


def reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    """Axes removed, dtype kept."""
    return Spec(reduced(x, axis, keepdims), promoted(x))
