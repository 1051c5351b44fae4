"""How an op runs: on numpy's kernels where all values are known, else as a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src import backend as backends
from dlcore.src.backend import loops
from dlcore.src.backend.openvino import graph
from dlcore.src.backend.openvino.graph.traced import Traced
from dlcore.src.backend.openvino.runtime import convert
from dlcore.src.backend.openvino.tensor import Tensor
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.random import SeedGenerator
from dlcore.src.variable import Variable

_NESTS = {list, tuple, dict, slice}


class _InGraphError(Exception):
    """An argument is a node of a graph."""


def _plain(x: Any) -> Any:
    """Return an argument with arrays for tensors."""
    kind = type(x)
    if kind is Tensor:
        return x.array
    if kind is Traced:
        raise _InGraphError
    if kind is Variable:
        return _plain(x.value)
    if kind is SeedGenerator:
        _plain(x.state.value)  # in a graph the numbers depend on it
        return x
    if kind in _NESTS:
        if kind is dict:
            return {k: _plain(v) for k, v in x.items()}
        if kind is slice:
            return slice(_plain(x.start), _plain(x.stop), _plain(x.step))
        return kind(map(_plain, x))
    return x


def _wrapped(x: Any) -> Any:
    """Return a result with tensors for arrays."""
    if isinstance(x, np.ndarray):
        return Tensor(x)
    if isinstance(x, np.generic):
        return Tensor(np.asarray(x))
    if type(x) in (list, tuple):
        return type(x)(map(_wrapped, x))
    return x


def eager_or_node(name: str) -> Callable[..., Any]:
    """Return the op of a name."""
    kernels = backends.get("numpy").ops

    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            plain = [a.array if type(a) is Tensor else _plain(a) for a in args]
            more = {k: _plain(v) for k, v in kwargs.items()} if kwargs else kwargs
        except _InGraphError:
            return graph.run(name, args, kwargs)
        return _wrapped(kernels[name](*plain, **more))

    return run


def _stack(values: Any) -> Any:
    return REGISTRY["stack"].function(list(values))


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    if type(pred) is Traced:
        return graph.run("cond", (pred, true_fn, false_fn), {})
    return true_fn() if bool(pred) else false_fn()


def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    if graph.tracing():
        return graph.run("while_loop", (cond, body, loop_vars, maximum_iterations), {})
    return loops.while_loop(cond, body, loop_vars, maximum_iterations, convert)


def scan(
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    if graph.tracing():
        return graph.run("scan", (f, init, xs, length, reverse, unroll), {})
    init, xs = loops.tree_map(convert, init), loops.tree_map(convert, xs)
    return loops.scan(f, init, xs, length, reverse, _stack, unroll)


def vectorized_map(function: Any, elements: Any) -> Any:
    return scan(lambda carry, x: (carry, function(x)), (), elements)[1]
