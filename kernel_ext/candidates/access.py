"""Attributes of values, read without running properties or ``__getattr__``."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
)
from typing import Any

from kernel_ext.candidates import modules, static, stores, trust
from kernel_ext.candidates.annotations import returned
from kernel_ext.candidates.columns import columns
from kernel_ext.candidates.items import COLUMNS
from kernel_ext.candidates.returns import known_of
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.value import Value, loaded_class, of, public_name

_FUNCTIONS = (
    FunctionType,
    BuiltinFunctionType,
    MethodDescriptorType,
    classmethod,
    staticmethod,
)


def attribute(owner: Value, name: str) -> Value | None:
    """Return the value of an attribute, or None if only running code could tell.

    Examples
    --------
    >>> attribute(of("text"), "upper").type
    <class 'method_descriptor'>
    """
    if owner.module:
        return module_value(f"{owner.module}.{name}")
    if not owner.live:
        return _of_instance(static.find(owner.type, name), owner, name)
    raw, stored = static.member(owner.obj, name)
    if stored:
        return of(raw, owner, name)
    if static.is_class(owner.obj):
        return None if raw is MISSING else of(raw, owner, name)
    if raw is MISSING and static.is_module(owner.obj):
        return _submodule(owner.obj, name)
    if raw is MISSING:
        kept = stores.stored(owner.obj)
        if name in kept:
            return of(kept[name], owner, name)
    return _of_instance(raw, owner, name)


def module_value(path: str) -> Value | None:
    """Return a module as a value, whether it is loaded or not; None if not found."""
    module = sys.modules.get(path)
    if module is not None:
        return of(module)
    if modules.find(path) is not None:
        return Value(ModuleType, module=path)
    return None


def _submodule(package: ModuleType, name: str) -> Value | None:
    """Return a submodule that the package would load when asked for it."""
    stored = static.instance_dict(package)
    path = stored.get("__name__")
    if type(path) is not str or "__path__" not in stored:
        return None
    return module_value(f"{path}.{name}")


def _of_instance(raw: Any, owner: Value, name: str) -> Value | None:
    """Return what reading a class's attribute through an instance would give."""
    cls = type(raw)
    if raw is MISSING:
        return known_of(owner, name) or _column(owner, name)
    if cls is property or cls is functools.cached_property:
        found = known_of(owner, name)
        function = raw.fget if cls is property else raw.func
        if found is None and type(function) is FunctionType:
            found = returned(function, owner)
        return found and replace(found, owner=owner, name=name)
    if cls is MemberDescriptorType and owner.live:
        try:
            return of(raw.__get__(owner.obj, owner.type), owner, name)  # read by C
        except AttributeError:  # an empty slot
            return None
    if static.one_of(cls, _FUNCTIONS) or not static.has_getter(raw):
        return of(raw, owner, name)
    if static.find(cls, "__call__") is not MISSING:
        return of(raw, owner, name)
    accessor = static.instance_dict(raw).get("_accessor")  # df.plot, s.str, s.dt
    if static.is_class(accessor) and trust.is_trusted(owner.type):
        return Value(accessor, owner=owner, name=name)  # type: ignore[arg-type]
    found = known_of(owner, name)
    return found and replace(found, owner=owner, name=name)


def _column(owner: Value, name: str) -> Value | None:
    """Return the column that a frame shows as an attribute."""
    if owner.pattern is MISSING or name not in columns(owner.pattern):
        return None
    cls = loaded_class(COLUMNS.get(public_name(owner.type), ""))
    return Value(cls) if cls else None
