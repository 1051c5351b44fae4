"""Mined points turned into lists for the network, its calibration, its judgement."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from kernel_ext.context import Point
from kernel_ext.corpus import Document, Pools
from kernel_ext.ranker import prefix
from kernel_ext.ranker.features import FEATURES, NUMBERS, SLOTS, WIDTH, Inputs
from kernel_ext.ranker.mix import mix
from kernel_ext.ranker.subtokens import LONGEST

SHARES = {
    "attribute": 0.5,
    "name": 0.2,
    "keyword": 0.12,
    "import": 0.12,
    "module": 0.06,
}
"""How a sample of points divides among the kinds."""


@dataclass(slots=True)
class Event:
    """A mined point with the list that would have been offered there."""

    document: Document
    point: Point
    labels: list[str]
    wanted: int
    """Position of the wanted name in `labels`, -1 if it is not there."""
    source: str
    """Where the labels come from: ``"live"``, ``"pooled"`` or ``"scope"``."""

    @property
    def first_use(self) -> bool:
        """Whether the document has not used the name before the point."""
        return not self.point.history.uses(self.point.name or "", self.point.order)


def chance(*parts: object) -> float:
    """Draw a number in 0..1 that depends on nothing but the arguments."""
    text = "\0".join(map(str, parts)).encode("utf-8", "replace")
    return zlib.crc32(text) / 2**32


def sample(document: Document, quotas: dict[str, int], seed: str) -> Iterator[Point]:
    """Draw points of a document, at most so many of each kind, in their order."""
    by_kind: dict[str, list[tuple[float, int, Point]]] = {}
    for i, point in enumerate(document.points()):
        if point.name and point.kind in quotas:
            draw = chance(seed, document.repository, document.path, i)
            by_kind.setdefault(point.kind, []).append((draw, i, point))
    chosen = []
    for kind, drawn in by_kind.items():
        drawn.sort(key=lambda x: x[:2])
        chosen += drawn[: quotas[kind]]
    chosen.sort(key=lambda x: x[1])
    yield from (point for _, _, point in chosen)


def event(document: Document, point: Point, pools: Pools, draw: float) -> Event | None:
    """Offer candidates at a mined point, as a kernel would; None if there are none.

    Before a ``=`` is typed a keyword argument and a name look alike, so both kinds
    of candidates are offered together at the start of an argument of a known
    callable, except in a part of the lists (by `draw`) where only the kind that is
    wanted is offered, as some sources do.
    """
    labels, source = pools.candidates(point)
    name = point.name or ""
    wanted = name
    if point.argument_start and point.kind in ("name", "keyword") and draw < 0.6:
        other = replace(point, kind="name" if point.kind == "keyword" else "keyword")
        others, _ = pools.candidates(other)
        names, keywords = (
            (others, labels) if point.kind == "keyword" else (labels, others)
        )
        labels = [*(f"{k}=" for k in keywords), *names]
        wanted = f"{name}=" if point.kind == "keyword" else name
    if len(labels) < 2:
        return None
    at = labels.index(wanted) if wanted in labels else -1
    return Event(document, point, labels, at, source)


def typed(one: Event, letters: int) -> Event | None:
    """Narrow an event to what matches the first letters; None if nothing is left."""
    if not letters:
        return one
    start = (one.point.name or "")[:letters]
    kept = [
        (i, label)
        for i, label in enumerate(one.labels)
        if prefix.match(label.removesuffix("="), start) <= prefix.START_ANY_CASE
    ]
    if not kept:
        return None
    wanted = next((j for j, (i, _) in enumerate(kept) if i == one.wanted), -1)
    return replace(
        one,
        point=replace(one.point, prefix=start),
        labels=[label for _, label in kept],
        wanted=wanted,
    )


class Batch:
    """Fixed-size arrays of lists, each cut down to its hardest candidates.

    A list keeps the wanted name, the best others by the untrained mix, and a few
    drawn from the rest, which stand for all of it: their scores get the logarithm of
    how many each stands for (importance sampling of the softmax's denominator).

    Parameters
    ----------
    size : int
        Number of lists.
    length : int
        Candidates kept of a list.
    """

    def __init__(self, size: int, length: int = 32):
        self.length = length
        self.features = np.zeros((size, length, len(FEATURES)), np.float16)
        self.candidates = np.zeros((size, length, LONGEST), np.uint16)
        self.context = np.zeros((size, len(SLOTS), WIDTH), np.uint16)
        self.numbers = np.zeros((size, len(NUMBERS)), np.float16)
        self.offset = np.full((size, length), -1e9, np.float32)
        self.filled = 0

    def add(
        self, known: Inputs, wanted: int, kind: str, rng: np.random.Generator
    ) -> None:
        """Add one list; its wanted name goes to position 0."""
        row, n = self.filled, len(known.features)
        order = np.argsort(-mix(known, kind), kind="stable")
        order = order[order != wanted]
        hard = self.length - 1 if n <= self.length else self.length - 9
        rest = order[hard:]
        drawn = rng.choice(rest, min(8, len(rest)), replace=False)
        picked = np.r_[wanted, order[:hard], drawn].astype(int)
        self.features[row, : len(picked)] = known.features[picked]
        self.candidates[row, : len(picked)] = known.candidates[picked]
        self.offset[row, : len(picked)] = 0.0
        if len(drawn):
            stands_for = np.log(len(rest) / len(drawn))
            self.offset[row, len(picked) - len(drawn) : len(picked)] = stands_for
        self.context[row] = known.context
        self.numbers[row] = known.numbers
        self.filled += 1

    def full(self) -> bool:
        """Tell whether no further list fits."""
        return self.filled == len(self.features)


def quotas(documents: int, total: int, most: int = 120) -> dict[str, int]:
    """Divide a repository's share of points among its documents and the kinds."""
    each = min(most, max(4, total // max(1, documents)))
    return {kind: max(1, round(each * share)) for kind, share in SHARES.items()}


def by_repository(
    documents: Iterable[Document],
) -> Iterator[tuple[str, list[Document]]]:
    """Group documents, which come in the order of their repositories."""
    group: list[Document] = []
    for document in documents:
        if group and group[0].repository != document.repository:
            yield group[0].repository, group
            group = []
        group.append(document)
    if group:
        yield group[0].repository, group


def thinned(documents: list[Document], most: int) -> list[Document]:
    """Keep at most so many documents of a repository, notebooks first, by chance."""

    def key(document: Document) -> tuple[bool, float]:
        return document.kind != "notebook", chance(document.repository, document.path)

    return sorted(documents, key=key)[:most]
