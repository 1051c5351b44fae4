"""Conditions, loops, functions of functions."""

from __future__ import annotations

from typing import Any

import optree
import tensorflow as tf

from dlcore.src.backend import loops
from dlcore.src.backend.tensorflow.runtime import (
    _result,
    convert,
    flatten,
    is_ours,
    leaves_of,
)
from dlcore.src.ops.control import check_scan
from dlcore.src.ops.declare import REGISTRY


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    if not is_ours(pred) or tf.executing_eagerly():
        return true_fn() if bool(pred) else false_fn()
    trees: list[Any] = []

    def branch(fn: Any) -> Any:
        def call() -> Any:
            flat, tree = flatten(fn())
            trees.append(tree)
            return [_result(x) for x in flat]

        return call

    flat = tf.cond(tf.reshape(pred, ()), branch(true_fn), branch(false_fn))
    return optree.tree_unflatten(trees[0], flat if isinstance(flat, list) else [flat])


def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    if tf.executing_eagerly():
        return loops.while_loop(cond, body, loop_vars, maximum_iterations, convert)
    single = not isinstance(loop_vars, list | tuple)
    start: Any = (loop_vars,) if single else tuple(loop_vars)
    flat, tree = flatten(start)
    flat = [convert(x) for x in flat]

    def goes_on(*flat: Any) -> Any:
        return tf.reshape(convert(cond(*optree.tree_unflatten(tree, flat))), ())

    def step(*flat: Any) -> Any:
        values = body(*optree.tree_unflatten(tree, flat))
        values = tuple(values) if isinstance(values, list | tuple) else (values,)
        return [_result(x) for x in leaves_of(values)]

    flat = tf.while_loop(goes_on, step, flat, maximum_iterations=maximum_iterations)
    values = optree.tree_unflatten(tree, flat)
    return values[0] if single else type(loop_vars)(values)


def fori_loop(lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    value = optree.tree_map(convert, init_val)
    if not tf.executing_eagerly():
        return _counted(lower, upper, body_fun, value)
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def _counted(lower: Any, upper: Any, body_fun: Any, value: Any) -> Any:
    return while_loop(
        lambda i, value: i < upper,
        lambda i, value: (i + 1, body_fun(i, value)),
        (convert(lower, "int32"), value),
    )[1]


def scan(
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    check_scan(f, xs, length, unroll)
    init = optree.tree_map(convert, init)
    xs = optree.tree_map(convert, xs)
    leaves = leaves_of(xs)
    count = length if length is not None else leaves[0].shape[0]
    short = isinstance(count, int) and (unroll is True or count <= 1)
    if tf.executing_eagerly() or short:
        return loops.scan(f, init, xs, count, reverse, _stacked)
    if count is None:
        count = tf.shape(leaves[0])[0]
    # The first step stands before the loop: it tells what the loop carries.
    first = count - 1 if reverse else 0
    carry, out = f(init, loops.slices(xs, first))
    state, tree = flatten(carry)
    outputs, out_tree = flatten(out)
    stacks = []
    for x in map(_result, outputs):
        stack = tf.TensorArray(x.dtype, count, element_shape=x.shape)
        stacks.append(stack.write(first, x))

    def step(done: Any, state: Any, stacks: Any) -> Any:
        i = count - 1 - done if reverse else done
        carry, out = f(optree.tree_unflatten(tree, state), loops.slices(xs, i))
        flat = leaves_of(out)
        written = [s.write(i, _result(x)) for s, x in zip(stacks, flat, strict=True)]
        return done + 1, [_result(x) for x in leaves_of(carry)], written

    _, state, stacks = tf.while_loop(
        lambda done, *_: done < count,
        step,
        (tf.constant(1), [_result(x) for x in state], stacks),
    )
    found = [s.stack() for s in stacks]
    return optree.tree_unflatten(tree, state), optree.tree_unflatten(out_tree, found)


def _stacked(xs: Any) -> Any:
    return tf.stack([convert(x) for x in xs])


def associative_scan(f: Any, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    leaves, tree = flatten(elems)
    leaves = [convert(x) for x in leaves]
    if not callable(f) or not leaves or leaves[0].shape[axis] is not None:
        body = REGISTRY["associative_scan"].body
        return body(f, optree.tree_unflatten(tree, leaves), reverse, axis)  # type: ignore[misc]
    axis %= leaves[0].shape.rank
    if reverse:
        leaves = [tf.reverse(x, [axis]) for x in leaves]
    size, places = tf.shape(leaves[0])[axis], (slice(None),) * axis

    def double(distance: Any, leaves: Any) -> Any:
        def part(*ends: Any) -> Any:
            key = (*places, slice(*ends))
            return optree.tree_unflatten(tree, [x[key] for x in leaves])

        combined = leaves_of(f(part(None, size - distance), part(distance, None)))
        kept = leaves_of(part(None, distance))
        joined = [tf.concat(pair, axis) for pair in zip(kept, combined, strict=True)]
        ours = zip(joined, leaves, strict=True)
        return 2 * distance, [tf.ensure_shape(a, b.shape) for a, b in ours]

    _, leaves = tf.while_loop(
        lambda distance, *_: distance < size, double, (tf.constant(1), leaves)
    )
    if reverse:
        leaves = [tf.reverse(x, [axis]) for x in leaves]
    return optree.tree_unflatten(tree, leaves)


def vectorized_map(function: Any, elements: Any) -> Any:
    elements = optree.tree_map(convert, elements)
    flat, tree = flatten(elements)
    trees: list[Any] = []

    def call(flat: Any) -> Any:
        found, out = flatten(function(optree.tree_unflatten(tree, flat)))
        trees.append(out)
        return [_result(x) for x in found]

    found = tf.vectorized_map(call, flat)
    return optree.tree_unflatten(trees[-1], found)
