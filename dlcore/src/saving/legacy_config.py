"""Configurations as old files have them, and as they are written today.

Old ones name the class of a layer without its module.
"""

from __future__ import annotations

import functools
from typing import Any

from dlcore.src.saving.serialization import FUNCTIONAL, MODELLING, public

#: Namespaces in which the class of an old configuration is looked for, in order.
_SPACES = ("layers", *(s for s in MODELLING if s not in ("layers", "random")))
#: Arguments of lambdas in old files, of no use any more.
_OF_LAMBDA = ("module", "function_type", "output_shape_type", "output_shape_module")


def modern(config: Any, key: str = "") -> Any:
    """Return an old configuration with module names, and arguments as of today.

    Parameters
    ----------
    config : dict, or nested lists and dicts
    key : str
        The argument whose value it is: ``"kernel_initializer"``.
    """
    if isinstance(config, list):
        return [modern(part, key) for part in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "Sequential":
        config = {**config, "config": _with_input(config["config"])}
    made = {k: modern(v, k) for k, v in config.items()}
    name = made.get("class_name")
    if not isinstance(name, str) or "config" not in made or name.startswith("__"):
        return made
    if isinstance(made["config"], dict):
        made["config"] = _arguments(name, made["config"])
    if made.get("module") or name == "function":
        return made
    module = _module(name, key)
    return {"registered_name": None if module else name, **made, "module": module}


@functools.cache
def _module(name: str, key: str) -> str | None:
    """Return the module that has a class; None if it is one of the user's."""
    if name in ("Functional", "Model"):
        return FUNCTIONAL
    if name == "Sequential":
        return "keras"
    first = [s for s in _SPACES if key.endswith(s.removesuffix("s"))]
    if key == "learning_rate":
        first = ["optimizers.schedules"]
    for space in [*first, *_SPACES]:
        if public(space, name) is not None:
            return f"keras.{space}"
    return None


def _with_input(config: Any) -> dict[str, Any]:
    """Return a sequential model's configuration with its input as a layer."""
    config = {"layers": config} if isinstance(config, list) else config
    layers = config.get("layers") or []
    first = layers[0]["config"] if layers else {}
    shape = first.get("batch_input_shape")
    if shape is not None and layers[0]["class_name"] != "InputLayer":
        start = {"batch_shape": shape}
        if isinstance(first.get("dtype"), str):
            start["dtype"] = first["dtype"]
        layers = [{"class_name": "InputLayer", "config": start}, *layers]
    return {"name": "sequential", **config, "layers": layers}


def _arguments(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Rename arguments that were called otherwise."""
    config = dict(config)
    shape = config.pop("batch_input_shape", None)
    if shape is not None and name == "InputLayer":
        config["batch_shape"] = shape
    axis = config.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        config["axis"] = int(axis[0])
    if name == "Lambda":
        for argument in _OF_LAMBDA:
            config.pop(argument, None)
        function = config.get("function")
        if isinstance(function, list):
            parts = dict(zip(("code", "defaults", "closure"), function, strict=True))
            config["function"] = {"class_name": "__lambda__", "config": parts}
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return config


def old(config: Any) -> Any:
    """Return a configuration of today as old files have it.

    The layers that a model lists lose their modules; whatever is in them keeps its
    own, as do ops, of which some are called like layers.

    Parameters
    ----------
    config : dict, or nested lists and dicts
    """
    if isinstance(config, list | tuple):
        return [old(part) for part in config]
    if not isinstance(config, dict):
        return config
    made = {key: old(value) for key, value in config.items()}
    if isinstance(made.get("layers"), list):
        made["layers"] = [_bare(layer) for layer in made["layers"]]
    return made


def _bare(config: Any) -> Any:
    module = config.get("module") or ""
    if module.startswith("keras.src.ops"):
        return config
    kept = {k: config[k] for k in ("name", "inbound_nodes") if k in config}
    return {
        "class_name": config.get("registered_name") or config["class_name"],
        "config": config["config"],
        **kept,
    }
