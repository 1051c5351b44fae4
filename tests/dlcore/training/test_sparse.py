"""Sparse data and layers that make sparse tensors, against the same made dense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import dlcore
from dlcore import layers, ops
from dlcore.src.backend import get
from dlcore.src.training.data.arrays import split
from dlcore.src.training.data.sparse import as_rows, is_sparse

DENSE = scipy.sparse.random(20, 6, 0.3, random_state=0, dtype="float32").toarray()
LABELS = DENSE.sum(1, keepdims=True)


@pytest.fixture(params=["tensorflow", "jax"])
def keeping(request: pytest.FixtureRequest, need: Callable[[str], None]) -> Any:
    """Run the test on each backend that has sparse tensors."""
    need(request.param)
    with dlcore.use_backend(request.param):
        yield request.param


def kinds(backend: str) -> dict[str, Any]:
    """Return the data in every sparse form."""
    return {
        "coo": scipy.sparse.coo_matrix(DENSE),
        "csr": scipy.sparse.csr_matrix(DENSE),
        "csc array": scipy.sparse.csc_array(DENSE),
        "tensor": get(backend).sparse.store(DENSE),
    }


def test_rows(keeping: str) -> None:
    """Any rows of any sparse form are what they are of the dense one."""
    order = np.random.default_rng(0).permutation(20)
    for x in kinds(keeping).values():
        assert is_sparse(x)
        rows = as_rows(x)
        assert rows.shape == DENSE.shape and len(rows) == 20
        for key in (slice(None), slice(3, 9), order, order[:0], 5):
            np.testing.assert_array_equal(rows[key], DENSE[key])
        np.testing.assert_array_equal(rows.rows(order)[2:7], DENSE[order][2:7])
    cube = np.where(np.arange(24).reshape(2, 3, 4) % 5, 0, 1)
    stored = as_rows(get(keeping).sparse.store(cube))
    np.testing.assert_array_equal(stored[::-1], cube[::-1])


def test_split(keeping: str) -> None:
    """What is held back for validation is the end, still sparse."""
    (x, *_), (held, *_) = split((scipy.sparse.csr_matrix(DENSE), LABELS, None), 0.25)
    np.testing.assert_array_equal(x[:], DENSE[:15])
    np.testing.assert_array_equal(held[:], DENSE[15:])


def test_fit(keeping: str) -> None:
    """Training on sparse data is training on dense data."""

    def train(x: Any) -> list[np.ndarray[Any, Any]]:
        inputs = layers.Input((6,), sparse=True)
        outputs = layers.Dense(1, kernel_initializer="ones")(inputs)
        model = dlcore.Model(inputs, outputs)
        model.compile("sgd", "mse")
        model.fit(x, LABELS, batch_size=8, epochs=2, shuffle=False, verbose=0)
        loss = model.evaluate(x, LABELS, verbose=0)
        return [*model.get_weights(), model.predict(x, verbose=0), np.array(loss)]

    wanted = train(DENSE)
    for x in kinds(keeping).values():
        for one, two in zip(train(x), wanted, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_generator(keeping: str) -> None:
    """Generators may yield sparse batches."""
    model = dlcore.Sequential([layers.Dense(1, kernel_initializer="ones")])
    for x in kinds(keeping).values():
        found = model.predict((batch for batch in [x, x]), verbose=0)
        wanted = np.concatenate([LABELS, LABELS])
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


WORDS = np.array([["a", "b"], ["b", "?"]])
MAKERS: dict[str, tuple[Callable[[bool], Any], Any]] = {
    "category": (
        lambda sparse: layers.CategoryEncoding(4, "multi_hot", sparse),
        np.array([[0, 1], [3, 3]]),
    ),
    "category, count": (
        lambda sparse: layers.CategoryEncoding(4, "count", sparse),
        np.array([[0, 1], [3, 3]]),
    ),
    "category, one_hot": (
        lambda sparse: layers.CategoryEncoding(4, "one_hot", sparse),
        np.array([0, 1, 3]),
    ),
    "discretization": (
        lambda sparse: layers.Discretization(
            [0.0, 1.0], output_mode="multi_hot", sparse=sparse
        ),
        np.array([[0.5, 2.0], [-1.0, 0.0]]),
    ),
    "hashing": (
        lambda sparse: layers.Hashing(5, output_mode="multi_hot", sparse=sparse),
        WORDS,
    ),
    "strings": (
        lambda sparse: layers.StringLookup(
            vocabulary=["a", "b"], output_mode="count", sparse=sparse
        ),
        WORDS,
    ),
    "integers": (
        lambda sparse: layers.IntegerLookup(
            vocabulary=[3, 5], output_mode="multi_hot", sparse=sparse
        ),
        np.array([[3, 5], [7, 3]]),
    ),
    "texts": (
        lambda sparse: layers.TextVectorization(
            vocabulary=["a", "b"],
            output_mode="tf_idf",
            idf_weights=[1.0, 2.0],
            sparse=sparse,
        ),
        np.array(["a b", "b b ?"]),
    ),
}


@pytest.mark.parametrize("make, x", MAKERS.values(), ids=list(MAKERS))
def test_layers(keeping: str, make: Callable[[bool], Any], x: Any) -> None:
    """Layers with ``sparse=True`` make the same numbers, sparse; symbols say so."""
    layer = make(True)
    found, wanted = layer(x), make(False)(x)
    assert is_sparse(found)
    numpy = ops.convert_to_numpy
    np.testing.assert_allclose(numpy(found), numpy(wanted))
    assert ops.dtype(found) == ops.dtype(wanted)
    kind = "string" if x.dtype.kind == "U" else x.dtype.name
    assert layer(dlcore.KerasTensor((None, *x.shape[1:]), kind)).sparse
    dense = layers.Dense(2, kernel_initializer="ones")
    np.testing.assert_allclose(numpy(dense(found)), numpy(dense(wanted)), rtol=1e-5)


def test_embedding(keeping: str) -> None:
    """Sparse numbers are looked up like dense ones."""
    layer = layers.Embedding(4, 2)
    x = np.array([[0, 3, 0], [1, 0, 0]])
    found = layer(get(keeping).sparse.store(x))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found), ops.convert_to_numpy(layer(x))
    )


def test_refused() -> None:
    """A backend without sparse tensors says so."""
    with dlcore.use_backend("numpy"), pytest.raises(ValueError, match="backend numpy"):
        layers.CategoryEncoding(4, sparse=True)
