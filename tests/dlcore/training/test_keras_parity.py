"""A Keras program with its import changed gives Keras' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore

rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(48, 8, 8, 3)).astype("float32")
TOKENS = rng.integers(0, 20, (48, 7)).astype("int32")
LABELS = rng.integers(0, 4, 48).astype("int32")


def convnet(K: Any) -> Any:
    return K.Sequential(
        [
            K.layers.Input((8, 8, 3)),
            K.layers.Conv2D(6, 3, activation="relu", padding="same"),
            K.layers.BatchNormalization(),
            K.layers.MaxPooling2D(),
            K.layers.Flatten(),
            K.layers.Dense(4, activation="softmax", kernel_regularizer="l2"),
        ]
    )


def branches(K: Any) -> Any:
    tokens = K.Input((7,), dtype="int32")
    x = K.layers.Embedding(20, 6)(tokens)
    a = K.layers.GlobalAveragePooling1D()(x)
    b = K.layers.GlobalMaxPooling1D()(K.layers.Conv1D(6, 3)(x))
    x = K.layers.LayerNormalization()(K.layers.Concatenate()([a, b]))
    x = K.layers.Dense(12, activation="gelu")(x) + K.layers.Dense(12)(x)
    return K.Model(tokens, K.layers.Dense(4, activation="softmax")(x))


def program(K: Any, model: Any, x: Any) -> dict[str, Any]:
    """Train and evaluate: the part that is the same text for both libraries."""
    model.compile(
        optimizer=K.optimizers.Adam(1e-2),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["sparse_categorical_crossentropy"],
    )
    history = model.fit(
        x,
        LABELS,
        batch_size=16,
        epochs=3,
        shuffle=False,
        verbose=0,
        validation_split=0.25,
        class_weight={0: 1.0, 1: 2.0, 2: 0.5, 3: 1.0},
    )
    return {
        **history.history,
        "evaluated": model.evaluate(x, LABELS, verbose=0),
        "predicted": model.predict(x, verbose=0),
    }


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
@pytest.mark.parametrize(("make", "x"), [(convnet, IMAGES), (branches, TOKENS)])
def test_the_same_program_gives_the_same_numbers(
    backend: str, make: Any, x: Any
) -> None:
    import keras

    theirs = make(keras)
    with dlcore.use_backend(backend):
        ours = make(dlcore)
    assert [w.shape for w in ours.get_weights()] == [
        w.shape for w in theirs.get_weights()
    ]
    ours.set_weights(theirs.get_weights())
    wanted = program(keras, theirs, x)
    with dlcore.use_backend(backend):
        found = program(dlcore, ours, x)
    assert list(found) == list(wanted)
    for key in wanted:
        np.testing.assert_allclose(found[key], wanted[key], rtol=2e-4, atol=2e-5)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
