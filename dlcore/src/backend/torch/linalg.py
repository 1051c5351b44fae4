"""Linear algebra of torch."""

from __future__ import annotations

from typing import Any

import torch

from dlcore.src.backend import linear
from dlcore.src.backend.torch.numpy import floats
from dlcore.src.ops import linalg as rules


def eig(x: Any) -> Any:
    rules._eig_rule(x)
    return tuple(torch.linalg.eig(*floats(x)))


def lu_factor(x: Any) -> Any:
    rules._lu_rule(x)
    factors, pivots = torch.linalg.lu_factor(*floats(x))
    return factors, pivots - 1  # torch counts rows from one


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    rules._solve_rule(a, b)
    a, b = floats(a, b)
    if b.ndim == a.ndim - 1:
        return solve_triangular(a, b[..., None], lower)[..., 0]
    return torch.linalg.solve_triangular(a, b, upper=not lower)


def cholesky(x: Any, upper: bool = False) -> Any:
    rules._square_rule(x)
    try:
        return torch.linalg.cholesky(*floats(x), upper=upper)
    except torch.linalg.LinAlgError as error:
        raise ValueError(f"cholesky: `x` is not positive definite: {error}") from error


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return torch.linalg.norm(*floats(x), ord=ord, dim=axis, keepdim=keepdims)


linear.fill(globals(), torch, floats)
