"""What an expression stands for, found without running it.

Names are looked up in the namespace of the kernel, attributes as they stand in dicts,
constant keys in built-in dicts and lists; calls by the table of return types and by
annotations. Properties, ``__getattr__``, ``__getitem__`` and the like are never called.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from kernel_ext.candidates import access, bindings, calls, items, static, trust
from kernel_ext.candidates.annotations import vars_of_builtins
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.value import Value, of, public_name

_DEEPEST = 16
_LONGEST = 10_000


class Resolver:
    """Finds values of expressions over a namespace and the text before the cursor.

    Parameters
    ----------
    namespace : dict
        Names of the kernel, as in ``user_ns``. It is only read.
    texts : tuple of str
        Texts whose assignments count although they have not run, the nearest first:
        this cell up to the cursor, then earlier cells.

    Examples
    --------
    >>> Resolver({"x": ["a"]}).resolve("x[0].upper()").type
    <class 'str'>
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        texts: tuple[str, ...] = (),
        depth: int = 0,
    ) -> None:
        self.namespace = namespace
        self.texts = texts
        self._depth = depth

    def resolve(self, expression: str) -> Value | None:
        """Return the value of an expression, or None if it is not known."""
        node = parse(expression)
        return None if node is None else self.value(node)

    def value(self, node: ast.expr) -> Value | None:
        """Return the value of a parsed expression, or None if it is not known."""
        handle = _HANDLERS.get(type(node))
        if handle is None or self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return handle(self, node)
        finally:
            self._depth -= 1

    def name(self, name: str) -> Value | None:
        """Return the value of a name: what this cell assigns it, else the live one.

        Where both have one type the live object is taken, as it knows its columns.
        """
        live = self._live(name)
        written = self._written(name, self.texts[:1] if live else self.texts)
        if live is None or written is None:
            return live or written
        same = issubclass(live.type, written.type) and not written.module
        return live if same and not written.live else written

    def _live(self, name: str) -> Value | None:
        found = self.namespace.get(name, MISSING)
        if found is MISSING:
            found = vars_of_builtins().get(name, MISSING)
        return None if found is MISSING else of(found, name=name)

    def _written(self, name: str, texts: tuple[str, ...]) -> Value | None:
        for i, text in enumerate(texts):
            bound = bindings.last(text, name)
            if bound is not None:
                # The right side is what it is there: x = x.head()
                above = (bound.text[: bound.start], *self.texts[i + 1 :])
                there = Resolver(self.namespace, above, self._depth + 1)
                return bindings.value_of(bound, there)
        return None


def parse(expression: str) -> ast.expr | None:
    """Parse an expression, which may span lines; None if it is none."""
    if not expression.strip() or len(expression) > _LONGEST:
        return None
    try:
        return ast.parse(f"({expression}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _constant(_: Resolver, node: ast.Constant) -> Value:
    return of(node.value)


def _name(resolver: Resolver, node: ast.Name) -> Value | None:
    return resolver.name(node.id)


def _attribute(resolver: Resolver, node: ast.Attribute) -> Value | None:
    owner = resolver.value(node.value)
    return access.attribute(owner, node.attr) if owner else None


def _call(resolver: Resolver, node: ast.Call) -> Value | None:
    function = resolver.value(node.func)
    return calls.result(function) if function else None


def _subscript(resolver: Resolver, node: ast.Subscript) -> Value | None:
    owner = resolver.value(node.value)
    return items.item(owner, node.slice, resolver.value) if owner else None


def _binary(resolver: Resolver, node: ast.BinOp) -> Value | None:
    """Arithmetic keeps the type of arrays; of other types little is said."""
    left, right = resolver.value(node.left), resolver.value(node.right)
    for value in (left, right):
        if value and _is_array(value):
            return Value(value.type, like=value.pattern)
    if left and (left.type is str or (right and left.type is right.type)):
        plain = static.one_of(left.type, (str, int, float, list))
        return Value(left.type) if plain else None
    return None


def _compare(resolver: Resolver, node: ast.Compare) -> Value:
    left = resolver.value(node.left)
    if left and _is_array(left):
        return Value(left.type, like=left.pattern)
    return Value(bool)


def _unary(resolver: Resolver, node: ast.UnaryOp) -> Value | None:
    value = resolver.value(node.operand)
    if value is None or isinstance(node.op, ast.Not):
        return Value(bool)
    return Value(value.type, like=value.pattern if _is_array(value) else MISSING)


def _is_array(value: Value) -> bool:
    return public_name(value.type) in items.ARRAYS and trust.is_trusted(value.type)


def _choice(resolver: Resolver, node: ast.IfExp) -> Value | None:
    return resolver.value(node.body) or resolver.value(node.orelse)


def _inner(resolver: Resolver, node: ast.Await | ast.NamedExpr) -> Value | None:
    return resolver.value(node.value)


def _tuple(resolver: Resolver, node: ast.Tuple) -> Value:
    return Value(tuple, items=tuple(resolver.value(part) for part in node.elts))


def _display(cls: type) -> Callable[[Resolver, ast.expr], Value]:
    return lambda resolver, node: Value(cls)


_HANDLERS: Mapping[type, Callable[[Resolver, Any], Value | None]] = {
    ast.Attribute: _attribute,
    ast.Await: _inner,
    ast.BinOp: _binary,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Constant: _constant,
    ast.Dict: _display(dict),
    ast.DictComp: _display(dict),
    ast.IfExp: _choice,
    ast.JoinedStr: _display(str),
    ast.Lambda: _display(FunctionType),
    ast.List: _display(list),
    ast.ListComp: _display(list),
    ast.Name: _name,
    ast.NamedExpr: _inner,
    ast.Set: _display(set),
    ast.SetComp: _display(set),
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: _unary,
}
