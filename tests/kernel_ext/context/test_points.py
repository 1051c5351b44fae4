"""What is found in a text: kinds, names, receivers, calls, labels."""

from __future__ import annotations

import pytest

from kernel_ext import context


def found(text: str, *fields: str) -> list[tuple]:
    fields = fields or ("kind", "name")
    return [tuple(getattr(p, f) for f in fields) for p in context.points(text)]


def last(text: str) -> context.Point:
    return context.at(text, len(text))


KINDS = [
    ("df.head()", [("name", "df"), ("attribute", "head")]),
    ("import os.path as p", [("module", "os"), ("module", "path")]),
    (
        "from a.b import (c as d,\n  e)",
        [("module", "a"), ("module", "b"), ("import", "c"), ("import", "e")],
    ),
    ("from . import x", [("import", "x")]),
    ("from ..m import *", [("module", "m")]),
    ("f(x, axis=1, b == 2)", [("name", "f"), ("name", "x"), ("keyword", "axis"),
                                 ("name", "b")]),
    ("def f(a, b=c): return a", [("name", "c"), ("name", "a")]),
    ("lambda q, r=s: q", [("name", "s"), ("name", "q")]),
    ("class A(B, metaclass=M): pass", [("name", "B"), ("name", "metaclass"),
                                       ("name", "M")]),
    ("with open(p) as f: f.read()", [("name", "open"), ("name", "p"), ("name", "f"),
                                     ("attribute", "read")]),
    ("# df.head()\n'df.tail()'", []),
    ("'''\ndf.head()\n'''\nx", [("name", "x")]),
    ("f'{df.shape} {{no.pe}} {x!r:>{w}}'", [("name", "df"), ("attribute", "shape"),
                                             ("name", "x"), ("name", "w")]),
    ("%matplotlib inline\n!pip install a.b\nx?\ny", [("name", "x"), ("name", "y")]),
    ("files = !ls *.py\nt = %timeit -o f.g()\nu", [("name", n) for n in
                                                   ("files", "t", "u")]),
    ("x = a\n% b", [("name", "x"), ("name", "a")]),
    ("x = (a\n% b)", [("name", n) for n in "xab"]),
    ("x.print.import", [("name", "x"), ("attribute", "print"),
                        ("attribute", "import")]),
    ("1.e5 + 0x1f.bar", []),
    ("x = 1 if y else None", [("name", "x"), ("name", "y")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), KINDS)
def test_kinds(text, wanted):
    assert found(text) == wanted


NUMPY = "import numpy as np\n"
PANDAS = "import pandas as pd\ndf = pd.read_csv('a')\n"
CLASS = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self, n: int, name=''):
        super().__init__()
        self.fc = nn.Linear(3, n)
    def forward(self, x):
        return self.fc(x)
"""

TYPES = [
    ("np.", "numpy"),
    (NUMPY + "np.random.", "numpy.random"),
    (NUMPY + "x = np.zeros(3)\nx.", "numpy.ndarray"),
    (NUMPY + "(np.ones(2) * 3 + 1).", "numpy.ndarray"),
    (NUMPY + "np.linspace(0, 1).reshape(2, -1).T.", "numpy.ndarray"),
    (NUMPY + "a, b = np.meshgrid(x, y)\nb.", "numpy.ndarray"),
    (PANDAS + "df.", "pandas.DataFrame"),
    (PANDAS + "df.head().", "pandas.DataFrame"),
    (PANDAS + "df['a'].", "pandas.Series"),
    (PANDAS + "df[['a', 'b']].", "pandas.DataFrame"),
    (PANDAS + "df[df.a > 3].", "pandas.DataFrame"),
    (PANDAS + "df.price.", "pandas.Series"),
    (PANDAS + "df.columns.", "pandas.Index"),
    (PANDAS + "df.groupby('a').", "pandas.api.typing.DataFrameGroupBy"),
    (PANDAS + "df.groupby('a')['b'].mean().", "pandas.Series"),
    (PANDAS + "for i, row in df.iterrows():\n    row.", "pandas.Series"),
    (PANDAS + "df['a'].str.", "pandas.Series.str"),
    ("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.",
     "matplotlib.axes.Axes"),
    ("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nfig.",
     "matplotlib.figure.Figure"),
    ("import matplotlib.pyplot as plt\n_, axs = plt.subplots(2, 2)\naxs[0, 1].",
     "matplotlib.axes.Axes"),
    ("from sklearn.svm import SVC\nclf = SVC(C=1).fit(X, y)\nclf.", "sklearn.svm.SVC"),
    ("from m import Foo\nx = Foo()\nx.", "m.Foo"),
    ("import m\nx = m.make()\nx.", None),
    ("from tensorflow.keras import layers\nlayers.", "keras.layers"),
    ("from transformers import AutoModel\nm = AutoModel.from_pretrained('a')\nm.",
     "transformers.AutoModel"),
    ("'abc'.", "str"),
    ("x = [y for y in z]\nx.", "list"),
    ("x = {'a': 1}\nx.", "dict"),
    ("x = {1, 2}\nx.", "set"),
    ("x = 1, 2\nx.", "tuple"),
    ("a, b = 'x', 2\na.", "str"),
    ("x = 'a' if y else 'b'\nx.", "str"),
    ("x = y > 3\nx.", "bool"),
    ("x: list[int] = f()\nx.", "list"),
    ("def f(a: str, b: 'int' = 3):\n    a.", "str"),
    ("def f(a=3):\n    a.", "int"),
    ("def f(*a, **b):\n    a.", "tuple"),
    ("def f(*a, **b):\n    b.", "dict"),
    ("x = 3\ndef f(x):\n    x.", None),
    ("def f():\n    x = 3\nx.", None),
    ("def f() -> str: ...\nf().", "str"),
    ("def f():\n    return []\nf().", "list"),
    ("with open('a') as f:\n    f.", "io.TextIOWrapper"),
    ("for line in open('a'):\n    line.", "str"),
    ("for word in 'a b'.split():\n    word.", "str"),
    ("from pathlib import Path\nPath().parent.", "pathlib.Path"),
    ("try: x\nexcept ValueError as e:\n    e.", "ValueError"),
    (CLASS + "    def g(self):\n        self.", ".Net"),
    (CLASS + "    def g(self):\n        self.fc.", "torch.nn.Linear"),
    (CLASS + "net = Net(3)\nnet.", ".Net"),
    (CLASS + "Net(3).fc.", "torch.nn.Linear"),
    (CLASS + "Net(3)(x).", "torch.Tensor"),
    (CLASS + "Net(3).to('cpu').", ".Net"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), TYPES)
def test_types(text, wanted):
    assert last(text).receiver_type == wanted


def test_static_receivers_are_told_from_instances():
    assert last("import numpy as np\nnp.").receiver_static
    assert last("str.").receiver_static
    assert not last("'a'.").receiver_static


def test_own_classes_back_off_to_their_bases():
    point = last(CLASS + "net = Net(3)\nnet.")
    assert point.receiver_bases == ("torch.nn.Module",)
    assert point.history.members[".Net"] == ["__init__", "fc", "forward"]
    early = next(p for p in context.points(CLASS) if p.name == "fc")
    assert early.history.members_of(".Net", early.order) == ["__init__"]


def test_self_of_two_classes_are_two_receivers():
    text = (
        "class A:\n  def f(self):\n    self.x\n"
        "class B:\n  def f(self):\n    self.y\n    self."
    )
    point = last(text)
    assert (point.receiver_key, point.earlier) == (".B", ("y",))
    assert (point.class_, point.function) == ("B", "f")


def test_what_was_done_before_with_a_receiver():
    text = PANDAS + "df.head()\ndf.groupby('a').mean()\nd2 = df.copy()\nd2."
    point = last(text)
    assert point.earlier == ()
    assert point.earlier_on_type == ("head", "groupby", "copy")
    assert point.origin == "pandas.DataFrame.copy"
    assert point.imports == ("pandas",)
    assert point.recent(3) == ["df", "copy", "d2"]
    assert last(text + "x()\ndf.").earlier == ("head", "groupby", "copy")


def test_calls_and_keywords():
    text = "import matplotlib.pyplot as plt\nplt.plot(x, y[0], color='r', label=f(a"
    points = {p.name: p for p in context.points(text)}
    label = points["label"]
    assert (label.kind, label.call, label.argument) == (
        "keyword",
        "matplotlib.pyplot.plot",
        3,
    )
    assert label.keywords == ("color",)
    assert label.argument_start
    f = points["f"]
    assert (f.argument_keyword, f.argument_start, f.argument) == ("label", False, 3)
    a = points["a"]
    assert (a.call, a.call_known, a.argument, a.bracket) == ("f", False, 0, "(")


def test_statement_features():
    assert last("total = df.").target == "total"
    assert last("total = df.").statement == "="
    assert last("if df.").statement == "if"
    assert last("@foo.").statement == "@"
    assert last("x\n    y").indent == 4
    assert last("x; y").statement_start
    assert last("x[a.b, 'c', 1:").before == (*"x[a.b,", "'", ",", "0", ":")
    assert last("df[").subscripted == "df"
    assert last(PANDAS + "df[").subscripted == "pandas.DataFrame"


def test_bound_names_are_labelled():
    text = "x = y = z\nfor i, j in k: pass\n[u for u in v]\nself.w = a\nif (n := b): c"
    bound = {p.name for p in context.points(text) if p.bound}
    assert bound == {"x", "y", "i", "j", "u", "w", "n"}


def test_history_knows_where_names_stand():
    text = "import a\nb = a.c(b, d=a.c)\n"
    history = context.points(text)[0].history
    assert history.names == ["a", "b", "a", "c", "b", "d", "a", "c"]
    assert history.roles == [
        *("module", "name", "name", "attribute"),
        *("name", "keyword", "name", "attribute"),
    ]
    assert history.uses("a", 6) == [0, 2]
    assert history.bindings == {"a": [0], "b": [1]}
    assert history.lines == [0, *[1] * 7]
    assert history.receivers[3] == "a" and history.types[3] == "a"


@pytest.mark.parametrize(
    "broken",
    ["f((x", "x = '''abc", "x = [1,\n  2", "class A(", 'print("', "%%bash\necho 'a b"],
)
def test_a_broken_cell_does_not_reach_the_next(broken):
    point = last(context.join([broken, "import os", "os."]))
    assert (point.kind, point.receiver_type, point.cell) == ("attribute", "os", 2)
    assert (point.call, point.statement_start) == (None, False)


def test_a_line_that_cannot_be_inside_brackets_ends_them():
    assert last("x = foo(1,\nimport os\nos.").call is None


def test_foreign_cells_are_skipped():
    text = context.join(["%%bash\nfoo.bar", "x.y", "%%time\nz.w"])
    assert [name for _, name in found(text)] == ["x", "y", "z", "w"]


PLACES = [
    ("# hel", "comment", "hel"),
    ("x = 'ab", "string", "ab"),
    ("df['co", "string", "co"),
    ('f("""a\nb c', "string", "a\nb c"),
    ("f'{x.he", "attribute", "he"),
    ("f'{a} b: {c(d, [e, f", "name", "f"),
    ("f'a {x} b", "string", "a {x} b"),
    ("12", "number", "12"),
    ("3.", "number", ""),
    ("%time", "magic", "time"),
    ("!pip ins", "magic", "ins"),
    ("def fo", "definition", "fo"),
    ("import a as b", "definition", "b"),
    ("lambda x", "definition", "x"),
    ("def f(a, b", "definition", "b"),
    ("", "name", ""),
    ("im", "name", "im"),
    ("import nu", "module", "nu"),
    ("from a import b", "import", "b"),
]


@pytest.mark.parametrize(("text", "kind", "prefix"), PLACES)
def test_places(text, kind, prefix):
    point = last(text)
    assert (point.kind, point.prefix) == (kind, prefix)
    assert point.start == len(text) - len(prefix)


def test_only_the_text_before_the_cursor_counts():
    text = "import numpy as np\nnp.arr\nnp = 3\n"
    cursor = text.index("arr") + 2
    before = context.at(text[:cursor], cursor)
    assert context.at(text, cursor) == before
    assert (before.prefix, before.receiver_type) == ("ar", "numpy")


def test_of_a_long_text_the_window_and_the_imports_count():
    head = "import pandas as pd\nfrom m import (a,\n  b)\nold.thing\n"
    text = head + "x = 1  # filler\n" * 8000 + "df = pd.read_csv('a')\ndf."
    point = last(text)
    assert len(text) > context.WINDOW
    assert point.receiver_type == "pandas.DataFrame"
    assert point.imports == ("pandas", "m")
    assert point.line == text.count("\n")
    assert text[: point.start].endswith("df.")
    assert "thing" not in point.history.names


def test_positions_are_code_points():
    point = last("s = '😀ß'\ns.up")
    assert (point.start, point.receiver_type) == (11, "str")


@pytest.mark.parametrize("cursor", [-1, 4])
def test_a_cursor_outside_is_refused(cursor):
    with pytest.raises(ValueError, match=f"cursor is {cursor}, expected .* 0 to 3"):
        context.at("abc", cursor)


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="did you mean 'python'"):
        context.points("", "pyton")


def test_subtokens():
    assert context.subtokens("read_csv2HTTPServer") == (
        *("read", "csv", "2", "http", "server"),
    )


def test_paths_of_live_objects_become_public():
    import numpy as np
    from sklearn.linear_model import Ridge

    cls = Ridge
    assert context.canonical(f"{cls.__module__}.{cls.__qualname__}") == (
        "sklearn.linear_model.Ridge"
    )
    assert context.canonical(f"{np.ndarray.__module__}.ndarray") == "numpy.ndarray"
    assert "sklearn.base.BaseEstimator" in context.mro("sklearn.linear_model.Ridge")
