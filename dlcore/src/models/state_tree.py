"""The state of a model as nested dicts, by the parts of the variables' paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dlcore.src.errors import did_you_mean
from dlcore.src.variable import Variable

FORMATS = ("backend_tensor", "numpy_array")


def _groups(model: Any) -> dict[str, list[Variable]]:
    optimizer = model.optimizer
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": [] if optimizer is None else optimizer.variables,
        "metrics_variables": model.metrics_variables,
    }


def get(model: Any, value_format: str) -> dict[str, Any]:
    """Return the values of all variables of a model."""
    if value_format not in FORMATS:
        raise ValueError(
            "Invalid `value_format` argument. Expected one of "
            f"{FORMATS}. Received: value_format={value_format!r}."
            f"{did_you_mean(value_format, FORMATS)}"
        )
    return {name: _nested(v, value_format) for name, v in _groups(model).items()}


def _nested(variables: Iterable[Variable], value_format: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for variable in variables:
        path = variable.path
        if path in seen:
            raise ValueError(
                f"The following variable path is found twice in the model: '{path}'. "
                "`get_state_tree()` needs unique names of layers and weights."
            )
        seen.add(path)
        *around, last = path.split("/")
        place = found
        for part in around:
            place = place.setdefault(part, {})
        as_array = value_format == "numpy_array"
        place[last] = variable.numpy() if as_array else variable.value
    return found


def put(model: Any, tree: Mapping[str, Any]) -> None:
    """Set the variables of a model from nested dicts.

    Raises
    ------
    ValueError
        If a group or a path is not known.
    """
    groups = _groups(model)
    for name, nested in tree.items():
        if name not in groups:
            raise ValueError(
                f"Unknown variable name: {name}.{did_you_mean(name, groups)}"
            )
        known = {v.path: v for v in groups[name]}
        for path, value in _flat(nested, ""):
            if path not in known:
                raise ValueError(
                    f"The model has no variable {path!r} among its {name}."
                    f"{did_you_mean(path, known) if known else ''}"
                )
            known[path].assign(value)


def _flat(nested: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        inner = f"{path}/{key}" if path else key
        if isinstance(value, Mapping):
            yield from _flat(value, inner)
        else:
            yield inner, value
