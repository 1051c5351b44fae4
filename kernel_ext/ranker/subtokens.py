"""Names cut into subtokens, and the vocabulary that numbers them.

A name is read as its words (``read_csv`` -> ``read``, ``csv``; ``DataFrame`` ->
``data``, ``frame``) plus, where it is common enough to be listed, itself as a
whole. A word that is not listed falls into one of a few hash buckets, so that a
library never seen in training still gets vectors of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from kernel_ext.context import subtokens

BUCKETS = 512
"""Number of hash buckets for words that the vocabulary does not list."""
LONGEST = 4
"""Subtokens read of one name, the whole name included."""
PADDING = (0,) * LONGEST


words = lru_cache(maxsize=65536)(subtokens)


class Vocabulary:
    """Number subtokens: 0 is padding, then hash buckets, then listed entries.

    Parameters
    ----------
    entries : sequence of str
        Words (``"csv"``) and whole names marked by a leading ``=`` (``"=head"``).

    Examples
    --------
    >>> vocabulary = Vocabulary(["read", "csv", "=read_csv"])
    >>> [i - BUCKETS for i in vocabulary.ids("read_csv")]
    [3, 1, 2]
    """

    def __init__(self, entries: Sequence[str]):
        self.entries = list(entries)
        first = 1 + BUCKETS
        self._ids = {entry: first + i for i, entry in enumerate(self.entries)}
        self._cache: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        """Count the rows of an embedding table for this vocabulary."""
        return 1 + BUCKETS + len(self.entries)

    def ids(self, name: str) -> tuple[int, ...]:
        """Give at most `LONGEST` subtoken numbers of a name, the whole one first."""
        found = self._cache.get(name)
        if found is None:
            whole = self._ids.get("=" + name)
            parts = [] if whole is None else [whole]
            parts += [self._ids.get(word) or _bucket(word) for word in words(name)]
            found = tuple(parts[:LONGEST])
            if len(self._cache) < 100_000:
                self._cache[name] = found
        return found

    def matrix(self, names: Sequence[str]) -> np.ndarray:
        """Give the subtokens of several names, one row a name, padded with 0.

        Returns
        -------
        ndarray
            Shape ``(len(names), LONGEST)``, int32.
        """
        rows = [(self.ids(name) + PADDING)[:LONGEST] for name in names]
        return np.array(rows, np.int32).reshape(len(names), LONGEST)

    def bag(self, names: Iterable[str], width: int) -> np.ndarray:
        """Give the subtokens of several names in one row of `width`, padded."""
        out = np.zeros(width, np.int32)
        at = 0
        for name in names:
            for i in self.ids(name):
                if at == width:
                    return out
                out[at] = i
                at += 1
        return out


def _bucket(word: str) -> int:
    return 1 + zlib.crc32(word.encode("utf-8", "replace")) % BUCKETS
