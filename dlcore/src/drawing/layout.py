"""Where boxes stand and how arrows run: layers of boxes from top to bottom.

References
----------
Sugiyama, Tagawa and Toda, 1981, Methods for visual understanding of hierarchical
system structures: ranks, then order by means of neighbours, then places.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: Pixels between neighbours, between ranks, and around the inside of a model.
GAP, STEP, PAD = 28.0, 34.0, 16.0
#: Room that an arrow takes in a rank that it passes.
PASSING = 12.0
_ROUNDS = 8

Point = tuple[float, float]


@dataclass(eq=False)
class Place:
    """A rectangle: of a box, or of an arrow that passes (then ``box`` is None)."""

    width: float
    height: float
    box: Any = None
    x: float = 0.0
    y: float = 0.0
    rank: int = 0
    above: list[Place] = field(default_factory=list)
    below: list[Place] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Its middle, from left to right."""
        return self.x + self.width / 2


@dataclass
class Layout:
    """Places of boxes, the points that arrows go through, and the whole's size."""

    places: list[Place]
    arrows: list[list[Point]]
    width: float
    height: float


def laid_out(
    sizes: Sequence[tuple[Any, float, float]], arrows: Sequence[tuple[Any, Any]]
) -> Layout:
    """Lay boxes out from top to bottom.

    Parameters
    ----------
    sizes : sequence of (box, width, height)
        In an order in which most arrows lead forward.
    arrows : sequence of (box, box)

    Returns
    -------
    Layout
    """
    places = {id(box): Place(width, height, box) for box, width, height in sizes}
    order = {key: i for i, key in enumerate(places)}
    pairs = [(places[id(a)], places[id(b)]) for a, b in arrows if a is not b]
    forward = [p for p in pairs if order[id(p[0].box)] < order[id(p[1].box)]]
    for source, target in sorted(forward, key=lambda p: order[id(p[1].box)]):
        target.rank = max(target.rank, source.rank + 1)
    chains = [_chain(source, target) for source, target in forward]
    every = [*places.values(), *(p for chain in chains for p in chain[1:-1])]
    ranks = _ranked(every)
    _order(ranks)
    _spread(ranks)
    left = min((p.x for p in every), default=0.0)
    y = 0.0
    for rank in ranks:
        tallest = max(p.height for p in rank)
        for place in rank:
            place.x -= left
            place.y = y + (tallest - place.height) / 2
        y += tallest + STEP
    width = max((p.x + p.width for p in every), default=0.0)
    back = [p for p in pairs if order[id(p[0].box)] >= order[id(p[1].box)]]
    lines = [_through(chain) for chain in chains]
    lines += [[(a.middle, a.y + a.height), (b.middle, b.y)] for a, b in back]
    return Layout(list(places.values()), lines, width, max(y - STEP, 0.0))


def _chain(source: Place, target: Place) -> list[Place]:
    """Return the places an arrow goes through, one a rank."""
    between = [Place(PASSING, 0.0) for _ in range(target.rank - source.rank - 1)]
    chain = [source, *between, target]
    for i, (upper, lower) in enumerate(itertools.pairwise(chain)):
        lower.rank = source.rank + i + 1
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _ranked(places: list[Place]) -> list[list[Place]]:
    ranks: list[list[Place]] = [
        [] for _ in range(1 + max((p.rank for p in places), default=-1))
    ]
    for place in places:
        ranks[place.rank].append(place)
    return ranks


def _order(ranks: list[list[Place]]) -> None:
    """Give each rank the order of the means of its neighbours, down and up."""
    for number in range(_ROUNDS):
        down = number % 2 == 0
        for rank in ranks if down else reversed(ranks):
            index = {id(p): i for others in ranks for i, p in enumerate(others)}
            own = {id(p): i for i, p in enumerate(rank)}

            def mean(
                p: Place, down: bool = down, index: Any = index, own: Any = own
            ) -> float:
                near = p.above if down else p.below
                if not near:
                    return float(own[id(p)])
                return sum(index[id(q)] for q in near) / len(near)

            rank.sort(key=mean)


def _spread(ranks: list[list[Place]]) -> None:
    """Move the boxes of a rank to the middle of their neighbours."""
    for rank in ranks:
        _pack(rank, [0.0] * len(rank))
    for number in range(_ROUNDS * 2):
        down = number % 2 == 0
        for rank in ranks if down else reversed(ranks):
            wanted = []
            for place in rank:
                near = (place.above if down else place.below) or [place]
                wanted.append(sum(q.middle for q in near) / len(near))
            _pack(rank, wanted)


def _pack(rank: list[Place], wanted: list[float]) -> None:
    """Put middles as near as can be to where they want to be, in order, apart.

    Least squares under order: neighbours that would overlap move as one block.
    """
    offsets = [0.0]
    for a, b in itertools.pairwise(rank):
        offsets.append(offsets[-1] + a.width / 2 + GAP + b.width / 2)
    blocks: list[list[float]] = []  # sum, count
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append([want - offset, 1.0])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            total, count = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + count]
    starts = [_mean(block) for block in blocks for _ in range(int(block[1]))]
    for place, start, offset in zip(rank, starts, offsets, strict=True):
        place.x = start + offset - place.width / 2


def _mean(block: list[float]) -> float:
    return block[0] / block[1]


def _through(chain: list[Place]) -> list[Point]:
    """Return where an arrow leaves, what it passes, and where it ends."""
    first, *between, last = chain
    points = [(_port(first, chain[1], first.below), first.y + first.height)]
    points += [(p.middle, p.y) for p in between]
    return [*points, (_port(last, chain[-2], last.above), last.y)]


def _port(place: Place, other: Place, others: list[Place]) -> float:
    """Return where on its edge a box meets one of several arrows."""
    order = sorted(others, key=lambda p: p.middle)
    share = (order.index(other) + 1) / (len(order) + 1)
    return place.x + place.width * (0.25 + 0.5 * share)
