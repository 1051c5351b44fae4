"""Policies of quantized layers, with Keras as oracle."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from dlcore import dtype_policies

NAMES = [
    *("float32", "mixed_bfloat16", "int8_from_float32", "int8_from_mixed_bfloat16"),
    *("int4_from_float32", "int4/32_from_float32", "int4/-1_from_mixed_float16"),
    *("float8_from_mixed_bfloat16", "gptq/4/128_from_float32"),
    *("gptq/8/-1_from_bfloat16", "awq/4/64_from_float32"),
]


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_those_of_keras(name: str) -> None:
    import keras

    ours, theirs = dtype_policies.get(name), keras.dtype_policies.get(name)
    for attribute in (
        *("name", "compute_dtype", "variable_dtype", "quantization_mode"),
        *("block_size", "group_size", "weight_bits", "amax_history_length"),
    ):
        assert getattr(ours, attribute, None) == getattr(theirs, attribute, None)
    assert repr(ours) == repr(theirs)
    wanted = keras.dtype_policies.serialize(theirs)
    assert dtype_policies.serialize(ours) == wanted
    for twin in (
        dtype_policies.deserialize(wanted),
        type(ours).from_config(ours.get_config()),
        copy.deepcopy(ours),
        pickle.loads(pickle.dumps(ours)),
    ):
        assert twin == ours and hash(twin) == hash(ours)
    assert dtype_policies.get("bfloat16") != ours


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: p.get("int8_from_x"), ValueError, "Cannot convert 'x'"),
        (lambda p: p.get("int8_float32"), ValueError, "valid pair"),
        (lambda p: p.get("int8_from_float16"), ValueError, "doesn't work well"),
        (lambda p: p.QuantizedDTypePolicy("int7"), ValueError, "Did you mean 'int8'"),
        (lambda p: p.QuantizedDTypePolicy("int8", 3), TypeError, "must be a string"),
        (lambda p: p.Int4DTypePolicy("int4"), ValueError, "int4/<block_size>"),
        (lambda p: p.Int4DTypePolicy("int4/x"), ValueError, "must be an integer"),
        (lambda p: p.Int4DTypePolicy("int4/0"), ValueError, "block_size"),
        (lambda p: p.GPTQDTypePolicy("gptq/5/8"), ValueError, "2, 3, 4, 8"),
        (lambda p: p.AWQDTypePolicy("awq/8/8"), ValueError, "only supports 4-bit"),
        (
            lambda p: p.QuantizedFloat8DTypePolicy("float8", "float32", "9"),
            TypeError,
            "must be an integer",
        ),
        (lambda p: p.DTypePolicyMap(p.DTypePolicyMap()), ValueError, "cannot be"),
        (lambda p: p.DTypePolicyMap(policy_map=3), TypeError, "must be a dict"),
    ],
)
def test_what_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(dtype_policies)


def test_a_map_finds_paths_and_patterns() -> None:
    policies = dtype_policies.DTypePolicyMap("float32")
    policies["encoder/.*"] = "int8_from_bfloat16"
    policies["encoder/query"] = "bfloat16"
    assert policies["encoder/query"].name == "bfloat16"
    assert policies["encoder/key"].quantization_mode == "int8"
    assert policies["decoder/key"].name == "float32"
    policies[".*/value"] = "float16"
    with pytest.raises(ValueError, match="matches multiple"):
        policies["encoder/value"]
    with pytest.raises(ValueError, match="already exist"):
        policies["encoder/query"] = "float32"
    with pytest.raises(ValueError, match="Cannot interpret"):
        policies["decoder"] = 3
    del policies["encoder/query"]
    assert list(policies) == ["encoder/.*", ".*/value"] and len(policies) == 2


@pytest.mark.parametrize("default", [None, "bfloat16"])
def test_a_map_is_written_as_keras_does(default: Any) -> None:
    import keras

    maps = []
    for library in (dtype_policies, keras.dtype_policies):
        made = library.DTypePolicyMap(default)
        made["a"] = library.get("int8_from_bfloat16")
        made["b/.*"] = library.get("mixed_bfloat16")
        maps.append(made)
    ours, theirs = maps
    assert dtype_policies.serialize(ours) == keras.dtype_policies.serialize(theirs)
    again = dtype_policies.deserialize(dtype_policies.serialize(ours))
    assert again.default_policy == dtype_policies.get(default)
    assert again["a"].name == f"int8_from_{default or 'float32'}"
