"""Regularizers by name and by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

REGULARIZERS = Catalogue("regularizers", "regularizer")


@export("dlcore.regularizers.get")
def get(identifier: Any) -> Any:
    """Return a regularizer.

    Parameters
    ----------
    identifier : str, dict, Regularizer, function or None

    Raises
    ------
    ValueError
        If there is no regularizer of this name.
    """
    return REGULARIZERS.get(identifier)


@export("dlcore.regularizers.serialize")
def serialize(regularizer: Any) -> Any:
    """Return the configuration of a regularizer as plain Python."""
    return serialize_keras_object(regularizer)


@export("dlcore.regularizers.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a regularizer from its configuration or name."""
    return REGULARIZERS.deserialize(config, custom_objects)
