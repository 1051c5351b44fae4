"""The dtype that a ``dtype`` argument asks for."""

from __future__ import annotations

from typing import Any

from dlcore.src.dtypes import standardize_dtype


def compute_dtype(dtype: Any) -> str:
    """Return in which dtype to compute.

    Parameters
    ----------
    dtype : str, dtype, dtype policy or None
        None means ``floatx()``; ``"mixed_float16"`` computes in float16.
    """
    if isinstance(dtype, dict):
        dtype = dtype["config"]["name"]
    dtype = getattr(dtype, "compute_dtype", dtype)
    if isinstance(dtype, str):
        dtype = dtype.removeprefix("mixed_")
    return standardize_dtype(dtype)
