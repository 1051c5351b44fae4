"""Masks: made by one layer, used and passed on by others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops

TOKENS = np.array([[1, 2, 3, 0, 0], [4, 5, 1, 2, 3]], "int32")


@pytest.fixture(params=["numpy", "torch"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Any:
    with dlcore.use_backend(request.param):
        yield request.param


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "GlobalAveragePooling1D"])
def test_padding_does_not_change_the_result(name: str) -> None:
    kind = getattr(layers, name)
    last = kind() if name.startswith("Global") else kind(4)
    start = dlcore.Input((None,), dtype="int32")
    model = dlcore.Sequential([start, layers.Embedding(6, 3, mask_zero=True), last])
    short = ops.convert_to_numpy(model(TOKENS[:1, :3]))
    padded = ops.convert_to_numpy(model(TOKENS[:1]))
    np.testing.assert_allclose(padded, short, rtol=1e-5, atol=1e-6)


def test_masks_pass_through_functional_models() -> None:
    x = dlcore.Input((5,), dtype="int32")
    h = layers.Embedding(6, 3, mask_zero=True)(x)
    h = layers.Dense(4, activation="relu")(h)
    model = dlcore.Model(x, layers.GRU(4)(layers.Dropout(0.1)(h)))
    whole = model.predict(TOKENS, verbose=0)
    other = TOKENS.copy()
    other[0, 3:] = 0
    np.testing.assert_array_equal(whole, model.predict(other, verbose=0))


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}])
def test_recurrent_layers_mask_as_in_keras(name: str, options: Any) -> None:
    import keras

    x = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    mask = np.array([[1, 1, 0, 0, 1], [1, 1, 1, 1, 1], [0, 1, 1, 0, 0]], bool)
    ours = getattr(layers, name)(4, **options)
    theirs = getattr(keras.layers, name)(4, **options)
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours(x, mask=mask)),
        keras.ops.convert_to_numpy(theirs(x, mask=mask)),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_layer_that_destroys_the_mask_says_so() -> None:
    model = dlcore.Sequential(
        [layers.Embedding(6, 3, mask_zero=True), layers.Flatten()]
    )
    with pytest.warns(UserWarning, match="does not support masking"):
        model(TOKENS)
