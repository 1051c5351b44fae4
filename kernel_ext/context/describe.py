"""A point out of the state of a reading."""

from __future__ import annotations

from kernel_ext.context.frames import Chain, Level
from kernel_ext.context.point import Point
from kernel_ext.context.state import State

EARLIER = 32
BEFORE = 16
_NOWHERE = Level(commas=-1)
_NOBODY = Chain("?", None)


def describe(state: State, kind: str, start: int, level: Level) -> Point:
    """Describe the place at `start`, inside of `level`, from the present state."""
    receiver = key = type_ = origin = None
    static = False
    bases: tuple[str, ...] = ()
    if kind == "attribute":
        chain = level.chain or _NOBODY
        receiver, key, origin = chain.text, chain.key, chain.origin
        if chain.value is not None:
            type_, static = chain.value.path, chain.value.static
            bases = state.bases_of(type_)[1:]
    elif kind in ("import", "module"):
        receiver = type_ = state.module or None
        static = type_ is not None
    around = _call_around(state.levels)
    callee = around.opener
    indexed = level.opener if level.kind == "index" else None
    function = next((s.name for s in reversed(state.scopes) if s.name), None)
    class_path = state.class_path() if function else None
    return Point(
        kind=kind,
        start=start,
        prefix="",
        name=None,
        bound=False,
        order=len(state.history.names),
        line=state.line,
        cell=state.cell,
        receiver=receiver,
        receiver_key=key,
        receiver_type=type_,
        receiver_static=static,
        receiver_bases=bases,
        origin=origin,
        earlier=tuple(state.on_key.get(key, ())[-EARLIER:]) if key else (),
        earlier_on_type=tuple(state.on_type.get(type_, ())[-EARLIER:]) if type_ else (),
        call=callee.callee if callee else None,
        call_known=bool(callee and callee.value and callee.value.static),
        argument=around.commas,
        argument_start=around is level and state.at_argument_start(level),
        argument_keyword=around.keyword,
        keywords=tuple(around.keywords),
        bracket=level.bracket,
        subscripted=_type_or_text(indexed) if indexed else None,
        statement=state.statement,
        statement_start=not state.tokens,
        target=state.target,
        before=tuple(state.tokens[-BEFORE:]),
        indent=state.indent,
        function=function,
        class_=class_path[1:] if class_path else None,
        imports=state.imports,
        history=state.history,
    )


def _call_around(levels: list[Level]) -> Level:
    for level in reversed(levels):
        if level.kind == "call":
            return level
    return _NOWHERE


def _type_or_text(chain: Chain) -> str:
    return chain.value.path if chain.value else chain.text
