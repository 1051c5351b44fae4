"""What the text assigns to a name that has not been run yet.

Statement by statement, the last one first: text that is being edited seldom parses as a
whole, but most of its statements do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kernel_ext.candidates import access, calls, static
from kernel_ext.candidates.annotations import interpret, returned
from kernel_ext.candidates.lexer import lex
from kernel_ext.candidates.returns import known_of
from kernel_ext.candidates.value import Value, of

if TYPE_CHECKING:
    from kernel_ext.candidates.resolve import Resolver

_LONGEST = 65_536
_STATEMENT = 4000
_MOST = 10
_BINDS = (  # lines in which a name may be given a value; each part takes linear time
    r"^[ \t]*+(?:"
    r"(?=[^=\n]*+=)[^=\n]*\b{0}\b|"
    r"(?:async[ \t]+)?(?:for|with|import|from|def)\b[^\n]{{0,1000}}\b{0}\b|"
    r"(?:async[ \t]+)?(?:with|def|from)\b[^\n(]{{0,200}}\([^)]{{0,1000}}\b{0}\b)"
)
_HEADER = re.compile(r"(\s*)(?:async\s+)?(def|class)\b")


class Binding:
    """A statement that binds a name: the statement, the name and the text around."""

    def __init__(self, node: ast.stmt, name: str, text: str, start: int) -> None:
        self.node = node
        self.name = name
        self.text = text
        self.start = start


def last(text: str, name: str) -> Binding | None:
    r"""Return the last statement of a text that binds a name, if there is one.

    Examples
    --------
    >>> last("x = 1\nx = 'a'\nfoo(", "x").node.value.value
    'a'
    """
    text = text[-_LONGEST:]
    binds = re.compile(_BINDS.format(re.escape(name)), re.MULTILINE)
    starts = [match.start() for match in binds.finditer(text)][-_MOST:]
    for start in reversed(starts):
        node = _statement(text, start)
        if node is not None and name in _bound(node) and _visible(text, start):
            return Binding(node, name, text, start)
    return None


def value_of(binding: Binding, resolver: Resolver) -> Value | None:
    """Return the value a binding gives its name, or None if it is not known."""
    handle = _VALUES.get(type(binding.node))
    return handle(binding, resolver) if handle else None


def _statement(text: str, start: int) -> ast.stmt | None:
    """Parse the statement that begins in the line at an offset."""
    piece = text[start : start + _STATEMENT].lstrip()
    line = piece[: (piece + "\n").find("\n")].rstrip()
    node = _parsed(line)
    if node is not None:
        return node
    lexed = lex(piece)
    ranges = lexed.statements()
    if not ranges:
        return None
    end = lexed.tokens[ranges[0][1] - 1]
    return _parsed(piece[: end.end])


def _parsed(piece: str) -> ast.stmt | None:
    try:
        return ast.parse(piece + " pass" if piece.endswith(":") else piece).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return None


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {a.asname or a.name.partition(".")[0] for a in node.names}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {a.arg for a in _arguments(node)}
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _visible(text: str, start: int) -> bool:
    """Tell whether what a line binds is seen at the end of the text.

    It is not if the line is in a function that has ended since.
    """
    indent = _indent(text, start)
    header = start
    if _HEADER.match(text, start) and not _inside(text, start):
        return False  # parameters of a function that has ended
    while indent and header:
        header = text.rfind("\n", 0, header - 1) + 1
        line = _HEADER.match(text, header)
        above = _indent(text, header)
        first = text[header + above : header + above + 1]
        if first in ("\n", "#", "") or above >= indent:
            continue
        indent = above
        if line and not _inside(text, header):
            return False
    return True


def _inside(text: str, header: int) -> bool:
    """Tell whether the end of the text is in the block that a line begins."""
    indent = _indent(text, header)
    lines = text[header:].split("\n")[1:]
    if not lines or _indent(lines[-1], 0) <= indent:
        return not lines  # def f(a, b=| in the header itself
    for line in lines[:-1]:
        stripped = line.strip()
        if stripped and stripped[0] not in "#)]}" and _indent(line, 0) <= indent:
            return False
    return True


def _indent(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return end - start


def _of_assignment(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.Assign)
    value = resolver.value(node.value)
    for target in node.targets:
        found = _taken(target, binding.name, value)
        if found is not None:
            return found
    return None


def _taken(target: ast.expr, name: str, value: Value | None) -> Value | None:
    """Return the part of a value that a target gives to a name."""
    if isinstance(target, ast.Name):
        return value if target.id == name else None
    if isinstance(target, ast.Tuple | ast.List) and value is not None:
        for i, part in enumerate(target.elts):
            inner = value.items[i] if i < len(value.items) else None
            found = _taken(part, name, inner)
            if found is not None:
                return found
    return None


def _of_declaration(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.AnnAssign)
    declared = interpret(ast.unparse(node.annotation), resolver.namespace)
    return declared or (resolver.value(node.value) if node.value else None)


def _of_update(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.AugAssign)
    left = ast.Name(binding.name, ast.Load())
    return resolver.value(ast.BinOp(left, node.op, node.value))


def _of_loop(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.For | ast.AsyncFor)
    return _taken(node.target, binding.name, _element(node.iter, resolver))


def _element(node: ast.expr, resolver: Resolver) -> Value | None:
    """Return what iterating over an expression gives."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        if node.func.id == "enumerate":
            inner = _element(node.args[0], resolver)
            return Value(tuple, items=(Value(int), inner))
        if node.func.id == "zip":
            parts = tuple(_element(part, resolver) for part in node.args)
            return Value(tuple, items=parts)
    value = resolver.value(node)
    if value is None:
        return None
    if value.type is range:
        return Value(int)
    if value.type is str:
        return Value(str)
    if value.live and static.one_of(value.type, (list, tuple)) and value.obj:
        first = of(value.obj[0])
        return first if first.type is tuple else Value(first.type)
    return None


def _of_with(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.With | ast.AsyncWith)
    for entry in node.items:
        target = entry.optional_vars
        if isinstance(target, ast.Name) and target.id == binding.name:
            manager = resolver.value(entry.context_expr)
            return manager and _entered(manager)
    return None


def _entered(manager: Value) -> Value | None:
    """Return what ``with`` gives; a manager mostly gives itself."""
    raw = static.find(manager.type, "__enter__")
    if raw is static.MISSING:
        return None
    declared = returned(raw, manager) if type(raw) is FunctionType else None
    return known_of(manager, "__enter__") or declared or Value(manager.type)


def _of_import(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.Import)
    for alias in node.names:
        if alias.asname == binding.name:
            return access.module_value(alias.name)
        if not alias.asname and alias.name.partition(".")[0] == binding.name:
            return access.module_value(binding.name)
    return None


def _of_import_from(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.ImportFrom)
    module = (
        access.module_value(node.module) if node.module and not node.level else None
    )
    for alias in node.names:
        if module and (alias.asname or alias.name) == binding.name:
            return access.attribute(module, alias.name)
    return None


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.arg]:
    given = node.args
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)


def _of_parameter(binding: Binding, resolver: Resolver) -> Value | None:
    node = binding.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    first = next(_arguments(node)).arg
    for argument in _arguments(node):
        if argument.arg == binding.name:
            if argument.annotation is not None:
                text = ast.unparse(argument.annotation)
                return interpret(text, resolver.namespace)
            if argument.arg == first and first in ("self", "cls"):
                return _of_self(binding, resolver)
    return None


def _of_self(binding: Binding, resolver: Resolver) -> Value | None:
    """Return an instance of the class that a method is written in.

    The class itself if it was run, else the first of its bases that is known.
    """
    indent = _indent(binding.text, binding.start)
    for match in reversed(
        list(
            re.finditer(r"^([ \t]*)class\s+(\w+)", binding.text[: binding.start], re.M)
        )
    ):
        if len(match[1]) >= indent:
            continue
        live = resolver.namespace.get(match[2], static.MISSING)
        if static.is_class(live):
            return Value(live)
        node = _statement_of_class(binding.text, match.start())
        for base in node.bases if node else ():
            value = resolver.value(base)
            if value and value.live and static.is_class(value.obj):
                return calls.result(value)
        return None
    return None


def _statement_of_class(text: str, start: int) -> ast.ClassDef | None:
    header = re.match(r"\s*(class\s[^:]*):", text[start : start + _STATEMENT])
    try:
        node: Any = ast.parse(f"{header[1]}: pass").body[0] if header else None
    except SyntaxError:
        return None
    return node if isinstance(node, ast.ClassDef) else None


_VALUES: dict[type, Any] = {
    ast.AnnAssign: _of_declaration,
    ast.Assign: _of_assignment,
    ast.AsyncFor: _of_loop,
    ast.AsyncFunctionDef: _of_parameter,
    ast.AsyncWith: _of_with,
    ast.AugAssign: _of_update,
    ast.For: _of_loop,
    ast.FunctionDef: _of_parameter,
    ast.Import: _of_import,
    ast.ImportFrom: _of_import_from,
    ast.With: _of_with,
}
