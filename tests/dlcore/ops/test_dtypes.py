"""Casts to and from every dtype, and what 64 bits mean on jax."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

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


NUMBERS = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32"),
    *("int64", "bfloat16", "float16", "float32", "float64", "complex64", "complex128"),
)
WIDE = {
    "int64": "int32",
    "uint64": "uint32",
    "float64": "float32",
    "complex128": "complex64",
}
PAIRS: dict[str, Callable[..., Any]] = {
    "add": ops.add,
    "multiply": ops.multiply,
    "where": lambda a, b: ops.where(ops.eye(2, dtype="bool"), a, b),
    "matmul": ops.matmul,
    "maximum": ops.maximum,
    "concatenate": lambda a, b: ops.concatenate([a, b]),
}


def dtype_of(backend: str, op: Callable[..., Any], *args: Any) -> str:
    """Return the dtype of a result; jax, which compiles each call, is only traced."""
    if backend != "jax":
        return ops.dtype(op(*args))
    import jax

    return ops.dtype(jax.eval_shape(lambda: op(*args)))


def ones(dtype: str) -> Any:
    return np.ones((2, 2)).astype(getattr(ml_dtypes, dtype, dtype))


def promised(a: Any, b: Any) -> str:
    """Return what Keras' table says: of its two ways with 64 bits, that which keeps."""
    from keras.src.backend.common import dtypes as keras

    if {a, b} & set(WIDE):
        names = [{int: "int", float: "float"}.get(x, x) for x in (a, b)]
        found = keras._least_upper_bound(*names)
        return {"float": "float32"}.get(found, found)
    return keras.result_type(a, b)


@pytest.mark.parametrize("first", [*NUMBERS, int, float], ids=str)
def test_promotion_is_keras_table(first: Any) -> None:
    for second in (*NUMBERS, int, float):
        found = dlcore.backend.result_type(first, second)
        assert found == promised(first, second), second
        assert dlcore.backend.result_type(second, first) == found


@pytest.mark.parametrize("first", NUMBERS)
def test_pairs_make_the_promised_dtype(first: str, backend: str) -> None:
    one = ops.convert_to_tensor(ones(first))
    for second in (*NUMBERS, int, float):
        number = isinstance(second, type)
        two = second(1) if number else ops.convert_to_tensor(ones(second))
        # jax has 32 bits unless it is told otherwise.
        pair = [WIDE.get(x, x) if backend == "jax" else x for x in (first, second)]
        for name, op in PAIRS.items():
            ordered = name == "maximum"
            if number and name in ("matmul", "concatenate"):
                continue
            want = promised(*pair)
            if ordered and (want[0] == "c" or (backend, want) == ("torch", "uint64")):
                continue  # these numbers have no order there
            if name == "matmul" and first == second == "int8":
                want = "int32"
            assert dtype_of(backend, op, one, two) == want, (name, second)
            if number:  # from the left, too; other pairs come the other way round
                assert dtype_of(backend, op, two, one) == want, (name, second)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_unsigned_numbers_wrap_around(dtype: str, backend: str) -> None:
    if backend == "jax" and dtype == "uint64":
        pytest.skip("jax has 32 bits unless it is told otherwise")
    most = np.iinfo(dtype).max
    x, y = np.array([most, most - 3, 7], dtype), np.array([2, 5, 6], dtype)
    for name in ("add", "subtract", "multiply", "equal"):
        found = getattr(ops, name)(*map(ops.convert_to_tensor, (x, y)))
        want = getattr(np, name)(x, y)
        np.testing.assert_array_equal(ops.convert_to_numpy(found), want)


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
def test_float8_is_not_promoted(dtype: str) -> None:
    assert dlcore.backend.result_type(dtype, dtype) == dtype
    with pytest.raises(ValueError, match="no implicit conversion"):
        dlcore.backend.result_type(dtype, "float32")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_products_of_half_precision_are_rounded_once(dtype: str) -> None:
    rng = np.random.default_rng(0)
    kind = getattr(ml_dtypes, dtype, dtype)
    image = rng.normal(size=(2, 9, 9, 6)).astype(kind)
    calls: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
        "matmul": (ops.matmul, (6, 4)),
        "tensordot": (lambda x, k: ops.tensordot(x, k, 1), (6, 4)),
        "einsum": (lambda x, k: ops.einsum("nhwc,cd->nhwd", x, k), (6, 4)),
        "conv": (ops.conv, (3, 3, 6, 4)),
        "depthwise_conv": (ops.depthwise_conv, (3, 3, 6, 2)),
        "conv_transpose": (ops.conv_transpose, (3, 3, 4, 6)),
    }
    with dlcore.use_backend("numpy"):
        for name, (call, shape) in calls.items():
            kernel = rng.normal(size=shape).astype(kind)
            found = call(image, kernel)
            assert ops.dtype(found) == dtype, name
            exact = call(image.astype("float32"), kernel.astype("float32"))
            np.testing.assert_array_equal(found, exact.astype(kind), err_msg=name)
