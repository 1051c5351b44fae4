"""One candidate, and what kind of thing it is."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from kernel_ext.candidates import static
from kernel_ext.candidates.signature import signature_of
from kernel_ext.candidates.static import MISSING

LIMIT = 2000
"""Most candidates one source gives."""


@dataclass(slots=True, eq=False)
class Candidate:
    """A name that can stand at the cursor.

    ``label`` is shown and ranked, ``insert`` replaces the text from the start of the
    name to the cursor. ``type`` is "function", "method", "class", "module", "property",
    "instance", "keyword", "parameter", "column", "key", "magic", "path" or "text".
    ``value`` is the raw attribute where one is at hand; it is only ever looked at, and
    that is why candidates are not compared by their fields.
    """

    label: str
    insert: str
    type: str
    value: Any = MISSING
    detail: str = ""

    @property
    def signature(self) -> str:
        """The signature, such as ``(n=5)``, if it can be read cheaply, else ``""``.

        Of a parameter it is the default.
        """
        if self.detail:
            return self.detail
        return signature_of(self.value, self.type == "method")


# Keyed by identity: the hash of a class may be a method of its metaclass.
_KINDS: dict[int, str] = {
    id(cls): kind
    for cls, kind in {
        FunctionType: "function",
        BuiltinFunctionType: "function",
        MethodType: "function",
        MethodDescriptorType: "method",
        MethodWrapperType: "method",
        WrapperDescriptorType: "method",
        ClassMethodDescriptorType: "method",
        classmethod: "method",
        staticmethod: "function",
        functools.partial: "function",
        functools.partialmethod: "method",
        property: "property",
        functools.cached_property: "property",
        GetSetDescriptorType: "property",
        MemberDescriptorType: "property",
    }.items()
}


def kind_of(raw: object, in_class: bool = False) -> str:
    """Name the kind of a raw attribute.

    Parameters
    ----------
    raw : object
        The attribute as it stands in a dict, or ``MISSING``.
    in_class : bool
        Whether that dict is a class's, so that functions are methods.

    Examples
    --------
    >>> kind_of(len), kind_of(str.__dict__["upper"], True), kind_of(3)
    ('function', 'method', 'instance')
    """
    if raw is MISSING:
        return ""
    cls = type(raw)
    kind = _KINDS.get(id(cls))
    if kind == "function" and in_class and cls is FunctionType:
        return "method"
    if kind is not None:
        return kind
    if issubclass(cls, type):
        return "class"
    if issubclass(cls, ModuleType):
        return "module"
    if issubclass(cls, property):
        return "property"
    if static.find(cls, "__call__") is not MISSING and _is_function_like(cls):
        return "method" if in_class else "function"
    return "instance"


def _is_function_like(cls: type) -> bool:
    """Tell whether a callable's class is made for functions (``ufunc``, jitted ...)."""
    name = static.name_of(cls).lower()
    return any(word in name for word in ("func", "method", "dispatch", "jit", "wrap"))


def select(
    values: Mapping[str, Any] | Iterable[tuple[str, Any]],
    prefix: str,
    in_class: bool = False,
    kinds: Mapping[str, str] | None = None,
) -> list[Candidate]:
    """Make candidates of the names that begin with a prefix, case ignored.

    Private names are left out unless the prefix begins with an underscore. Of more
    than ``LIMIT`` names those come first that match the prefix's case. ``kinds`` says
    what a name is whose value is not at hand.
    """
    kinds = kinds or {}
    pairs = values.items() if isinstance(values, Mapping) else values
    chosen = [
        Candidate(
            name, name, kind_of(raw, in_class) or kinds.get(name, "instance"), raw
        )
        for name, raw in pairs
        if type(name) is str and matches(name, prefix) and name.isidentifier()
    ]
    return cap(chosen, prefix)


def matches(name: str, prefix: str) -> bool:
    """Tell whether a name may be meant by the letters typed so far."""
    if name[:1] == "_" and prefix[:1] != "_":
        return False
    return name[: len(prefix)].lower() == prefix.lower()


def cap(candidates: list[Candidate], prefix: str) -> list[Candidate]:
    """Keep at most ``LIMIT`` candidates, those that match the case of the prefix first.

    Examples
    --------
    >>> len(cap([Candidate(f"x{i}", f"x{i}", "") for i in range(3000)], "x"))
    2000
    """
    if len(candidates) <= LIMIT:
        return candidates
    exact = [c for c in candidates if c.label.startswith(prefix)]
    other = [c for c in candidates if not c.label.startswith(prefix)]
    return [*exact, *other][:LIMIT]


def unique(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Drop candidates whose label came before."""
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.label not in seen:
            seen.add(candidate.label)
            yield candidate
