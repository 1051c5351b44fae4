"""Count tables out of mined documents.

Each repository is tallied by itself and the tallies are added up, so that counts
without one part of the repositories (a *fold*) cost nothing but an addition: the
network is trained on counts in which a document's own repository has no say.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from kernel_ext.context import Point
from kernel_ext.ranker.counts import BITS, Counts, Table, pack
from kernel_ext.ranker.models import BY_NAME, MODELS, counted
from kernel_ext.ranker.place import place

DAMPING = 0.7
"""A repository counts ``occurrences ** DAMPING``: breadth beats volume."""
LONGEST_NAME = 60


class Names:
    """Number strings in the order in which they come.

    The last number that fits a row key is shared by all strings too many.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        """Give the number of a name, -1 if it cannot be stored."""
        number = self.numbers.get(name)
        if number is None:
            if len(name) > LONGEST_NAME or "\n" in name or len(self.numbers) >= LIMIT:
                return -1
            number = self.numbers[name] = len(self.numbers)
        return number


LIMIT = (1 << BITS) - 2


class Tally(NamedTuple):
    """Counts of one repository: table -> (keys, names, occurrences)."""

    repository: str
    fold: int
    tables: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


def fold_of(repository: str, folds: int) -> int:
    """Give the fold of a repository; all repositories of an owner share one."""
    owner = repository.partition("/")[0].lower()
    return zlib.crc32(owner.encode()) % folds


def tally(
    repository: str, points: Iterable[Point], names: Names, folds: int = 4
) -> Tally:
    """Count the points of one repository.

    Parameters
    ----------
    repository : str
        ``owner/name``.
    points : iterable of Point
        Mined points of all its documents.
    names : Names
        Numbers of names, shared by all tallies that will be merged.
    folds : int
        Number of folds.
    """
    pairs: dict[str, tuple[list[int], list[int]]] = {m.name: ([], []) for m in MODELS}
    for point in points:
        if not point.name:
            continue
        name = names(point.name)
        if name < 0:
            continue
        where = place(point)
        for model in counted(where, point.kind == "keyword"):
            keys, wanted = pairs[model.name]
            for key in model.keys(where):
                packed = _packed(key, names)
                if packed >= 0:
                    keys.append(packed)
                    wanted.append(name)
    tables = {}
    for title, (keys, wanted) in pairs.items():
        if keys:
            tables[title] = _summed(
                np.array(keys, np.uint64), np.array(wanted, np.int32)
            )
    return Tally(repository, fold_of(repository, folds), tables)


def merge(
    tallies: Sequence[Tally], names: Names, without: Collection[int] = ()
) -> Counts:
    """Add tallies up to count tables, leaving out some folds.

    An entry stays if it occurs in as many repositories as its model asks for
    (`Model.least`): what one author alone writes is not public usage.
    """
    parts = [t for t in tallies if t.fold not in without]
    raw = {
        model.name: _merged(
            [t.tables[model.name] for t in parts if model.name in t.tables]
        )
        for model in MODELS
    }
    kept = {
        title: _pruned(BY_NAME[title].least, *columns)
        for title, columns in raw.items()
        if columns is not None
    }
    return _renumbered({t: k for t, k in kept.items() if len(k.names)}, names)


def vocabulary(
    tallies: Sequence[Tally], names: Names, size: int, least: int = 3
) -> list[str]:
    """List the words and whole names that deserve a vector of their own.

    Ordered by the number of repositories that use them.
    """
    from kernel_ext.ranker.subtokens import words

    by_number = list(names.numbers)
    spread: Counter[str] = Counter()
    for one in tallies:
        seen = np.unique(
            np.concatenate([np.zeros(0), *(t[1] for t in one.tables.values())])
        )
        entries = set()
        for number in seen.astype(int):
            name = by_number[number]
            entries.add("=" + name)
            entries.update(words(name))
        spread.update(entries)
    ranked = sorted(
        ((n, e) for e, n in spread.items() if n >= least), key=lambda x: (-x[0], x[1])
    )
    return [entry for _, entry in ranked[:size]]


def _packed(key: tuple[str, ...], names: Names) -> int:
    packed = 0
    for part in key:
        number = names(part)
        if number < 0:
            return -1
        packed = packed << BITS | (number + 1)
    return packed


def _summed(
    keys: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.lexsort((wanted, keys))
    keys, wanted = keys[order], wanted[order]
    first = np.flatnonzero(
        np.r_[True, (keys[1:] != keys[:-1]) | (wanted[1:] != wanted[:-1])]
    )
    occurrences = np.diff(np.r_[first, len(keys)])
    return keys[first], wanted[first], occurrences.astype(np.float32)


class _Columns(NamedTuple):
    keys: np.ndarray
    names: np.ndarray
    counts: np.ndarray
    repositories: np.ndarray
    spread_keys: np.ndarray
    spreads: np.ndarray
    totals: np.ndarray


def _merged(
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, ...] | None:
    if not parts:
        return None
    keys = np.concatenate([p[0] for p in parts])
    wanted = np.concatenate([p[1] for p in parts])
    damped = np.concatenate([p[2] for p in parts]) ** DAMPING
    spread_keys, spreads = np.unique(
        np.concatenate([np.unique(p[0]) for p in parts]), return_counts=True
    )
    order = np.lexsort((wanted, keys))
    keys, wanted, damped = keys[order], wanted[order], damped[order]
    first = np.flatnonzero(
        np.r_[True, (keys[1:] != keys[:-1]) | (wanted[1:] != wanted[:-1])]
    )
    counts = np.add.reduceat(damped, first)
    repositories = np.diff(np.r_[first, len(keys)])
    rows = np.flatnonzero(np.r_[True, keys[first][1:] != keys[first][:-1]])
    totals = np.add.reduceat(counts, rows)
    return (
        keys[first],
        wanted[first],
        counts,
        repositories,
        spread_keys,
        spreads,
        totals,
    )


def _pruned(least: int, *columns: np.ndarray) -> _Columns:
    every = _Columns(*columns)
    keep = every.repositories >= least
    return every._replace(
        keys=every.keys[keep],
        names=every.names[keep],
        counts=every.counts[keep],
        repositories=every.repositories[keep],
    )


def _renumbered(kept: dict[str, _Columns], names: Names) -> Counts:
    """Keep only the names in use, the most frequent first, and pack the tables."""
    by_number = np.array([*names.numbers, ""], object)
    mask = (1 << BITS) - 1
    uses = np.zeros(len(names.numbers) + 1, np.int64)
    for columns in kept.values():
        np.add.at(uses, columns.names, 1)
        for part in range(3):
            number = (columns.keys >> np.uint64(part * BITS)).astype(np.int64) & mask
            np.add.at(uses, number - 1, number > 0)
    used = np.flatnonzero(uses[:-1])
    used = used[np.lexsort((used, -uses[used]))]
    new = np.full(len(uses), -1, np.int64)
    new[used] = np.arange(len(used))
    tables = {}
    for title, columns in kept.items():
        keys = np.zeros(len(columns.keys), np.uint64)
        for part in range(3):
            number = (columns.keys >> np.uint64(part * BITS)).astype(np.int64) & mask
            moved = np.where(number > 0, new[number - 1] + 1, 0).astype(np.uint64)
            keys |= moved << np.uint64(part * BITS)
        numbers = new[columns.names].astype(np.min_scalar_type(len(used)))
        tables[title] = _table(columns, keys, numbers)
    return Counts(list(by_number[used]), tables)


def _table(columns: _Columns, keys: np.ndarray, wanted: np.ndarray) -> Table:
    at = np.searchsorted(columns.spread_keys, columns.keys)
    order = np.lexsort((wanted, keys))
    keys, wanted = keys[order], wanted[order]
    ends = np.flatnonzero(np.r_[keys[1:] != keys[:-1], True])
    return Table(
        keys=keys[ends],
        ends=(ends + 1).astype(np.uint32),
        totals=columns.totals[at][order][ends].astype(np.float32),
        spreads=np.minimum(columns.spreads[at][order][ends], 65535).astype(np.uint16),
        names=wanted,
        counts=pack(columns.counts[order]),
        repositories=np.minimum(columns.repositories[order], 65535).astype(np.uint16),
    )
