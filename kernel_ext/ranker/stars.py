"""One to five stars from a calibrated probability."""

from __future__ import annotations

import bisect
import math

THRESHOLDS = (0.03, 0.10, 0.25, 0.50, 0.75)
"""Least probability of one, two, three, four and five stars."""


def stars(probability: float) -> int:
    """Give the number of stars of a calibrated probability.

    Parameters
    ----------
    probability : float
        Probability, between 0 and 1, that an item is the wanted one.

    Returns
    -------
    int
        0 to 5.

    Raises
    ------
    ValueError
        If `probability` is not a number between 0 and 1.

    Examples
    --------
    >>> [stars(p) for p in (0.8, 0.75, 0.5, 0.3, 0.1, 0.05, 0.01)]
    [5, 5, 4, 3, 2, 1, 0]
    """
    if math.isnan(probability) or not 0.0 <= probability <= 1.0:
        raise ValueError(
            f"probability must be a number between 0 and 1, got {probability!r}"
        )
    return bisect.bisect_right(THRESHOLDS, probability)
