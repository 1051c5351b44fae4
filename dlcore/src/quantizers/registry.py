"""Quantizers by name and by configuration."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.quantizers.configs import QuantizationConfig
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

QUANTIZERS = Catalogue("quantizers", "quantizer", classes_only=True)


@export("dlcore.quantizers.get")
def get(identifier: Any, **kwargs: Any) -> Any:
    """Return a quantizer, or the settings of a mode.

    Parameters
    ----------
    identifier : str, dict, object or None
        None stays None.
    **kwargs
        Arguments of the constructor, for a name.

    Raises
    ------
    ValueError
        If there is nothing of this name.

    Examples
    --------
    >>> get("abs_max_quantizer", value_range=(-8, 7)).value_range
    (-8, 7)
    """
    if isinstance(identifier, QuantizationConfig):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = QUANTIZERS.find(identifier)
        return found(**kwargs) if inspect.isclass(found) else found
    return QUANTIZERS.get(identifier)


@export("dlcore.quantizers.serialize")
def serialize(initializer: Any) -> Any:
    """Return the configuration of a quantizer as plain Python."""
    return serialize_keras_object(initializer)


@export("dlcore.quantizers.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a quantizer from its configuration or name."""
    return QUANTIZERS.deserialize(config, custom_objects)
