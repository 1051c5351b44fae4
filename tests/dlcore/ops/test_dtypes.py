"""Casts to and from every dtype, and what 64 bits mean on jax."""

from __future__ import annotations

import warnings

import ml_dtypes
import numpy as np
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends

SMALL = ("bfloat16", "float16", "float8_e4m3fn", "float8_e5m2")
VALUES = np.array([0.0, 1.0, -1.3, 0.07, 3.1, -300.0, 17.0], "float32")
WHOLE = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32")


def skip_what_is_lacking(backend: str, name: str) -> None:
    reason = backends.get(backend).lacks.get(name)
    if reason:
        pytest.skip(reason)


@pytest.mark.parametrize("dtype", SMALL)
def test_small_floats_round_alike(dtype: str, backend: str) -> None:
    skip_what_is_lacking(backend, "cast")
    x = ops.cast(ops.convert_to_tensor(VALUES), dtype)
    assert ops.dtype(x) == dtype
    want = VALUES.astype(getattr(ml_dtypes, dtype, dtype)).astype("float32")
    back = ops.cast(x, "float32")
    assert ops.dtype(back) == "float32"
    np.testing.assert_array_equal(ops.convert_to_numpy(back), want)
    assert ops.convert_to_numpy(x).dtype == np.dtype(getattr(ml_dtypes, dtype, dtype))
    again = ops.convert_to_tensor(ops.convert_to_numpy(x))
    assert ops.dtype(again) == dtype


@pytest.mark.parametrize("dtype", WHOLE)
def test_whole_numbers_are_kept(dtype: str, backend: str) -> None:
    skip_what_is_lacking(backend, "cast")
    x = ops.cast(ops.convert_to_tensor(np.array([0.0, 1.0, 100.0], "float32")), dtype)
    assert ops.dtype(x) == dtype
    want = np.array([0, 1, 100]).astype(dtype)
    np.testing.assert_array_equal(ops.convert_to_numpy(x), want)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("op", ["exp", "softmax", "gelu", "sigmoid", "erf", "mean"])
def test_half_stays_half(op: str, dtype: str, backend: str) -> None:
    skip_what_is_lacking(backend, op)
    x = ops.cast(ops.convert_to_tensor(VALUES[:4]), dtype)
    found = getattr(ops, op)(x)
    assert ops.dtype(found) == dtype
    with dlcore.use_backend("numpy"):
        want = getattr(ops, op)(np.array(ops.convert_to_numpy(x), "float32"))
    value = np.asarray(ops.convert_to_numpy(found), "float32")
    np.testing.assert_allclose(value, want, rtol=2e-2, atol=2e-2)


def test_saturate_cast_stays_in_range(backend: str) -> None:
    skip_what_is_lacking(backend, "saturate_cast")
    x = ops.convert_to_tensor(np.array([1e6, -1e6, 3.0], "float32"))
    for dtype, largest in (("float8_e4m3fn", 448), ("float16", 65504), ("int8", 127)):
        found = ops.convert_to_numpy(ops.saturate_cast(x, dtype)).astype("float32")
        assert found[0] == largest
        assert found[2] == 3


@pytest.mark.parametrize("wide", ["int64", "float64", "uint64"])
def test_64_bits_are_kept_but_on_jax(wide: str, backend: str) -> None:
    skip_what_is_lacking(backend, "cast")
    if backend == "openvino":
        pytest.skip("tests/dlcore/backend/test_openvino.py says what it keeps")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = (
            ops.convert_to_tensor(np.ones(2, wide)),
            ops.cast(ops.ones((2,)), wide),
            ops.zeros((2,), wide),
            ops.full((2,), 1, wide),
        )
    want = wide.replace("64", "32") if backend == "jax" else wide
    assert [ops.dtype(x) for x in made] == [want] * 4


def test_jax_has_64_bits_where_it_is_told() -> None:
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        with dlcore.use_backend("jax"):
            assert ops.dtype(ops.zeros((2,), "float64")) == "float64"
            x = ops.cast(ops.arange(3), "int64")
            assert ops.dtype(x) == "int64"
            assert ops.dtype(ops.add(x, 1)) == "int64"
    finally:
        jax.config.update("jax_enable_x64", before)
