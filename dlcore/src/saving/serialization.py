"""``{"module", "class_name", "config", "registered_name"}``: objects as dicts.

The format is Keras' own, module names included, so that either library reads what
the other one wrote. Reading makes objects of public modelling classes and of
classes that the user registered or passes; it never runs code from a file.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.saving.registration import (
    CustomObjectScope,
    get_registered_name,
    get_registered_object,
)
from dlcore.src.symbolic import KerasTensor

#: Namespaces whose objects a configuration may name.
MODELLING = (
    "activations",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "optimizers.schedules",
    "quantizers",
    "random",
    "regularizers",
)
_READERS = ("get", "serialize", "deserialize", "load_model", "model_from_json")


@export("dlcore.saving.serialize_keras_object", "dlcore.utils.serialize_keras_object")
def serialize_keras_object(obj: Any) -> Any:
    """Return an object as plain Python that JSON can hold.

    Parameters
    ----------
    obj : object
        With ``get_config()``; or a function, a tensor, a number, or a nested list,
        tuple or dict of these.

    Raises
    ------
    TypeError
        If there is no way to write it.

    Examples
    --------
    >>> import dlcore
    >>> config = dlcore.saving.serialize_keras_object(dlcore.regularizers.L2(0.5))
    >>> config["class_name"], config["config"]
    ('L2', {'l2': 0.5})
    """
    if obj is None or isinstance(obj, str | int | float | bool):
        return obj
    if isinstance(obj, list | tuple):
        return type(obj)(map(serialize_keras_object, obj))
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    special = _special(obj)
    if special is not None:
        return special
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and not obj.ndim):
        return obj.item()
    return _described(obj)


def _special(obj: Any) -> dict[str, Any] | None:
    """Return the form of what is no object of a class with a configuration."""

    def form(kind: str, **config: Any) -> dict[str, Any]:
        return {"class_name": f"__{kind}__", "config": config}

    if isinstance(obj, bytes):
        return form("bytes", value=obj.decode())
    if isinstance(obj, slice):
        return form("slice", start=obj.start, stop=obj.stop, step=obj.step)
    if obj is Ellipsis:
        return form("ellipsis")
    if isinstance(obj, KerasTensor):
        return form(
            "keras_tensor", shape=obj.shape, dtype=obj.dtype, keras_history=None
        )
    if isinstance(obj, np.ndarray) and obj.ndim:
        return form("numpy", value=obj.tolist(), dtype=str(obj.dtype))
    if ops.is_tensor(obj) and not isinstance(obj, np.ndarray):
        value = ops.convert_to_numpy(obj)
        return form("tensor", value=value.tolist(), dtype=str(value.dtype))
    return None


def _described(obj: Any) -> dict[str, Any]:
    kind = type(obj)
    is_function = isinstance(obj, types.FunctionType)
    if is_function and obj.__name__ == "<lambda>":
        raise TypeError(
            f"A lambda cannot be serialized: {obj}. Define a named function and mark "
            "it with @dlcore.saving.register_keras_serializable()."
        )
    if is_function or not hasattr(obj, "get_config"):
        if not hasattr(obj, "__name__"):
            raise TypeError(
                f"Cannot serialize {obj!r} of type {kind.__name__}: its class has no "
                "method `get_config()`."
            )
        config: Any = get_registered_name(obj)
    else:
        config = obj.get_config()
        if not isinstance(config, dict):
            raise TypeError(
                f"{kind.__name__}.get_config() must return a dict, got {config!r}."
            )
        config = serialize_keras_object(config)
    public = vars(kind).get("__dlcore_name__")
    if public:
        module, _, name = public.replace("dlcore", "keras", 1).rpartition(".")
        registered = None
    else:
        module, name = kind.__module__, kind.__name__
        module = None if module == "__main__" else module
        registered = get_registered_name(kind)
    result = {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": registered,
    }
    for part in ("build_config", "compile_config"):
        value = getattr(obj, f"get_{part}", lambda: None)()
        if value is not None:
            result[part] = serialize_keras_object(value)
    return result


@export(
    "dlcore.saving.deserialize_keras_object", "dlcore.utils.deserialize_keras_object"
)
def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    *,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Make the object that a configuration describes.

    Parameters
    ----------
    config : dict, or a nested list or dict of such dicts
        What ``serialize_keras_object`` returned.
    custom_objects : dict of str to class or function, optional
        Your own classes and functions that it may name.
    safe_mode : bool
        Accepted for compatibility: a lambda's code is never loaded.
    module_objects : dict of str to class or function, optional
        Where to look for names that come without a module.

    Raises
    ------
    TypeError
        If it names something unknown, or something that does not belong in models.

    Examples
    --------
    >>> import dlcore
    >>> config = dlcore.saving.serialize_keras_object(dlcore.regularizers.L2(0.5))
    >>> dlcore.saving.deserialize_keras_object(config)
    L2(l2=0.5)
    """
    if isinstance(config, str):
        found = get_registered_object(config, custom_objects, module_objects)
        return config if found is None else found
    if isinstance(config, list | tuple):
        return [deserialize_keras_object(c, custom_objects, safe_mode) for c in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {
            key: deserialize_keras_object(value, custom_objects, safe_mode)
            for key, value in config.items()
        }
    name, inner = config["class_name"], config["config"]
    if name.startswith("__") and name.endswith("__"):
        return _make_special(name, inner)
    with CustomObjectScope(custom_objects):
        if name == "function":
            return _find(inner, config, module_objects)
        found = _find(name, config, module_objects)
        return _make(found, inner or {}, config) if inspect.isclass(found) else found


def _make_special(name: str, inner: dict[str, Any]) -> Any:
    if name == "__bytes__":
        return inner["value"].encode()
    if name == "__slice__":
        return slice(inner["start"], inner["stop"], inner["step"])
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__keras_tensor__":
        return KerasTensor(inner["shape"], inner["dtype"])
    if name == "__numpy__":
        return np.array(inner["value"], inner["dtype"])
    if name == "__tensor__":
        return ops.convert_to_tensor(inner["value"], inner["dtype"])
    if name == "__lambda__":
        raise ValueError(
            "The configuration holds the code of a lambda, which is never run. Pass "
            "a named function in `custom_objects` instead."
        )
    raise TypeError(f"Unknown form {name!r} in a configuration.")


def _make(kind: Any, inner: dict[str, Any], config: dict[str, Any]) -> Any:
    if not hasattr(kind, "from_config"):
        raise TypeError(
            f"{kind.__name__} cannot be made from a configuration: it has no class "
            "method `from_config()`."
        )
    made = kind.from_config(dict(inner))
    build = config.get("build_config")
    if build and not made.built:
        made.build_from_config(build)
        made.built = True
    compiled = config.get("compile_config")
    if compiled:
        made.compile_from_config(compiled)
        made.compiled = True
    return made


def _find(name: str, config: Any, module_objects: Mapping[str, Any] | None) -> Any:
    registered = config.get("registered_name") or name
    module = config.get("module") or ""
    for key in (registered, name):
        found = get_registered_object(key)
        if found is not None:
            return found
    library, _, space = module.partition(".")
    if library in ("keras", "dlcore"):
        found = public(space, name)
    elif module == "builtins":
        spaces = ("activations", "losses", "metrics", "initializers")
        found = next(filter(None, (public(s, name) for s in spaces)), None)
    if found is None and module_objects is not None:
        found = module_objects.get(name)
    if found is None:
        known = [*(module_objects or {}), *public_names(space)]
        raise TypeError(
            f"The configuration names an unknown {name!r}"
            + (f" of the module {module!r}" if module else "")
            + f".{did_you_mean(name, known) if known else ''} Your own classes and "
            "functions must be marked with @dlcore.saving.register_keras_serializable "
            "or passed in `custom_objects`."
        )
    return found


def public(space: str, name: str) -> Any:
    """Return a public modelling object of a namespace, or None."""
    if not space:
        found = getattr(importlib.import_module("dlcore"), name, None)
        return found if hasattr(found, "from_config") else None
    if space not in MODELLING or name in _READERS:
        return None
    try:
        module = importlib.import_module(f"dlcore.{space}")
    except ModuleNotFoundError:
        return None
    found = vars(module).get(name)
    return None if inspect.ismodule(found) else found


def public_names(space: str) -> list[str]:
    """Return what ``public`` knows of a namespace."""
    if space not in MODELLING:
        return []
    names = vars(importlib.import_module(f"dlcore.{space}"))
    return [n for n in names if n[0] != "_" and public(space, n) is not None]
