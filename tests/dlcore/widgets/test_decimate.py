"""A thinned curve keeps its ends and its extremes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dlcore.src.widgets.decimate import decimate

values = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(values, max_size=400), st.integers(4, 60))
def test_keeps_first_last_lowest_and_highest(y, limit):
    x = list(range(len(y)))
    kept_x, kept_y = decimate(x, y, limit)
    finite = [(float(a), b) for a, b in zip(x, y, strict=True) if math.isfinite(b)]
    assert len(kept_x) == len(kept_y) <= limit
    assert kept_x == sorted(set(kept_x))
    assert set(zip(kept_x, kept_y, strict=True)) <= set(finite)
    if finite:
        assert (kept_x[0], kept_y[0]) == finite[0]
        assert (kept_x[-1], kept_y[-1]) == finite[-1]
        assert min(kept_y) == min(b for _, b in finite)
        assert max(kept_y) == max(b for _, b in finite)
    if len(finite) <= limit:
        assert len(kept_x) == len(finite)


def test_a_million_points():
    y = np.random.default_rng(0).normal(size=1_000_000).cumsum()
    _, kept = decimate(np.arange(len(y)), y, 500)
    assert len(kept) <= 500
    assert min(kept) == y.min()
    assert max(kept) == y.max()


def test_wrong_arguments():
    with pytest.raises(ValueError, match="`limit` is 3"):
        decimate([1], [1], 3)
    with pytest.raises(ValueError, match="2 values of x, but 1 of y"):
        decimate([1, 2], [1])
