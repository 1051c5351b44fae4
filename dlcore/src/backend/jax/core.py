"""Casting, indexing, sorting, control flow."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optree

from dlcore.src.backend.jax.runtime import convert, native
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops.control import check_scan
from dlcore.src.ops.math import _segment_rule


def cast(x: Any, dtype: Any) -> Any:
    name = standardize_dtype(dtype)
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jnp.complexfloating):
        if not name.startswith("complex"):
            x = jnp.real(x)
    return convert(x, name)


def get_item(x: Any, key: Any) -> Any:
    if isinstance(key, list):
        key = jnp.asarray(key)
    return convert(x)[key]


def stop_gradient(variable: Any) -> Any:
    return jax.lax.stop_gradient(convert(variable))


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    inputs = convert(inputs)
    sizes = [
        d - int(start_indices[i]) if s == -1 else s
        for i, (s, d) in enumerate(zip(shape, inputs.shape, strict=True))
    ]
    return jax.lax.dynamic_slice(inputs, _starts(start_indices), sizes)


def _starts(start_indices: Any) -> Any:
    return [jnp.asarray(i, "int32") for i in start_indices]


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    inputs = convert(inputs)
    updates = convert(updates).astype(inputs.dtype)
    return jax.lax.dynamic_update_slice(inputs, updates, _starts(start_indices))


def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: Any = None
) -> Any:
    inputs = convert(inputs)
    places = tuple(jnp.moveaxis(convert(indices), -1, 0))
    updates = convert(updates).astype(inputs.dtype)
    if reduction == "mul":
        return _scatter_mul(inputs, places, updates)
    return getattr(inputs.at[places], reduction or "set")(updates)


@jax.custom_jvp
def _scatter_mul(x: Any, places: Any, updates: Any) -> Any:
    """Multiply elements by the updates; jax has no derivative for repeated places."""
    return x.at[places].multiply(updates)


@_scatter_mul.defjvp
def _scatter_mul_jvp(primals: Any, tangents: Any) -> Any:
    x, places, updates = primals
    x_dot, _, updates_dot = tangents
    ones = jnp.ones_like(x)
    zero = updates == 0
    zeros = ones.at[places].add(zero.astype(x.dtype)) - 1
    nonzero = jnp.where(zero, 1, updates)
    product = _scatter_mul(ones, places, nonzero)
    # What the other updates of the same place make together.
    others = zeros[places] - zero
    rest = jnp.where(others == 0, (x * product)[places] / nonzero, 0)
    slope = x_dot * jnp.where(zeros == 0, product, 0)
    slope = slope.at[places].add(rest * updates_dot)
    return _scatter_mul(x, places, updates), slope


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    return jnp.take(convert(x), convert(indices), axis=axis)


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    if isinstance(repeats, list | tuple):
        total = repeats[0] if len(repeats) == 1 else None
        repeats = total if total is not None else jnp.asarray(repeats)
    return jnp.repeat(convert(x), repeats, axis=axis)


def argsort(x: Any, axis: Any = -1) -> Any:
    x = jnp.atleast_1d(convert(x))
    return jnp.argsort(x, axis=axis, stable=True).astype("int32")


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    values, indices = jax.lax.top_k(convert(x), k)
    return values, indices.astype("int32")


def segment_sum(
    data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False
) -> Any:
    data, ids = convert(data), convert(segment_ids)
    _segment_rule(data, ids, num_segments)
    return jax.ops.segment_sum(data, ids, num_segments, indices_are_sorted=sorted)


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    if sparse:
        from dlcore.src.backend.jax.sparse import bincount

        return bincount(x, weights, minlength, True)
    x = convert(x).astype("int32")
    weights = None if weights is None else convert(weights)
    if x.ndim == 1:
        found = jnp.bincount(x, weights, minlength)
        return found if weights is not None else found.astype("int32")
    size = minlength
    if not isinstance(x, jax.core.Tracer):
        size = max(minlength, int(x.max(initial=-1)) + 1)
    ones = jnp.ones_like(x) if weights is None else weights
    return jax.vmap(lambda row, w: jnp.bincount(row, w, length=size))(x, ones)


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
    found = jnp.unique(
        convert(x),
        return_index,
        return_inverse,
        return_counts,
        axis=axis,
        size=size,
        fill_value=fill_value,
        equal_nan=False,
    )
    if not isinstance(found, tuple):
        return found
    return (found[0], *(v.astype("int32") for v in found[1:]))


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    if not isinstance(pred, jax.core.Tracer):
        return true_fn() if bool(pred) else false_fn()
    return jax.lax.cond(pred, true_fn, false_fn)


def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    single = not isinstance(loop_vars, list | tuple)
    start: Any = (loop_vars,) if single else tuple(loop_vars)
    start = optree.tree_map(convert, start)

    def step(state: Any) -> Any:
        done, values = state
        values = body(*values)
        values = tuple(values) if isinstance(values, list | tuple) else (values,)
        return done + 1, values

    def goes_on(state: Any) -> Any:
        done, values = state
        more = jnp.asarray(cond(*values)).reshape(())
        if maximum_iterations is not None:
            more = jnp.logical_and(more, done < maximum_iterations)
        return more

    _, values = jax.lax.while_loop(goes_on, step, (jnp.int32(0), start))
    return values[0] if single else type(loop_vars)(values)


def fori_loop(lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    return jax.lax.fori_loop(lower, upper, body_fun, optree.tree_map(convert, init_val))


def scan(
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    check_scan(f, xs, length, unroll)
    return jax.lax.scan(f, init, xs, length, reverse, unroll=unroll)


def vectorized_map(function: Any, elements: Any) -> Any:
    return jax.vmap(function)(optree.tree_map(convert, elements))


def switch(index: Any, branches: Any, *operands: Any) -> Any:
    return jax.lax.switch(index, branches, *operands)


def view(x: Any, dtype: Any = None) -> Any:
    x = convert(x)
    return x.view(native(standardize_dtype(dtype or x.dtype)))
