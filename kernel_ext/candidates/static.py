"""Look into objects without running any code of theirs.

``getattr``, ``isinstance``, ``dir``, ``==``, ``bool`` and ``len`` may all call methods
that a user wrote (``__getattr__``, a ``__class__`` property, ``__dir__``, ``__eq__``,
...). The functions here use only the slots that the interpreter itself fills, reached
through the descriptors of ``type``, so that neither a class nor its metaclass has a
say. Classes are compared by ``is`` alone and never hashed: a metaclass may define
``__eq__`` and ``__hash__``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any, Final


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

_mro_of = type.__dict__["__mro__"].__get__
_dict_of = type.__dict__["__dict__"].__get__
_name_of = type.__dict__["__name__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__
_flags_of = type.__dict__["__flags__"].__get__
_module_of = type.__dict__["__module__"].__get__
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def mro(cls: type) -> tuple[type, ...]:
    """Return the method resolution order of a class."""
    order: tuple[type, ...] | None = _mro_of(cls)
    return order or (cls,)  # None while a class is being made


def class_dict(cls: type) -> Mapping[str, Any]:
    """Return the attributes a class itself defines."""
    found: Mapping[str, Any] = _dict_of(cls)
    return found


def name_of(cls: type) -> str:
    """Return the name of a class."""
    return str(_name_of(cls))


def qualname_of(cls: type) -> str:
    """Return the dotted name of a class within its module."""
    return str(_qualname_of(cls))


def module_of(cls: type) -> str:
    """Return the name of the module a class says it is from, ``""`` if it is odd."""
    value = _module_of(cls)
    return value if type(value) is str else ""


def is_made_in_python(cls: type) -> bool:
    """Tell whether a class may come from a ``class`` statement (a "heap type")."""
    return bool(_flags_of(cls) & _HEAP_TYPE)


def one_of(cls: type, types: Iterable[type]) -> bool:
    """Tell whether a class is, by identity, one of some types."""
    return any(cls is other for other in types)


def is_class(obj: object) -> bool:
    """Tell whether an object is a class."""
    return issubclass(type(obj), type)


def is_module(obj: object) -> bool:
    """Tell whether an object is a module."""
    return issubclass(type(obj), ModuleType)


def find(cls: type, name: str) -> Any:
    """Return the raw attribute of a class or of its bases, else ``MISSING``."""
    for base in mro(cls):
        attributes = class_dict(base)
        if name in attributes:
            return attributes[name]
    return MISSING


def instance_dict(obj: object) -> dict[str, Any]:
    """Return the attributes stored on an object itself; empty if it has no such dict.

    A class may shadow ``__dict__`` by a property; then nothing is read.
    """
    if is_class(obj):
        return {}
    descriptor = find(type(obj), "__dict__")
    if not one_of(type(descriptor), (GetSetDescriptorType, MemberDescriptorType)):
        return {}
    stored = descriptor.__get__(obj, type(obj))
    return stored if type(stored) is dict else {}


def has_getter(raw: object) -> bool:
    """Tell whether reading an attribute of this value would call ``__get__``."""
    return find(type(raw), "__get__") is not MISSING


def is_data_descriptor(raw: object) -> bool:
    """Tell whether a class attribute goes before the one stored on the instance."""
    return find(type(raw), "__set__") is not MISSING


def member(obj: object, name: str) -> tuple[Any, bool]:
    """Return the raw attribute of an object, and whether it is stored on the object.

    Parameters
    ----------
    obj : object
        Any object, class or module.
    name : str
        Name of the attribute.

    Returns
    -------
    tuple of (object, bool)
        The attribute as it stands in a dict, before any ``__get__``, or ``MISSING``;
        and True if it was found on the object (or module) and not on its class.

    Examples
    --------
    >>> member("abc", "upper")[0] is str.__dict__["upper"]
    True
    """
    if is_class(obj):
        raw = find(obj, name)  # type: ignore[arg-type]
        return (raw, False) if raw is not MISSING else (find(type(obj), name), False)
    stored = instance_dict(obj)
    raw = find(type(obj), name)
    if name in stored and not (raw is not MISSING and is_data_descriptor(raw)):
        return stored[name], True
    return raw, False
