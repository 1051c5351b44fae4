"""Layers around code of PyTorch, JAX, Flax and TensorFlow, against that code alone."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers

rng = np.random.default_rng(0)
X = rng.normal(size=(16, 3)).astype("float32")
Y = rng.normal(size=(16, 2)).astype("float32")
RATE = 0.05


def fitted(model: Any, epochs: int = 3) -> list[float]:
    """Return the losses of plain gradient descent on whole batches."""
    model.compile(dlcore.optimizers.SGD(RATE), "mse")
    history = model.fit(X, Y, batch_size=16, epochs=epochs, shuffle=False, verbose=0)
    return history.history["loss"]


def scale(params: Any, inputs: Any) -> Any:
    return inputs * params


CLASSES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "TorchModuleWrapper": ("torch", (None,)),
    "JaxLayer": ("jax", (scale, None, 1.0)),
    "FlaxLayer": ("jax", (types.SimpleNamespace(__call__=None), scale)),
    "TFSMLayer": ("tensorflow", ("nowhere",)),
}


@pytest.mark.parametrize("name", CLASSES)
def test_elsewhere_a_sentence_says_where_it_lives(name: str) -> None:
    home, args = CLASSES[name]
    with dlcore.use_backend("numpy"):
        with pytest.raises(ValueError, match=f"supported with the {home}.*: numpy"):
            getattr(layers, name)(*args)


# PyTorch.


def module() -> Any:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def test_a_module_of_torch_trains_as_by_torch() -> None:
    import torch

    own, wrapped = module(), module()
    optimizer = torch.optim.SGD(own.parameters(), RATE)
    wanted = []
    for _ in range(3):
        loss = torch.nn.functional.mse_loss(own(torch.tensor(X)), torch.tensor(Y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wanted.append(float(loss.detach()))
    with dlcore.use_backend("torch"):
        layer = layers.TorchModuleWrapper(wrapped)
        model = dlcore.Sequential([dlcore.Input((3,)), layer])
        assert model.output_shape == (None, 2)
        np.testing.assert_allclose(fitted(model), wanted, rtol=1e-5)
        predicted = model.predict(X, verbose=0)
    np.testing.assert_allclose(
        predicted, own.eval()(torch.tensor(X)).detach().numpy(), rtol=1e-4, atol=1e-5
    )
    found = wrapped.state_dict()  # the module itself has learnt
    for key, value in own.state_dict().items():
        np.testing.assert_allclose(found[key], value, rtol=1e-4, atol=1e-6)


def test_files_with_a_module_of_torch(tmp_path: Path) -> None:
    with dlcore.use_backend("torch"):
        layer = layers.TorchModuleWrapper(module(), output_shape=(None, 2))
        model = dlcore.Sequential([dlcore.Input((3,)), layer])
        fitted(model)
        wanted = model.predict(X, verbose=0)
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
        with pytest.raises(ValueError, match="safe_mode=False"):
            dlcore.saving.load_model(tmp_path / "model.keras")
        again = dlcore.saving.load_model(tmp_path / "model.keras", safe_mode=False)
        np.testing.assert_allclose(again.predict(X, verbose=0), wanted, rtol=1e-6)
        other = dlcore.Sequential(
            [dlcore.Input((3,)), layers.TorchModuleWrapper(module())]
        )
        other.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_allclose(other.predict(X, verbose=0), wanted, rtol=1e-6)
        with pytest.raises(ValueError, match="TorchModuleWrapper is only supported"):
            model.to_backend("numpy")


def test_files_with_a_module_go_between_keras_and_dlcore(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    first, second = tmp_path / "theirs.keras", tmp_path / "ours.keras"
    theirs = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.TorchModuleWrapper(module(), output_shape=(None, 2)),
        ]
    )
    theirs.save(first)
    wanted = theirs.predict(X, verbose=0)
    with dlcore.use_backend("torch"):
        ours = dlcore.saving.load_model(first, safe_mode=False)
        np.testing.assert_allclose(ours.predict(X, verbose=0), wanted, rtol=1e-5)
        fitted(ours)
        wanted = ours.predict(X, verbose=0)
        ours.save(second)
    again = keras.saving.load_model(second, safe_mode=False)
    np.testing.assert_allclose(again.predict(X, verbose=0), wanted, rtol=1e-5)


def test_modules_that_become_attributes_are_wrapped() -> None:
    import torch

    class Net(dlcore.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(3, 4)
            self.last = layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.last(torch.relu(self.first(x)))

    with dlcore.use_backend("torch"):
        net = Net()
        assert isinstance(net.first, layers.TorchModuleWrapper)
        losses = fitted(net)
        assert losses[-1] < losses[0] and len(net.trainable_weights) == 4
    with dlcore.use_backend("numpy"):
        assert isinstance(Net().first, torch.nn.Linear)


def test_lazy_modules_are_called_before() -> None:
    import torch

    with dlcore.use_backend("torch"):
        with pytest.raises(ValueError, match="Call it once before"):
            layers.TorchModuleWrapper(torch.nn.LazyLinear(2))


# JAX.


@dlcore.saving.register_keras_serializable("test_foreign")
def begin(rng: Any, inputs: Any) -> Any:
    import jax

    weights = jax.random.normal(rng, (inputs.shape[-1], 2))
    return {"w": [weights]}, {"calls": np.zeros((), "int32")}


@dlcore.saving.register_keras_serializable("test_foreign")
def compute(state: Any, training: bool, inputs: Any, params: Any) -> Any:
    if training:
        state = {"calls": state["calls"] + 1}
    return inputs @ params["w"][0], state


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_a_function_of_jax_trains_as_by_jax(
    backend: str, need: Callable[[str], None], tmp_path: Path
) -> None:
    need("jax"), need(backend)
    import jax

    with dlcore.use_backend(backend):
        layer = layers.JaxLayer(compute, begin, seed=1)
        model = dlcore.Sequential([dlcore.Input((3,)), layer])
        assert model.output_shape == (None, 2)
        w = layer.get_weights()[0]
        found = fitted(model)

        def loss(w: Any) -> Any:
            return ((X @ w - Y) ** 2).mean()

        for value in found:
            wanted, gradient = jax.value_and_grad(loss)(w)
            np.testing.assert_allclose(value, wanted, rtol=1e-5)
            w = w - RATE * gradient
        trained, calls = layer.get_weights()
        np.testing.assert_allclose(trained, w, rtol=1e-4, atol=1e-6)
        assert int(calls) == 3 and int(layer.state["calls"].numpy()) == 3
        wanted = model.predict(X, verbose=0)
        assert int(layer.state["calls"].numpy()) == 3  # no training
        model.save(tmp_path / "model.keras")
        again = dlcore.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(again.predict(X, verbose=0), wanted, rtol=1e-6)


def test_functions_of_jax_are_checked(need: Callable[[str], None]) -> None:
    need("jax")
    with dlcore.use_backend("jax"):
        with pytest.raises(ValueError, match="Unsupported argument in `call_fn`: `x`"):
            layers.JaxLayer(lambda params, inputs, x: inputs, params=1.0)
        with pytest.raises(ValueError, match="argument in `init_fn`: `inputs`"):
            layers.JaxLayer(lambda inputs: inputs, lambda rng: rng)
        with pytest.raises(ValueError, match="cannot all be `None`"):
            layers.JaxLayer(lambda params, inputs: inputs)
        wrong = layers.JaxLayer(
            lambda params, state, inputs: (inputs, inputs), params=1.0, state={"a": "b"}
        )
        with pytest.raises(ValueError, match="mismatch"):
            wrong(X)


def test_keys_of_jax_come_with_training_only(need: Callable[[str], None]) -> None:
    need("jax")
    import jax

    def noisy(inputs: Any, rng: Any, training: bool) -> Any:
        assert (rng is not None) == training
        return inputs + (jax.random.normal(rng, inputs.shape) if training else 0.0)

    with dlcore.use_backend("jax"):
        layer = layers.JaxLayer(noisy, seed=3)
        first, second = (np.asarray(layer(X, training=True)) for _ in range(2))
        again = np.asarray(layers.JaxLayer(noisy, seed=3)(X, training=True))
        assert np.abs(first - second).max() > 0.1
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(layer(X), X)


class Standin:
    """What a module of Flax is to its users: ``init``, ``apply``, methods."""

    def init(self, rngs: Any, inputs: Any, method: Any = None, **kwargs: Any) -> Any:
        import jax

        assert set(rngs) == {"params", "dropout"}
        shape = (inputs.shape[-1], 2)
        params = {"kernel": jax.random.normal(rngs["params"], shape)}
        return {"params": params, "stats": {"mean": np.zeros(2, "float32")}}

    def apply(
        self,
        variables: Any,
        inputs: Any,
        rngs: Any,
        method: Any,
        mutable: Any,
        **kwargs: Any,
    ) -> Any:
        assert "params" not in mutable and "stats" in mutable
        state = dict(variables["stats"])
        method = type(self).__call__ if method is None else method
        outputs = getattr(method, "__func__", method)(
            self, inputs, variables["params"], state, rngs, **kwargs
        )
        return outputs, {"stats": state}

    def __call__(
        self, inputs: Any, params: Any, state: Any, rngs: Any, training: bool = False
    ) -> Any:
        outputs = inputs @ params["kernel"]
        if training:
            assert set(rngs) == {"dropout"}
            state["mean"] = outputs.mean(0)
        return outputs

    def doubled(self, inputs: Any, params: Any, state: Any, rngs: Any) -> Any:
        return 2 * inputs @ params["kernel"]

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Standin:
        return cls()


dlcore.saving.register_keras_serializable("test_foreign")(Standin)


class _AllBut:
    def __init__(self, names: list[str]):
        self.names = names

    def __contains__(self, name: str) -> bool:
        return name not in self.names


@pytest.mark.parametrize("method", [None, "doubled"])
def test_a_module_of_flax_is_split_into_weights_and_state(
    method: str | None,
    need: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("jax")
    linen = types.ModuleType("flax.linen")
    linen.DenyList = _AllBut  # type: ignore[attr-defined]  # flax is not installed
    monkeypatch.setitem(sys.modules, "flax", types.ModuleType("flax"))
    monkeypatch.setitem(sys.modules, "flax.linen", linen)
    module = Standin()
    with dlcore.use_backend("jax"):
        chosen = method and getattr(module, method)
        layer = layers.FlaxLayer(module, method=chosen, seed=1)
        model = dlcore.Sequential([dlcore.Input((3,)), layer])
        assert [w.shape for w in layer.trainable_weights] == [(3, 2)]
        assert [w.shape for w in layer.non_trainable_weights] == [(2,)]
        losses = fitted(model)
        assert losses[-1] < losses[0]
        kernel, mean = layer.get_weights()
        wanted = X @ kernel * (2 if method else 1)
        np.testing.assert_allclose(model.predict(X, verbose=0), wanted, rtol=1e-5)
        assert (np.abs(mean).max() > 0) == (method is None)
        model.save(tmp_path / "model.keras")
        again = dlcore.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(again.predict(X, verbose=0), wanted, rtol=1e-5)


# TensorFlow.


def saved(path: Path) -> Path:
    """Write a SavedModel: a product, and one for training that counts its calls."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, 3))]

    class Program(tf.Module):
        def __init__(self) -> None:
            self.w = tf.Variable(np.ones((3, 2), "float32"))
            self.calls = tf.Variable(0, trainable=False)

        @tf.function(input_signature=signature)
        def serve(self, x: Any) -> Any:
            return tf.matmul(x, self.w)

        @tf.function(input_signature=signature)
        def train(self, x: Any) -> Any:
            self.calls.assign_add(1)
            return tf.matmul(x, self.w)

    program = Program()
    tf.saved_model.save(program, str(path), signatures={"named": program.serve})
    return path


def test_a_saved_model_of_tensorflow_goes_on_training(
    need: Callable[[str], None], tmp_path: Path
) -> None:
    need("tensorflow")
    folder = saved(tmp_path / "program")
    with dlcore.use_backend("tensorflow"):
        layer = layers.TFSMLayer(folder, call_training_endpoint="train")
        model = dlcore.Sequential([dlcore.Input((3,)), layer])
        assert model.output_shape == (None, 2)
        w = np.ones((3, 2), "float32")
        for value in fitted(model):
            np.testing.assert_allclose(value, ((X @ w - Y) ** 2).mean(), rtol=1e-5)
            w = w - RATE * X.T @ (X @ w - Y) * 2 / Y.size
        trained, calls = layer.get_weights()
        np.testing.assert_allclose(trained, w, rtol=1e-5, atol=1e-6)
        assert int(calls) == 3
        wanted = model.predict(X, verbose=0)
        np.testing.assert_allclose(wanted, X @ w, rtol=1e-4, atol=1e-5)
        model.save(tmp_path / "model.keras")
        with pytest.raises(ValueError, match="safe_mode=False"):
            dlcore.saving.load_model(tmp_path / "model.keras")
        again = dlcore.saving.load_model(tmp_path / "model.keras", safe_mode=False)
        np.testing.assert_allclose(again.predict(X, verbose=0), wanted, rtol=1e-6)
        with pytest.raises(ValueError, match=r"'other' is neither.*\['named'\]"):
            layers.TFSMLayer(folder, "other")
        named = layers.TFSMLayer(folder, "named")(X)
        np.testing.assert_allclose(named["output_0"], X @ np.ones((3, 2)), rtol=1e-5)
