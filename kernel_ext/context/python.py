"""What Python's statements bind: the rules that the reading of Python follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kernel_ext.context import types
from kernel_ext.context.frames import Chain, Item, Level, Scope
from kernel_ext.context.types import Value, canonical

if TYPE_CHECKING:
    from kernel_ext.context.reader import Reader

_FOREIGN = re.compile(
    r"%%(?:bash|sh|script|html|HTML|javascript|js|latex|markdown|svg|SVG|perl|ruby|"
    r"writefile|file|sql|R|cython|cmd|pypy|system|sx|!)\b"
)
_OPERATORS = {"and", "or", "in", "is", "not", "if", "else"}
_GENERIC = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set"}


def is_foreign(text: str, start: int, end: int) -> bool:
    """Whether a magic says that its cell is in another language."""
    return _FOREIGN.match(text, start, end) is not None


# -- names that are given -----------------------------------------------------------


def define(reader: Reader, level: Level, name: str) -> None:
    """Take a new name: of a function, class, parameter or alias."""
    order = reader.record(name, "definition")
    if reader.mode == "alias":
        reader.bind(name, order, reader.alias.value, reader.alias.origin)
        reader.mode = reader.alias_mode
    elif reader.mode == "def":
        _define_function(reader, name, order)
    elif reader.mode == "class":
        path = "." + name
        reader.bind(name, order, Value(path, True))
        reader.append(reader.bases, path, ())
        reader.pending = Scope(reader.indent, None, path, path)
        reader.mode = "bases"
    elif level.parameters:
        reader.bind(name, order, None)
    else:
        level.keyword, level.annotation, level.order = name, None, order
        last = reader.tokens[-1] if reader.tokens else ""
        level.starred = last if last in ("*", "**") else ""
        level.flush()


def _define_function(reader: Reader, name: str, order: int) -> None:
    owner = reader.scopes[-1].class_path
    path = f"{owner or ''}.{name}"
    value = None if "property" in reader.decorators else Value(path, True)
    reader.bind(name, order, value)
    if owner:
        reader.append(reader.assigned, path, Chain(name, path, value))
    reader.pending = Scope(reader.indent, name, None, path)
    reader.mode = "params"


def parameter(reader: Reader, level: Level) -> None:
    """Bind the parameter that a comma or the closing parenthesis ends."""
    items = level.take()
    name, scope = level.keyword, reader.pending
    level.keyword = None
    if name is None or scope is None:
        return
    last = items[-1].value if items else None
    value, key = instance(level.annotation), None
    if value is None and last is not None:
        value = last if level.default else instance(last)
    owner = reader.scopes[-1].class_path
    if owner and not scope.names and "staticmethod" not in reader.decorators:
        value, key = Value(owner, "classmethod" in reader.decorators), owner
    elif level.starred:
        value = Value("tuple" if level.starred == "*" else "dict")
    else:
        history = reader.history
        reader.append(history.parameters, scope.path, name)
        reader.append(history.parameter_orders, scope.path, level.order)
    level.annotation, level.default = None, False
    reader.bind(name, level.order, value, key=key, scope=scope)


def class_bases(reader: Reader, level: Level) -> None:
    """Note the bases of a class."""
    values = [item.value for item in level.take()]
    bases = tuple(value.path for value in values if value and value.static)
    if reader.pending is not None:
        reader.append(reader.bases, reader.pending.path, bases)


def instance(annotation: Value | None) -> Value | None:
    """Return what has the type that an annotation names."""
    if annotation is None or not annotation.static:
        return None
    path = annotation.path
    if path.startswith(("typing.", "collections.abc.")):
        generic = _GENERIC.get(path.rpartition(".")[2])
        return Value(generic) if generic else None
    return Value(path)


# -- keywords -----------------------------------------------------------------------


def keyword(reader: Reader, level: Level, word: str) -> None:
    """React to a keyword."""
    first = word == reader.statement and reader.tokens[-2:] in ([word], ["async", word])
    if first and word in ("import", "from", "def", "class"):
        reader.mode = word
    elif word == "import" and reader.mode == "from":
        _from_import(reader)
    elif word == "as":
        _alias(reader, level)
    elif word == "lambda":
        level.flush()
        level.parameters = True
    elif word == "for" and not first:
        level.end_item()
        level.binding = level.comprehension = True
    elif word == "in" and level.binding:
        level.binding = False
        level.chain = None
    elif word == "in" and reader.statement == "for" and not reader.assigning:
        if len(reader.levels) == 1:
            equals(reader, level)
    elif word in _OPERATORS and not first:
        level.flush()
        level.operator = word if level.operands else ""


def _from_import(reader: Reader) -> None:
    reader.mode = "names"
    add_import(reader, reader.module)


def add_import(reader: Reader, module: str) -> None:
    """Note an imported module."""
    module = canonical(module)
    if module and module not in reader.imports:
        reader.imports += (module,)


def _alias(reader: Reader, level: Level) -> None:
    if reader.mode == "import":
        add_import(reader, reader.module)
        value = Value(canonical(reader.module), True) if reader.module else None
        reader.alias = Item(value=value)
        reader.module = ""
    elif reader.mode == "names":
        reader.alias = Item(value=reader.imported)
    else:
        level.end_item()
        items = level.items
        last = items.pop() if items else Item()
        if reader.statement == "except":
            last = Item(value=instance(last.value))
        reader.alias = last
    reader.alias_mode, reader.mode = reader.mode, "alias"


# -- imports ------------------------------------------------------------------------


def import_dot(reader: Reader, dots: str = ".") -> None:
    """Take a dot in a module's path."""
    if not reader.module.strip("."):
        reader.module += dots
        reader.dot = False


def import_name(reader: Reader, name: str, order: int) -> None:
    """Take a name of an import statement."""
    if reader.mode == "names":
        module = reader.module
        dot = "" if module.endswith(".") else "."
        reader.imported = Value(canonical(f"{module}{dot}{name}"), True)
        reader.bind(name, order, reader.imported)
        return
    relative = bool(reader.module) and not reader.module.strip(".")
    if relative:
        reader.module += name
    elif reader.dot and reader.module:
        reader.module = f"{reader.module}.{name}"[: types.LONGEST_PATH]
    else:
        reader.module, reader.import_order = name, order


def import_comma(reader: Reader) -> None:
    """End one of the modules of `import a.b, c`."""
    if reader.mode == "import" and reader.module:
        add_import(reader, reader.module)
        root = reader.module.partition(".")[0]
        reader.bind(root, reader.import_order, Value(canonical(root), True))
        reader.module = ""


# -- assignments --------------------------------------------------------------------


def equals(reader: Reader, level: Level) -> None:
    """End a list of targets, at `=` or at the `in` of a for statement."""
    items = level.take()
    if reader.annotated is not None:
        value = items[0].value if items else None
        reader.annotation, items = instance(value), reader.annotated
        reader.annotated = None
    for item in items:
        if item.chain and item.chain.point:
            item.chain.point.bound = True
    reader.groups.append(items)
    reader.assigning = True
    reader.statement = reader.statement or "="
    _name_target(reader, items)


def annotate(reader: Reader, level: Level) -> None:
    """Take the target of `name: type`."""
    if reader.annotated is None:
        reader.annotated = level.take()
        _name_target(reader, reader.annotated)


def augment(reader: Reader, level: Level) -> None:
    """Take the target of `name += ...`, which is not bound anew."""
    _name_target(reader, level.take())
    reader.assigning = True
    reader.statement = reader.statement or "="


def walrus(reader: Reader, level: Level) -> None:
    """Take the target of `name := ...`."""
    chain, level.chain = level.chain, None
    if chain is not None and chain.text.isidentifier():
        if chain.point:
            chain.point.bound = True
        reader.bind(chain.text, chain.order, None)


def _name_target(reader: Reader, items: list[Item]) -> None:
    chain = items[0].chain if items else None
    if chain is not None:
        reader.target = chain.text.rstrip("[]()").rpartition(".")[2] or None


def finish(reader: Reader) -> None:
    """Do what a statement does at its end."""
    items = reader.levels[0].take()
    statement = reader.statement
    if reader.mode in ("import", "from", "names", "alias") and statement in (
        "import",
        "from",
    ):
        import_comma(reader)
    elif statement == "for" and reader.groups:
        _bind_elements(reader, items)
    elif reader.groups:
        _bind_values(reader, items)
    elif reader.annotated is not None:
        value = instance(items[0].value) if items else None
        _bind_group(reader, reader.annotated, [Item(value=value)])
    elif statement == "return":
        _note_return(reader, items)
    elif statement == "@" and items and items[0].chain:
        reader.decorators += (items[0].chain.text.rstrip("()"),)
        return
    pending = reader.pending
    if pending is not None:
        if reader.returns and items and instance(items[0].value):
            reader.append(reader.returned, pending.path, instance(items[0].value))
        reader.scopes += (pending,)
    reader.decorators = ()


def _bind_values(reader: Reader, items: list[Item]) -> None:
    if reader.annotation is not None:
        items = [Item(value=reader.annotation)]
    for group in reader.groups:
        _bind_group(reader, group, items)


def _bind_group(reader: Reader, group: list[Item], items: list[Item]) -> None:
    if len(items) > 1 and len(group) == 1:
        parts = tuple(item.value and _type(item.value) for item in items)
        items = [Item(value=Value("tuple", parts=parts))]
    if len(group) > 1 and len(items) == 1:
        source = items[0]
        parts = source.value.parts if source.value else ()
        parts = parts or source.elements
        if len(parts) != len(group):
            same = len(set(parts)) == 1  # like meshgrid: as many as are wanted
            parts = parts[:1] * len(group) if same else (None,) * len(group)
        items = [
            Item(value=Value(part) if part else None, origin=source.origin)
            for part in parts
        ]
    if len(items) != len(group):
        items = [Item()] * len(group)
    for target, item in zip(group, items, strict=True):
        if target.chain is not None:
            bind_target(reader, target.chain, item)


def _type(value: Value) -> str | None:
    return None if value.static else value.path


def bind_target(reader: Reader, chain: Chain, item: Item) -> None:
    """Bind a name or an attribute (`self.x`)."""
    if chain.text.isidentifier():
        reader.bind(
            chain.text, chain.order, item.value, item.origin, elements=item.elements
        )
    elif chain.key and chain.key[-1] not in ")]":
        bound = Chain(chain.text, chain.key, item.value, item.origin)
        reader.append(reader.assigned, chain.key, bound)
        owner, _, name = chain.key.rpartition(".")
        if owner in reader.bases:
            reader.add_member(owner, name)


def _bind_elements(reader: Reader, items: list[Item]) -> None:
    source = items[0] if len(items) == 1 else Item()
    parts = source.elements
    value = Value("tuple", parts=parts) if parts else None
    if value is None:
        value = types.element(source.value, source.origin)
    for group in reader.groups[:1]:
        _bind_group(reader, group, [Item(value=value, origin=source.origin)])


def element_of(item: Item) -> str | None:
    """Return the type that iterating over an item gives."""
    value = types.element(item.value, item.origin)
    return value.path if value else None


def _note_return(reader: Reader, items: list[Item]) -> None:
    function = next((s for s in reversed(reader.scopes) if s.name), None)
    if function is None or not items or reader.returned.get(function.path):
        return
    if len(items) > 1:
        parts = tuple(item.value and _type(item.value) for item in items)
        reader.append(reader.returned, function.path, Value("tuple", parts=parts))
    elif items[0].value is not None and items[0].value.path != "None":
        reader.append(reader.returned, function.path, items[0].value)


# -- brackets -----------------------------------------------------------------------


def group(level: Level, bracket: str, items: list[Item]) -> Chain:
    """Return what a bracket without a callee holds: a tuple, a list, a dict ..."""
    if bracket == "]":
        return Chain("?", None, Value("list"))
    if bracket == "}":
        kind = "dict" if level.colons or not items else "set"
        return Chain("?", None, Value(kind))
    if level.comprehension:
        return Chain("?", None, Value("generator"))
    if level.commas == 0 and len(items) == 1:
        only = items[0]
        return Chain("?", None, only.value, only.origin, None, only.elements)
    parts = tuple(item.value and _type(item.value) for item in items)
    return Chain("?", None, Value("tuple", parts=parts))
