"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.einsum import einsum_rule
from dlcore.src.ops.numpy.elementwise import (
    as_float,
    clip,
    conjugate,
    divide,
    multiply,
    sqrt,
    subtract,
)
from dlcore.src.ops.numpy.matrices import diag, diagonal
from dlcore.src.ops.numpy.reduction import mean, sum as sum_
from dlcore.src.ops.numpy.shape import (
    expand_dims,
    moveaxis,
    pad,
    ravel,
    reshape,
    stack,
    transpose,
)
from dlcore.src.symbolic import Spec


def _matmul_rule(x1: Any, x2: Any) -> Spec:
    one, two = rules.shape_of(x1), rules.shape_of(x2)
    if not one or not two:
        raise ValueError(f"`x1` and `x2` need a dimension, got {one} and {two}")
    inner = two[0] if len(two) == 1 else two[-2]
    if not rules.same_sizes(one[-1], inner):
        raise ValueError(
            f"shapes {one} and {two} do not fit: {one[-1]} columns, {inner} rows"
        )
    lead = rules.broadcast_shapes(one[:-2], two[:-2])
    dtype = rules.promoted(x1, x2)
    if {rules.promoted(x1), rules.promoted(x2)} == {"int8"}:
        dtype = "int32"
    return Spec((*lead, *one[-2:-1], *(two[-1:] if len(two) > 1 else ())), dtype)


@primitive(_matmul_rule)
def matmul(x1: Any, x2: Any) -> Any:
    """Matrix product; the axes before the last two are a batch.

    Parameters
    ----------
    x1 : tensor of shape (..., n, k) or (k,)
    x2 : tensor of shape (..., k, m) or (k,)

    Returns
    -------
    tensor of shape (..., n, m)
        int8 matrices make an int32 one.

    Notes
    -----
    Half precision is computed in single and rounded once on numpy, which has no BLAS
    for it; so are ``einsum``, ``tensordot`` and the convolutions.
    """


@primitive(einsum_rule)
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Sum of products by Einstein's convention.

    Parameters
    ----------
    subscripts : str
        The axes' letters, for instance ``"ij,jk->ik"``.
    *operands : tensor
    **kwargs
        Accepted for compatibility (``optimize``).
    """


def _tensordot_axes(x1: Any, x2: Any, axes: Any) -> tuple[list[int], list[int]]:
    one, two = len(rules.shape_of(x1)), len(rules.shape_of(x2))
    if isinstance(axes, int):
        return list(range(one - axes, one)), list(range(axes))
    first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    return [a % one for a in first], [a % two for a in second]


@derived
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sum of products over several axes.

    Parameters
    ----------
    x1, x2 : tensor
    axes : int or pair of sequences of int
        How many of the last axes of ``x1`` and the first of ``x2``; or which ones.
    """
    one, two = _tensordot_axes(x1, x2, axes)
    shape1, shape2 = rules.shape_of(x1), rules.shape_of(x2)
    free1 = [a for a in range(len(shape1)) if a not in one]
    free2 = [a for a in range(len(shape2)) if a not in two]
    inner = rules.times(*[shape1[a] for a in one])
    outer = [shape1[a] for a in free1] + [shape2[a] for a in free2]
    left = reshape(transpose(x1, [*free1, *one]), (-1, inner))
    right = reshape(transpose(x2, [*two, *free2]), (inner, -1))
    return reshape(matmul(left, right), outer)


@derived
def dot(x1: Any, x2: Any) -> Any:
    """Sum of products over the last axis of ``x1`` and the second last of ``x2``."""
    rank1, rank2 = len(rules.shape_of(x1)), len(rules.shape_of(x2))
    if not rank1 or not rank2:
        return multiply(x1, x2)
    if rank1 <= 2 and rank2 <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ([rank1 - 1], [max(rank2 - 2, 0)]))


@derived
def inner(x1: Any, x2: Any) -> Any:
    """Sum of products over the last axes."""
    rank1, rank2 = len(rules.shape_of(x1)), len(rules.shape_of(x2))
    if not rank1 or not rank2:
        return multiply(x1, x2)
    sizes = rules.shape_of(x1)[-1], rules.shape_of(x2)[-1]
    if not rules.same_sizes(*sizes):
        raise ValueError(
            f"inner: the last dimension of `x1` and `x2` must be the same, got {sizes}."
        )
    return tensordot(x1, x2, ([rank1 - 1], [rank2 - 1]))


@derived
def outer(x1: Any, x2: Any) -> Any:
    """Every element of the flat ``x1`` times every one of the flat ``x2``."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@derived
def vdot(x1: Any, x2: Any) -> Any:
    """Sum of products of the flat tensors, the first one conjugated."""
    return dot(conjugate(ravel(x1)), ravel(x2))


@derived
def kron(x1: Any, x2: Any) -> Any:
    """Kronecker product: every element of ``x1`` times the whole of ``x2``."""
    rank = max(len(rules.shape_of(x1)), len(rules.shape_of(x2)))
    x1, x2 = (
        reshape(x, (*[1] * (rank - len(rules.shape_of(x))), *rules.shape_of(x)))
        for x in (x1, x2)
    )
    one, two = rules.shape_of(x1), rules.shape_of(x2)
    left = expand_dims(x1, [2 * i + 1 for i in range(rank)])
    right = expand_dims(x2, [2 * i for i in range(rank)])
    sizes = [rules.times(a, b) for a, b in zip(one, two, strict=True)]
    return reshape(multiply(left, right), sizes)


@derived
def cross(
    x1: Any,
    x2: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: Any = None,
) -> Any:
    """Vector product in two or three dimensions.

    Parameters
    ----------
    x1, x2 : tensor
    axisa, axisb, axisc : int
        Axes of the vectors in ``x1``, ``x2`` and the result.
    axis : int, optional
        All three at once.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    sizes = rules.shape_of(x1)[-1], rules.shape_of(x2)[-1]
    if not {*sizes} <= {2, 3, None}:
        raise ValueError(f"cross: vectors have 2 or 3 elements, got {sizes}.")
    a, b = (
        [v[..., i] for i in range(s or 3)] for v, s in zip((x1, x2), sizes, strict=True)
    )

    def term(i: int, j: int) -> Any:
        missing = [v for v, k in ((a, i), (b, j)) if k >= len(v)]
        return None if missing else multiply(a[i], b[j])

    def minus(first: Any, second: Any) -> Any:
        if first is None:
            return multiply(second, -1)
        return first if second is None else subtract(first, second)

    last = minus(term(0, 1), term(1, 0))
    if sizes == (2, 2):
        return last
    parts = [minus(term(1, 2), term(2, 1)), minus(term(2, 0), term(0, 2)), last]
    return moveaxis(stack(parts, -1), -1, axisc)


@derived
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of the diagonal of the planes of two axes."""
    return sum_(diagonal(x, offset, axis1, axis2), -1)


@derived
def corrcoef(x: Any) -> Any:
    """Correlation of the rows of a matrix with each other.

    Parameters
    ----------
    x : tensor of shape (variables, observations)
    """
    x = as_float(x)
    if len(rules.shape_of(x)) == 1:
        x = expand_dims(x, 0)
    centred = subtract(x, mean(x, -1, True))
    covariance = matmul(centred, transpose(centred))
    deviation = sqrt(diag(covariance))
    scaled = divide(divide(covariance, expand_dims(deviation, 1)), deviation)
    scaled = clip(scaled, -1.0, 1.0)
    if rules.shape_of(scaled) == (1, 1):
        return reshape(scaled, ())
    return scaled


@derived
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Cross-correlation of two vectors.

    Parameters
    ----------
    x1, x2 : tensor of shape (n,)
    mode : {"valid", "same", "full"}
        Where they overlap fully, as long as the longer one, or at all.
    """
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"correlate: `mode` is valid, same or full, got {mode!r}.")
    dtype = rules.float_of(rules.promoted(x1, x2))
    x1, x2 = cast(x1, dtype), cast(x2, dtype)
    shapes = rules.shape_of(x1), rules.shape_of(x2)
    if any(len(s) != 1 for s in shapes):
        raise ValueError(
            f"correlate: `x1` and `x2` are vectors, got the shapes {shapes[0]} and "
            f"{shapes[1]}."
        )
    (n1,), (n2,) = shapes
    if n1 is None or n2 is None:
        raise ValueError("correlate: the sizes of `x1` and `x2` must be known.")
    wide = pad(x1, (n2 - 1, n2 - 1))
    rows = [wide[i : i + n2] for i in range(n1 + n2 - 1)]
    full = matmul(stack(rows), x2)
    longest, shortest = max(n1, n2), min(n1, n2)
    if mode == "full":
        return full
    if mode == "valid":
        return full[shortest - 1 : longest]
    begin = (n1 + n2 - 1 - longest) // 2
    return full[begin : begin + longest]
