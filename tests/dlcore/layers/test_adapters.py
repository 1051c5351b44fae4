"""Low-rank adaptation: what is trained, what is computed, what is saved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops

rng = np.random.default_rng(0)
FLAT = rng.normal(size=(4, 6)).astype("float32")
IMAGE = rng.normal(size=(2, 6, 6, 3)).astype("float32")
TOKENS = rng.integers(0, 5, (2, 3)).astype("int32")

#: Adapted weight, how to make the layer, inputs.
CASES: dict[str, Any] = {
    "Dense": ("kernel", lambda L: L.Dense(5, activation="tanh"), FLAT),
    "EinsumDense": ("kernel", lambda L: L.EinsumDense("ab,bcd->acd", (2, 3)), FLAT),
    "Embedding": ("embeddings", lambda L: L.Embedding(5, 4), TOKENS),
    "Conv1D": ("kernel", lambda L: L.Conv1D(4, 2), IMAGE[:, 0]),
    "Conv2D": ("kernel", lambda L: L.Conv2D(4, 3, strides=2), IMAGE),
}


def adapted(make: Any, x: Any) -> Any:
    layer = make(layers)
    layer(x)
    layer.enable_lora(2, lora_alpha=3.0, b_initializer="he_uniform")
    return layer


@pytest.fixture(params=["numpy", "torch"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Any:
    with dlcore.use_backend(request.param):
        yield request.param


@pytest.mark.parametrize("name", CASES)
def test_the_result_is_that_of_keras(name: str) -> None:
    import keras

    _, make, x = CASES[name]
    ours, theirs = adapted(make, x), make(keras.layers)
    theirs(x)
    theirs.enable_lora(2, lora_alpha=3.0)
    mine = {w.name: w.numpy() for w in ours.weights}
    assert {w.name: tuple(w.shape) for w in theirs.weights} == {
        k: v.shape for k, v in mine.items()
    }
    for weight in theirs.weights:
        weight.assign(mine[weight.name])
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours(x)),
        keras.ops.convert_to_numpy(theirs(x)),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("name", CASES)
def test_only_the_factors_are_trained(name: str, backend: str) -> None:
    weight, make, x = CASES[name]
    layer = adapted(make, x)
    factors = [f"lora_{weight}_a", f"lora_{weight}_b"]
    trained = [w.name for w in layer.trainable_weights]
    assert trained[-2:] == factors and weight not in trained
    assert [w.name for w in layer.non_trainable_weights] == [weight]
    layer.trainable = False
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == trained
    if backend == "numpy":
        return  # no gradients
    model = dlcore.Sequential([layer])
    before = {w.name: w.numpy().copy() for w in layer.weights}
    model.compile("sgd", "mse")
    model.fit(x, np.ones_like(ops.convert_to_numpy(layer(x))), verbose=0)
    for w in layer.weights:
        assert np.array_equal(w.numpy(), before[w.name]) == (w.name == weight), w.name


@pytest.mark.parametrize("name", CASES)
def test_what_is_saved_fits_a_plain_layer(name: str) -> None:
    _, make, x = CASES[name]
    layer, plain, store = adapted(make, x), make(layers), {}
    layer.save_own_variables(store)
    plain(x)
    plain.load_own_variables(store)
    wanted = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(ops.convert_to_numpy(plain(x)), wanted, rtol=1e-5)
    layer.load_own_variables(store)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), wanted, rtol=1e-5)


def test_the_constructor_may_ask_for_it() -> None:
    layer = layers.Dense(3, lora_rank=2)
    layer.build((None, 4))
    assert layer.lora_enabled and layer.lora_alpha == 2
    twin = layers.Dense.from_config(layer.get_config())
    assert (twin.lora_rank, twin.lora_alpha) == (2, 2)
    assert "lora_rank" not in layers.Dense(3).get_config()


@pytest.mark.parametrize(
    ("make", "built", "message"),
    [
        (lambda: layers.Dense(3), False, "isn't yet built"),
        (lambda: layers.Dense(3, kernel_constraint="max_norm"), True, "constraints"),
        (lambda: layers.Dense(3, lora_rank=1), True, "already enabled"),
    ],
)
def test_what_cannot_be_adapted(make: Any, built: bool, message: str) -> None:
    layer = make()
    if built:
        layer.build((None, 4))
    with pytest.raises(ValueError, match=message):
        layer.enable_lora(2)
