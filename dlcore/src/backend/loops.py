"""Loops of Python, for the libraries that run eagerly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optree

from dlcore.src.ops.control import check_scan


def tree_map(function: Callable[..., Any], *trees: Any) -> Any:
    """Call a function on every leaf."""
    return optree.tree_map(function, *trees)


def slices(tree: Any, i: int) -> Any:
    """Return the ``i``-th slice of every tensor."""
    return optree.tree_map(lambda x: x[i], tree)


def stacked(trees: list[Any], stack: Callable[..., Any]) -> Any:
    """Return one tree of stacked tensors."""
    return optree.tree_map(lambda *xs: stack(xs), *trees)


def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum: Any, convert: Callable[..., Any]
) -> Any:
    """Run ``ops.while_loop`` step by step."""
    single = not isinstance(loop_vars, list | tuple)
    values: Any = (loop_vars,) if single else tuple(loop_vars)
    values = optree.tree_map(convert, values)
    done = 0
    while (maximum is None or done < maximum) and bool(cond(*values)):
        values = body(*values)
        values = tuple(values) if isinstance(values, list | tuple) else (values,)
        done += 1
    if single:
        return values[0]
    return type(loop_vars)(values)


def scan(
    f: Any,
    init: Any,
    xs: Any,
    length: Any,
    reverse: bool,
    stack: Callable[..., Any],
    unroll: Any = 1,
) -> Any:
    """Run ``ops.scan`` step by step."""
    check_scan(f, xs, length, unroll)
    leaves = optree.tree_leaves(xs)
    count = int(length) if length is not None else len(leaves[0])
    for leaf in leaves:
        if len(leaf) != count:
            raise ValueError(
                f"scan: `xs` has {len(leaf)} slices where {count} are expected."
            )
    carry, outputs = init, []
    for i in reversed(range(count)) if reverse else range(count):
        carry, out = f(carry, slices(xs, i))
        outputs.append(out)
    if reverse:
        outputs.reverse()
    return carry, stacked(outputs, stack) if outputs else None
