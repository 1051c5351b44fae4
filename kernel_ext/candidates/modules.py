"""Modules that can be imported, found and read without importing them."""

from __future__ import annotations

import ast
import pkgutil
import sys
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from kernel_ext.candidates import static

_LARGEST = 400_000


def find(path: str) -> ModuleSpec | None:
    """Find a module by its dotted path; its packages are not imported either.

    Examples
    --------
    >>> find("json.decoder").name
    'json.decoder'
    >>> find("no_such_module") is None
    True
    """
    parent, _, name = path.rpartition(".")
    if not name.isidentifier():
        return None
    if not parent and name in sys.builtin_module_names:
        return ModuleSpec(name, None)
    where = locations(parent) if parent else None
    if parent and not where:
        return None
    try:
        return PathFinder.find_spec(path, where)
    except (ImportError, OSError, ValueError):  # a folder that cannot be read
        return None


def locations(package: str) -> list[str]:
    """Return the folders of a package, loaded or not; empty if it is a plain module."""
    module = sys.modules.get(package)
    if module is not None:
        found = static.instance_dict(module).get("__path__")
        if type(found) is list:
            return [entry for entry in found if type(entry) is str]
        if (
            found is None
            or static.module_of(type(found)) != "_frozen_importlib_external"
        ):
            return []
        return list(found)
    spec = find(package)
    return list(spec.submodule_search_locations or ()) if spec else []


def children(package: str) -> list[str]:
    """Return the names of the submodules of a package.

    Examples
    --------
    >>> "decoder" in children("json")
    True
    """
    return sorted({name for entry in locations(package) for name in _listing(entry)})


def top_level() -> list[str]:
    """Return the names of all modules that ``import`` would find.

    Examples
    --------
    >>> {"json", "sys"} <= set(top_level())
    True
    """
    names = set(sys.builtin_module_names) | set(sys.stdlib_module_names)
    for entry in sys.path:
        names.update(_listing(entry or "."))
    return sorted(names)


def _listing(folder: str) -> frozenset[str]:
    """Return the modules in a folder; read again only when it has changed."""
    try:
        changed = Path(folder).stat().st_mtime_ns
    except OSError:
        return frozenset()
    return _read_listing(folder, changed)


@lru_cache(maxsize=256)
def _read_listing(folder: str, changed: int) -> frozenset[str]:
    found = {info.name for info in pkgutil.iter_modules([folder])}
    return frozenset(name for name in found if name.isidentifier())


def names(path: str) -> dict[str, str]:
    """Return the public names a module defines and their kinds, read from its source.

    A stub (``.pyi``) beside the source counts as well, as packages that load lazily
    list their names there.

    Examples
    --------
    >>> names("json.decoder")["JSONDecoder"]
    'class'
    """
    spec = find(path)
    if spec is None or not spec.origin or not spec.has_location:
        return {}
    source = Path(spec.origin)
    found: dict[str, str] = {}
    for file in (source.with_suffix(".pyi"), source):
        if file.suffix in (".py", ".pyi"):
            try:
                state = file.stat()
            except OSError:
                continue
            if state.st_size <= _LARGEST:
                for name, kind in _defined(str(file), state.st_mtime_ns).items():
                    found.setdefault(name, kind)
    return found


@lru_cache(maxsize=128)
def _defined(file: str, changed: int) -> dict[str, str]:
    try:
        source = Path(file).read_text(encoding="utf-8", errors="replace")
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    for node in _top(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = "function"
        elif isinstance(node, ast.ClassDef):
            found[node.name] = "class"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = "module"
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                kind = "class" if alias.name[:1].isupper() else "function"
                found[alias.asname or alias.name] = kind
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            _assigned(node, found)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                found.pop(ast.unparse(target), None)
    found.pop("*", None)
    return {name: kind for name, kind in found.items() if name != "annotations"}


def _top(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module, those under ``if`` and ``try`` included."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.If):
            found += _top(node.body) + _top(node.orelse)
        elif isinstance(node, ast.Try):
            found += _top(node.body)
        else:
            found.append(node)
    return found


def _assigned(node: ast.Assign | ast.AnnAssign, found: dict[str, str]) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if not isinstance(target, ast.Name):
            continue
        if target.id == "__all__" and isinstance(node.value, ast.List | ast.Tuple):
            for part in node.value.elts:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.setdefault(part.value, "instance")
        found.setdefault(target.id, "instance")
