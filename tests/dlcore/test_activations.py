"""Activations against Keras' own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import dlcore
from dlcore import activations, ops

X = np.linspace(-4, 8, 24).astype("float32").reshape(4, 6)
ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in vars(keras.activations) if name[0] != "_"),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6}),
    ("relu", {"max_value": 2.0, "threshold": 1.0, "negative_slope": 0.2}),
    ("threshold", {"threshold": 1.0, "default_value": 5.0}),
    ("gelu", {"approximate": True}),
    ("softmax", {"axis": 0}),
    ("elu", {"alpha": 0.5}),
]
SKIP = ("get", "serialize", "deserialize")


def nearest_probabilities(row: np.ndarray) -> np.ndarray:
    """Lower all by what makes the positive rest sum to 1, found by bisection."""
    low, high = row.min() - 1.0, row.max()
    for _ in range(60):
        middle = (low + high) / 2
        if np.maximum(row - middle, 0).sum() > 1:
            low = middle
        else:
            high = middle
    return np.maximum(row - low, 0)


@pytest.mark.parametrize(
    ("name", "options"),
    [r for r in ACTIVATIONS if r[0] not in SKIP and r != ("threshold", {})],
)
def test_activations_are_those_of_keras(backend, name, options):
    fn = getattr(keras.activations, name)
    if name == "sparsemax":  # Keras' is wrong: its rows do not sum to 1
        theirs = np.stack([nearest_probabilities(row) for row in X])
    else:
        theirs = fn(keras.ops.convert_to_tensor(X), **options)
    ours = getattr(activations, name)(ops.convert_to_tensor(X), **options)
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours), np.asarray(theirs), rtol=2e-5, atol=3e-6
    )


def test_activations_by_name():
    assert activations.get(None) is activations.linear
    assert activations.serialize(activations.relu) == "relu"
    assert activations.deserialize("hard_swish") is activations.hard_silu

    def mine(x):
        return x

    config = activations.serialize(mine)
    with dlcore.saving.custom_object_scope({"mine": mine}):
        assert activations.deserialize(config) is mine
    assert activations.get(mine) is mine
