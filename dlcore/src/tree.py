"""Nested lists, tuples and dicts: one function over all their leaves.

None is a leaf. Dicts are visited in the order of their sorted keys and keep their
own order in what is returned.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import optree

from dlcore.src.export import export

#: Where optree knows containers of libraries, besides Python's own.
NAMESPACE = "dlcore"


@export("dlcore.tree.is_nested")
def is_nested(structure: Any) -> bool:
    """Whether it is a list, a tuple or a dict, and not a leaf."""
    return isinstance(structure, list | tuple | dict)


@export("dlcore.tree.flatten")
def flatten(structure: Any) -> list[Any]:
    """Return the leaves of a nested structure as a list.

    Examples
    --------
    >>> flatten({"b": [1, 2], "a": 3})
    [3, 1, 2]
    """
    if not is_nested(structure):
        return [structure]
    return optree.tree_leaves(structure, none_is_leaf=True, namespace=NAMESPACE)


@export("dlcore.tree.map_structure")
def map_structure(
    func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True
) -> Any:
    """Apply a function to the leaves of structures of equal form.

    Parameters
    ----------
    func : Callable
        Gets one leaf of each structure.
    *structures : nested
    none_is_leaf : bool
        Otherwise None stays None, and the function does not see it.

    Examples
    --------
    >>> map_structure(lambda x: x + 1, {"a": 1, "b": [2, 3]})
    {'a': 2, 'b': [3, 4]}
    """
    if not is_nested(structures[0]):
        if structures[0] is None and not none_is_leaf:
            return None
        return func(*structures)
    return optree.tree_map(
        func, *structures, none_is_leaf=none_is_leaf, namespace=NAMESPACE
    )


@export("dlcore.tree.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """Put leaves into the form of a structure; undoes ``flatten``.

    Raises
    ------
    ValueError
        If there are too few or too many leaves.
    """
    leaves = list(flat_sequence)
    definition = optree.tree_structure(
        structure, none_is_leaf=True, namespace=NAMESPACE
    )
    if definition.num_leaves != len(leaves):
        raise ValueError(
            f"pack_sequence_as: the structure has {definition.num_leaves} leaves, "
            f"`flat_sequence` has {len(leaves)}."
        )
    return optree.tree_unflatten(definition, leaves)


@export("dlcore.tree.assert_same_structure")
def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Check that two structures have the same form.

    Parameters
    ----------
    a, b : nested
    check_types : bool, optional
        Deprecated, without effect: ``assert_same_paths`` takes a list for a tuple.

    Raises
    ------
    ValueError
        If they have not.
    """
    if check_types is not None:
        warnings.warn(
            "assert_same_structure: `check_types` is deprecated and has no effect. "
            "Use assert_same_paths, which takes a list for a tuple.",
            DeprecationWarning,
            stacklevel=2,
        )
    first = optree.tree_structure(a, none_is_leaf=True, namespace=NAMESPACE)
    second = optree.tree_structure(b, none_is_leaf=True, namespace=NAMESPACE)
    if first != second:
        raise ValueError(
            f"The structures differ: expected {_shown(a)}, got {_shown(b)}."
        )


def _shown(structure: Any) -> str:
    """Return a structure's form with its type: ``tuple ('*', '*')``."""
    form = map_structure(lambda _: "*", structure)
    return f"{type(form).__name__} {form}" if is_nested(structure) else "a single value"


def same_structure(a: Any, b: Any) -> bool:
    """Whether two structures have the same form."""
    first = optree.tree_structure(a, none_is_leaf=True, namespace=NAMESPACE)
    return bool(
        first == optree.tree_structure(b, none_is_leaf=True, namespace=NAMESPACE)
    )


@export("dlcore.tree.flatten_with_path")
def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return the leaves with the keys and indices that lead to them.

    Examples
    --------
    >>> flatten_with_path({"a": [5]})
    [(('a', 0), 5)]
    """
    paths, leaves, _ = optree.tree_flatten_with_path(
        structure, none_is_leaf=True, namespace=NAMESPACE
    )
    return list(zip(map(tuple, paths), leaves, strict=True))


@export("dlcore.tree.assert_same_paths")
def assert_same_paths(a: Any, b: Any) -> None:
    """Check that two structures have leaves at the same paths.

    Raises
    ------
    ValueError
        If they have not.
    """
    first = {path for path, _ in flatten_with_path(a)}
    second = {path for path, _ in flatten_with_path(b)}
    if first != second:
        raise ValueError(f"The paths differ: {sorted(map(str, first ^ second))}.")


def is_shape(x: Any) -> bool:
    """Whether it is a tuple or list of sizes: a shape and no nested structure."""
    return isinstance(x, list | tuple) and all(
        d is None or isinstance(d, int) for d in x
    )


@export("dlcore.tree.map_shape_structure")
def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to the shapes in a nested structure of shapes."""
    if is_shape(structure):
        return func(tuple(structure))
    return optree.tree_map(
        func, structure, is_leaf=is_shape, none_is_leaf=True, namespace=NAMESPACE
    )


@export("dlcore.tree.map_structure_up_to")
def map_structure_up_to(
    shallow_structure: Any, func: Callable[..., Any], *structures: Any
) -> Any:
    """Apply a function to the parts of structures at a shallow one's leaves."""
    definition = optree.tree_structure(
        shallow_structure, none_is_leaf=True, namespace=NAMESPACE
    )
    parts = [definition.flatten_up_to(s) for s in structures]
    return optree.tree_unflatten(
        definition, [func(*leaves) for leaves in zip(*parts, strict=True)]
    )


@export("dlcore.tree.lists_to_tuples")
def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with tuples in the place of lists."""
    if isinstance(structure, list | tuple):
        return tuple(map(lists_to_tuples, structure))
    if isinstance(structure, dict):
        return {key: lists_to_tuples(value) for key, value in structure.items()}
    return structure


@export("dlcore.tree.MAP_TO_NONE")
class MAP_TO_NONE:
    """What a function for ``traverse`` returns to put None in a part's place."""


@export("dlcore.tree.traverse")
def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Apply a function to a structure, its parts and their parts.

    Parameters
    ----------
    func : Callable
        What it returns takes the part's place; None leaves the part and goes on
        into it, ``MAP_TO_NONE`` puts None there.
    structure : nested
    top_down : bool
        Whether a structure is seen before its parts.
    """

    def shown(part: Any) -> Any:
        found = func(part)
        return None if found is MAP_TO_NONE else part if found is None else found

    def below(part: Any) -> Any:
        if not is_nested(part):
            return part
        parts, form = optree.tree_flatten(
            part, lambda x: x is not part, none_is_leaf=True, namespace=NAMESPACE
        )
        made = [traverse(func, v, top_down) for v in parts]
        return optree.tree_unflatten(form, made)

    if top_down:
        found = func(structure)
        if found is None:
            return below(structure)
        return None if found is MAP_TO_NONE else found
    return shown(below(structure))


def leaves(*structures: Any) -> Iterator[Any]:
    """Yield the leaves of several structures, None left out."""
    for structure in structures:
        for leaf in flatten(structure):
            if leaf is not None:
                yield leaf
