"""The same mistakes in a call of every op: the message names op, argument and shape."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY, Op

from .samples import ROWS, Row
from .test_samples import tensors

FIRST = {r.op: r for r in reversed(ROWS)}
#: Ops that take a tensor of any shape beside another one, or broadcast six axes.
ANY_SHAPE = {
    *("digitize", "heaviside", "isin", "kron", "outer", "searchsorted", "take"),
    *("batch_normalization", "vdot"),
}
STRANGE = (7, 5, 11, 3, 2, 13)


def bound(row: Row) -> tuple[Op, inspect.BoundArguments]:
    op = REGISTRY[row.op]
    args, kwargs = tensors(row)
    return op, op.signature.bind(*args, **kwargs)


def given(op: Op, call: inspect.BoundArguments) -> list[str]:
    """Return the parameters that got a tensor."""
    several = inspect.Parameter.VAR_POSITIONAL
    return [
        name
        for name, value in call.arguments.items()
        if hasattr(value, "shape") and op.signature.parameters[name].kind != several
    ]


def message(op: Op, args: Any, kwargs: Any) -> str:
    """Return what is said of a call that must fail."""
    with pytest.raises((TypeError, ValueError)) as raised:
        op.function(*args, **kwargs)
    text = str(raised.value)
    assert text.startswith(f"{op.name}: "), text
    return text


def skip_what_is_lacking(backend: str, name: str) -> None:
    reason = backends.get(backend).lacks.get(name)
    if reason:
        pytest.skip(reason)


@pytest.mark.parametrize("name", FIRST)
def test_misspelt_argument(name: str) -> None:
    op, call = bound(FIRST[name])
    parameters = op.signature.parameters.values()
    if any(p.kind == inspect.Parameter.VAR_KEYWORD for p in parameters):
        pytest.skip("it takes any name")
    wrong = f"{[*op.signature.parameters][-1]}s"
    text = message(op, call.args, {**call.kwargs, wrong: 1})
    assert repr(wrong) in text
    assert "Did you mean" in text or f"Its signature is {name}(" in text


@pytest.mark.parametrize(
    "name", [n for n in FIRST if "axis" in REGISTRY[n].signature.parameters]
)
def test_wrong_axis(name: str, backend: str) -> None:
    skip_what_is_lacking(backend, name)
    op, call = bound(FIRST[name])
    call.arguments["axis"] = 99
    text = message(op, call.args, call.kwargs)
    assert "axis 99 is out of bounds" in text or "99" in text.partition("\n")[0]


@pytest.mark.parametrize("name", FIRST)
def test_none_is_no_tensor(name: str, backend: str) -> None:
    skip_what_is_lacking(backend, name)
    op, call = bound(FIRST[name])
    for argument in given(op, call):
        if op.signature.parameters[argument].default is None:
            continue
        _, call = bound(FIRST[name])
        call.arguments[argument] = None
        text = message(op, call.args, call.kwargs)
        assert f"`{argument}` must be a tensor" in text


@pytest.mark.parametrize(
    "name", [n for n in FIRST if n not in ANY_SHAPE and len(FIRST[n].args) > 1]
)
def test_shapes_that_do_not_fit(name: str, backend: str) -> None:
    skip_what_is_lacking(backend, name)
    op, call = bound(FIRST[name])
    names = given(op, call)
    if len(names) < 2:
        pytest.skip("there is only one tensor")
    for argument in names:
        _, call = bound(FIRST[name])
        dtype = ops.dtype(call.arguments[argument])
        call.arguments[argument] = ops.cast(np.ones(STRANGE), dtype)
        assert str(STRANGE) in message(op, call.args, call.kwargs), argument
