"""Points read as table keys; plain points of other languages; live base classes."""

import collections
import sys
import types

import pytest

from kernel_ext import context
from kernel_ext.ranker import plain
from kernel_ext.ranker.live import bases_of
from kernel_ext.ranker.models import BY_NAME, KEYWORDS, MODELS, counted, read
from kernel_ext.ranker.place import START, last, place, short

FRAME = "import pandas as pd\ndf = pd.read_csv('a')\n"


def at(text):
    return context.at(text, len(text))


SHORT = [
    ("pandas.DataFrame", "pandas:DataFrame"),
    ("pandas.core.frame.DataFrame", "pandas:DataFrame"),
    ("numpy", "numpy:numpy"),
    ("str", "str:str"),
    ("builtins.str", "str:str"),
]


@pytest.mark.parametrize(("qualified", "expected"), SHORT)
def test_short(qualified, expected):
    assert short(qualified) == expected


def test_last():
    assert [last(x) for x in ("a.b", "a", "a.b()", None)] == ["b", "a", "b()", ""]


def test_an_attribute_is_read():
    where = place(at(FRAME + "df.head()\ndf.info()\ntotal = df."))
    assert where.kind == "attribute"
    assert where.types[0] == "pandas:DataFrame"
    assert where.types[-1] == "~DataFrame"
    assert where.receiver == "df"
    assert where.earlier == ("info", "head")
    assert where.origin == "pandas:read_csv"
    assert where.target == "total"
    assert where.before == ("=", "total", START)


def test_a_class_and_its_instances_are_told_apart():
    static = place(at("import pandas as pd\npd.DataFrame."))
    assert static.types[0] == "pandas:DataFrame!"
    assert place(at("import pandas as pd\npd.")).types[0] == "pandas:pandas"


def test_a_given_receiver_wins_and_brings_its_bases():
    point = at("x.")
    assert place(point).types == ()
    given = place(point, "pkg.sub.Model", ("pkg.Base", "object"))
    assert given.types == ("pkg:Model", "pkg:Base", "~Model")
    contradicted = place(at(FRAME + "df."), "numpy.ndarray")
    assert contradicted.types[0] == "numpy:ndarray"
    assert contradicted.origin == contradicted.receiver == ""


def test_keywords_and_names_look_alike_before_the_sign():
    text = "import pandas as pd\npd.read_csv(path, sep=',')\n"
    points = context.points(text)
    keyword = next(p for p in points if p.kind == "keyword")
    where = place(keyword)
    assert where.kind == "name"
    assert where.calls[0] == "pandas:read_csv"
    models = {m.name for m in counted(where, keyword=True)}
    assert models == set(KEYWORDS)
    assert not models & {m.name for m in counted(where, keyword=False)}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_every_model_backs_off_to_one_read_before_it(model):
    for kind in model.kinds:
        order = [m.name for m in read(kind)]
        if model.lower:
            assert order.index(model.lower) < order.index(model.name)
            assert kind in BY_NAME[model.lower].kinds


PLACES = [
    "",
    "df.",
    FRAME + "df.",
    "import ",
    "from os import ",
    "f(a, ",
    "x[",
    "self.",
]


@pytest.mark.parametrize("text", PLACES)
def test_keys_are_short_tuples_of_filled_strings(text):
    where = place(at(text))
    for model in read(where.kind):
        for key in model.keys(where):
            assert len(key) <= 3
            assert all(isinstance(part, str) and part for part in key)


def test_bases_of_imported_classes():
    assert bases_of("collections.OrderedDict") == ("dict",)
    assert bases_of("bool") == ("int",)
    assert bases_of("collections") == bases_of("not_there.X") == bases_of("") == ()
    assert collections


def test_looking_up_bases_runs_no_code(monkeypatch):
    module = types.ModuleType("lazy_module")

    def refuse(name):
        raise AssertionError(f"asked for {name}")

    module.__getattr__ = refuse
    monkeypatch.setitem(sys.modules, "lazy_module", module)
    assert bases_of("lazy_module.Thing") == ()


PLAIN = [
    ("list.push(1);\nlist.le", "attribute", "list", "le", ("push",)),
    ("a.b().", "attribute", "a.b()", "", ()),
    ("const x = fo", "name", None, "fo", ()),
    ("// a.b\nx?.", "attribute", "x", "", ()),
    ("", "name", None, "", ()),
    ('let s = "a.b.c"; t.u; t.', "attribute", "t", "", ("u",)),
]


@pytest.mark.parametrize(("text", "kind", "receiver", "typed", "earlier"), PLAIN)
def test_plain_points(text, kind, receiver, typed, earlier):
    point = plain.point(text, len(text))
    assert (point.kind, point.receiver, point.prefix) == (kind, receiver, typed)
    assert point.earlier == earlier
    assert point.start == len(text) - len(typed)
    assert not {"b", "c"} & set(point.history.names) or "b()" in text
