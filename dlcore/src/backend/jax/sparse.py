"""Ops on ``jax.experimental.sparse.BCOO``.

Sizes of compiled arrays are fixed: a compiled union stores as many places as both of
its arguments, those it does not need beyond the end, where they count for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import sparse
from jax.experimental.sparse import BCOO

from dlcore.src.backend.jax.numpy import _float, _promoted
from dlcore.src.backend.jax.runtime import convert, is_sparse, native
from dlcore.src.dtypes import result_type, standardize_dtype
from dlcore.src.ops import rules


def dense(x: Any) -> Any:
    """Return a sparse array as a dense one, and all else as it is."""
    return convert(x) if is_sparse(type(x)) else x


def store(array: Any) -> BCOO:
    """Return a sparse array of what is not zero."""
    return BCOO.fromdense(convert(array))


def stored(x: Any) -> Any:
    """Return indices, values and shape, as numpy has them."""
    x = x if type(x) is BCOO else store(x)
    x = sparse.bcoo_update_layout(x, n_batch=0, n_dense=0, on_inefficient=None)
    inside = jnp.all(x.indices < jnp.array(x.shape), 1)  # some stand beyond the end
    return np.asarray(x.indices[inside]), np.asarray(x.data[inside]), x.shape


def _with(x: BCOO, values: Any) -> BCOO:
    """Return other values in the same places."""
    kept = {"indices_sorted": x.indices_sorted, "unique_indices": x.unique_indices}
    return BCOO((values, x.indices), shape=x.shape, **kept)


def once(x: BCOO) -> BCOO:
    """Return an array that stores each place once."""
    return x if x.unique_indices else x.sum_duplicates(remove_zeros=False)


def _unbatched(x: BCOO) -> BCOO:
    """Return an array whose places are not sorted by batches."""
    if not x.n_batch:
        return x
    return sparse.bcoo_update_layout(x, n_batch=0, on_inefficient=None)


# Elementwise


def mapped(kernel: Callable[..., Any], linear: bool) -> Callable[..., Any]:
    """Let a kernel that keeps zeros work on the stored values."""

    def run(x: Any, *args: Any, **kwargs: Any) -> Any:
        if type(x) is not BCOO:
            return NotImplemented
        x = x if linear else once(x)
        return _with(x, kernel(x.data, *args, **kwargs))

    return run


def union(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Let a kernel with f(0, 0) = 0 work on what either of two arrays stores."""

    def run(x1: Any, x2: Any) -> Any:
        if not _alike(x1, x2):
            return NotImplemented
        if x1.indices is x2.indices and x1.unique_indices:
            return _with(x1, kernel(x1.data, x2.data))
        x1, x2 = _unbatched(x1), _unbatched(x2)
        indices = jnp.concatenate([x1.indices, x2.indices])
        one = jnp.concatenate([x1.data, jnp.zeros(x2.data.shape, x1.dtype)])
        two = jnp.concatenate([jnp.zeros(x1.data.shape, x2.dtype), x2.data])
        x1, x2 = (once(BCOO((v, indices), shape=x1.shape)) for v in (one, two))
        return _with(x1, kernel(x1.data, x2.data))

    return run


def _alike(x1: Any, x2: Any) -> bool:
    return (
        type(x1) is BCOO
        and type(x2) is BCOO
        and x1.shape == x2.shape
        and x1.n_dense == x2.n_dense
    )


def multiply(x1: Any, x2: Any) -> Any:
    if type(x1) is not BCOO:
        x1, x2 = x2, x1
    if _alike(x1, x2):
        x1, x2 = (_with(x, v) for x, v in _pairs(x1, x2))
        if x1.indices is x2.indices:
            x1, x2 = once(x1), once(x2)
            return _with(x1, x1.data * x2.data)
        return sparse.bcoo_multiply_sparse(_unbatched(x1), _unbatched(x2))
    if not _fits(x1, x2):
        return NotImplemented
    dtype = native(rules.promoted(x1, x2))
    return _beside(_with(x1, x1.data.astype(dtype)), convert(x2).astype(dtype))


def _pairs(x1: BCOO, x2: BCOO) -> Any:
    return zip((x1, x2), _promoted(x1.data, x2.data), strict=True)


def _fits(x: Any, other: Any) -> bool:
    """Whether a dense array broadcasts to the shape of a sparse one."""
    if type(x) is not BCOO or is_sparse(type(other)):
        return False
    given = rules.shape_of(other)
    pairs = zip(reversed(x.shape), reversed(given), strict=False)
    return len(given) <= x.ndim and all(b in (1, a) for a, b in pairs)


def _beside(x: BCOO, other: Any) -> BCOO:
    """Multiply the stored values with what stands there in a dense array."""
    return _with(x, sparse.bcoo_multiply_dense(x, other))


def divide(x1: Any, x2: Any) -> Any:
    if not _fits(x1, x2):
        return NotImplemented
    dtype = _float(x1, x2)
    x1, x2 = _with(x1, x1.data.astype(dtype)), convert(x2).astype(dtype)
    if not x2.ndim:
        return _with(x1, x1.data / x2)
    if not isinstance(x2, jax.core.Tracer):  # how many zeros there are must be known
        bad = jnp.broadcast_to((x2 == 0) | jnp.isnan(x2), x1.shape)
        x1 = _unbatched(x1)
        rows = bad.any(axis=tuple(range(x1.ndim - x1.n_dense, x1.ndim)))
        indices = jnp.argwhere(rows).astype(x1.indices.dtype)
        zeros = jnp.zeros((len(indices), *x1.data.shape[1:]), dtype)
        indices = jnp.concatenate([x1.indices, indices])
        x1 = once(BCOO((jnp.concatenate([x1.data, zeros]), indices), shape=x1.shape))
    ones = sparse.bcoo_multiply_dense(_with(x1, jnp.ones_like(x1.data)), x2)
    return _with(x1, x1.data / ones)


true_divide = divide


def divide_no_nan(x1: Any, x2: Any) -> Any:
    if not _fits(x1, x2):
        return NotImplemented
    dtype = _float(x1, x2)
    x2 = convert(x2).astype(dtype)
    inverse = jnp.where(x2 == 0, 0, 1 / jnp.where(x2 == 0, 1, x2))
    return _beside(_with(x1, x1.data.astype(dtype)), inverse)


# Reductions and shapes


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if type(x) is not BCOO:
        return NotImplemented
    axes = rules.canonical_axes(axis, x.ndim)
    dtype = native(rules.accumulator(standardize_dtype(x.dtype)))
    found = sparse.bcoo_reduce_sum(_with(x, x.data.astype(dtype)), axes=axes)
    return expand_dims(found, axes) if keepdims else found


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if type(x) is not BCOO:
        return NotImplemented
    axes = rules.canonical_axes(axis, x.ndim)
    count = math.prod(x.shape[a] for a in axes)
    return sum(_with(x, x.data.astype(_float(x)) / count), axes, keepdims)


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    if type(x) is BCOO:
        x = once(_unbatched(x))
        rows, values, sizes = x.indices[:, :-1], x.data, x.shape[:-1]
        if type(weights) is BCOO:
            weights = once(_unbatched(weights)).data
    elif sparse and not is_sparse(type(x)):
        x = convert(x)
        rows = jnp.argwhere(jnp.ones_like(x, bool))[:, :-1]
        values, sizes = x.reshape(-1), x.shape[:-1]
        weights = None if weights is None else convert(weights).reshape(-1)
    else:
        return NotImplemented
    weights = jnp.ones(values.shape, "int32") if weights is None else convert(weights)
    length = max(int(values.max(initial=-1)) + 1, minlength)
    indices = jnp.concatenate([rows, values[:, None].astype(rows.dtype)], 1)
    return once(BCOO((weights, indices), shape=(*sizes, length)))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> BCOO:
    x = convert(x)
    axis = rules.canonical_axis(axis, x.ndim + 1)
    values = x.reshape(-1).astype("int32")
    grid = jnp.indices(x.shape, "int32").reshape(x.ndim, -1)
    # A class out of range has a zero somewhere in its row.
    known = (values >= 0) & (values < num_classes)
    places = [*grid[:axis], jnp.where(known, values, 0), *grid[axis:]]
    found = known.astype(native(standardize_dtype(dtype)))
    sizes = (*x.shape[:axis], num_classes, *x.shape[axis:])
    last = {"indices_sorted": axis == x.ndim, "unique_indices": True}
    return BCOO((found, jnp.stack(places, 1)), shape=sizes, **last)


def reshape(x: Any, newshape: Any) -> Any:
    if type(x) is not BCOO:
        return NotImplemented
    sizes = [-1 if n is None else int(n) for n in newshape]
    rest = math.prod(n for n in sizes if n != -1)
    sizes = [x.size // max(rest, 1) if n == -1 else n for n in sizes]
    x = sparse.bcoo_update_layout(x, n_batch=0, n_dense=0, on_inefficient=None)
    return sparse.bcoo_reshape(x, new_sizes=tuple(sizes))


def transpose(x: Any, axes: Any = None) -> Any:
    if type(x) is not BCOO:
        return NotImplemented
    order = range(x.ndim)[::-1] if axes is None else rules.canonical_axes(axes, x.ndim)
    if x.n_batch or x.n_dense:  # the layout keeps some axes at their ends
        x = sparse.bcoo_update_layout(x, n_batch=0, n_dense=0, on_inefficient=None)
    return sparse.bcoo_transpose(x, permutation=tuple(order))


def expand_dims(x: Any, axis: Any) -> Any:
    if type(x) is not BCOO:
        return NotImplemented
    axes = axis if isinstance(axis, list | tuple) else [axis]
    rank = x.ndim + len(axes)
    new = rules.canonical_axes(axes, rank)
    kept = [i for i in range(rank) if i not in new]
    own = iter(x.shape)
    sizes = [1 if i in new else next(own) for i in range(rank)]
    return sparse.bcoo_broadcast_in_dim(
        x, shape=tuple(sizes), broadcast_dimensions=kept
    )


def squeeze(x: Any, axis: Any = None) -> Any:
    if type(x) is not BCOO:
        return NotImplemented
    axes = rules.canonical_axes(axis, x.ndim)
    if axis is None:
        axes = tuple(i for i in axes if x.shape[i] == 1)
    elif any(x.shape[a] != 1 for a in axes):
        return NotImplemented  # the dense kernel says why not
    return sparse.bcoo_squeeze(x, dimensions=axes)


def concatenate(xs: Any, axis: int = 0) -> Any:
    if any(type(x) is not BCOO for x in xs):
        return NotImplemented
    values = _promoted(*(x.data for x in xs))
    xs = [_unbatched(_with(*pair)) for pair in zip(xs, values, strict=True)]
    axis = rules.canonical_axis(axis, xs[0].ndim)
    return sparse.bcoo_concatenate(xs, dimension=axis)


# Products of matrices

_matmul = sparse.sparsify(jnp.matmul)


def matmul(x1: Any, x2: Any) -> Any:
    if not all(type(x) is BCOO or not is_sparse(type(x)) for x in (x1, x2)):
        return NotImplemented
    x1, x2 = (x if type(x) is BCOO else convert(x) for x in (x1, x2))
    name = result_type(x1.dtype, x2.dtype)
    return _matmul(*(_stacked(_cast(x, native(name))) for x in (x1, x2)))


def _cast(x: Any, dtype: Any) -> Any:
    return _with(x, x.data.astype(dtype)) if type(x) is BCOO else x.astype(dtype)


def _stacked(x: Any) -> Any:
    """Return a sparse stack of matrices with its places sorted by matrices."""
    if type(x) is not BCOO or (x.n_batch == x.ndim - 2 and not x.n_dense):
        return x
    batch = max(x.ndim - 2, 0)
    return sparse.bcoo_update_layout(x, n_batch=batch, n_dense=0, on_inefficient=None)
