"""Nested lists, tuples and dicts of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def map_structure(fn: Callable[..., Any], tree: Any) -> Any:
    """Apply a function to each leaf; a list of plain numbers is one leaf."""
    if isinstance(tree, dict):
        return {key: map_structure(fn, value) for key, value in tree.items()}
    if isinstance(tree, list | tuple) and any(_holds_tensors(v) for v in tree):
        return type(tree)(map_structure(fn, value) for value in tree)
    return fn(tree)


def _holds_tensors(x: Any) -> bool:
    return hasattr(x, "shape") or isinstance(x, dict)
