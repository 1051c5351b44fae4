"""Optimizers by name and by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

OPTIMIZERS = Catalogue("optimizers", "optimizer", classes_only=True, spelling=str.lower)


@export("dlcore.optimizers.get")
def get(identifier: Any) -> Optimizer | None:
    """Return an optimizer.

    Parameters
    ----------
    identifier : str, dict, Optimizer or None
        A name may be written in any case: ``"adam"``, ``"Adam"``.

    Raises
    ------
    ValueError
        If there is no optimizer of this name, or it is something else.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.optimizers.get("sgd").name
    'SGD'
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str | dict):
        found = OPTIMIZERS.deserialize(identifier)
        found = found() if isinstance(found, type) else found
        if isinstance(found, Optimizer):
            return found
    raise ValueError(
        f"Could not interpret {identifier!r} as optimizer: expected a name such as "
        "'adam', a configuration, or an Optimizer."
    )


@export("dlcore.optimizers.serialize")
def serialize(optimizer: Optimizer) -> Any:
    """Return the configuration of an optimizer as plain Python."""
    return serialize_keras_object(optimizer)


@export("dlcore.optimizers.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make an optimizer from its configuration or name."""
    return OPTIMIZERS.deserialize(config, custom_objects)
