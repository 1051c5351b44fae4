"""jax.numpy's functions: its promotion is Keras' own; lists are converted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special

from dlcore.src.backend import kinds, xp
from dlcore.src.backend.jax.runtime import convert, native
from dlcore.src.ops import rules

_SPECIAL = ("erf", "erfc", "erfinv")


def _converting(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(*xs: Any, **kwargs: Any) -> Any:
        try:
            return fn(*xs, **kwargs)
        except TypeError:  # lists: rare, so paid for only when they come
            return fn(*map(convert, xs), **{k: convert(v) for k, v in kwargs.items()})

    return op


def _floating(fn: Callable[..., Any]) -> Callable[..., Any]:
    plain = _converting(fn)

    def op(*xs: Any, **kwargs: Any) -> Any:
        for x in xs:
            if getattr(x, "dtype", jnp.int32) in _INTEGERS:
                break
        else:
            return plain(*xs, **kwargs)
        arrays = map(convert, (*xs, *kwargs.values()))
        return fn(*(a.astype(_float(*xs)) for a in arrays))

    return op


_INTEGERS = frozenset(
    map(jnp.dtype, ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"))
)


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
    globals()[_name] = _floating(getattr(special, _name))
rsqrt = _floating(lambda x: jax.lax.rsqrt(convert(x).astype(_float(x))))
kinds.fill(
    globals(),
    jnp,
    {
        "elementwise": _converting,
        "floating": _floating,
        "predicate": _converting,
        "logical": _converting,
        "same": _converting,
    },
    without=("reciprocal",),
)
xp.fill(globals(), jnp, convert, native)
