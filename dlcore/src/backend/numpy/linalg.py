"""Linear algebra of numpy and scipy."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.src.backend import linear
from dlcore.src.backend.numpy.numpy import floats
from dlcore.src.ops import linalg as rules


def eig(x: Any) -> Any:
    rules._eig_rule(x)
    (x,) = floats(x)
    dtype = "complex128" if x.dtype == np.float64 else "complex64"
    return tuple(v.astype(dtype) for v in np.linalg.eig(x))


def lu_factor(x: Any) -> Any:
    from scipy import linalg

    rules._lu_rule(x)
    (x,) = floats(x)
    rows = x.reshape(-1, *x.shape[-2:])
    found = [linalg.lu_factor(row) for row in rows]
    factors = np.stack([f for f, _ in found]).reshape(x.shape)
    pivots = np.stack([p for _, p in found]).astype("int32")
    return factors, pivots.reshape(*x.shape[:-2], -1)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    rules._solve_rule(a, b)
    a, b = floats(a, b)
    a = np.tril(a) if lower else np.triu(a)
    if b.ndim == a.ndim - 1:
        return np.linalg.solve(a, b[..., None])[..., 0]
    return np.linalg.solve(a, b)


linear.fill(globals(), np, floats)
