"""Metrics by name and by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

_SHORT = {
    "bce": "BinaryCrossentropy",
    "mae": "MeanAbsoluteError",
    "mse": "MeanSquaredError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}
METRICS = Catalogue(
    "metrics",
    "metric",
    {**_SHORT, **{k.upper(): v for k, v in _SHORT.items()}},
    classes_only=True,
)
#: Names that mean one metric or another, depending on the model's output.
BY_SHAPE = {
    "accuracy": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "crossentropy": (
        "BinaryCrossentropy",
        "SparseCategoricalCrossentropy",
        "CategoricalCrossentropy",
    ),
}
_SAME = {"acc": "accuracy", "ce": "crossentropy"}


@export("dlcore.metrics.get")
def get(identifier: Any) -> Any:
    """Return a metric.

    Parameters
    ----------
    identifier : str, dict, Metric, function or None
        A name, as of a class or in snake case, gives an instance.

    Raises
    ------
    ValueError
        If there is no metric of this name.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.metrics.get("mean_squared_error").name
    'mean_squared_error'
    """
    return METRICS.get(identifier)


@export("dlcore.metrics.serialize")
def serialize(metric: Any) -> Any:
    """Return the configuration of a metric as plain Python."""
    return serialize_keras_object(metric)


@export("dlcore.metrics.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a metric from its configuration or name."""
    return METRICS.deserialize(config, custom_objects)


def for_output(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """Return a metric as ``compile(metrics=[...])`` means it.

    ``"accuracy"`` (``"acc"``) and ``"crossentropy"`` (``"ce"``) become the binary, the
    sparse or the categorical kind, by the shapes of labels and predictions.

    Parameters
    ----------
    identifier : str, dict, Metric, function or None
    y_true, y_pred : tensor
        Only their shapes and dtypes are read; symbolic ones will do.

    Returns
    -------
    Metric or None
        A function is wrapped in ``MeanMetricWrapper``.
    """
    from dlcore.src.metrics.reduction import MeanMetricWrapper

    if identifier is None:
        return None
    wanted = _SAME.get(str(identifier).lower(), str(identifier).lower())
    if isinstance(identifier, str) and wanted in BY_SHAPE:
        metric = METRICS.find(BY_SHAPE[wanted][_kind(y_true, y_pred)])
        return metric(name=identifier)
    metric = get(identifier)
    if hasattr(metric, "update_state"):
        return metric
    name = identifier if isinstance(identifier, str) else None
    return MeanMetricWrapper(metric, name=name or getattr(metric, "__name__", None))


def _kind(y_true: Any, y_pred: Any) -> int:
    """Return 0 for a binary output, 1 for class numbers, 2 for one-hot labels."""
    true, pred = tuple(y_true.shape), tuple(y_pred.shape)
    if pred[-1:] == (1,):
        return 0
    floats = "float" in str(y_pred.dtype)
    if len(true) == len(pred) - 1 and len(pred) > 1 and floats:
        return 1
    if len(true) == len(pred) and true[-1:] == (1,) and pred[-1:] != (1,):
        return 1
    return 2
