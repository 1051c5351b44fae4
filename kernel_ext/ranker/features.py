"""What is known of each candidate at a point, as arrays for the network.

Three sources: the count tables (probabilities and raw support of every model),
the document before the cursor (uses, recency, what followed the same names), and
the names themselves. Everything is computed for the whole list at once.
"""

from __future__ import annotations

import builtins
import keyword
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kernel_ext.context import Point
from kernel_ext.ranker import prefix
from kernel_ext.ranker.counts import Counts
from kernel_ext.ranker.models import KEYWORDS, MODELS, read
from kernel_ext.ranker.place import START, Place
from kernel_ext.ranker.subtokens import LONGEST, Vocabulary, words

DOCUMENT = (
    "uses", "uses_as_attribute", "uses_on_receiver", "uses_on_type", "uses_in_call",
    "uses_from_module", "decayed", "nearness", "nearness_in_lines", "newest",
    "newest_on_receiver", "recent_on_receiver", "bound", "bound_nearness",
    "after_same", "after_one", "after_two", "after_three", "member", "given",
)  # fmt: skip
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
USES = 64
"""Newest uses of a name that are looked at."""

LOG = 2 * len(MODELS)


class Inputs(NamedTuple):
    """Everything the network reads about one list of n candidates.

    `features` (n, `FEATURES`) float32, `candidates` (n, `LONGEST`) int32, `context`
    (`SLOTS`, `WIDTH`) int32, `numbers` (`NUMBERS`,) float32.
    """

    features: np.ndarray
    candidates: np.ndarray
    context: np.ndarray
    numbers: np.ndarray


def inputs(
    counts: Counts,
    vocabulary: Vocabulary,
    point: Point,
    place: Place,
    labels: Sequence[str],
) -> Inputs:
    """Describe every candidate of a list at a point.

    Parameters
    ----------
    counts : Counts
        Tables learned from public code.
    vocabulary : Vocabulary
        Numbers of subtokens.
    point : Point
        Where the name is typed.
    place : Place
        The same point, read by `kernel_ext.ranker.place.place`.
    labels : sequence of str
        The candidates; a keyword argument may carry its ``=``.

    Returns
    -------
    Inputs
    """
    names = [label.removesuffix("=") for label in labels]
    is_keyword = np.array([label.endswith("=") for label in labels], bool)
    tokens = vocabulary.matrix(names)
    features = np.zeros((len(names), len(FEATURES)), np.float32)
    numbers = np.zeros(len(NUMBERS), np.float32)

    unknown = _counted(counts, place, names, is_keyword, features, numbers)
    at = LOG
    features[:, at : at + len(DOCUMENT)] = _document(point, names)
    at += len(DOCUMENT)
    features[:, at : at + len(NAME)] = [_name(name) for name in names] or 0.0
    at += len(NAME)
    _overlaps(vocabulary, point, tokens, features[:, at : at + len(OVERLAP)])
    at += len(OVERLAP)
    label = features[:, at:]
    label[:, 0] = unknown
    label[:, 1] = is_keyword
    wanted = point.argument_keyword or point.target
    label[:, 2] = [name == wanted for name in names] if wanted else 0.0
    if point.prefix:
        matches = np.array([prefix.match(name, point.prefix) for name in names])
        for kind in range(prefix.NONE):
            label[:, 3 + kind] = matches == kind
    numbers[len(MODELS) :] = _numbers(point, place, len(names), is_keyword.any())
    return Inputs(features, tokens, _context(vocabulary, point, place), numbers)


def _counted(
    counts: Counts,
    place: Place,
    names: Sequence[str],
    is_keyword: np.ndarray,
    features: np.ndarray,
    numbers: np.ndarray,
) -> np.ndarray:
    """Fill in the count models; tell which names no table knows.

    Probabilities are over the offered candidates only: a row's mass on names that
    are not in the list says nothing about this list.
    """
    size = len(counts.names)
    get = counts.numbers.get
    ids = np.fromiter((get(name, size) for name in names), np.int64, len(names))
    scratch = np.zeros(size + 1, np.float32)
    probabilities: dict[str, np.ndarray] = {}
    mixed = bool(is_keyword.any())
    for model in read(place.kind):
        column = MODELS.index(model)
        if mixed:
            off = ~is_keyword if model.name in KEYWORDS else is_keyword
        p = (
            probabilities[model.lower]
            if model.lower
            else np.full(len(names), 1.0 / max(1, len(names)), np.float32)
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
    return ids == size


def _document(point: Point, names: Sequence[str]) -> np.ndarray:
    """Look each candidate up in the text before the point."""
    out = np.zeros((len(names), len(DOCUMENT)), np.float32)
    history, now = point.history, point.order
    positions, roles = history.positions, history.roles
    receivers, types, lines = history.receivers, history.types, history.lines
    key, type_ = point.receiver_key, point.receiver_type
    after = _successors(point)
    members = history.members.get(key or "") or history.members.get(type_ or "") or ()
    recent = point.earlier[-4:]
    newest = point.earlier[-1] if point.earlier else None
    module = point.receiver if point.kind == "import" else None
    for i, name in enumerate(names):
        row = out[i]
        for j, followers in enumerate(after):
            if name in followers:
                row[14 + j] = followers[name]
        if name in point.keywords:
            row[19] = 1.0
        orders = positions.get(name)
        if not orders or orders[0] >= now:
            continue
        end = bisect_left(orders, now)
        attribute = on_receiver = on_type = in_call = from_module = 0
        defined = False
        decayed, newest_on_receiver = 0.0, -1
        for order in orders[max(0, end - USES) : end]:
            role = roles[order]
            decayed += 64.0 / (64.0 + now - order)
            if role == "attribute":
                attribute += 1
                if key is not None and receivers[order] == key:
                    on_receiver += 1
                    newest_on_receiver = order
                if type_ is not None and types[order] == type_:
                    on_type += 1
            elif role == "keyword":
                in_call += receivers[order] == point.call
            elif role == "import":
                from_module += module is not None and receivers[order] == module
            elif role == "definition":
                defined = True
        newest_order = orders[end - 1]
        row[0:7] = (
            end, attribute, on_receiver, on_type, in_call, from_module, decayed,
        )  # fmt: skip
        row[7] = 1.0 / (1.0 + np.log(now - newest_order))
        row[8] = 1.0 / (1.0 + max(0, point.line - lines[newest_order]))
        row[9] = newest_order >= now - 8
        if newest_on_receiver >= 0:
            row[10] = 1.0 / (1.0 + np.log(now - newest_on_receiver))
        row[11] = (name == newest) + 0.5 * (name in recent)
        # `members` knows the whole document: ask for a sign of it before the point.
        row[18] = (defined or on_receiver > 0) and name in members
        bound = history.bindings.get(name)
        if bound and bound[0] < now:
            at = bound[bisect_left(bound, now) - 1]
            row[12] = 1.0
            row[13] = 1.0 / (1.0 + max(0, point.line - lines[at]))
    for block in (slice(0, 7), slice(14, 18)):
        out[:, block] = np.log1p(out[:, block])
    return out


def _successors(point: Point) -> list[Counter[str]]:
    """Count what followed, earlier in the document, the names that stand before.

    First on the same receiver or type, then after the same one, two and three
    names of the text: an n-gram cache (Kuhn and De Mori 1990).
    """
    same: Counter[str] = Counter()
    one: Counter[str] = Counter()
    two: Counter[str] = Counter()
    three: Counter[str] = Counter()
    history, now = point.history, point.order
    names, receivers, types = history.names, history.receivers, history.types
    if point.kind == "attribute" and point.earlier:
        key, type_ = point.receiver_key, point.receiver_type
        for order in history.uses(point.earlier[-1], now)[-USES:]:
            if receivers[order] != key and (type_ is None or types[order] != type_):
                continue
            for follower in range(order + 1, min(order + 24, now)):
                if receivers[follower] == receivers[order]:
                    same[names[follower]] += 1
                    break
    if now:
        for order in history.uses(names[now - 1], now - 1)[-USES:]:
            follower = names[order + 1]
            one[follower] += 1
            if now > 1 and order and names[order - 1] == names[now - 2]:
                two[follower] += 1
                if now > 2 and order > 1 and names[order - 2] == names[now - 3]:
                    three[follower] += 1
    return [same, one, two, three]


BUILTINS = frozenset(dir(builtins))


@lru_cache(maxsize=65536)
def _name(name: str) -> tuple[float, ...]:
    concealed = prefix.concealed(name)
    return (
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


def _overlaps(
    vocabulary: Vocabulary, point: Point, tokens: np.ndarray, out: np.ndarray
) -> None:
    """Share of each candidate's subtokens that stand in parts of the context."""
    size = np.maximum((tokens > 0).sum(axis=1), 1)
    groups = (
        [point.target],
        [point.receiver],
        [point.argument_keyword or point.call],
        [point.function, point.class_],
        point.recent(10),
    )
    for column, group in enumerate(groups):
        ids = {i for text in group if text for i in vocabulary.ids(text)}
        if ids:
            found = np.isin(tokens, np.fromiter(ids, np.int32, len(ids)))
            out[:, column] = (found & (tokens > 0)).sum(axis=1) / size


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


__all__ = ["FEATURES", "LONGEST", "NUMBERS", "SLOTS", "WIDTH", "Inputs", "inputs"]
