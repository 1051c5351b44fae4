"""Calibration on data whose true probabilities are known."""

import numpy as np
import pytest

from kernel_ext.ranker.calibrate import (
    Scale,
    expected_error,
    fit,
    sigmoid,
    softmax,
)


def drawn(n, temperature, missing=0.0, seed=0):
    """Lists of scores with targets drawn from their softmax at a temperature."""
    rng = np.random.default_rng(seed)
    lists, wanted = [], []
    for _ in range(n):
        scores = rng.normal(0, 2, rng.integers(2, 20))
        p = softmax(scores / temperature)
        lists.append(scores)
        wanted.append(
            -1 if rng.random() < missing else int(rng.choice(len(scores), p=p))
        )
    return lists, wanted


def shown(scale, lists, wanted):
    p = [scale.probabilities(s) for s in lists]
    hit = [np.arange(len(s)) == w for s, w in zip(lists, wanted, strict=True)]
    return np.concatenate(p), np.concatenate(hit)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found(temperature):
    lists, wanted = drawn(3000, temperature)
    scale = fit(lists, wanted)
    assert scale.temperature == pytest.approx(temperature, rel=0.1)
    assert scale.slope == pytest.approx(1.0, abs=0.1)
    assert expected_error(*shown(scale, lists, wanted)) < 0.01


def test_lists_without_the_wanted_name_lower_the_probabilities():
    lists, wanted = drawn(4000, 1.0, missing=0.3)
    held_lists, held = drawn(4000, 1.0, missing=0.3, seed=1)
    before = expected_error(*shown(Scale(), held_lists, held))
    after = expected_error(*shown(fit(lists, wanted), held_lists, held))
    assert before > 0.02
    assert after < 0.01


def test_overconfident_scores_are_tamed():
    rng = np.random.default_rng(0)
    lists = [np.array([30.0, *rng.normal(0, 1, 3)]) for _ in range(400)]
    wanted = [0 if rng.random() < 0.6 else -1 for _ in lists]
    p, hit = shown(fit(lists, wanted), lists, wanted)
    assert expected_error(p, hit) < 0.02
    assert p.max() == pytest.approx(0.6, abs=0.05)


def test_the_order_is_kept():
    lists, wanted = drawn(500, 2.0, missing=0.5)
    scale = fit(lists, wanted)
    for scores in lists[:50]:
        p = scale.probabilities(scores)
        assert np.array_equal(np.argsort(p), np.argsort(scores))
        assert ((p >= 0) & (p <= 1)).all()


def test_too_few_points_change_nothing():
    assert fit([np.zeros(3)] * 10, [0] * 10) == Scale()


def test_expected_error_by_hand():
    p = np.array([0.1] * 10 + [0.9] * 10)
    hit = np.array([0] * 10 + [1] * 5 + [0] * 5)
    assert expected_error(p, hit, bins=2) == pytest.approx((0.1 + 0.4) / 2)
    assert np.isnan(expected_error(np.array([]), np.array([])))


def test_extremes_do_not_overflow():
    assert sigmoid(np.array([-1e6, 0.0, 1e6])).tolist() == [0.0, 0.5, 1.0]
    assert softmax(np.array([1e6, 0.0])).tolist() == [1.0, 0.0]
    assert softmax(np.array([])).size == 0
