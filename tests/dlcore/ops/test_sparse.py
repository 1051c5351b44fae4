"""Sparse tensors of tensorflow and jax: every op gives what it gives for dense ones.

Oracles are the same op on the dense tensors, and scipy for products of matrices. What
comes out sparse is what the symbolic rules say comes out sparse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import dlcore
from dlcore import ops
from dlcore.src.backend import get, sparse as classes

DENSE = np.array([[0.5, 0.0, -0.25, 0.0], [0.0, 0.0, 0.75, 1.0], [0.0, 0.0, 0.0, 0.0]])
OTHER = np.array([[0.0, 0.5, 0.25, 0.0], [1.0, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0]])


@pytest.fixture(params=["tensorflow", "jax"])
def keeping(
    request: pytest.FixtureRequest, need: Callable[[str], None]
) -> Iterator[str]:
    """Run the test on each backend that has sparse tensors."""
    need(request.param)
    with dlcore.use_backend(request.param):
        yield request.param


def stored(x: Any, dtype: str = "float32") -> Any:
    """Return a sparse tensor of the active backend."""
    x = np.asarray(x, dtype)
    if dlcore.config.backend() == "tensorflow":
        import tensorflow as tf

        return tf.sparse.from_dense(x)
    from jax.experimental.sparse import BCOO

    return BCOO.fromdense(x)


def slices(rows: Any, places: Any, sizes: Any) -> Any:
    """Return a tensor that stores some rows; of the same row all, summed up."""
    rows = np.asarray(rows, "float32")
    if dlcore.config.backend() == "tensorflow":
        import tensorflow as tf

        return tf.IndexedSlices(*map(tf.constant, (rows, places, sizes)))
    from jax.experimental.sparse import BCOO

    return BCOO((rows, np.asarray(places)[:, None]), shape=sizes)


def is_sparse(x: Any) -> bool:
    """Whether it is a sparse tensor, a symbolic one or one with values."""
    if isinstance(x, dlcore.KerasTensor):
        return x.sparse
    return get(dlcore.config.backend()).has_sparse(type(x))


def same(found: Any, wanted: Any) -> None:
    """Compare values and dtypes, whatever stores them."""
    if not isinstance(wanted, np.ndarray):
        assert ops.dtype(found) == ops.dtype(wanted)
    wanted = ops.convert_to_numpy(wanted)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), wanted, rtol=1e-5, atol=1e-6
    )
    assert tuple(ops.shape(found)) == wanted.shape


def symbolic(x: Any) -> Any:
    """Return a symbolic tensor like a tensor; all else stays as it is."""
    if not hasattr(x, "shape"):
        return x
    return dlcore.KerasTensor(ops.shape(x), ops.dtype(x), sparse=is_sparse(x))


@pytest.mark.parametrize(
    "name", [n for n in classes.MAPPED if n not in ("cast", "digitize")]
)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_mapped(keeping: str, name: str, dtype: str) -> None:
    """What keeps zeros is done on the stored values."""
    fn, values = getattr(ops, name), np.asarray(4 * DENSE, dtype) / 4
    x = stored(values, dtype)
    found = fn(x)
    same(found, fn(ops.convert_to_tensor(x, sparse=False)))
    assert is_sparse(found)
    assert fn(symbolic(x)).sparse


@pytest.mark.parametrize("name", ["cos", "exp", "relu", "sigmoid", "isfinite", "log"])
def test_densified(keeping: str, name: str) -> None:
    """All other ops get dense tensors."""
    fn, x = getattr(ops, name), stored(DENSE)
    found = fn(x)
    same(found, fn(ops.convert_to_tensor(x, sparse=False)))
    assert not is_sparse(found)
    assert not fn(symbolic(x)).sparse


CALLS = {
    "cast": lambda x: ops.cast(x, "float16"),
    "digitize": lambda x: ops.digitize(x, np.array([0.1, 0.6])),
    "reshape": lambda x: ops.reshape(x, (2, -1)),
    "reshape to more": lambda x: ops.reshape(x, (2, 3, 2)),
    "transpose": ops.transpose,
    "transpose, axes": lambda x: ops.transpose(x, (1, 0)),
    "expand_dims": lambda x: ops.expand_dims(x, -1),
    "expand_dims, two": lambda x: ops.expand_dims(x, (0, 2)),
    "squeeze": lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
    "squeeze all": lambda x: ops.squeeze(ops.reshape(x, (1, 12, 1))),
    "sum": ops.sum,
    "sum of rows": lambda x: ops.sum(x, 1),
    "sum kept": lambda x: ops.sum(x, (0,), keepdims=True),
    "mean": lambda x: ops.mean(x, -1),
    "mean kept": lambda x: ops.mean(x, keepdims=True),
    "concatenate": lambda x: ops.concatenate([x, x], 1),
    "round": lambda x: ops.round(x, 1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_calls(keeping: str, call: Callable[[Any], Any]) -> None:
    """Shapes and sums of sparse tensors are sparse."""
    x = stored(DENSE)
    found = call(x)
    same(found, call(ops.convert_to_tensor(x, sparse=False)))
    assert is_sparse(found)
    assert is_sparse(call(symbolic(x)))


PAIRS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "sparse, sparse": lambda: (stored(DENSE), stored(OTHER)),
    "sparse, itself": lambda: (stored(DENSE),) * 2,
    "sparse, nothing": lambda: (stored(DENSE), stored(0 * OTHER)),
    "sparse, dense": lambda: (stored(DENSE), ops.convert_to_tensor(OTHER, "float32")),
    "dense, sparse": lambda: (ops.convert_to_tensor(OTHER, "float32"), stored(DENSE)),
    "sparse, row": lambda: (stored(DENSE), ops.convert_to_tensor(OTHER[0], "float32")),
    "sparse, column": lambda: (stored(DENSE), ops.convert_to_tensor(OTHER[:, 2:3])),
    "sparse, number": lambda: (stored(DENSE), 2),
    "number, sparse": lambda: (2.0, stored(DENSE)),
    "of two dtypes": lambda: (stored(4 * DENSE, "int32"), stored(OTHER)),
    "slices": lambda: (
        slices(DENSE[:2], [2, 0], (3, 4)),
        slices(OTHER[:2], [1, 2], (3, 4)),
    ),
    "a row twice": lambda: (
        slices(DENSE[:2], [1, 1], (3, 4)),
        slices(OTHER[:2], [1, 0], (3, 4)),
    ),
    "slices, dense": lambda: (
        slices(DENSE[:2], [2, 0], (3, 4)),
        ops.convert_to_tensor(OTHER, "float32"),
    ),
}
BINARY = (*classes.UNION, "multiply", *classes.DIVISION, "power", "greater", "where")


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.filterwarnings("ignore:(divide|invalid)")
def test_pairs(keeping: str, name: str, pair: Callable[[], tuple[Any, Any]]) -> None:
    """Two tensors, of which one or both are sparse."""
    fn = getattr(ops, name)
    if name == "where":
        fn = lambda x1, x2: ops.where(ops.greater(x1, x2), x1, x2)  # noqa: E731
    pair = pair()
    found = fn(*pair)
    same(
        found,
        fn(
            *(
                ops.convert_to_tensor(x, sparse=False) if hasattr(x, "shape") else x
                for x in pair
            )
        ),
    )
    assert is_sparse(found) == is_sparse(fn(*map(symbolic, pair)))


SHAPES = [((3, 4), (4, 2)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (2, 1, 4, 2))]
SHAPES += [((2, 3, 4), (4, 5)), ((2, 3, 4), (1, 4, 5)), ((3, 4), (4,))]


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("which", [(True, False), (False, True), (True, True)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_matmul(keeping: str, sizes: Any, which: tuple[bool, bool], dtype: str) -> None:
    """Products of stacks of matrices."""
    draws = np.random.default_rng(0)
    arrays = [draws.integers(-2, 2, s).astype(dtype) for s in sizes]
    if which[1] and len(sizes[1]) == 1:
        pytest.skip("a sparse vector is no matrix")
    given = [
        stored(a, dtype) if chosen else ops.convert_to_tensor(a)
        for a, chosen in zip(arrays, which, strict=True)
    ]
    found = ops.matmul(*given)
    same(found, np.matmul(*arrays))
    assert ops.dtype(found) == dtype
    if sizes[0][:-2] == sizes[1][:-2]:  # what is broadcast is dense
        assert is_sparse(found) == all(which)
    assert ops.matmul(*map(symbolic, given)).sparse == all(which)


def test_against_scipy(keeping: str) -> None:
    """A larger product, with scipy as the oracle."""
    one = scipy.sparse.random(50, 40, 0.1, random_state=0)
    two = scipy.sparse.random(40, 30, 0.2, random_state=1)
    x1, x2 = stored(one.toarray()), stored(two.toarray())
    same(ops.matmul(x1, x2), (one @ two).toarray().astype("float32"))
    weights = np.random.default_rng(0).normal(size=(40, 7)).astype("float32")
    same(ops.matmul(x1, weights), (one @ weights).astype("float32"))
    same(ops.sum(x1, 0), one.toarray().sum(0).astype("float32"))


def test_made_sparse(keeping: str) -> None:
    """Ops with ``sparse=True`` make sparse tensors."""
    x = np.array([[1, 0, 3], [2, 2, -1]])
    for axis in (-1, 0, 1):
        found = ops.one_hot(x, 4, axis=axis, sparse=True)
        assert is_sparse(found)
        same(found, ops.one_hot(x, 4, axis=axis))
    found = ops.multi_hot(x, 4, sparse=True)
    assert is_sparse(found)
    same(found, ops.multi_hot(x, 4))
    x = np.array([[1, 0, 3], [2, 2, 1]])
    for weights in (None, np.arange(6.0, dtype="float32").reshape(2, 3)):
        found = ops.bincount(x, weights, 6, sparse=True)
        assert is_sparse(found)
        same(found, ops.bincount(x, weights, 6))
    # Of a sparse tensor what is stored is counted.
    same(
        ops.bincount(stored([1, 0, 3, 3, 0], "int32"), minlength=3),
        np.array([0, 1, 0, 2]),
    )
    symbol = dlcore.KerasTensor((2, 3), "int32")
    assert ops.one_hot(symbol, 4, sparse=True).sparse
    assert ops.multi_hot(symbol, 4, sparse=True).sparse
    assert ops.bincount(symbol, sparse=True).sparse


def test_conversion(keeping: str) -> None:
    """A sparse tensor stays sparse, unless it is asked to be dense."""
    x = stored(DENSE)
    assert ops.convert_to_tensor(x) is x
    assert is_sparse(ops.convert_to_tensor(x, "float16", sparse=True))
    assert not is_sparse(ops.convert_to_tensor(x, sparse=False))
    assert ops.is_tensor(x)
    assert ops.shape(x) == (3, 4)
    same(x, DENSE.astype("float32"))
    symbol = symbolic(x)
    assert ops.convert_to_tensor(symbol).sparse
    assert not ops.convert_to_tensor(symbol, sparse=False).sparse
    with dlcore.use_backend("numpy"):  # elsewhere it is a dense one
        assert isinstance(ops.convert_to_tensor(x), np.ndarray)


def gradient(fn: Callable[[Any], Any], start: Any) -> np.ndarray:
    """Return the gradient of the sum of ``fn`` of a variable's value."""
    variable = dlcore.Variable(start)

    def loss() -> Any:
        return ops.sum(ops.convert_to_tensor(fn(variable), sparse=False)), None

    step = variable.backend.runtime.value_and_grad(loss, [variable], [])
    return ops.convert_to_numpy(step()[1][0])


def test_gradients(keeping: str) -> None:
    """Gradients go through a sparse factor, and through sparse values."""
    x, weights = stored(DENSE), np.ones((4, 2), "float32")
    found = gradient(lambda w: ops.square(ops.matmul(x, w)), weights)
    dense = ops.convert_to_tensor(DENSE, "float32")
    same(found, gradient(lambda w: ops.square(ops.matmul(dense, w)), weights))
    values, positive = np.array([1.0, 2.0], "float32"), np.float32(1 + OTHER)
    for name in ("add", "multiply", "maximum", "divide"):
        fn = getattr(ops, name)
        # Scaled by a variable, stored values depend on it.
        found = gradient(
            lambda s, fn=fn: ops.multiply(fn(ops.multiply(x, s[0]), positive), s[1]),
            values,
        )
        want = gradient(
            lambda s, fn=fn: ops.multiply(
                fn(ops.multiply(dense, s[0]), positive), s[1]
            ),
            values,
        )
        same(found, want)
    found = gradient(
        lambda s: ops.sum(
            ops.add(ops.multiply(x, s[0]), ops.square(ops.multiply(x, s[1])))
        ),
        values,
    )
    want = gradient(
        lambda s: ops.sum(
            ops.add(ops.multiply(dense, s[0]), ops.square(ops.multiply(dense, s[1])))
        ),
        values,
    )
    same(found, want)


def test_ragged(need: Callable[[str], None]) -> None:
    """Rows of different lengths are looked up as they are."""
    need("tensorflow")
    import tensorflow as tf

    with dlcore.use_backend("tensorflow"):
        table = np.arange(8.0, dtype="float32").reshape(4, 2)
        places = tf.ragged.constant([[2], [0, -1, 1]])
        found = ops.take(table, places, axis=0)
        assert isinstance(found, tf.RaggedTensor)
        assert [row.tolist() for row in found.numpy()] == [
            [[4, 5]],
            [[0, 1], [6, 7], [2, 3]],
        ]
        assert isinstance(ops.negative(found), tf.RaggedTensor)
        symbol = dlcore.KerasTensor((2, None), "int32", ragged=True)
        assert ops.take(table, symbol, axis=0).ragged
