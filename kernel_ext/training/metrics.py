"""Measures of ranked lists: top-k, reciprocal rank, bootstrap over repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Score(NamedTuple):
    """Shares over a set of points; `n` is the number of points."""

    top1: float
    top5: float
    mrr: float
    n: int


def ranks(scores: np.ndarray, wanted: int) -> int:
    """Find the rank (1 is best) of one item; ties count against it.

    Parameters
    ----------
    scores : ndarray
        Shape ``(n,)``: one score an item, higher is better.
    wanted : int
        Position of the wanted item.

    Returns
    -------
    int
        One plus the number of other items that score at least as high.

    Examples
    --------
    >>> ranks(np.array([0.1, 0.9, 0.9]), 1)
    2
    """
    return int(np.count_nonzero(scores >= scores[wanted]))


def score(found: Sequence[int] | np.ndarray) -> Score:
    """Summarise ranks; rank 0 means that the wanted name was not in the list.

    Examples
    --------
    >>> score([1, 2, 10, 0])
    Score(top1=0.25, top5=0.5, mrr=0.4, n=4)
    """
    found = np.asarray(found, np.int64)
    if found.size == 0:
        return Score(float("nan"), float("nan"), float("nan"), 0)
    listed = found > 0
    reciprocal = np.where(listed, 1.0 / np.maximum(found, 1), 0.0)
    return Score(
        float(np.mean(found == 1)),
        float(np.mean(listed & (found <= 5))),
        float(np.mean(reciprocal)),
        int(found.size),
    )


def bootstrap(
    found: Sequence[int] | np.ndarray,
    groups: Sequence[str] | np.ndarray,
    repeats: int = 1000,
    seed: int = 0,
) -> tuple[Score, Score]:
    """Bound the measures by resampling whole repositories.

    Points of one repository depend on each other, so repositories, not points,
    are drawn with replacement (Efron and Tibshirani 1993, chapter 8).

    Parameters
    ----------
    found : sequence of int
        Ranks as for `score`.
    groups : sequence of str
        The repository of each point.
    repeats : int
        Number of resamples.
    seed : int
        Seed of the draws.

    Returns
    -------
    tuple of Score
        The 2.5 % and the 97.5 % quantiles of every measure.
    """
    found = np.asarray(found, np.int64)
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    n = int(index.max()) + 1 if index.size else 0
    if n == 0:
        return score([]), score([])
    listed = found > 0
    columns = np.stack(
        [
            found == 1,
            listed & (found <= 5),
            np.where(listed, 1.0 / np.maximum(found, 1), 0.0),
            np.ones(found.size),
        ],
        axis=1,
    ).astype(np.float64)
    sums = np.zeros((n, 4))
    np.add.at(sums, index, columns)
    draws = np.random.default_rng(seed).integers(0, n, (repeats, n))
    totals = sums[draws].sum(axis=1)
    shares = totals[:, :3] / totals[:, 3:]
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    least, most = (
        Score(float(a), float(b), float(c), int(found.size)) for a, b, c in (low, high)
    )
    return least, most
