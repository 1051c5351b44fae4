"""``.keras`` files go from Keras to dlcore and back, for every layer class."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers
from tests.dlcore.saving.layer_cases import (
    CASES,
    FOREIGN,
    NO_GRAPH,
    NO_LAYERS,
    data,
    model,
)

keras = pytest.importorskip("keras")

BACKENDS = ("numpy", "jax", "torch")
TOLERANCE = 1e-5
#: What predicts otherwise than Keras on torch does, and why.
DIFFER = {
    "ContrastLimitedAdaptiveHistogramEqualization": (
        "Keras on torch has whole numbers where dlcore interpolates: 4 of 255 apart"
    ),
}
HERE = sorted(set(CASES) & set(vars(layers)) - NO_LAYERS - NO_GRAPH)


PARAMETERS = [
    pytest.param(
        name,
        marks=[pytest.mark.xfail(reason=DIFFER[name], strict=True)]
        if name in DIFFER
        else [],
    )
    for name in HERE
]


def test_every_layer_class_has_a_case() -> None:
    found = {
        thing.__dlcore_name__.rpartition(".")[2]
        for thing in vars(layers).values()
        if inspect.isclass(thing)
    }
    assert found - set(CASES) - NO_LAYERS - FOREIGN == set()


def predicted(made: Any, x: Any) -> Any:
    """Return the outputs of a model of either library."""
    if getattr(x, "dtype", None) is np.dtype(
        object
    ):  # Keras on torch has no models on text
        return dlcore.tree.flatten(np.asarray(made.layers[-1](x)))
    return dlcore.tree.flatten(made.predict(x, verbose=0))


def same(found: Any, wanted: Any) -> None:
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        if getattr(b, "dtype", np.dtype(object)).kind in "fc":
            np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)
        else:
            np.testing.assert_array_equal(a, b)


def _shapes(made: Any) -> list[tuple[int, ...]]:
    return sorted(w.shape for w in made.get_weights())


@pytest.mark.parametrize("name", PARAMETERS)
def test_keras_to_dlcore(name: str, tmp_path: Path) -> None:
    x, path = data(name), tmp_path / "model.keras"
    theirs = model(keras, name)
    theirs.save(path)
    wanted = predicted(theirs, x)
    for backend in BACKENDS:
        with dlcore.use_backend(backend):
            ours = dlcore.saving.load_model(path)
            same(predicted(ours, x), wanted)
            assert _shapes(ours) == _shapes(theirs)


@pytest.mark.parametrize("name", PARAMETERS)
def test_dlcore_to_keras(name: str, tmp_path: Path) -> None:
    x, path = data(name), tmp_path / "model.keras"
    with dlcore.use_backend("numpy"):
        ours = model(dlcore, name)
        ours.save(path)
        wanted = predicted(ours, x)
        again = dlcore.saving.load_model(path)
        same(predicted(again, x), wanted)
    same(predicted(keras.saving.load_model(path), x), wanted)
