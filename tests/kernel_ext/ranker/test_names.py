"""Subtokens, prefixes and concealed names."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kernel_ext.ranker import prefix
from kernel_ext.ranker.subtokens import BUCKETS, LONGEST, Vocabulary, words

WORDS = [
    ("read_csv", ("read", "csv")),
    ("DataFrame", ("data", "frame")),
    ("HTMLParser2", ("html", "parser", "2")),
    ("iloc", ("iloc",)),
    ("__init__", ("init",)),
    ("Conv2DTranspose", ("conv", "2", "d", "transpose")),
    ("größe", ("größe",)),
    ("_", ()),
]


@pytest.mark.parametrize(("name", "expected"), WORDS)
def test_words(name, expected):
    assert words(name) == expected


def test_vocabulary_numbers_listed_words_after_the_buckets():
    vocabulary = Vocabulary(["read", "csv", "=read_csv"])
    first = 1 + BUCKETS
    assert len(vocabulary) == first + 3
    assert vocabulary.ids("read_csv") == (first + 2, first, first + 1)
    assert vocabulary.matrix(["csv", ""]).tolist() == [
        [first + 1] + [0] * (LONGEST - 1),
        [0] * LONGEST,
    ]
    assert vocabulary.bag(["read_csv", "csv"], 4).tolist() == [
        first + 2, first, first + 1, first + 1,
    ]  # fmt: skip


@given(st.lists(st.text(max_size=30), max_size=5))
def test_every_text_has_numbers_inside_the_table(names):
    vocabulary = Vocabulary(["a"])
    matrix = vocabulary.matrix(names)
    assert matrix.shape == (len(names), LONGEST)
    assert matrix.dtype == np.int32
    assert ((matrix >= 0) & (matrix < len(vocabulary))).all()


MATCHES = [
    ("head", "", prefix.START),
    ("head", "head", prefix.EXACT),
    ("head", "he", prefix.START),
    ("DataFrame", "data", prefix.START_ANY_CASE),
    ("read_csv", "csv", prefix.WORD_START),
    ("DataFrame", "fra", prefix.WORD_START),
    ("read_csv", "ead", prefix.INSIDE),
    ("head", "x", prefix.NONE),
]


@pytest.mark.parametrize(("name", "typed", "expected"), MATCHES)
def test_match(name, typed, expected):
    assert prefix.match(name, typed) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("head", 0), ("_x", 1), ("__add__", 2), ("_", 0), ("__x", 1)]
)
def test_concealed(name, expected):
    assert prefix.concealed(name) == expected
