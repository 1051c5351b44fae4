"""Names that the libraries of this environment really offer.

Only well-known packages are imported, and only while mining or training.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.metadata
import inspect
import io
import json
import keyword
import logging
import os
import pkgutil
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from kernel_ext import whole

PACKAGES = frozenset(
    "numpy pandas matplotlib sklearn scipy torch jax keras tensorflow IPython "
    "ipywidgets tqdm PIL joblib requests yaml rich psutil packaging dateutil "
    "hypothesis pytest".split()
)
"""Packages that may be imported to look at them; all else is unknown."""

_log = logging.getLogger(__name__)
_NOT = {"antigravity", "this", "idlelib", "turtledemo", "tkinter", "test", "lib2to3"}
_MISSING = object()
_PARAMETER = re.compile(r"^(?:\*{0,2}\w+(?:, \*{0,2}\w+)*)(?= ?:|$)", re.MULTILINE)
_PROPERTY = re.compile(r"^[ \t]+(\w+)(?: or (\w+))?(?: or (\w+))?: ", re.MULTILINE)
_ATTRIBUTES = re.compile(
    r"^Attributes[ \t]*\n-{3,}[ \t]*\n(.*?)(?=^\w[^\n]*\n-{3,}|\Z)", re.M | re.S
)
_PARAMETERS = re.compile(
    r"^(?:Other )?Parameters[ \t]*\n-{3,}[ \t]*\n(.*?)(?=^\w[^\n]*\n-{3,}|\Z)",
    re.M | re.S,
)
WORDS = sorted({n for n in dir(builtins) if n[0] != "_"} | set(keyword.kwlist))
"""Builtins and keywords."""


def allowed(path: str) -> bool:
    """Whether the package of a path may be imported."""
    root = path.partition(".")[0]
    return root in PACKAGES or (root in sys.stdlib_module_names and root not in _NOT)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@cache
def resolve(path: str) -> Any:
    """Return the live object at a path, or `_MISSING`."""
    first, *rest = path.split(".")
    if hasattr(builtins, first):
        value = getattr(builtins, first)
    elif first in ("generator", "module", "function"):
        value = {"generator": types.GeneratorType}.get(first, _MISSING)
    elif not allowed(path):
        return _MISSING
    else:
        value = _import(first)
    done = first
    for part in rest:
        if value is _MISSING:
            break
        done += "." + part
        value = _step(value, part, done)
    return value


def _import(name: str) -> Any:
    with _quiet():
        try:
            return importlib.import_module(name)
        except ImportError:  # not installed, or no module but an attribute
            return _MISSING
        except Exception as error:  # a library's import may fail in any way
            _log.warning("%s counts as unknown: its import fails (%r)", name, error)
            return _MISSING


def _step(value: Any, part: str, path: str) -> Any:
    if isinstance(value, types.ModuleType):
        with _quiet():
            try:
                found = getattr(value, part, _MISSING)
            except Exception:  # lazy modules import on access
                found = _MISSING
        is_package = found is _MISSING and hasattr(value, "__path__")
        return _import(path) if is_package else found
    found = inspect.getattr_static(value, part, _MISSING)
    return getattr(found, "_accessor", found)


def attributes(path: str, static: bool) -> list[str] | None:
    """Return what a module, a class or an instance of a class offers, sorted.

    Parameters
    ----------
    path
        Qualified path of a module or class.
    static
        The receiver is the object itself; else an instance of the class.
    """
    value = resolve(path)
    if value is _MISSING:
        return None
    if inspect.isclass(value):
        names = set(dir(value))
        if not static:
            names |= _instance_attributes(value)
    elif isinstance(value, types.ModuleType):
        names = set(dir(value))
    elif static and not callable(value) and not inspect.isdatadescriptor(value):
        names = set(dir(type(value)))
    else:
        return None
    return sorted(name for name in names if name[0] != "_")


def _instance_attributes(cls: type) -> set[str]:
    names: set[str] = set()
    for base in cls.__mro__:
        # `type` has descriptors under these names, and anything may stand there.
        annotations, text = map(vars(base).get, ("__annotations__", "__doc__"))
        if isinstance(annotations, dict):
            names |= {name for name in annotations if isinstance(name, str)}
        match = _ATTRIBUTES.search(
            inspect.cleandoc(text) if isinstance(text, str) else ""
        )
        if match:
            found = _PARAMETER.findall(match[1])
            names |= {word for line in found for word in re.findall(r"\w+", line)}
    return names


def importable(path: str) -> list[str] | None:
    """Return what `from path import` offers: attributes and submodules."""
    value = resolve(path)
    if not isinstance(value, types.ModuleType):
        return None
    names = {name for name in dir(value) if name[0] != "_"}
    return sorted(names | set(_submodules(value)))


def _submodules(module: types.ModuleType) -> list[str]:
    paths = getattr(module, "__path__", None)
    found = pkgutil.iter_modules(list(paths)) if paths else ()
    return [each.name for each in found if each.name[0] != "_"]


def modules(path: str | None) -> list[str] | None:
    """Return the modules that `import` offers at the top, or inside a package."""
    if path is None:
        return _top()
    value = resolve(path)
    if not isinstance(value, types.ModuleType):
        return None
    with _quiet():  # what is deprecated warns even when asked for its class
        inner = [n for n, v in vars(value).items() if isinstance(v, types.ModuleType)]
    return sorted({*_submodules(value), *(n for n in inner if n[0] != "_")})


@cache
def _top() -> list[str]:
    installed = set(importlib.metadata.packages_distributions())
    names = installed | set(sys.stdlib_module_names)
    return sorted(name for name in names if name[0] != "_" and name.isidentifier())


def keywords(path: str) -> list[str] | None:
    """Return the keyword arguments that a callable takes, sorted.

    The names in its signature, and where it takes `**kwargs` those that its
    documentation lists.
    """
    value = resolve(path)
    if value is _MISSING or not callable(value):
        return None
    value = getattr(value, "__func__", value)
    names: set[str] = set()
    open_ended = True
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        parameters = None
    if parameters is not None:
        named = (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        )
        names |= {p.name for p in parameters if p.kind in named}
        open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    if open_ended:
        text = value.__doc__
        text = inspect.cleandoc(text) if isinstance(text, str) else ""
        for section in _PARAMETERS.findall(text):
            for line in _PARAMETER.findall(section):
                names |= set(re.findall(r"\w+", line))
        for match in _PROPERTY.findall(text):
            names |= {name for name in match if name}
    names -= {"self", "cls", "args", "kwargs"}
    return sorted(n for n in names if n.isidentifier() and n[0] != "_") or None


class Store:
    """Lists of live names, kept in a JSON file for each package.

    Parameters
    ----------
    folder
        Where the files are.
    """

    _READ: ClassVar[dict[str, Callable[..., list[str] | None]]] = {
        "a": attributes,
        "i": importable,
        "m": modules,
        "k": keywords,
    }

    def __init__(self, folder: Path):
        self.folder = folder
        self._lists: dict[str, dict[str, list[str] | None]] = {}
        self._changed: set[str] = set()

    def get(
        self, what: str, path: str | None, static: bool = False
    ) -> list[str] | None:
        """Return a list: attributes "a", importable "i", modules "m", keywords "k"."""
        key = f"{what}{'s' if static else ''} {path or ''}"
        root = _root(path)
        lists = self._lists.get(root)
        if lists is None:
            lists = self._lists[root] = self._load(root)
        if key not in lists:
            read = self._READ[what]
            lists[key] = read(path, static) if what == "a" else read(path)
            self._changed.add(root)
        return lists[key]

    def _file(self, root: str) -> Path:
        return self.folder / f"{root}-{_version(root)}.json"

    def _load(self, root: str) -> dict[str, list[str] | None]:
        path = self._file(root)
        return json.loads(path.read_text("utf-8")) if path.exists() else {}

    def save(self) -> None:
        """Write what is new."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for root in sorted(self._changed):
            text = json.dumps(self._lists[root], sort_keys=True)
            whole.write(self._file(root), text)
        self._changed.clear()


def _root(path: str | None) -> str:
    root = (path or "").partition(".")[0]
    return root if root and allowed(root) else "python"


@cache
def _version(root: str) -> str:
    if root in PACKAGES:
        names = importlib.metadata.packages_distributions().get(root)
        if names:
            return importlib.metadata.version(names[0])
    return "{}.{}".format(*sys.version_info)
