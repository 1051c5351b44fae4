"""Random numbers: uniform, independent, the same on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import dlcore
from dlcore import ops, random
from dlcore.src.ops.random import random_bits

N = 100_000


def draw(name: str, *args: object, **kwargs: object) -> np.ndarray:
    with dlcore.use_backend("numpy"):
        return ops.convert_to_numpy(getattr(random, name)(*args, **kwargs))


def test_uniform_numbers_are_identical_on_every_backend(backend: str) -> None:
    for dtype in ("float32", "float16", "bfloat16"):
        here = random.uniform((3, 50), seed=42, dtype=dtype)
        assert ops.dtype(here) == dtype
        there = draw("uniform", (3, 50), seed=42, dtype=dtype)
        np.testing.assert_array_equal(ops.convert_to_numpy(here), there)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("normal", ((40,),)),
        ("truncated_normal", ((40,), 1.0, 2.0)),
        ("randint", ((40,), -3, 9)),
        ("categorical", (np.zeros((4, 3), "float32"), 10)),
        ("gamma", ((40,), 2.5)),
        ("beta", ((40,), 2.0, 0.5)),
        ("binomial", ((40,), 50.0, 0.3)),
        ("shuffle", (np.arange(40, dtype="int32"),)),
        ("dropout", (np.ones((40,), "float32"), 0.5)),
    ],
)
def test_other_numbers_agree_on_every_backend(
    backend: str, name: str, args: tuple
) -> None:
    here = ops.convert_to_numpy(getattr(random, name)(*args, seed=9))
    np.testing.assert_allclose(here, draw(name, *args, seed=9), rtol=1e-4, atol=1e-5)


def test_bits_are_uniform_in_every_digit() -> None:
    with dlcore.use_backend("numpy"):
        bits = random_bits((N,), np.array([5, 6], "int32"))
    assert bits.min() >= 0
    ones = [int(((bits >> d) & 1).sum()) for d in range(31)]
    # A fair coin stays within 4.5 standard deviations, 31 times out of 31.
    assert max(abs(n - N / 2) for n in ones) < 4.5 * np.sqrt(N) / 2


@pytest.mark.parametrize("seed", [0, 1, 2, 123456789])
def test_uniform_numbers_fill_their_interval(seed: int) -> None:
    x = draw("uniform", (N,), seed=seed)
    counts = np.histogram(x, 256, (0, 1))[0]
    assert stats.chisquare(counts).pvalue > 1e-4
    pairs = np.histogram2d(x[:-1], x[1:], 16, ((0, 1), (0, 1)))[0]
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("lag", [1, 2, 7, 64, 1024])
def test_neighbours_are_not_correlated(lag: int) -> None:
    x = draw("uniform", (N,), seed=3)
    r = np.corrcoef(x[:-lag], x[lag:])[0, 1]
    assert abs(r) < 4.5 / np.sqrt(N)


def test_seeds_are_not_correlated() -> None:
    rows = np.stack([draw("uniform", (2000,), seed=s) for s in range(40)])
    r = np.corrcoef(rows)[np.triu_indices(40, 1)]
    assert np.abs(r).max() < 5.0 / np.sqrt(2000)
    first = np.array([draw("uniform", (1,), seed=s)[0] for s in range(2000)])
    assert stats.kstest(first, "uniform").pvalue > 1e-4


@pytest.mark.parametrize(
    ("name", "args", "cdf"),
    [
        ("normal", (1.0, 2.0), stats.norm(1, 2).cdf),
        ("truncated_normal", (0.0, 1.0), stats.truncnorm(-2, 2).cdf),
        ("gamma", (0.5,), stats.gamma(0.5).cdf),
        ("gamma", (4.0,), stats.gamma(4).cdf),
        ("beta", (2.0, 3.0), stats.beta(2, 3).cdf),
    ],
)
def test_distributions(name: str, args: tuple, cdf: object) -> None:
    x = draw(name, (20_000,), *args, seed=11)
    assert stats.kstest(x, cdf).pvalue > 1e-4


@pytest.mark.parametrize(("count", "p"), [(5, 0.3), (100, 0.7), (1000, 0.01)])
def test_binomial(count: int, p: float) -> None:
    x = draw("binomial", (20_000,), count, p, seed=5)
    law = stats.binom(count, p)
    assert x.min() >= 0 and x.max() <= count
    assert abs(x.mean() - law.mean()) < 4.5 * law.std() / np.sqrt(len(x))
    assert x.var() == pytest.approx(law.var(), rel=0.05)


def test_dropout_keeps_the_mean(backend: str) -> None:
    x = ops.convert_to_numpy(
        random.dropout(np.ones((100, 100), "float32"), 0.3, seed=1)
    )
    assert set(np.unique(x)) == {np.float32(0), np.float32(1 / 0.7)}
    assert x.mean() == pytest.approx(1, abs=0.03)
    rows = random.dropout(
        np.ones((50, 8), "float32"), 0.5, noise_shape=(None, 1), seed=1
    )
    assert (ops.convert_to_numpy(rows).std(axis=1) == 0).all()


def test_generator_counts_its_draws(backend: str) -> None:
    seeds, again = random.SeedGenerator(7), random.SeedGenerator(7)
    first, second = (
        ops.convert_to_numpy(random.uniform((5,), seed=seeds)) for _ in range(2)
    )
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(
        first, ops.convert_to_numpy(random.uniform((5,), seed=again))
    )
    assert int(seeds.state.numpy()[1]) == 2
    assert random.SeedGenerator.from_config(seeds.get_config()).seed == 7


def test_shuffle_keeps_the_elements(backend: str) -> None:
    x = np.arange(30, dtype="int32").reshape(5, 6)
    y = ops.convert_to_numpy(random.shuffle(x, axis=1, seed=2))
    assert not np.array_equal(x, y)
    np.testing.assert_array_equal(np.sort(y, axis=1), x)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="floating"):
        random.uniform((2,), dtype="int32", seed=1)
    with pytest.raises(ValueError, match="integer"):
        random.randint((2,), 0, 5, dtype="float32", seed=1)
    with pytest.raises(ValueError, match="seed"):
        random.SeedGenerator("one")
    with pytest.raises(ValueError, match="seed"):
        random.normal((2,), seed="one")
