"""Casting, indexing, sorting, control flow."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import torch

from dlcore.src.backend import loops
from dlcore.src.backend.torch.runtime import NATIVE, convert
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops.math import _top_k_rule


def cast(x: Any, dtype: Any) -> Any:
    dtype = NATIVE[standardize_dtype(dtype)]
    if type(x) is torch.Tensor:
        return x.to(dtype)
    return convert(x).to(dtype)


def get_item(x: Any, key: Any) -> Any:
    x = convert(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    if all(
        k is None or k is Ellipsis or type(k) in (int, builtins.slice) for k in keys
    ):
        if not any(type(k) is builtins.slice and (k.step or 1) < 0 for k in keys):
            return x[key]
    used = sum(k is not None and k is not Ellipsis for k in keys)
    parts: list[Any] = []
    axis = 0
    for k in keys:
        if k is Ellipsis:
            parts += [builtins.slice(None)] * (x.ndim - used)
            axis += x.ndim - used
            continue
        if isinstance(k, builtins.slice) and (k.step or 1) < 0:
            # Torch has no negative steps: flip the elements that they visit.
            visited = range(*k.indices(x.shape[axis]))
            low = visited[-1] if visited else 0
            high = visited[0] + 1 if visited else 0
            forward = (builtins.slice(None),) * axis
            piece = x[(*forward, builtins.slice(low, high, -visited.step))]
            x = torch.flip(piece, (axis,))
            k = builtins.slice(None)
        elif isinstance(k, list | np.ndarray | np.integer):
            k = convert(np.asarray(k))
        if isinstance(k, torch.Tensor) and k.dtype not in (torch.bool, torch.uint8):
            k = k.to(torch.int64)
        parts.append(k)
        axis += k is not None
    return x[tuple(parts)]


def stop_gradient(variable: Any) -> Any:
    return convert(variable).detach()


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    x = convert(inputs)
    for axis, (i, s) in enumerate(zip(start_indices, shape, strict=True)):
        i = int(i)
        x = torch.narrow(x, axis, i, x.shape[axis] - i if s == -1 else int(s))
    return x


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    result = convert(inputs).clone()
    updates = convert(updates).to(result.dtype)
    key = tuple(
        builtins.slice(int(i), int(i) + s)
        for i, s in zip(start_indices, updates.shape, strict=True)
    )
    result[key] = updates
    return result


_REDUCE = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: Any = None
) -> Any:
    x = convert(inputs)
    indices = convert(indices).to(torch.int64)
    updates = convert(updates).to(x.dtype)
    depth = indices.shape[-1]
    lead, rest = x.shape[:depth], x.shape[depth:]
    places = tuple(torch.movedim(indices, -1, 0))
    if reduction is None:
        return x.index_put(places, updates)
    if reduction == "add":
        return x.index_put(places, updates, accumulate=True)
    flat = torch.zeros(indices.shape[:-1], dtype=torch.int64)
    for size, place in zip(lead, places, strict=True):
        flat = flat * size + torch.where(place < 0, place + size, place)
    rows = x.reshape(-1, *rest)
    updates = updates.reshape(-1, *rest)
    flat = flat.reshape(-1, *[1] * len(rest)).expand(updates.shape)
    return rows.scatter_reduce(0, flat, updates, _REDUCE[reduction]).reshape(x.shape)


def sort(x: Any, axis: Any = -1) -> Any:
    x = convert(x)
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.sort(x, dim=axis, stable=True).values


def argsort(x: Any, axis: Any = -1) -> Any:
    x = convert(x)
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.argsort(x, dim=axis, stable=True).to(torch.int32)


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    x = convert(x)
    _top_k_rule(x, k)
    # Of equal elements the first comes first: torch.topk promises no order, but is far
    # faster than a sort, so that its order is mended where there are ties.
    indices = None
    if 0 < k < x.shape[-1] // 4 and x.numel() and not torch.compiler.is_compiling():
        indices = _partitioned(x.detach(), k)
    if indices is None:
        _, indices = torch.sort(x, dim=-1, descending=True, stable=True)
        indices = indices[..., :k]
    return torch.take_along_dim(x, indices, -1), indices.to(torch.int32)


def _partitioned(x: torch.Tensor, k: int) -> torch.Tensor | None:
    """Return the places of the ``k`` largest, the first of equal ones first.

    None, if there are NaN among them, or a function is being transformed.
    """
    values, indices = torch.topk(x, k + 1, dim=-1)
    falls = values[..., 1:] < values[..., :-1]
    values, indices = values[..., :k], indices[..., :k]
    try:
        if bool(falls.all()):
            return indices
        exact = bool(falls[..., -1].all())
    except RuntimeError:  # values cannot be asked for inside of vmap
        return None
    if not exact:  # of those that equal the last one, the first ones
        if bool(torch.isnan(values[..., 0]).any()):
            return None
        indices = torch.where(
            values > values[..., -1:], indices, _first_equal(x, values)
        )
    indices = torch.sort(indices, dim=-1).values
    values = torch.take_along_dim(x, indices, -1)
    order = torch.argsort(values, dim=-1, descending=True, stable=True)
    return torch.take_along_dim(indices, order, -1)


def _first_equal(x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return where the last of each row's ``values``, in falling order, occurs first.

    One place for each of its occurrences in ``values``; the others hold anything. Where
    there are many ties, the first ones stand near the front: it is searched first.
    """
    bound, k = values[..., -1:], values.shape[-1]
    above = torch.count_nonzero(values > bound, -1)[..., None]
    size = builtins.max(4 * k, 64)
    while True:
        front = x[..., :size]
        found = torch.cumsum(front == bound, -1, dtype=torch.int32)
        if front.shape[-1] == x.shape[-1] or bool((found[..., -1:] >= k - above).all()):
            break
        size *= 8
    number = torch.arange(1, k + 1, dtype=torch.int32) - above.to(torch.int32)
    return torch.searchsorted(found, number.clamp_min(1))


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    x = convert(x).to(torch.int64)
    dtype = torch.int32 if weights is None else convert(weights).dtype
    weights = None if weights is None else convert(weights)
    if x.ndim == 1:
        return torch.bincount(x, weights, minlength).to(dtype)
    size = builtins.max(minlength, int(x.max()) + 1 if x.numel() else 0)
    rows = [
        torch.bincount(row, None if weights is None else weights[i], size)
        for i, row in enumerate(x)
    ]
    return torch.stack(rows).to(dtype)


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
    found, inverse, counts = torch.unique(
        x, sorted=True, return_inverse=True, return_counts=True, dim=axis
    )
    flat = inverse.reshape(-1)
    index = torch.full((counts.shape[0],), flat.numel(), dtype=torch.int64)
    index = index.scatter_reduce(0, flat, torch.arange(flat.numel()), "amin")
    if size is not None:
        # What is filled in has the index of the first element, as in jax.
        first = index[0].item() if index.numel() else 0
        found = _resize(found, size, fill_value, 0 if axis is None else axis)
        index, counts = _resize(index, size, first, 0), _resize(counts, size, 0, 0)
    extra = [(return_index, index), (return_inverse, inverse), (return_counts, counts)]
    results = [found] + [v.to(torch.int32) for wanted, v in extra if wanted]
    return tuple(results) if len(results) > 1 else results[0]


def _resize(x: torch.Tensor, size: int, value: Any, axis: int) -> torch.Tensor:
    x = torch.narrow(x, axis, 0, min(size, x.shape[axis]))
    missing = size - x.shape[axis]
    if missing <= 0:
        return x
    if value is None:
        value = x.min().item() if x.numel() else 0
    axis %= x.ndim
    shape = [missing if i == axis else d for i, d in enumerate(x.shape)]
    return torch.cat([x, torch.full(shape, value, dtype=x.dtype)], axis)


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    return true_fn() if bool(pred) else false_fn()


def vectorized_map(function: Any, elements: Any) -> Any:
    return torch.vmap(function, randomness="different")(
        loops.tree_map(convert, elements)
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
    def stack(values: Any) -> Any:
        return torch.stack([convert(v) for v in values])

    return loops.scan(f, init, xs, length, reverse, stack, unroll)


def view(x: Any, dtype: Any = None) -> Any:
    x = convert(x)
    return x.view(NATIVE[standardize_dtype(dtype or x.dtype)])
