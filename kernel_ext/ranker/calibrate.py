"""Scores turned into probabilities that mean what they say.

First a temperature on the softmax of the list (Guo et al. 2017), then Platt's
sigmoid (Platt 1999) on each item's probability; the second also learns how often
the wanted name is not in the list at all. One pair of both a kind of place and
a number of letters typed; fitted on validation owners.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

EPSILON = 1e-6


class Scale(NamedTuple):
    """Three numbers: softmax temperature, slope and offset of Platt's sigmoid."""

    temperature: float = 1.0
    slope: float = 1.0
    offset: float = 0.0

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Turn the scores of one list into probabilities.

        Parameters
        ----------
        scores : ndarray
            Shape ``(n,)``: the network's scores of all candidates of a list.

        Returns
        -------
        ndarray
            Shape ``(n,)``, float64, in the order of `scores`, each in 0..1. The
            order of the items is kept: the slope is positive.

        Examples
        --------
        >>> Scale().probabilities(np.array([0.0, 0.0])).round(3).tolist()
        [0.5, 0.5]
        """
        p = softmax(np.asarray(scores, np.float64) / self.temperature)
        if self.slope == 1.0 and self.offset == 0.0:
            return p
        return sigmoid(self.slope * logit(p) + self.offset)


def softmax(x: np.ndarray) -> np.ndarray:
    """Exponentials divided by their sum; an empty input stays empty."""
    if x.size == 0:
        return x
    e: np.ndarray = np.exp(x - x.max())
    e /= e.sum()
    return e


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Compute ``1 / (1 + exp(-x))`` without overflow."""
    half: np.ndarray = 0.5 * np.tanh(0.5 * x)
    return half + 0.5


def logit(p: np.ndarray) -> np.ndarray:
    """Log-odds, with `p` kept `EPSILON` away from 0 and 1."""
    p = np.clip(p, EPSILON, 1.0 - EPSILON)
    odds: np.ndarray = np.log(p) - np.log1p(-p)
    return odds


def fit(lists: Sequence[np.ndarray], wanted: Sequence[int], least: int = 50) -> Scale:
    """Fit the temperature and the sigmoid.

    Parameters
    ----------
    lists : sequence of ndarray
        Scores of the candidates, one array a point.
    wanted : sequence of int
        Position of the wanted name in each list, -1 where it is not there.
    least : int
        With fewer points than this nothing is fitted and ``Scale()`` returned.

    Returns
    -------
    Scale
    """
    if len(lists) < least:
        return Scale()
    temperature = _temperature(lists, wanted)
    p, hit = [], []
    for scores, at in zip(lists, wanted, strict=True):
        here = softmax(np.asarray(scores, np.float64) / temperature)
        p.append(here)
        y = np.zeros(len(here))
        if at >= 0:
            y[at] = 1.0
        hit.append(y)
    slope, offset = _platt(logit(np.concatenate(p)), np.concatenate(hit))
    return Scale(temperature, slope, offset)


def _temperature(lists: Sequence[np.ndarray], wanted: Sequence[int]) -> float:
    """Least negative log-likelihood by golden section over log(temperature)."""
    known = [
        (np.asarray(s, np.float64), w)
        for s, w in zip(lists, wanted, strict=True)
        if w >= 0
    ]
    if not known:
        return 1.0
    wanted_scores = np.array([s[w] for s, w in known])
    flat = np.concatenate([s for s, _ in known])
    starts = np.cumsum([0] + [len(s) for s, _ in known[:-1]])
    lengths = [len(s) for s, _ in known]
    tops = np.maximum.reduceat(flat, starts)
    shifted = flat - np.repeat(tops, lengths)

    def loss(log_t: float) -> float:
        t = np.exp(log_t)
        mass = np.add.reduceat(np.exp(shifted / t), starts)
        return float(np.mean(np.log(mass) - (wanted_scores - tops) / t))

    low, high = np.log(0.1), np.log(10.0)
    ratio = (5**0.5 - 1) / 2
    while high - low > 1e-3:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if loss(a) < loss(b):
            high = b
        else:
            low = a
    return float(np.exp((low + high) / 2))


def _platt(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Logistic regression of `y` on `x` by Newton's method; slope kept positive."""
    start = np.array([1.0, 0.0])

    def loss(theta: np.ndarray) -> float:
        z = theta[0] * x + theta[1]
        far = theta - start
        return float(np.sum(np.logaddexp(0.0, z) - y * z) + 0.5 * far @ far)

    theta, now = start, loss(start)
    for _ in range(50):
        p = sigmoid(theta[0] * x + theta[1])
        error, weight = p - y, p * (1 - p)
        gradient = np.array([error @ x, error.sum()]) + theta - start
        cross = float(weight @ x)
        hessian = np.array([[weight @ x**2, cross], [cross, weight.sum()]])
        step = np.linalg.solve(hessian + np.eye(2), gradient)
        while (new := loss(theta - step)) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        theta, gain, now = theta - step, now - new, new
        if gain < 1e-9 * max(1.0, now):
            break
    return float(max(theta[0], 0.05)), float(theta[1])


def expected_error(probability: np.ndarray, hit: np.ndarray, bins: int = 10) -> float:
    """Give the expected calibration error: mean gap of probability and hits.

    Bins hold equally many items (Nguyen and O'Connor 2015), so that none is empty.

    Examples
    --------
    >>> expected_error(np.full(4, 0.5), np.array([1, 0, 1, 0]))
    0.0
    """
    probability = np.asarray(probability, np.float64)
    hit = np.asarray(hit, np.float64)
    if probability.size == 0:
        return float("nan")
    order = np.argsort(probability, kind="stable")
    total = 0.0
    for part in np.array_split(order, min(bins, max(1, probability.size // 4))):
        total += len(part) * abs(probability[part].mean() - hit[part].mean())
    return float(total / probability.size)
