"""numpy's own functions, with Keras' dtypes: float32 from integers, no float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src.backend import xp
from dlcore.src.backend.numpy.runtime import convert, native
from dlcore.src.dtypes import is_float, result_type

_FLOATS = frozenset(map(np.dtype, ("float32", "float64", "float16", "complex64")))
_NUMBERS = (int, float)


def _dtype(x: Any) -> Any:
    return type(x) if type(x) in (int, float, bool, complex) else convert(x).dtype


def promote(x1: Any, x2: Any) -> Any:
    """Return two arrays of the promoted dtype."""
    dtype = native(result_type(_dtype(x1), _dtype(x2)))
    return np.asarray(x1, dtype), np.asarray(x2, dtype)


def _binary(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        # Equal dtypes, and floats with Python's numbers, promote as numpy does.
        kind1, kind2 = type(x1), type(x2)
        if kind1 is np.ndarray:
            if kind2 is np.ndarray:
                if x1.dtype == x2.dtype:
                    return fn(x1, x2)
            elif kind2 in _NUMBERS and x1.dtype in _FLOATS:
                return fn(x1, x2)
        return fn(*promote(x1, x2))

    return op


def _floating(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        if type(x) is np.ndarray and x.dtype in _FLOATS:
            return fn(x)
        x = convert(x)
        name = result_type(x.dtype)
        return fn(x if is_float(name) or name[0] == "c" else x.astype(native("float32")))

    return op


def _unary(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: fn(x if type(x) is np.ndarray else convert(x))


def divide(x1: Any, x2: Any) -> Any:
    x1, x2 = promote(x1, x2)
    if x1.dtype.kind in "biu":
        x1, x2 = x1.astype(np.float32), x2.astype(np.float32)
    return np.true_divide(x1, x2)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = convert(x)
    small = {"b": np.int32, "i": np.int32, "u": np.uint32}
    dtype = small.get(x.dtype.kind) if x.dtype.itemsize < 4 else x.dtype
    axis = tuple(axis) if isinstance(axis, list) else axis
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=dtype)


xp.fill(globals(), np, _binary, xp.BINARY)
xp.fill(globals(), np, _floating, xp.FLOATING)
xp.fill(globals(), np, _unary, xp.ELEMENTWISE)
