"""What is listed at a cursor, and how it is inserted."""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from kernel_ext import candidates
from kernel_ext.candidates import LIMIT


class Net:
    def __init__(self):
        self.fc = 1

    def __call__(self, inputs, training=False): ...

    def forward(self, x): ...


def load(path, *, mode="r", _hidden=1, **more): ...


@pytest.fixture(scope="module")
def namespace():
    df = pd.DataFrame({"price": [1.0], "name": ["x"], "it's": [2], 'a "b"\\': [3]})
    deep = pd.DataFrame(
        [[1, 2]], columns=pd.MultiIndex.from_tuples([("u", 1), ("v", 2)])
    )
    return {
        "df": df, "deep": deep, "s": pd.Series([1], index=["row"]), "np": np, "pd": pd,
        "d": {"key one": {"inner": 1}, 3: 4, "emoji 🎉": 5}, "net": Net(), "Net": Net,
        "load": load, "rec": np.zeros(2, dtype=[("x", float), ("y", int)]), "sys": sys,
        "fig": Figure(), "_private": 1, "big": {f"k{i}": i for i in range(5000)},
        "wide": pd.DataFrame(columns=[f"c{i}" for i in range(9000)]), "plt": plt,
    }  # fmt: skip


def find(namespace, text, *, after="", before=(), shell=None):
    return candidates.at(text + after, len(text), before, namespace, shell)


METHOD = "class A(Net):\n  def f(self):\n    self.mine = 1\n    self."

# Text up to the cursor; labels that are listed; labels that are not; start.
LISTED = [
    ("df.", {"head", "groupby", "price", "name"}, {"_mgr", "__len__", "it's"}, 3),
    ("df.gro", {"groupby"}, {"head"}, 3),
    ("df.GRO", {"groupby"}, set(), 3),
    ("df._m", {"_mgr"}, {"head"}, 3),
    ("df.head().", {"tail", "price"}, set(), 10),
    ("df.groupby('name').", {"agg", "mean"}, {"groupby"}, 19),
    ("np.", {"array", "linalg", "random"}, {"__doc__"}, 3),
    ("np.linalg.", {"norm", "inv"}, set(), 10),
    ("s.str.", {"upper"}, {"head"}, 6),
    ("net.", {"fc", "forward"}, {"__init__"}, 4),
    ("Net.", {"forward"}, {"fc"}, 4),
    (METHOD, {"mine", "forward"}, set(), len(METHOD)),
    ("d['key one'].", {"items"}, set(), 13),
    ("missing.", set(), {"head"}, 8),
    ("np.array(", {"dtype=", "copy=", "df", "print"}, {"dtype"}, 9),
    ("np.array([1], dt", {"dtype="}, {"copy="}, 14),
    ("np.array([1], dtype=float, d", {"df", "def", "d"}, {"dtype="}, 27),
    ("load(", {"path=", "mode="}, {"more=", "_hidden="}, 5),
    ("load('x', ", {"mode="}, {"path="}, 10),
    ("load(mode=", {"df"}, {"path="}, 10),
    ("net(", {"inputs=", "training="}, {"self="}, 4),
    ("Net(", {"df"}, {"self="}, 4),
    ("df.groupby(", {"by=", "as_index="}, {"self="}, 11),
    ("pd.DataFrame(", {"data=", "columns="}, set(), 13),
    ("d", {"df", "d", "deep", "def", "del", "dict"}, {"net"}, 0),
    ("_p", {"_private"}, {"df"}, 0),
    ("local_name = 1\nloc", {"local_name", "locals"}, set(), 15),
    ("'a_word'  # b_word\na", {"and", "abs"}, {"a_word", "b_word"}, 19),
    ("df['", {"price", "name", "it's"}, {"head"}, 4),
    ("df['PR", {"price"}, {"name"}, 4),
    ("df[['price', '", {"name"}, set(), 14),
    ("df[", {"'price'", "df"}, set(), 3),
    ("df.loc[:, '", {"price"}, set(), 11),
    ("s['", {"row"}, set(), 3),
    ("df.groupby('", {"price"}, set(), 12),
    ("df.groupby('name')['", {"price"}, set(), 20),
    ("df.head().sort_values(by='", {"price"}, set(), 26),
    ("df.drop(columns=['name', '", {"price"}, set(), 26),
    ("df.merge(df, how='", set(), {"price"}, 18),
    ("df.plot.scatter(x='", {"price"}, set(), 19),
    ("plt.scatter('price', 'name', data=df, c='", {"price"}, set(), 41),
    ("plt.title('", set(), {"price"}, 11),
    ("deep['", {"u", "v"}, set(), 6),
    ("rec['", {"x", "y"}, set(), 5),
    ("d['", {"key one", "emoji 🎉"}, set(), 3),
    ("d['key one']['", {"inner"}, set(), 14),
    ("d['emoji", {"emoji 🎉"}, {"key one"}, 3),
    ("import jso", {"json"}, set(), 7),
    ("import json, tex", {"textwrap"}, set(), 13),
    ("import xml.", {"dom", "etree"}, set(), 11),
    ("from xml.", {"dom", "etree"}, set(), 9),
    ("from xml ", {"import"}, set(), 9),
    ("from xml.dom import ", {"minidom", "DOMException"}, set(), 20),
    ("from pandas import Da", {"DataFrame", "DatetimeIndex"}, set(), 19),
    ("from . import ", set(), {"json"}, 14),
    ("x = 'nothing to say", set(), {"df"}, 19),
    ("# df.", set(), {"head"}, 5),
    ("x = 1.", set(), {"real"}, 6),
    ("\\alp", {"\\alpha"}, set(), 0),
    ("x\\alpha", {"α"}, set(), 1),  # noqa: RUF001
    ("\t🎉; df.he", {"head"}, set(), 7),
]  # fmt: skip


@pytest.mark.parametrize(("text", "listed", "absent", "start"), LISTED)
def test_listed(namespace, text, listed, absent, start):
    found = find(namespace, text)
    labels = [c.label for c in (*found.first, *found.candidates)]
    assert listed <= set(labels)
    assert not absent & set(labels)
    assert len(labels) == len(set(labels))
    assert (found.start, found.end) == (start, len(text))


# Text, what follows the cursor, the label, and what is inserted.
INSERTED = [
    ("df['pr", "", "price", "price'"),
    ("df['pr", "']", "price", "price"),
    ('df["', '"', "it's", "it's"),
    ("df['", "'", "it's", "it\\'s"),
    ('df["', "", 'a "b"\\', 'a \\"b\\"\\\\"'),
    ("df[", "", "'it\\'s'", "'it\\'s'"),
    ("np.array(d", "", "dtype=", "dtype="),
]


@pytest.mark.parametrize(("text", "after", "label", "insert"), INSERTED)
def test_inserted(namespace, text, after, label, insert):
    found = find(namespace, text, after=after)
    items = (*found.first, *found.candidates)
    assert {c.label: c.insert for c in items}[label] == insert


@pytest.mark.parametrize(("text", "after", "label", "insert"), INSERTED[:6])
def test_what_is_inserted_names_the_column(namespace, text, after, label, insert):
    found = find(namespace, text, after=after)
    line = text[: found.start] + insert + after
    line += "" if line.endswith("]") else "]" if insert[-1] in "'\"" else "']"
    if after in ("'", '"'):
        line = text[: found.start] + insert + after + "]"
    column = label.strip("'").replace("\\'", "'") if text == "df[" else label
    assert eval(line, dict(namespace)).name == column


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        ("df.", "pandas.DataFrame"), ("df.head().", "pandas.DataFrame"),
        ("np.", "numpy"), ("np.linalg.", "numpy.linalg"), ("s.", "pandas.Series"),
        ("fig.", "matplotlib.figure.Figure"), ("'a'.", "str"), ("missing.", None),
        ("df.groupby('name').", "pandas.api.typing.DataFrameGroupBy"),
        ("pd.DataFrame.", None), ("from xml.dom import ", "xml.dom"), ("d", None),
    ],
)  # fmt: skip
def test_receiver(namespace, text, receiver):
    assert find(namespace, text).receiver == receiver


def test_kinds_and_signatures(namespace):
    found = {c.label: c for c in find(namespace, "df.").candidates}
    kinds = {name: found[name].type for name in ("head", "shape", "price", "plot")}
    assert kinds == {
        "head": "method", "shape": "property", "price": "column", "plot": "instance",
    }  # fmt: skip
    assert found["head"].signature == "(n=5)"
    assert {c.label: c.signature for c in find(namespace, "load(").candidates}[
        "mode="
    ] == "'r'"


def test_names_of_earlier_cells(namespace):
    before = ("def late_function(): ...", "late_value = late_function()")
    found = {c.label: c.type for c in find(namespace, "late", before=before).candidates}
    assert found == {"late_function": "function", "late_value": "text"}


@pytest.mark.parametrize(
    ("text", "count"),
    [("wide['", LIMIT), ("wide['c89", 111), ("big['", LIMIT), ("big['k499", 11)],
)
def test_a_cap_that_loses_no_match(namespace, text, count):
    assert len(find(namespace, text).first) == count


def test_magics(namespace):
    shell = InteractiveShell.instance()
    try:
        labels = {c.label for c in find(namespace, "%ti", shell=shell).first}
        assert labels == {"%time", "%timeit"}
        inside = {c.label for c in find(namespace, "x = 1\n%ti", shell=shell).first}
        assert inside == {"%time", "%timeit"}
        cell = {c.label for c in find(namespace, "%%ti", shell=shell).first}
        assert cell == {"%%time", "%%timeit"}
        assert find(namespace, "%ti").first == []
    finally:
        InteractiveShell.clear_instance()


def test_columns_used_before_come_first(namespace):
    before = ("df['name']", 'df["it\'s"]')
    found = find(namespace, "df.groupby('", before=before)
    assert [c.label for c in found.first][:3] == ["it's", "name", "price"]
    assert not found.names
    found = find(namespace, "df['name'] + df[", before=before)
    assert [c.label for c in found.first][:2] == ["'name'", "'price'"]
    assert found.names and found.candidates


def test_parts_of_a_torch_module():
    torch = pytest.importorskip("torch")

    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(2, 3)
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, pixels, mask=None): ...

    def refuse(self, name):
        raise AssertionError("__getattr__ was run")

    names = {"own": Own(), "Own": Own}
    Own.__getattr__ = refuse
    found = {c.label: c.type for c in find(names, "own.").candidates}
    assert found["fc"] == found["scale"] == "instance"
    assert "in_features" in {c.label for c in find(names, "own.fc.").candidates}
    assert find(names, "own.fc.").receiver == "torch.nn.Linear"
    assert find(names, "own.").receiver == "torch.nn.Module"
    assert find(names, "own.scale.").receiver == "torch.nn.Parameter"
    labels = {c.label for c in find(names, "own(").candidates}
    assert {"pixels=", "mask="} <= labels


def test_enums_named_tuples_and_dataclasses():
    import collections
    import dataclasses
    import enum

    Color = enum.Enum("Color", "RED GREEN")
    Pair = collections.namedtuple("Pair", "left right")
    Data = dataclasses.make_dataclass("Data", [("x", int)])
    names = {"Color": Color, "pair": Pair(1, "a"), "data": Data(1), "Data": Data}
    assert {"RED", "GREEN"} <= {c.label for c in find(names, "Color.").candidates}
    assert {"name", "value"} <= {c.label for c in find(names, "Color.RED.").candidates}
    assert {"left", "right"} <= {c.label for c in find(names, "pair.").candidates}
    assert "x" in {c.label for c in find(names, "data.").candidates}
    assert "x=" in {c.label for c in find(names, "Data(").candidates}


def test_files(namespace, tmp_path):
    (tmp_path / "data.csv").write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / ".hidden").write_text("")
    folder = f"{tmp_path}/"
    text = f"pd.read_csv('{folder}da"
    found = find(namespace, text)
    assert [c.insert for c in found.first] == ["data.csv", "data/"]
    assert found.start == len(text) - 2
    assert len(find(namespace, f"open('{folder}").first) == 2
    assert [c.label for c in find(namespace, f"open('{folder}.h").first] == [".hidden"]
    assert find(namespace, f"open('{folder}no/such/").first == []
    assert find(namespace, "open('https://host/").first == []
    assert find(namespace, "open('\0/").first == []


def test_documentation(namespace):
    found = find(namespace, "df.")
    text = candidates.documentation(found, "head")
    assert text.startswith("```python\npandas.DataFrame.head(n=5)\n```")
    assert "**Parameters**" in text
    assert candidates.documentation(found, "no such name") == ""
    value = find({"n": 3, **namespace}, "n")
    assert candidates.documentation(value, "n") == "`n`: `int` = `3`"
    module = find(namespace, "sy")
    assert "Python interpreter" in candidates.documentation(module, "sys")


def test_a_namespace_that_changes_meanwhile_is_read_all_the_same(namespace):
    import threading

    changing = dict(namespace)
    stop = threading.Event()

    def churn():
        i = 0
        while not stop.is_set():
            i += 1
            changing[f"name{i % 5000}"] = i
            changing.pop(f"name{(i * 7) % 5000}", None)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(30):
            assert "df" in {c.label for c in find(changing, "d").candidates}
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "piece", ["a ", "'", '"', '"""', "# a\n", "def ", "a.b ", "\\"]
)
def test_words_of_any_text_are_read_quickly(piece):
    from kernel_ext.candidates.names import words

    began = time.process_time()
    words(piece * (60_000 // len(piece)))
    assert time.process_time() - began < 0.5
