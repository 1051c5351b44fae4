"""jax.numpy's functions: its promotion is Keras' own; lists are converted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special

from dlcore.src.backend import kinds, xp
from dlcore.src.backend.jax.runtime import convert, native
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules

_SPECIAL = ("erf", "erfc", "erfinv")


_INT8 = jnp.dtype("int8")


# jax takes what has a dtype, and refuses lists with a TypeError: they are converted
# when that comes. What is asked of every call costs more than many ops do.


def matmul(x1: Any, x2: Any) -> Any:
    try:
        found = jnp.matmul(x1, x2)
    except TypeError:
        found = jnp.matmul(convert(x1), convert(x2))
    # jax promotes as the table does, so only what it returns is looked at.
    if found.dtype is not _INT8:
        return found
    x1, x2 = convert(x1), convert(x2)
    both = x1.dtype == x2.dtype
    return jnp.matmul(x1.astype("int32"), x2.astype("int32")) if both else found


def _extreme(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        try:
            return fn(x, axis, None, keepdims, initial)
        except TypeError:
            return fn(convert(x), axis, None, keepdims, initial)

    return op


max, min = _extreme(jnp.max), _extreme(jnp.min)


def _total(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
        if dtype is not None:
            dtype = native(standardize_dtype(dtype))
        try:  # small integers are added up as the rule says
            return fn(x, axis, dtype, None, keepdims)
        except TypeError:
            return fn(convert(x), axis, dtype, None, keepdims)

    return op


sum, prod = _total(jnp.sum), _total(jnp.prod)


def reshape(x: Any, newshape: Any) -> Any:
    return convert(x).reshape(newshape)


def _one(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        try:
            return fn(x)
        except TypeError:
            return fn(convert(x))

    return op


def _two(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        try:
            return fn(x1, x2)
        except TypeError:
            return fn(convert(x1), convert(x2))

    return op


def _float(*xs: Any) -> Any:
    return native(rules.float_of(rules.promoted(*xs)))


def _promoted(*xs: Any) -> list[Any]:
    dtype = native(rules.promoted(*xs))
    return [convert(x).astype(dtype) for x in xs]


def sign(x: Any) -> Any:
    x = convert(x)
    return x if x.dtype == bool else jnp.sign(x)


def square(x: Any) -> Any:
    x = convert(x)
    return jnp.square(x.astype("int32") if x.dtype == bool else x)


def round(x: Any, decimals: int = 0) -> Any:
    x = convert(x)
    return x.astype("int32") if x.dtype == bool else jnp.round(x, decimals)


def _whole(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Make integers floats first, as Keras does; jax hands them back as they are."""

    def op(x: Any) -> Any:
        x = convert(x)
        return fn(x if x.dtype.kind not in "biu" else x.astype(_float(x)))

    return op


floor, ceil = _whole(jnp.floor), _whole(jnp.ceil)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    x, x_min, x_max = _promoted(x, x_min, x_max)
    if x.dtype == bool:
        x, x_min, x_max = (v.astype("int32") for v in (x, x_min, x_max))
    return jnp.clip(x, x_min, x_max)


def nextafter(x1: Any, x2: Any) -> Any:
    dtype = _float(x1, x2)
    return jnp.nextafter(convert(x1).astype(dtype), convert(x2).astype(dtype))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    x = convert(x)
    return special.logsumexp(x.astype(_float(x)), axis=axis, keepdims=keepdims)


for _name in _SPECIAL:
    globals()[_name] = _one(getattr(special, _name))
rsqrt = _one(lambda x: jax.lax.rsqrt(convert(x).astype(_float(x))))
kinds.fill(
    globals(),
    jnp,
    {
        "elementwise": _two,
        "floating": _one,
        "floating2": _two,
        "predicate": _two,
        "logical": _two,
        "same": _one,
    },
    without=("reciprocal",),
)
xp.fill(globals(), jnp, convert, native)
