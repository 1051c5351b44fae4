"""Diagonals, triangles, grids."""

from __future__ import annotations

from typing import Any

from dlcore.src import config
from dlcore.src.dtypes import is_float
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.creation import arange, zeros_like
from dlcore.src.ops.numpy.elementwise import power
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import equal, less_equal
from dlcore.src.ops.numpy.shape import (
    broadcast_to,
    reshape,
    swapaxes,
)
from dlcore.src.symbolic import KerasTensor, Spec


@derived
def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal, zeros elsewhere; a matrix ``(N, M)``."""
    rows, columns = _row_and_column(N, M)
    return cast(equal(columns - rows, k), dtype or config.floatx())


@derived
def identity(n: Any, dtype: Any = None) -> Any:
    """Return the identity matrix ``(n, n)``."""
    return eye(n, dtype=dtype)


@derived
def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on and below a diagonal, zeros above; a matrix ``(N, M)``."""
    rows, columns = _row_and_column(N, M)
    return cast(less_equal(columns - rows, k), dtype or config.floatx())


def _row_and_column(N: Any, M: Any) -> tuple[Any, Any]:
    for name, size in (("N", N), ("M", M)):
        if size is None and name == "M":
            continue
        # Floats are refused whether they are Python's, an array's or a tensor's.
        whole = not is_float(rules.promoted(size)) and not isinstance(size, KerasTensor)
        if not whole or int(size) < 0:
            raise TypeError(
                f"The sizes of a matrix are integers, not below 0; got {name}={size!r}."
            )
    columns = arange(int(N if M is None else M), dtype="int32")
    return arange(int(N), dtype="int32")[:, None], columns


def _vander_rule(x: Any, N: Any = None, increasing: bool = False) -> Spec:
    rows = rules.shape_of(x)[0]
    return Spec((rows, rows if N is None else N), rules.promoted(x))


@derived(rule=_vander_rule)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Matrix of powers: row ``i`` holds those of ``x[i]``.

    Parameters
    ----------
    x : tensor of shape (n,)
    N : int, optional
        Number of columns; n unless given.
    increasing : bool
        Whether the powers grow from left to right.
    """
    from dlcore.src.ops.numpy.shape import expand_dims, flip

    columns = rules.shape_of(x)[0] if N is None else N
    powers = arange(columns, dtype="int32")
    if not increasing:
        powers = flip(powers)
    dtype = rules.promoted(x)
    return power(expand_dims(x, -1), cast(powers, dtype))


@derived
def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Coordinate matrices from coordinate vectors.

    Parameters
    ----------
    *x : tensor of shape (n_i,)
    indexing : {"xy", "ij"}
        Cartesian (the first two axes swapped) or matrix order.

    Returns
    -------
    list of tensor
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: `indexing` is 'xy' or 'ij', got {indexing!r}.")
    sizes = [rules.size_of(rules.shape_of(v)) for v in x]
    grids = []
    for i, v in enumerate(x):
        column = reshape(v, [-1 if j == i else 1 for j in range(len(x))])
        grid = broadcast_to(column, tuple(sizes))
        swap = indexing == "xy" and len(x) > 1
        grids.append(swapaxes(grid, 0, 1) if swap else grid)
    return grids


def _diagonal_shape(shape: Any, offset: int) -> int | None:
    rows, columns = shape
    if rows is None or columns is None:
        return None
    return max(0, min(rows + min(offset, 0), columns - max(offset, 0)))


def _diagonal_rule(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Spec:
    shape = rules.shape_of(x)
    if len(shape) < 2:
        raise ValueError(f"`x` needs at least two dimensions, got {shape}")
    one = rules.canonical_axis(axis1, len(shape))
    two = rules.canonical_axis(axis2, len(shape))
    if one == two:
        raise ValueError(
            "`axis1` and `axis2` must be two different axes of the shape "
            f"{shape}, got {axis1} and {axis2}"
        )
    rest = [d for i, d in enumerate(shape) if i not in (one, two)]
    size = _diagonal_shape((shape[one], shape[two]), offset)
    return Spec((*rest, size), rules.promoted(x))


@primitive(_diagonal_rule)
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonal of the planes of two axes, as the last axis."""


@derived
def diag(x: Any, k: int = 0) -> Any:
    """Return the diagonal of a matrix, or a matrix with this diagonal."""
    rank = len(rules.shape_of(x))
    if rank == 1:
        return diagflat(x, k)
    if rank == 2:
        return diagonal(x, k)
    raise ValueError(f"diag: `x` has 1 or 2 dimensions, got {rules.shape_of(x)}.")


@derived
def diagflat(x: Any, k: int = 0) -> Any:
    """Return a matrix with the flat ``x`` on a diagonal."""
    from dlcore.src.ops.numpy.shape import pad, ravel

    flat = ravel(x)
    size = rules.shape_of(flat)[0]
    before, after = max(-k, 0), max(k, 0)
    if size is None:
        square = flat[:, None] * flat[None, :]
    else:
        square = where(eye(size, dtype="bool"), flat[:, None], zeros_like(flat))
    return pad(square, ((before, after), (after, before)))


def _triangle(x: Any, k: int, dtype: str = "bool") -> Any:
    rows, columns = rules.shape_of(x)[-2:]
    return tri(rows, columns, k, dtype)


@derived(rule=rules.same)
def tril(x: Any, k: int = 0) -> Any:
    """Return the lower triangle, zeros above the diagonal ``k``."""
    return where(_triangle(x, k), x, cast(0, rules.promoted(x)))


@derived(rule=rules.same)
def triu(x: Any, k: int = 0) -> Any:
    """Return the upper triangle, zeros below the diagonal ``k``."""
    return where(_triangle(x, k - 1), cast(0, rules.promoted(x)), x)
