"""From a small mined cache to weights and a report."""

from __future__ import annotations

import gzip
import json
import random
import time

import numpy as np
import pytest

from kernel_ext.corpus import documents
from kernel_ext.corpus.splits import split
from kernel_ext.ranker import prefix
from kernel_ext.ranker.place import place
from kernel_ext.ranker.ranker import Ranker
from kernel_ext.ranker.subtokens import Vocabulary
from kernel_ext.training import build, evaluate, examples, train

MEMBERS = ["abs", "describe", "drop", "groupby", "head", "info", "tail", "zzz"]


def notebook(rng):
    """Write a notebook in which `head` comes first and `tail` follows `drop`."""
    lines = ["import pandas as pd", "df = pd.read_csv('a.csv')", "df.head()"]
    for _ in range(12):
        if rng.random() < 0.5:
            lines += ["df.drop()", "df.tail()"]
        else:
            lines.append(f"df.{rng.choice(['info', 'describe', 'groupby'])}()")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    (folder / "repositories").mkdir()
    rng = random.Random(0)
    for i in range(40):
        name = f"owner{i}/books"
        record = dict(repository=name, commit="c0", licence="MIT", split=split(name))
        lines = [record] + [
            dict(path=f"{n}.ipynb", kind="notebook", text=notebook(rng))
            for n in range(3)
        ]
        path = folder / "repositories" / (name.replace("/", "+") + ".jsonl.gz")
        with gzip.open(path, "wt") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "duplicates.json").write_text("{}")
    return folder


class Offers:
    """Stands in for the pools of live names."""

    def candidates(self, point):
        return MEMBERS if point.kind == "attribute" else [], "live"


@pytest.fixture(scope="module")
def trained(cache, tmp_path_factory):
    started = time.monotonic()
    plan = train.Plan(points=1500, epochs=4, folds=2, batch=32, shard=256, rate=5e-3)
    learned = train.count(cache, plan, started)
    batches = train.describe(cache, plan, learned, Offers(), started)
    size = len(Vocabulary(learned.entries))
    fitted = train.fit(batches, size, plan, started)
    path = tmp_path_factory.mktemp("weights") / "w.npz"
    counts = build.merge(learned.tallies, learned.names)
    train.write(path, counts, learned, fitted, {}, 1)
    scales = train.calibrated(
        Ranker.load(path), lambda: evaluate.events(cache, Offers(), 60)
    )
    train.write(path, counts, learned, fitted, scales, 1)
    return path, learned, batches, fitted


def test_reports_see_no_training_repository(cache, trained):
    _, learned, _, _ = trained
    seen = {t.repository for t in learned.tallies}
    judged = {e.document.repository for e in evaluate.events(cache, Offers(), 60)}
    assert seen
    assert judged
    assert not seen & judged
    owners = {name.partition("/")[0] for name in seen}
    assert not owners & {name.partition("/")[0] for name in judged}


def test_the_stored_network_scores_like_the_trained_one(trained):
    from kernel_ext.ranker import network

    _, _, batches, fitted = trained
    sizes = network.Sizes(**fitted["sizes"])
    stored = network.Network(sizes, fitted["arrays"])
    batch = batches[0]
    for row in range(4):
        n = int((batch.offset[row] > -1).sum())
        known = examples.Inputs(
            batch.features[row, :n].astype(np.float32),
            batch.candidates[row, :n].astype(np.int32),
            batch.context[row].astype(np.int32),
            batch.numbers[row].astype(np.float32),
        )
        scores = stored.scores(known)
        assert scores.shape == (n,)
        assert np.isfinite(scores).all()
        x, _ = train.arrays(batch, stored.mean, stored.scale, batch.filled)
        want = np.asarray(stored.model([a[row : row + 1] for a in x]))[0, :n]
        assert scores == pytest.approx(want, abs=1e-4)


def test_the_network_beats_the_alphabet_and_shares_what_it_knows(cache, trained):
    ranker = Ranker.load(trained[0])
    judged = evaluate.judge(ranker, evaluate.events(cache, Offers(), 60))
    result = evaluate.report(judged)
    row = result["slices"]["notebooks, attributes, receiver known"]
    assert row["scores"]["ranker"].mrr > row["scores"]["alphabetical"].mrr + 0.2
    assert row["scores"]["ranker"].mrr > row["scores"]["popularity"].mrr
    assert row["missing"] > 0  # read_csv is not among the offers
    low, high = row["interval"]
    assert low.mrr <= row["scores"]["ranker"].mrr <= high.mrr
    assert "| notebooks, attributes, first use |" in evaluate.text(result)


def test_a_point_is_described_without_its_own_repository(cache, trained, monkeypatch):
    _, learned, _, _ = trained
    left_out = []
    merge = build.merge

    def spy(tallies, names, without=()):
        left_out.append(set(without))
        return merge(tallies, names, without)

    monkeypatch.setattr(build, "merge", spy)
    plan = train.Plan(points=60, folds=2, shard=256)
    train.describe(cache, plan, learned, Offers(), time.monotonic())
    assert left_out == [{0}, {1}]


def test_letters_narrow_a_list(cache):
    for one in evaluate.events(cache, Offers(), 20):
        narrowed = examples.typed(one, 1)
        if narrowed is None:
            assert one.wanted < 0
            continue
        start = narrowed.point.prefix
        assert all(
            prefix.match(label, start) <= prefix.START_ANY_CASE
            for label in narrowed.labels
        )
        if one.wanted >= 0:
            assert narrowed.labels[narrowed.wanted] == one.labels[one.wanted]


def test_samples_are_the_same_every_time(cache):
    def drawn():
        return [
            (e.document.path, e.point.start, e.point.name)
            for e in evaluate.events(cache, Offers(), 40)
        ]

    assert drawn() == drawn() != []


def test_a_batch_keeps_the_wanted_name_first_and_weighs_the_rest(small_describer):
    describer, point = small_describer
    labels = sorted(f"name_{i:03}" for i in range(200))
    known = describer(point, place(point), labels)
    batch = examples.Batch(1, length=32)
    batch.add(known, 77, "attribute", np.random.default_rng(0))
    assert np.array_equal(batch.candidates[0, 0], known.candidates[77])
    assert (batch.offset[0] == 0).sum() == 24
    weights = batch.offset[0][batch.offset[0] > 0]
    assert weights == pytest.approx(np.log((200 - 24) / 8))
    assert batch.full()


@pytest.fixture
def small_describer(trained):
    from kernel_ext import context
    from kernel_ext.ranker.features import Describer

    _, learned, _, _ = trained
    counts = build.merge(learned.tallies, learned.names)
    text = "import pandas as pd\ndf = pd.read_csv('a')\ndf."
    return Describer(counts, Vocabulary(learned.entries)), context.at(text, len(text))


def test_calibration_and_reports_use_different_owners(cache):
    kinds = {train.calibrating(d) for d in documents(cache)}
    assert kinds == {True, False}
    by_owner = {}
    for document in documents(cache):
        owner = document.repository.partition("/")[0]
        by_owner.setdefault(owner, set()).add(train.calibrating(document))
    assert all(len(sides) == 1 for sides in by_owner.values())


def test_the_command_says_what_is_missing(tmp_path, capsys):
    from kernel_ext.training.__main__ import main

    assert main(["build", str(tmp_path), "--weights", str(tmp_path / "w.npz")]) == 2
    assert "no mined corpus" in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path), "--weights", str(tmp_path / "w.npz")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_the_list_of_repositories_names_what_was_used(tmp_path):
    from kernel_ext.training import card

    records = [
        dict(repository="b/x", commit="1", licence="MIT", split="train", counts={}),
        dict(repository="A/y", commit="2", licence="BSD", split="validation",
             counts={"files": 3, "notebooks": 4}),
        dict(repository="c/unused", commit="3", licence="MIT", split="train"),
    ]  # fmt: skip
    card.repositories(tmp_path / "r.csv", records, {"b/x"})
    assert (tmp_path / "r.csv").read_text().splitlines() == [
        "repository,commit,licence,split,files,notebooks",
        "A/y,2,BSD,validation,3,4",
        "b/x,1,MIT,train,0,0",
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]
