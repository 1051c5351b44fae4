"""Losses by name and by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

_SHORT = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}
LOSSES = Catalogue(
    "losses", "loss", {**_SHORT, **{k.upper(): v for k, v in _SHORT.items()}}
)


@export("dlcore.losses.get")
def get(identifier: Any) -> Any:
    """Return a loss: a function or a ``Loss``.

    Parameters
    ----------
    identifier : str, dict, Loss, function or None
        A function's name (``"mse"``, ``"mean_squared_error"``) gives the function, a
        class's name (``"MeanSquaredError"``) an instance.

    Raises
    ------
    ValueError
        If there is no loss of this name.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.losses.get("mse").__name__
    'mean_squared_error'
    """
    return LOSSES.get(identifier)


@export("dlcore.losses.serialize")
def serialize(loss: Any) -> Any:
    """Return the configuration of a loss as plain Python."""
    return serialize_keras_object(loss)


@export("dlcore.losses.deserialize")
def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a loss from its configuration or name."""
    return LOSSES.deserialize(name, custom_objects)
