"""Why a candidate has its stars, in a few words of Markdown."""

from __future__ import annotations

import numpy as np

from kernel_ext.context import Point
from kernel_ext.ranker.counts import Counts
from kernel_ext.ranker.mix import COLUMN
from kernel_ext.ranker.models import KEYWORDS, Model, read
from kernel_ext.ranker.place import START, Place


class Reasons:
    """Evidence for the candidates of one list.

    Every figure is a count that the score was computed from: uses in the text before
    the cursor, and numbers of public repositories.

    Parameters
    ----------
    counts : Counts
        Tables learned from public code.
    point, place : Point, Place
        Where the name is typed.
    """

    def __init__(self, counts: Counts, point: Point, place: Place):
        self.counts = counts
        self.point = point
        self.cited = []
        for model in read(place.kind)[::-1]:
            if not model.phrase:
                continue
            for key in model.keys(place):
                row = counts.row(model.name, key)
                if row is not None and START not in key:
                    self.cited.append((model, _phrase(model, key), row))
                    break

    def __call__(self, name: str, features: np.ndarray, keyword: bool | None) -> str:
        """Say what speaks for one candidate.

        Parameters
        ----------
        name : str
            The candidate without a ``=``.
        features : ndarray
            Its row of `Inputs.features`.
        keyword : bool, optional
            Whether it stands for a keyword argument; None if that is open.

        Returns
        -------
        str
            Lines of a Markdown list.
        """
        lines = self._here(name, features) + self._public(name, keyword)
        if not lines:
            lines = ["no use of it above and none in the public code learned from"]
        return "\n".join(f"- {line}" for line in lines)

    def _here(self, name: str, features: np.ndarray) -> list[str]:
        lines = []
        on_receiver = _count(features, "uses_on_receiver")
        uses = _count(features, "uses")
        after = _count(features, "after_same")
        if on_receiver:
            lines.append(f"used {_times(on_receiver)} on `{self.point.receiver}` above")
        elif uses:
            lines.append(f"used {_times(uses)} above")
        if after:
            lines.append(f"followed `{self.point.earlier[-1]}` {_times(after)} above")
        elif features[COLUMN["as_keyword"]]:
            lines.append(
                f"has the name of the argument `{self.point.argument_keyword}=`"
                if self.point.argument_keyword
                else f"has the name of `{self.point.target}`, which is assigned"
            )
        return lines

    def _public(self, name: str, keyword: bool | None) -> list[str]:
        number = self.counts.numbers.get(name)
        if number is None:
            return []
        lines: list[str] = []
        for model, phrase, row in self.cited:
            if keyword is not None and (model.name in KEYWORDS) != keyword:
                continue
            at = int(np.searchsorted(row.names, number))
            if at == len(row.names) or row.names[at] != number:
                continue
            lines.append(
                f"{phrase} in {row.repositories[at]} of {row.spread} "
                "public repositories"
            )
            if len(lines) == 2:
                break
        return lines


def _phrase(model: Model, key: tuple[str, ...]) -> str:
    shown = [part.replace(":", ".").strip("~!") for part in key]
    if key and ":" in key[0]:
        root, _, end = key[0].rstrip("!").partition(":")
        shown[0] = root if root == end else f"{root}.{end}"
    return model.phrase.format(*shown)


def _count(features: np.ndarray, column: str) -> int:
    return round(float(np.expm1(features[COLUMN[column]])))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
