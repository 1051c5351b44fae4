"""Initializers by name and by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

INITIALIZERS = Catalogue(
    "initializers",
    "initializer",
    {
        "normal": "random_normal",
        "one": "ones",
        "uniform": "random_uniform",
        "zero": "zeros",
    },
)


@export("dlcore.initializers.get")
def get(identifier: Any) -> Any:
    """Return an initializer.

    Parameters
    ----------
    identifier : str, dict, Initializer, function, tensor or None
        A tensor or array gives a function that returns it.

    Raises
    ------
    ValueError
        If there is no initializer of this name.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.initializers.get("zeros")
    Zeros()
    """
    if isinstance(identifier, np.ndarray) or ops.is_tensor(identifier):
        return _fixed(identifier)
    return INITIALIZERS.get(identifier)


def _fixed(value: Any) -> Any:
    def initialize(shape: Any, dtype: Any = None) -> Any:
        if tuple(shape) != tuple(value.shape):
            raise ValueError(
                f"Expected `shape` to be {tuple(value.shape)}, that of the tensor "
                f"given as initializer, got {tuple(shape)}."
            )
        return ops.cast(value, dtype)

    return initialize


@export("dlcore.initializers.serialize")
def serialize(initializer: Any) -> Any:
    """Return the configuration of an initializer as plain Python."""
    return serialize_keras_object(initializer)


@export("dlcore.initializers.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make an initializer from its configuration or name."""
    return INITIALIZERS.deserialize(config, custom_objects)
