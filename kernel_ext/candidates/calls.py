"""What calls return, found without calling."""

from __future__ import annotations

import functools
from dataclasses import replace
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from kernel_ext.candidates import static
from kernel_ext.candidates.annotations import annotations_of, returned
from kernel_ext.candidates.columns import is_frame
from kernel_ext.candidates.returns import known, known_of
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.value import Value, of

_VIEWS = ("DataFrameGroupBy", "GroupBy", "Rolling", "Expanding", "Resampler")


def result(function: Value) -> Value | None:
    """Return what calling a value would give, or None if that is not known.

    A class gives its instance; functions are looked up in the table of return types,
    then read for their annotations.

    Examples
    --------
    >>> result(of(sorted, name="sorted")).type, result(of(int)).type
    (<class 'list'>, <class 'int'>)
    """
    if not function.live:
        return _of_instance(function)
    raw, owner = function.obj, function.owner
    if static.is_class(raw):
        return None if raw is type or raw is super else Value(raw)
    if type(raw) is MethodType:
        found = _listed(raw, owner, function.name)  # np.random.rand
        if found is not None:
            return found
        owner, raw = of(raw.__self__), raw.__func__
    if type(raw) is classmethod or type(raw) is staticmethod:
        raw = raw.__func__
    if type(raw) is functools.partial:
        return result(of(raw.func))
    found = _listed(raw, owner, function.name)
    plain = _annotated(raw)
    if found is None and plain is not None:
        method = owner is not None and not static.is_module(owner.obj)
        found = returned(plain, owner if method else None)
    if found is None and type(raw) is not FunctionType:
        found = _of_instance(function)
    return found and _with_columns(found, owner)


def _with_columns(value: Value, owner: Value | None) -> Value:
    """Remember the frame that groups and windows were made from."""
    if value.pattern is not MISSING or owner is None or owner.pattern is MISSING:
        return value
    if static.name_of(value.type) in _VIEWS and is_frame(owner.type):
        return replace(value, like=owner.pattern)
    return value


def _listed(raw: Any, owner: Value | None, name: str) -> Value | None:
    """Look a function up in the table of return types."""
    plain = static.one_of(type(raw), (FunctionType, BuiltinFunctionType))
    if plain:
        name = raw.__name__
    if type(name) is not str or not name:
        return None
    if type(raw) is BuiltinFunctionType and not static.is_module(raw.__self__):
        owner = of(raw.__self__)  # a method of a built-in type, taken before
    if owner is not None and not static.is_module(owner.obj):
        return known_of(owner, name)
    module = raw.__module__ if plain else MISSING
    if owner is not None:
        found = known(f"{static.instance_dict(owner.obj).get('__name__')}.{name}")
        if found is not None:
            return found
    if type(module) is not str:
        module = static.instance_dict(raw).get("__module__")
    if module == "builtins" or module == "_io" or module == "io":
        return known(name)
    return known(f"{module}.{name}")


def _of_instance(function: Value) -> Value | None:
    """Return what an object with ``__call__`` gives."""
    found = known_of(function, "__call__")
    if found is None:
        raw = static.find(function.type, "__call__")
        if type(raw) is FunctionType:
            found = returned(raw, function)
    return found


def _annotated(raw: Any) -> FunctionType | None:
    """Return the function under decorators that says what it returns."""
    for _ in range(8):
        if type(raw) is FunctionType and "return" in annotations_of(raw):
            return raw
        raw = static.instance_dict(raw).get("__wrapped__", MISSING)
        if raw is MISSING:
            return None
    return None
