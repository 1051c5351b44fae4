"""What expressions stand for: compared with what running them really gives."""

from __future__ import annotations

import collections
import datetime
import functools
import io
import json
import pathlib
import re
import time
from typing import Optional

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from kernel_ext.candidates import modules, static, value
from kernel_ext.candidates.resolve import Resolver


class Base:
    def chain(self) -> Base:
        return self

    @property
    def frame(self) -> pd.DataFrame:
        raise AssertionError("a property was run")

    @functools.cached_property
    def cached(self) -> list:
        raise AssertionError("a property was run")

    @classmethod
    def make(cls) -> Base:
        return cls()

    @staticmethod
    def text() -> str:
        return ""


class Slotted:
    __slots__ = ("here", "unset")

    def __init__(self):
        self.here = "text"


def optional(x: int = 0) -> int | None: ...


def old_style() -> Optional[dict]: ...  # noqa: UP045


def pair() -> tuple[str, int]:
    return "", 0


@functools.wraps(pair)
def wrapped(*args):
    raise AssertionError("it was called")


@pytest.fixture(scope="module")
def namespace():
    df = pd.DataFrame({"price": [1.0, 2.0], "name": ["x", "y"]})
    fig = matplotlib.figure.Figure()
    return {
        "df": df, "s": df["price"], "a": np.zeros((3, 3)), "clf": LinearRegression(),
        "d": {"x": {"y z": [df]}, 1: "one"}, "L": [df, "a", ("t", 3)],
        "dd": collections.defaultdict(list, k=df), "fig": fig, "ax": fig.subplots(),
        "p": pathlib.Path(), "rng": np.random.default_rng(0), "obj": Base(),
        "slotted": Slotted(), "bound": "a b".split, "part": functools.partial(int, "3"),
        "np": np, "pd": pd, "re": re, "json": json, "datetime": datetime,
        "optional": optional, "old_style": old_style, "pair": pair, "wrapped": wrapped,
        "Base": Base, "LinearRegression": LinearRegression, "n": 3, "word": "price",
    }  # fmt: skip


# Each is resolved, and then run: both must give the same type.
RUN = [
    "df", "df.head()", "df.head().tail(1).copy()", "df['price']", "df[['price']]",
    "df[word]", "df.price", "df.price.head()", "df[df.price > 1]",
    "df[~(df.price > 1)]",
    "df.loc[df.price > 1]", "df.loc[:, 'price']", "df.loc[:, ['price']]",
    "df.iloc[0:1]",
    "df.T", "df.dtypes", "df.values", "df.shape", "df.groupby('name')", "df.describe()",
    "df.groupby('name')['price']", "df.groupby('name')[['price']]", "df.plot",
    "df.groupby('name').sum()", "df.groupby('name')['price'].mean()", "df.isna().sum()",
    "df.isna()", "df.merge(df, on='name')", "df.sort_values('price')", "df.assign(z=1)",
    "df.rolling(1)", "df.name.value_counts()", "df.name.str", "df.name.str.upper()",
    "df.price * 2", "df.price == 1", "pd.concat([df])", "df.price.to_numpy()",
    "s.mean()", "s.sum()", "s.iloc[0:1]", "pd.DataFrame({})", "pd.Timestamp.now()",
    "np.zeros(3)", "np.arange(3).reshape(3, 1)", "a.T", "a + 1", "a[0]", "a.mean()",
    "a.astype(int).copy()", "np.random.rand(3)", "rng.normal(size=3)", "a.shape",
    "a.sum()",
    "np.linalg.inv(np.eye(2))", "a @ a", "-a", "a.tolist()",
    "fig.add_subplot()", "clf.get_params()", "LinearRegression()", "d", "d['x']",
    "d['x']['y z']", "d['x']['y z'][0].head()", "d[1]", "dd['k']", "L[0]",
    "L[-2]", "L[2][1]", "L[0:1]", "'a'", "'a'.split(',')", "'a'.upper().encode()",
    "f'{n}'", "'%s' % n", "'a' + 'b'", "b'a'.decode()", "[1][0:1]", "(1, 'a')[1]", "{}",
    "{1}", "[x for x in 'a']", "not n", "n == 3", "n if n else 1", "obj", "obj.chain()",
    "obj.chain().chain().text()", "Base.make()", "obj.make()", "Base.text()", "Base()",
    "slotted.here", "bound()", "pair()", "pair()[0]", "p.parent", "p.name",
    "p / 'x'", "p.resolve().parent", "re.compile('a')", "re.compile('a').match('a')",
    "json.dumps(n)", "datetime.datetime.now()", "len('a')", "sorted('ab')", "str(n)",
    "int('3')", "range(3)", "lambda: 0", "(z := 'text')",
]  # fmt: skip


@pytest.mark.parametrize("expression", RUN)
def test_types_are_those_that_running_gives(namespace, expression):
    found = Resolver(namespace).resolve(expression)
    with np.errstate(all="ignore"):
        real = eval(expression, {**namespace, "__file__": __file__})
    assert found is not None
    assert found.type is type(real)
    if found.live:
        assert found.obj is real or found.obj == real


# What is not run, or cannot be: the class the annotation names, or nothing.
READ = [
    ("obj.frame", pd.DataFrame), ("obj.frame.head()", pd.DataFrame),
    ("obj.cached", list), ("optional()", int), ("old_style()", dict),
    ("wrapped()", tuple), ("wrapped()[1]", int), ("part()", int),
    ("clf.fit(a, a)", LinearRegression), ("clf.predict(a)", np.ndarray),
    ("pd.read_csv('no such file')", pd.DataFrame), ("slotted.unset", None),
    ("slotted.nothing", None), ("open('x')", io.TextIOWrapper), ("nothing", None),
    ("nothing.at.all()", None),
    ("d['nothing']", None), ("d[n]", None), ("L[99]", None), ("df.nothing", None),
    ("obj[0]", None), ("obj()", None), ("super()", None), ("1 +", None), ("", None),
    ("(" * 500, None), ("a.b" * 5000, None), ("-" * 3000 + "n", None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), READ)
def test_what_is_known_without_running(namespace, expression, expected):
    found = Resolver(namespace).resolve(expression)
    assert (found and found.type) is expected


# The text of the cell up to the cursor; an expression; its type.
WRITTEN = [
    ("x = df.head()", "x", pd.DataFrame),
    ("x = df.price\nx = x.head()", "x", pd.Series),
    ("x = 'a'\nif True:\n    x = 3", "x", int),
    ("x = (df\n     .head()\n     .tail())", "x", pd.DataFrame),
    ("a1, b1 = pair()", "b1", int),
    ("(a1, b1), c1 = pair(), n", "b1", int),
    ("x: pd.Series = None", "x", pd.Series),
    ("x = a\nx += 1", "x", np.ndarray),
    ("for i, row in enumerate(L):", "i", int),
    ("for i, row in enumerate(L):", "row", pd.DataFrame),
    ("for i in range(3):", "i", int),
    ("for u, v in zip(L, 'ab'):", "v", str),
    ("with open('f') as fh:", "fh", io.TextIOWrapper),
    ("import json as js", "js.decoder.JSONDecoder()", json.JSONDecoder),
    ("from collections import OrderedDict as O", "O()", collections.OrderedDict),
    ("import numpy as zz", "zz.zeros(3)", np.ndarray),
    ("def f(q: pd.DataFrame, *, r: 'int' = 3):\n    q", "q.head()", pd.DataFrame),
    ("def f(q: pd.DataFrame, *, r: 'int' = 3):\n    q", "r", int),
    ("def f(q: pd.DataFrame):\n    pass\n\n", "q", None),
    ("def f():\n    q = 3\n    ", "q", int),
    ("def f():\n    q = 3\n\nf()\n", "q", None),
    ("class A(Base):\n    def m(self):\n        self", "self.chain()", Base),
    ("class Base:\n    def m(self):\n        self", "self.frame", pd.DataFrame),
    ("x = x + 1", "x", None),
    ("x = y\ny = x", "x", None),
    ("broken(((\nx = 'a'\n", "x", str),
    ("x = 'a'  # a comment\n", "x", str),
    ("x = nothing\n", "n", int),
]


@pytest.mark.parametrize(("text", "expression", "expected"), WRITTEN)
def test_assignments_that_have_not_run(namespace, text, expression, expected):
    found = Resolver(namespace, (text,)).resolve(expression)
    assert (found and found.type) is expected


def test_earlier_cells_count_only_for_names_the_kernel_lacks(namespace):
    before = ("n = 'text'", "m = 'text'")
    resolver = Resolver(namespace, ("", *before))
    assert resolver.resolve("n").type is int
    assert resolver.resolve("m").type is str


def test_a_name_that_is_live_keeps_its_columns_when_assigned_again(namespace):
    resolver = Resolver(namespace, ("df = pd.read_csv('a')\n",))
    assert resolver.resolve("df").obj is namespace["df"]
    assert Resolver(namespace, ("df = 'text'\n",)).resolve("df").type is str


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (pd.DataFrame, "pandas.DataFrame"),
        (np.ndarray, "numpy.ndarray"),
        (LinearRegression, "sklearn.linear_model.LinearRegression"),
        (matplotlib.figure.Figure, "matplotlib.figure.Figure"),
        (json.JSONDecoder, "json.JSONDecoder"),
        (str, "str"),
    ],
)
def test_public_names(cls, name):
    assert value.public_name(cls) == name
    assert value.described(value.Value(cls)) == name


def test_a_users_class_is_described_by_the_base_that_others_know():
    own = type("Own", (LinearRegression,), {"__module__": "__main__"})
    plain = type("Plain", (), {"__module__": "__main__"})
    known = value.described(value.Value(own))
    assert known == "sklearn.linear_model.LinearRegression"
    assert value.described(value.Value(plain)) is None
    assert value.described(value.of(np.random)) == "numpy.random"
    assert value.described(value.of(LinearRegression)) is None


@pytest.mark.parametrize("name", ["json", "json.decoder", "xml.dom", "email.mime.text"])
def test_modules_are_found_as_importlib_finds_them(name):
    import importlib.util

    real = importlib.util.find_spec(name)
    found = modules.find(name)
    assert found.origin == real.origin


@pytest.mark.parametrize("name", ["", ".", "no_such", "json.no", "1a", "json..x"])
def test_modules_that_are_not_there(name):
    assert modules.find(name) is None


@pytest.mark.parametrize("name", ["textwrap", "json.decoder", "difflib", "calendar"])
def test_names_of_a_module_read_from_its_source(name):
    import importlib

    real = importlib.import_module(name)
    found = set(modules.names(name))
    assert {n for n in real.__all__} <= found if hasattr(real, "__all__") else found
    assert {n for n in found if not hasattr(real, n)} == set()


def test_a_module_is_not_imported_to_be_read(tmp_path, monkeypatch):
    import sys

    package = tmp_path / "polaris_unloaded"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')\ndef f(): ...\n")
    (package / "sub.py").write_text("class Thing: ...\nlimit: int = 3\n")
    (package / "sub.pyi").write_text("def lazy() -> int: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert modules.names("polaris_unloaded") == {"f": "function"}
    assert modules.children("polaris_unloaded") == ["sub"]
    assert set(modules.names("polaris_unloaded.sub")) == {"Thing", "limit", "lazy"}
    assert "polaris_unloaded" in modules.top_level()
    assert "polaris_unloaded" not in sys.modules


def test_static_reading_agrees_with_inspect(namespace):
    import inspect

    for obj in namespace.values():
        for name in (
            "head",
            "shape",
            "chain",
            "frame",
            "here",
            "upper",
            "__doc__",
            "no",
        ):
            expected = inspect.getattr_static(obj, name, static.MISSING)
            assert static.member(obj, name)[0] is expected


@pytest.mark.parametrize(
    "text",
    [
        "with f(\n" * 8000,
        "x = df.head()\n" * 4000,
        "x " * 30_000,
        "x = (\n" * 10_000,
        "def f(x,\n" * 7000,
        "=" * 60_000,
        "x, " * 20_000,
        " " * 60_000 + "x",
    ],
)
def test_no_text_takes_long(namespace, text):
    began = time.process_time()
    Resolver(namespace, (text,)).resolve("x")
    assert time.process_time() - began < 0.5
