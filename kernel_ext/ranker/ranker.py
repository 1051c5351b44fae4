"""The public face: candidates in, ranked suggestions out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kernel_ext import context
from kernel_ext.context import Point
from kernel_ext.ranker import plain, prefix, weights
from kernel_ext.ranker.calibrate import Scale
from kernel_ext.ranker.counts import Counts
from kernel_ext.ranker.features import FEATURES, NUMBERS, SLOTS, Describer, Inputs
from kernel_ext.ranker.live import bases_of
from kernel_ext.ranker.mix import mix
from kernel_ext.ranker.place import Place, place
from kernel_ext.ranker.reason import Reasons
from kernel_ext.ranker.stars import THRESHOLDS
from kernel_ext.ranker.subtokens import Vocabulary
from kernel_ext.ranker.weights import WeightsError

LANGUAGES = ("python", "typescript", "javascript", "java")
REASONS = 12
"""Best items that get a reason even without a star."""
STARRED = 40
"""No more items than this can have a star each."""
SHOWN = 0.10
"""A private name goes last unless its probability is at least this: two stars."""
PRIVATE, DUNDER = FEATURES.index("private"), FEATURES.index("dunder")
KEYWORD = FEATURES.index("is_keyword")
EMPTY = np.zeros(len(FEATURES), np.float32)
CAUTIOUS = Scale(offset=-1.0)
"""For languages without learned weights, where nothing is calibrated."""
LETTERS = 2
"""Calibration tells nothing typed, one letter, and more letters apart."""


class Suggestion(NamedTuple):
    """One ranked candidate.

    `probability` (0..1, calibrated) that it is the wanted one, `stars` from 0 to 5,
    `reason` in Markdown (empty for items far down the list).
    """

    label: str
    probability: float
    stars: int
    reason: str


class Ranked(NamedTuple):
    """A scored list: raw scores, probabilities, and what they were computed from."""

    scores: np.ndarray
    probabilities: np.ndarray
    inputs: Inputs


class Ranker:
    r"""Rank completion candidates by the text before the cursor.

    Make one with `Ranker.load`. It opens no network connection and runs none of the
    text it reads.

    Parameters
    ----------
    counts : Counts
        Tables learned from public code.
    vocabulary : Vocabulary
        Numbers of subtokens.
    network : Network, optional
        The trained network; without it counts and cache are mixed by hand.
    scales : dict, optional
        `Scale` by ``"kind/letters"``.
    meta : dict, optional
        The description in the weights file.

    Examples
    --------
    >>> from kernel_ext import Ranker
    >>> ranker = Ranker.load()
    >>> text = "import pandas as pd\ndf = pd.read_csv('a.csv')\ndf."
    >>> best = ranker.rank(text, len(text), ["abs", "add", "groupby", "head"])
    >>> best[0].label, len(best)
    ('head', 4)
    """

    def __init__(
        self,
        counts: Counts,
        vocabulary: Vocabulary,
        network: Any = None,
        scales: dict[str, Scale] | None = None,
        meta: dict[str, Any] | None = None,
    ):
        self.counts = counts
        self.vocabulary = vocabulary
        self.describe = Describer(counts, vocabulary)
        self.network = network
        self.scales = scales or {}
        self.meta = meta or {}

    @classmethod
    def load(cls, path: str | Path | None = None) -> Ranker:
        """Read a weights file.

        Parameters
        ----------
        path : path, optional
            The file; by default the weights that come with the package.

        Raises
        ------
        WeightsError
            If the file is missing, cut short or damaged: says what is wrong with it
            and how to get it back.
        """
        path = Path(path) if path is not None else weights.FOLDER / "python.npz"
        arrays, meta = weights.read(path)
        parts: dict[str, dict[str, np.ndarray]] = {"counts": {}, "network": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = array
        try:
            if meta["features"] != signature():
                raise ValueError("it was made for other features of this package")
            vocabulary = Vocabulary(meta["vocabulary"])
            counts = Counts.from_arrays(parts["counts"])
            network = None
            if parts["network"]:
                from kernel_ext.ranker.network import Network, Sizes

                network = Network(Sizes(**meta["sizes"]), parts["network"])
            scales = {key: Scale(*value) for key, value in meta["scales"].items()}
        except KeyError as error:
            raise WeightsError(path, f"it lacks {error}") from error
        except (ValueError, TypeError, IndexError) as error:
            raise WeightsError(path, str(error)) from error
        return cls(counts, vocabulary, network, scales, meta)

    def rank(
        self,
        source: str,
        cursor: int,
        candidates: Iterable[str],
        language: str = "python",
        path: str | None = None,
        receiver: str | None = None,
    ) -> list[Suggestion]:
        """Rank candidates for the name at the cursor.

        Parameters
        ----------
        source : str
            The whole text; cells of a notebook joined by newlines, magics kept.
        cursor : int
            Offset in code points, 0 to ``len(source)``.
        candidates : iterable of str
            What could stand there; a keyword argument may carry its ``=``.
        language : str
            ``"python"``, ``"typescript"``, ``"javascript"`` or ``"java"``. Only Python
            has learned weights so far; in the others the document itself decides.
        path : str, optional
            Where the text comes from; not read.
        receiver : str, optional
            Qualified type (``"pandas.DataFrame"``) or module of the object before the
            dot, where it is known; it wins over what the text lets one guess.

        Returns
        -------
        list of Suggestion
            Best first; every candidate once, duplicates dropped. What does not match
            the letters typed, private names and dunders come last. The same input
            always gives the same order.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described.
        """
        labels = _checked(source, cursor, candidates, language, receiver)
        if not labels:
            return []
        point = _point(source, cursor, language)
        where = place(point, receiver or None, bases_of(receiver) if receiver else ())
        return self.rank_at(point, where, labels, learned=language == "python")

    def rank_at(
        self, point: Point, where: Place, labels: Sequence[str], learned: bool = True
    ) -> list[Suggestion]:
        """Rank sorted, distinct candidates at a point that is read already."""
        found: list[str] = []
        rows: list[np.ndarray] = []
        shares: list[np.ndarray] = []
        left, mixed = 1.0, False
        for group, members in enumerate(_grouped(labels, point.prefix)):
            if not members:
                continue
            here = point if group == 0 else replace(point, prefix="")
            ranked = self.scored(here, where, members, learned)
            features = ranked.inputs.features
            p = ranked.probabilities * left
            order = _order(ranked, p, shown=point.prefix.startswith("_"))
            found += [members[i] for i in order.tolist()]
            rows += [*features[order[:STARRED]], *[EMPTY] * (len(order) - STARRED)]
            shares.append(p[order])
            left = max(0.0, left - float(p.sum())) * (1.0 if group == 0 else 0.01)
            mixed = mixed or bool(features[:, KEYWORD].any())
        if not found:
            return []
        p = np.minimum.accumulate(np.minimum(np.concatenate(shares), 1.0))
        stars = np.searchsorted(THRESHOLDS, p, side="right")
        explain = Reasons(self.counts, point, where)
        reasons = []
        told = max(
            REASONS, int(np.count_nonzero(stars))
        )  # probabilities fall: the first
        for label, row in zip(found[:told], rows, strict=False):
            keyword = label.endswith("=") if mixed else None
            reasons.append(explain(label.removesuffix("="), row, keyword))
        reasons += [""] * (len(found) - len(reasons))
        return list(map(Suggestion, found, p.tolist(), stars.tolist(), reasons))

    def scored(
        self, point: Point, where: Place, labels: Sequence[str], learned: bool = True
    ) -> Ranked:
        """Score one list without sorting it."""
        known = self.describe(point, where, labels)
        if self.network is None or not learned:
            scores = mix(known, where.kind)
        else:
            scores = self.network.scores(known)
        letters = min(len(point.prefix), LETTERS)
        scale = CAUTIOUS
        if learned:
            scale = self.scales.get(f"{where.kind}/{letters}", Scale())
        return Ranked(scores, scale.probabilities(scores), known)


def signature() -> str:
    """Name the inputs of the network: weights of other inputs must not be used."""
    import zlib

    text = "\n".join((*FEATURES, "", *NUMBERS, "", *SLOTS))
    return f"{zlib.crc32(text.encode()):08x}"


def _point(source: str, cursor: int, language: str) -> Point:
    if language == "python":
        return context.at(source, cursor, language)
    return plain.point(source, cursor)


def _grouped(labels: Sequence[str], typed: str) -> tuple[list[str], ...]:
    """Part candidates: continues what is typed, contains it, does not match."""
    if not typed:
        return list(labels), [], []
    groups: tuple[list[str], list[str], list[str]] = ([], [], [])
    for label in labels:
        found = prefix.match(label.removesuffix("="), typed)
        later = 2 if found == prefix.NONE else found > prefix.START_ANY_CASE
        groups[later].append(label)
    return groups


def _order(ranked: Ranked, p: np.ndarray, shown: bool) -> np.ndarray:
    """Sort by score, ties as given; private names last, dunders very last."""
    hidden = ranked.inputs.features[:, PRIVATE] + 2 * ranked.inputs.features[:, DUNDER]
    hidden = np.where((p >= SHOWN) | shown, 0.0, hidden)
    return np.lexsort((-ranked.scores, hidden))


def _checked(
    source: object, cursor: object, candidates: object, language: str, receiver: object
) -> list[str]:
    """Refuse bad arguments; give the candidates sorted and without duplicates.

    Sorted, so that the sums of floats do not depend on the order given.
    """
    if not isinstance(source, str):
        raise TypeError(f"source must be a str, got {type(source).__name__}")
    if isinstance(cursor, bool) or not isinstance(cursor, int | np.integer):
        raise TypeError(f"cursor must be an int, got {type(cursor).__name__}")
    if not 0 <= cursor <= len(source):
        raise ValueError(
            f"cursor is {cursor}, expected 0 to {len(source)}, the length of source"
        )
    if language not in LANGUAGES:
        close = difflib.get_close_matches(str(language), LANGUAGES, 1, 0.4)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"language is {language!r}, expected one of {', '.join(LANGUAGES)}{hint}"
        )
    if receiver is not None and not isinstance(receiver, str):
        raise TypeError(
            "receiver must be the qualified name of a type, such as "
            f"'pandas.DataFrame', got {type(receiver).__name__}"
        )
    if isinstance(candidates, str | bytes) or not isinstance(candidates, Iterable):
        raise TypeError(
            f"candidates must be a list of str, got {type(candidates).__name__}"
        )
    labels = list(candidates)
    for label in labels:
        if not isinstance(label, str):
            raise TypeError(
                f"candidates must be str, got {type(label).__name__}: {label!r}"
            )
    return sorted(set(labels))
