"""Products of matrices and tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph import integers
from dlcore.src.backend.openvino.graph.traced import (
    SMALL,
    Untraceable,
    computed,
    cut,
    made,
    output,
)
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.ops.einsum import einsum_rule, parse
from dlcore.src.ops.numpy import products as declared

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__] = function
    return function


@op
def matmul(x1: Any, x2: Any) -> Any:
    spec = declared._matmul_rule(x1, x2)
    dtype = computed(rules.promoted(x1, x2))
    if dtype == "float32":
        node = nodes.matmul(output(x1, dtype), output(x2, dtype), False, False)
        return made(node, dtype)
    depth = rules.shape_of(x1)[-1]
    bits = 1 if dtype == "bool" else SMALL.get(dtype, (32, True))[0]
    if depth << 2 * bits <= integers.EXACT:
        one, two = (output(cast(x, "float32")) for x in (x1, x2))
        product = nodes.convert(nodes.matmul(one, two, False, False), "i32")
    else:
        reshape = REGISTRY["reshape"].function
        one = x1 if len(rules.shape_of(x1)) > 1 else reshape(x1, (1, -1))
        two = x2 if len(rules.shape_of(x2)) > 1 else reshape(x2, (-1, 1))
        whole = integers.matmul(output(one, dtype), output(two, dtype))
        product = output(reshape(made(whole, "int32"), spec.shape))
    if spec.dtype == "bool":
        return cast(made(product, "int32"), "bool")
    return cut(product, spec.dtype)


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Multiply operand by operand, as products of matrices."""
    spec = einsum_rule(subscripts, *operands)
    if spec.dtype == "bool":
        raise Untraceable("einsum", "it multiplies no truth values in a graph")
    terms, result = parse(subscripts, [len(rules.shape_of(x)) for x in operands])
    parts = [
        _once(cast(x, spec.dtype), term)
        for x, term in zip(operands, terms, strict=True)
    ]
    while len(parts) > 1:
        first, second, *rest = parts
        wanted = set(result).union(*(term for _, term in rest))
        parts = [_pair(first, second, wanted), *rest]
    x, term = parts[0]
    gone = [i for i, c in enumerate(term) if c not in result]
    if gone:
        x = cast(REGISTRY["sum"].function(x, gone), spec.dtype)
        term = "".join(c for c in term if c in result)
    return REGISTRY["transpose"].function(x, [term.index(c) for c in result])


def _once(x: Any, term: str) -> tuple[Any, str]:
    """Take the diagonal where a letter stands twice."""
    while len(set(term)) < len(term):
        letter = next(c for c in term if term.count(c) > 1)
        one = term.index(letter)
        two = term.index(letter, one + 1)
        x = REGISTRY["diagonal"].function(x, 0, one, two)
        rest = [c for i, c in enumerate(term) if i not in (one, two)]
        term = "".join(rest) + letter
    return x, term


def _pair(
    first: tuple[Any, str], second: tuple[Any, str], wanted: set[str]
) -> tuple[Any, str]:
    """Multiply two operands, and sum over the letters that nobody else wants."""
    (x, one), (y, two) = (
        _alone(first, second[1], wanted),
        _alone(second, first[1], wanted),
    )
    sizes = {
        c: max(
            dict(zip(t, rules.shape_of(v), strict=True)).get(c, 1)
            for v, t in ((x, one), (y, two))
        )
        for c in one + two
    }
    shared = [c for c in one if c in two]
    batch = [c for c in shared if c in wanted]
    inner = [c for c in shared if c not in wanted]
    left = [c for c in one if c not in two]
    right = [c for c in two if c not in one]
    a = _arranged(x, one, [batch, left, inner], sizes)
    b = _arranged(y, two, [batch, inner, right], sizes)
    letters = [*batch, *left, *right]
    product = REGISTRY["matmul"].function(a, b)
    return (
        REGISTRY["reshape"].function(product, [sizes[c] for c in letters]),
        "".join(letters),
    )


def _alone(part: tuple[Any, str], other: str, wanted: set[str]) -> tuple[Any, str]:
    """Sum over the letters that only this operand has."""
    x, term = part
    gone = [i for i, c in enumerate(term) if c not in wanted and c not in other]
    if not gone:
        return part
    dtype = rules.promoted(x)
    return (
        cast(REGISTRY["sum"].function(x, gone), dtype),
        "".join(c for i, c in enumerate(term) if i not in gone),
    )


def _arranged(x: Any, term: str, groups: list[list[str]], sizes: dict[str, int]) -> Any:
    """Return a batch of matrices: the axes in order, one for each group."""
    order = [c for group in groups for c in group]
    x = REGISTRY["transpose"].function(x, [term.index(c) for c in order])
    full = [sizes[c] for c in order]
    if tuple(full) != tuple(rules.shape_of(x)):
        x = REGISTRY["broadcast_to"].function(x, full)
    shape = [math.prod(sizes[c] for c in group) for group in groups]
    return REGISTRY["reshape"].function(x, shape)
