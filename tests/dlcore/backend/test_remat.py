"""Computing again instead of keeping: the same results, gradients and state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops
from dlcore.src import backend as backends

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


class Counted(layers.Layer):
    """A layer with weights, a state, a seed and a loss, which counts its runs."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, activation="tanh", kernel_initializer="ones")
        self.norm = layers.BatchNormalization()
        self.dropout = layers.Dropout(0.5, seed=3)
        self.runs = 0

    def build(self, shape: Any) -> None:
        self.dense.build(shape)
        self.norm.build(shape)

    def call(self, x: Any, training: bool = False) -> Any:
        self.runs += 1
        hidden = self.dropout(self.norm(self.dense(x)))
        self.add_loss(ops.sum(ops.square(hidden)))
        return {"out": hidden * x, "count": ops.cast(ops.sum(x > 0), "int32")}


def differentiated(layer: Any, function: Callable[..., Any] | None = None) -> Any:
    """Return loss, gradients and the state after a training step's forward pass."""
    runtime = layer.backend.runtime
    trainable = layer.trainable_variables

    def loss(x: Any) -> Any:
        out = (function or layer)(x, training=True)
        return ops.sum(ops.square(out["out"])) + sum(layer.losses), out["count"]

    call = runtime.value_and_grad(loss, trainable, layer.non_trainable_variables)
    (value, count), gradients = call(ops.convert_to_tensor(X))
    state = [v.numpy() for v in layer.non_trainable_variables]
    return [np.asarray(ops.convert_to_numpy(x)) for x in (value, count, *gradients)] + [
        *state
    ]


def made(mode: str | None, **scope: Any) -> Counted:
    with dlcore.RematScope(mode, **scope):
        layer = Counted(name="counted")
    layer.build((None, 4))
    return layer


SCOPES: list[tuple[Any, dict[str, Any]]] = [
    ("full", {}),
    ("activations", {}),
    ("larger_than", {"output_size_threshold": 20}),
    ("list_of_layers", {"layer_names": ["counted"]}),
]


@pytest.mark.parametrize(("mode", "scope"), SCOPES)
def test_gradients_and_state_are_the_same(
    mode: Any, scope: dict[str, Any], differentiating: str
) -> None:
    with dlcore.use_backend(differentiating):
        wanted = differentiated(made(None))
        found = differentiated(made(mode, **scope))
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_it_is_computed_twice(differentiating: str) -> None:
    """On jax by the compiler: the function itself runs once."""
    with dlcore.use_backend(differentiating):
        plain, again = made(None), made("full")
        differentiated(plain)
        differentiated(again)
    assert plain.runs == 1
    assert again.runs == (1 if differentiating == "jax" else 2)
    assert len(again._losses) == 1


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_a_marked_function_in_a_compiled_step(dtype: str, differentiating: str) -> None:
    def trained(mark: Callable[..., Any]) -> list[Any]:
        with dlcore.use_backend(differentiating):
            dense = layers.Dense(4, kernel_initializer="ones", dtype=dtype)
            inputs = dlcore.Input((4,))
            hidden = layers.Lambda(mark(lambda x: ops.tanh(x * 0.1)))(dense(inputs))
            model = dlcore.Model(inputs, layers.Dense(1, "gelu")(hidden))
            model.set_weights([np.full(w.shape, 0.1) for w in model.weights])
            model.compile("sgd", "mse")
            model.fit(X, X[:, :1], epochs=2, batch_size=3, shuffle=False, verbose=0)
            return model.get_weights()

    for a, b in zip(trained(dlcore.remat), trained(lambda f: f), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_closures_over_weights_that_are_trained(differentiating: str) -> None:
    with dlcore.use_backend(differentiating):
        w = dlcore.Variable([[2.0]])
        runtime = backends.get(differentiating).runtime
        inner = dlcore.remat(lambda x, scale=1.0: ops.matmul(x, w) * scale)
        call = runtime.value_and_grad(
            lambda x: (ops.sum(ops.square(inner(x, scale=3.0))), None), [w], []
        )
        (loss, _), (gradient,) = call(ops.convert_to_tensor([[1.0], [2.0]]))
        assert float(loss) == 180.0
        np.testing.assert_allclose(ops.convert_to_numpy(gradient), [[180.0]])


def test_a_whole_model_under_a_scope(differentiating: str) -> None:
    def trained(mode: Any) -> Any:
        dlcore.utils.set_random_seed(0)
        with dlcore.use_backend(differentiating), dlcore.RematScope(mode):
            parts = [layers.Embedding(5, 4, mask_zero=True), layers.LSTM(3)]
            model = dlcore.Sequential([*parts, layers.Dropout(0.2), layers.Dense(1)])
            model.compile("adam", "mse")
            x = np.array([[1, 2, 0], [3, 4, 4]] * 2)
            return model.fit(x, np.ones((4, 1)), epochs=2, verbose=0).history["loss"]

    np.testing.assert_allclose(trained("full"), trained(None), rtol=1e-5)


@pytest.mark.parametrize(
    ("mode", "scope", "marked"),
    [
        ("full", {}, True),
        ("larger_than", {"output_size_threshold": 12}, False),
        ("larger_than", {"output_size_threshold": 11}, True),
        ("list_of_layers", {"layer_names": ["dense_of_three"]}, True),
        ("list_of_layers", {"layer_names": ["other"]}, False),
        ("activations", {}, True),
        (None, {}, False),
    ],
)
def test_which_layers_are_meant(mode: Any, scope: Any, marked: bool) -> None:
    with dlcore.use_backend("numpy"):
        with dlcore.RematScope("full"), dlcore.RematScope(mode, **scope):
            layer = layers.Dense(3, name="dense_of_three")
        layer.build((None, 2))
        call = layer.rematerialized_call(layer.call, ops.ones((4, 2)))
    assert (call != layer.call) == marked


def test_backends_without_gradients_call_through(backend: str) -> None:
    dense = layers.Dense(3)
    dense.build((None, 4))
    np.testing.assert_allclose(
        ops.convert_to_numpy(dlcore.remat(dense)(X)),
        ops.convert_to_numpy(dense(X)),
        rtol=1e-6,
    )
    assert dlcore.remat(dense)(dlcore.KerasTensor((2, 4))).shape == (2, 3)


def test_unknown_modes() -> None:
    with pytest.raises(ValueError, match=r"Invalid mode 'ful'.*'full'"):
        dlcore.RematScope("ful")


def test_scopes_end() -> None:
    with pytest.raises(RuntimeError), dlcore.RematScope("full"):
        raise RuntimeError
    assert layers.Dense(1)._remat_mode is None
