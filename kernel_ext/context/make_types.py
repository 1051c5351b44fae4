"""Write `types.json` from the installed libraries: `python -m ...make_types`.

A tool for developers; needs the libraries themselves and jedi (for the stubs of the
standard library). Read are the names that modules offer, the bases of their classes,
and what functions return: from annotations, else from stubs (`.pyi`), else from the
"Returns" section of the documentation.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = """
numpy numpy.random numpy.linalg numpy.fft numpy.ma numpy.polynomial pandas
pandas.api.typing pandas.plotting matplotlib matplotlib.pyplot matplotlib.axes
matplotlib.figure matplotlib.patches matplotlib.lines matplotlib.colors
matplotlib.ticker matplotlib.animation matplotlib.gridspec matplotlib.legend
matplotlib.text matplotlib.dates matplotlib.cm matplotlib.colorbar matplotlib.axis
matplotlib.collections matplotlib.image matplotlib.artist matplotlib.spines
sklearn.base sklearn.calibration sklearn.cluster sklearn.compose sklearn.covariance
sklearn.cross_decomposition sklearn.datasets sklearn.decomposition
sklearn.discriminant_analysis sklearn.dummy sklearn.ensemble sklearn.feature_extraction
sklearn.feature_extraction.text sklearn.feature_selection sklearn.gaussian_process
sklearn.gaussian_process.kernels sklearn.impute sklearn.inspection sklearn.isotonic
sklearn.kernel_approximation sklearn.kernel_ridge sklearn.linear_model sklearn.manifold
sklearn.metrics sklearn.metrics.pairwise sklearn.mixture sklearn.model_selection
sklearn.multiclass sklearn.multioutput sklearn.naive_bayes sklearn.neighbors
sklearn.neural_network sklearn.pipeline sklearn.preprocessing sklearn.random_projection
sklearn.semi_supervised sklearn.svm sklearn.tree sklearn.utils scipy.stats
scipy.optimize scipy.interpolate scipy.signal scipy.sparse scipy.spatial
scipy.integrate scipy.cluster.hierarchy torch torch.nn torch.nn.functional torch.optim
torch.optim.lr_scheduler torch.utils.data torch.distributions torch.cuda torch.autograd
torch.nn.init torch.jit jax jax.numpy jax.random jax.lax jax.nn keras keras.layers
keras.models keras.optimizers keras.callbacks keras.losses keras.metrics
keras.applications keras.utils keras.datasets keras.initializers keras.regularizers
keras.preprocessing tensorflow tensorflow.data tensorflow.nn ipywidgets
IPython.display pathlib datetime collections re io json random math time os os.path
logging argparse subprocess itertools functools string copy csv pickle threading
concurrent.futures urllib.request urllib.parse sqlite3 zipfile shutil tempfile uuid
decimal fractions statistics enum dataclasses
""".split()

STUBS = {
    "torch": [("_C/__init__.pyi", "torch"), ("_C/_VariableFunctions.pyi", "torch")],
    "matplotlib": [
        ("axes/_axes.pyi", "matplotlib.axes"),
        ("axes/_base.pyi", "matplotlib.axes"),
        ("figure.pyi", "matplotlib.figure"),
    ],
    "numpy": [("__init__.pyi", "numpy")],
}
STANDARD = """
builtins pathlib datetime re collections io random json os logging argparse subprocess
string csv threading urllib/request urllib/parse sqlite3 zipfile tempfile decimal
""".split()

_DOCUMENTED = {
    "ndarray": "numpy.ndarray",
    "array": "numpy.ndarray",
    "array-like": "numpy.ndarray",
    "array_like": "numpy.ndarray",
    "nparray": "numpy.ndarray",
    "self": "Self",
    "float": "float",
    "int": "int",
    "bool": "bool",
    "str": "str",
    "string": "str",
    "list": "list",
    "dict": "dict",
    "tuple": "tuple",
    "dataframe": "pandas.DataFrame",
    "series": "pandas.Series",
    "axes": "matplotlib.axes.Axes",
    "figure": "matplotlib.figure.Figure",
    "tensor": "torch.Tensor",
    "bunch": "sklearn.utils.Bunch",
}
FORMER = {
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
    "pandas.core.series.Series": "pandas.Series",
    "pandas.core.indexes.base.Index": "pandas.Index",
    **{
        f"pandas.core.groupby.generic.{name}": f"pandas.api.typing.{name}"
        for name in ("DataFrameGroupBy", "SeriesGroupBy")
    },
    "pandas.core.strings.accessor.StringMethods": "pandas.Series.str",
    "pandas.plotting._core.PlotAccessor": "pandas.plotting.PlotAccessor",
    "matplotlib.axes._axes.Axes": "matplotlib.axes.Axes",
    "matplotlib.axes._subplots.AxesSubplot": "matplotlib.axes.Axes",
    "jaxlib._jax.ArrayImpl": "jax.Array",
    "jaxlib.xla_extension.ArrayImpl": "jax.Array",
    "tensorflow.python.framework.ops.EagerTensor": "tensorflow.Tensor",
    "builtins.NoneType": "None",
}
"""Paths that live objects have or had, where no public module says so."""

_RETURNS = re.compile(r"^[ \t]*Returns[ \t]*\n[ \t]*-{3,}[ \t]*\n(.*)", re.M | re.S)
_ENTRY = re.compile(r"(?:\w+[ \t]*:[ \t]*)?[`~.{(\w ]*?([\w-]+)")
_IGNORED = {"None", "bool", "object", "Any", "NoneType"}
_ELEMENTARY = {"int", "float", "str", "bytes", "list", "dict", "tuple", "set", "type"}


Found = str | list[str | None]
"""A type's path, or the parts of a tuple."""


class Facts:
    """The facts as they are collected."""

    def __init__(self) -> None:
        self.paths: dict[int, str] = {}
        self.classes: dict[str, type] = {}
        self.aliases: dict[str, str] = {}
        self.by_name: dict[tuple[str, str], str] = {}
        self.functions: dict[str, Any] = {}
        self.returns: dict[str, Found] = {}
        self.attributes: dict[str, str] = {}

    def add_modules(self) -> None:
        """Collect the public classes and functions of the modules."""
        found: dict[int, tuple[type, list[str]]] = {}
        for name in ["builtins", *MODULES]:
            module = importlib.import_module(name)
            for attribute, value in _public(module):
                root = name.partition(".")[0]
                own = getattr(value, "__module__", "") or ""
                if own.partition(".")[0].lstrip("_") not in (
                    root,
                    "jaxlib",
                    "builtins",
                ):
                    if root != "collections" and own != "posixpath":
                        continue
                path = attribute if name == "builtins" else f"{name}.{attribute}"
                if inspect.isclass(value):
                    found.setdefault(id(value), (value, []))[1].append(path)
                elif callable(value):
                    self.functions.setdefault(path, value)
        for key, (value, paths) in found.items():
            best = min(paths, key=lambda path: _rank(path, value.__module__))
            self.paths[key] = best
            self.classes[best] = value
            root = best.partition(".")[0]
            self.by_name.setdefault((root, value.__name__), best)
            true = f"{value.__module__}.{value.__qualname__}"
            for path in [true.removeprefix("builtins."), *paths]:
                if path != best:
                    self.aliases[path] = best

    def bases(self) -> dict[str, list[str]]:
        """Return the public bases of each class."""
        return {
            path: [
                self.paths[id(base)]
                for base in value.__mro__[1:]
                if base is not object and id(base) in self.paths
            ]
            for path, value in self.classes.items()
        }

    def add_results(self) -> None:
        """Collect what functions and methods return."""
        for path, function in self.functions.items():
            self._add(path, function, None)
        for path, value in self.classes.items():
            for name, member in self._members(value):
                if isinstance(member, property):
                    found = self._annotated(member.fget, value)
                    if found and not isinstance(found, list):
                        self.attributes[f"{path}.{name}"] = found
                elif callable(member) or isinstance(
                    member, (classmethod, staticmethod)
                ):
                    self._add(f"{path}.{name}", member, value)

    def _members(self, value: type) -> Iterator[tuple[str, Any]]:
        """Yield the members of a class and of its private bases."""
        seen = set()
        for base in value.__mro__:
            if base is value or (base is not object and id(base) not in self.paths):
                for name, member in vars(base).items():
                    if not name.startswith("_") and name not in seen:
                        seen.add(name)
                        yield name, member

    def _add(self, path: str, function: Any, owner: type | None) -> None:
        function = getattr(function, "__func__", function)
        found = self._annotated(function, owner) or self._documented(function)
        if found:
            self.returns[path] = found

    def _annotated(self, function: Any, owner: type | None) -> Found | None:
        function = inspect.unwrap(function) if callable(function) else None
        annotation = getattr(function, "__annotations__", {}).get("return")
        if annotation is None:
            return None
        names = getattr(function, "__globals__", {})
        if inspect.isclass(annotation):
            return self._known(self.paths.get(id(annotation)))
        root = (function.__module__ or "").partition(".")[0]
        try:
            tree = ast.parse(str(annotation), mode="eval").body
        except SyntaxError:
            return None
        return self.resolve(tree, root, names)

    def resolve(self, tree: ast.expr, root: str, names: dict[str, Any]) -> Found | None:
        """Return the path of an annotation's type, or a list for a tuple."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            tree = ast.parse(tree.value, mode="eval").body
        if isinstance(tree, ast.BinOp):
            return self.resolve(tree.left, root, names) or self.resolve(
                tree.right, root, names
            )
        if isinstance(tree, ast.Subscript):
            outer = ast.unparse(tree.value).rpartition(".")[2]
            inner = tree.slice
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            if outer in ("tuple", "Tuple"):
                found = [self.resolve(part, root, names) for part in parts]
                plain = [f if isinstance(f, str) else None for f in found]
                return plain if any(plain) else "tuple"
            if outer in ("Optional", "Union"):
                return self.resolve(parts[0], root, names)
            return self.resolve(tree.value, root, names)
        written = ast.unparse(tree)
        if written in ("Self", "Self@", "NDFrameT"):
            return "Self"
        value: Any = names.get(written.partition(".")[0])
        for part in written.split(".")[1:]:
            value = getattr(value, part, None)
        if inspect.isclass(value) and id(value) in self.paths:
            return self._known(self.paths[id(value)])
        last = written.rpartition(".")[2]
        if last in ("NDArray", "ArrayLike"):
            return "numpy.ndarray"
        short = last.lstrip("_").lower()
        if short in _ELEMENTARY:
            return short
        for family in (root, "builtins"):
            if (family, last) in self.by_name:
                return self._known(self.by_name[family, last])
        return {"List": "list", "Dict": "dict", "Tuple": "tuple"}.get(last)

    @staticmethod
    def _known(path: str | None) -> str | None:
        return None if path is None or path in _IGNORED else path

    def _documented(self, function: Any) -> Found | None:
        match = _RETURNS.search(
            inspect.cleandoc(getattr(function, "__doc__", "") or "")
        )
        if match is None:
            return None
        found = []
        lines = [*match[1].splitlines(), ""]
        for line, after in itertools.pairwise(lines):
            if after.startswith("---"):
                break
            if line[:1].strip():
                entry = _ENTRY.match(line)
                written = entry[1].lower() if entry else ""
                found.append(_DOCUMENTED.get(written))
        if len(found) > 1:
            return found if any(found) else None
        return found[0] if found else None

    def add_stub(self, path: Path, module: str) -> None:
        """Collect what a stub says that is not yet known."""
        tree = ast.parse(path.read_text("utf-8"))
        root = module.partition(".")[0]
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                name = {"TensorBase": "Tensor", "_AxesBase": "Axes"}.get(
                    node.name, node.name
                )
                owner = name if module == "builtins" else f"{module}.{name}"
                owner = self.aliases.get(owner, owner)
                for inner in node.body:
                    self._add_stub(inner, owner, root)
            elif isinstance(node, ast.FunctionDef) and module != "builtins":
                self._add_stub(node, module, root)

    def _add_stub(self, node: ast.stmt, owner: str, root: str) -> None:
        if not isinstance(node, ast.FunctionDef) or node.returns is None:
            return
        path = f"{owner}.{node.name}"
        if node.name.startswith("_") or path in self.returns or path in self.attributes:
            return
        found = self.resolve(node.returns, root, {})
        if not found:
            return
        if any(ast.unparse(each) == "property" for each in node.decorator_list):
            if isinstance(found, str):
                self.attributes[path] = found
        else:
            self.returns[path] = found


def _rank(path: str, module: str) -> tuple[bool, int, str]:
    """Prefer the path of a package that the class really comes from."""
    return not f"{module}.".startswith(path.rpartition(".")[0]), path.count("."), path


def _public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(dir(module)):
            if not name.startswith("_"):
                try:
                    yield name, getattr(module, name)
                except (AttributeError, ImportError):
                    continue  # announced, but not there


def collect() -> dict[str, Any]:
    """Return all facts."""
    facts = Facts()
    facts.add_modules()
    facts.add_results()
    import jedi

    stubs = Path(jedi.__file__).parent / "third_party/typeshed/stdlib"
    for name in STANDARD:
        path = stubs / f"{name}.pyi"
        path = path if path.exists() else stubs / name / "__init__.pyi"
        facts.add_stub(path, name.replace("/", "."))
    for library, listed in STUBS.items():
        folder = Path(importlib.import_module(library).__file__ or "").parent
        for stub, module in listed:
            facts.add_stub(folder / stub, module)
    import pandas

    return {
        "aliases": dict(sorted((FORMER | facts.aliases).items())),
        "bases": dict(sorted(facts.bases().items())),
        "returns": dict(sorted(facts.returns.items())),
        "attributes": dict(sorted(facts.attributes.items())),
        "members": {
            "pandas.DataFrame": [n for n in dir(pandas.DataFrame) if n[0] != "_"]
        },
    }


def main() -> None:
    """Write the file."""
    path = Path(__file__).with_name("types.json")
    text = json.dumps(collect(), indent=0, separators=(",", ":"))
    path.write_text(text + "\n", "utf-8")
    print(f"{path.name}: {len(text):,} characters")


if __name__ == "__main__":
    main()
