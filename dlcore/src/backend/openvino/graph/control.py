"""Conditions and loops of a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset15 as nodes
import optree

from dlcore.src.backend import loops
from dlcore.src.backend.openvino.graph.shape import reshaped
from dlcore.src.backend.openvino.graph.traced import (
    Frame,
    Traced,
    Untraceable,
    const,
    frame,
    made,
    output,
    trace,
)
from dlcore.src.ops import rules
from dlcore.src.ops.control import check_scan
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.variable import Variable

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__] = function
    return function


@contextmanager
def _assigning_nothing() -> Iterator[None]:
    """Refuse a function that assigns variables: it would do so at tracing only."""
    variables = frame().variables
    before = [v.value for v in variables]
    yield
    for v, value in zip(variables, before, strict=True):
        if v.value is not value:
            v.value = value
            raise Untraceable("", f"a branch or loop assigns the variable {v.path!r}")


@op
def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    """Run both branches, and choose."""
    with _assigning_nothing():
        one = true_fn()
    with _assigning_nothing():
        two = false_fn()
    pred = REGISTRY["reshape"].function(pred, ())
    return optree.tree_map(
        lambda a, b: REGISTRY["where"].function(pred, a, b), one, two
    )


class _Loop:
    """A loop whose body is being traced: what it carries, and what it uses."""

    def __init__(self, carry: Any):
        self.leaves, self.structure = optree.tree_flatten(carry)
        self.frame = Frame(frame())
        with trace(self.frame):
            self.inside = [
                self.frame.parameter(rules.shape_of(x), rules.promoted(x))
                for x in self.leaves
            ]
        self.parameters = list(self.frame.parameters)

    def carry(self) -> Any:
        """Return what the body gets."""
        return optree.tree_unflatten(self.structure, self.inside)

    def follows(self, carry: Any) -> list[Any]:
        """Return the outputs that the next step gets; they must be alike."""
        leaves, structure = optree.tree_flatten(carry)
        if structure != self.structure:
            raise ValueError(
                f"a loop must carry one structure: {self.structure} became {structure}"
            )
        for new, old in zip(leaves, self.leaves, strict=True):
            if rules.shape_of(new) != rules.shape_of(old):
                raise ValueError(
                    f"a loop must carry one shape: {rules.shape_of(old)} became "
                    f"{rules.shape_of(new)}"
                )
        return [
            output(new, rules.promoted(old))
            for new, old in zip(leaves, self.leaves, strict=True)
        ]

    def node(
        self, count: Any, goes_on: Any, results: list[Any], carried: list[Any]
    ) -> Any:
        """Return the loop's node in the graph around it."""
        loop = nodes.loop(
            *(v.output(0) if isinstance(v, ov.Node) else v for v in (count, goes_on))
        )
        loop.set_function(ov.Model(results, self.frame.parameters))
        loop.set_special_body_ports([-1, 0])
        for parameter, start, new in zip(
            self.parameters, self.leaves, carried, strict=True
        ):
            loop.set_merged_input(parameter, output(start), new)
        for parameter, outer in self.frame.captured:
            loop.set_invariant_input(parameter, output(outer))
        return loop


@op
def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    single = not isinstance(loop_vars, list | tuple)
    start: Any = (loop_vars,) if single else tuple(loop_vars)
    start = optree.tree_map(_tensor, start)
    if maximum_iterations is not None:
        maximum_iterations = int(maximum_iterations)
    known = _unrolled(cond, body, start, maximum_iterations)
    if known is not None:
        values = known
    else:
        values = _loop(cond, body, start, maximum_iterations)
    return values[0] if single else type(loop_vars)(values)


def _tensor(x: Any) -> Any:
    from dlcore.src.backend.openvino.runtime import convert

    return convert(x.value if type(x) is Variable else x)


#: A loop of more steps than these becomes a loop of the graph.
UNROLLED = 8


def _unrolled(cond: Any, body: Any, values: Any, maximum: Any) -> Any:
    """Run the loop while its condition is known, or return None."""
    limit = UNROLLED if maximum is None else min(maximum, UNROLLED)
    done = 0
    while True:
        if maximum is not None and done >= maximum:
            return values
        with _assigning_nothing():
            more = cond(*values)
        if isinstance(more, Traced) or done >= limit:
            return None
        if not bool(more):
            return values
        with _assigning_nothing():
            values = body(*values)
        values = tuple(values) if isinstance(values, list | tuple) else (values,)
        done += 1


def _truth(x: Any) -> Any:
    return reshaped(output(REGISTRY["cast"].function(x, "bool")), ())


def _loop(cond: Any, body: Any, start: Any, maximum: Any) -> Any:
    with _assigning_nothing():
        first = cond(*start)
        loop = _Loop(start)
        with trace(loop.frame):
            values = body(*loop.carry())
            values = tuple(values) if isinstance(values, list | tuple) else (values,)
            carried = loop.follows(values)
            dtypes = [rules.promoted(x) for x in loop.leaves]
            again = [made(c, d) for c, d in zip(carried, dtypes, strict=True)]
            goes_on = _truth(cond(*optree.tree_unflatten(loop.structure, again)))
    count = const(-1 if maximum is None else maximum, "int64")
    node = loop.node(count, _truth(_tensor(first)), [goes_on, *carried], carried)
    found = [
        made(node.get_iter_value(c, -1), d)
        for c, d in zip(carried, dtypes, strict=True)
    ]
    return optree.tree_unflatten(loop.structure, found)


@op
def scan(
    f: Any, init: Any, xs: Any, length: Any, reverse: bool, unroll: Any = 1
) -> Any:
    check_scan(f, xs, length, unroll)
    init, xs = loops.tree_map(_tensor, init), loops.tree_map(_tensor, xs)
    leaves, structure = optree.tree_flatten(xs)
    count = int(length) if length is not None else rules.shape_of(leaves[0])[0]
    if count <= UNROLLED:
        with _assigning_nothing():
            stack = REGISTRY["stack"].function
            return loops.scan(f, init, xs, length, reverse, lambda v: stack(list(v)))
    flip = REGISTRY["flip"].function
    if reverse:
        leaves = [flip(x, 0) for x in leaves]
    with _assigning_nothing():
        loop = _Loop(init)
        with trace(loop.frame):
            slices, ports = [], []
            for x in leaves:
                piece = loop.frame.parameter(
                    (1, *rules.shape_of(x)[1:]), rules.promoted(x)
                )
                ports.append(loop.frame.parameters[-1])
                slices.append(
                    made(reshaped(piece.output, rules.shape_of(x)[1:]), piece.dtype)
                )
            carry, out = f(loop.carry(), optree.tree_unflatten(structure, slices))
            carried = loop.follows(carry)
            outs, out_structure = optree.tree_flatten(out)
            rows = [reshaped(output(y), (1, *rules.shape_of(y))) for y in outs]
            goes_on = nodes.constant(np.array(True)).output(0)
    node = loop.node(
        const(count, "int64"),
        nodes.constant(np.array(True)),
        [goes_on, *carried, *rows],
        carried,
    )
    for port, x in zip(ports, leaves, strict=True):
        node.set_sliced_input(port, output(x), 0, 1, 1, -1, 0)
    last = [
        made(node.get_iter_value(c, -1), rules.promoted(x))
        for c, x in zip(carried, loop.leaves, strict=True)
    ]
    stacked = [
        made(node.get_concatenated_slices(r, 0, 1, 1, -1, 0), rules.promoted(y))
        for r, y in zip(rows, outs, strict=True)
    ]
    if reverse:
        stacked = [flip(y, 0) for y in stacked]
    return (
        optree.tree_unflatten(loop.structure, last),
        optree.tree_unflatten(out_structure, stacked),
    )
