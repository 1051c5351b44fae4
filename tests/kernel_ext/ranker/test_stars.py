"""Stars from probabilities."""

import math

import pytest
from hypothesis import given, strategies as st

from kernel_ext.ranker.stars import THRESHOLDS, stars

TABLE = [
    (1.0, 5), (0.75, 5), (0.7499, 4), (0.5, 4), (0.4999, 3), (0.25, 3),
    (0.2499, 2), (0.1, 2), (0.0999, 1), (0.03, 1), (0.0299, 0), (0.0, 0),
]  # fmt: skip


@pytest.mark.parametrize(("probability", "expected"), TABLE)
def test_thresholds(probability, expected):
    assert stars(probability) == expected


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_probability_never_fewer_stars(a, b):
    low, high = sorted((a, b))
    assert stars(low) <= stars(high) <= len(THRESHOLDS)


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, math.inf])
def test_not_a_probability(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        stars(bad)
