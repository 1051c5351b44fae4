"""Keras' own layers as oracles: the same class, arguments and weights."""

from __future__ import annotations

from typing import Any


def keras_layer(name: str, kwargs: dict[str, Any]) -> Any:
    """Return ``(inputs, weights) -> outputs`` by the layer of this name in Keras."""

    def run(x: Any, weights: Any) -> Any:
        import keras

        layer = getattr(keras.layers, name)(**kwargs)
        layer(x)
        layer.set_weights(weights)
        outputs = layer(x)
        return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)

    return run
