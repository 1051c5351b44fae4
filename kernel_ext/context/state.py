"""What a reading remembers: names, bindings, scopes, and how to go back."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from kernel_ext.context.frames import Chain, Item, Level, Scope
from kernel_ext.context.known import CONVENTIONS
from kernel_ext.context.languages import Language
from kernel_ext.context.point import History, Point
from kernel_ext.context.types import Value, attribute, mro


class State:
    """The state of a reading of one text."""

    def __init__(self, lang: Language, collect: bool = False):
        self.language = lang
        self.collect = collect
        self.points: list[Point] = []
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.text = ""
        self.position = 0
        self.history = History()
        self.journal: list[list[Any]] = []
        self.on_key: dict[str, list[str]] = {}
        self.on_type: dict[str, list[str]] = {}
        self.assigned: dict[str, list[Chain]] = {}
        self.bases: dict[str, list[tuple[str, ...]]] = {}
        self.returned: dict[str, list[Value]] = {}
        self.scopes: tuple[Scope, ...] = (Scope(-1),)
        self.imports: tuple[str, ...] = ()
        self.decorators: tuple[str, ...] = ()
        self.line = self.cell = self.indent = 0
        self.line_start = 0
        self.foreign = False  # in a cell of another language
        self.inside = ""  # the kind of the token that the text breaks off in
        self.checkpoints: list[tuple[Any, ...]] = []
        self.end_statement()
        self.fresh_line = True

    def end_statement(self) -> None:
        """Be ready for the next statement."""
        self.levels = [Level()]
        self.tokens: list[str] = []
        self.fresh = True
        self.fresh_line = False
        self.statement = ""
        self.assigning = False
        self.groups: list[list[Item]] = []
        self.target: str | None = None
        self.mode = ""  # what the next names are: see kernel_ext.context.python
        self.module = ""  # of an import statement, as far as read
        self.imported: Value | None = None
        self.import_order = -1
        self.alias, self.alias_mode = Item(), ""
        self.annotated: list[Item] | None = None  # target of `name: type`
        self.annotation: Value | None = None
        self.returns = False
        self.string_start = 0
        self.pending: Scope | None = None
        self.dot = False

    def checkpoint(self, position: int) -> None:
        """Note the start of a line, to which `rewind` can go back."""
        state = (
            position,
            len(self.history.names),
            len(self.journal),
            self.scopes,
            self.imports,
            self.decorators,
            self.line,
            self.cell,
            self.foreign,
        )
        self.checkpoints.append(state)

    def rewind(self, text: str) -> None:
        """Go back to the last line start up to which the read text equals `text`."""
        old, starts = self.text, [state[0] for state in self.checkpoints]
        low, high = 0, bisect_right(starts, len(text))
        while low < high:  # the number of checkpoints whose text is unchanged
            middle = (low + high + 1) // 2
            if text.startswith(old[: starts[middle - 1]]):
                low = middle
            else:
                high = middle - 1
        if not low:
            self.clear()
            return
        del self.checkpoints[low:]
        state = self.checkpoints.pop()
        position, order, journal, self.scopes, self.imports, *rest = state
        self.decorators, self.line, self.cell, self.foreign = rest
        while len(self.journal) > journal:
            self.journal.pop().pop()
        history = self.history
        for names in history.names, history.roles, history.receivers:
            del names[order:]
        del history.types[order:]
        del history.lines[order:]
        self.end_statement()
        self.fresh_line = True
        self.position = self.line_start = position
        self.inside = ""

    def append(self, table: dict[Any, list[Any]], key: object, entry: object) -> None:
        """Append to a list of a table so that `rewind` can take it back."""
        entries = table.get(key)
        if entries is None:
            entries = table[key] = []
        entries.append(entry)
        self.journal.append(entries)

    def record(
        self,
        name: str,
        role: str,
        receiver: str | None = None,
        type_: str | None = None,
    ) -> int:
        """Enter a name into the history; returns its order."""
        history = self.history
        order = len(history.names)
        history.names.append(name)
        history.roles.append(role)
        history.receivers.append(receiver)
        history.types.append(type_)
        history.lines.append(self.line)
        self.append(history.positions, name, order)
        return order

    def assigned_to(
        self, key: str | None, value: Value | None, name: str
    ) -> Chain | None:
        """Return what an attribute was set to in the document, if it was."""
        bound = self.assigned.get(key) if key else None
        if not bound and value is not None and value.path[:1] == ".":
            for base in self.bases_of(value.path):
                bound = self.assigned.get(f"{base}.{name}")
                if bound:
                    break
        return bound[-1] if bound else None

    def inherited(self, class_path: str, name: str) -> Value | None:
        """Return what a class of the document inherits under a name."""
        for base in self.bases_of(class_path):
            if base[:1] != ".":
                return attribute(Value(base), name)
        return None

    def bases_of(self, path: str | None) -> tuple[str, ...]:
        """Return a type followed by its bases, nearest first."""
        if path is None:
            return ()
        if path[:1] != ".":
            return (path, *mro(path))
        found, seen = [path], {path}
        for base in found:  # grows on the way
            listed = self.bases[base][-1] if self.bases.get(base) else mro(base)
            for other in listed:
                if other not in seen and len(found) < 16:
                    seen.add(other)
                    found.append(other)
        return tuple(found)

    def lookup(self, name: str) -> Chain:
        """Return a chain for a plain name, as it is known here."""
        innermost = self.scopes[-1]
        for scope in reversed(self.scopes):
            if scope.class_path is not None and scope is not innermost:
                continue  # class bodies are not seen from methods
            bound = scope.names.get(name)
            if bound:
                last = bound[-1]
                return Chain(
                    name, last.key or name, last.value, last.origin, None, last.elements
                )
        if name in self.language.builtins:
            return Chain(name, name, Value(name, True))
        if name in CONVENTIONS:
            return Chain(name, name, Value(CONVENTIONS[name], True))
        return Chain(name, name)

    def bind(
        self,
        name: str,
        order: int,
        value: Value | None,
        origin: str | None = None,
        *,
        key: str | None = None,
        elements: tuple[str | None, ...] = (),
        scope: Scope | None = None,
    ) -> None:
        """Bind a name in the innermost scope."""
        scope = scope or self.scopes[-1]
        self.append(self.history.bindings, name, order)
        bound = Chain(name, key, value, origin, None, elements)
        self.append(scope.names, name, bound)
        if scope.class_path:
            self.add_member(scope.class_path, name)

    def add_member(self, class_path: str, name: str) -> None:
        """Note a method or attribute of a class of the document."""
        if name not in self.history.members.get(class_path, ()):
            self.append(self.history.members, class_path, name)
            order = len(self.history.names) - 1
            self.append(self.history.member_orders, class_path, order)

    def at_argument_start(self, level: Level) -> bool:
        """Whether the next token is the first of an argument."""
        last = self.tokens[-1] if self.tokens else ""
        return last in ("(", ",") and level.chain is None and level.operands == 0

    def class_path(self) -> str | None:
        """Path of the innermost class around, if any."""
        for scope in reversed(self.scopes):
            if scope.class_path:
                return scope.class_path
        return None
