"""Candidates for mined points: what a live kernel would have offered there.

Which list a point gets depends only on what its document tells before it:

* `"live"`: the receiver, module or callable is known and exists in this environment
  (or is a function of the document, whose parameters stand there).
  Its names are those of the live object. Names used before on the same receiver or
  type are added, since a live object would have them too (columns, fitted
  attributes).
* `"pooled"`: it is not known, or is a class of the document. Offered are the names
  used as attributes before in the document, the members of its classes so far, and
  the common names given to `Pools`.
* `"scope"`: plain names: those bound before in the document, builtins and keywords.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from kernel_ext import context
from kernel_ext.context import History, Point
from kernel_ext.corpus import live
from kernel_ext.corpus.documents import documents


class Pools:
    """Candidate lists for points, from the live libraries of this environment.

    Parameters
    ----------
    cache
        The miner's cache folder; names of live objects are kept in its `pools`.
    common
        Attribute names to offer on receivers of unknown type. Make them from
        *training* documents only; see `common_names`.
    keywords
        Likewise, keyword arguments to offer in calls of unknown callables.
    """

    def __init__(
        self,
        cache: str | Path,
        common: Sequence[str] = (),
        keywords: Sequence[str] = (),
    ):
        self._live = live.Store(Path(cache) / "pools")
        self._common = {"attribute": frozenset(common), "keyword": frozenset(keywords)}
        self._seen = _Seen(History())

    def candidates(self, point: Point) -> tuple[list[str], str]:
        """Return the sorted candidates for a point and where they come from.

        The source is `"live"`, `"pooled"` or `"scope"`. The wanted name may be
        missing; that belongs into the denominator.
        """
        if self._seen.history is not point.history or self._seen.order > point.order:
            self._seen = _Seen(point.history)
        self._seen.read(point.order)
        if point.kind == "name":
            return self._seen.scope(), "scope"
        if point.kind == "attribute":
            return self._attributes(point)
        if point.kind == "module":
            known = self._live.get("m", point.receiver)
            more: Iterable[str] = ()
        elif point.kind == "import":
            known = self._live.get("i", point.receiver) if point.receiver else None
            more = self._seen.imported.get(point.receiver or "", ())
        elif point.kind == "keyword":
            path = context.canonical(point.call or "") if point.call_known else ""
            known = self._live.get("k", path) if path else None
            own = point.history.parameters_of(path, point.order)
            known = sorted(set(own)) or known
            more = self._seen.given.get(point.call or "", ())
            if known is None:
                more = self._seen.keywords | self._common["keyword"]
        else:
            raise ValueError(f"kind is {point.kind!r}, which is nothing to complete")
        if point.kind == "keyword":
            known = [k for k in known if k not in point.keywords] if known else known
            more = set(more) - set(point.keywords)
        return _union(known, more), "pooled" if known is None else "live"

    def _attributes(self, point: Point) -> tuple[list[str], str]:
        path, earlier = point.receiver_type, {*point.earlier, *point.earlier_on_type}
        known = None
        if path is not None and path[:1] != ".":
            known = self._live.get("a", path, point.receiver_static)
        if known is not None:
            return _union(known, earlier), "live"
        more = self._seen.attributes | self._common["attribute"] | earlier
        more |= self._seen.members
        if path is not None and path[:1] == ".":
            for base in point.receiver_bases:
                if base[:1] != ".":
                    more |= set(self._live.get("a", base) or ())
            more |= set(point.history.members_of(path, point.order))
        return sorted(more), "pooled"

    def save(self) -> None:
        """Keep the live names that were looked up for the next run."""
        self._live.save()


def _union(known: list[str] | None, more: Iterable[str]) -> list[str]:
    new = set(more).difference(known or ())
    return sorted([*(known or ()), *new]) if new else (known or [])


class _Seen:
    """The names of a document up to an order, kept while its points are walked."""

    def __init__(self, history: History):
        self.history = history
        self.order = 0
        self.attributes: set[str] = set()
        self.members: set[str] = set()
        self.keywords: set[str] = set()
        self.given: dict[str, set[str]] = {}
        self.imported: dict[str, set[str]] = {}
        self._bound: set[str] = set()
        self._scope: list[str] = live.WORDS

    def read(self, order: int) -> None:
        """Read on to an order."""
        if order == self.order:
            return
        history, names = self.history, self.history.names
        bound = len(self._bound)
        for number in range(self.order, order):
            name, role = names[number], history.roles[number]
            receiver = history.receivers[number]
            if role == "attribute":
                self.attributes.add(name)
            elif role == "keyword":
                self.keywords.add(name)
                self.given.setdefault(receiver or "", set()).add(name)
            elif role == "import":
                self.imported.setdefault(receiver or "", set()).add(name)
            orders = history.bindings.get(name)
            if orders and orders[0] < order:
                self._bound.add(name)
        for path in history.members:
            self.members.update(history.members_of(path, order))
        self.order = order
        if len(self._bound) != bound:
            self._scope = sorted({*live.WORDS, *self._bound})

    def scope(self) -> list[str]:
        """Return the names that a plain name may be."""
        return self._scope


def common_names(
    cache: str | Path, kind: str = "attribute", most: int = 1000, every: int = 1
) -> list[str]:
    """Return the names that most training documents use, most frequent first.

    Parameters
    ----------
    cache
        The miner's cache folder.
    kind
        `"attribute"` or `"keyword"`.
    most
        How many names.
    every
        Read one document in so many.
    """
    counts: Counter[str] = Counter()
    for document in islice(documents(cache, split="train"), 0, None, every):
        counts.update({p.name for p in document.points() if p.kind == kind and p.name})
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [name for name, _ in ranked[:most]]
