"""From a mined corpus to a weights file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kernel_ext import corpus
from kernel_ext.context import Point
from kernel_ext.corpus import Document, Pools
from kernel_ext.ranker import calibrate, weights
from kernel_ext.ranker.calibrate import Scale
from kernel_ext.ranker.counts import Counts
from kernel_ext.ranker.features import FEATURES, NUMBERS, SLOTS, WIDTH, Describer
from kernel_ext.ranker.place import place
from kernel_ext.ranker.ranker import LETTERS, Ranker, signature
from kernel_ext.ranker.subtokens import Vocabulary
from kernel_ext.training import build, examples
from kernel_ext.training.examples import Batch, chance

LETTER_SHARES = ((0.72, 0), (0.90, 1), (1.0, 2))
"""Cumulated shares of lists with nothing, one letter, two letters typed."""


class Plan(NamedTuple):
    """Sizes of a training run.

    Counted are at most `documents` of a repository and one plain name in
    `every_name`; the network sees about `points` lists, from at most `sampled`
    documents of a repository; `rate` is the learning rate at the start.
    """

    points: int = 70_000
    epochs: int = 5
    folds: int = 3
    documents: int = 70
    sampled: int = 40
    every_name: int = 4
    vocabulary: int = 7000
    batch: int = 128
    shard: int = 12_800
    rate: float = 2e-3
    seed: int = 0


class Learned(NamedTuple):
    """What the passes over the corpus leave: tallies, names, and the vocabulary."""

    tallies: list[build.Tally]
    names: build.Names
    entries: list[str]
    points: int


def say(text: str, started: float) -> None:
    """Print a line with the minutes since the start."""
    print(f"[{(time.monotonic() - started) / 60:5.1f} min] {text}", flush=True)


def count(cache: Path, plan: Plan, started: float) -> Learned:
    """Tally all training documents."""
    names, tallies, points = build.Names(), [], 0
    documents = corpus.documents(cache, split="train")
    for repository, group in examples.by_repository(documents):
        group = examples.thinned(group, plan.documents)
        every = list(_counted(group, plan.every_name))
        tallies.append(build.tally(repository, every, names, plan.folds))
        points += len(every)
        say(f"{repository}: {len(group)} documents, {len(every)} points", started)
    entries = build.vocabulary(tallies, names, plan.vocabulary)
    return Learned(tallies, names, entries, points)


def _counted(group: Sequence[Document], every_name: int) -> Iterator[Point]:
    """Give all points, but only one plain name in so many: names abound."""
    names = 0
    for document in group:
        for point in document.points():
            names += point.kind == "name"
            if point.kind != "name" or names % every_name == 0:
                yield point


def pools(cache: Path, counts: Counts, most: int = 1000) -> Pools:
    """Make candidate pools whose common names come from the counts."""
    common = []
    for table in ("member", "keyword"):
        row = counts.row(table, ())
        numbers: Any = ()
        if row is not None:
            numbers = row.names[np.argsort(-row.counts)[:most]]
        common.append([counts.names[i] for i in numbers])
    return Pools(cache, *common)


def describe(
    cache: Path, plan: Plan, learned: Learned, offered: Pools, started: float
) -> list[Batch]:
    """Make training lists, each described by counts without its own fold."""
    vocabulary = Vocabulary(learned.entries)
    rng = np.random.default_rng(plan.seed)
    batches = [Batch(plan.shard)]
    share = plan.points // max(1, len(learned.tallies))
    for fold in range(plan.folds):
        counts = build.merge(learned.tallies, learned.names, without={fold})
        describer = Describer(counts, vocabulary)
        for document, wanted in _sampled(cache, plan, fold, share):
            draw = chance("list", document.repository, document.path, wanted.start)
            one = examples.event(document, wanted, offered, draw)
            if one is None or one.wanted < 0:
                continue
            draw = chance("typed", document.repository, document.path, wanted.start)
            letters = next(n for upto, n in LETTER_SHARES if draw <= upto)
            one = examples.typed(one, letters)
            if one is None or len(one.labels) < 2:
                continue
            where = place(one.point)
            known = describer(one.point, where, one.labels)
            if batches[-1].full():
                batches.append(Batch(plan.shard))
            batches[-1].add(known, one.wanted, where.kind, rng)
        say(f"fold {fold}: {sum(b.filled for b in batches)} lists", started)
    return batches


def _sampled(cache: Path, plan: Plan, fold: int, share: int) -> Any:
    documents = corpus.documents(cache, split="train")
    for repository, group in examples.by_repository(documents):
        if build.fold_of(repository, plan.folds) != fold:
            continue
        group = examples.thinned(group, plan.sampled)
        quotas = examples.quotas(len(group), 2 * share)
        left = 2 * share
        for document in group:
            for point in examples.sample(document, quotas, "train"):
                if left:
                    left -= 1
                    yield document, point


def fit(
    batches: Sequence[Batch], vocabulary: int, plan: Plan, started: float
) -> dict[str, Any]:
    """Train the network; give its sizes and arrays as the weights file holds them."""
    import dlcore
    from kernel_ext.ranker import network

    mean, scale = scaling(batches)
    sizes = network.Sizes(len(FEATURES), len(NUMBERS), vocabulary, len(SLOTS), WIDTH)
    dlcore.utils.set_random_seed(plan.seed)
    model = network.build(sizes, dropout=0.25)
    model.compile(
        optimizer=dlcore.optimizers.Adam(plan.rate),
        loss=dlcore.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    steps = plan.epochs * len(batches)
    rng = np.random.default_rng(plan.seed)
    for epoch in range(plan.epochs):
        losses: list[float] = []
        for i in rng.permutation(len(batches)):
            done = epoch * len(batches) + len(losses)
            rate = plan.rate * 0.5 * (1 + math.cos(math.pi * done / steps))
            model.optimizer.learning_rate = max(rate, plan.rate / 50)
            x, y = arrays(batches[i], mean, scale, plan.batch)
            history = model.fit(x, y, batch_size=plan.batch, epochs=1, verbose=0)
            losses.append(history.history["loss"][-1])
        say(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}", started)
    return {
        "sizes": sizes._asdict(),
        "arrays": network.to_arrays(model, mean, scale),
    }


def scaling(batches: Sequence[Batch]) -> tuple[np.ndarray, np.ndarray]:
    """Find the mean and the inverse spread of every feature over real candidates."""
    one = batches[0]
    real = one.features[: one.filled][one.offset[: one.filled] > -1.0]
    real = real.astype(np.float32)
    mean, spread = real.mean(axis=0), real.std(axis=0)
    return mean, np.where(spread > 1e-3, 1.0 / np.maximum(spread, 1e-3), 1.0)


def arrays(
    batch: Batch, mean: np.ndarray, scale: np.ndarray, size: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Give whole batches as the model's inputs; the wanted name is at position 0."""
    n = batch.filled - batch.filled % size or batch.filled
    features = (batch.features[:n].astype(np.float32) - mean) * scale
    x = [
        features,
        batch.candidates[:n].astype(np.int32),
        batch.context[:n].astype(np.int32),
        batch.numbers[:n].astype(np.float32),
        batch.offset[:n],
    ]
    return x, np.zeros(n, np.int32)


def calibrated(ranker: Ranker, events: Callable[[], Any]) -> dict[str, Scale]:
    """Fit probabilities on validation events, by kind and letters typed."""
    lists: dict[str, tuple[list[np.ndarray], list[int]]] = {}
    for one in events():
        for letters in range(LETTERS + 1):
            narrowed = examples.typed(one, letters)
            if narrowed is None:
                continue
            where = place(narrowed.point)
            scores = ranker.scored(narrowed.point, where, narrowed.labels).scores
            found = lists.setdefault(f"{where.kind}/{letters}", ([], []))
            found[0].append(scores)
            found[1].append(narrowed.wanted)
    return {key: calibrate.fit(*found) for key, found in sorted(lists.items())}


def write(
    path: Path,
    counts: Counts,
    learned: Learned,
    network: dict[str, Any] | None,
    scales: dict[str, Scale],
    points: int,
) -> int:
    """Write the weights file; give its size in bytes."""
    parts = {f"counts/{k}": v for k, v in counts.to_arrays().items()}
    if network:
        parts |= {f"network/{k}": v for k, v in network["arrays"].items()}
    meta = {
        "language": "python",
        "features": signature(),
        "vocabulary": learned.entries,
        "sizes": network["sizes"] if network else None,
        "scales": {key: list(scale) for key, scale in scales.items()},
        "repositories": len(learned.tallies),
        "points_counted": learned.points,
        "points_trained": points,
    }
    return weights.write(path, parts, meta)


def calibrating(document: Document) -> bool:
    """Tell whether a validation document serves calibration rather than reports."""
    owner = document.repository.partition("/")[0].lower()
    return chance("calibration", owner) < 0.4
