"""Rounding by what data say: better than to the nearest, and not worse than Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dlcore.quantizers import AWQConfig, GPTQConfig

from dlcore.src.quantizers.rounding import Awq, Gptq, _to_nearest

rng = np.random.default_rng(3)
#: Activations that depend on each other, some inputs larger than others.
X = rng.normal(size=(256, 24)) @ rng.normal(size=(24, 24)) * rng.uniform(0.1, 4, 24)
X = X.astype("float32")
W = rng.normal(size=(10, 24)).astype("float32")


def error(matrix: Any) -> float:
    """Mean square of what products are off by."""
    return float(np.mean(np.square(X @ (matrix - W).T)))


def by_keras(config: Any, **options: Any) -> float:
    import keras
    from keras.src.quantizers.awq import AWQ
    from keras.src.quantizers.gptq import GPTQ

    layer = keras.layers.Dense(10, use_bias=False)
    layer.build((None, 24))
    layer.set_weights([W.T])
    kind = GPTQ if config is GPTQConfig else AWQ
    settings = getattr(keras.quantizers, config.__name__)(None, None, **options)
    layer.quantize(settings.mode, config=settings)
    worker = kind(layer, settings)
    x = keras.ops.convert_to_tensor(X)
    if kind is GPTQ:
        worker.update_hessian_with_batch(x)
        worker.quantize_and_correct_layer()
    else:
        worker.update_activation_magnitudes(x)
        worker.quantize_layer()
    return error(keras.ops.convert_to_numpy(layer(np.eye(24, dtype="float32"))).T)


@pytest.mark.parametrize(
    "options",
    [
        {"group_size": -1},
        {"group_size": 8},
        {"group_size": 7},
        {"group_size": 8, "activation_order": True},
        {"group_size": -1, "symmetric": True},
        {"group_size": 8, "weight_bits": 3},
        {"group_size": 8, "weight_bits": 8},
    ],
)
def test_gptq(options: dict[str, Any]) -> None:
    worker = Gptq(24)
    worker.look_at(X[:100])
    worker.look_at(X[100:])
    np.testing.assert_allclose(worker.hessian, 2 / 256 * X.T @ X, rtol=1e-3, atol=1e-3)
    found = worker.round(W, GPTQConfig(None, None, **options))
    bits, size = options.get("weight_bits", 4), options["group_size"]
    assert found.values.max() < 2**bits
    assert found.scale.shape == (10, 1 if size == -1 else -(-24 // size))
    if bits == 4 and not options.get("symmetric"):
        assert error(found.floats()) < 0.8 * error(_to_nearest(W, size).floats())
    assert error(found.floats()) < 1.02 * by_keras(GPTQConfig, **options)


@pytest.mark.parametrize("group_size", [-1, 8, 7])
def test_awq(group_size: int) -> None:
    worker = Awq(24)
    worker.look_at(X[:100])
    worker.look_at(X[100:])
    np.testing.assert_array_equal(worker.largest, np.abs(X).max(0))
    found, factors = worker.round(W, AWQConfig(None, None, group_size=group_size))
    mine = error(found.floats() / factors)
    assert mine < error(_to_nearest(W, group_size).floats())
    wanted = by_keras(AWQConfig, group_size=group_size)
    np.testing.assert_allclose(mine, wanted, rtol=1e-3)


def test_inputs_that_are_always_zero_do_no_harm() -> None:
    worker = Gptq(24)
    x = X.copy()
    x[:, :5] = 0
    worker.look_at(x)
    found = worker.round(W, GPTQConfig(None, None, group_size=8))
    assert np.isfinite(found.floats()).all()
    np.testing.assert_allclose(found.floats()[:, :5], W[:, :5], atol=0.3)


def test_groups_of_one_sign_keep_their_values() -> None:
    matrix = np.array([[1, 2, 3, 4, 5, 6, 7, 8]], "float32") * [[1], [-1]]
    found = _to_nearest(matrix, 4)
    assert np.all(np.abs(found.floats() - matrix) <= found.scale.max() / 2 + 1e-6)
