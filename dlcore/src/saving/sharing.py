"""What holds while an object is written or read: shared parts, and consent to code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from dlcore.src.export import export

#: Identity -> the object and its configuration, while writing.
_written: ContextVar[dict[int, tuple[Any, dict[str, Any]]] | None] = ContextVar(
    "dlcore_written", default=None
)
#: Number in the file -> object, while reading.
_read: ContextVar[dict[int, Any] | None] = ContextVar("dlcore_read", default=None)
_safe: ContextVar[bool | None] = ContextVar("dlcore_safe_mode", default=None)
_unsafe_everywhere = False


@contextmanager
def sharing() -> Iterator[None]:
    """Remember which objects were met: what is met again stays one object."""
    tokens = _written.set({}), _read.set({})
    try:
        yield
    finally:
        _written.reset(tokens[0])
        _read.reset(tokens[1])


def note_written(thing: Any, config: dict[str, Any]) -> None:
    """Give a configuration a number when its object was written before."""
    met = _written.get()
    if met is None:
        return
    if id(thing) in met:
        number = id(thing)
        config["shared_object_id"] = number
        met[id(thing)][1]["shared_object_id"] = number
    else:
        met[id(thing)] = (thing, config)


def note_read(thing: Any, config: dict[str, Any]) -> None:
    """Remember the object of a numbered configuration."""
    met = _read.get()
    if met is not None and "shared_object_id" in config:
        met[config["shared_object_id"]] = thing


def met_before(config: dict[str, Any]) -> Any:
    """Return the object that was made of the same numbered configuration, or None."""
    met = _read.get()
    return None if met is None else met.get(config.get("shared_object_id", -1))


@contextmanager
def safe_mode(value: bool) -> Iterator[None]:
    """Say whether code in a file may be loaded; the outermost word counts."""
    token = _safe.set(value if _safe.get() is None else _safe.get())
    try:
        yield
    finally:
        _safe.reset(token)


def is_safe(value: bool | None = None) -> bool:
    """Whether code in a file must not be loaded; ``value`` where nobody said so."""
    if _unsafe_everywhere:
        return False
    found = _safe.get()
    if found is None:
        found = value
    return found is not False


@export("dlcore.config.enable_unsafe_deserialization")
def enable_unsafe_deserialization() -> None:
    """Let files bring code, that of lambdas, for the rest of this process.

    Such code runs with all rights that you have: only for files you trust.
    """
    global _unsafe_everywhere
    _unsafe_everywhere = True
