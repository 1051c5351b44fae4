"""Nested structures: what counts as one, and that it keeps its kind."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from typing import Any

import pytest

from dlcore import tree

Pair = namedtuple("Pair", ["a", "b"])

STRUCTURES: list[Any] = [
    [1, [2, 3]],
    (1, (2,), []),
    {"b": 1, "a": {"d": 2, "c": 3}},
    OrderedDict([("b", 1), ("a", [2])]),
    defaultdict(list, {"x": [1], "y": 2}),
    Pair(1, {"z": Pair(2, 3)}),
    [],
    5,
    None,
]


@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_a_structure_is_put_together_again(structure: Any) -> None:
    for made in (
        tree.pack_sequence_as(structure, tree.flatten(structure)),
        tree.map_structure(lambda x: x, structure),
        tree.traverse(lambda x: None, structure),
        tree.traverse(lambda x: None, structure, top_down=False),
    ):
        assert made == structure and type(made) is type(structure)
    assert [x for _, x in tree.flatten_with_path(structure)] == tree.flatten(structure)


def test_traverse_replaces_parts() -> None:
    double = {"a": [1, 2], "b": Pair(3, None)}
    found = tree.traverse(lambda x: x * 2 if isinstance(x, int) else None, double)
    assert found == {"a": [2, 4], "b": Pair(6, None)}

    def gone(x: Any) -> Any:
        return tree.MAP_TO_NONE if isinstance(x, list) else None

    assert tree.traverse(gone, double) == {"a": None, "b": Pair(3, None)}


def test_lists_of_tensorflow_modules(need: Callable[[str], None]) -> None:
    need("tensorflow")
    import tensorflow as tf

    import dlcore

    with dlcore.use_backend("tensorflow"):
        module = tf.Module()
        module.parts = {"b": [1, 2], "a": (3,)}
        parts = module.parts
        assert type(parts) is not dict and type(parts["b"]) is not list
        assert tree.flatten(parts) == [3, 1, 2]
        for found in (
            tree.map_structure(lambda x: x + 1, parts),
            tree.traverse(lambda x: x + 1 if isinstance(x, int) else None, parts),
        ):
            assert found == {"b": [2, 3], "a": (4,)}
            assert type(found) is type(parts) and type(found["b"]) is type(parts["b"])
