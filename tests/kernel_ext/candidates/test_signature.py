"""Signatures that are read, compared with those that ``inspect`` gives."""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import textwrap

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from kernel_ext.candidates import signature, static
from kernel_ext.candidates.candidate import kind_of

kinds = inspect.Parameter


def plain(a, /, b, c=1, *args, d, e="x", **more): ...


@functools.wraps(plain)
def wrapped(*args, **kwargs): ...


class Model:
    def __init__(self, units, *, bias=True): ...

    def __call__(self, inputs, training=False): ...

    @classmethod
    def load(cls, path, safe=True): ...

    @staticmethod
    def name(of): ...


class Odd:
    def __repr__(self):
        raise AssertionError("a default's repr was run")


def odd_default(x=Odd(), y=(1, 2), z="long" * 20): ...  # noqa: B008


CALLABLES = [
    plain, wrapped, Model, Model(1), Model.load, Model.name,
    functools.partial(plain, 1),
    sorted, print, len, json.dumps, textwrap.wrap,
    subprocess.run, np.mean, np.linspace, np.concatenate, pd.read_csv, pd.DataFrame,
    pd.concat, LogisticRegression, str.split, "a".split, [].sort, {}.get, isinstance,
    lambda *, k=None: k,
]  # fmt: skip


@pytest.mark.parametrize(
    "function", CALLABLES, ids=lambda f: getattr(f, "__name__", "x")
)
def test_parameters_are_those_of_inspect(function):
    expected = inspect.signature(function).parameters.values()
    found = signature.parameters(function)
    if type(function) is type(str.split):
        expected = list(expected)[1:]  # self is not shown
    assert [p.name for p in found] == [p.name for p in expected]
    names = {
        kinds.POSITIONAL_ONLY: "positional", kinds.POSITIONAL_OR_KEYWORD: "both",
        kinds.VAR_POSITIONAL: "*", kinds.KEYWORD_ONLY: "keyword",
        kinds.VAR_KEYWORD: "**",
    }  # fmt: skip
    assert [p.kind for p in found] == [names[p.kind] for p in expected]
    given = [bool(p.default) for p in found]
    assert given == [p.default is not p.empty for p in expected]


@pytest.mark.parametrize(
    ("owner", "name", "text"),
    [
        (pd.DataFrame, "head", "(n=5)"),
        (str, "split", "(sep=None, maxsplit=-1)"),
        (Model, "__init__", "(units, *, bias=True)"),
        (Model, "load", "(path, safe=True)"),
        (Model, "name", "(of)"),
    ],
)
def test_signature_of_a_method_is_without_self(owner, name, text):
    raw = static.find(owner, name)
    assert signature.signature_of(raw, bound=True) == text


def test_defaults_that_are_no_constants_are_not_asked_for_their_repr():
    assert signature.signature_of(odd_default) == "(x=…, y=…, z=…)"


def test_a_long_signature_is_cut():
    names = ", ".join(f"parameter_{i}=None" for i in range(50))
    function = eval(f"lambda {names}: 0")
    assert len(signature.signature_of(function)) == 160


@pytest.mark.parametrize("obj", [3, "text", None, object(), static.MISSING])
def test_what_is_not_called_has_no_signature(obj):
    assert signature.signature_of(obj) == ""


@pytest.mark.parametrize(
    ("raw", "in_class", "kind"),
    [
        (len, False, "function"),
        (plain, False, "function"),
        (plain, True, "method"),
        (np.sin, False, "function"),
        (np.mean, False, "function"),
        (functools.lru_cache(plain), False, "function"),
        (static.find(Model, "load"), True, "method"),
        (static.find(pd.DataFrame, "shape"), True, "property"),
        (static.find(np.ndarray, "shape"), True, "property"),
        (Model, False, "class"),
        (json, False, "module"),
        (3, False, "instance"),
        (Model(1), False, "instance"),
        (static.MISSING, False, ""),
    ],
)
def test_kinds(raw, in_class, kind):
    assert kind_of(raw, in_class) == kind


@pytest.mark.parametrize("obj", [len, plain, np.sin, np.mean, pd.DataFrame, str, json])
def test_docstrings(obj):
    assert signature.documentation_of(obj) == (obj.__doc__ or "")
