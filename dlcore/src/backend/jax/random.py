"""The shared random numbers, compiled: one call instead of forty."""

from __future__ import annotations

import functools
from typing import Any

import jax

from dlcore.src.backend.active import use_backend
from dlcore.src.backend.jax.runtime import convert
from dlcore.src.ops.declare import REGISTRY


@functools.partial(jax.jit, static_argnums=0)
def _bits(shape: tuple[int, ...], seed: Any) -> Any:
    with use_backend("jax"):
        return REGISTRY["random_bits"].body(shape, seed)  # type: ignore[misc]


def random_bits(shape: Any, seed: Any) -> Any:
    return _bits(tuple(shape), convert(seed, "int32"))
