"""Measures of ranked lists against values found by hand."""

import numpy as np
import pytest

from kernel_ext.training.metrics import bootstrap, ranks, score

RANKS = [
    ([3.0, 2.0, 1.0], 0, 1),
    ([3.0, 2.0, 1.0], 2, 3),
    ([1.0, 1.0, 1.0], 1, 3),
    ([5.0], 0, 1),
]


@pytest.mark.parametrize(("scores", "wanted", "expected"), RANKS)
def test_rank_with_ties_against_the_item(scores, wanted, expected):
    assert ranks(np.array(scores), wanted) == expected


def test_score_by_hand():
    found = score([1, 1, 2, 5, 6, 0])
    assert found.top1 == pytest.approx(2 / 6)
    assert found.top5 == pytest.approx(4 / 6)
    assert found.mrr == pytest.approx((1 + 1 + 1 / 2 + 1 / 5 + 1 / 6) / 6)
    assert found.n == 6


def test_nothing_measured_is_not_a_number():
    assert np.isnan(score([]).top1)
    assert score([]).n == 0


def test_bootstrap_holds_the_mean_and_widens_with_fewer_repositories():
    rng = np.random.default_rng(0)
    found = rng.integers(1, 4, 4000)
    many = bootstrap(found, [str(i % 400) for i in range(4000)])
    few_groups = np.repeat(np.arange(4), 1000)
    shifted = np.where(few_groups == 0, 1, found)
    few = bootstrap(shifted, few_groups.astype(str))
    for (low, high), ranked in ((many, found), (few, shifted)):
        assert low.top1 <= score(ranked).top1 <= high.top1
    assert few[1].top1 - few[0].top1 > many[1].top1 - many[0].top1


def test_one_repository_has_no_spread():
    low, high = bootstrap([1, 2, 1], ["a", "a", "a"])
    assert low == high
