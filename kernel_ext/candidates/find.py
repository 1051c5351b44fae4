"""All sources together: what can stand at a cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel_ext import context
from kernel_ext.candidates import cursor as places
from kernel_ext.candidates.arguments import arguments
from kernel_ext.candidates.attributes import attributes, written
from kernel_ext.candidates.candidate import Candidate, unique
from kernel_ext.candidates.docs import markdown
from kernel_ext.candidates.files import files, wants_path
from kernel_ext.candidates.imports import module_candidates, name_candidates
from kernel_ext.candidates.keys import keys_in_call, keys_of, quoted
from kernel_ext.candidates.magics import magics
from kernel_ext.candidates.names import names
from kernel_ext.candidates.order import by_use
from kernel_ext.candidates.resolve import Resolver
from kernel_ext.candidates.symbols import symbols
from kernel_ext.candidates.value import Value, described, loaded_class


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates for the text from ``start`` to ``end`` (code points of the cell).

    ``candidates`` are for the ranker to order. ``first`` come before them and have
    their order already: columns, keys, magics, files, of which it knows nothing.
    ``receiver`` names the type (or module) of what stands before the dot, such as
    ``pandas.DataFrame``, where it is known. ``names`` tells that a name is wanted here
    at all, rather than, say, the text of a string.
    """

    start: int
    end: int
    candidates: list[Candidate] = field(default_factory=list)
    first: list[Candidate] = field(default_factory=list)
    receiver: str | None = None
    names: bool = True


@dataclass(frozen=True, slots=True)
class _Query:
    source: str
    cursor: int
    place: places.Place
    resolver: Resolver
    texts: tuple[str, ...]
    shell: Any

    def found(self, candidates: list[Candidate], receiver: str | None = None) -> Found:
        return Found(self.place.start, self.cursor, candidates, receiver=receiver)

    def ordered(self, first: list[Candidate], start: int | None = None) -> Found:
        start = self.place.start if start is None else start
        return Found(start, self.cursor, first=first, names=False)


def at(
    source: str,
    cursor: int,
    before: Sequence[str] = (),
    namespace: Mapping[str, Any] | None = None,
    shell: Any = None,
) -> Found:
    """Find the candidates at a cursor.

    Parameters
    ----------
    source : str
        Text of the cell.
    cursor : int
        Offset in it, in code points.
    before : sequence of str
        Texts of earlier cells, in order.
    namespace : dict, optional
        Names of the kernel; only read.
    shell : InteractiveShell, optional
        For the names of magics.

    Returns
    -------
    Found
        ``start`` is where the name at the cursor begins and ``end`` the cursor: the
        letters after it are kept, as JupyterLab counts all that is to be replaced as
        typed and would filter by it.

    Examples
    --------
    >>> at("import jso", 10).candidates[0].label
    'json'
    """
    place = places.at(source, cursor)
    texts = (source[: place.start], *reversed(before))
    resolver = Resolver({} if namespace is None else namespace, texts)
    query = _Query(source, cursor, place, resolver, texts, shell)
    return _SOURCES[place.kind](query)


def documentation(found: Found, label: str) -> str:
    """Return the documentation of a candidate as Markdown, ``""`` if there is none."""
    for candidate in (*found.first, *found.candidates):
        if candidate.label == label:
            return markdown(candidate, found.receiver)
    return ""


def _attribute(query: _Query) -> Found:
    place = query.place
    value = query.resolver.resolve(place.receiver or "") or _guessed(query)
    found = attributes(value, place.prefix) if value else []
    if place.receiver in ("self", "cls"):
        for text in query.texts[:1]:
            found += written(text, place.receiver, place.prefix)
    receiver = described(value) if value else None
    return query.found(list(unique(found)), receiver=receiver)


def _guessed(query: _Query) -> Value | None:
    """Return the type that the text lets one guess, if its class is loaded.

    The ranker's reading of the text knows what libraries return by their documentation.
    """
    text = context.join([*reversed(query.texts[1:]), query.source[: query.cursor]])
    point = context.at(text, len(text))
    if point.kind != "attribute" or point.receiver_static or not point.receiver_type:
        return None
    cls = loaded_class(point.receiver_type)
    return Value(cls) if cls else None


def _name(query: _Query) -> Found:
    place, resolver = query.place, query.resolver
    if place.module == "from":  # from os im|
        return query.found([Candidate("import", "import", "keyword")])
    found: list[Candidate] = []
    first: list[Candidate] = []
    if place.call is not None and place.call.at_start:
        function = resolver.resolve(place.call.callee)
        if function is not None:
            found += arguments(function, place.call, place.prefix)
    if place.subscript is not None and not place.prefix:
        value = resolver.resolve(place.subscript)
        if value is not None:
            keys = quoted(keys_of(value), "", "", closed=False)
            first = by_use(keys, query.texts)
    found += names(resolver.namespace, query.texts, place.prefix)
    return Found(place.start, query.cursor, list(unique(found)), first)


def _string(query: _Query) -> Found:
    place, resolver = query.place, query.resolver
    closed = bool(place.quote) and query.source.startswith(place.quote, query.cursor)
    found: list[Candidate] = []
    if place.receiver is not None:
        value = resolver.resolve(place.receiver)
        found = keys_of(value, place.index) if value else []
    elif place.call is not None and place.quote:
        found = keys_in_call(place.call, resolver)
    if found:
        keys = quoted(found, place.quote, place.prefix, closed)
        return query.ordered(by_use(keys, query.texts))
    if place.receiver is None and wants_path(place.call, place.prefix):
        offset, paths = files(place.prefix)
        return query.ordered(paths, start=place.start + offset)
    return query.ordered([], start=query.cursor)


def _module(query: _Query) -> Found:
    place = query.place
    found = module_candidates(place.module, place.prefix)
    return query.found(found, receiver=place.module or None)


def _import(query: _Query) -> Found:
    place = query.place
    found = name_candidates(place.module, place.prefix)
    return query.found(found, receiver=place.module or None)


def _magic(query: _Query) -> Found:
    place = query.place
    first = not query.source[: place.start].strip()
    found = magics(query.shell, place.prefix, first)
    return query.ordered(by_use(found, query.texts))


def _nothing(query: _Query) -> Found:
    line = query.source[max(0, query.cursor - 40) : query.cursor]
    offset, found = symbols(line)
    return query.ordered(found, start=query.cursor - len(line) + offset)


_SOURCES: Mapping[str, Callable[[_Query], Found]] = {
    "attribute": _attribute,
    "import": _import,
    "magic": _magic,
    "module": _module,
    "name": _name,
    "none": _nothing,
    "string": _string,
}
