"""What is worth knowing of an array: its range, its spread, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Larger arrays are looked at in part, so that a display takes milliseconds.
MOST = 4_000_000
BINS = 24


@dataclass(frozen=True)
class Facts:
    """The values of an array in a few numbers.

    Attributes
    ----------
    low, high, mean, deviation : float
        Of the finite values; NaN if there are none.
    zeros, nans, infinities : int
        How many there are.
    dead, units : int
        Of ``units`` slices along the last axis ``dead`` are zero throughout; both 0
        for arrays with less than two axes, and for one unit.
    bins : tuple of int
        A histogram of the finite values from ``low`` to ``high``.
    part : float
        Which part of the array was looked at, between 0 and 1.
    """

    low: float
    high: float
    mean: float
    deviation: float
    zeros: int
    nans: int
    infinities: int
    dead: int
    units: int
    bins: tuple[int, ...]
    part: float = 1.0

    @property
    def marks(self) -> list[str]:
        """What is wrong, in words; empty for a sound array."""
        found = [
            (self.nans, f"{self.nans:,} NaN"),
            (self.infinities, f"{self.infinities:,} infinite"),
            (self.dead, f"{self.dead:,} of {self.units:,} units dead"),
        ]
        return [text for count, text in found if count]


def facts(value: Any) -> Facts | None:
    """Look through an array.

    Parameters
    ----------
    value : array-like
        Of numbers, any shape. Above 4,000,000 values a regular part of its first
        axes is looked at.

    Returns
    -------
    Facts or None
        None for an empty array and for one that does not hold real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> facts(np.array([[0.0, 1.0], [0.0, np.nan]])).marks
    ['1 NaN', '1 of 2 units dead']
    """
    array = np.asarray(value)
    if not array.size or array.dtype.kind in "OSUMmc":
        return None
    rows, part = _some(array)
    if rows.dtype.kind not in "biuf":  # bfloat16 and float8
        rows = rows.astype("float32")
    finite = np.isfinite(rows)
    whole = bool(finite.all())
    kept = (rows if whole else rows[finite]).astype("float64", copy=False).ravel()
    nans = 0 if whole else int(np.isnan(rows).sum())
    dead = int((~rows.any(axis=0)).sum()) if array.ndim > 1 else 0
    units = array.shape[-1] if array.ndim > 1 and array.shape[-1] > 1 else 0
    low, high = (kept.min(), kept.max()) if kept.size else (np.nan, np.nan)
    with np.errstate(over="ignore"):  # then the deviation is infinite
        mean, deviation = (kept.mean(), kept.std()) if kept.size else (np.nan, np.nan)
    return Facts(
        low=float(low),
        high=float(high),
        mean=float(mean),
        deviation=float(deviation),
        zeros=int(kept.size - np.count_nonzero(kept)),
        nans=nans,
        infinities=int(rows.size - kept.size - nans),
        dead=dead if units else 0,
        units=units,
        bins=_bins(kept, low, high),
        part=part,
    )


def _some(array: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float]:
    """Return the array as rows of units, thinned where it is large, and the part."""
    rows = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(-1)
    step = -(-rows.size // MOST)
    thin = rows[::step]
    return thin, thin.size / rows.size


def _bins(values: np.ndarray[Any, Any], low: float, high: float) -> tuple[int, ...]:
    with np.errstate(over="ignore"):
        width = high - low
    if not values.size or not width > 0 or not np.isfinite(width):
        return ()
    counts, _ = np.histogram(values, BINS, (low, high))
    return tuple(counts.tolist())


def wrong(variable: Any) -> list[str]:
    """Return what is wrong with a variable's values, in words.

    Parameters
    ----------
    variable : Variable
    """
    array = values_of(variable)
    found = None if array is None else facts(array)
    return [] if found is None else found.marks


def values_of(variable: Any) -> np.ndarray[Any, Any] | None:
    """Return a variable's values; None while a step is traced."""
    try:
        return np.asarray(variable.numpy())
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return None  # each library refuses to give a tracer's value in its own way
