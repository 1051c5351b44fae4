"""What is known of each candidate at a point, as arrays for the network.

Three sources: the count tables (probabilities and raw support of every model),
the document before the cursor (uses, recency, what followed the same names), and
the names themselves. Everything is computed for the whole list at once.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kernel_ext.context import Point
from kernel_ext.ranker import prefix
from kernel_ext.ranker.counts import Counts
from kernel_ext.ranker.document import DOCUMENT, document
from kernel_ext.ranker.models import KEYWORDS, MODELS, read
from kernel_ext.ranker.place import START, Place
from kernel_ext.ranker.subtokens import LONGEST, Vocabulary, words

NAME = (
    "private", "dunder", "upper", "capital", "underscore", "length", "builtin",
    "reserved", "words", "short",
)  # fmt: skip
OVERLAP = ("target", "receiver", "argument", "around", "recent")
LABEL = (
    "unknown", "is_keyword", "as_keyword", "exact", "start", "start_any_case",
    "word_start", "inside",
)  # fmt: skip
FEATURES = (
    *(f"{part}({model.name})" for model in MODELS for part in ("log", "count")),
    *DOCUMENT,
    *NAME,
    *(f"overlap({group})" for group in OVERLAP),
    *LABEL,
)
"""Names of the columns of `Inputs.features`."""
KINDS = ("attribute", "name", "import", "module")
NUMBERS = (
    *(f"mass({model.name})" for model in MODELS),
    *KINDS, "argument_start", "statement_start", "used_before", "typed", "static",
    "list_length", "letters", "keyword_labels", "argument", "document", "call_known",
)  # fmt: skip
"""Names of the entries of `Inputs.numbers`."""
SLOTS = (
    "receiver", "type", "previous", "earlier", "target", "call", "before", "recent",
    "shape", "imports", "around",
)  # fmt: skip
"""What the rows of `Inputs.context` hold."""
WIDTH = 8
"""Subtokens of a context slot."""
LOG = 2 * len(MODELS)
NUMBER = {model.name: i for i, model in enumerate(MODELS)}


class Inputs(NamedTuple):
    """Everything the network reads about one list of n candidates.

    `features` (n, `FEATURES`) float32, `candidates` (n, `LONGEST`) int32, `context`
    (`SLOTS`, `WIDTH`) int32, `numbers` (`NUMBERS`,) float32.
    """

    features: np.ndarray
    candidates: np.ndarray
    context: np.ndarray
    numbers: np.ndarray


class Listed(NamedTuple):
    """What of a list of candidates does not depend on the place."""

    names: list[str]
    is_keyword: np.ndarray
    places: dict[str, list[int]]
    ids: np.ndarray
    tokens: np.ndarray
    columns: np.ndarray


class Describer:
    """Describe lists of candidates; see `Inputs`.

    Parameters
    ----------
    counts : Counts
        Tables learned from public code.
    vocabulary : Vocabulary
        Numbers of subtokens.
    """

    def __init__(self, counts: Counts, vocabulary: Vocabulary):
        self.counts = counts
        self.vocabulary = vocabulary
        self._listed: dict[tuple[str, ...], Listed] = {}

    def __call__(self, point: Point, place: Place, labels: Sequence[str]) -> Inputs:
        """Describe every candidate of a list at a point.

        Parameters
        ----------
        point : Point
            Where the name is typed.
        place : Place
            The same point, read by `kernel_ext.ranker.place.place`.
        labels : sequence of str
            The candidates; a keyword argument may carry its ``=``.
        """
        listed = self._list(tuple(labels))
        names, vocabulary = listed.names, self.vocabulary
        features = np.zeros((len(names), len(FEATURES)), np.float32)
        numbers = np.zeros(len(NUMBERS), np.float32)
        _counted(self.counts, place, listed, features, numbers)
        at = LOG
        features[:, at : at + len(DOCUMENT)] = document(
            point, listed.places, len(names)
        )
        at += len(DOCUMENT)
        features[:, at : at + len(NAME)] = listed.columns
        at += len(NAME)
        overlaps = features[:, at : at + len(OVERLAP)]
        _overlaps(vocabulary, point, listed.tokens, overlaps)
        at += len(OVERLAP)
        label = features[:, at:]
        label[:, 0] = listed.ids == len(self.counts.names)
        label[:, 1] = listed.is_keyword
        wanted = point.argument_keyword or point.target
        if wanted in listed.places:
            label[listed.places[wanted], 2] = 1.0
        if point.prefix:
            matches = np.array([prefix.match(name, point.prefix) for name in names])
            for kind in range(prefix.NONE):
                label[:, 3 + kind] = matches == kind
        numbers[len(MODELS) :] = _numbers(
            point, place, len(names), bool(listed.is_keyword.any())
        )
        context = _context(vocabulary, point, place)
        return Inputs(features, listed.tokens, context, numbers)

    def _list(self, labels: tuple[str, ...]) -> Listed:
        """Look up what is known of a list; the same lists come again and again."""
        found = self._listed.get(labels)
        if found is None:
            names = [label.removesuffix("=") for label in labels]
            index: dict[str, list[int]] = {}
            for i, name in enumerate(names):
                index.setdefault(name, []).append(i)
            get, size = self.counts.numbers.get, len(self.counts.names)
            columns = np.array([_name(name) for name in names], np.float32)
            found = Listed(
                names,
                np.array([label.endswith("=") for label in labels], bool),
                index,
                np.fromiter((get(name, size) for name in names), np.int64, len(names)),
                self.vocabulary.matrix(names),
                columns.reshape(len(names), len(NAME)),
            )
            while len(self._listed) >= LISTS:
                self._listed.pop(next(iter(self._listed), labels), None)
            self._listed[labels] = found
        return found


LISTS = 16
"""Lists whose description is kept."""


def _counted(
    counts: Counts,
    place: Place,
    listed: Listed,
    features: np.ndarray,
    numbers: np.ndarray,
) -> None:
    """Fill in the count models.

    Probabilities are over the offered candidates only: a row's mass on names that
    are not in the list says nothing about this list.
    """
    ids, is_keyword, n = listed.ids, listed.is_keyword, len(listed.names)
    scratch = np.zeros(len(counts.names) + 1, np.float32)
    probabilities: dict[str, np.ndarray] = {}
    mixed = bool(is_keyword.any())
    for model in read(place.kind):
        column = NUMBER[model.name]
        if mixed:
            off = ~is_keyword if model.name in KEYWORDS else is_keyword
        p = (
            probabilities[model.lower]
            if model.lower
            else np.full(n, 1.0 / max(1, n), np.float32)
        )
        seen, mass = None, 0.0
        for key in reversed(model.keys(place)):
            row = counts.row(model.name, key)
            if row is None:
                continue
            scratch[row.names] = row.counts
            here = scratch[ids]
            scratch[row.names] = 0.0
            if mixed:
                here[off] = 0.0
            total = float(here.sum())
            if total > 0.0:
                distinct = float(np.count_nonzero(here))
                p = (here + distinct * p) / (total + distinct)
                seen, mass = here, total
        probabilities[model.name] = p
        features[:, 2 * column] = np.log(np.maximum(p, 1e-7))
        if seen is not None:
            features[:, 2 * column + 1] = np.log1p(seen)
            numbers[column] = np.log1p(mass)


BUILTINS = frozenset(dir(builtins))


@lru_cache(maxsize=65536)
def _name(name: str) -> tuple[float, ...]:
    concealed = prefix.concealed(name)
    facts = (
        concealed == 1,
        concealed == 2,
        len(name) > 1 and name.isupper(),
        name[:1].isupper(),
        "_" in name[1:-1],
        min(len(name), 30) / 10.0,
        name in BUILTINS,
        keyword.iskeyword(name),
        min(len(words(name)), 5),
        len(name) <= 2,
    )
    return tuple(map(float, facts))  # an array is made fastest of one kind of number


def _overlaps(
    vocabulary: Vocabulary, point: Point, tokens: np.ndarray, out: np.ndarray
) -> None:
    """Share of each candidate's subtokens that stand in parts of the context."""
    size = np.maximum((tokens > 0).sum(axis=1), 1)
    groups: tuple[Sequence[str | None], ...] = (
        [point.target],
        [point.receiver],
        [point.argument_keyword or point.call],
        [point.function, point.class_],
        point.recent(10),
    )
    for column, group in enumerate(groups):
        ids = [i for text in group if text for i in vocabulary.ids(text)]
        if ids:
            marked = np.zeros(len(vocabulary), bool)
            marked[ids] = True
            out[:, column] = marked[tokens].sum(axis=1) / size


def _numbers(
    point: Point, place: Place, n: int, keyword_labels: bool
) -> tuple[float, ...]:
    return (
        *(place.kind == kind for kind in KINDS),
        point.argument_start,
        point.statement_start,
        np.log1p(len(point.earlier)),
        bool(place.types),
        point.receiver_static,
        np.log1p(n),
        min(len(point.prefix), 4),
        keyword_labels,
        min(point.argument, 4),
        np.log1p(point.order),
        point.call_known,
    )


def _context(vocabulary: Vocabulary, point: Point, place: Place) -> np.ndarray:
    """Give the subtokens around the point, one row a slot."""
    slots: tuple[Sequence[str], ...] = (
        (place.receiver,),
        [t.replace(":", ".").lstrip("~") for t in place.types[:2]],
        (place.earlier[0],),
        (place.earlier[1], place.on_type),
        (place.target,),
        (*(c.lstrip("~") for c in place.calls[-1:]), place.keyword),
        [token for token in place.before if token != START],
        point.recent(4)[::-1],
        (f"<{place.kind}>", f"<{place.shape}>"),
        [module.rpartition(".")[2] for module in point.imports[-4:]],
        (point.function or "", point.class_ or ""),
    )
    return np.stack([vocabulary.bag(slot, WIDTH) for slot in slots])


__all__ = ["FEATURES", "LONGEST", "NUMBERS", "SLOTS", "WIDTH", "Describer", "Inputs"]
