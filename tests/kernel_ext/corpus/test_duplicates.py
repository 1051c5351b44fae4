"""Near duplicates are found as comparing all pairs would find them."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from kernel_ext.corpus.duplicates import (
    FEWEST,
    SIMILAR,
    fingerprint,
    identifiers,
    jaccard,
    near_duplicates,
    pack,
    unpack,
)


def text(names: list[str]) -> str:
    return " + ".join(names)


def test_comments_and_white_space_do_not_count():
    left = identifiers("a = b  # one.two\n")
    assert list(left) == list(identifiers("a=b # drei.vier"))
    assert fingerprint("a = b\n") == fingerprint(" a=b")
    assert list(unpack(pack(left))) == list(left)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(25, 60)), max_size=12))
def test_banding_finds_what_all_pairs_find(ranges):
    documents = [
        identifiers(text([f"n{i}" for i in range(a, a + n)])) for a, n in ranges
    ]
    wanted: dict[int, int] = {}
    for number, words in enumerate(documents):
        for other in range(number):
            if other not in wanted and jaccard(words, documents[other]) >= SIMILAR:
                wanted[number] = other
                break
    assert near_duplicates(documents) == wanted


def test_small_documents_are_never_similar():
    few = identifiers(text([f"n{i}" for i in range(FEWEST - 1)]))
    assert near_duplicates([few, few]) == {}
