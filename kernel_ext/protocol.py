"""Messages between the JupyterLab extension and the kernel.

They travel on comms of target ``polaris.completion``. The front end opens one comm
per kernel and sends requests; the kernel only replies. A message is a JSON object
whose ``op`` names its class. Offsets count Unicode code points, as in the kernel's own
completion messages. Fields this version does not know are ignored, so that a newer
front end can talk to an older kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar

NO_ID = -1
"""Identifier in a failure whose request carried none that could be read."""


class ProtocolError(ValueError):
    """A message that does not follow the protocol; its text says why."""


@dataclass(frozen=True)
class Offered:
    """A name that another source, such as a language server, offers."""

    label: str
    type: str = ""


@dataclass(frozen=True)
class Item:
    """One ranked candidate; ``reason`` is Markdown."""

    label: str
    insert: str
    type: str
    signature: str
    stars: int
    probability: float
    reason: str


@dataclass(frozen=True)
class Complete:
    """Ask for the ranked candidates at a cursor.

    ``source`` is the text of the cell (or file), ``before`` the earlier code cells.
    """

    op: ClassVar[str] = "complete"
    id: int
    source: str
    cursor: int
    before: tuple[str, ...] = ()
    path: str | None = None
    language: str = "python"
    offered: tuple[Offered, ...] = ()

    def __post_init__(self) -> None:
        """Check the cursor against the source."""
        _check_cursor(self)


@dataclass(frozen=True)
class Document:
    """Ask for the documentation of one candidate at a cursor."""

    op: ClassVar[str] = "document"
    id: int
    source: str
    cursor: int
    label: str
    before: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the cursor against the source."""
        _check_cursor(self)


@dataclass(frozen=True)
class Ping:
    """Ask whether the extension is there, and which version."""

    op: ClassVar[str] = "ping"
    id: int


@dataclass(frozen=True)
class Completed:
    """The ranked candidates, best first, for the text from ``start`` to ``end``."""

    op: ClassVar[str] = "completed"
    id: int
    start: int
    end: int
    items: tuple[Item, ...]
    took: float
    """Milliseconds spent in the kernel."""


@dataclass(frozen=True)
class Documented:
    """Documentation as Markdown; empty when there is none."""

    op: ClassVar[str] = "documented"
    id: int
    documentation: str


@dataclass(frozen=True)
class Pong:
    """Answer to :class:`Ping`."""

    op: ClassVar[str] = "pong"
    id: int
    version: str


@dataclass(frozen=True)
class Failed:
    """A request that could not be answered, with one clear sentence."""

    op: ClassVar[str] = "failed"
    id: int
    error: str


Request = Complete | Document | Ping
Reply = Completed | Documented | Pong | Failed

REQUESTS: dict[str, type] = {m.op: m for m in (Complete, Document, Ping)}
REPLIES: dict[str, type] = {m.op: m for m in (Completed, Documented, Pong, Failed)}


def decode(message: object) -> Any:
    """Turn a JSON object into the message it stands for.

    Parameters
    ----------
    message : dict
        Parsed JSON.

    Returns
    -------
    Request or Reply

    Raises
    ------
    ProtocolError
        If the operation is unknown or a field is missing or of a wrong kind.

    Examples
    --------
    >>> decode({"op": "ping", "id": 9})
    Ping(id=9)
    """
    if not isinstance(message, Mapping):
        raise ProtocolError(f"A message must be an object, not {_kind(message)}.")
    op = message.get("op")
    kind = (REQUESTS | REPLIES).get(op) if isinstance(op, str) else None
    if kind is None:
        known = ", ".join([*REQUESTS, *REPLIES])
        raise ProtocolError(f"Unknown operation {op!r}; expected one of {known}.")
    return _build(kind, message, str(op))


def encode(message: object) -> dict[str, Any]:
    """Turn a message into a JSON object.

    Examples
    --------
    >>> encode(Pong(id=9, version="0.1.0"))
    {'op': 'pong', 'id': 9, 'version': '0.1.0'}
    """
    plain: dict[str, Any] = {}
    op = getattr(message, "op", None)
    if op is not None:
        plain["op"] = op
    for item in fields(message):  # type: ignore[arg-type]
        value = getattr(message, item.name)
        if isinstance(value, tuple):
            value = [v if isinstance(v, str) else dict(vars(v)) for v in value]
        plain[item.name] = value
    return plain


def identifier(message: object) -> int:
    """Return the identifier of a message that may be malformed, else ``NO_ID``."""
    value = message.get("id") if isinstance(message, Mapping) else None
    return value if _is_integer(value) else NO_ID  # type: ignore[return-value]


def _build(kind: type, message: Mapping[str, Any], where: str) -> Any:
    values = {}
    for item in fields(kind):
        if item.name in message:
            values[item.name] = _value(item, message[item.name], where)
        elif item.default is MISSING:
            raise ProtocolError(f"'{where}' lacks the field '{item.name}'.")
    return kind(**values)


def _value(item: Field[Any], value: Any, where: str) -> Any:
    # With postponed annotations the type of a field is the text written above.
    declared = str(item.type)
    name = f"'{item.name}' of '{where}'"
    if declared.startswith("tuple["):
        inner = declared[len("tuple[") : -len(", ...]")]
        if not isinstance(value, (list, tuple)):
            raise ProtocolError(f"{name} must be a list, not {_kind(value)}.")
        return tuple(_element(inner, v, f"{name}[{i}]") for i, v in enumerate(value))
    return _element(declared, value, name)


def _element(declared: str, value: Any, name: str) -> Any:
    if declared in _NESTED:
        if not isinstance(value, Mapping):
            raise ProtocolError(f"{name} must be an object, not {_kind(value)}.")
        return _build(_NESTED[declared], value, name.replace("'", ""))
    accepts, expected = _CHECKS[declared]
    if not accepts(value):
        raise ProtocolError(f"{name} must be {expected}, not {_kind(value)}.")
    return value


def _check_cursor(message: Complete | Document) -> None:
    if not 0 <= message.cursor <= len(message.source):
        raise ProtocolError(
            f"'cursor' of '{message.op}' must be in 0..{len(message.source)} (code "
            f"points of 'source'), not {message.cursor}."
        )


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _kind(value: object) -> str:
    return "null" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"


_NESTED: dict[str, type] = {"Offered": Offered, "Item": Item}
_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "int": (_is_integer, "an integer"),
    "float": (_is_number, "a finite number"),
    "str": (_is_text, "text"),
    "str | None": (lambda value: value is None or _is_text(value), "text or null"),
}
