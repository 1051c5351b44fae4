"""openvino: every row of the ops' table as a compiled step, and what steps may do."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import optree
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY
from tests.dlcore.ops.samples import ROWS, Row

pytestmark = pytest.mark.usefixtures("openvino")


@pytest.fixture
def openvino(need: Callable[[str], None]) -> Iterator[None]:
    need("openvino")
    with dlcore.use_backend("openvino"):
        yield


def compiled(step: Callable[..., Any], *variables: dlcore.Variable) -> Any:
    return backends.get("openvino").runtime.jit(step, variables)


def leaves(tree: Any) -> list[Any]:
    return list(tree) if isinstance(tree, list | tuple) else [tree]


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


#: The rows with something to trace.
TRACED = [r for r in ROWS if any(map(is_array, optree.tree_leaves((r.args, r.kwargs))))]
#: Derived ops whose bodies need an op without a graph form.
NEEDING = {
    "cholesky_inverse": "cholesky",
    "logdet": "slogdet",
    "pinv": "svd",
    "matrix_rank": "svd",
    "lstsq": "svd",
    "stft": "rfft",
    "istft": "irfft",
}


def without_graph(row: Row) -> bool:
    """Whether a row is known to run op by op."""
    from dlcore.src.backend.openvino import graph

    arrays = [*optree.tree_leaves((row.args, row.kwargs)), *leaves(row.expected())]
    dtypes = [np.asarray(x).dtype for x in arrays]
    if any(dtype.kind == "c" or dtype == "float16" for dtype in dtypes):
        return True
    if row.op == "norm":  # by singular values
        over = np.size(row.kwargs.get("axis"))
        return over == 2 and row.kwargs.get("ord") in ("nuc", 2, -2)
    if row.op == "where":
        return len(row.args) == 1
    return NEEDING.get(row.op, row.op) in graph.WITHOUT_GRAPH


@pytest.mark.parametrize("row", TRACED, ids=str)
def test_compiled_rows_give_the_value_of_the_oracle(row: Row) -> None:
    given, structure = optree.tree_flatten((row.args, row.kwargs), none_is_leaf=True)
    places = [i for i, x in enumerate(given) if is_array(x)]

    def step(*arrays: Any) -> Any:
        leaves = list(given)
        for i, array in zip(places, arrays, strict=True):
            leaves[i] = array
        args, kwargs = optree.tree_unflatten(structure, leaves)
        return REGISTRY[row.op].function(*args, **kwargs)

    arrays = [given[i] for i in places]
    eager = leaves(step(*map(ops.convert_to_tensor, arrays)))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        found = leaves(compiled(step)(*arrays))
    assert any("openvino runs" in str(w.message) for w in said) == without_graph(row)
    expected = leaves(row.expected())
    assert len(found) == len(eager) == len(expected)
    for got, plain, want in zip(found, eager, expected, strict=True):
        assert (got.shape, got.dtype) == (plain.shape, plain.dtype)
        if row.unique:
            np.testing.assert_allclose(
                got, want, rtol=row.tolerance, atol=row.tolerance, equal_nan=True
            )


def check(step: Callable[..., Any], *arrays: np.ndarray, tolerance: float = 0) -> None:
    """Compare a compiled step with the same step run op by op."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = leaves(compiled(step)(*arrays))
    wanted = leaves(step(*map(ops.convert_to_tensor, arrays)))
    for got, want in zip(found, wanted, strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


WORDS = np.random.default_rng(5).integers(-(2**31), 2**31, (3, 4, 50), "int32")


@pytest.mark.parametrize(
    "step",
    [
        lambda a, b, c: ops.where(a < b, a, c) + c,
        lambda a, b, c: [a == a + 1, a < b, a >= b, ops.maximum(a, b)],
        lambda a, b, c: [a // b, a % b, ops.fmod(a, b), a % a, a // 7],
        lambda a, b, c: [ops.sum(a, 0), ops.prod(a, -1), ops.max(a), ops.min(a, 1)],
        lambda a, b, c: [a * b + c, a * 1234567 + 7654321, ops.cumsum(a, 1)],
        lambda a, b, c: [ops.sort(a, 0), ops.argsort(a, 1), ops.argmax(a, 1)],
        lambda a, b, c: ops.matmul(a, ops.transpose(b)),
        lambda a, b, c: 3 - ops.sum(ops.cast(ops.stack([a, b, c]) > 0, "int32"), 1),
        lambda a, b, c: [ops.cast(a, "int8") * ops.cast(b, "int8"), ops.square(a)],
    ],
)
def test_integers_stay_exact(step: Callable[..., Any]) -> None:
    with np.errstate(over="ignore"):
        check(step, *WORDS)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 1e5], "float32")


@pytest.mark.parametrize(
    "name",
    [
        *("exp", "relu", "relu6", "sigmoid", "tanh", "gelu", "softplus", "elu", "sort"),
        *("argsort", "max", "min", "argmax", "argmin", "softmax", "logsumexp", "round"),
        *("sign", "absolute", "log1p", "expm1", "cast_to_int"),
    ],
)
def test_what_is_not_finite_is_kept(name: str) -> None:
    def step(x: Any) -> Any:
        if name == "cast_to_int":
            return ops.cast(x, "bool")
        return REGISTRY[name].function(x)

    with np.errstate(all="ignore"):
        check(step, SPECIAL, tolerance=1e-6)


@pytest.mark.parametrize(
    "name", ["maximum", "minimum", "fmax", "mod", "floor_divide", "arctan2", "power"]
)
def test_what_is_not_finite_is_kept_by_pairs(name: str) -> None:
    one, two = np.broadcast_arrays(SPECIAL[:, None], SPECIAL)
    with np.errstate(all="ignore"):
        check(REGISTRY[name].function, one.copy(), two.copy(), tolerance=1e-6)


def test_random_numbers_are_the_same_compiled() -> None:
    seed = np.array([3, 4], "int32")
    bits = REGISTRY["random_bits"].function
    check(lambda s: bits((1000,), s), seed)
    generator = dlcore.random.SeedGenerator(7)
    step = compiled(
        lambda x: x + dlcore.random.uniform((2, 3), seed=generator), generator.state
    )
    found = [np.asarray(step(np.zeros((2, 3), "float32"))) for _ in range(3)]
    with dlcore.use_backend("numpy"):
        generator = dlcore.random.SeedGenerator(7)
        wanted = [dlcore.random.uniform((2, 3), seed=generator) for _ in range(3)]
    np.testing.assert_array_equal(found, wanted)


def test_loops_of_a_graph() -> None:
    x = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")

    def scan(x: Any) -> Any:
        total, outs = ops.scan(
            lambda c, v: (c * 0.5 + v, ops.tanh(c) + x[0]), x[1], x, reverse=True
        )
        return [total, outs]

    check(scan, x, tolerance=1e-6)

    def loop(x: Any) -> Any:
        return list(
            ops.while_loop(
                lambda i, v: ops.sum(ops.abs(v)) > 1.0,
                lambda i, v: (i + 1, v * 0.7 + 0.001 * x[0]),
                (0, x[2]),
                maximum_iterations=100,
            )
        )

    check(loop, x, tolerance=1e-6)
    check(lambda x: ops.map(lambda v: ops.sum(v) + v, x), x, tolerance=1e-5)
    check(lambda x: ops.cond(ops.sum(x) > 0, lambda: x + 1, lambda: x - 1), x)


def test_variables_are_read_and_assigned() -> None:
    weight, count = dlcore.Variable(np.eye(3, dtype="float32")), dlcore.Variable(0)

    def step(x: Any) -> Any:
        count.assign_add(1)
        return ops.matmul(x, weight)

    run, x = compiled(step, weight, count), np.ones((2, 3), "float32")
    for i in range(1, 7):  # constants at first, inputs when they change often
        np.testing.assert_array_equal(run(x), x * max(i - 1, 1))
        assert int(count) == i
        weight.assign(np.eye(3) * i)


def test_one_program_a_signature() -> None:
    traced = []

    def step(x: Any) -> Any:
        traced.append(x.shape)
        return x + 1

    run = compiled(step)
    for size in (2, 3, 2, 3):
        assert run(np.zeros(size, "float32")).shape == (size,)
    assert traced == [(2,), (3,)]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (lambda x: ops.nonzero(x)[0], "nonzero cannot be compiled: the shape"),
        (lambda x: ops.unique(x), "unique cannot be compiled: the shape"),
        (lambda x: x if x[0] > 0 else -x, "asks for a value"),
        (lambda x: ops.cast(x, "float64") * 2, "float64"),
        (lambda x: ops.cast(x, "bfloat16") * 2, "bfloat16"),
        (lambda x: x[:0], "empty"),
    ],
)
def test_what_has_no_graph_runs_and_says_so(step: Any, reason: str) -> None:
    x = np.array([0.0, 2.0, 2.0], "float32")
    run = compiled(step)
    with pytest.warns(RuntimeWarning, match=reason):
        found = run(x)
    want = step(ops.convert_to_tensor(x))
    assert found.dtype == want.dtype
    np.testing.assert_array_equal(found, want)
    with warnings.catch_warnings():  # once is enough
        warnings.simplefilter("error", RuntimeWarning)
        run(x)


def test_wide_integers_run_as_a_graph_where_they_fit() -> None:
    check(lambda x: [ops.cast(x, "float32"), x == 3, x[::-1]], np.array([1, 3]))
    with pytest.warns(RuntimeWarning, match="int64"):
        assert not np.asarray(compiled(lambda x: x == 3)(np.array([2**40, 5]))).any()


def test_training_is_refused_with_the_way_out() -> None:
    model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(NotImplementedError, match='to_backend\\("jax"\\)'):
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)


def perceptron() -> Any:
    layers = dlcore.layers
    return dlcore.Sequential(
        [
            dlcore.Input((6,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def convnet() -> Any:
    layers = dlcore.layers
    return dlcore.Sequential(
        [
            dlcore.Input((9, 8, 3)),
            layers.Conv2D(4, 3, padding="same"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.SeparableConv2D(6, 3, activation="gelu", padding="same"),
            layers.AveragePooling2D(2, padding="same"),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def recurrent() -> Any:
    layers = dlcore.layers
    return dlcore.Sequential(
        [
            dlcore.Input((12,)),
            layers.Embedding(20, 5, mask_zero=True),
            layers.LSTM(6, return_sequences=True),
            layers.Bidirectional(layers.GRU(4)),
            layers.Dense(3, activation="softmax"),
        ]
    )


def transformer() -> Any:
    layers = dlcore.layers
    inputs = dlcore.Input((10,))
    x = layers.Embedding(20, 8)(inputs)
    x = layers.LayerNormalization()(
        x + layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    )
    x = layers.LayerNormalization()(x + layers.Dense(8, activation="gelu")(x))
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling1D()(x))
    return dlcore.Model(inputs, outputs)


@pytest.mark.parametrize("make", [perceptron, convnet, recurrent, transformer])
def test_models_predict_and_evaluate_as_on_numpy(make: Callable[[], Any]) -> None:
    rng = np.random.default_rng(0)
    with dlcore.use_backend("numpy"):
        model = make()
        model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    shape = (7, *model.input_shape[1:])
    x = rng.normal(size=shape).astype("float32")
    if make in (recurrent, transformer):
        x = rng.integers(0, 20, shape)
    y = rng.integers(0, 3, 7)
    moved = model.to_backend("openvino")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = moved.predict(x, batch_size=4, verbose=0)
        scores = moved.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)
    expected = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert scores == pytest.approx(expected, abs=1e-5)


def test_no_statistics_are_sent() -> None:
    script = (
        "import os, sys; os.register_at_fork(before=lambda: print('fork'));"
        "import dlcore; from dlcore.src import backend;"
        "backend.get('openvino').runtime.jit(lambda x: x + 1, [])"
        "(dlcore.ops.convert_to_numpy([1.0]));"
        "print('openvino' in sys.modules, 'openvino_telemetry' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out.split() == ["True", "False"]
