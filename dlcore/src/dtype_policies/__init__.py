"""In which dtype a layer computes, keeps its variables, and whether in integers."""

from __future__ import annotations

from dlcore.src.dtype_policies.finding import deserialize, get, serialize
from dlcore.src.dtype_policies.policy import DTypePolicy, dtype_policy, set_dtype_policy
from dlcore.src.dtype_policies.policy_map import DTypePolicyMap
from dlcore.src.dtype_policies.quantized import (
    QUANTIZATION_MODES,
    AWQDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)

__all__ = [
    "QUANTIZATION_MODES",
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "deserialize",
    "dtype_policy",
    "get",
    "serialize",
    "set_dtype_policy",
]
