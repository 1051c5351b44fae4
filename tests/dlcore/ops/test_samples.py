"""Value, dtype, shape rule and gradient of every row of the table."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import optree
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY

from .samples import ROWS, Row

rows = pytest.mark.parametrize("row", ROWS, ids=str)
#: The rows with arrays among the arguments: only tensors can be symbolic.
OF_TENSORS = [
    r
    for r in ROWS
    if any(isinstance(x, np.ndarray) for x in optree.tree_leaves((r.args, r.kwargs)))
]
NARROW = {"float64": "float32", "int64": "int32", "complex128": "complex64"}


def tensors(row: Row) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with arrays as tensors of the active backend."""

    def convert(x: Any) -> Any:
        return ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x

    return optree.tree_map(convert, (row.args, row.kwargs), none_is_leaf=True)


def leaves(tree: Any) -> list[Any]:
    return list(tree) if isinstance(tree, list | tuple) else [tree]


@rows
def test_value_and_dtype(row: Row, backend: str) -> None:
    if row.op in backends.get(backend).lacks:
        pytest.skip(backends.get(backend).lacks[row.op])
    args, kwargs = tensors(row)
    result = leaves(REGISTRY[row.op].function(*args, **kwargs))
    expected = leaves(row.expected())
    assert len(result) == len(expected)
    for got, want in zip(result, expected, strict=True):
        assert not isinstance(got, np.ndarray) or backend == "numpy"
        value = ops.convert_to_numpy(got)
        assert value.shape == np.shape(want)
        if row.unique:
            np.testing.assert_allclose(
                value, want, rtol=row.tolerance, atol=row.tolerance, equal_nan=True
            )
    dtypes = [NARROW.get(str(e.dtype), str(e.dtype)) for e in map(np.asarray, expected)]
    if any(row is r for r in OF_TENSORS):
        args, kwargs = symbolic(row)
        dtypes = [s.dtype for s in leaves(REGISTRY[row.op].function(*args, **kwargs))]
    assert [ops.dtype(got) for got in result] == dtypes


#: The first row of each op.
FIRST = list({r.op: r for r in reversed(ROWS)}.values())


@pytest.mark.parametrize("row", FIRST, ids=lambda r: r.op)
def test_arguments_by_name(row: Row, backend: str) -> None:
    op = REGISTRY[row.op]
    if row.op in backends.get(backend).lacks:
        pytest.skip(backends.get(backend).lacks[row.op])
    args, kwargs = tensors(row)
    bound = op.signature.bind(*args, **kwargs)
    kinds = {p.kind for p in op.signature.parameters.values()}
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        pytest.skip("*operands have no names")
    by_name = leaves(op.function(**bound.arguments))
    for got, want in zip(by_name, leaves(op.function(*args, **kwargs)), strict=True):
        assert ops.dtype(got) == ops.dtype(want)
        assert tuple(got.shape) == tuple(want.shape)


def symbolic(row: Row, known: bool = True) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with arrays as symbolic tensors."""

    def convert(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        shape = x.shape if known else (None, *x.shape[1:]) if x.shape else ()
        return dlcore.KerasTensor(shape, str(x.dtype))

    args, kwargs = optree.tree_map(convert, (row.args, row.kwargs), none_is_leaf=True)
    return args, kwargs


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("row", OF_TENSORS, ids=str)
def test_shape_rule(row: Row, known: bool) -> None:
    if row.static and not known:
        pytest.skip(row.static)
    args, kwargs = symbolic(row, known)
    specs = leaves(REGISTRY[row.op].function(*args, **kwargs))
    expected = leaves(row.expected())
    assert len(specs) == len(expected)
    for spec, want in zip(specs, expected, strict=True):
        assert len(spec.shape) == np.ndim(want)
        for size, actual in zip(spec.shape, np.shape(want), strict=True):
            assert size == actual or (
                size is None and (not known or row.data_dependent)
            )


def test_every_op_has_a_row() -> None:
    control = {
        *(
            "associative_scan",
            "cond",
            "fori_loop",
            "map",
            "scan",
            "switch",
            "while_loop",
        ),
        *("vectorized_map", "stop_gradient", "empty", "empty_like", "argpartition"),
    }
    tested = {r.op for r in ROWS} | control
    missing = [n for n in REGISTRY if n not in tested and hasattr(ops, n)]
    assert not missing


@pytest.mark.parametrize("shape", [(5, 4), (2, 4, 4)])
def test_decompositions_multiply_back(shape: tuple[int, ...], backend: str) -> None:
    x = np.random.default_rng(3).normal(size=shape).astype("float32")
    t = ops.convert_to_tensor(x)
    q, r = map(ops.convert_to_numpy, ops.qr(t))
    np.testing.assert_allclose(q @ r, x, atol=1e-4)
    u, s, v = map(ops.convert_to_numpy, ops.svd(t, full_matrices=False))
    np.testing.assert_allclose((u * s[..., None, :]) @ v, x, atol=1e-4)
    if shape[-1] != shape[-2]:
        return
    symmetric = ops.convert_to_tensor(x + x.swapaxes(-1, -2))
    for op, matrix in ((ops.eigh, symmetric), (ops.eig, t)):
        w, vectors = map(ops.convert_to_numpy, op(matrix))
        left = ops.convert_to_numpy(matrix) @ vectors
        np.testing.assert_allclose(left, vectors * w[..., None, :], atol=1e-3)
    factors, pivots = map(ops.convert_to_numpy, ops.lu_factor(t))
    for f, p, one in zip(factors, pivots, x.copy(), strict=True):
        for i, j in enumerate(p):
            one[[i, j]] = one[[j, i]]
        np.testing.assert_allclose(
            (np.tril(f, -1) + np.eye(4)) @ np.triu(f), one, atol=1e-4
        )
