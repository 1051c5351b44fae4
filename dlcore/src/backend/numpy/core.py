"""Casting, indexing, sorting, control flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import optree

from dlcore.src.backend import loops
from dlcore.src.backend.numpy.runtime import convert, native
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops.math import _segment_rule, _top_k_rule


def cast(x: Any, dtype: Any) -> Any:
    dtype = native(standardize_dtype(dtype))
    with np.errstate(invalid="ignore", over="ignore"):
        return convert(x).astype(dtype, copy=False)


def get_item(x: Any, key: Any) -> Any:
    return convert(x)[tuple(key) if isinstance(key, list) else key]


def stop_gradient(variable: Any) -> Any:
    return convert(variable)


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    inputs = convert(inputs)
    starts = [int(i) for i in start_indices]
    key = tuple(
        np.s_[i : d if s == -1 else i + s]
        for i, s, d in zip(starts, shape, inputs.shape, strict=True)
    )
    return inputs[key]


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    updates = convert(updates)
    result = np.array(convert(inputs))
    starts = [int(i) for i in start_indices]
    key = tuple(np.s_[i : i + s] for i, s in zip(starts, updates.shape, strict=True))
    result[key] = updates
    return result


_AT = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: Any = None
) -> Any:
    result = np.array(convert(inputs))
    places = tuple(np.moveaxis(convert(indices), -1, 0))
    updates = convert(updates).astype(result.dtype)
    if reduction is None:
        result[places] = updates
    else:
        _AT[reduction].at(result, places, updates)
    return result


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    return np.take(convert(x), convert(indices), axis=axis)


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    return np.repeat(convert(x), repeats, axis=axis)


def argsort(x: Any, axis: Any = -1) -> Any:
    return np.argsort(convert(x), axis=axis, kind="stable").astype("int32")


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    x = convert(x)
    _top_k_rule(x, k)
    # Of equal elements the first comes first, as in the other libraries.
    key = ~x if x.dtype.kind in "biu" else -x
    order = None
    if 0 < k < x.shape[-1] // 4 and x.size:
        order = _partitioned(key.reshape(-1, x.shape[-1]), k)
    if order is None:
        order = np.argsort(key, axis=-1, kind="stable")[..., :k]
    order = order.reshape(*x.shape[:-1], k)
    return np.take_along_axis(x, order, -1), order.astype("int32")


def _partitioned(key: Any, k: int) -> Any:
    """Return the places of the ``k`` smallest of each row, in order of their keys.

    None, if there are NaN among them.
    """
    bound = np.partition(key, k - 1, -1)[:, k - 1 : k]
    chosen = key <= bound
    many = np.count_nonzero(chosen, -1)
    if (many < k).any():
        return None
    tied = np.flatnonzero(many > k)
    if tied.size:  # of those that equal the bound, the first ones
        rows, edge = key[tied], bound[tied]
        below, equal = rows < edge, rows == edge
        left = k - np.count_nonzero(below, -1)
        first = np.cumsum(equal, -1, dtype="int32") <= left[:, None]
        chosen[tied] = below | (equal & first)
    places = np.flatnonzero(chosen).reshape(-1, k) % key.shape[-1]
    order = np.argsort(np.take_along_axis(key, places, -1), -1, kind="stable")
    return np.take_along_axis(places, order, -1)


def _segments(combine: Any, empty: Any) -> Any:
    def op(
        data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
    ) -> Any:
        data, ids = convert(data), convert(segment_ids)
        _segment_rule(data, ids, num_segments)
        count = num_segments
        if count is None:
            count = int(ids.max()) + 1
        inside = (ids >= 0) & (ids < count)
        if not inside.all():
            data, ids = data[inside], ids[inside]
        if not sorted and (ids[1:] < ids[:-1]).any():
            order = np.argsort(ids, kind="stable")
            data, ids = data[order], ids[order]
        many = np.bincount(ids, minlength=count)
        result = np.full((count, *data.shape[1:]), empty(data.dtype), data.dtype)
        if len(ids):
            starts = (np.cumsum(many) - many)[many > 0]
            result[many > 0] = combine.reduceat(data, starts, axis=0, dtype=data.dtype)
        return result

    return op


def _least(dtype: Any) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _most(dtype: Any) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else np.inf


segment_sum, segment_prod = (
    _segments(f, lambda _, e=e: e) for f, e in ((np.add, 0), (np.multiply, 1))
)
segment_max, segment_min = _segments(np.maximum, _least), _segments(np.minimum, _most)


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    x = convert(x).astype("int32")
    dtype = "int32" if weights is None else convert(weights).dtype
    if weights is not None:
        weights = convert(weights)
    if x.ndim == 1:
        return np.bincount(x, weights, minlength).astype(dtype)
    size = max(minlength, int(x.max(initial=-1)) + 1)
    rows = [
        np.bincount(row, None if weights is None else weights[i], size)
        for i, row in enumerate(x)
    ]
    return np.stack(rows).astype(dtype)


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
    # As in the other libraries, one NaN does not equal another.
    found, index, inverse, counts = np.unique(
        x, True, True, True, axis=axis, equal_nan=False
    )
    if size is not None:
        # What is filled in has the index of the first element, as in jax.
        first = index[0] if index.size else 0
        found = _resize(found, size, fill_value, 0 if axis is None else axis)
        index, counts = _resize(index, size, first, 0), _resize(counts, size, 0, 0)
    extra = [(return_index, index), (return_inverse, inverse), (return_counts, counts)]
    results = [found] + [v.astype("int32") for wanted, v in extra if wanted]
    return tuple(results) if len(results) > 1 else results[0]


def _resize(x: Any, size: int, value: Any, axis: int) -> Any:
    x = np.take(x, range(min(size, x.shape[axis])), axis=axis)
    missing = size - x.shape[axis]
    if missing <= 0:
        return x
    if value is None:
        value = x.min() if x.size else 0
    axis %= x.ndim
    widths = [(0, missing if i == axis else 0) for i in range(x.ndim)]
    return np.pad(x, widths, constant_values=value)


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    return true_fn() if bool(pred) else false_fn()


def vectorized_map(function: Any, elements: Any) -> Any:
    count = len(optree.tree_leaves(elements)[0])
    return loops.stacked(
        [function(loops.slices(elements, i)) for i in range(count)], np.stack
    )


def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    return loops.while_loop(cond, body, loop_vars, maximum_iterations, convert)


def scan(
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    return loops.scan(f, init, xs, length, reverse, np.stack, unroll)


def view(x: Any, dtype: Any = None) -> Any:
    x = convert(x)
    return x.view(native(standardize_dtype(dtype or x.dtype)))
