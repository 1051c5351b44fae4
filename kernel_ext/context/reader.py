"""Reading a text from left to right: tokens become points, names, types.

The reading never looks ahead of a point, so the state at the cursor is the state at
the mined point in the same place. It is a chain of cheap steps: tokens extend a
`Chain` (`df.groupby('a').mean`) inside the innermost `Level` (bracket); at the end of
a statement its targets are bound. All that is remembered is kept in lists that only
grow, with a journal, so that the next key press goes back to the statement that
changed and reads on from there instead of starting anew.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right

from kernel_ext.context import python
from kernel_ext.context.frames import DEEPEST, LONGEST, Chain, Item, Level, Scope
from kernel_ext.context.languages import Language
from kernel_ext.context.languages import language as _table
from kernel_ext.context.point import WINDOW, History, Point
from kernel_ext.context.types import (
    Value,
    attribute,
    call,
    item,
    mro,
)

EARLIER = 32
BEFORE = 16
_KEYWORD_FOLLOWS = re.compile(r"[ \t]*=(?!=)")
_FIELD = re.compile(r"\{\{|\{([^{}!:]*)")
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_OPENERS = {"(", "[", "{"}


class Reader:
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
        self.journal: list[list] = []
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
        self.checkpoints: list[tuple] = []
        self._end_statement()
        self.fresh_line = True

    # -- statements ---------------------------------------------------------------

    def _end_statement(self) -> None:
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

    def _begin(self, start: int) -> None:
        """Begin a statement whose first token is at `start`."""
        if self.fresh_line:
            self.indent = start - self.line_start
            if self.scopes[-1].indent >= self.indent:
                scopes = self.scopes
                while scopes[-1].indent >= self.indent:
                    scopes = scopes[:-1]
                self.scopes = scopes
        self.fresh = False

    def _checkpoint(self, position: int) -> None:
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
        self._end_statement()
        self.fresh_line = True
        self.position = self.line_start = position
        self.inside = ""

    def append(self, table: dict, key: object, entry: object) -> None:
        """Append to a list of a table so that `rewind` can take it back."""
        entries = table.get(key)
        if entries is None:
            entries = table[key] = []
        entries.append(entry)
        self.journal.append(entries)

    # -- tokens -------------------------------------------------------------------

    def read(self, text: str, end: int) -> None:
        """Read on to the offset `end`."""
        self.text, position, self.inside = text, self.position, ""
        finditer, keywords = self.language.token.finditer, self.language.keywords
        if position == 0 and not self.checkpoints:
            self._checkpoint(0)
        while position < end:
            for match in finditer(text, position, end):
                kind, start, stop = match.lastgroup, match.start(), match.end()
                if kind == "newline":
                    self._newline(stop)
                    continue
                if kind == "cell":
                    self._cell(stop)
                    continue
                if self.foreign:
                    position = self._to_line_end(start, end)
                    break
                if kind == "name":
                    name = match.group()
                    if name not in keywords or self.dot:
                        self._name(name, start, stop)
                    else:
                        self._keyword(name, start)
                elif kind == "op":
                    operator = match.group()
                    if operator in "%!?" and self._is_magic(operator):
                        position = self._magic(text, start, end)
                        break
                    self._operator(operator, start)
                elif kind in ("string", "open"):
                    self._string(match.group(), kind, start, stop, end)
                elif kind == "number":
                    self._literal("0", _number_type(match.group()), start)
                    if stop == end:
                        self.inside = "number"
                elif kind == "continuation":
                    self.line += 1
                elif stop == end:
                    self.inside = "comment"
            else:
                position = end
        self.position = end

    def _to_line_end(self, start: int, end: int) -> int:
        stop = self.text.find("\n", start, end)
        stop = end if stop < 0 else stop
        mark = self.text.find("\f", start, stop)
        return stop if mark < 0 else mark

    def _newline(self, stop: int) -> None:
        self.line += 1
        if self.foreign and self.cell == 0 and self.text[stop - 2 : stop] == "\n\n":
            self.foreign = False
        if len(self.levels) == 1 or self.foreign:
            self._finish()
            self.fresh_line = True
            self._checkpoint(stop)
        self.line_start = stop

    def _cell(self, stop: int) -> None:
        self._finish()
        self.cell += 1
        self.foreign = False
        self.scopes = self.scopes[:1]
        self.line_start, self.fresh_line = stop, True

    def _is_magic(self, operator: str) -> bool:
        if self.fresh:
            return self.fresh_line
        return operator != "?" and self.tokens[-1:] == ["="] and len(self.levels) == 1

    def _magic(self, text: str, start: int, end: int) -> int:
        if self.fresh and python.is_foreign(text, start, end):
            self.foreign = True
        stop = self._to_line_end(start, end)
        self.inside = "magic" if stop == end else ""
        self.fresh = False
        self.tokens.append(text[start])
        return stop

    def _string(self, token: str, kind: str, start: int, stop: int, end: int) -> None:
        breaks_off = kind == "open" and stop == end
        quote = min(q for q in (token.find('"'), token.find("'")) if q >= 0)
        prefix = token[:quote].lower()
        if self.fresh:
            self._begin(start)
        if "f" in prefix:
            self._fields(token, start, breaks_off)
            if self.levels[-1].kind == "field":
                return
        self._literal("'", "bytes" if "b" in prefix else "str", start)
        if breaks_off:
            self.inside = "string"
            triple = token[quote : quote + 3] == token[quote] * 3
            self.string_start = start + quote + (3 if triple else 1)
        lines = token.count("\n")
        if lines:
            self.line += lines
            self.line_start = start + token.rfind("\n") + 1

    def _fields(self, token: str, start: int, breaks_off: bool) -> None:
        """Read the replacement fields of an f-string."""
        for match in _FIELD.finditer(token):
            if match.group(1) is None:
                continue
            level = Level("f", "field")
            self.levels.append(level)
            first, last = start + match.start(1), start + match.end(1)
            for part in self.language.token.finditer(self.text, first, last):
                kind = part.lastgroup
                if kind == "name" and (
                    part.group() not in self.language.keywords or self.dot
                ):
                    self._name(part.group(), part.start(), part.end())
                elif kind == "name":
                    self._keyword(part.group(), part.start())
                elif kind == "op":
                    self._operator(part.group(), part.start())
                elif kind in ("string", "number"):
                    self._literal("0", "str" if kind == "string" else "int", start)
            if breaks_off and match.end() == len(token):
                return  # the cursor is in this field
            while self.levels[-1] is not level:
                self.levels.pop()
            self.levels.pop()
            self.dot = False

    def _literal(self, token: str, type_: str | None, start: int) -> None:
        if self.fresh:
            self._begin(start)
        self.dot = False
        self.tokens.append(token)
        level = self.levels[-1]
        level.flush()
        level.chain = Chain("?", None, Value(type_) if type_ else None)

    # -- names --------------------------------------------------------------------

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

    def _name(self, name: str, start: int, stop: int) -> None:
        if self.fresh:
            self._begin(start)
        level = self.levels[-1]
        kind = self._kind(level)
        if kind == "definition":
            python.define(self, level, name)
        elif kind in ("module", "import"):
            self._add(kind, name, start, level)
            order = self.record(name, kind, self.module or None)
            python.import_name(self, name, order)
        elif kind == "attribute":
            self._attribute(level, name, start)
        else:
            self._plain(level, name, start, stop)
        self.dot = False
        self.tokens.append(name)

    def _kind(self, level: Level) -> str:
        """Return what the next name is, by what was read before it."""
        if self.mode in ("import", "from") and not self.levels[1:]:
            return "module"
        if self.mode == "names":
            return "import"
        if self.mode in ("alias", "def", "class"):
            return "definition"
        if self.dot:
            return "attribute"
        if level.parameters and self.tokens[-1:] in (["lambda"], [","], ["*"], ["**"]):
            return "definition"
        if level.kind == "params" and level.keyword is None:
            return "definition"
        return "name"

    def _attribute(self, level: Level, name: str, start: int) -> None:
        chain = level.chain
        if chain is None:
            chain = Chain("?", None)
        point = self._add("attribute", name, start, level)
        value, key = chain.value, chain.key
        type_ = value.path if value else None
        order = self.record(name, "attribute", key, type_)
        if key is not None:
            self.append(self.on_key, key, name)
        if type_ is not None:
            self.append(self.on_type, type_, name)
        text = f"{chain.text}.{name}"
        known = len(text) <= LONGEST and chain.text != "?"
        next_key = f"{key}.{name}" if key is not None and known else None
        assigned = self._assigned(next_key, value, name)
        result = Chain(text if known else "?", next_key)
        if assigned is not None:
            result.value, result.origin = assigned.value, assigned.origin
            result.elements = assigned.elements
        elif type_ is None or type_[:1] != ".":
            result.value = attribute(value, name)
        else:
            result.value = self._inherited(type_, name)
        result.owner = type_ if value and not value.static else None
        result.order, result.point = order, point
        level.chain = result

    def _assigned(
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

    def _inherited(self, class_path: str, name: str) -> Value | None:
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

    def _plain(self, level: Level, name: str, start: int, stop: int) -> None:
        is_argument = level.kind == "call" and self._argument_start(level)
        if is_argument and _KEYWORD_FOLLOWS.match(self.text, stop):
            self._add("keyword", name, start, level)
            callee = level.opener.callee if level.opener else None
            self.record(name, "keyword", callee)
            level.flush()
            level.chain = Chain(name, None)
            return
        point = self._add("name", name, start, level)
        order = self.record(name, "name")
        level.flush()
        level.chain = self.lookup(name)
        level.chain.order, level.chain.point = order, point
        if level.binding:
            if point:
                point.bound = True
            self.bind(name, order, None)

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

    # -- keywords and operators ---------------------------------------------------

    def _keyword(self, word: str, start: int) -> None:
        lang = self.language
        if (
            len(self.levels) > 1
            and start == self.line_start
            and word in lang.resync
            and self.levels[-1].bracket != "f"
        ):
            self._finish()
            self.fresh_line = True
        if self.fresh:
            self._begin(start)
        level = self.levels[-1]
        self.dot = False
        if word in lang.constants:
            self._literal(word, lang.constants[word], start)
            return
        if (not self.tokens or self.tokens == ["async"]) and word in lang.statements:
            self.statement = word
        self.tokens.append(word)
        python.keyword(self, level, word)

    def _operator(self, operator: str, start: int) -> None:
        if self.fresh:
            if operator == ";":
                return
            self._begin(start)
        level = self.levels[-1]
        if operator == ".":
            self.dot = True
            if self.mode in ("import", "from"):
                python.import_dot(self)
        elif operator in _OPENERS:
            self._open(level, operator)
        elif operator in _CLOSERS:
            self._close(operator)
        elif operator == ",":
            self._comma(level)
        elif operator == "=":
            self._equals(level)
        elif operator == ":":
            self._colon(level)
            if self.fresh:
                return
        elif operator == ";" and len(self.levels) == 1:
            self._finish()
            return
        elif operator == "..." and self.mode == "from":
            python.import_dot(self, operator)
        elif operator == "...":
            self._literal("...", None, start)
            return
        elif operator == ":=":
            python.walrus(self, level)
        elif operator == "@" and not self.tokens:
            self.statement = "@"
        elif operator == "->":
            level.take()
            self.returns = True
        elif operator[-1] == "=" and operator not in ("==", "!=", "<=", ">="):
            python.augment(self, level)
        elif operator[0] in "-+*/%@&|^<>=!~":
            level.flush()
            level.operator = operator if level.operands else ""
        if operator != ".":
            self.dot = False
        self.tokens.append(operator)

    def _open(self, level: Level, bracket: str) -> None:
        chain = level.chain if bracket != "{" else None
        if len(self.levels) > DEEPEST:
            return
        if bracket == "(" and self.mode == "names":
            self.levels.append(Level("(", "names"))
        elif bracket == "(" and self.mode == "params" and len(self.levels) == 1:
            self.levels.append(Level("(", "params"))
        elif bracket == "(" and self.mode == "bases" and len(self.levels) == 1:
            self.levels.append(Level("(", "bases"))
        elif chain is not None:
            kind = "call" if bracket == "(" else "index"
            self.levels.append(Level(bracket, kind, chain))
        else:
            level.flush()
            self.levels.append(Level(bracket, "group", binding=level.binding))

    def _close(self, bracket: str) -> None:
        opener = _CLOSERS[bracket]
        if len(self.levels) > 1 and all(lv.bracket != opener for lv in self.levels):
            return
        while len(self.levels) > 1:
            level = self.levels.pop()
            if level.bracket == "f":  # never out of the field of an f-string
                self.levels.append(level)
                return
            if level.bracket == opener:
                break
        else:
            return
        if level.kind == "names":
            return
        if level.kind == "params":
            python.parameter(self, level)
            self.mode = ""
            return
        if level.kind == "bases":
            python.class_bases(self, level)
            self.mode = ""
            return
        outer = self.levels[-1]
        last_colons = level.colons
        items = level.take()
        if level.kind == "call":
            outer.chain = self._called(level.opener, items)
        elif level.kind == "index":
            index = items[0].value if len(items) == 1 else None
            chain = level.opener
            value = item(chain.value, index, bool(last_colons))
            key = f"{chain.key}[]" if chain.key and len(chain.key) < LONGEST else None
            text = f"{chain.text}[]" if key and chain.text != "?" else "?"
            outer.chain = Chain(text, key, value, chain.origin)
        else:
            outer.chain = python.group(level, bracket, items)

    def _called(self, chain: Chain, items: list) -> Chain:
        function = chain.value
        callee = chain.callee
        owner = chain.owner
        value: Value | None = None
        if function is not None and function.path[:1] == ".":
            value = self._own_call(function, owner)
        if value is None:
            value = call(function, owner)
        fits = chain.text != "?" and len(chain.text) < LONGEST
        key = f"{chain.key}()" if chain.key is not None and fits else None
        result = Chain(f"{chain.text}()" if fits else "?", key, value, callee)
        if callee == "enumerate":
            result.elements = ("int", python.element_of(items[0]) if items else None)
        elif callee == "zip":
            result.elements = tuple(python.element_of(each) for each in items)
        elif callee == "super" and self.class_path():
            own = self.bases_of(self.class_path())
            result.value = Value(own[1]) if len(own) > 1 else None
        return result

    def _own_call(self, function: Value, owner: str | None) -> Value | None:
        path = function.path
        if not function.static:
            bases = self.bases_of(path)
            return Value("torch.Tensor") if "torch.nn.Module" in bases else None
        if self.bases.get(path):
            return Value(path)
        if self.returned.get(path):
            return self.returned[path][-1]
        name = path.rpartition(".")[2]
        for base in self.bases_of(owner):
            if base[:1] != ".":
                return call(Value(f"{base}.{name}", True), owner)
        return None

    def class_path(self) -> str | None:
        """Path of the innermost class around, if any."""
        for scope in reversed(self.scopes):
            if scope.class_path:
                return scope.class_path
        return None

    def _comma(self, level: Level) -> None:
        if level.parameters:
            level.end_item()
            return
        level.commas += 1
        if level.kind == "params":
            python.parameter(self, level)
        elif self.mode in ("import", "names"):
            python.import_comma(self)
        else:
            level.end_item()
        if level.kind == "call":
            level.keyword = None

    def _equals(self, level: Level) -> None:
        if level.parameters:
            level.end_item()
        elif level.kind in ("call", "bases"):
            level.name_argument(self.tokens[-1])
        elif level.kind == "params":
            items = level.take()
            level.annotation = items[-1].value if items else None
            level.default = True
        elif len(self.levels) == 1:
            python.equals(self, level)
        else:
            level.end_item()

    def _colon(self, level: Level) -> None:
        if level.parameters:
            level.parameters = False
            level.take()
        elif len(self.levels) == 1:
            if self.statement in self.language.headers:
                self._finish()
            elif self.statement == "":
                python.annotate(self, level)
        else:
            level.colons += 1
            if level.kind != "index":
                level.end_item()
            else:
                level.flush()

    def _finish(self) -> None:
        """End the statement: bind what it binds."""
        if not self.fresh:
            python.finish(self)
        self._end_statement()

    # -- points -------------------------------------------------------------------

    def _argument_start(self, level: Level) -> bool:
        last = self.tokens[-1] if self.tokens else ""
        return last in ("(", ",") and level.chain is None and level.operands == 0

    def _add(self, kind: str, name: str, start: int, level: Level) -> Point | None:
        if not self.collect:
            return None
        point = self.point(kind, start, level)
        point.name = name
        self.points.append(point)
        return point

    def at(self, start: int) -> Point:
        """Describe the place where the reading stopped."""
        if self.fresh and not self.inside and not self.foreign:
            self._begin(start)
            point = self.point(self._kind(self.levels[-1]), start, self.levels[-1])
            point.statement_start = True
            self.fresh = True
            return point
        kind = self.inside or ("magic" if self.foreign else "")
        if kind == "string":
            start = self.string_start
        return self.point(kind or self._kind(self.levels[-1]), start, self.levels[-1])

    def point(self, kind: str, start: int, level: Level) -> Point:
        """Describe a place from the present state."""
        receiver = key = type_ = origin = None
        static, bases = False, ()
        if kind == "attribute":
            chain = level.chain
            receiver = chain.text if chain else "?"
            if chain:
                key, origin = chain.key, chain.origin
                if chain.value:
                    type_, static = chain.value.path, chain.value.static
                    bases = self.bases_of(type_)[1:]
        elif kind in ("import", "module"):
            receiver = type_ = self.module or None
            static = type_ is not None
        around = call_known = None
        depth = argument = -1
        argument_start = False
        argument_keyword, keywords = None, ()
        for depth in range(len(self.levels) - 1, 0, -1):
            if self.levels[depth].kind == "call":
                around = self.levels[depth]
                break
        call_path = None
        if around is not None:
            opener = around.opener
            call_path = opener.callee
            call_known = opener.value is not None and opener.value.static
            argument, argument_keyword = around.commas, around.keyword
            keywords = tuple(around.keywords)
            argument_start = around is level and self._argument_start(level)
        subscripted = None
        if level.kind == "index":
            opener = level.opener
            subscripted = opener.value.path if opener.value else opener.text
        functions = [s for s in self.scopes if s.name is not None]
        function = functions[-1] if functions else None
        in_class = self.class_path() if function else None
        on_key = self.on_key.get(key, ()) if key is not None else ()
        on_type = self.on_type.get(type_, ()) if type_ is not None else ()
        return Point(
            kind=kind,
            start=start,
            prefix="",
            name=None,
            bound=False,
            order=len(self.history.names),
            line=self.line,
            cell=self.cell,
            receiver=receiver,
            receiver_key=key,
            receiver_type=type_,
            receiver_static=static,
            receiver_bases=bases,
            origin=origin,
            earlier=tuple(on_key[-EARLIER:]),
            earlier_on_type=tuple(on_type[-EARLIER:]),
            call=call_path,
            call_known=bool(call_known),
            argument=argument,
            argument_start=argument_start,
            argument_keyword=argument_keyword,
            keywords=keywords,
            bracket=level.bracket,
            subscripted=subscripted,
            statement=self.statement,
            statement_start=not self.tokens,
            target=self.target,
            before=tuple(self.tokens[-BEFORE:]),
            indent=self.indent if not self.fresh or self.tokens else 0,
            function=function.name if function else None,
            class_=in_class[1:] if in_class else None,
            imports=self.imports,
            history=self.history,
        )


def _number_type(text: str) -> str:
    if text[-1:] in "jJ":
        return "complex"
    return "float" if "." in text or ("e" in text and "x" not in text) else "int"


# -- the two faces ------------------------------------------------------------------


def points(source: str, language: str = "python") -> list[Point]:
    """Return all completion points of a text, in order.

    Parameters
    ----------
    source
        A file's text, or the cells of a notebook joined by `join`. Any text will do:
        broken syntax never raises.
    language
        `"python"`.

    Raises
    ------
    ValueError
        If the language is not known.
    """
    reader = Reader(_table(language), collect=True)
    reader.read(source, len(source))
    return reader.points


_local = threading.local()
_IMPORT = re.compile(
    r"^(?:import[ \t][^\n\f]*|from[ \t][^\n\f(]*(?:\([^()\f]{0,2000}\)?)?[^\n\f]*)",
    re.MULTILINE,
)
_PREAMBLE = 200
_LONGEST_NAME = 200


def at(source: str, cursor: int, language: str = "python") -> Point:
    """Describe the place at a cursor; only the text before it is read.

    The reading is remembered (one text per thread): the next key press costs only
    the lines that changed. Of the text, at most `WINDOW` characters before the cursor
    and the import lines before those count.

    Parameters
    ----------
    source
        The text around the cursor; earlier cells joined by `join`.
    cursor
        Offset in code points.
    language
        `"python"`.

    Raises
    ------
    ValueError
        If the cursor is outside of the text, or the language is not known.
    """
    if not 0 <= cursor <= len(source):
        raise ValueError(
            f"cursor is {cursor}, expected an offset from 0 to {len(source)}, the "
            "length of the source"
        )
    start = cursor
    while start > 0 and cursor - start < _LONGEST_NAME:
        letter = source[start - 1]
        if not (letter.isalnum() or letter == "_"):
            break
        start -= 1
    prefix = source[start:cursor]
    base, before = _window(source, cursor)
    readers = _local.__dict__.setdefault("readers", {})
    reader = readers.setdefault(language, None) or Reader(_table(language))
    readers[language] = reader
    text = before + source[base:start]
    reader.rewind(text)
    reader.read(text, len(text))
    point = reader.at(len(text))
    if prefix[:1].isdecimal() and point.kind not in ("string", "comment", "magic"):
        point.kind = "number"
    shift = base - len(before)
    point.start += shift
    point.prefix = source[point.start : cursor]
    if base:
        point.line += source.count("\n", 0, base) - before.count("\n")
        point.cell += source.count("\f", 0, base)
    return point


def _window(source: str, cursor: int) -> tuple[int, str]:
    """Return where the window begins, and the import lines before it.

    The beginning moves in steps, so that the remembered reading stays of use while
    somebody types.
    """
    if cursor <= WINDOW:
        return 0, ""
    step = WINDOW // 4
    base = ((cursor - WINDOW) // step + 1) * step
    line = source.find("\n", base, base + step)
    base = line + 1 if line >= 0 else base
    head = source[:base]
    known = getattr(_local, "imports", None)
    if known is None or known[0] != head:
        lines = []
        for match in _IMPORT.finditer(head):
            lines.append(match.group() + "\n")
            if len(lines) == _PREAMBLE:
                break
        known = _local.imports = (head, "".join(lines)[: WINDOW // 4])
    return base, known[1]
