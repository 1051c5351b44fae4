"""Sparse counts learned from public code.

A table maps a row key (up to three names, such as a receiver's type and the name
used on it before) to the names that followed, with how often and in how many
repositories. All tables share one list of names. On disk everything is a plain
array: nothing in a weights file can run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

BITS = 21
"""Bits of one name in a row key: three names fit in 63 bits."""
STEP = 0.0625
"""Counts are stored as ``round(log1p(count) / STEP)`` in one byte."""


class Row(NamedTuple):
    """What followed one key.

    `names` are sorted name numbers (uint16 or wider), `counts` float32,
    `repositories` uint16; `total` is the sum of all counts (dropped rare ones
    included) and `spread` the number of repositories in which the key occurs.
    """

    names: np.ndarray
    counts: np.ndarray
    repositories: np.ndarray
    total: float
    spread: int


class Table:
    """Rows in compressed sparse form, found by binary search of their keys.

    Parameters
    ----------
    keys : ndarray
        Shape ``(rows,)``, uint64, sorted: packed row keys.
    ends : ndarray
        Shape ``(rows,)``, uint32: where each row ends in the columns below.
    totals, spreads : ndarray
        Shape ``(rows,)``, float32 and uint16: see `Row`.
    names, counts, repositories : ndarray
        Shape ``(entries,)``, uint16 or wider, uint8 (see `STEP`) and uint16.
    """

    FIELDS = ("keys", "ends", "totals", "spreads", "names", "counts", "repositories")

    def __init__(self, **arrays: np.ndarray):
        for field in self.FIELDS:
            setattr(self, field, arrays[field])

    keys: np.ndarray
    ends: np.ndarray
    totals: np.ndarray
    spreads: np.ndarray
    names: np.ndarray
    counts: np.ndarray
    repositories: np.ndarray

    def __len__(self) -> int:
        """Count the stored (key, name) pairs."""
        return len(self.names)

    def row(self, key: int) -> Row | None:
        """Find a row by its packed key, None if there is none."""
        at = int(np.searchsorted(self.keys, np.uint64(key)))
        if at == len(self.keys) or int(self.keys[at]) != key:
            return None
        start = int(self.ends[at - 1]) if at else 0
        part = slice(start, int(self.ends[at]))
        return Row(
            self.names[part],
            LEVELS[self.counts[part]],
            self.repositories[part],
            float(self.totals[at]),
            int(self.spreads[at]),
        )


LEVELS = np.expm1(np.arange(256) * STEP).astype(np.float32)


class Counts:
    """All tables and the list of names they share.

    Parameters
    ----------
    names : sequence of str
        Names by number.
    tables : mapping of str to Table
        The tables by name.
    """

    def __init__(self, names: Sequence[str], tables: Mapping[str, Table]):
        self.names = list(names)
        self.numbers = {name: i for i, name in enumerate(self.names)}
        self.tables = dict(tables)

    def row(self, table: str, key: tuple[str, ...]) -> Row | None:
        """Find what followed `key`, a tuple of up to three names, in a table."""
        found = self.tables.get(table)
        if found is None:
            return None
        packed = 0
        for part in key:
            number = self.numbers.get(part)
            if number is None:
                return None
            packed = packed << BITS | (number + 1)
        return found.row(packed)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Give everything as plain arrays, the inverse of `from_arrays`."""
        text = "\n".join(self.names).encode("utf-8")
        arrays = {"names": np.frombuffer(text, np.uint8)}
        for name, table in self.tables.items():
            for field in Table.FIELDS:
                arrays[f"{name}/{field}"] = getattr(table, field)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Counts:
        """Rebuild counts from `to_arrays`.

        Raises
        ------
        ValueError
            If an array is missing or the arrays do not fit together.
        """
        if "names" not in arrays:
            raise ValueError("no array 'names'")
        names = bytes(arrays["names"]).decode("utf-8").split("\n")
        tables = {}
        for title in sorted({key.partition("/")[0] for key in arrays} - {"names"}):
            fields = {}
            for field in Table.FIELDS:
                if f"{title}/{field}" not in arrays:
                    raise ValueError(f"no array '{title}/{field}'")
                fields[field] = arrays[f"{title}/{field}"]
            tables[title] = _checked(title, Table(**fields), len(names))
        return cls(names, tables)


def _checked(title: str, table: Table, n: int) -> Table:
    """Refuse arrays with which a look-up could go wrong later."""
    rows, entries = len(table.keys), len(table.names)
    if any(len(a) != rows for a in (table.ends, table.totals, table.spreads)):
        raise ValueError(f"the rows of table {title!r} differ in length")
    if any(len(a) != entries for a in (table.counts, table.repositories)):
        raise ValueError(f"the entries of table {title!r} differ in length")
    if table.counts.dtype != np.uint8:
        raise ValueError(f"the counts of table {title!r} are not bytes")
    if rows and (int(table.ends[-1]) != entries or np.any(np.diff(table.ends) < 0)):
        raise ValueError(f"the row ends of table {title!r} do not fit")
    if entries and not 0 <= int(table.names.min()) <= int(table.names.max()) < n:
        raise ValueError(f"table {title!r} points outside the list of names")
    return table


def pack(counts: np.ndarray) -> np.ndarray:
    """Round counts to one byte on a logarithmic scale, 3 % apart at most."""
    level: np.ndarray = np.clip(np.rint(np.log1p(counts) / STEP), 1, 255)
    return level.astype(np.uint8)
