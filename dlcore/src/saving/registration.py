"""Names of the user's own classes and functions in configurations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType
from typing import Any, TypeVar

from dlcore.src.export import export

T = TypeVar("T")

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}
_NONE: Mapping[str, Any] = MappingProxyType({})
_scope = ContextVar("dlcore_custom_objects", default=_NONE)


@export(
    "dlcore.saving.CustomObjectScope",
    "dlcore.saving.custom_object_scope",
    "dlcore.utils.CustomObjectScope",
    "dlcore.utils.custom_object_scope",
)
class CustomObjectScope:
    """Let configurations refer to your own classes and functions, in a block.

    Parameters
    ----------
    custom_objects : dict of str to class or function

    Examples
    --------
    >>> import dlcore
    >>> def shifted(x):
    ...     return x + 1.0
    >>> with dlcore.saving.CustomObjectScope({"shifted": shifted}):
    ...     dlcore.activations.get("shifted") is shifted
    True
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None):
        self.custom_objects = dict(custom_objects or {})
        self._tokens: list[Token[Mapping[str, Any]]] = []

    def __enter__(self) -> CustomObjectScope:
        """Make the objects known."""
        self._tokens.append(_scope.set({**_scope.get(), **self.custom_objects}))
        return self

    def __exit__(self, *error: object) -> None:
        """Forget them."""
        _scope.reset(self._tokens.pop())


@export("dlcore.saving.get_custom_objects", "dlcore.utils.get_custom_objects")
def get_custom_objects() -> dict[str, Any]:
    """Return the dict of registered objects itself: what is put there is known."""
    return _registered


@export(
    "dlcore.saving.register_keras_serializable",
    "dlcore.utils.register_keras_serializable",
)
def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Make a class or function known to configurations as ``package>name``.

    Parameters
    ----------
    package : str
        What tells your objects from others of the same name.
    name : str, optional
        By default the object's own.

    Raises
    ------
    ValueError
        If a class has no ``get_config``.

    Examples
    --------
    >>> import dlcore
    >>> @dlcore.saving.register_keras_serializable("mine")
    ... def doubled(x):
    ...     return 2.0 * x
    >>> dlcore.saving.get_registered_name(doubled)
    'mine>doubled'
    """

    def register(thing: T) -> T:
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError(
                "Cannot register a class that does not have a get_config() method: "
                f"{thing.__name__} must say how to make an equal object."
            )
        full_name = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]
        _registered[full_name] = thing
        _names[thing] = full_name
        return thing

    return register


@export("dlcore.saving.get_registered_name", "dlcore.utils.get_registered_name")
def get_registered_name(obj: Any) -> str:
    """Return the name an object is registered by, or its own name."""
    return _names.get(obj) or obj.__name__


@export("dlcore.saving.get_registered_object", "dlcore.utils.get_registered_object")
def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is registered by a name, or None.

    Parameters
    ----------
    name : str
    custom_objects, module_objects : dict, optional
        Where to look after the enclosing scope and the registered objects.
    """
    for known in (_scope.get(), _registered, custom_objects, module_objects):
        if known and name in known:
            return known[name]
    return None
