"""Casting and indexing."""

from __future__ import annotations

from typing import Any

from dlcore.src.backend.torch.runtime import convert
from dlcore.src.dtypes import standardize_dtype


def cast(x: Any, dtype: Any) -> Any:
    return convert(x, standardize_dtype(dtype))


def get_item(x: Any, key: Any) -> Any:
    return convert(x)[key]


def stop_gradient(variable: Any) -> Any:
    return variable.detach()
