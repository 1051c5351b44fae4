"""Schedules as configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

SCHEDULES = Catalogue("optimizers.schedules", "learning rate schedule")


@export("dlcore.optimizers.schedules.serialize")
def serialize(learning_rate_schedule: Any) -> Any:
    """Return the configuration of a schedule as plain Python."""
    return serialize_keras_object(learning_rate_schedule)


@export("dlcore.optimizers.schedules.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a schedule from its configuration."""
    return SCHEDULES.deserialize(config, custom_objects)
