"""Whatever the text, nothing raises, and `at` sees what `points` saw there."""

from __future__ import annotations

import dataclasses
import keyword

import pytest
from hypothesis import given, settings, strategies as st

from kernel_ext import context

LABELS = {"name", "bound", "prefix"}
WORDS = st.sampled_from(
    "df np self x foo . . . ( ) [ ] { } , , = = : : == + - * % ! ? @ -> := ... ; # "
    "'a' \"b\" ''' \"\"\" f'{x.y}' f\"{ \\ 1 2.5 0x1e 1e-5 % %% %%bash %%time "
    "!ls f\"{x} { f'{f({x.y}".split()
    + keyword.kwlist
    + ["\n", "\n    ", "\n        ", "\n", context.CELL, "import pandas as pd\n"]
)
TEXTS = st.one_of(
    st.lists(st.tuples(WORDS, st.sampled_from(["", " "])), max_size=60).map(
        lambda words: "".join(word + space for word, space in words)
    ),
    st.text(max_size=80),
)


def features(point: context.Point) -> dict[str, object]:
    found = {
        f.name: getattr(point, f.name)
        for f in dataclasses.fields(point)
        if f.compare and f.name not in LABELS
    }
    if found["kind"] == "keyword":
        found["kind"] = "name"
    return found


def check(text: str, typed: int = 0) -> int:
    """Compare the points of a text with what is seen on typing them."""
    mined = context.points(text)
    for point in mined:
        cursor = point.start + min(typed, len(point.name))
        seen = context.at(text, cursor)
        assert features(seen) == features(point), text[: point.start]
        assert seen.prefix == text[point.start : cursor]
        order, old = point.order, point.history
        assert seen.history.names[:order] == old.names[:order]
        assert seen.history.roles[:order] == old.roles[:order]
        assert seen.history.lines[:order] == old.lines[:order]
        assert text.startswith(point.name, point.start)
        assert old.names[order] == point.name
    return len(mined)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.integers(0, 2))
def test_at_equals_points(text, typed):
    check(text, typed)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.data())
def test_any_cursor_is_described(text, data):
    cursor = data.draw(st.integers(0, len(text)))
    point = context.at(text, cursor)
    assert text[:cursor].endswith(point.prefix)
    assert point.start + len(point.prefix) == cursor or len(point.prefix) == 200


@pytest.mark.parametrize(
    "module", ["argparse", "dataclasses", "json.decoder", "typing"]
)
def test_at_equals_points_in_real_files(module):
    import importlib
    import inspect

    text = inspect.getsource(importlib.import_module(module))[:30_000]
    assert check(text) > 400


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_a_reading_that_goes_back_forgets_nothing_else(texts):
    """Alternating between texts gives what a fresh reading gives."""
    for text in [*texts, *reversed(texts)]:
        seen = context.at(text, len(text))
        fresh = context.points(text)
        bound = {k: v for k, v in seen.history.bindings.items() if v}
        assert all(order < seen.order for orders in bound.values() for order in orders)
        assert len(seen.history.names) == seen.order >= len(fresh) - 1
