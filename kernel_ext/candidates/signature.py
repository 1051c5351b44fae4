"""Parameters and signatures of callables, read and never asked.

``inspect.signature`` follows ``__signature__`` and ``__wrapped__`` through ``getattr``
and takes some 30 microseconds; here the code object is read, in about 3, and a default
is shown only if it is a plain constant, since ``repr`` may be anybody's.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import Any

from kernel_ext.candidates import static
from kernel_ext.candidates.static import MISSING

_C_FUNCTIONS = (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
_VARARGS, _VARKEYWORDS = inspect.CO_VARARGS, inspect.CO_VARKEYWORDS
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; ``kind`` is "positional", "both", "keyword", "*" or "**"."""

    name: str
    kind: str
    default: str = ""

    def __str__(self) -> str:
        """Return the parameter as it stands in a signature."""
        star = self.kind if self.kind in ("*", "**") else ""
        return f"{star}{self.name}" + (f"={self.default}" if self.default else "")


def signature_of(raw: object, bound: bool = False) -> str:
    """Write the signature of a callable, such as ``(n=5)``; ``""`` if unknown.

    Parameters
    ----------
    raw : object
        Callable, or the raw attribute of a class, or ``MISSING``.
    bound : bool
        Leave out the first parameter of a plain function (``self``).

    Examples
    --------
    >>> signature_of(lambda self, n=5, *, deep=False: 0, bound=True)
    '(n=5, *, deep=False)'
    """
    found = parameters(raw, bound)
    if found is None:
        return ""
    text = f"({', '.join(_with_marks(found))})"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + "…)"


def parameters(raw: object, bound: bool = False) -> list[Parameter] | None:
    """List the parameters of a callable, or None if they are not known.

    Examples
    --------
    >>> [p.name for p in parameters(sorted)]
    ['iterable', 'key', 'reverse']
    """
    cls = type(raw)
    if raw is MISSING:
        return None
    if cls is FunctionType:
        wrapped = static.instance_dict(raw).get("__wrapped__", MISSING)
        if wrapped is not MISSING and wrapped is not raw:
            found = parameters(wrapped, bound)
            if found is not None:
                return found
        return _of_function(raw, bound)  # type: ignore[arg-type]
    if cls is MethodType:
        return parameters(raw.__func__, True)  # type: ignore[attr-defined]
    if cls is classmethod:
        return parameters(raw.__func__, True)  # type: ignore[attr-defined]
    if cls is staticmethod:
        return parameters(raw.__func__)  # type: ignore[attr-defined]
    if cls is functools.partial:
        return _of_partial(raw)  # type: ignore[arg-type]
    if static.one_of(cls, _C_FUNCTIONS):
        return _of_text(raw)
    if issubclass(cls, type):
        return _of_class(raw)  # type: ignore[arg-type]
    wrapped = static.instance_dict(raw).get("__wrapped__", MISSING)
    if wrapped is not MISSING and wrapped is not raw:
        return parameters(wrapped, bound)
    call = static.find(cls, "__call__")
    if type(call) is FunctionType:
        return parameters(call, True)
    return None if call is MISSING else _of_doc(raw)


def _of_function(function: FunctionType, bound: bool) -> list[Parameter]:
    code = function.__code__
    names = code.co_varnames
    count = code.co_argcount
    defaults = function.__defaults__ or ()
    first = count - len(defaults)
    found = [
        Parameter(
            names[i],
            "positional" if i < code.co_posonlyargcount else "both",
            _constant(defaults[i - first]) if i >= first else "",
        )
        for i in range(count)
    ]
    if bound:
        found = found[1:]
    after = count + code.co_kwonlyargcount
    if code.co_flags & _VARARGS:
        found.append(Parameter(names[after], "*"))
        after += 1
    keyword_defaults = function.__kwdefaults__ or {}
    for name in names[count : count + code.co_kwonlyargcount]:
        default = keyword_defaults.get(name, MISSING)
        text = "" if default is MISSING else _constant(default)
        found.append(Parameter(name, "keyword", text))
    if code.co_flags & _VARKEYWORDS:
        found.append(Parameter(names[after], "**"))
    return found


def _of_partial(partial: functools.partial[Any]) -> list[Parameter] | None:
    found = parameters(partial.func)
    if found is None:
        return None
    return [p for p in found[len(partial.args) :] if p.name not in partial.keywords]


def _of_class(cls: type) -> list[Parameter] | None:
    if static.module_of(cls) == "builtins":
        return _of_text(cls)
    given = static.class_dict(cls).get("__signature__", MISSING)
    if type(given) is inspect.Signature:
        return _of_signature(given)
    for name in ("__init__", "__new__"):
        raw = static.find(cls, name)
        if raw is MISSING or raw is getattr(object, name):
            continue
        if type(raw) is staticmethod:
            raw = raw.__func__
        if type(raw) is FunctionType:
            return parameters(raw, True)
    return _of_text(cls)


def _of_text(raw: Any) -> list[Parameter] | None:
    """Read ``__text_signature__``, which C code keeps in front of the docstring."""
    getter = static.find(type(raw), "__text_signature__")
    text = getter.__get__(raw) if getter is not MISSING else None
    if issubclass(type(raw), type):
        text = _class_text(raw)
    if type(text) is not str:
        return _of_doc(raw)
    # "$self", "$module" and "$type" are not for the caller.
    return _parse(re.sub(r"\$\w+(, )?(/(, )?)?", "", text))


_class_text = type.__dict__["__text_signature__"].__get__


def _of_signature(given: inspect.Signature) -> list[Parameter]:
    kinds = ("positional", "both", "*", "keyword", "**")
    return [
        Parameter(
            p.name,
            kinds[p.kind],
            "" if p.default is p.empty else _constant(p.default),
        )
        for p in given.parameters.values()
    ]


_FIRST_LINE = re.compile(r"\s*[\w.]*\(([^()]*(?:\([^()]*\)[^()]*)*)\)")


def _of_doc(raw: object) -> list[Parameter] | None:
    """Read the first line of the docstring of a C function: ``zeros(shape, ...)``."""
    doc = documentation_of(raw)
    match = _FIRST_LINE.match(doc)
    if match is None:
        return None
    text = re.sub(r"[\[\]]", "", match[1])
    return _parse(f"({text})")


_PART = re.compile(r"(\*{0,2})\s*([^\W\d]\w*)\s*(?::[^=]*)?(?:=\s*(.+))?$")


def _parse(text: str) -> list[Parameter]:
    return list(_parsed(text))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[Parameter, ...]:
    """Parse ``(a, b=1, *, c=None)``, leniently."""
    found: list[Parameter] = []
    kind = "both"
    for part in _split(text.strip()[1:-1]):
        if part == "*":
            kind = "keyword"
        elif part == "/":
            found = [replace(p, kind="positional") for p in found]
        match = _PART.match(part)
        if match is None:
            continue
        if match[1]:
            found.append(Parameter(match[2], match[1]))
            kind = "keyword"
        else:
            default = (match[3] or "").strip()
            found.append(Parameter(match[2], kind, default))
    return tuple(found)


def _split(text: str) -> Iterator[str]:
    """Split at commas that stand in no bracket."""
    depth = start = 0
    for i, letter in enumerate(text):
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "," and depth == 0:
            yield text[start:i].strip()
            start = i + 1
    yield text[start:].strip()


def _with_marks(found: list[Parameter]) -> Iterator[str]:
    """Write parameters with the ``*`` that begins the keyword-only ones."""
    open_for_keywords = False
    for parameter in found:
        if parameter.kind in ("*", "**"):
            open_for_keywords = True
        elif parameter.kind == "keyword" and not open_for_keywords:
            open_for_keywords = True
            yield "*"
        yield str(parameter)


_PLAIN = (int, float, complex, bool, str, bytes, type(None), type(...))


def _constant(value: object) -> str:
    cls = type(value)
    if static.one_of(cls, _PLAIN):
        text = repr(value)
        return text if len(text) <= 30 else "…"
    if static.one_of(cls, (tuple, list, dict)) and not value:
        return repr(value)
    if cls is FunctionType:
        return value.__name__  # type: ignore[attr-defined,no-any-return]
    if issubclass(cls, type):
        return static.name_of(value)  # type: ignore[arg-type]
    return "…"


def documentation_of(raw: object) -> str:
    """Return the docstring of a raw attribute, ``""`` if there is none.

    Examples
    --------
    >>> documentation_of(len)[:10]
    'Return the'
    """
    cls = type(raw)
    if cls is classmethod or cls is staticmethod:
        return documentation_of(raw.__func__)  # type: ignore[attr-defined]
    if issubclass(cls, type):
        value = static.class_dict(raw).get("__doc__")  # type: ignore[arg-type]
        if type(value) is str:
            return value
        value = _class_doc(raw)
        return value if type(value) is str else ""
    value, _ = static.member(raw, "__doc__")
    if static.one_of(type(value), (GetSetDescriptorType, MemberDescriptorType)):
        value = value.__get__(raw, cls)  # a slot of functions, properties, ufuncs
    return value if type(value) is str else ""


_class_doc = type.__dict__["__doc__"].__get__
