"""Linear algebra: decompositions, equations, norms."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.export import export
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.creation import zeros_like
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    as_float,
    conjugate,
    divide,
    multiply,
    power,
    sqrt,
    square,
)
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import not_equal
from dlcore.src.ops.numpy.matrices import eye
from dlcore.src.ops.numpy.products import matmul
from dlcore.src.ops.numpy.reduction import max as max_, min as min_, sum as sum_
from dlcore.src.ops.numpy.shape import expand_dims, moveaxis, ravel, reshape, swapaxes
from dlcore.src.symbolic import Spec

_COMPLEX = {"float64": "complex128", "complex128": "complex128"}


def _matrix(x: Any, name: str = "x", square: bool = False) -> tuple[Any, str]:
    """Return the shape and the floating dtype of matrices, after looking at them."""
    shape = rules.shape_of(x)
    if len(shape) < 2:
        raise ValueError(f"`{name}` must have at least 2 dimensions, got {shape}")
    if square and shape[-2] != shape[-1]:
        raise ValueError(f"`{name}` must hold square matrices, got the shape {shape}")
    return shape, rules.float_of(rules.promoted(x))


def _square_rule(x: Any, upper: bool = False) -> Spec:
    return Spec(*_matrix(x, square=True))


@primitive(_square_rule)
def cholesky(x: Any, upper: bool = False) -> Any:
    """Return the triangle whose product with its transpose is ``x``.

    Parameters
    ----------
    x : tensor of shape (..., n, n)
        Positive definite.
    """


@derived(rule=_square_rule)
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """Return the inverse of the matrix that ``x`` is the Cholesky factor of."""
    _matrix(x, square=True)
    x = as_float(x)
    one = eye(rules.shape_of(x)[-1], dtype=rules.promoted(x))
    lower = swapaxes(x, -1, -2) if upper else x
    inverse = solve_triangular(lower, one + zeros_like(lower), lower=True)
    return matmul(swapaxes(inverse, -1, -2), inverse)


def _det_rule(x: Any) -> Spec:
    shape, dtype = _matrix(x, square=True)
    return Spec(shape[:-2], dtype)


@primitive(_det_rule)
def det(x: Any) -> Any:
    """Return the determinant of square matrices."""


def _slogdet_rule(x: Any) -> Any:
    spec = _det_rule(x)
    return spec, Spec(spec.shape, rules.REAL.get(spec.dtype, spec.dtype))


@export("dlcore.ops.numpy.slogdet")
@primitive(_slogdet_rule)
def slogdet(x: Any) -> Any:
    """Sign of the determinant, and the logarithm of its absolute value."""


@derived
def logdet(x: Any) -> Any:
    """Logarithm of the determinant of positive definite matrices."""
    return slogdet(x)[1]


def _eig_rule(x: Any) -> Any:
    shape, dtype = _matrix(x, square=True)
    dtype = _COMPLEX.get(dtype, "complex64")
    return Spec(shape[:-1], dtype), Spec(shape, dtype)


@primitive(_eig_rule)
def eig(x: Any) -> Any:
    """Eigenvalues and eigenvectors (in columns) of square matrices; complex."""


def _eigh_rule(x: Any) -> Any:
    shape, dtype = _matrix(x, square=True)
    return Spec(shape[:-1], rules.REAL.get(dtype, dtype)), Spec(shape, dtype)


@primitive(_eigh_rule)
def eigh(x: Any) -> Any:
    """Eigenvalues, ascending, and eigenvectors (in columns) of symmetric matrices."""


def _inv_rule(x: Any) -> Spec:
    return Spec(*_matrix(x, square=True))


@primitive(_inv_rule)
def inv(x: Any) -> Any:
    """Inverse of square matrices."""


def _lu_rule(x: Any) -> Any:
    shape, dtype = _matrix(x)
    rows, columns = shape[-2:]
    known = rows is not None and columns is not None
    return Spec(shape, dtype), Spec(
        (*shape[:-2], min(rows, columns) if known else None), "int32"
    )


@primitive(_lu_rule)
def lu_factor(x: Any) -> Any:
    """Lower and upper triangle in one matrix, and the rows exchanged on the way."""


def _qr_rule(x: Any, mode: str = "reduced") -> Any:
    shape, dtype = _matrix(x)
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"`mode`: Expected one of {{'reduced', 'complete'}}. Got {mode!r}"
        )
    rows, columns = shape[-2:]
    if rows is None or columns is None:
        raise ValueError(
            "Input should have its last 2 dimensions fully-defined. Received: "
            f"the shape {shape}"
        )
    inner = rows if mode == "complete" else min(rows, columns)
    lead = shape[:-2]
    return Spec((*lead, rows, inner), dtype), Spec((*lead, inner, columns), dtype)


@primitive(_qr_rule)
def qr(x: Any, mode: str = "reduced") -> Any:
    """Orthogonal columns times an upper triangle.

    Parameters
    ----------
    x : tensor of shape (..., n, m)
    mode : {"reduced", "complete"}
        ``min(n, m)`` columns, or n.

    Returns
    -------
    tuple of tensor
    """


def _solve_rule(a: Any, b: Any, lower: bool = False) -> Spec:
    shape, _ = _matrix(a, "a", square=True)
    other = rules.shape_of(b)
    vectors = len(other) == len(shape) - 1 or len(other) == 1
    rows = other[-1:] if vectors else other[-2:-1]
    if rows != shape[-1:]:
        raise ValueError(f"shapes of `a` and `b` do not fit: {shape} and {other}")
    return Spec(other, rules.float_of(rules.promoted(a, b)))


@primitive(_solve_rule)
def solve(a: Any, b: Any) -> Any:
    """Return the ``x`` with ``a x = b``.

    Parameters
    ----------
    a : tensor of shape (..., n, n)
    b : tensor of shape (..., n, m) or (..., n)
    """


@primitive(_solve_rule)
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """Return the ``x`` with ``a x = b`` for a triangle ``a``.

    Parameters
    ----------
    a : tensor of shape (..., n, n)
        The other triangle is not looked at.
    b : tensor of shape (..., n, m) or (..., n)
    lower : bool
        Whether ``a`` is the lower triangle.
    """


def _svd_rule(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    shape, dtype = _matrix(x)
    rows, columns = shape[-2:]
    known = rows is not None and columns is not None
    inner = min(rows, columns) if known else None
    lead = shape[:-2]
    values = Spec((*lead, inner), rules.REAL.get(dtype, dtype))
    if not compute_uv:
        return values
    left = rows if full_matrices else inner
    right = columns if full_matrices else inner
    return (
        Spec((*lead, rows, left), dtype),
        values,
        Spec((*lead, right, columns), dtype),
    )


@primitive(_svd_rule)
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular values, descending, with the orthogonal factors around them.

    Parameters
    ----------
    x : tensor of shape (..., n, m)
    full_matrices : bool
        Whether the factors are square.
    compute_uv : bool
        Whether to return them at all.

    Returns
    -------
    tuple of tensor, or tensor
    """


def _tolerance(values: Any, x: Any, factor: Any) -> Any:
    if factor is None:
        from ml_dtypes import finfo

        # An open size occurs while only the shape of the result is asked for.
        size = max(d or 0 for d in rules.shape_of(x)[-2:])
        factor = size * float(finfo(rules.promoted(values)).eps)
    return multiply(max_(values, -1, True), factor)


@derived
def pinv(x: Any, rcond: Any = None) -> Any:
    """Pseudo-inverse.

    Parameters
    ----------
    x : tensor of shape (..., n, m)
    rcond : float, optional
        Singular values below this part of the largest are taken for zero.
    """
    _matrix(x)
    u, s, v = svd(as_float(x), False)
    large = s > _tolerance(s, x, rcond)
    inverse = where(large, divide(1.0, where(large, s, 1.0)), 0.0)
    left = conjugate(swapaxes(v, -1, -2)) * expand_dims(inverse, -2)
    return matmul(left, conjugate(swapaxes(u, -1, -2)))


def _matrix_rank_rule(x: Any, tol: Any = None) -> Spec:
    return Spec(_matrix(x)[0][:-2], "int32")


@derived(rule=_matrix_rank_rule)
def matrix_rank(x: Any, tol: Any = None) -> Any:
    """Return the number of singular values that are not zero; int32.

    Parameters
    ----------
    x : tensor of shape (..., n, m)
    tol : float, optional
        What counts as zero.
    """
    if len(rules.shape_of(x)) < 2:
        return cast(max_(cast(not_equal(x, 0), "int32")), "int32")
    values = svd(as_float(x), compute_uv=False)
    bound = _tolerance(values, x, None) if tol is None else tol
    return sum_(cast(values > bound, "int32"), -1)


def _lstsq_rule(a: Any, b: Any, rcond: Any = None) -> Spec:
    shape, _ = _matrix(a, "a")
    other = rules.shape_of(b)
    dtype = rules.float_of(rules.promoted(a, b))
    if len(shape) != 2 or len(other) not in (1, 2):
        raise ValueError(
            f"`a` is a matrix, `b` a vector or matrix, got {shape}, {other}"
        )
    if not rules.same_sizes(shape[0], other[0]):
        raise ValueError(f"`a` and `b` need as many rows, got {shape} and {other}")
    return Spec((shape[1], *other[1:]), dtype)


@derived(rule=_lstsq_rule)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Return the ``x`` for which ``a x`` is nearest to ``b`` (least squares).

    Parameters
    ----------
    a : tensor of shape (n, m)
    b : tensor of shape (n,) or (n, k)
    rcond : float, optional
        Singular values below this part of the largest are taken for zero.
    """
    _lstsq_rule(a, b)
    dtype = rules.float_of(rules.promoted(a, b))
    return matmul(pinv(cast(a, dtype), rcond), cast(b, dtype))


_MATRIX_NORMS = (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


def _norm_rule(
    x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False
) -> Spec:
    spec = rules.real_reduction(x, axis, keepdims)
    shape = rules.shape_of(x)
    axes = rules.canonical_axes(axis, len(shape))
    if len(axes) not in (1, 2) and not (axis is None and ord is None):
        raise ValueError(f"`axis` is one axis or two, got {axis} for the shape {shape}")
    vectors = len(axes) == 1
    if isinstance(ord, str) if vectors else ord not in _MATRIX_NORMS:
        raise ValueError(
            f"{ord!r} is no norm of {'vectors' if vectors else 'matrices'}"
        )
    return spec


def _vector_norm(size: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    if ord == math.inf:
        return max_(size, axis, keepdims)
    if ord == -math.inf:
        return min_(size, axis, keepdims)
    if ord == 0:
        return sum_(cast(not_equal(size, 0), rules.promoted(size)), axis, keepdims)
    if ord in (None, 2):
        return sqrt(sum_(square(size), axis, keepdims))
    return power(sum_(power(size, ord), axis, keepdims), 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    size = absolute(x)
    if ord in (None, "fro"):
        return sqrt(sum_(square(size), axes, keepdims))
    best = min_ if ord in (-1, -2, -math.inf) else max_
    if ord in (1, -1, math.inf, -math.inf):
        added, kept = axes if ord in (1, -1) else axes[::-1]
        return (
            best(sum_(size, added, True), axes, keepdims)
            if keepdims
            else best(sum_(size, added), kept - (kept > added))
        )
    values = svd(moveaxis(x, axes, (-2, -1)), compute_uv=False)
    found = sum_(values, -1) if ord == "nuc" else best(values, -1)
    if not keepdims:
        return found
    for a in sorted(axes):
        found = expand_dims(found, a)
    return found


@derived(rule=_norm_rule)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices.

    Parameters
    ----------
    x : tensor
    ord : number, "fro" or "nuc", optional
        Which norm: Euclidean (Frobenius for matrices) unless given.
    axis : int or pair of int, optional
        One axis holds vectors, two matrices; otherwise all of ``x`` is one of both.
    keepdims : bool
    """
    _norm_rule(x, ord, axis, keepdims)
    x = as_float(x)
    rank = len(rules.shape_of(x))
    if axis is None and ord is None:
        found = sqrt(sum_(square(absolute(ravel(x)))))
        return reshape(found, (1,) * rank) if keepdims else found
    axes = rules.canonical_axes(axis, rank)
    if len(axes) == 1:
        return _vector_norm(absolute(x), ord, axes[0], keepdims)
    return _matrix_norm(x, ord, (axes[0], axes[1]), keepdims)
