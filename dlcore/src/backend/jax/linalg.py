"""Linear algebra of jax."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from dlcore.src.backend import linear
from dlcore.src.backend.jax.numpy import _float
from dlcore.src.backend.jax.runtime import convert
from dlcore.src.ops import linalg as rules


def floats(*xs: Any) -> list[Any]:
    """Return arrays of the promoted dtype, floating."""
    dtype = _float(*xs)
    return [convert(x).astype(dtype) for x in xs]


def eig(x: Any) -> Any:
    rules._eig_rule(x)
    return tuple(jnp.linalg.eig(*floats(x)))


def lu_factor(x: Any) -> Any:
    rules._lu_rule(x)
    return tuple(jax.scipy.linalg.lu_factor(*floats(x)))


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    rules._solve_rule(a, b)
    a, b = floats(a, b)
    if b.ndim == a.ndim - 1:
        return solve_triangular(a, b[..., None], lower)[..., 0]
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


linear.fill(globals(), jnp, floats)
