"""Symbolic tensors: what they stand for, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import ops


def test_unknown_sizes_go_through_ops() -> None:
    x = dlcore.KerasTensor((None, 3, None), "int32")
    assert (x + 1.5).shape == (None, 3, None)
    assert (x + 1.5).dtype == "float32"
    assert ops.sum(x, axis=1).shape == (None, None)
    assert ops.transpose(x).shape == (None, 3, None)
    assert x.reshape((3, -1)).shape == (3, None)
    assert ops.expand_dims(x, -1).squeeze(-1).shape == x.shape
    assert (x == x) is True  # compared as objects, as in dicts
    assert x[:, 0].shape == (None, None)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "cannot be used as a boolean.*ops.where": bool,
    "has no length.*`shape`": len,
    "cannot be iterated over.*unstack": list,
    "cannot be converted to a numpy array.*numerical value": np.asarray,
    "cannot be converted to a float": float,
    "cannot be converted to an int": int,
    "cannot be used as an index": lambda x: [1, 2][x],
    "no value": ops.convert_to_numpy,
}


@pytest.mark.parametrize("message", REFUSED)
def test_there_is_no_value(message: str) -> None:
    errors = (TypeError, ValueError, NotImplementedError)
    with pytest.raises(errors, match=message):
        REFUSED[message](dlcore.KerasTensor((None, 3)))


def test_a_condition_names_the_way_out() -> None:
    x = dlcore.KerasTensor((None, 3))
    with pytest.raises(TypeError, match=r"ops\.cond"):
        x = 1 if ops.sum(x) > 0 else 2


def test_functions_of_tensorflow_refuse_it(need: Callable[[str], None]) -> None:
    need("tensorflow")
    import tensorflow as tf

    x = dlcore.KerasTensor((3,))
    with pytest.raises(ValueError, match="TensorFlow"):
        tf.convert_to_tensor(x)


def test_tensors_of_every_library_combine_with_it(backend: str) -> None:
    x = dlcore.KerasTensor((None, 2))
    for tensor in (ops.ones((2,)), dlcore.Variable([1.0, 2.0]), np.ones(2, "float32")):
        for made in (tensor + x, x + tensor, tensor * x, ops.add(tensor, x)):
            assert isinstance(made, dlcore.KerasTensor)
            assert (made.shape, made.dtype) == ((None, 2), "float32")


@pytest.mark.parametrize("shape", [3, None, (-1,), (2.5,), ("a",)])
def test_shapes_are_sequences_of_sizes(shape: Any) -> None:
    with pytest.raises(ValueError, match="shape"):
        dlcore.KerasTensor(shape)


@pytest.mark.parametrize("name", ["shape", "dtype", "sparse", "ragged"])
def test_it_does_not_change(name: str) -> None:
    with pytest.raises(AttributeError, match=f"`{name}`.*immutable"):
        setattr(dlcore.KerasTensor((2,)), name, None)
    with pytest.raises(ValueError, match="sparse=True"):
        dlcore.KerasTensor((2,), sparse=True, ragged=True)


def test_history_is_recorded_unless_told_otherwise() -> None:
    assert (dlcore.KerasTensor((2,)) + 1).node is not None
    silent = dlcore.KerasTensor((2,), record_history=False)
    assert (silent + 1).node is None
    assert ((silent + 1) * 2).node is None
    assert (silent + dlcore.KerasTensor((2,))).node is not None


def test_a_shape_error_names_op_and_shapes() -> None:
    x, y = dlcore.KerasTensor((None, 3)), dlcore.KerasTensor((4, 5))
    with pytest.raises(ValueError, match=r"matmul.*\(None, 3\).*\(4, 5\)"):
        ops.matmul(x, y)
