"""Shape and dtype rules of primitive ops: from arguments to a spec.

A rule gets exactly the op's arguments, symbolic tensors, variables, arrays and
numbers among them. A size that is not known yet is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src import backend as backends, config
from dlcore.src.dtypes import is_float, result_type, standardize_dtype
from dlcore.src.symbolic import Shape, Spec


def shape_of(x: Any) -> tuple[int | Any, ...]:
    """Return the shape of anything an op can meet.

    A size is None where it is open; only the caller knows which ones may be.
    """
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype_of(x: Any) -> Any:
    """Return what ``result_type`` wants: a dtype, or Python's number type."""
    if hasattr(x, "dtype"):
        return x.dtype
    if isinstance(x, bool | int | float | complex):
        return type(x)
    if isinstance(x, type):
        return x
    kind = np.asarray(x).dtype.kind
    kinds = {"b": "bool", "i": "int32", "f": config.floatx(), "c": "complex64"}
    if kind not in kinds and kind not in "US":
        raise TypeError(f"{x!r} is no tensor")
    return kinds.get(kind, "string")


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
                f"shapes {' and '.join(map(str, shapes))} do not broadcast together: "
                "counted from the last axis, sizes must be equal or 1"
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
        raise ValueError(
            f"axis {axis} is out of bounds for {ndim} dimensions"
            + (f": it can be {-ndim} to {ndim - 1}" if ndim else "")
        )
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


Rule = Callable[..., Any]


def _returns(sentence: str) -> Callable[[Rule], Rule]:
    """Give a rule the sentence on the result that its ops' docstrings get."""

    def mark(rule: Rule) -> Rule:
        rule.returns = sentence  # type: ignore[attr-defined]
        return rule

    return mark


def float_of(dtype: str) -> str:
    """Return the floating (or complex) dtype for an op that leaves the integers."""
    return dtype if is_float(dtype) or dtype[0] == "c" else config.floatx()


@_returns("Of the broadcast shape and the promoted dtype.")
def elementwise(*xs: Any) -> Spec:
    """Broadcast shape, promoted dtype."""
    return Spec(broadcast_shapes(*map(shape_of, xs)), promoted(*xs))


@_returns("Of the broadcast shape; floating, ``floatx()`` for integers.")
def floating(*xs: Any) -> Spec:
    """Broadcast shape; floating, ``floatx`` from integers."""
    return Spec(broadcast_shapes(*map(shape_of, xs)), float_of(promoted(*xs)))


@_returns("Of the broadcast shape; bool.")
def predicate(*xs: Any) -> Spec:
    """Broadcast shape, bool."""
    return Spec(broadcast_shapes(*map(shape_of, xs)), "bool")


@_returns("Of the shape and dtype of the first argument.")
def same(x: Any, *args: Any, **kwargs: Any) -> Spec:
    """Return the first argument's shape and dtype."""
    return Spec(shape_of(x), promoted(x))


@_returns("Of the shape of the first argument; floating.")
def same_float(x: Any, *args: Any, **kwargs: Any) -> Spec:
    """Return the first argument's shape; floating."""
    return Spec(shape_of(x), float_of(promoted(x)))


@_returns("Of the shape of the argument; real.")
def real_of(x: Any) -> Spec:
    """Return the first argument's shape; complex numbers become real ones."""
    dtype = promoted(x)
    return Spec(shape_of(x), REAL.get(dtype, dtype))


REAL = {"complex64": "float32", "complex128": "float64"}


def reduced(x: Any, axis: Any, keepdims: bool) -> Shape:
    """Return the shape after a reduction over ``axis``."""
    shape = shape_of(x)
    axes = canonical_axes(axis, len(shape))
    return tuple(
        1 if i in axes else d for i, d in enumerate(shape) if keepdims or i not in axes
    )


@_returns("Without the reduced axes; of the same dtype.")
def reduction(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Spec:
    """Axes removed, dtype kept."""
    return Spec(reduced(x, axis, keepdims), promoted(x))


def accumulator(dtype: str) -> str:
    """Return the dtype in which numbers are added up or multiplied together.

    Small unsigned ones in uint32, but where a backend does not compute with it.
    """
    if dtype in ("bool", "int8", "int16"):
        return "int32"
    if dtype in ("uint8", "uint16"):
        return getattr(backends.current().runtime, "SUM_OF_UNSIGNED", "uint32")
    return dtype


@_returns("Without the reduced axes; small integers are added up as 32-bit ones.")
def sum_reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    """Axes removed, accumulator's dtype."""
    return Spec(reduced(x, axis, keepdims), accumulator(promoted(x)))


@_returns("Without the reduced axes; floating.")
def float_reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    """Axes removed; floating."""
    return Spec(reduced(x, axis, keepdims), float_of(promoted(x)))


@_returns("Without the reduced axes; floating and real.")
def real_reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    """Axes removed; floating and real."""
    dtype = float_of(promoted(x))
    return Spec(reduced(x, axis, keepdims), REAL.get(dtype, dtype))


@_returns("Without the reduced axes; bool.")
def bool_reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    """Axes removed; bool."""
    return Spec(reduced(x, axis, keepdims), "bool")


@_returns("Without the reduced axis; int32.")
def index_reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    """Axes removed; int32."""
    return Spec(reduced(x, axis, keepdims), "int32")


@_returns("Of the given shape.")
def created(shape: Any, *args: Any, dtype: Any = None) -> Spec:
    """Return the shape and dtype that are asked for."""
    shape = (shape,) if isinstance(shape, int) else shape
    return Spec(shape, standardize_dtype(dtype))


def times(*sizes: int | None) -> int | None:
    """Return the product of sizes, None if one is not known."""
    return None if None in sizes else math.prod(sizes)  # type: ignore[arg-type]


def same_sizes(one: int | None, two: int | None) -> bool:
    """Whether two sizes may be equal."""
    return one is None or two is None or one == two
