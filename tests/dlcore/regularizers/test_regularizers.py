"""Regularizers and constraints against Keras' own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import dlcore
from dlcore import activations, constraints, ops, regularizers

RNG = np.random.default_rng(2)
MATRIX = RNG.normal(size=(4, 3)).astype("float32")
ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("regularizers", "L1", {"l1": 0.1}),
    ("regularizers", "L2", {"l2": 0.1}),
    ("regularizers", "L1L2", {"l1": 0.1, "l2": 0.2}),
    ("regularizers", "OrthogonalRegularizer", {"factor": 0.1}),
    ("regularizers", "OrthogonalRegularizer", {"mode": "columns"}),
    ("constraints", "MaxNorm", {"max_value": 0.5}),
    ("constraints", "MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("constraints", "NonNeg", {}),
    ("constraints", "UnitNorm", {}),
    ("constraints", "MinMaxNorm", {"min_value": 0.5, "max_value": 0.8, "rate": 0.5}),
]


@pytest.mark.parametrize(("space", "name", "options"), ROWS)
def test_value_and_configuration_are_those_of_keras(backend, space, name, options):
    ours_all, theirs_all = getattr(dlcore, space), getattr(keras, space)
    ours = getattr(ours_all, name)(**options)
    theirs = getattr(theirs_all, name)(**options)
    expected = np.asarray(theirs(keras.ops.convert_to_tensor(MATRIX)))
    for matrix in (ops.convert_to_tensor(MATRIX), dlcore.Variable(MATRIX)):
        got = ops.convert_to_numpy(ours(matrix))
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    config = ours_all.serialize(ours)
    assert type(theirs_all.deserialize(config)) is type(theirs)
    again = ours_all.deserialize(theirs_all.serialize(theirs))
    for option, value in ours.get_config().items():
        got = again.get_config()[option]  # Keras rounds to float32
        assert got == (pytest.approx(value) if isinstance(value, float) else value)


def test_names_and_errors():
    assert isinstance(regularizers.get("l1_l2"), regularizers.L1L2)
    assert isinstance(regularizers.get("L2"), regularizers.L2)
    assert isinstance(constraints.get("max_norm"), constraints.MaxNorm)
    for space in ("regularizers", "constraints", "activations"):
        for name in vars(getattr(keras, space)):
            if not name.startswith("_"):
                assert hasattr(getattr(dlcore, space), name), name
    wrong = [
        (lambda: regularizers.get("orthogonal_regularizr"), "'orthogonal_regularizer'"),
        (lambda: regularizers.L2("a"), "`l2` must be a number"),
        (lambda: regularizers.L1(-1.0), "not negative"),
        (lambda: regularizers.OrthogonalRegularizer(mode="x"), "Expected one of"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), "must have rank 2"),
        (lambda: constraints.get("non_negg"), "Did you mean 'non_neg'"),
        (lambda: activations.get("rellu"), "Did you mean 'relu'"),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()
