"""What is particular to tensorflow: its own functions, graphs of open size, tf.data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops


@pytest.fixture(autouse=True)
def tf(need: Any) -> Iterator[Any]:
    need("tensorflow")
    import tensorflow

    with dlcore.use_backend("tensorflow"):
        yield tensorflow


def small_model() -> Any:
    model = dlcore.Sequential(
        [layers.Input((5,)), layers.Dense(4, activation="relu"), layers.Dense(3)]
    )
    model.compile("adam", "mse")
    return model


X = np.random.default_rng(0).normal(size=(20, 5)).astype("float32")
Y = np.random.default_rng(1).normal(size=(20, 3)).astype("float32")


def test_its_own_functions_take_a_variable_and_differentiate(tf: Any) -> None:
    v = dlcore.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(v.value)
        total = tf.reduce_sum(tf.constant([3.0, 4.0]) * v)
    np.testing.assert_array_equal(tape.gradient(total, v.value), [3.0, 4.0])


def test_a_model_runs_in_a_graph_with_an_open_batch(tf: Any) -> None:
    model = small_model()
    spec = tf.TensorSpec((None, 5), "float32")
    graph = tf.function(lambda x: model(x), input_signature=[spec], autograph=False)
    np.testing.assert_allclose(graph(X[:7]), model.predict(X[:7]), rtol=1e-6)


def test_tf_data_is_trained_on(tf: Any) -> None:
    model = small_model()
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    history = model.fit(data, validation_data=data, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.evaluate(data, verbose=0) == pytest.approx(history["val_loss"][-1])
    assert model.predict(data, verbose=0).shape == (20, 3)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_of_open_size(tf: Any, reverse: bool) -> None:
    spec = tf.TensorSpec((None, 5), "float32")
    graph = tf.function(
        lambda x: ops.associative_scan(lambda a, b: a + b, x, reverse=reverse),
        input_signature=[spec],
        autograph=False,
    )
    for size in (1, 2, 5, 8):
        x = X[:size]
        wanted = x[::-1].cumsum(0)[::-1] if reverse else x.cumsum(0)
        np.testing.assert_allclose(graph(x), wanted, rtol=1e-5, atol=1e-6)


def test_equal_values_of_two_variables_have_their_own_gradients() -> None:
    from dlcore.src import backend as backends

    value = ops.convert_to_tensor([1.0, 2.0])
    one, two = dlcore.Variable(value), dlcore.Variable(value)
    step = backends.current().runtime.value_and_grad(
        lambda: (ops.sum(3.0 * one + 5.0 * two), None), [one, two], []
    )
    _, (first, second) = step()
    np.testing.assert_array_equal(first, [3.0, 3.0])
    np.testing.assert_array_equal(second, [5.0, 5.0])


def test_the_import_is_quiet_and_late() -> None:
    code = (
        "import sys, dlcore; assert 'tensorflow' not in sys.modules; "
        "dlcore.config.set_backend('tensorflow'); print(dlcore.ops.ones(2).shape)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "(2,)"
    assert found.stderr == ""


DTYPES = ("bool", "uint8", "uint16", "int8", "int32", "float16", "bfloat16", "float32")
OF_TWO = (
    *("add", "multiply", "maximum", "mod", "power", "divide", "hypot", "heaviside"),
    *("logaddexp", "isclose", "less", "logical_xor", "arctan2", "matmul", "outer"),
    *("where", "concatenate", "vdot", "fmax"),
)


@pytest.mark.parametrize("op", OF_TWO)
def test_kernels_give_the_dtype_of_the_rule(op: str) -> None:
    """TensorFlow's kernels take one dtype, and each has its own list of them."""

    def call(one: Any, two: Any) -> Any:
        if op == "where":
            return ops.where([True, False], one, two)
        return ops.concatenate([one, two]) if op == "concatenate" else two_of(one, two)

    two_of = getattr(ops, op)
    for a in DTYPES:
        for b in DTYPES:
            found = call(ops.ones((2,), a), ops.ones((2,), b))
            symbols = (dlcore.KerasTensor((2,), d) for d in (a, b))
            assert ops.dtype(found) == call(*symbols).dtype, (a, b)
