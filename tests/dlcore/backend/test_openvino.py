"""openvino: every row of the ops' table as a compiled step, and what steps may do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import optree
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY
from tests.dlcore.ops.samples import ROWS, Row

pytestmark = pytest.mark.usefixtures("openvino")


@pytest.fixture
def openvino(need: Callable[[str], None]) -> Iterator[None]:
    need("openvino")
    with dlcore.use_backend("openvino"):
        yield


def compiled(step: Callable[..., Any], *variables: dlcore.Variable) -> Any:
    return backends.get("openvino").runtime.jit(step, variables)


def leaves(tree: Any) -> list[Any]:
    return list(tree) if isinstance(tree, list | tuple) else [tree]


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


#: The rows with something to trace.
TRACED = [r for r in ROWS if any(map(is_array, optree.tree_leaves((r.args, r.kwargs))))]
#: Derived ops whose bodies need an op without a graph form.
NEEDING = {
    "cholesky_inverse": "cholesky",
    "logdet": "slogdet",
    "pinv": "svd",
    "matrix_rank": "svd",
    "lstsq": "svd",
    "stft": "rfft",
    "istft": "irfft",
}


def without_graph(row: Row) -> bool:
    """Whether a row is known to run op by op."""
    from dlcore.src.backend.openvino import graph

    arrays = [*optree.tree_leaves((row.args, row.kwargs)), *leaves(row.expected())]
    if any(np.asarray(x).dtype.kind == "c" for x in arrays):
        return True
    if row.op == "norm":  # by singular values
        over = np.size(row.kwargs.get("axis"))
        return over == 2 and row.kwargs.get("ord") in ("nuc", 2, -2)
    if row.op == "where":
        return len(row.args) == 1
    return NEEDING.get(row.op, row.op) in graph.WITHOUT_GRAPH


@pytest.mark.parametrize("row", TRACED, ids=str)
def test_compiled_rows_give_the_value_of_the_oracle(row: Row) -> None:
    given, structure = optree.tree_flatten((row.args, row.kwargs), none_is_leaf=True)
    places = [i for i, x in enumerate(given) if is_array(x)]

    def step(*arrays: Any) -> Any:
        leaves = list(given)
        for i, array in zip(places, arrays, strict=True):
            leaves[i] = array
        args, kwargs = optree.tree_unflatten(structure, leaves)
        return REGISTRY[row.op].function(*args, **kwargs)

    arrays = [given[i] for i in places]
    eager = leaves(step(*map(ops.convert_to_tensor, arrays)))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        found = leaves(compiled(step)(*arrays))
    assert any("openvino runs" in str(w.message) for w in said) == without_graph(row)
    expected = leaves(row.expected())
    assert len(found) == len(eager) == len(expected)
    for got, plain, want in zip(found, eager, expected, strict=True):
        assert (got.shape, got.dtype) == (plain.shape, plain.dtype)
        if row.unique:
            np.testing.assert_allclose(
                got, want, rtol=row.tolerance, atol=row.tolerance, equal_nan=True
            )
