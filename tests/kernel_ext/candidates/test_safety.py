"""Nothing that the user wrote is run, however odd.

Every special method of these classes counts its calls; the count must stay at zero.
"""

from __future__ import annotations

import collections
import functools
import types

import pandas as pd
import pytest

from kernel_ext import candidates
from kernel_ext.candidates import trust, value

RUNS: collections.Counter = collections.Counter()
ARMED = [False]


def trap(name: str, answer: object = None):
    """Return a method that counts its runs."""

    def method(*args, **kwargs):
        if ARMED[0]:
            RUNS[name] += 1
        if name == "__getattribute__":
            return object.__getattribute__(*args)
        if name == "meta.__getattribute__":
            return type.__getattribute__(*args)
        return answer

    return method


OBJECT_TRAPS = {
    name: trap(name, answer)
    for name, answer in {
        "__getattr__": 0, "__getattribute__": 0, "__dir__": [], "__eq__": True,
        "__hash__": 1, "__bool__": True, "__len__": 3, "__iter__": iter(()),
        "__getitem__": 0, "__contains__": True, "__repr__": "x", "__str__": "x",
        "__format__": "x", "__call__": 0, "__add__": 0, "__radd__": 0, "__neg__": 0,
        "__lt__": True, "__gt__": True, "__index__": 0, "__float__": 0.0,
        "__enter__": 0, "__exit__": None, "__await__": iter(()), "__reduce_ex__": 0,
        "__sizeof__": 0, "__fspath__": "x", "_ipython_key_completions_": [],
        "__next__": 0, "__and__": 0, "keys": [], "__instancecheck__": True,
    }.items()
}  # fmt: skip


class Descriptor:
    __get__ = trap("__get__", 0)
    __set_name__ = trap("__set_name__")


class DataDescriptor(Descriptor):
    __set__ = trap("__set__")


class Meta(type):
    __getattribute__ = trap("meta.__getattribute__")
    __getattr__ = trap("meta.__getattr__")
    __dir__ = trap("meta.__dir__", [])
    __eq__ = trap("meta.__eq__", True)
    __hash__ = trap("meta.__hash__", 1)
    __instancecheck__ = trap("meta.__instancecheck__", True)
    __subclasscheck__ = trap("meta.__subclasscheck__", True)
    __call__ = trap("meta.__call__", 0)
    __len__ = trap("meta.__len__", 1)
    __bool__ = trap("meta.__bool__", True)
    __iter__ = trap("meta.__iter__", iter(()))
    __repr__ = trap("meta.__repr__", "x")
    __getitem__ = trap("meta.__getitem__", 0)
    __prepare__ = classmethod(lambda *a, **k: {})


def annotated(x: RUNS.update(run=1) or int) -> RUNS.update(run=1) or int: ...


def make(meta: type = type, **more):
    body = {
        **OBJECT_TRAPS,
        "prop": property(trap("property", 0)),
        "hinted": property(annotated),
        "cached": functools.cached_property(trap("cached_property", 0)),
        "raw": Descriptor(),
        "data": DataDescriptor(),
        "method": annotated,
        "__class__": property(trap("__class__", int)),
        "__doc__": property(trap("__doc__", "x")),
        "__signature__": property(trap("__signature__")),
        "__wrapped__": property(trap("__wrapped__")),
        "__name__": property(trap("__name__", "x")),
        "__text_signature__": property(trap("__text_signature__", "()")),
        **more,
    }
    return type.__new__(meta, "Trap", (), body)


class HidingDict(dict):
    __getitem__ = trap("dict.__getitem__", 0)
    __iter__ = trap("dict.__iter__", iter(()))
    __len__ = trap("dict.__len__", 0)
    keys = trap("dict.keys", ())
    items = trap("dict.items", ())
    get = trap("dict.get", 0)
    __contains__ = trap("dict.__contains__", True)


class EqualKey:
    def __init__(self, like: str):
        self.code = hash(like)

    def __hash__(self):
        return self.code

    def __eq__(self, other):
        if ARMED[0]:
            RUNS["key.__eq__"] += 1
        return True


class UserFrame(pd.DataFrame):
    __dir__ = trap("frame.__dir__", [])
    columns = property(trap("frame.columns", ()))
    __getitem__ = trap("frame.__getitem__", 0)


def forged() -> type:
    """Return a class that says it is pandas' DataFrame."""
    body = {"__dir__": trap("forged.__dir__", []), "columns": property(trap("forged"))}
    cls = type("DataFrame", (), body)
    cls.__module__, cls.__qualname__ = "pandas", "DataFrame"
    return cls


def trapped_module() -> types.ModuleType:
    module = types.ModuleType("trapped")
    module.__dict__.update(
        __getattr__=trap("module.__getattr__", 0),
        __dir__=trap("module.__dir__", []),
        __all__=collections.UserList(["x"]),
        x=1,
    )
    return module


@pytest.fixture(scope="module")
def namespace():
    plain, meta = make(), make(Meta)
    shadow = make(__dict__=property(trap("__dict__", {})))
    hiding = HidingDict(a=1)
    frame = UserFrame({"price": [1]})
    names = {
        "t": object.__new__(plain), "T": plain, "m": object.__new__(meta), "M": meta,
        "shadow": object.__new__(shadow), "hiding": hiding, "frame": frame,
        "fake": object.__new__(forged()), "mod": trapped_module(), "f": annotated,
        "d": {"k": object.__new__(plain), EqualKey("q"): 1},
        "L": [object.__new__(meta)],
        "part": functools.partial(object.__new__(plain), 1),
        "df": pd.DataFrame({"a": [1], "t": [object.__new__(plain)]}),
    }  # fmt: skip
    for obj in (names["t"], names["m"]):
        object.__getattribute__(obj, "__dict__")["own"] = object.__new__(meta)
    return names


RECEIVERS = [
    "t",
    "T",
    "m",
    "M",
    "shadow",
    "hiding",
    "frame",
    "fake",
    "mod",
    "f",
    "part",
]
FORMS = [
    "{0}.", "{0}.pro", "{0}._", "{0}.__", "{0}.prop.", "{0}.hinted.", "{0}.cached.",
    "{0}.raw.", "{0}.data.", "{0}.method.", "{0}.method(1).", "{0}.own.",
    "{0}.own.own.",
    "{0}.nothing.", "{0}.__class__.", "{0}.__doc__.", "{0}.__dict__.", "{0}.__name__.",
    "{0}().", "{0}()().", "{0}(1, x=2).", "{0}(", "{0}.method(", "{0}[0].", "{0}['a'].",
    "{0}[", "{0}['", "{0}[['", "{0}.loc[:, '", "{0}.groupby('", "f(data={0}, x='",
    "({0} + 1).", "(1 + {0}).", "(-{0}).", "(not {0}).", "({0} == 1).", "({0} < {0}).",
    "({0} and 1).", "(1 if {0} else 2).", "[{0}][0].", "{{'a': {0}}}['a'].", "f'{{{0}.",
    "x = {0}\nx.", "x = {0}.own\nx.", "for x in {0}:\n    x.", "with {0} as x:\n    x.",
    "for i, x in enumerate({0}):\n    x.", "x, y = {0}\nx.", "await {0}.",
    "(await {0}).",
    "x: {0} = 1\nx.", "def g(x: {0}):\n    x.", "def g(x: '{0}.own'):\n    x.",
    "class A({0}):\n    def g(self):\n        self.", "{0}", "", "d['k'].", "d['q'].",
    "d['", "d[{0}].", "L[0].", "L[{0}].", "df[{0}].", "df[{0} > 1].", "df.t.", "df['",
    "import mod\nmod.", "from mod import x\nx.", "from mod import ", "df.loc[{0}, '",
]  # fmt: skip


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_no_code_of_the_user_is_run(namespace, receiver):
    RUNS.clear()
    ARMED[0] = True
    try:
        for form in FORMS:
            text = form.format(receiver)
            found = candidates.at(text, len(text), ("y = 1",), namespace)
            for candidate in (*found.first, *found.candidates):
                _ = candidate.signature
                candidates.documentation(found, candidate.label)
    finally:
        ARMED[0] = False
    assert RUNS == {}


def test_the_traps_do_count(namespace):
    RUNS.clear()
    ARMED[0] = True
    try:
        obj, cls = namespace["m"], namespace["M"]
        _ = obj.prop, obj == 1, bool(obj), cls.nothing, isinstance(1, cls), dir(obj)
        _ = namespace["d"].get("q"), namespace["hiding"]["a"], dir(namespace["fake"])
    finally:
        ARMED[0] = False
    expected = {"property", "__getattribute__", "meta.__getattr__", "key.__eq__"}
    assert expected | {"dict.__getitem__", "forged.__dir__"} <= set(RUNS)


def test_names_are_found_all_the_same(namespace):
    def labels(text):
        found = candidates.at(text, len(text), (), namespace)
        return {c.label: c.type for c in (*found.first, *found.candidates)}

    assert labels("t.")["prop"] == "property"
    assert labels("t.")["method"] == "method"
    assert labels("t.")["own"] == "instance"
    assert labels("T.")["method"] == "method"
    assert labels("mod.") == {"x": "instance"}
    assert labels("hiding['") == {"a": "key"}
    assert "groupby" in labels("frame.")


def test_what_is_trusted(namespace):
    assert trust.is_trusted(pd.DataFrame)
    assert trust.is_trusted(dict)
    for name in ("frame", "fake", "t", "m", "hiding"):
        assert not trust.is_trusted(type(namespace[name]))
    assert value.public_name(type(namespace["fake"])) == "pandas.DataFrame"


def test_a_module_of_the_users_is_not_asked(tmp_path, monkeypatch):
    (tmp_path / "polaris_mine.py").write_text(
        "def __dir__():\n    raise SystemExit\ndef __getattr__(name):\n"
        "    raise SystemExit\nx = 1\n__all__ = ['x', 'late']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import polaris_mine

    found = candidates.at("polaris_mine.", 13, (), {"polaris_mine": polaris_mine})
    assert [c.label for c in found.candidates] == ["x", "late"]
