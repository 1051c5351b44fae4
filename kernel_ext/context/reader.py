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

from kernel_ext.context import python
from kernel_ext.context.describe import describe
from kernel_ext.context.frames import DEEPEST, LONGEST, Chain, Item, Level
from kernel_ext.context.point import Point
from kernel_ext.context.state import State
from kernel_ext.context.types import Value, attribute, call, item

_KEYWORD_FOLLOWS = re.compile(r"[ \t]*=(?!=)")
_FIELD = re.compile(r"\{\{|\{([^{}!:]*)")
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_OPENERS = {"(", "[", "{"}


class Reader(State):
    """A reading of one text."""

    # -- statements ---------------------------------------------------------------

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

    # -- tokens -------------------------------------------------------------------

    def read(self, text: str, end: int) -> None:
        """Read on to the offset `end`."""
        self.text, position, self.inside = text, self.position, ""
        finditer, keywords = self.language.token.finditer, self.language.keywords
        if position == 0 and not self.checkpoints:
            self.checkpoint(0)
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
            self.checkpoint(stop)
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
        if "f" in prefix and self._fields(token, start, breaks_off):
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

    def _fields(self, token: str, start: int, breaks_off: bool) -> bool:
        """Read the replacement fields of an f-string; True if it ends inside one."""
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
                return True
            while self.levels[-1] is not level:
                self.levels.pop()
            self.levels.pop()
            self.dot = False
        return False

    def _literal(self, token: str, type_: str | None, start: int) -> None:
        if self.fresh:
            self._begin(start)
        self.dot = False
        self.tokens.append(token)
        level = self.levels[-1]
        level.flush()
        level.chain = Chain("?", None, Value(type_) if type_ else None)

    # -- names --------------------------------------------------------------------

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
        assigned = self.assigned_to(next_key, value, name)
        result = Chain(text if known else "?", next_key)
        if assigned is not None:
            result.value, result.origin = assigned.value, assigned.origin
            result.elements = assigned.elements
        elif type_ is None or type_[:1] != ".":
            result.value = attribute(value, name)
        else:
            result.value = self.inherited(type_, name)
        result.owner = type_ if value and not value.static else None
        result.order, result.point = order, point
        level.chain = result

    def _plain(self, level: Level, name: str, start: int, stop: int) -> None:
        is_argument = level.kind == "call" and self.at_argument_start(level)
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
        chain = level.opener or Chain("?", None)
        if level.kind == "call":
            outer.chain = self._called(chain, items)
        elif level.kind == "index":
            index = items[0].value if len(items) == 1 else None
            value = item(chain.value, index, bool(last_colons))
            key = f"{chain.key}[]" if chain.key and len(chain.key) < LONGEST else None
            text = f"{chain.text}[]" if key and chain.text != "?" else "?"
            outer.chain = Chain(text, key, value, chain.origin)
        else:
            outer.chain = python.group(level, bracket, items)

    def _called(self, chain: Chain, items: list[Item]) -> Chain:
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
        elif callee == "sklearn.model_selection.train_test_split":
            types = [each.value and each.value.path for each in items]
            result.value = Value("list")
            result.elements = tuple(t for t in types for _ in range(2))
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
        self.end_statement()

    # -- points -------------------------------------------------------------------

    def _add(self, kind: str, name: str, start: int, level: Level) -> Point | None:
        if not self.collect:
            return None
        point = describe(self, kind, start, level)
        point.name = name
        self.points.append(point)
        return point

    def at(self, start: int) -> Point:
        """Describe the place where the reading stopped."""
        if self.fresh and not self.inside and not self.foreign:
            self._begin(start)
            point = describe(self, self._kind(self.levels[-1]), start, self.levels[-1])
            point.statement_start = True
            self.fresh = True
            return point
        kind = self.inside or ("magic" if self.foreign else "")
        if kind == "string":
            start = self.string_start
        level = self.levels[-1]
        return describe(self, kind or self._kind(level), start, level)


def _number_type(text: str) -> str:
    if text[-1:] in "jJ":
        return "complex"
    return "float" if "." in text or ("e" in text and "x" not in text) else "int"
