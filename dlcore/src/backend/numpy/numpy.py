"""numpy's own functions, with Keras' dtypes: float32 from integers, no float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src.backend import kinds, xp
from dlcore.src.backend.numpy.runtime import convert, native
from dlcore.src.dtypes import result_type
from dlcore.src.ops import rules
from dlcore.src.ops.einsum import parse

#: Kinds of dtypes on which numpy's functions are floating as they are. A dtype's kind
#: is asked for, and not the dtype in a set: numpy's dtypes are slow to hash.
_FLOATS = "fc"
_NUMBERS = (int, float)
_PYTHON = (int, float, bool, complex)


def dtype_of(x: Any) -> Any:
    """Return what ``result_type`` wants to know of an argument."""
    return type(x) if type(x) in _PYTHON else convert(x).dtype


def promote(*xs: Any) -> list[Any]:
    """Return arrays of the promoted dtype."""
    dtype = native(result_type(*map(dtype_of, xs)))
    return [np.asarray(x, dtype) for x in xs]


def floats(*xs: Any) -> list[Any]:
    """Return arrays of the promoted dtype, floating."""
    dtype = native(rules.float_of(result_type(*map(dtype_of, xs))))
    return [np.asarray(x, dtype) for x in xs]


def _elementwise(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        # Equal dtypes, and floats with Python's numbers, promote as numpy does.
        kind1, kind2 = type(x1), type(x2)
        if kind1 is np.ndarray:
            if kind2 is np.ndarray:
                if x1.dtype == x2.dtype:
                    return fn(x1, x2)
            elif kind2 in _NUMBERS and x1.dtype.kind in _FLOATS:
                return fn(x1, x2)
        return fn(*promote(x1, x2))

    return op


def _floating(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        if type(x) is np.ndarray and x.dtype.kind in _FLOATS:
            return fn(x)
        return fn(*floats(x))

    return op


def _floating2(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        if type(x1) is np.ndarray and type(x2) is np.ndarray:
            if x1.dtype == x2.dtype and x1.dtype.kind in _FLOATS:
                return fn(x1, x2)
        return fn(*floats(x1, x2))

    return op


def _same(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: fn(x if type(x) is np.ndarray else convert(x))


def _logical(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        return fn(
            x1 if type(x1) is np.ndarray else convert(x1),
            x2 if type(x2) is np.ndarray else convert(x2),
        )

    return op


def sinc(x: Any) -> Any:
    (x,) = floats(x)
    return np.sinc(x).astype(x.dtype)


def i0(x: Any) -> Any:
    (x,) = floats(x)
    return np.i0(x).astype(x.dtype).reshape(x.shape)


def _special(name: str) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        from scipy import special

        (x,) = floats(x)
        # scipy has these for float32 and float64 only.
        wide = x if x.dtype.itemsize > 2 else x.astype("float32")
        return getattr(special, name)(wide).astype(x.dtype, copy=False)

    return op


erf, erfc, erfinv = map(_special, ("erf", "erfc", "erfinv"))


def sign(x: Any) -> Any:
    x = convert(x)
    return x if x.dtype == bool else np.sign(x)


def square(x: Any) -> Any:
    x = convert(x)
    return np.square(x.astype("int32") if x.dtype == bool else x)


def round(x: Any, decimals: int = 0) -> Any:
    x = convert(x)
    return x.astype("int32") if x.dtype == bool else np.round(x, decimals)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    x, x_min, x_max = promote(x, x_min, x_max)
    if x.dtype == bool:
        x, x_min, x_max = (v.astype("int32") for v in (x, x_min, x_max))
    return np.minimum(np.maximum(x, x_min), x_max)


_general = xp._others(np, convert, native)["einsum"]


def einsum(subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
    if len(operands) == 2 and not kwargs:
        arrays = [convert(x) for x in operands]
        dtype = arrays[0].dtype
        if dtype == arrays[1].dtype and dtype.kind in _FLOATS and dtype != np.float16:
            terms, result = parse(subscripts, [a.ndim for a in arrays])
            found = _contracted(terms, result, arrays)
            if found is not None:
                return found
    return _general(subscripts, *operands, **kwargs)


def _contracted(terms: list[str], result: str, arrays: list[Any]) -> Any:
    """Return the einsum of two operands as products of matrices, which are fast.

    None, where a letter stands twice in an operand, or its sizes differ.
    """
    sizes: dict[str, int] = {}
    for i, (term, array) in enumerate(zip(terms, arrays, strict=True)):
        if len(set(term)) != len(term):
            return None
        for letter, size in zip(term, array.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                return None
        # What only this operand has, and the result has not, is added up first.
        alone = [c for c in term if c not in result and c not in terms[1 - i]]
        if alone:
            arrays[i] = array.sum(tuple(term.index(c) for c in alone))
            terms[i] = "".join(c for c in term if c not in alone)
    (one, two), (a, b) = terms, arrays
    batch = [c for c in one if c in two and c in result]
    inner = [c for c in one if c in two and c not in result]
    left, right = ([c for c in t if c not in batch + inner] for t in (one, two))

    def arranged(x: Any, term: str, *groups: list[str]) -> Any:
        order = [term.index(c) for c in [*batch, *groups[0], *groups[1]]]
        shape = [math.prod(sizes[c] for c in group) for group in groups]
        return x.transpose(order).reshape(*(sizes[c] for c in batch), *shape)

    product = arranged(a, one, left, inner) @ arranged(b, two, inner, right)
    letters = [*batch, *left, *right]
    product = product.reshape([sizes[c] for c in letters])
    return product.transpose([letters.index(c) for c in result])


kinds.fill(
    globals(),
    np,
    {
        "elementwise": _elementwise,
        "floating": _floating,
        "floating2": _floating2,
        "predicate": _elementwise,
        "logical": _logical,
        "same": _same,
    },
    without=("reciprocal",),
)
xp.fill(globals(), np, convert, native)
