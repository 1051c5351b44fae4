"""Attention, Einstein products and sequence wrappers, with Keras as the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 5, 8)).astype("float32")
VALUE = rng.normal(size=(2, 3, 6)).astype("float32")
MASK = np.array([[1, 1, 0], [1, 1, 1]], bool)

PAIR = (QUERY, VALUE)

#: Name, how to make it, positional and named arguments of the call.
CASES: dict[str, Any] = {
    "heads": (
        lambda L: L.MultiHeadAttention(2, 4, use_bias=False),
        (QUERY, VALUE),
        {},
    ),
    "masked heads": (
        lambda L: L.MultiHeadAttention(2, 4),
        (QUERY, VALUE),
        {"value_mask": MASK, "return_attention_scores": True},
    ),
    "causal heads": (
        lambda L: L.MultiHeadAttention(2, 4, output_shape=3),
        (QUERY, QUERY),
        {"use_causal_mask": True},
    ),
    "gated heads": (lambda L: L.MultiHeadAttention(2, 4, use_gate=True), PAIR, {}),
    "heads that see what is near": (
        lambda L: L.MultiHeadAttention(2, 4, sliding_window=2),
        (QUERY, QUERY),
        {"use_causal_mask": True, "return_attention_scores": True},
    ),
    "heads along two axes": (
        lambda L: L.MultiHeadAttention(2, 4, attention_axes=(1, 2)),
        (QUERY.reshape(2, 5, 2, 4), QUERY.reshape(2, 5, 2, 4)),
        {},
    ),
    "heads with a large output": (
        lambda L: L.MultiHeadAttention(2, 4, value_dim=3, output_shape=(3, 2)),
        PAIR,
        {},
    ),
    "groups": (lambda L: L.GroupQueryAttention(4, 6, 2), (QUERY, QUERY), {}),
    "masked groups": (
        lambda L: L.GroupQueryAttention(4, 4, 1, use_gate=True, use_bias=False),
        (QUERY, QUERY[:, :3]),
        {"value_mask": MASK, "return_attention_scores": True},
    ),
    "dot": (
        lambda L: L.Attention(use_scale=True),
        ([QUERY, QUERY[:, :3]],),
        {"use_causal_mask": True},
    ),
    "concat": (lambda L: L.Attention(score_mode="concat"), ([QUERY, QUERY],), {}),
    "additive": (lambda L: L.AdditiveAttention(), ([QUERY, QUERY[:, :3]],), {}),
    "einsum": (
        lambda L: L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"),
        (QUERY,),
        {},
    ),
    "einsum with dots": (
        lambda L: L.EinsumDense("...x,xy->...y", 4, bias_axes="y"),
        (QUERY,),
        {},
    ),
    "both directions": (
        lambda L: L.Bidirectional(L.LSTM(3, return_sequences=True)),
        (QUERY,),
        {},
    ),
    "both states": (
        lambda L: L.Bidirectional(L.GRU(3, return_state=True), merge_mode="sum"),
        (QUERY,),
        {},
    ),
    "each step": (lambda L: L.TimeDistributed(L.Dense(3)), (QUERY,), {}),
}


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_the_result_is_that_of_keras(name: str, backend: str) -> None:
    import keras

    make, args, kwargs = CASES[name]
    with dlcore.use_backend(backend):
        ours = make(layers)
        ours(*args)
        theirs = make(keras.layers)
        theirs(*args)
        assert [w.shape for w in ours.get_weights()] == [
            w.shape for w in theirs.get_weights()
        ]
        theirs.set_weights(ours.get_weights())
        found = dlcore.tree.flatten(ours(*args, **kwargs))
        wanted = dlcore.tree.flatten(theirs(*args, **kwargs))
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(
                ops.convert_to_numpy(a),
                keras.ops.convert_to_numpy(b),
                rtol=1e-5,
                atol=1e-5,
            )
        twin = type(ours).from_config(ours.get_config())
        twin(*args)
        twin.set_weights(ours.get_weights())
        again = dlcore.tree.flatten(twin(*args, **kwargs))
        for a, b in zip(again, found, strict=True):
            np.testing.assert_array_equal(
                ops.convert_to_numpy(a), ops.convert_to_numpy(b)
            )


def test_attention_in_a_functional_model_trains() -> None:
    with dlcore.use_backend("torch"):
        x = dlcore.Input((5, 8))
        h = layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x)
        h = layers.LayerNormalization()(layers.Add()([x, h]))
        model = dlcore.Model(x, layers.GlobalAveragePooling1D()(h))
        model.compile("adam", "mse")
        history = model.fit(QUERY, QUERY[:, 0], epochs=2, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        assert model.predict(QUERY, verbose=0).shape == (2, 8)


@pytest.mark.parametrize("initializer", ["glorot_uniform", "lecun_normal"])
def test_projections_begin_differently_and_scaled_by_their_inputs(
    initializer: str,
) -> None:
    with dlcore.use_backend("numpy"):
        layer = layers.MultiHeadAttention(8, 16, kernel_initializer=initializer)
        layer.build((None, 5, 32), (None, 5, 32))
    kernels = [
        getattr(layer, f"{name}_dense").kernel.numpy()
        for name in ("query", "key", "value")
    ]
    for i in range(3):
        assert np.abs(kernels[i] - kernels[i - 1]).max() > 0.05
        inputs, outputs = 32, 8 * 16
        n = inputs if initializer == "lecun_normal" else (inputs + outputs) / 2
        np.testing.assert_allclose(kernels[i].std(), n**-0.5, rtol=0.05)
