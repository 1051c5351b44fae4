"""Finding what an object owns: layers, variables, metrics, seed generators.

Nothing is registered: attributes are looked at, lists and dicts in them too, so
that what was appended, replaced or deleted meanwhile is right. Only the order is
remembered: that in which things were first seen.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

from dlcore.src.variable import Variable

_HIDDEN = frozenset(
    (
        *("_config", "_nodes", "_order", "_losses", "_functions", "_entrances"),
        *("_weights", "_compiled", "_structure_now", "optimizer", "loss"),
    )
)

#: Counts changes of what layers own, so that what was derived from it can be kept
#: as long as nothing changes.
changes = itertools.count(1)
version = 0


def changed() -> None:
    """Note that some layer owns something else now, or trains something else."""
    global version
    version = next(changes)


_ABSENT = object()


def _wrapped(module: Any, owner: Any) -> Any:
    """Return a module as a layer, for an owner on the backend of both."""
    from dlcore.src.layers.foreign.torch_module import TorchModuleWrapper

    home = getattr(owner, "backend", None)
    lives = home is not None and home.name in TorchModuleWrapper._homes
    return TorchModuleWrapper(module) if lives else module


@functools.cache
def kind_of(cls: Any) -> str | None:
    """Return what objects of a class are to their owner, or None."""
    if issubclass(cls, Variable):
        return "variable"
    if issubclass(cls, list | tuple | dict | set):
        return "container"
    from dlcore.src.layers.foreign.torch_module import is_module
    from dlcore.src.layers.layer import Layer
    from dlcore.src.metrics.base import Metric
    from dlcore.src.random import SeedGenerator

    if is_module(cls):  # not ours, but has weights: wrapped as an attribute
        return "module"
    kinds = {Layer: "layer", Metric: "metric", SeedGenerator: "seed"}
    return next((kind for base, kind in kinds.items() if issubclass(cls, base)), None)


def _inside(
    path: str, value: Any, around: tuple[int, ...] = ()
) -> Iterator[tuple[str, str, Any]]:
    cls: Any = type(value)
    kind = kind_of(cls)
    if kind is None or id(value) in around:  # a list may hold itself
        return
    if kind != "container":
        if kind != "module":  # in a list: nobody can call it by the layer's rules
            yield kind, path, value
    else:
        named = value.items() if isinstance(value, dict) else enumerate(value)
        around = (*around, id(value))
        for key, part in named:
            yield from _inside(f"{path}/{key}", part, around)


class Tracked:
    """An object that knows what its attributes hold."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, and track what it holds."""
        cls: Any = type(value)
        kind = kind_of(cls)
        attributes = self.__dict__
        if kind is not None:
            if kind == "module":
                value = _wrapped(value, self)
            changed()
        if kind is not None and attributes.get(name, _ABSENT) is None:
            del attributes[name]  # announced as None: its turn in the order is now
        object.__setattr__(self, name, value)
        if kind == "container":
            attributes["_order"] = attributes.get("_order") or {}
        elif kind is not None and "_order" in attributes:
            self._owned()  # what lists got so far comes before this

    def _owned(self) -> list[tuple[str, str, Any]]:
        """Return ``(kind, attribute path, object)`` of all that it owns, once each."""
        found: dict[int, tuple[str, str, Any]] = {}
        for name, value in self.__dict__.items():
            if name not in _HIDDEN:
                for part in _inside(name, value):
                    found.setdefault(id(part[2]), part)
        seen = self.__dict__.get("_order") or {}
        if not seen:
            order = list(found)
        else:
            order = [key for key in seen if key in found]
            order += [key for key in found if key not in seen]
        if "_order" in self.__dict__:
            self.__dict__["_order"] = dict.fromkeys(order)
        return [found[key] for key in order]

    def _owned_of(self, kind: str) -> list[Any]:
        return [thing for found, _, thing in self._owned() if found == kind]


class Structure:
    """What a layer consists of, at one moment.

    Attributes
    ----------
    layers : list of Layer
        Itself and all layers below.
    weights : list of Variable
    metrics : list of Metric
    """

    def __init__(self, layers: list[Any]):
        self.version = version
        self.layers = layers
        self.weights = _once(v for layer in layers for v in layer._own)
        self.metrics = _once(m for la in layers for m in la._owned_of("metric"))
        self._sizes = [(c, len(c)) for layer in layers for c in _containers(layer)]

    def valid(self) -> bool:
        """Whether nothing has changed: neither attributes nor sizes of containers."""
        return self.version == version and all(len(c) == n for c, n in self._sizes)

    def __reduce__(self) -> Any:
        """Copy and pickle as one that is out of date: a copy looks anew."""
        return _outdated, ()


def _outdated() -> Structure:
    found = Structure([])
    found.version = 0
    return found


def _once(things: Any) -> list[Any]:
    return list({id(thing): thing for thing in things}.values())


def _containers(layer: Any) -> Iterator[Any]:
    for name, value in vars(layer).items():
        if name not in _HIDDEN and isinstance(value, list | dict | set):
            yield from _nested(value)


def _nested(container: Any, around: tuple[int, ...] = ()) -> Iterator[Any]:
    yield container
    parts = container.values() if isinstance(container, dict) else container
    around = (*around, id(container))
    for part in parts:
        if isinstance(part, list | dict | set) and id(part) not in around:
            yield from _nested(part, around)
