"""Names after a dot: ``df.``, ``np.random.``, ``self.``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

from kernel_ext.candidates import modules, static, trust
from kernel_ext.candidates.candidate import Candidate, cap, matches, select
from kernel_ext.candidates.columns import columns
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.stores import stored
from kernel_ext.candidates.value import Value


def attributes(value: Value, prefix: str) -> list[Candidate]:
    """List the attributes of a value.

    Examples
    --------
    >>> [c.label for c in attributes(Value(str), "isu")]
    ['isupper']
    """
    if value.module:
        return of_unloaded(value.module, prefix)
    if value.live and static.is_module(value.obj):
        return of_module(value.obj, prefix)
    if value.live and static.is_class(value.obj):
        return select(_class_names(value.obj), prefix, in_class=True)
    found = _class_names(value.type)
    pattern = value.pattern
    if pattern is MISSING or type(pattern) is not value.type:
        return select(found, prefix, in_class=True)
    own = {**static.instance_dict(pattern).copy(), **stored(pattern)}
    own = {name: raw for name, raw in own.items() if name not in found}
    told = _told(pattern)
    if told is not None:
        chosen = {name: found.get(name, own.get(name, MISSING)) for name in told}
        hidden = {name: found[name] for name in found if name[:1] == "_"}
        kinds = dict.fromkeys(columns(pattern), "column")
        return select({**hidden, **chosen}, prefix, in_class=True, kinds=kinds)
    return [*select(found, prefix, in_class=True), *select(own, prefix)]


def of_module(module: ModuleType, prefix: str) -> list[Candidate]:
    """List the names of a loaded module."""
    names = module_names(module)
    path = static.instance_dict(module).get("__name__")
    kinds = {}
    if type(path) is str and any(raw is MISSING for raw in names.values()):
        kinds = dict.fromkeys(modules.children(path), "module")
    return select(names, prefix, kinds=kinds)


def of_unloaded(module: str, prefix: str) -> list[Candidate]:
    """List the names of a module that is not imported, as its source has them."""
    pairs = {name: "module" for name in modules.children(module)}
    pairs.update(modules.names(module))
    found = [
        Candidate(name, name, kind)
        for name, kind in sorted(pairs.items())
        if matches(name, prefix)
    ]
    return cap(found, prefix)


def module_names(module: ModuleType) -> dict[str, Any]:
    """Return the names of a loaded module with their raw values.

    If an installed module has a ``__dir__`` it is asked, as it may load names only when
    they are used; of any module ``__all__`` counts.
    """
    stored = static.instance_dict(module).copy()
    ask = stored.get("__dir__")
    if type(ask) is FunctionType and trust.is_installed(module):
        told = _called(ask)
        if told is not None:
            hidden = {n: raw for n, raw in stored.items() if n[:1] == "_"}
            return {**hidden, **{name: stored.get(name, MISSING) for name in told}}
    listed = stored.get("__all__")
    if type(listed) is list or type(listed) is tuple:
        for name in list(listed):
            if type(name) is str:
                stored.setdefault(name, MISSING)
    return {
        name: raw
        for name, raw in stored.items()
        if static.module_of(type(raw)) != "__future__"
    }


def written(text: str, receiver: str, prefix: str) -> list[Candidate]:
    """List the attributes of a receiver that a text uses: ``self.x`` in a class.

    Examples
    --------
    >>> [c.label for c in written("self.fc = 1; self.f", "self", "f")]
    ['fc']
    """
    pattern = rf"(?<![\w.]){re.escape(receiver)}\.([^\W\d]\w*)"
    names = dict.fromkeys(
        m[1] for m in re.finditer(pattern, text) if m.end() < len(text)
    )
    return [Candidate(n, n, "instance") for n in names if matches(n, prefix)]


def _class_names(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(static.mro(cls)):
        found.update(static.class_dict(base))
    return found


def _told(obj: Any) -> list[str] | None:
    """Ask an object of a trusted library for its names, if it makes them itself."""
    ask = static.find(type(obj), "__dir__")
    if ask is object.__dir__ or not trust.is_trusted(type(obj)):
        return None
    if static.is_module(obj) or static.is_class(obj):
        return None  # these would ask a function in their own dict, or a metaclass
    return _called(ask, obj)


def _called(ask: Any, *arguments: Any) -> list[str] | None:
    try:
        told: Iterable[object] = ask(*arguments)
        return sorted(name for name in told if type(name) is str)
    except Exception:  # somebody else's code: then their names are read statically
        return None
