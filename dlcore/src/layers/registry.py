"""Layers as configurations, and back."""

from __future__ import annotations

from typing import Any

from dlcore.src.export import export
from dlcore.src.layers.layer import Layer


@export("dlcore.layers.serialize")
def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer as a configuration of JSON values.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.serialize(dlcore.layers.Dense(2))["class_name"]
    'Dense'
    """
    from dlcore.src.saving.serialization import serialize_keras_object

    return serialize_keras_object(layer)


@export("dlcore.layers.deserialize")
def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Layer:
    """Return the layer of a configuration.

    Parameters
    ----------
    config : dict
        As ``serialize`` returns it.
    custom_objects : dict of str to class, optional
        Classes that are not registered.

    Raises
    ------
    ValueError
        If the configuration is not that of a layer.

    Examples
    --------
    >>> from dlcore import layers
    >>> layers.deserialize(layers.serialize(layers.Dense(2))).units
    2
    """
    from dlcore.src.saving.serialization import deserialize_keras_object

    found = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(found, Layer):
        raise ValueError(
            "`keras.layers.deserialize` was passed a `config` object that is not a "
            f"`keras.layers.Layer`. Received: {config}"
        )
    return found
