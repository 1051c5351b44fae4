"""The largest elements: in order, the first of equal ones first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import dlcore
from dlcore import ops
from dlcore.src import backend as backends


def first_largest(x: np.ndarray, k: int) -> np.ndarray:
    """Return the places of the largest, by a stable sort of all."""
    return np.argsort(-x.astype("float64"), -1, kind="stable")[..., :k]


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    distinct=st.sampled_from([2, 5, 40, 10**6]),
    rows=st.integers(1, 4),
    size=st.integers(5, 80),
    k=st.integers(1, 6),
)
def test_top_k(
    dtype: str, seed: int, distinct: int, rows: int, size: int, k: int
) -> None:
    k = min(k, size)
    x = np.random.default_rng(seed).integers(-distinct, distinct, (rows, size))
    x = x.astype(dtype)
    want = first_largest(x, k)
    for name in ("numpy", "torch"):  # jax has this order, TensorFlow too
        with dlcore.use_backend(name):
            values, places = ops.top_k(ops.convert_to_tensor(x), k)
        np.testing.assert_array_equal(ops.convert_to_numpy(places), want)
        found = ops.convert_to_numpy(values)
        np.testing.assert_array_equal(found, np.take_along_axis(x, want, -1))


def test_top_k_of_many_axes_and_bad_sizes(backend: str) -> None:
    x = np.arange(120, dtype="float32").reshape(2, 3, 20)[:, :, ::-1].copy()
    values, places = ops.top_k(ops.convert_to_tensor(x), 2)
    np.testing.assert_array_equal(ops.convert_to_numpy(values), x[..., :2])
    assert (ops.convert_to_numpy(places) == [0, 1]).all()
    with pytest.raises(Exception, match="`k` is at most 20"):
        ops.top_k(ops.convert_to_tensor(x), 21)


def test_top_k_under_vmap_and_gradients() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor([[3.0, 3.0, 1.0, 3.0] * 6, [0.0, 9.0, 9.0, 2.0] * 6])
    mapped = torch.vmap(lambda row: ops.top_k(row, 3)[1])(x)
    assert mapped.tolist() == ops.top_k(x, 3)[1].tolist() == [[0, 1, 3], [1, 2, 5]]
    leaf = x.clone().requires_grad_()
    ops.sum(ops.top_k(leaf, 3)[0]).backward()
    assert leaf.grad.sum() == 6 and leaf.grad[0, 3] == 1


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("btnh,bsnh->bnts", [(2, 3, 4, 5), (2, 6, 4, 5)]),
        ("i,j->ij", [(3,), (4,)]),
        ("ij,ij->", [(3, 4), (3, 4)]),
        ("aij,jk->ki", [(2, 3, 4), (4, 5)]),
        ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 5)]),
        ("ii,ij->j", [(3, 3), (3, 4)]),
        ("ij,ij->ij", [(3, 4), (3, 4)]),
    ],
)
def test_einsum_of_two_is_that_of_numpy(
    subscripts: str, shapes: list[Any], backend: str
) -> None:
    if "einsum" in backends.get(backend).lacks:
        pytest.skip(backends.get(backend).lacks["einsum"])
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=s).astype("float32") for s in shapes]
    found = ops.einsum(subscripts, *map(ops.convert_to_tensor, arrays))
    want = np.einsum(subscripts, *arrays)
    np.testing.assert_allclose(ops.convert_to_numpy(found), want, atol=1e-5)
