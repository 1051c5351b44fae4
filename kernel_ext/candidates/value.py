"""What an expression stands for: a live object, or only what type it would be."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from kernel_ext.candidates import static, trust
from kernel_ext.candidates.static import MISSING


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an expression that was not run.

    ``type`` is its class. ``obj`` is the object itself, where it exists already.
    ``owner`` is what it is an attribute of, under ``name``. ``like`` is a live object
    with the same columns: ``df`` for ``df.head()``. ``items`` are the values of a
    tuple. ``module`` names a module that is not imported yet.
    """

    type: type
    obj: Any = MISSING
    owner: Value | None = None
    like: Any = MISSING
    items: tuple[Value | None, ...] = ()
    module: str = ""
    name: str = ""

    @property
    def live(self) -> bool:
        """Whether the object itself is at hand."""
        return self.obj is not MISSING

    @property
    def pattern(self) -> Any:
        """The live object that has the columns of this value, else ``MISSING``."""
        return self.obj if self.live else self.like


def of(obj: object, owner: Value | None = None, name: str = "") -> Value:
    """Return the value that is this live object."""
    return Value(type(obj), obj, owner, name=name)


def loaded_class(path: str) -> type | None:
    """Return the class of a dotted path, if its module is imported already.

    Examples
    --------
    >>> loaded_class("collections.OrderedDict").__name__
    'OrderedDict'
    """
    module, _, name = path.rpartition(".")
    found = static.member(sys.modules.get(module or "builtins"), name)[0]
    return found if static.is_class(found) else None


def public_name(cls: type) -> str:
    """Return the shortest dotted path under which a class can be imported.

    Examples
    --------
    >>> import collections.abc, json.decoder
    >>> public_name(json.decoder.JSONDecoder)
    'json.JSONDecoder'
    """
    name, module = static.qualname_of(cls), static.module_of(cls)
    if module == "builtins":
        return name
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        shorter = ".".join(parts[:count])
        found = static.member(sys.modules.get(shorter), name)
        if found[0] is cls:
            return f"{shorter}.{name}"
    return f"{module}.{name}"


def described(value: Value) -> str | None:
    """Name what the ranker should know a receiver as.

    Modules are known by their path and instances by that of their class; of a class of
    the user's by the nearest base that others know as well. Of a class before the dot
    nothing is said, since the name is that of its instances.
    """
    if value.module:
        return value.module
    if value.live and issubclass(value.type, ModuleType):
        name = static.instance_dict(value.obj).get("__name__")
        return name if type(name) is str else None
    if value.live and static.is_class(value.obj):
        return None
    for base in static.mro(value.type):
        module = sys.modules.get(static.module_of(base))
        if base is not object and module is not None and trust.is_installed(module):
            return public_name(base)
    return None
