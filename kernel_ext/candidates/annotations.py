"""Types that annotations name, found without evaluating them.

``typing.get_type_hints`` evaluates the text of an annotation, which may be any code of
the user's. Here the text is parsed and its names are looked up.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import FunctionType, GenericAlias, UnionType
from typing import Any

from kernel_ext.candidates import static, trust
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.value import Value

_OWN = frozenset(["Self", "Self@", "_T", "T", "FrameOrSeries", "NDFrameT"])
_WRAPPERS = frozenset(["Optional", "Union", "Annotated", "Final", "ClassVar"])


def returned(function: FunctionType, owner: Value | None = None) -> Value | None:
    """Return what a function is annotated to return, or None if that is not known.

    Parameters
    ----------
    function : function
        A plain Python function. It is not called.
    owner : Value, optional
        What the function is a method of; stands for ``Self``.

    Examples
    --------
    >>> def f() -> "int | None": ...
    >>> returned(f).type
    <class 'int'>
    """
    return annotated(function, "return", owner)


def annotated(
    function: FunctionType, name: str, owner: Value | None = None
) -> Value | None:
    """Return what a parameter (or "return") of a function is annotated to be."""
    raw = annotations_of(function).get(name, MISSING)
    return interpret(raw, function.__globals__, owner)


def annotations_of(function: FunctionType) -> Mapping[str, Any]:
    """Return the annotations of a function as they are stored.

    From Python 3.14 on reading them runs their code, so there only installed libraries
    are read.
    """
    if sys.version_info >= (3, 14):
        if not trust.is_library_file(function.__code__.co_filename):
            return {}
        try:
            return function.__annotations__
        except NameError:  # a name that only type checkers import
            return {}
    found = function.__annotations__
    return found if type(found) is dict else {}


def interpret(
    raw: object, namespace: Mapping[str, Any], owner: Value | None = None
) -> Value | None:
    """Return what an annotation, an object or its text, stands for."""
    if raw is MISSING or raw is None:
        return None
    if type(raw) is str:
        parsed = _parsed(raw)
        return None if parsed is None else _of_node(parsed, namespace, owner)
    if type(raw) is GenericAlias:
        items = [interpret(a, namespace, owner) for a in raw.__args__]
        origin: type = raw.__origin__  # type: ignore[assignment]
        return Value(origin, items=tuple(items))
    if type(raw) is UnionType:
        return _first(raw.__args__, namespace, owner)
    if static.is_class(raw):
        return None if raw is type(None) or raw is object else Value(raw)  # type: ignore[arg-type]
    stored = static.instance_dict(raw)
    if static.module_of(type(raw)) == "typing":
        if stored.get("__origin__", MISSING) is not MISSING:
            arguments = stored.get("__args__", ())
            origin = stored["__origin__"]
            if static.is_class(origin):
                return Value(origin)
            return _first(arguments, namespace, owner)
        if static.name_of(type(raw)) == "TypeVar" or stored.get("_name") == "Self":
            return _same(owner)
    return None


def _first(
    options: Iterable[object], namespace: Mapping[str, Any], owner: Value | None
) -> Value | None:
    found = (interpret(option, namespace, owner) for option in options)
    return next((value for value in found if value), None)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_node(
    node: ast.expr, namespace: Mapping[str, Any], owner: Value | None
) -> Value | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left = _of_node(node.left, namespace, owner)
        return left or _of_node(node.right, namespace, owner)
    if isinstance(node, ast.Constant) and type(node.value) is str:
        return interpret(node.value, namespace, owner)
    if isinstance(node, ast.Subscript):
        return _of_generic(node, namespace, owner)
    names = list(_names(node))
    if not names:
        return None
    if names[-1] in _OWN:
        return _same(owner)
    found: Any = namespace.get(names[0], MISSING)
    if found is MISSING and len(names) == 1:
        found = vars_of_builtins().get(names[0], MISSING)
    for name in names[1:]:
        found = MISSING if found is MISSING else static.member(found, name)[0]
    if found is MISSING:
        found = _in_package(names[-1], namespace.get("__name__"))
    if type(found) is str:  # an alias; no deeper than this
        return None
    return interpret(found, namespace, owner)


def _of_generic(
    node: ast.Subscript, namespace: Mapping[str, Any], owner: Value | None
) -> Value | None:
    name = next(_names(node.value), "") if isinstance(node.value, ast.Name) else ""
    name = name or (node.value.attr if isinstance(node.value, ast.Attribute) else "")
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in _WRAPPERS:
        found = (_of_node(part, namespace, owner) for part in inner)
        return next((value for value in found if value), None)
    if name in ("tuple", "Tuple"):
        items = tuple(_of_node(part, namespace, owner) for part in inner)
        return Value(tuple, items=items)
    return _of_node(node.value, namespace, owner)


def _names(node: ast.expr) -> Iterator[str]:
    """Yield the parts of a dotted name; nothing if it is not one."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        before = list(_names(node.value))
        if before:
            yield from before
            yield node.attr


def _same(owner: Value | None) -> Value | None:
    if owner is None:
        return None
    if owner.live and static.is_class(owner.obj):
        return Value(owner.obj)
    return Value(owner.type, like=owner.pattern)


def vars_of_builtins() -> Mapping[str, Any]:
    """Return the built-in names."""
    return static.instance_dict(sys.modules["builtins"])


_classes_of: dict[str, tuple[int, dict[str, type]]] = {}


def _in_package(name: str, module: object) -> Any:
    """Find a class by its name in the loaded modules of an installed package.

    Libraries import many names for type checkers only; the classes are loaded, though,
    once their objects are in use.
    """
    if type(module) is not str:
        return MISSING
    root = module.partition(".")[0]
    package = sys.modules.get(root)
    if package is None or not trust.is_installed(package):
        return MISSING
    count, classes = _classes_of.get(root, (-1, {}))
    if name not in classes and count != len(sys.modules):
        classes = _index(root)
        _classes_of[root] = (len(sys.modules), classes)
    return classes.get(name, MISSING)


def _index(root: str) -> dict[str, type]:
    classes: dict[str, type] = {}
    for path, module in list(sys.modules.items()):
        if module is not None and (path == root or path.startswith(f"{root}.")):
            for name, value in list(static.instance_dict(module).items()):
                if static.is_class(value) and static.module_of(value).startswith(root):
                    classes.setdefault(name, value)
    return classes
