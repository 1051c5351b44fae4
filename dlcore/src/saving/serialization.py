"""``{"module", "class_name", "config", "registered_name"}``: objects as dicts.

The format is Keras' own, module names included, so that either library reads what
the other one wrote. Reading makes objects of public modelling classes and of
classes that the user registered or passes; it runs no code from a file, unless the
user consents to that of lambdas.
"""

from __future__ import annotations

import importlib
import inspect
import types
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.saving import lambdas, sharing
from dlcore.src.saving.registration import (
    CustomObjectScope,
    get_custom_objects,
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
#: What can be saved though its namespace is no modelling one.
_ELSEWHERE = (("utils", "FeatureSpace"),)
#: What Keras calls the class of a functional model.
FUNCTIONAL = "keras.src.models.functional"
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
        parts = {p: getattr(obj, p) for p in ("start", "stop", "step")}
        return form("slice", **serialize_keras_object(parts))
    if obj is Ellipsis:
        return form("ellipsis")
    if isinstance(obj, KerasTensor):
        return form(
            "keras_tensor", shape=obj.shape, dtype=obj.dtype, keras_history=None
        )
    if lambdas.is_lambda(obj):
        warnings.warn(
            f"A lambda is being written: {obj}. Its code is only loaded by those who "
            "pass `safe_mode=False`. Better: a named function marked with "
            "@dlcore.saving.register_keras_serializable().",
            stacklevel=3,
        )
        return form("lambda", value=lambdas.dump(obj))
    if isinstance(obj, np.ndarray) and obj.ndim:
        return form("numpy", value=obj.tolist(), dtype=str(obj.dtype))
    if ops.is_tensor(obj) and not isinstance(obj, np.ndarray):
        value = ops.convert_to_numpy(obj)
        return form("tensor", value=value.tolist(), dtype=str(value.dtype))
    return None


def class_name(obj: Any) -> str:
    """Return the name that Keras has for the class of an object."""
    public = vars(type(obj)).get("__dlcore_name__")
    if public == "dlcore.Model":
        return "Functional" if obj._is_functional else "Model"
    if public == "dlcore.layers.GroupQueryAttention":
        return "GroupedQueryAttention"
    return type(obj).__name__


def _described(obj: Any) -> dict[str, Any]:
    kind = type(obj)
    is_function = isinstance(obj, types.FunctionType)
    if is_function or not hasattr(obj, "get_config"):
        if not hasattr(obj, "__name__"):
            raise TypeError(
                f"Cannot serialize object {obj!r} of type {kind.__name__}: its class "
                "has no method `get_config()`."
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
    if class_name(obj) == "Functional":
        name, registered = "Functional", "Functional"
        module: str | None = FUNCTIONAL
    elif public:
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
    sharing.note_written(obj, result)
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
        False: lambdas are loaded, that is, code from the file is trusted.
    module_objects : dict of str to class or function, optional
        Where to look for names that come without a module.

    Raises
    ------
    TypeError
        If it names something unknown, or something that does not belong in models.
    ValueError
        If it holds the code of a lambda, and nobody consented.

    Examples
    --------
    >>> import dlcore
    >>> config = dlcore.saving.serialize_keras_object(dlcore.regularizers.L2(0.5))
    >>> dlcore.saving.deserialize_keras_object(config)
    L2(l2=0.5)
    """
    with CustomObjectScope(custom_objects), sharing.safe_mode(safe_mode):
        return _read(config, module_objects)


def _read(config: Any, module_objects: Mapping[str, Any] | None = None) -> Any:
    if isinstance(config, str):
        found = get_registered_object(config, module_objects=module_objects)
        return config if found is None else found
    if isinstance(config, list | tuple):
        return [_read(part) for part in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _read(value) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name.startswith("__") and name.endswith("__"):
        return _make_special(name, inner)
    if name == "function":
        _expect(inner, str, "a non-null str", config)
        return _find(inner, config, module_objects)
    inner = {} if inner is None else inner
    _expect(inner, dict, "a dict", config)
    found = sharing.met_before(config)
    if found is None:
        found = _find(name, config, module_objects)
        if inspect.isclass(found):
            found = _make(found, inner, config)
            sharing.note_read(found, config)
    return found


def _expect(inner: Any, kind: Any, words: str, config: Any) -> None:
    if not isinstance(inner, kind):
        raise TypeError(
            f"Expected 'config' to be {words} for {config['class_name']!r}, got "
            f"{inner!r} of type {type(inner).__name__}."
        )


def _make_special(name: str, inner: Any) -> Any:
    if name == "__typespec__":
        _expect(inner, list | tuple, "a list or a tuple", {"class_name": name})
    else:
        _expect(inner, dict, "a dict", {"class_name": name})
    if name == "__bytes__":
        return inner["value"].encode()
    if name == "__slice__":
        return slice(*(_read(inner[part]) for part in ("start", "stop", "step")))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__keras_tensor__":
        return KerasTensor(inner["shape"], inner["dtype"])
    if name == "__numpy__":
        return np.array(inner["value"], inner["dtype"])
    if name == "__tensor__":
        return ops.convert_to_tensor(inner["value"], inner["dtype"])
    if name == "__lambda__":
        return lambdas.load(inner.get("value", inner))
    raise TypeError(f"Unknown form {name!r} in a configuration.")


def _make(kind: Any, inner: dict[str, Any], config: dict[str, Any]) -> Any:
    if not hasattr(kind, "from_config"):
        raise TypeError(
            f"Unable to reconstruct an instance of '{kind.__name__}': it has no class "
            "method `from_config()`."
        )
    if "__dlcore_name__" in vars(kind) and hasattr(kind, "_signature"):
        inner = _without_unused(kind, inner)
    try:
        made = kind.from_config(dict(inner))
    except TypeError as error:
        error.add_note(
            f"While making {kind.__name__} of its configuration {_short(inner)}. What "
            "`get_config()` returns, `from_config()` must take: layers and other "
            "objects in it are explicitly deserialized there, by "
            "dlcore.saving.deserialize_keras_object(...)."
        )
        raise
    build = config.get("build_config")
    if build and not made.built:
        made.build_from_config(_read(build))
        made.built = True
    compiled = config.get("compile_config")
    if compiled:
        made.compile_from_config(compiled)
    return made


def _without_unused(kind: Any, inner: dict[str, Any]) -> dict[str, Any]:
    """Leave out what Keras writes for features that are not used, nor known here."""
    known: set[str] = set()
    for base in kind.__mro__:
        signature = vars(base).get("_signature")
        known.update(signature.parameters if signature else ())
    return {k: v for k, v in inner.items() if v is not None or k in known}


def _short(thing: Any) -> str:
    text = repr(thing)
    return text if len(text) < 200 else f"{text[:200]}..."


def _find(name: str, config: Any, module_objects: Mapping[str, Any] | None) -> Any:
    """Return the class or function that a configuration names."""
    module, given = config.get("module") or "", config.get("registered_name")
    for key in (given, name) if config["class_name"] != "function" else (name,):
        found = get_registered_object(key) if key else None
        if found is not None:
            return found
    library, _, space = module.partition(".")
    if library in ("keras", "dlcore"):
        found = _internal(space, name) or public(space, name)
    elif module == "builtins":
        spaces = ("activations", "losses", "metrics", "initializers")
        found = next(filter(None, (public(s, name) for s in spaces)), None)
        found = found or _of_any_package(name)
    if found is not None and given not in (None, "", name, config["class_name"]):
        raise ValueError(
            f"`registered_name={given!r}` was given for {module}.{name}, which "
            "resolved to a Keras built-in: these have no registered names. The "
            "configuration is wrong, or was tampered with."
        )
    if found is None and module_objects is not None:
        found = module_objects.get(name)
    if found is None:
        raise TypeError(_unknown(name, module, space, config, module_objects))
    return found


def _unknown(
    name: str, module: str, space: str, config: Any, module_objects: Any
) -> str:
    """Say what is not known, and which line makes it known."""
    kind = "function" if config["class_name"] == "function" else "class"
    text = f"Could not locate {kind} {name!r}"
    if module.partition(".")[0] in ("keras", "dlcore"):
        known = [*(module_objects or {}), *public_names(space)]
        hint = did_you_mean(name, known) if known else ""
        return (
            f"{text}: the configuration names an unknown {name!r} of the module "
            f"{module!r}.{hint if hint.startswith(' Did') else ''}"
        )
    own = name.rpartition(">")[2]
    origin = f" from {module}" if module and module != "builtins" else ""
    return (
        f"{text}: the configuration names an unknown {name!r}{origin}, one of your "
        f"own. Pass it to the function that loads: custom_objects={{{name!r}: {own}}}. "
        f"Or put @dlcore.saving.register_keras_serializable() before its definition, "
        "and import that module before loading."
    )


def _of_any_package(name: str) -> Any:
    """Find a registered function by its bare name, as old files have it."""
    if ">" in name:
        return None
    known = get_custom_objects()
    return next((known[k] for k in known if k.endswith(f">{name}")), None)


def _internal(space: str, name: str) -> Any:
    """Return what Keras writes with the name of a private module.

    A functional model is one; an optimizer of a backend another: both are public
    here under the last part of the module's name.
    """
    parts = space.split(".")
    if parts[0] != "src":
        return None
    if (space, name) == ("src.models.functional", "Functional"):
        return public("models", "Model")
    found = (public(part, name) for part in parts if part in MODELLING)
    return next(filter(None, found), None)


def public(space: str, name: str) -> Any:
    """Return a public modelling object of a namespace, or None."""
    if not space:
        found = getattr(importlib.import_module("dlcore"), name, None)
        return found if hasattr(found, "from_config") else None
    saved = space in MODELLING and name not in _READERS
    if not saved and (space, name) not in _ELSEWHERE:
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
