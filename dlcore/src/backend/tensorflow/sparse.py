"""Ops on ``tf.SparseTensor`` and ``tf.IndexedSlices``, and on ragged tensors.

What is stored has one number that says where, its key: the place in the flattened
tensor, or the row of slices. To join two sparse tensors is to join their keys; all is
made of sorting, gathering and segment sums, so gradients go through it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dlcore.src.backend.tensorflow.numpy import extent, floats, promote
from dlcore.src.backend.tensorflow.runtime import _dense, convert, ints, is_sparse
from dlcore.src.dtypes import SIGNED, UNSIGNED, result_type, standardize_dtype
from dlcore.src.ops import rules

_Tensor, _Slices, _Ragged = tf.SparseTensor, tf.IndexedSlices, tf.RaggedTensor


def dense(x: Any) -> Any:
    """Return a sparse or ragged tensor as a dense one, and all else as it is."""
    return _dense(x) if is_sparse(type(x)) else x


def store(array: Any) -> Any:
    """Return a sparse tensor of what is not zero."""
    return tf.sparse.from_dense(convert(array))


def stored(x: Any) -> Any:
    """Return indices, values and shape, as numpy has them."""
    x = x if type(x) is _Tensor else store(x)
    return x.indices.numpy(), x.values.numpy(), tuple(x.dense_shape.numpy())


def made(indices: Any, values: Any, sizes: Any, static: Any = None) -> Any:
    """Return a sparse tensor whose shape is known as far as it can be."""
    x = _Tensor(indices, values, tf.cast(sizes, tf.int64))
    if static is not None:
        x.set_shape(static)
    return x


def _with(x: Any, values: Any) -> Any:
    """Return other values in the same places."""
    if type(x) is _Slices:
        return _Slices(values, x.indices, _sizes(x))
    return made(x.indices, values, x.dense_shape, x.shape)


def _sizes(x: Any) -> tf.Tensor:
    if type(x) is _Slices:  # they keep what they were given, a tuple for instance
        return tf.cast(x.dense_shape, tf.int64)
    return x.dense_shape if type(x) is _Tensor else tf.shape(x, tf.int64)


def _static(x: Any) -> list[int | None]:
    """Return the sizes as far as they are known."""
    if type(x) is _Slices:
        return tf.get_static_value(_sizes(x), partial=True).tolist()
    return list(rules.shape_of(x))


# Keys


def _strides(sizes: Any) -> Any:
    return tf.math.cumprod(sizes, exclusive=True, reverse=True)


def _keys(x: Any) -> tf.Tensor:
    if type(x) is _Slices:
        return tf.cast(x.indices, tf.int64)
    return tf.reduce_sum(x.indices * _strides(x.dense_shape), -1)


def _at(x: Any, keys: Any, values: Any) -> Any:
    """Return the values in the places of these keys, in a tensor like ``x``."""
    if type(x) is _Slices:
        return _Slices(values, keys, _sizes(x))
    indices = keys[:, None] // _strides(x.dense_shape) % x.dense_shape
    return made(indices, values, x.dense_shape, x.shape)


def _summed(x: Any, keys: Any) -> Any:
    """Return what stands at sorted keys: zeros where ``x`` has nothing, else sums."""
    where = tf.searchsorted(keys, _keys(x))
    return tf.math.unsorted_segment_sum(x.values, where, tf.size(keys))


def _union(*keys: Any) -> tf.Tensor:
    return tf.sort(tf.unique(tf.concat(keys, 0)).y)


def once(x: Any) -> Any:
    """Return a tensor that stores each place once, in order."""
    keys = _union(_keys(x))
    return _at(x, keys, _summed(x, keys))


# Elementwise


def mapped(kernel: Callable[..., Any], linear: bool) -> Callable[..., Any]:
    """Let a kernel that keeps zeros work on the stored values."""

    def run(x: Any, *args: Any, **kwargs: Any) -> Any:
        if type(x) is _Ragged:
            return x.with_flat_values(kernel(x.flat_values, *args, **kwargs))
        if not is_sparse(type(x)):
            return NotImplemented
        if type(x) is _Slices and not linear:
            x = once(x)  # gradients of lookups store a row several times
        return _with(x, kernel(x.values, *args, **kwargs))

    return run


def union(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Let a kernel with f(0, 0) = 0 work on what either of two tensors stores."""

    def run(x1: Any, x2: Any) -> Any:
        if type(x1) is not type(x2) or type(x1) is _Ragged:
            return NotImplemented
        if x1.indices is x2.indices and type(x1) is _Tensor:
            return _with(x1, kernel(x1.values, x2.values))
        keys = _union(_keys(x1), _keys(x2))
        return _at(x1, keys, kernel(_summed(x1, keys), _summed(x2, keys)))

    return run


def multiply(x1: Any, x2: Any) -> Any:
    if type(x1) is type(x2):
        return _intersection(x1, x2)
    if not is_sparse(type(x1)):
        x1, x2 = x2, x1
    if _Ragged in (type(x1), type(x2)) or is_sparse(type(x2)) or not _fits(x1, x2):
        return NotImplemented
    return _with(x1, tf.multiply(*promote(x1.values, _beside(x1, x2))))


def _intersection(x1: Any, x2: Any) -> Any:
    if type(x1) is _Ragged:
        return NotImplemented
    values = promote(x1.values, x2.values)
    if x1.indices is x2.indices and type(x1) is _Tensor:
        return _with(x1, tf.multiply(*values))
    x1, x2 = _with(x1, values[0]), _with(x2, values[1])
    one, two = _union(_keys(x1)), _union(_keys(x2))
    keys = tf.sort(tf.sets.intersection(one[None], two[None]).values)
    kept = [_only(x, keys) for x in (x1, x2)]
    return _at(x1, keys, tf.multiply(*(_summed(x, keys) for x in kept)))


def _only(x: Any, keys: Any) -> Any:
    """Return what ``x`` stores at these keys."""
    own = _keys(x)
    where = tf.searchsorted(keys, own)
    last = tf.maximum(tf.size(keys) - 1, 0)
    padded = tf.concat([keys, [-1]], 0)
    found = tf.gather(padded, tf.minimum(where, last)) == own
    return type(x)(
        **{
            "indices": tf.boolean_mask(x.indices, found),
            "values": tf.boolean_mask(x.values, found),
            "dense_shape": x.dense_shape,
        }
    )


def _fits(x: Any, other: Any) -> bool:
    """Whether a dense tensor broadcasts to the shape of a sparse one."""
    own, given = _static(x), _static(other)
    pairs = zip(reversed(own), reversed(given), strict=False)
    return len(given) <= len(own) and all(b in (1, None, a) for a, b in pairs)


def _beside(x: Any, other: Any) -> Any:
    """Return what stands in a dense tensor at the places of a sparse one."""
    if not rules.shape_of(other):
        return other
    other = convert(other)
    rank, gap = other.shape.rank, len(_static(x)) - other.shape.rank
    # An axis of size 1 has the same everywhere, so that nothing need be broadcast.
    wide = tf.cast(tf.shape(other) != 1, tf.int64)
    if type(x) is _Slices:
        if gap:
            return other
        return tf.gather(other, tf.cast(x.indices, tf.int64) * wide[0])
    return tf.gather_nd(other, x.indices[:, gap : gap + rank] * wide)


def divide(x1: Any, x2: Any) -> Any:
    if type(x1) not in (_Tensor, _Slices) or is_sparse(type(x2)) or not _fits(x1, x2):
        return NotImplemented
    if rules.shape_of(x2):  # what is divided by zero, or NaN, is not zero
        x2 = convert(x2)
        bad = x2 == tf.zeros_like(x2)
        bad = bad | tf.math.is_nan(x2) if x2.dtype.is_floating else bad
        bad = tf.broadcast_to(bad, _sizes(x1))
        if type(x1) is _Slices:
            rows = tf.reduce_any(bad, range(1, bad.shape.rank))
            keys = _union(_keys(x1), tf.where(rows)[:, 0])
        else:
            keys = _union(_keys(x1), tf.where(tf.reshape(bad, [-1]))[:, 0])
        x1 = _at(x1, keys, _summed(x1, keys))
    return _with(x1, tf.divide(*floats(x1.values, _beside(x1, x2))))


true_divide = divide


def divide_no_nan(x1: Any, x2: Any) -> Any:
    if type(x1) not in (_Tensor, _Slices) or is_sparse(type(x2)) or not _fits(x1, x2):
        return NotImplemented
    return _with(x1, tf.math.divide_no_nan(*floats(x1.values, _beside(x1, x2))))


# Reductions and shapes


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if type(x) is not _Tensor:
        return NotImplemented
    rank = x.shape.rank
    axes = rules.canonical_axes(axis, rank)
    name = rules.accumulator(standardize_dtype(x.dtype))
    kept = [i for i in range(rank) if i not in axes]
    if keepdims:
        left = tf.constant([int(i in kept) for i in range(rank)], tf.int64)
        indices = x.indices * left
        sizes = x.dense_shape * left + 1 - left
    else:
        indices = tf.gather(x.indices, ints(kept), axis=1)
        sizes = tf.gather(x.dense_shape, ints(kept))
    static = rules.reduced(x, axis, keepdims)
    return once(made(indices, convert(x.values, name), sizes, static))


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if type(x) is not _Tensor:
        return NotImplemented
    axes = list(rules.canonical_axes(axis, x.shape.rank))
    values = floats(x.values)[0]
    count = tf.reduce_prod(tf.gather(x.dense_shape, ints(axes)))
    return sum(_with(x, values / tf.cast(count, values.dtype)), axes, keepdims)


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    if type(x) is _Tensor:
        rows, values, sizes = x.indices[:, :-1], x.values, x.dense_shape[:-1]
        weights = weights.values if type(weights) is _Tensor else weights
    elif sparse and not is_sparse(type(x)):
        x = convert(x)
        rows = tf.where(tf.ones_like(x, tf.bool))[:, :-1]
        values, sizes = tf.reshape(x, [-1]), tf.shape(x, tf.int64)[:-1]
        weights = None if weights is None else tf.reshape(convert(weights), [-1])
    else:
        return NotImplemented
    values = tf.cast(values, tf.int64)
    weights = tf.ones_like(values, tf.int32) if weights is None else convert(weights)
    length = tf.reduce_max(tf.concat([values, [minlength - 1]], 0)) + 1
    indices = tf.concat([rows, values[:, None]], 1)
    static = [*x.shape[:-1], tf.get_static_value(length)]
    return once(made(indices, weights, tf.concat([sizes, [length]], 0), static))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    x = convert(x, "int64")
    axis = rules.canonical_axis(axis, x.shape.rank + 1)
    places = tf.where(tf.ones_like(x, tf.bool))
    values = tf.reshape(x, [-1])
    # A class out of range has a zero somewhere in its row.
    known = (values >= 0) & (values < num_classes)
    values = tf.where(known, values, 0)
    parts = [places[:, :axis], values[:, None], places[:, axis:]]
    sizes, static = extent(x), x.shape.as_list()
    sizes.insert(axis, num_classes)
    static.insert(axis, num_classes)
    found = convert(known, standardize_dtype(dtype))
    x = made(tf.concat(parts, 1), found, tf.stack(sizes), static)
    return tf.sparse.reorder(x) if axis < len(static) - 1 else x


def reshape(x: Any, newshape: Any) -> Any:
    if type(x) is not _Tensor:
        return NotImplemented
    wanted = [-1 if n is None else n for n in newshape]
    return tf.sparse.reshape(x, wanted)


def transpose(x: Any, axes: Any = None) -> Any:
    return tf.sparse.transpose(x, axes) if type(x) is _Tensor else NotImplemented


def expand_dims(x: Any, axis: Any) -> Any:
    if type(x) is not _Tensor:
        return NotImplemented
    axes = axis if isinstance(axis, list | tuple) else [axis]
    for a in sorted(rules.canonical_axes(axes, x.shape.rank + len(axes))):
        x = tf.sparse.expand_dims(x, a)
    return x


def squeeze(x: Any, axis: Any = None) -> Any:
    if type(x) is not _Tensor:
        return NotImplemented
    sizes = x.shape.as_list()
    axes = rules.canonical_axes(axis, len(sizes))
    if axis is None:
        axes = tuple(i for i in axes if sizes[i] == 1)
    elif any(sizes[a] not in (1, None) for a in axes):
        return NotImplemented  # the dense kernel says why not
    kept = [i for i in range(len(sizes)) if i not in axes]
    indices = tf.gather(x.indices, ints(kept), axis=1)
    static = [sizes[i] for i in kept]
    return made(indices, x.values, tf.gather(x.dense_shape, ints(kept)), static)


def concatenate(xs: Any, axis: int = 0) -> Any:
    if any(type(x) is not _Tensor for x in xs):
        return NotImplemented
    values = promote(*(x.values for x in xs))
    return tf.sparse.concat(axis, [_with(*p) for p in zip(xs, values, strict=True)])


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    if type(indices) is not _Ragged or is_sparse(type(x)):
        return NotImplemented
    x = convert(x)
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    places = indices.flat_values
    places = tf.where(
        places < 0, places + tf.cast(tf.shape(x)[axis], places.dtype), places
    )
    indices = indices.with_flat_values(places)
    if axis == 0:
        return indices.with_flat_values(tf.gather(x, places))
    return tf.gather(x, indices, axis=axis)


# Products of matrices


def matmul(x1: Any, x2: Any) -> Any:
    if not {type(x1), type(x2)}.isdisjoint((_Slices, _Ragged)):
        return NotImplemented
    x1, x2 = (x if type(x) is _Tensor else convert(x) for x in (x1, x2))
    one, two = x1.shape.as_list(), x2.shape.as_list()
    static = [*one[:-1], two[-1]]
    name = result_type(x1.dtype, x2.dtype)
    x1, x2 = _cast(x1, _KERNEL.get(name, name)), _cast(x2, _KERNEL.get(name, name))
    if type(x1) is _Tensor and len(two) == 2 <= len(one):
        sizes = tf.concat([_sizes(x1)[:-1], _sizes(x2)[1:]], 0)
        flat = x1 if len(one) == 2 else tf.sparse.reshape(x1, [-1, one[-1]])
        found = _product(flat, x2, sizes)
    elif len(one) == len(two) > 1 and one[:-2] == two[:-2]:
        sizes = tf.concat([_sizes(x1)[:-1], _sizes(x2)[-1:]], 0)
        found = _product(x1, x2, sizes)
    else:
        return NotImplemented  # the dense kernel broadcasts
    found = _cast(found, name)
    found.set_shape(static)
    return found


#: Dtypes without a kernel -> the one to compute with.
_KERNEL = dict.fromkeys(("float16", "bfloat16"), "float32") | dict.fromkeys(
    ("bool", *SIGNED, *UNSIGNED), "float64"
)


def _cast(x: Any, name: str) -> Any:
    if type(x) is _Tensor:
        return _with(x, convert(x.values, name))
    return convert(x, name)


def _product(x1: Any, x2: Any, sizes: Any) -> Any:
    """Multiply two stacks of matrices, of which one or both are sparse.

    A stack of sparse matrices is one sparse matrix, with the others along its diagonal.
    """
    rows, columns = sizes[-2], sizes[-1]
    if type(x1) is _Tensor and type(x2) is _Tensor:
        one, two = (
            _csr(x.indices, x.values, x.dense_shape) for x in map(_block, (x1, x2))
        )
        found = tf.raw_ops.SparseMatrixSparseMatMul(a=one, b=two, type=x1.dtype)
        found = _from_csr(sparse_matrix=found, type=x1.dtype)
        row, column = found.indices[:, 0], found.indices[:, 1]
        batch = (row // rows)[:, None] // _strides(sizes[:-2]) % sizes[:-2]
        ends = tf.stack([row % rows, column % columns], 1)
        return made(tf.concat([batch, ends], 1), found.values, sizes)
    if type(x1) is _Tensor:
        flat = tf.reshape(x2, [-1, columns])
        return tf.reshape(tf.sparse.sparse_dense_matmul(_block(x1), flat), sizes)
    flat = tf.reshape(tf.linalg.matrix_transpose(x1), [-1, rows])
    found = tf.sparse.sparse_dense_matmul(_block(x2, swapped=True), flat)
    turned = tf.concat([sizes[:-2], [columns, rows]], 0)
    return tf.linalg.matrix_transpose(tf.reshape(found, turned))


def _block(x: Any, swapped: bool = False) -> Any:
    """Return a stack of matrices as the one with all of them along its diagonal."""
    *_, row, column = tf.unstack(x.indices, axis=1)
    *_, rows, columns = tf.unstack(x.dense_shape)
    front = x.dense_shape[:-2]
    batch = tf.reduce_sum(x.indices[:, :-2] * _strides(front), 1)
    count = tf.reduce_prod(front)
    ends = [batch * rows + row, batch * columns + column]
    sizes = [count * rows, count * columns]
    if swapped:
        ends, sizes = ends[::-1], sizes[::-1]
    return _Tensor(tf.stack(ends, 1), x.values, tf.stack(sizes))


def _csr(indices: Any, values: Any, sizes: Any) -> Any:
    return tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=indices, values=values, dense_shape=sizes
    )


_from_csr = tf.raw_ops.CSRSparseMatrixToSparseTensor
