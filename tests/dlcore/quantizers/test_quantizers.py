"""Numbers in few bits, with Keras as oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import dlcore
from dlcore import ops, quantizers
from dlcore.src.quantizers.configs import resolve

rng = np.random.default_rng(7)
MATRIX = rng.normal(size=(10, 6)).astype("float32")
CUBE = rng.uniform(-3, 2, size=(3, 4, 5)).astype("float32")


def plain(x: Any) -> Any:
    return ops.convert_to_numpy(x)


def theirs(name: str, *args: Any, **kwargs: Any) -> list[Any]:
    import keras

    found = getattr(keras.quantizers, name)(*args, **kwargs)
    parts = found if isinstance(found, tuple) else (found,)
    return [keras.ops.convert_to_numpy(p) for p in parts]


#: Name, arguments.
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("abs_max_quantize", (MATRIX, 0), {}),
    ("abs_max_quantize", (CUBE, (0, 2)), {"value_range": (-8, 7)}),
    ("abs_max_quantize", (MATRIX * 0, -1), {"to_numpy": True}),
    ("abs_max_quantize_grouped_with_zero_point", (MATRIX, 4), {}),
    ("abs_max_quantize_grouped_with_zero_point", (MATRIX, 5), {"to_numpy": True}),
    ("abs_max_quantize_grouped_with_zero_point", (MATRIX, 100), {"to_numpy": True}),
    ("quantize_and_dequantize", (CUBE * 300, 0.7, "float8_e4m3fn", "float32"), {}),
    ("quantize_and_dequantize", (CUBE, np.float32(1e-3), "float8_e5m2", "float32"), {}),
    ("compute_float8_scale", (np.float32(3), np.float32(1), 448.0), {}),
    ("compute_float8_scale", (np.float32(3), np.float32(2), 448.0), {"margin": 2}),
    ("compute_float8_scale", (np.float32(0), np.float32(2), 448.0), {}),
    ("compute_float8_scale", (np.float32(np.inf), np.float32(2), 448.0), {}),
    ("compute_float8_amax_history", (CUBE, np.arange(4, dtype="float32")), {}),
    ("fake_quant_with_min_max_vars", (CUBE, -1.1, 1.3), {}),
    ("fake_quant_with_min_max_vars", (CUBE, 0.0, 6.0), {"num_bits": 4}),
    (
        "fake_quant_with_min_max_vars",
        (CUBE, -np.arange(1, 6) / 2, np.arange(1, 6) / 3),
        {"num_bits": 5, "narrow_range": True, "axis": -1},
    ),
]


@pytest.mark.parametrize("case", range(len(CALLS)))
def test_values_are_those_of_keras(case: int, backend: str) -> None:
    name, args, kwargs = CALLS[case]
    args = tuple(
        a.astype("float32") if isinstance(a, np.ndarray | np.generic) else a
        for a in args
    )
    wanted = theirs(name, *args, **kwargs)
    args = tuple(
        ops.convert_to_tensor(a) if isinstance(a, np.ndarray) else a for a in args
    )
    found = getattr(quantizers, name)(*args, **kwargs)
    parts = found if isinstance(found, tuple) else (found,)
    assert len(parts) == len(wanted)
    for part, right in zip(parts, wanted, strict=True):
        value = plain(part)
        assert value.shape == right.shape
        assert value.dtype == right.dtype or "float" in str(right.dtype)
        np.testing.assert_allclose(value, right, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_rounding_is_that_of_keras(differentiating: str) -> None:
    import keras
    import torch

    ends = -np.arange(1, 6, dtype="float32") / 2, np.arange(1, 6, dtype="float32") / 3
    weight = rng.normal(size=CUBE.shape).astype("float32")
    inputs = [torch.tensor(x, requires_grad=True) for x in (CUBE, *ends)]
    rounded = keras.quantizers.fake_quant_with_min_max_vars(*inputs, axis=-1)
    (rounded * torch.tensor(weight)).sum().backward()
    with dlcore.use_backend(differentiating):
        variables = [dlcore.Variable(x) for x in (CUBE, *ends)]

        def loss() -> Any:
            x, low, high = (v.value for v in variables)
            y = quantizers.fake_quant_with_min_max_vars(x, low, high, axis=-1)
            return ops.sum(ops.multiply(y, weight)), ()

        runtime = dlcore.src.backend.current().runtime
        _, grads = runtime.value_and_grad(loss, variables, [])()
        for found, right in zip(grads, inputs, strict=True):
            np.testing.assert_allclose(plain(found), right.grad.numpy(), atol=1e-5)


def test_any_axis_may_have_ranges_of_its_own(backend: str) -> None:
    ends = -np.arange(1, 5, dtype="float32"), np.arange(1, 5, dtype="float32")
    turned = np.ascontiguousarray(np.swapaxes(CUBE, 1, 2))
    fake = quantizers.fake_quant_with_min_max_vars
    np.testing.assert_array_equal(
        plain(fake(CUBE, *ends, num_bits=3, axis=1)),
        np.swapaxes(plain(fake(turned, *ends, num_bits=3, axis=-1)), 1, 2),
    )


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.integers(-4, 3),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_packed_numbers_come_back(
    shape: list[int], axis: int, signed: bool, random: Any
) -> None:
    if not -len(shape) <= axis < len(shape):
        axis = 0
    dtype, low = ("int8", -8) if signed else ("uint8", 0)
    values = np.random.default_rng(random.randrange(2**32)).integers(
        low, low + 16, shape, dtype
    )
    with dlcore.use_backend("numpy"):
        packed, packed_shape, size = quantizers.pack_int4(values, axis, dtype)
        assert plain(packed).shape == packed_shape
        assert packed_shape[axis] == (shape[axis] + 1) // 2 and size == shape[axis]
        found = quantizers.unpack_int4(packed, size, axis, dtype)
    np.testing.assert_array_equal(plain(found), values)
    assert plain(found).dtype == dtype


def test_bytes_are_those_of_keras(backend: str) -> None:
    values = rng.integers(-8, 8, (5, 3), "int8")
    for axis in (0, 1):
        (right, *_) = theirs("pack_int4", values, axis)
        packed, _, size = quantizers.pack_int4(ops.convert_to_tensor(values), axis)
        np.testing.assert_array_equal(plain(packed), right)
        np.testing.assert_array_equal(
            plain(quantizers.unpack_int4(packed, size, axis)), values
        )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda q: q.pack_int4(MATRIX), TypeError, "int8"),
        (lambda q: q.pack_int4(MATRIX, dtype="int16"), ValueError, "'int16'"),
        (lambda q: q.unpack_int4(MATRIX, 3), TypeError, "float32"),
        (lambda q: q.AbsMaxQuantizer(value_range=(-300, 300)), ValueError, "-300"),
        (lambda q: q.Quantizer().get_config(), NotImplementedError, "get_config"),
        (lambda q: q.QuantizationConfig().mode, NotImplementedError, "directly"),
        (lambda q: q.Int4QuantizationConfig(block_size=0), ValueError, "block_size=0"),
        (
            lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(value_range=(-8, 7))),
            ValueError,
            "sub-channel",
        ),
        (lambda q: q.GPTQConfig(None, None, weight_bits=5), ValueError, "5"),
        (lambda q: q.GPTQConfig(None, None, hessian_damping=2), ValueError, "2"),
        (lambda q: q.GPTQConfig(None, None, group_size=0), ValueError, "group_size"),
        (lambda q: q.AWQConfig(None, None, weight_bits=8), ValueError, "4-bit"),
        (lambda q: q.AWQConfig(None, None, num_samples=0), ValueError, "num_samples"),
        (lambda q: q.get("abs_max_quantiser"), ValueError, "abs_max_quantizer"),
        (lambda q: resolve("int7", None), ValueError, "Did you mean 'int8'"),
        (lambda q: resolve(None, None), ValueError, "either"),
        (lambda q: resolve("gptq", None), ValueError, "GPTQConfig"),
        (lambda q: resolve("int8", {}), ValueError, "QuantizationConfig"),
        (
            lambda q: resolve("int4", q.Int8QuantizationConfig()),
            ValueError,
            "Contradictory",
        ),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(quantizers)


def settings_of(q: Any) -> list[Any]:
    return [
        q.AbsMaxQuantizer(axis=0, value_range=(-8, 7)),
        q.AbsMaxQuantizer(),
        q.Int8QuantizationConfig(),
        q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0), None),
        q.Int4QuantizationConfig(),
        q.Int4QuantizationConfig(
            q.AbsMaxQuantizer(axis=0, value_range=(-8, 7)), block_size=None
        ),
        q.Float8QuantizationConfig(),
        q.GPTQConfig(["a"], len, weight_bits=8, symmetric=True),
        q.AWQConfig(["a"], len, group_size=-1),
    ]


@pytest.mark.parametrize("case", range(9))
def test_configurations_are_those_of_keras(case: int) -> None:
    import keras

    ours, right = settings_of(quantizers)[case], settings_of(keras.quantizers)[case]
    wanted = keras.quantizers.serialize(right)
    found = quantizers.serialize(ours)
    assert found == wanted
    again = quantizers.deserialize(wanted)
    assert type(again) is type(ours)
    assert quantizers.serialize(again) == wanted
