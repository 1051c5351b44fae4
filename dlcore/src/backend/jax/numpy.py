"""jax.numpy's functions: its promotion is Keras' own; lists are converted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from dlcore.src.backend import xp
from dlcore.src.backend.jax.runtime import convert


def _converting(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(*xs: Any) -> Any:
        try:
            return fn(*xs)
        except TypeError:  # lists: rare, so paid for only when they come
            return fn(*map(convert, xs))

    return op


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return jnp.sum(convert(x), axis=axis, keepdims=keepdims)


divide = _converting(jnp.true_divide)
xp.fill(globals(), jnp, _converting, xp.BINARY + xp.FLOATING + xp.ELEMENTWISE)
