"""Constraints by name and by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

CONSTRAINTS = Catalogue("constraints", "constraint")


@export("dlcore.constraints.get")
def get(identifier: Any) -> Any:
    """Return a constraint.

    Parameters
    ----------
    identifier : str, dict, Constraint, function or None

    Raises
    ------
    ValueError
        If there is no constraint of this name.
    """
    return CONSTRAINTS.get(identifier)


@export("dlcore.constraints.serialize")
def serialize(constraint: Any) -> Any:
    """Return the configuration of a constraint as plain Python."""
    return serialize_keras_object(constraint)


@export("dlcore.constraints.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a constraint from its configuration or name."""
    return CONSTRAINTS.deserialize(config, custom_objects)
