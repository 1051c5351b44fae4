"""Initializers: the same numbers everywhere, of the promised distributions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from scipy import stats

import dlcore
from dlcore import initializers, ops

SHAPE = (40, 50)

#: Class, arguments, (mean, standard deviation) or scipy's distribution.
RANDOM: list[tuple[str, dict[str, Any], Any]] = [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5}, stats.norm(1.0, 0.5)),
    ("TruncatedNormal", {"stddev": 0.5}, stats.truncnorm(-2, 2, 0, 0.5)),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, stats.uniform(-1, 4)),
    ("GlorotUniform", {}, stats.uniform(-((6 / 90) ** 0.5), 2 * (6 / 90) ** 0.5)),
    ("GlorotNormal", {}, (0, (2 / 90) ** 0.5)),
    ("HeNormal", {}, (0, (2 / 40) ** 0.5)),
    ("HeUniform", {}, (0, (2 / 40) ** 0.5)),
    ("LecunNormal", {}, (0, (1 / 40) ** 0.5)),
    ("LecunUniform", {}, (0, (1 / 40) ** 0.5)),
    (
        "VarianceScaling",
        {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"},
        stats.norm(0, (3 / 50) ** 0.5),
    ),
    ("VarianceScaling", {"input_axes": [1], "output_axes": [0]}, (0, (1 / 50) ** 0.5)),
    ("Orthogonal", {"gain": 2.0}, None),
]


@pytest.mark.parametrize(("name", "options", "_"), RANDOM)
def test_same_numbers_on_every_backend(backend, name, options, _):
    """``check_initializer``, the part that concerns backends."""
    made = getattr(initializers, name)(**options, seed=3)(SHAPE)
    assert ops.dtype(made) == "float32"
    assert backend in type(made).__module__
    with dlcore.use_backend("numpy"):
        reference = getattr(initializers, name)(**options, seed=3)(SHAPE)
    np.testing.assert_array_equal(ops.convert_to_numpy(made), reference)


@pytest.mark.parametrize(("name", "options", "law"), RANDOM)
def test_contract(name, options, law):
    """``check_initializer``: what every random initializer promises."""
    with dlcore.use_backend("numpy"):
        make = getattr(initializers, name)
        values = make(**options, seed=5)(SHAPE)
        assert values.shape == SHAPE
        assert not np.array_equal(values, make(**options, seed=6)(SHAPE))
        assert not np.array_equal(make(**options)(SHAPE), make(**options)(SHAPE))
        one = make(**options, seed=5)
        np.testing.assert_array_equal(one(SHAPE), one(SHAPE))
        generator = dlcore.random.SeedGenerator(1)
        other = make(**options, seed=generator)
        assert not np.array_equal(other(SHAPE), other(SHAPE))
        again = initializers.deserialize(initializers.serialize(one))
        np.testing.assert_array_equal(again(SHAPE), values)
        np.testing.assert_array_equal(one.clone()(SHAPE), values)
        theirs = keras.initializers.deserialize(initializers.serialize(one))
        assert type(theirs).__name__ == name
        if isinstance(law, tuple):
            assert values.mean() == pytest.approx(law[0], abs=0.15 * law[1])
            assert values.std() == pytest.approx(law[1], rel=0.06)
        elif law is not None:
            assert stats.kstest(values.ravel(), law.cdf).pvalue > 1e-3
        half = make(**options)(SHAPE, dtype="float16")
        assert half.dtype == "float16"


def test_orthogonal_is_orthogonal(backend):
    for shape in ((5, 3), (3, 5), (2, 3, 4)):
        made = ops.convert_to_numpy(initializers.Orthogonal(gain=2.0)(shape))
        flat = made.reshape(-1, shape[-1])
        product = flat @ flat.T if flat.shape[0] < flat.shape[1] else flat.T @ flat
        np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-4)


#: Class, arguments, shape.
FIXED: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("Zeros", {}, (2, 3)),
    ("Ones", {}, (2,)),
    ("Constant", {"value": 3.5}, (2, 2)),
    ("Constant", {"value": np.arange(3.0)}, (2, 3)),
    ("Identity", {"gain": 2.0}, (3, 4)),
    ("STFT", {}, (8, 1, 5)),
    ("STFT", {"side": "imag", "window": "hamming", "scaling": "spectrum"}, (8, 1, 5)),
    ("STFT", {"window": None, "scaling": None}, (8, 1, 5)),
]


@pytest.mark.parametrize(("name", "options", "shape"), FIXED)
def test_fixed_values_are_those_of_keras(backend, name, options, shape):
    ours = getattr(initializers, name)(**options)
    theirs = getattr(keras.initializers, name)(**options)
    made = ours(shape)
    assert ops.dtype(made) == "float32"
    np.testing.assert_allclose(
        ops.convert_to_numpy(made), np.asarray(theirs(shape)), rtol=1e-5, atol=2e-6
    )
    again = initializers.deserialize(initializers.serialize(ours))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again(shape)), ops.convert_to_numpy(made)
    )


def test_get(backend):
    assert isinstance(initializers.get("glorot_uniform"), initializers.GlorotUniform)
    assert isinstance(initializers.get("HeNormal"), initializers.HeNormal)
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    assert initializers.get(None) is None
    given = initializers.get(ops.ones((2, 2)))
    assert ops.convert_to_numpy(given((2, 2), "float32")).tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ValueError, match="Expected `shape`"):
        given((3,))
    for name in vars(keras.initializers):
        if not name.startswith("_"):
            assert hasattr(initializers, name), name


def test_global_seed_decides():
    with dlcore.use_backend("numpy"):
        drawn = []
        for _ in range(2):
            dlcore.utils.set_random_seed(7)
            drawn.append(initializers.GlorotUniform()((3, 3)))
        np.testing.assert_array_equal(*drawn)


def test_errors_help():
    wrong = [
        (lambda: initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
        (lambda: initializers.VarianceScaling(mode="fan_inn"), "Did you mean 'fan_in'"),
        (lambda: initializers.VarianceScaling(scale=0), "positive"),
        (lambda: initializers.RandomNormal(seed="x"), "`seed` must be"),
        (lambda: initializers.Identity()((2,)), "matrices"),
        (lambda: initializers.Orthogonal()((2,)), "two axes"),
        (lambda: initializers.STFT(side="left"), "`side` cannot be"),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()
