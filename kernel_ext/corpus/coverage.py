"""How often the wanted name is among the candidates at all."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from kernel_ext.corpus.documents import documents
from kernel_ext.corpus.pools import Pools, common_names


def coverage(
    cache: str | Path, *, split: str = "validation", every: int = 1
) -> list[dict[str, Any]]:
    """Compare the points of a split with their candidate lists.

    Points at which a name is bound (`NAME = ...`) are left out: nobody can offer a
    name that does not exist yet.

    Parameters
    ----------
    cache
        The miner's cache folder.
    split
        `"train"` or `"validation"`.
    every
        Take one document in so many, of the split and for the common names.

    Returns
    -------
    list
        One row for each document kind, point kind and source of the list: the number
        of `points`, the share `wanted` whose name is in the list, and the mean
        `length` of the lists.
    """
    common = common_names(cache, "attribute", 1000, every)
    pools = Pools(cache, common, common_names(cache, "keyword", 500, every))
    points: Counter[tuple[str, str, str]] = Counter()
    wanted, lengths = points.copy(), points.copy()
    for document in islice(documents(cache, split=split), 0, None, every):
        for point in document.points():
            if not point.bound:
                names, source = pools.candidates(point)
                key = (document.kind, point.kind, source)
                points[key] += 1
                wanted[key] += point.name in names
                lengths[key] += len(names)
    pools.save()
    return [
        {
            "documents": key[0],
            "kind": key[1],
            "source": key[2],
            "points": count,
            "wanted": round(wanted[key] / count, 4),
            "length": round(lengths[key] / count, 1),
        }
        for key, count in sorted(points.items())
    ]
