"""What a failed call says: the op, the argument, the shapes, and a fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.ops.errors import describe, explain

A, B = np.ones((2, 3), "float32"), np.ones((4, 5), "float32")
K = np.ones((2, 3), "int32")
IMAGE, KERNEL = np.ones((1, 8, 8, 3), "float32"), np.ones((3, 3, 4, 2), "float32")

#: Op, arguments, type of the error, and what its message says besides op and shapes.
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], type, str]] = [
    ("add", (A, B), {}, ValueError, "sizes must be equal or 1"),
    ("where", (A > 0, A, B), {}, ValueError, "do not broadcast"),
    ("broadcast_to", (A, (4, 4)), {}, ValueError, "do not broadcast"),
    ("clip", (A, B, 0), {}, ValueError, "do not broadcast"),
    ("matmul", (A, B), {}, ValueError, "3 columns, 4 rows"),
    ("einsum", ("ij,jk->ik", A, B), {}, ValueError, "'j' in 'ij,jk->ik' is 3 and 4"),
    ("concatenate", ([A, B],), {}, ValueError, "differ beside axis 0"),
    ("reshape", (A, (4, 2)), {}, ValueError, "cannot become"),
    ("reshape", (A, (-2, 3)), {}, ValueError, "non-negative integer"),
    ("transpose", (A, (0, 0)), {}, ValueError, "valid permutation"),
    ("transpose", (A, (0,)), {}, ValueError, "the same length as the input shape"),
    ("transpose", (A, (0, 5)), {}, ValueError, r"an integer in \[-2, 2\)"),
    ("diagonal", (A, 0, 0, 0), {}, ValueError, "two different axes"),
    ("where", (A > 0, A), {}, ValueError, "either both should be `None`"),
    ("argpartition", (A, (1, 2)), {}, ValueError, "`kth` must be an integer"),
    ("histogram", (A,), {}, ValueError, "must be 1-dimensional"),
    ("histogram", (A[0], -5), {}, ValueError, "a non-negative integer"),
    ("histogram", (A[0], 5, (1, 0)), {}, ValueError, "greater than the first"),
    ("inner", (A, B), {}, ValueError, "the last dimension"),
    ("get_item", (A, (0, 7)), {}, ValueError, "7 is out of bounds for axis 1"),
    ("eye", (2.0,), {}, TypeError, "sizes of a matrix are integers"),
    ("squeeze", (A, 0), {}, ValueError, "has not the size 1"),
    ("split", (A, 2, 1), {}, ValueError, "does not divide into 2"),
    ("sum", (A,), {"axis": 5}, ValueError, "it can be -2 to 1"),
    ("mean", (A,), {"axis": (0, 3)}, ValueError, "it can be -2 to 1"),
    ("argmax", (A,), {"axis": 2}, ValueError, "it can be -2 to 1"),
    ("softmax", (A,), {"axis": 5}, ValueError, "it can be -2 to 1"),
    ("logsumexp", (A,), {"axis": 4}, ValueError, "it can be -2 to 1"),
    ("expand_dims", (A, 7), {}, ValueError, "it can be -3 to 2"),
    ("take_along_axis", (A, K, 7), {}, ValueError, "it can be -2 to 1"),
    ("cast", (A, "float33"), {}, ValueError, "Did you mean 'float32'?"),
    ("zeros", ((2, 3),), {"dtype": "flot32"}, ValueError, "Did you mean 'float32'?"),
    ("add", (A,), {"x3": A}, TypeError, r"unexpected .* 'x3'.*add\(x1, x2\)"),
    ("add", (A,), {}, TypeError, "missing a required argument: 'x2'"),
    ("gelu", (A,), {"aproximate": True}, TypeError, "Did you mean 'approximate'?"),
    ("var", (A,), {"axes": 1}, TypeError, "Did you mean 'axis'?"),
    ("exp", ("one",), {}, TypeError, "`x` must be a tensor, an array or a number"),
    ("add", (A, None), {}, TypeError, "`x2` must be a tensor, an array or a number"),
    ("cholesky", (A,), {}, ValueError, "square matrices"),
    ("qr", (A[0],), {}, ValueError, "at least 2 dimensions"),
    ("max_pool", (A, 2), {}, ValueError, "a batch, space and channels"),
    ("binary_crossentropy", (A, B), {}, ValueError, "the same shape"),
    ("conv", (IMAGE, KERNEL), {}, ValueError, "`inputs` has 3, `kernel` .* is for 4"),
]


def tensors(x: Any) -> Any:
    if isinstance(x, list):
        return [tensors(v) for v in x]
    return ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "kind", "says"), CALLS, ids=lambda v: str(v)[:20]
)
def test_a_failed_call_is_explained(
    name: str, args: Any, kwargs: Any, kind: type, says: str, backend: str
) -> None:
    if (backend, name) == ("jax", "get_item"):
        pytest.skip("jax takes the last element for what is out of bounds")
    args = tuple(map(tensors, args))
    kwargs = {k: tensors(v) for k, v in kwargs.items()}
    with pytest.raises(Exception) as raised:
        backends.current().ops[name](*args, **kwargs)
    error = explain(name, args, kwargs, raised.value)
    assert isinstance(error, kind)
    with pytest.raises(kind, match=says):
        raise error
    text = str(error)
    assert text.startswith(f"{name}: ")
    for a in args:
        if hasattr(a, "shape"):
            assert str(tuple(a.shape)) in text
    again = str(explain(name, args, kwargs, error))
    assert again == text


def test_the_outer_op_shows_its_own_call() -> None:
    inner = explain("add", (A, B), {}, ValueError("no"))
    outer = explain("relu", (A,), {}, inner)
    assert str(outer).startswith("relu: add: shapes (2, 3) and (4, 5)")
    assert "add(x1" not in str(outer)
    assert str(outer).endswith("relu(x=<float32 (2, 3)>)")


def test_what_must_pass_is_passed() -> None:
    class Special(RuntimeError):
        """An error that carries more than a message."""

    error: Exception = Special("boom")
    assert explain("add", (A, A), {}, error) is error
    assert error.__notes__ == ["in add(x1=<float32 (2, 3)>, x2=<float32 (2, 3)>)"]
    error = ValueError("mine")
    assert explain("map", (lambda x: x, A), {}, error) is error
    error = NotImplementedError("The numpy backend has no op 'add'.")
    assert explain("add", (A, B), {}, error) is error


def test_arguments_are_shown_by_dtype_and_shape() -> None:
    assert describe(A) == "<float32 (2, 3)>"
    assert describe(dlcore.KerasTensor((None, 3))) == "<float32 (None, 3)>"
    assert describe(np.array([None])) == "<object (1,)>"
    assert describe([A] * 6) == "[" + "<float32 (2, 3)>, " * 4 + "...]"
    assert len(describe("x" * 1000)) < 80
    assert set(CALLS[0][0]) and all(row[0] in REGISTRY for row in CALLS)


def test_a_softmax_of_one_is_warned_of(backend: str) -> None:
    x = ops.convert_to_tensor(np.ones((2, 1), "float32"))
    with pytest.warns(UserWarning, match="softmax over axis -1 .* has size 1"):
        ops.softmax(x)
