"""Casting, indexing, scattering, sorting."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import tensorflow as tf

from dlcore.src.backend.tensorflow.numpy import (
    FLOATS,
    _cast,
    _less,
    _reshape,
    _select,
    _zeros,
    extent,
    nonzero,
    promote,
    truth,
)
from dlcore.src.backend.tensorflow.runtime import NATIVE, convert, ints, is_ours, raw
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules

_add, _gather, _strided = raw("AddV2"), raw("GatherV2"), raw("StridedSlice")


def cast(x: Any, dtype: Any) -> Any:
    return convert(x if is_ours(x) else convert(x), standardize_dtype(dtype))


def stop_gradient(variable: Any) -> Any:
    return raw("StopGradient")(convert(variable))


# Indexing


def get_item(x: Any, key: Any) -> Any:
    x = convert(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    if all(_is_basic(k) for k in keys):
        return _basic(x, keys)
    return _by_arrays(x, keys)


def _is_basic(k: Any) -> bool:
    if k is None or k is Ellipsis or isinstance(k, int | np.integer):
        return type(k) is not bool
    if isinstance(k, builtins.slice):
        return True
    return is_ours(k) and k.shape.rank == 0 and k.dtype is not tf.bool


def _basic(x: tf.Tensor, keys: list[Any]) -> tf.Tensor:
    """Cut with one kernel: slices, single places, new axes."""
    used = sum(k is not None and k is not Ellipsis for k in keys)
    if used > x.shape.rank:
        raise IndexError(f"too many indices for a tensor of shape {tuple(x.shape)}")
    begin: list[Any] = []
    end: list[Any] = []
    steps: list[Any] = []
    begins = ends = dots = added = single = 0
    for i, k in enumerate(keys):
        bit = 1 << i
        low, high, step = 0, 0, 1
        if k is None:
            added |= bit
        elif k is Ellipsis:
            dots |= bit
        elif isinstance(k, builtins.slice):
            begins |= bit if k.start is None else 0
            ends |= bit if k.stop is None else 0
            low, high = _plain(k.start), _plain(k.stop)
            step = 1 if k.step is None else k.step
        else:
            low = _plain(k)
            # The end of the last place, counted from the end, would be the front.
            high = low + 1
            single |= bit
        begin.append(low)
        end.append(high)
        steps.append(step)
    masks = (begins, ends, dots, added, single)
    return _strided(x, ints(begin), ints(end), ints(steps), *masks)


def _plain(place: Any) -> Any:
    """Return a place as a number or as an int32 scalar."""
    if place is None:
        return 0
    return convert(place, "int32") if is_ours(place) else int(place)


def _by_arrays(x: tf.Tensor, keys: list[Any]) -> tf.Tensor:
    """Index with arrays, as numpy does: their places together, the rest cut first."""
    arrays: list[Any] = []
    places: list[int] = []  # of the arrays, among the axes of what is cut
    cuts: list[Any] = []
    keys = [k if _is_basic(k) else _array(k) for k in keys]
    used = sum(
        k.shape.rank if is_ours(k) and k.dtype is tf.bool else 1
        for k in keys
        if k is not None and k is not Ellipsis
    )
    split = False  # whether something stands between arrays
    axis = 0
    for k in keys:
        if k is Ellipsis:
            gap = x.shape.rank - used
            cuts += [builtins.slice(None)] * gap
            axis += gap
            split = split or bool(arrays)
        elif k is None or isinstance(k, builtins.slice):
            cuts.append(k)
            axis += 1
            split = split or bool(arrays)
        else:
            found = [k]
            if is_ours(k) and k.dtype is tf.bool:
                found = list(nonzero(k))
            for index in found:
                arrays.append(convert(index, "int32"))
                places.append(axis)
                cuts.append(builtins.slice(None))
                axis += 1
    # Only what stands between two arrays moves them to the front.
    split = split and places != list(range(places[0], places[0] + len(places)))
    if any(k is None or k != builtins.slice(None) for k in cuts):
        x = _basic(x, cuts)
    if len(arrays) == 1:
        axis = places[0]
        return _gather(x, _from_front(arrays[0], extent(x)[axis]), axis)
    return _gathered(x, arrays, places, split)


def _array(k: Any) -> tf.Tensor:
    k = convert(k)
    if k.dtype in FLOATS and k.shape.num_elements() != 0:
        raise IndexError(
            f"indices are integers, bool tensors or slices, got {k.dtype.name}"
        )
    return k if k.dtype is tf.bool else convert(k, "int32")


def _from_front(index: tf.Tensor, size: Any) -> tf.Tensor:
    """Count negative places from the end of an axis."""
    return _select(_less(index, _zeros(index)), _add(index, size), index)


def _gathered(
    x: tf.Tensor, arrays: list[tf.Tensor], places: list[int], split: bool
) -> tf.Tensor:
    size = extent(x)
    fronts = [_from_front(a, size[p]) for a, p in zip(arrays, places, strict=True)]
    zero = _zero_like(fronts)
    index = tf.stack([f + zero for f in fronts], -1)
    rest = [a for a in range(x.shape.rank) if a not in places]
    found = tf.gather_nd(raw("Transpose")(x, ints((*places, *rest))), index)
    first = 0 if split else sum(a < places[0] for a in rest)
    if not first:
        return found
    count = index.shape.rank - 1
    order = [
        *range(count, count + first),
        *range(count),
        *range(count + first, found.shape.rank),
    ]
    return raw("Transpose")(found, ints(order))


def _zero_like(arrays: list[tf.Tensor]) -> tf.Tensor:
    """Return zeros of the shape that arrays broadcast to."""
    total = _zeros(arrays[0])
    for a in arrays[1:]:
        total = total + _zeros(a)
    return total


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    x = convert(inputs)
    starts = _starts(start_indices, x)
    size = [int(s) if not is_ours(s) else s for s in shape]
    return raw("Slice")(x, starts, ints(size))


def _starts(start_indices: Any, x: tf.Tensor) -> tf.Tensor:
    return convert(start_indices, "int32")


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    x = convert(inputs)
    updates = convert(updates, x.dtype.name)
    starts = tf.unstack(_starts(start_indices, x), num=x.shape.rank)
    size = extent(updates)
    if x.shape.rank == 0:
        return updates
    ends = [i + s for i, s in zip(starts, size, strict=True)]
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=x,
        begin=tf.stack(starts),
        end=tf.stack(ends),
        strides=[1] * len(ends),
        value=updates,
    )


_SCATTER = {
    None: raw("TensorScatterUpdate"),
    "add": raw("TensorScatterAdd"),
    "max": raw("TensorScatterMax"),
    "min": raw("TensorScatterMin"),
}


def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: Any = None
) -> Any:
    x, indices = convert(inputs), convert(indices, "int32")
    updates = convert(updates, x.dtype.name)
    depth = indices.shape[-1]
    size = extent(x)
    indices = _from_front(indices, tf.stack(size[:depth]))
    if reduction == "mul":
        return x * _products_by_place(indices, updates, size, depth)
    if x.dtype is tf.bool and reduction is not None:
        wide = scatter_update(
            _cast(x, tf.int32), indices, _cast(updates, tf.int32), reduction
        )
        return _cast(wide, tf.bool)
    return _SCATTER[reduction](x, indices, updates)


def _products_by_place(
    indices: tf.Tensor, updates: tf.Tensor, size: list[Any], depth: int
) -> tf.Tensor:
    lead, rest = size[:depth], size[depth:]
    flat, total = 0, 1
    for i, n in enumerate(lead):
        flat, total = flat * n + indices[..., i], total * n
    products = tf.math.unsorted_segment_prod(
        _reshape(updates, [-1, *rest]), _reshape(flat, [-1]), total
    )
    return _reshape(products, size)


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    x, indices = convert(x), convert(indices)
    if indices.dtype not in (tf.int32, tf.int64):
        indices = convert(indices, "int32")
    if axis is None:
        x, axis = _reshape(x, ints((-1,))), 0
    axis = rules.canonical_axis(axis, x.shape.rank)
    size = convert(extent(x)[axis], indices.dtype.name)
    return _gather(x, _from_front(indices, size), axis)


def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    x, indices = convert(x), convert(indices, "int32")
    if axis is None:
        x, indices, axis = _reshape(x, ints((-1,))), _reshape(indices, ints((-1,))), 0
    rank = x.shape.rank
    axis = rules.canonical_axis(axis, rank)
    one, two = extent(x), extent(indices)
    indices = _from_front(indices, one[axis])
    # The other axes broadcast to each other.
    if any(
        i != axis and (a is None or a != b)
        for i, (a, b) in enumerate(zip(x.shape, indices.shape, strict=True))
    ):
        common = [_broadcast(a, b) for a, b in zip(one, two, strict=True)]
        one = [one[i] if i == axis else d for i, d in enumerate(common)]
        two = [two[i] if i == axis else d for i, d in enumerate(common)]
        x = raw("BroadcastTo")(x, ints(one))
        indices = raw("BroadcastTo")(indices, ints(two))
    last = rank - 1
    x, indices = _exchanged(x, axis, last), _exchanged(indices, axis, last)
    return _exchanged(_gather(x, indices, last, last), axis, last)


def _broadcast(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return b if a == 1 else a
    return tf.maximum(a, b)


def view(x: Any, dtype: Any = None) -> Any:
    x = convert(x)
    new = NATIVE[standardize_dtype(dtype or x.dtype)]
    if new is x.dtype:
        return x
    if tf.bool in (new, x.dtype):  # one byte; TensorFlow does not reinterpret it
        if new is tf.bool:
            return truth(raw("Bitcast")(x, tf.uint8))
        return view(_cast(x, tf.uint8), dtype)
    if new.size > x.dtype.size:
        times = new.size // x.dtype.size
        *lead, last = extent(x)
        x = _reshape(x, [*lead, last // times, times])
        return raw("Bitcast")(x, new)
    found = raw("Bitcast")(x, new)
    if new.size < x.dtype.size:
        *lead, last, parts = extent(found)
        found = _reshape(found, [*lead, last * parts])
    return found


# Sorting


def _order(x: tf.Tensor, axis: Any) -> tuple[tf.Tensor, tf.Tensor, int]:
    """Return the tensor, the places of its sorted elements, and the axis."""
    x = convert(x)
    if axis is None:
        x, axis = _reshape(x, ints((-1,))), 0
    axis = rules.canonical_axis(axis, x.shape.rank)
    last = x.shape.rank - 1
    keys = _exchanged(raw("Invert")(_keys(x)), axis, last)
    order = raw("TopKV2")(keys, extent(keys)[-1], True)[1]
    return x, _exchanged(order, axis, last), axis


def _exchanged(x: tf.Tensor, one: int, two: int) -> tf.Tensor:
    if one == two:
        return x
    order = list(range(x.shape.rank))
    order[one], order[two] = order[two], order[one]
    return raw("Transpose")(x, ints(order))


def _keys(x: tf.Tensor) -> tf.Tensor:
    """Return integers in the same order; NaN is the largest."""
    if x.dtype is tf.bool:
        return _cast(x, tf.uint8)
    if x.dtype not in FLOATS:
        return x
    x = x if x.dtype is tf.float64 else _cast(x, tf.float32)
    whole, bits = (tf.int64, 63) if x.dtype is tf.float64 else (tf.int32, 31)
    nan = tf.constant(np.nan, x.dtype)
    # All NaN become the same one, and -0.0 becomes 0.0.
    plain = raw("Bitcast")(_select(raw("IsNan")(x), nan, _add(x, 0.0)), whole)
    sign = raw("RightShift")(plain, tf.constant(bits, whole))
    largest = tf.constant(whole.max, whole)
    return raw("BitwiseXor")(plain, raw("BitwiseAnd")(sign, largest))


def sort(x: Any, axis: Any = -1) -> Any:
    x, order, axis = _order(x, axis)
    return take_along_axis(x, order, axis)


def argsort(x: Any, axis: Any = -1) -> Any:
    x = convert(x)
    return _order(x, axis if x.shape.rank else None)[1]


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    x = convert(x)
    if x.dtype is tf.bool:
        values, indices = raw("TopKV2")(_cast(x, tf.uint8), k, sorted)
        return _cast(values, tf.bool), indices
    return tuple(raw("TopKV2")(x, k, sorted))


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    ordered, values = convert(sorted_sequence), convert(values)
    if ordered.shape.rank != 1:
        raise ValueError(
            "searchsorted: `sorted_sequence` must have one dimension, got the shape "
            f"{tuple(ordered.shape)}. Use vectorized_map for several."
        )
    ordered, values = promote(ordered, values)
    if ordered.dtype is tf.bool:  # there is no order of bool
        ordered, values = tf.cast(ordered, tf.int32), tf.cast(values, tf.int32)
    kernel = raw("LowerBound" if side == "left" else "UpperBound")
    found = kernel(ordered[None], _reshape(values, [1, -1]))
    return _reshape(found, extent(values))


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    if sparse:
        from dlcore.src.backend.tensorflow.sparse import bincount

        return bincount(x, weights, minlength, True)
    x = convert(x, "int32")
    flat = _reshape(x, ints((-1,)))
    size = tf.reduce_max(tf.concat([flat, [minlength - 1]], 0)) + 1
    ones = tf.ones_like(x) if weights is None else convert(weights)
    if x.shape.rank == 1:
        return tf.math.unsorted_segment_sum(ones, x, size)
    rows = extent(x)[0]
    places = x + size * tf.range(rows)[:, None]
    flat = tf.math.unsorted_segment_sum(
        _reshape(ones, [-1]), _reshape(places, [-1]), size * rows
    )
    return _reshape(flat, [rows, size])


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    size: Any = None,
    fill_value: Any = None,
) -> Any:
    x = convert(x)
    shape = extent(x)
    if axis is None:
        x = _reshape(x, ints((-1,)))
    along = 0 if axis is None else rules.canonical_axis(axis, x.shape.rank)
    found, inverse, counts = raw("UniqueWithCountsV2")(x, [along])
    order = _order_of_slices(found, along)
    found = _gather(found, order, along)
    counts = _gather(counts, order, 0)
    inverse = _gather(tf.math.invert_permutation(order), inverse, 0)
    results = [found]
    fills = [fill_value]
    if return_index:
        first = tf.range(tf.size(inverse))
        results.append(tf.math.unsorted_segment_min(first, inverse, tf.size(counts)))
        fills.append(tf.concat([results[-1], [0]], 0)[0])  # the first, as in jax
    if return_counts:
        results.append(counts)
        fills.append(0)
    if size is not None:
        results = [
            _resize(v, size, fill, along if i == 0 else 0)
            for i, (v, fill) in enumerate(zip(results, fills, strict=True))
        ]
    if return_inverse:
        inverse = inverse if axis is not None else _reshape(inverse, shape)
        results.insert(1 + return_index, inverse)
    return tuple(results) if len(results) > 1 else results[0]


def _order_of_slices(x: tf.Tensor, axis: int) -> tf.Tensor:
    """Return the order of the slices along an axis, by their first elements first."""
    count = extent(x)[axis]
    rest = [a for a in range(x.shape.rank) if a != axis]
    rows = _reshape(raw("Transpose")(x, [axis, *rest]), [count, -1])
    if rows.shape[1] == 1:
        return argsort(rows[:, 0])
    order = tf.range(count)
    for column in reversed(tf.unstack(rows, axis=1)):
        order = _gather(order, argsort(_gather(column, order, 0)), 0)
    return order


def _resize(x: tf.Tensor, size: int, value: Any, axis: int) -> tf.Tensor:
    count = extent(x)[axis]
    if value is None:
        value = tf.reduce_min(x) if x.shape.num_elements() != 0 else 0
    places = tf.minimum(tf.range(size), tf.maximum(count - 1, 0))
    shape = [-1 if i == axis else 1 for i in range(x.shape.rank)]
    kept = _reshape(tf.range(size) < count, shape)
    value = convert(convert(value), x.dtype.name)
    return _select(kept, _gather(x, places, axis), value)
