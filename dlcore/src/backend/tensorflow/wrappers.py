"""TensorFlow's own lists and dicts, which it makes of a module's attributes."""

from __future__ import annotations

from typing import Any

import optree
from tensorflow.python.trackable.data_structures import ListWrapper, _DictWrapper

from dlcore.src import tree


def _parts(wrapper: Any) -> Any:
    keys = sorted(wrapper)
    return [wrapper[key] for key in keys], keys, keys


def _wrapped(keys: Any, parts: Any) -> Any:
    return _DictWrapper(dict(zip(keys, parts, strict=True)))


def register() -> None:
    """Let nested structures have them too."""
    optree.register_pytree_node(
        ListWrapper,
        lambda wrapper: (list(wrapper), None),
        lambda _, parts: ListWrapper(list(parts)),
        namespace=tree.NAMESPACE,
    )
    optree.register_pytree_node(
        _DictWrapper,
        _parts,
        _wrapped,
        namespace=tree.NAMESPACE,
    )
