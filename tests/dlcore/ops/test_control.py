"""Conditions, loops and functions of functions, run and on symbolic tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import ops
from dlcore.src.ops.declare import REGISTRY

X = np.arange(12, dtype="float32").reshape(4, 3)


def value(x: Any) -> np.ndarray:
    return ops.convert_to_numpy(x)


def test_cond(backend: str) -> None:
    x = ops.convert_to_tensor(X)
    for limit, expected in ((0.0, X + 1), (1e9, X - 1)):
        found = ops.cond(ops.sum(x) > limit, lambda: x + 1, lambda: x - 1)
        np.testing.assert_array_equal(value(found), expected)


def test_switch(backend: str) -> None:
    branches = [lambda x, k=k: x * k for k in range(3)]
    for i in range(3):
        found = ops.switch(ops.convert_to_tensor(i), branches, ops.convert_to_tensor(X))
        np.testing.assert_array_equal(value(found), X * i)


def test_loops(backend: str) -> None:
    i, total = ops.while_loop(
        lambda i, total: i < 5, lambda i, total: (i + 1, total + i), (0, 0)
    )
    assert (int(i), int(total)) == (5, 10)
    (i,) = ops.while_loop(
        lambda i: i < 5, lambda i: (i + 1,), (0,), maximum_iterations=3
    )
    assert int(i) == 3
    assert int(ops.fori_loop(2, 5, lambda i, v: v + i, ops.convert_to_tensor(0))) == 9


@pytest.mark.parametrize("reverse", [False, True])
def test_scan(backend: str, reverse: bool) -> None:
    x = ops.convert_to_tensor(X)
    last, sums = ops.scan(lambda c, v: (c + v, c), ops.zeros((3,)), x, reverse=reverse)
    np.testing.assert_array_equal(value(last), X.sum(0))
    order = X[::-1] if reverse else X
    before = np.cumsum(order, 0) - order
    np.testing.assert_array_equal(value(sums), before[::-1] if reverse else before)


def test_maps(backend: str) -> None:
    x = ops.convert_to_tensor(X)
    for op in (ops.map, ops.vectorized_map):
        np.testing.assert_array_equal(
            value(op(lambda v: ops.sum(v) + v, x)), X.sum(1, keepdims=True) + X
        )


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_associative_scan(backend: str, size: int) -> None:
    x = ops.convert_to_tensor(X[:1].repeat(size, 0))
    found = ops.associative_scan(lambda a, b: a + b, x)
    np.testing.assert_array_equal(value(found), np.cumsum(X[:1].repeat(size, 0), 0))


def test_symbolic() -> None:
    x = dlcore.KerasTensor((None, 3))
    assert ops.cond(dlcore.KerasTensor((), "bool"), lambda: x, lambda: x + 1).shape == (
        None,
        3,
    )
    assert ops.map(lambda v: ops.sum(v), x).shape == (None,)
    assert ops.vectorized_map(lambda p: p[0] + p[1], (x, x)).shape == (None, 3)
    carry, out = ops.scan(lambda c, v: (c + v, c), ops.zeros((3,)), x)
    assert (carry.shape, out.shape) == ((3,), (None, 3))


def test_stop_gradient_and_custom_gradient(differentiating: str) -> None:
    from dlcore.src import backend as backends

    @ops.custom_gradient
    def doubled(x: Any) -> Any:
        def grad(*args: Any, upstream: Any = None) -> Any:
            return upstream * 10

        return x * 2, grad

    with dlcore.use_backend(differentiating):
        v = dlcore.Variable([3.0])
        for fn, slope in (
            (lambda: ops.stop_gradient(v.value) * v.value, 3.0),
            (lambda: doubled(v.value), 10.0),
        ):
            step = backends.current().runtime.value_and_grad(
                lambda fn=fn: (ops.sum(fn()), None), [v], []
            )
            (_, grads) = step()
            assert float(value(grads[0])[0]) == pytest.approx(slope)


def test_vectorize(backend: str) -> None:
    multiply = ops.vectorize(lambda a, b: a * b)
    np.testing.assert_array_equal(value(multiply(X, X[0])), X * X[0])


def test_bad_arguments_are_named(backend: str) -> None:
    with pytest.raises(TypeError, match="callable"):
        ops.scan(1, 0, np.arange(3))
    with pytest.raises(ValueError, match="xs"):
        ops.scan(lambda c, x: (c, x), 0)


def test_associative_scan_needs_a_known_size() -> None:
    body = REGISTRY["associative_scan"].body
    assert body is not None
    open_ = dlcore.KerasTensor((None, 3))
    with pytest.raises(ValueError, match="the size of axis 0 of `elems` must be known"):
        body(ops.add, open_)
    assert ops.associative_scan(ops.add, open_).shape == (None, 3)
