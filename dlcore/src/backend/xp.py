"""Ops shared by the libraries that speak numpy: numpy and jax.

``fill(namespace, xp, convert, native)`` puts into a backend's file what needs no code
of its own; the file keeps only what differs.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.dtypes import is_float, result_type, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.numpy.creation import arange_dtype
from dlcore.src.ops.numpy.indexing import _where_rule
from dlcore.src.ops.numpy.shape import (
    _reshape_rule,
    check_constant,
    pad_widths,
    sections,
)

_NUMBERS = (int, float)


def fill(
    namespace: dict[str, Any],
    xp: ModuleType,
    convert: Callable[..., Any],
    native: Callable[[str], Any],
) -> None:
    """Put the shared ops under each name that the file does not define."""
    for table in (_reductions, _shapes, _creation, _others):
        for name, function in table(xp, convert, native).items():
            namespace.setdefault(name, function)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _reductions(xp: Any, convert: Any, native: Any) -> dict[str, Any]:
    def accumulating(fn: Any) -> Any:
        def op(
            x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None
        ) -> Any:
            x = convert(x)
            # jax accumulates small integers as the rule says.
            if dtype is None and (xp is not np or x.dtype.kind == "f"):
                return fn(x, axis=_axes(axis), keepdims=keepdims)
            dtype = standardize_dtype(dtype or rules.accumulator(_name(x)))
            return fn(x, axis=_axes(axis), keepdims=keepdims, dtype=native(dtype))

        return op

    def floating(fn: Any) -> Any:
        def op(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            x = convert(x)
            if x.dtype.kind == "f" and x.dtype.itemsize > 2:
                return fn(x, axis=_axes(axis), keepdims=keepdims)
            name = _name(x)
            if not (is_float(name) or name[0] == "c"):
                x = x.astype(native(config.floatx()))
            if x.dtype.itemsize > 2:
                return fn(x, axis=_axes(axis), keepdims=keepdims)
            # Sums of half precision are kept in single.
            wide = fn(x.astype("float32"), axis=_axes(axis), keepdims=keepdims)
            return wide.astype(x.dtype)

        return op

    def predicate(fn: Any) -> Any:
        return lambda x, axis=None, keepdims=False: fn(
            convert(x), axis=_axes(axis), keepdims=keepdims
        )

    def extreme(fn: Any) -> Any:
        def op(
            x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
        ) -> Any:
            more = {} if initial is None else {"initial": initial}
            return fn(convert(x), axis=_axes(axis), keepdims=keepdims, **more)

        return op

    def index(fn: Any) -> Any:
        def op(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            return fn(convert(x), axis=axis, keepdims=keepdims).astype("int32")

        return op

    def cumulative(fn: Any) -> Any:
        def op(x: Any, axis: Any = None, dtype: Any = None) -> Any:
            x = convert(x)
            name = standardize_dtype(dtype) if dtype else _name(x)
            return fn(x, axis=axis, dtype=native("int32" if name == "bool" else name))

        return op

    return {
        "sum": accumulating(np.add.reduce if xp is np else xp.sum),
        "prod": accumulating(xp.prod),
        "mean": floating(xp.mean),
        "var": floating(xp.var),
        "std": floating(xp.std),
        "any": predicate(xp.any),
        "all": predicate(xp.all),
        "max": extreme(xp.max),
        "min": extreme(xp.min),
        "argmax": index(xp.argmax),
        "argmin": index(xp.argmin),
        "cumsum": cumulative(xp.cumsum),
        "cumprod": cumulative(xp.cumprod),
    }


def _name(x: Any) -> str:
    return standardize_dtype(x.dtype)


def _shapes(xp: Any, convert: Any, native: Any) -> dict[str, Any]:
    def joined(xs: Any) -> list[Any]:
        arrays = [convert(x) for x in xs]
        if len({a.dtype for a in arrays}) == 1:
            return arrays
        dtype = native(result_type(*(a.dtype for a in arrays)))
        return [a.astype(dtype) for a in arrays]

    def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
        x = convert(x)
        if not isinstance(indices_or_sections, int):
            indices_or_sections = [int(i) for i in indices_or_sections]
        sections(x.shape[axis], indices_or_sections, False)
        return list(xp.split(x, indices_or_sections, axis))

    def pad(
        x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
    ) -> Any:
        x = convert(x)
        widths = pad_widths(pad_width, x.ndim)
        if mode != "constant":
            check_constant(mode, constant_values)
            return xp.pad(x, widths, mode=mode)
        return xp.pad(
            x, widths, constant_values=0 if constant_values is None else constant_values
        )

    def reshape(x: Any, newshape: Any) -> Any:
        # numpy takes every negative size for -1: the rule says what is wrong.
        if type(newshape) is tuple and newshape and min(newshape) < -1:
            _reshape_rule(x, newshape)
        return xp.reshape(convert(x), newshape)

    def squeeze(x: Any, axis: Any = None) -> Any:
        return xp.squeeze(convert(x), axis=_axes(axis))

    return {
        "reshape": reshape,
        "transpose": lambda x, axes=None: xp.transpose(convert(x), axes=axes),
        "broadcast_to": lambda x, shape: xp.broadcast_to(convert(x), shape),
        "expand_dims": lambda x, axis: xp.expand_dims(convert(x), _axes(axis)),
        "squeeze": squeeze,
        "moveaxis": lambda x, source, destination: xp.moveaxis(
            convert(x), source, destination
        ),
        "swapaxes": lambda x, axis1, axis2: xp.swapaxes(convert(x), axis1, axis2),
        "concatenate": lambda xs, axis=0: xp.concatenate(joined(xs), axis=axis),
        "stack": lambda x, axis=0: xp.stack(joined(x), axis=axis),
        "split": split,
        "pad": pad,
        "tile": lambda x, repeats: xp.tile(convert(x), repeats),
        "flip": lambda x, axis=None: xp.flip(convert(x), axis=_axes(axis)),
        "roll": lambda x, shift, axis=None: xp.roll(convert(x), shift, axis=axis),
        "diagonal": lambda x, offset=0, axis1=0, axis2=1: xp.diagonal(
            convert(x), offset, axis1, axis2
        ),
        "tril": lambda x, k=0: xp.tril(convert(x), k),
        "triu": lambda x, k=0: xp.triu(convert(x), k),
    }


def _creation(xp: Any, convert: Any, native: Any) -> dict[str, Any]:
    def arange(
        start: Any, stop: Any = None, step: Any = None, dtype: Any = None
    ) -> Any:
        name = arange_dtype(start, stop, step, dtype)
        first, last = (0, start) if stop is None else (start, stop)
        return xp.arange(first, last, 1 if step is None else step, dtype=native(name))

    def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
        return xp.full(shape, fill_value, dtype=native(standardize_dtype(dtype)))

    def plain(fn: Any) -> Any:
        return lambda shape, dtype=None: fn(
            shape, dtype=native(standardize_dtype(dtype))
        )

    def like(fn: Any) -> Any:
        def op(x: Any, dtype: Any = None) -> Any:
            return fn(convert(x), dtype=dtype and native(standardize_dtype(dtype)))

        return op

    return {
        "arange": arange,
        "full": full,
        "zeros": plain(xp.zeros),
        "ones": plain(xp.ones),
        "empty": plain(xp.empty),
        "zeros_like": like(xp.zeros_like),
        "ones_like": like(xp.ones_like),
        "empty_like": like(xp.empty_like),
    }


def _others(xp: Any, convert: Any, native: Any) -> dict[str, Any]:
    def nonzero(x: Any) -> Any:
        return tuple(i.astype("int32") for i in xp.nonzero(convert(x)))

    def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
        condition = convert(condition)
        if x1 is None and x2 is None:
            return list(nonzero(condition))
        one, two = getattr(x1, "dtype", None), getattr(x2, "dtype", None)
        if one is None or one != two:
            if x1 is None or x2 is None:
                _where_rule(condition, x1, x2)
            dtype = native(rules.promoted(x1, x2))
            if dtype not in (one, two) or dtype.kind not in "fc":
                x1, x2 = convert(x1, _of(dtype)), convert(x2, _of(dtype))
            # The library fits Python's numbers to an array's dtype itself.
            elif one is None and type(x1) not in _NUMBERS:
                x1 = convert(x1, _of(dtype))
            elif two is None and type(x2) not in _NUMBERS:
                x2 = convert(x2, _of(dtype))
            elif one is not None and two is not None:
                x1, x2 = convert(x1, _of(dtype)), convert(x2, _of(dtype))
        return xp.where(condition, x1, x2)

    def _of(dtype: Any) -> str:
        return standardize_dtype(dtype)

    def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
        x, indices = convert(x), convert(indices)
        if axis is None:
            x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
        return xp.take_along_axis(x, indices, axis=axis)

    def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
        one, two = convert(sorted_sequence), convert(values)
        if one.ndim != 1:
            raise ValueError(
                "searchsorted: `sorted_sequence` must have one dimension, got the "
                f"shape {one.shape}. Use vectorized_map for several."
            )
        return xp.searchsorted(one, two, side=side).astype("int32")

    def matmul(x1: Any, x2: Any) -> Any:
        x1, x2 = convert(x1), convert(x2)
        dtype = x1.dtype
        if dtype == x2.dtype:
            if dtype.kind == "f" and (dtype.itemsize > 2 or xp is not np):
                return xp.matmul(x1, x2)
            if xp is np and dtype.kind in "fV":
                # numpy has no BLAS for half precision: single, rounded once.
                return (x1.astype("float32") @ x2.astype("float32")).astype(dtype)
            if dtype != np.int8:
                found = xp.matmul(x1, x2)
                return found if found.dtype == dtype else found.astype(dtype)
            return xp.matmul(x1.astype("int32"), x2.astype("int32"))
        dtype = native(result_type(x1.dtype, x2.dtype))
        return xp.matmul(x1.astype(dtype), x2.astype(dtype)).astype(dtype, copy=False)

    def einsum(subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
        arrays = [convert(x) for x in operands]
        if {a.dtype for a in arrays} == {np.dtype("int8")}:
            dtype = native("int32")
        else:
            dtype = native(result_type(*(a.dtype for a in arrays)))
        # numpy's einsum does not know bfloat16, which is of the kind "V" there, and is
        # slow in half precision.
        half = xp is np and (dtype.kind == "V" or dtype == np.float16)
        work = native("float32") if half else dtype
        arrays = [a.astype(work, copy=False) for a in arrays]
        kwargs.setdefault("optimize", len(arrays) > 2 or xp is not np)
        return xp.einsum(subscripts, *arrays, **kwargs).astype(dtype, copy=False)

    def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
        x1, x2 = convert(x1), convert(x2)
        dtype = native(result_type(x1.dtype, x2.dtype))
        axes = (
            axes
            if isinstance(axes, int)
            else tuple([a] if isinstance(a, int) else list(a) for a in axes)
        )
        half = xp is np and dtype.kind in "fV" and dtype.itemsize == 2
        work = "float32" if half else dtype
        x1, x2 = x1.astype(work, copy=False), x2.astype(work, copy=False)
        found = xp.tensordot(x1, x2, axes=axes)
        return found.astype(dtype) if half else found

    return {
        "nonzero": nonzero,
        "where": where,
        "take_along_axis": take_along_axis,
        "searchsorted": searchsorted,
        "matmul": matmul,
        "einsum": einsum,
        "tensordot": tensordot,
        "sort": lambda x, axis=-1: xp.sort(convert(x), axis=axis),
    }
