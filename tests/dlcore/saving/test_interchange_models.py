"""Whole models between Keras and dlcore: graphs, ops, optimizers, lambdas."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore.src.models import operations
from dlcore.src.ops.declare import REGISTRY

keras = pytest.importorskip("keras")

BACKENDS = ("numpy", "jax", "torch")
rng = np.random.default_rng(0)


def shared(library: Any) -> Any:
    """Shared layers, a model in the model called twice, several inputs and outputs."""
    layers = library.layers
    a, b = library.Input((4,), name="a"), library.Input((4,), name="b")
    inside = library.Input((3,))
    inner = library.Model(inside, layers.Dense(3, activation="tanh")(inside))
    dense = layers.Dense(3)
    x, y = dense(a), dense(b)
    z = inner(x + 2.0 * y)
    z = inner(layers.Dropout(0.5)(z))
    return library.Model({"a": a, "b": b}, {"sum": z + x, "inner": inner(y)})


def with_ops(library: Any) -> Any:
    """Operators and functions of ``ops`` as parts of the graph."""
    ops, layers = library.ops, library.layers
    x = library.Input((6, 4))
    y = ops.reshape(layers.Dense(4)(x), (-1, 4, 6))
    y = ops.concatenate([ops.transpose(y, (0, 2, 1)), x[:, :, 1:3]], axis=-1)
    parts = ops.split(y / 2.0 - 0.5, 3, axis=1)
    z = ops.einsum("bij,bkj->bik", parts[0], parts[1])
    z = ops.where(z > 0.0, z, ops.exp(z)) ** 2.0
    w = ops.mean(ops.relu(parts[2]), axis=(1, 2), keepdims=True)
    w = ops.softmax(ops.pad(ops.expand_dims(w, -1)[..., 0], [[0, 0], [0, 1], [0, 1]]))
    return library.Model(x, [ops.average(z, axis=1), ops.cast(w, "float32")])


def sequential(library: Any) -> Any:
    """A model in a model, without a functional graph of its own."""
    layers = library.layers
    inner = library.Sequential([layers.Dense(5, activation="relu"), layers.Dense(4)])
    return library.Sequential(
        [
            library.Input((6, 4)),
            layers.Bidirectional(layers.GRU(4, return_sequences=True)),
            layers.TimeDistributed(inner),
            layers.Flatten(),
        ]
    )


MODELS: dict[Callable[[Any], Any], Any] = {
    shared: {name: rng.normal(size=(3, 4)).astype("float32") for name in "ab"},
    with_ops: rng.normal(size=(3, 6, 4)).astype("float32"),
    sequential: rng.normal(size=(3, 6, 4)).astype("float32"),
}


def same(found: Any, wanted: Any) -> None:
    pairs = zip(dlcore.tree.flatten(found), dlcore.tree.flatten(wanted), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_from_keras_and_back(make: Any, backend: str, tmp_path: Path) -> None:
    x = MODELS[make]
    theirs = make(keras)
    theirs.save(tmp_path / "theirs.keras")
    wanted = theirs.predict(x, verbose=0)
    with dlcore.use_backend(backend):
        ours = dlcore.saving.load_model(tmp_path / "theirs.keras")
        same(ours.predict(x, verbose=0), wanted)
        ours.save(tmp_path / "ours.keras")
        own = make(dlcore)
        own.save(tmp_path / "own.keras")
        expected = own.predict(x, verbose=0)
        own.save_weights(tmp_path / "own.weights.h5")
    again = keras.saving.load_model(tmp_path / "ours.keras")
    same(again.predict(x, verbose=0), wanted)
    other = keras.saving.load_model(tmp_path / "own.keras")
    same(other.predict(x, verbose=0), expected)
    theirs.load_weights(tmp_path / "own.weights.h5")
    same(theirs.predict(x, verbose=0), expected)


@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop", "AdamW", "Nadam", "Lion"])
def test_training_goes_on_in_the_other_library(name: str, tmp_path: Path) -> None:
    x = rng.normal(size=(16, 4)).astype("float32")
    y = rng.normal(size=(16, 1)).astype("float32")
    dense = keras.layers.Dense(1)
    theirs = keras.Sequential([keras.Input((4,)), dense])
    optimizer = getattr(keras.optimizers, name)(learning_rate=0.01)
    theirs.compile(optimizer, "mse", metrics=["mae"])
    theirs.fit(x, y, batch_size=16, epochs=3, verbose=0)
    theirs.save(tmp_path / "model.keras")
    with dlcore.use_backend("torch"):
        ours = dlcore.saving.load_model(tmp_path / "model.keras")
        assert type(ours.optimizer).__name__ == name
        found = ours.fit(x, y, batch_size=16, epochs=3, verbose=0).history
        ours.save(tmp_path / "ours.keras")
    wanted = theirs.fit(x, y, batch_size=16, epochs=3, verbose=0).history
    np.testing.assert_allclose(found["loss"], wanted["loss"], rtol=1e-5)
    np.testing.assert_allclose(found["mae"], wanted["mae"], rtol=1e-5)
    again = keras.saving.load_model(tmp_path / "ours.keras")
    assert int(again.optimizer.iterations) == 6
    for a, b in zip(again.optimizer.variables, ours.optimizer.variables, strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(a), b.numpy(), rtol=1e-6)


def test_lambdas_with_consent(tmp_path: Path) -> None:
    x = rng.normal(size=(3, 4)).astype("float32")
    path = tmp_path / "model.keras"
    for first, second in ((keras, dlcore), (dlcore, keras)):
        with dlcore.use_backend("torch"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = first.layers.Lambda(lambda t: t * 2.0 + 1.0, output_shape=(4,))
            first.Sequential([first.Input((4,)), layer]).save(path)
            with pytest.raises(ValueError, match="safe_mode=False"):
                second.saving.load_model(path)
            loaded = second.saving.load_model(path, safe_mode=False)
            same(loaded.predict(x, verbose=0), x * 2 + 1)


@pytest.mark.parametrize("name", sorted(set(operations.MODULES) & set(REGISTRY)))
def test_ops_are_described_as_keras_has_them(name: str) -> None:
    module = importlib.import_module(f"keras.src.ops.{operations.MODULES[name]}")
    kind = getattr(module, operations.class_of(name))
    settings = set(inspect.signature(kind.__init__).parameters) - {
        "self",
        "name",
        "rms_scaling",
    }
    called = list(inspect.signature(kind.call).parameters)[1:]
    tensors = operations.tensors_of(name)
    known = set(REGISTRY[name].signature.parameters)
    assert known - set(tensors) - {"kwargs"} <= settings
    assert len(tensors) <= len(called)
    assert settings <= known
