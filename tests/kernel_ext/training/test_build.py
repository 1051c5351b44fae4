"""Counting: what is counted, what is kept, whose vote is left out."""

from __future__ import annotations

import numpy as np
import pytest

from kernel_ext import context
from kernel_ext.ranker.counts import Counts
from kernel_ext.training import build

HEAD = "import pandas as pd\ndf = pd.read_csv('a')\ndf.head()\n"
TAIL = "import pandas as pd\ndf = pd.read_csv('a')\ndf.tail()\ndf.tail()\n"


def tallied(texts, folds=4):
    names = build.Names()
    return [
        build.tally(repository, context.points(text), names, folds)
        for repository, text in texts.items()
    ], names


def usage(counts: Counts, table, *key):
    row = counts.row(table, key)
    if row is None:
        return {}
    return {
        counts.names[n]: (round(float(c), 1), int(r))
        for n, c, r in zip(row.names, row.counts, row.repositories, strict=True)
    }


def test_names_are_counted_by_repository_and_damped():
    counts = build.merge(*tallied({"a/x": HEAD, "b/x": HEAD, "c/x": TAIL, "d/x": TAIL}))
    found = usage(counts, "member_type", "pandas:DataFrame")
    assert found["head"] == (pytest.approx(2.0, abs=0.11), 2)
    assert found["tail"] == (pytest.approx(2 * 2**build.DAMPING, abs=0.2), 2)
    row = counts.row("member_type", ("pandas:DataFrame",))
    assert row.spread == 4


def test_what_one_repository_alone_uses_is_dropped():
    counts = build.merge(*tallied({"a/x": HEAD, "b/x": HEAD, "c/x": TAIL}))
    assert set(usage(counts, "member_type", "pandas:DataFrame")) == {"head"}
    assert "tail" not in counts.names


def test_what_follows_is_counted_by_what_came_before():
    counts = build.merge(*tallied({"a/x": TAIL, "b/x": TAIL}))
    assert set(usage(counts, "member_markov", "pandas:DataFrame", "tail")) == {"tail"}
    assert set(usage(counts, "member_markov", "pandas:DataFrame", "^")) == {"tail"}
    assert usage(counts, "module_shape", "import")["pandas"][1] == 2


def test_keywords_count_apart_from_names():
    text = "import pandas as pd\npd.read_csv('a', sep=sep, header=None)\n"
    counts = build.merge(*tallied({f"{c}/x": text for c in "abc"}))
    found = usage(counts, "keyword_call", "pandas:read_csv")
    assert set(found) == {"sep", "header"}
    assert "header" in usage(counts, "keyword_markov", "pandas:read_csv", "sep")
    assert "header" not in usage(counts, "name")


def test_a_left_out_fold_has_no_vote():
    texts = {f"owner{i}/x": HEAD if i % 2 else TAIL for i in range(12)}
    tallies, names = tallied(texts, folds=2)
    kept = {t.repository for t in tallies if t.fold != 0}
    part = build.merge(tallies, names, without={0})
    alone, again = tallied({r: texts[r] for r in kept}, folds=2)
    want = build.merge(alone, again)
    for table in ("member_type", "member"):
        key = ("pandas:DataFrame",) if table == "member_type" else ()
        assert usage(part, table, *key) == usage(want, table, *key)
    assert 0 < len(kept) < 12


def test_repositories_of_an_owner_share_a_fold():
    assert build.fold_of("Ann/x", 5) == build.fold_of("ann/y", 5)


def test_names_that_cannot_be_stored_are_skipped(monkeypatch):
    names = build.Names()
    assert names("x" * 100) == -1
    assert names("a\nb") == -1
    assert [names("a"), names("b"), names("a")] == [0, 1, 0]
    monkeypatch.setattr(build, "LIMIT", 2)
    assert names("c") == -1


def test_arrays_round_trip():
    counts = build.merge(*tallied({f"{c}/x": HEAD + TAIL for c in "abc"}))
    again = Counts.from_arrays(counts.to_arrays())
    assert again.names == counts.names
    for title, table in counts.tables.items():
        for field in table.FIELDS:
            assert np.array_equal(
                getattr(table, field), getattr(again.tables[title], field)
            )
    assert usage(again, "member_type", "pandas:DataFrame") == usage(
        counts, "member_type", "pandas:DataFrame"
    )


def test_the_vocabulary_lists_words_and_whole_names():
    tallies, names = tallied({f"{c}/x": HEAD for c in "abc"})
    entries = build.vocabulary(tallies, names, 100)
    assert {"=read_csv", "read", "csv", "=head", "head"} <= set(entries)
    assert build.vocabulary(tallies, names, 3) == entries[:3]
