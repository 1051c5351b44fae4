"""Shapes: the same elements in another arrangement, joined, split, repeated."""

from __future__ import annotations

import itertools
import math
from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.symbolic import KerasTensor, Spec


def _reshape_rule(x: Any, newshape: Any) -> Spec:
    shape = rules.shape_of(x)
    if isinstance(newshape, KerasTensor):  # its size is known, its values are not
        rank = newshape.shape[0] if newshape.shape else 1
        if rank is None:
            raise ValueError("the number of sizes in `newshape` must be known")
        return Spec([None] * rank, rules.promoted(x))
    wanted = [newshape] if isinstance(newshape, int) else list(newshape)
    wanted = [None if isinstance(d, KerasTensor) else d for d in wanted]
    if any(d is not None and d < -1 for d in wanted):
        raise ValueError(
            "each size in `newshape` must be a non-negative integer, or -1 for one "
            f"that follows from the others, got newshape={tuple(wanted)}"
        )
    known = math.prod(d for d in wanted if d is not None and d != -1)
    total = rules.size_of(shape)
    if wanted.count(-1) > 1:
        raise ValueError(
            "there can be at most one unknown dimension, -1, got "
            f"newshape={tuple(wanted)}"
        )
    if -1 in wanted:
        size = None
        if total is not None and None not in wanted:
            if not known or total % known:
                raise ValueError(f"shape {shape} cannot become {tuple(wanted)}")
            size = total // known
        wanted[wanted.index(-1)] = size
    elif None not in wanted and total is not None and total != known:
        raise ValueError(f"shape {shape} cannot become {tuple(wanted)}")
    return Spec(wanted, rules.promoted(x))


@primitive(_reshape_rule)
def reshape(x: Any, newshape: Any) -> Any:
    """Return the same elements, in row-major order, in another shape.

    Parameters
    ----------
    x : tensor
    newshape : int or sequence of int
        One size may be -1: it follows from the others.
    """


def _transpose_rule(x: Any, axes: Any = None) -> Spec:
    shape = rules.shape_of(x)
    axes = range(len(shape))[::-1] if axes is None else axes
    axes = list(axes)
    rank = len(shape)
    if not all(-rank <= a < rank for a in axes):
        raise ValueError(
            f"Each axis in `axes` must be an integer in [{-rank}, {rank}), "
            f"got axes={axes} for the shape {shape}"
        )
    order = [a % rank for a in axes]
    if len(order) != rank:
        raise ValueError(
            "`axes` must be a list of the same length as the input shape, got "
            f"axes={axes} for the shape {shape}"
        )
    if sorted(order) != list(range(rank)):
        raise ValueError(
            "`axes` must be a valid permutation: each axis of the shape "
            f"{shape} once, got axes={axes}"
        )
    return Spec([shape[a] for a in order], rules.promoted(x))


@primitive(_transpose_rule)
def transpose(x: Any, axes: Any = None) -> Any:
    """Permute the axes; reverse them unless ``axes`` gives their new order."""


def _broadcast_to_rule(x: Any, shape: Any) -> Spec:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if rules.broadcast_shapes(rules.shape_of(x), shape) != shape:
        raise ValueError(f"shape {rules.shape_of(x)} does not broadcast to {shape}")
    return Spec(shape, rules.promoted(x))


@primitive(_broadcast_to_rule)
def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeat along axes of size 1 until the shape is reached."""


def _concatenate_rule(xs: Any, axis: int = 0) -> Spec:
    shapes = [rules.shape_of(x) for x in xs]
    if not shapes:
        raise ValueError("`xs` must hold at least one tensor")
    if axis is None:
        raise ValueError("`axis` is an integer, got None: flatten the tensors first")
    axis = rules.canonical_axis(axis, len(shapes[0]))
    result = list(shapes[0])
    for shape in shapes[1:]:
        same = len(shape) == len(result) and all(
            i == axis or rules.same_sizes(a, b)
            for i, (a, b) in enumerate(zip(result, shape, strict=True))
        )
        if not same:
            raise ValueError(f"shapes {shapes} differ beside axis {axis}")
        for i, d in enumerate(shape):
            if i == axis:
                known = result[i] is not None and d is not None
                result[i] = result[i] + d if known else None
            elif result[i] is None:
                result[i] = d
    return Spec(result, rules.promoted(*xs))


@primitive(_concatenate_rule, sequence=True)
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Join tensors along an axis that they have.

    Parameters
    ----------
    xs : sequence of tensor
        Of shapes that differ only along ``axis``.
    axis : int
    """


@derived(sequence=True)
def stack(x: Any, axis: int = 0) -> Any:
    """Join tensors of one shape along a new axis.

    Parameters
    ----------
    x : sequence of tensor
    axis : int
        Place of the new axis in the result.
    """
    return concatenate([expand_dims(v, axis) for v in x], axis)


def sections(size: int | None, given: Any, ragged: bool) -> list[int | Any]:
    """Return the sizes of the parts that ``split`` or ``array_split`` makes."""
    if isinstance(given, int):
        if size is None:
            return [None] * given
        if size % given and not ragged:
            raise ValueError(f"size {size} does not divide into {given} equal parts")
        return [size // given + (i < size % given) for i in range(given)]
    cuts = [0, *(int(i) for i in given)]
    if size is None:
        return [b - a for a, b in itertools.pairwise(cuts)] + [None]
    cuts = [min(size, i if i >= 0 else max(size + i, 0)) for i in cuts] + [size]
    return [max(b - a, 0) for a, b in itertools.pairwise(cuts)]


def _split_rule(
    x: Any, indices_or_sections: Any, axis: int = 0, ragged: bool = False
) -> Any:
    shape = rules.shape_of(x)
    axis = rules.canonical_axis(axis, len(shape))
    sizes = sections(shape[axis], indices_or_sections, ragged)
    dtype = rules.promoted(x)
    return [Spec((*shape[:axis], s, *shape[axis + 1 :]), dtype) for s in sizes]


def _array_split_rule(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return _split_rule(x, indices_or_sections, axis, True)


@primitive(_split_rule)
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut along an axis.

    Parameters
    ----------
    x : tensor
    indices_or_sections : int or sequence of int
        The number of equal parts, or where to cut.
    axis : int

    Returns
    -------
    list of tensor
    """


@derived(rule=_array_split_rule)
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut along an axis into parts whose sizes differ by one at most.

    Parameters
    ----------
    x : tensor
    indices_or_sections : int or sequence of int
        The number of parts, or where to cut.
    axis : int

    Returns
    -------
    list of tensor
    """
    shape = rules.shape_of(x)
    sizes = sections(shape[axis], indices_or_sections, True)
    cuts = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    return split(x, cuts, axis)


@derived
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """Cut along the second axis; along the first, if there is only one."""
    return split(x, indices_or_sections, 1 if len(rules.shape_of(x)) > 1 else 0)


@derived
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """Cut along the first axis."""
    return split(x, indices_or_sections, 0)


@derived
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """Cut along the third axis."""
    return split(x, indices_or_sections, 2)


def pad_widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """Return (before, after) for every axis from any form that ``pad`` accepts."""
    if isinstance(pad_width, int):
        return [(pad_width, pad_width)] * rank
    pairs = [(p, p) if isinstance(p, int) else tuple(p) for p in pad_width]
    if len(pairs) == 2 and all(isinstance(p, int) for p in pad_width) and rank != 2:
        pairs = [tuple(pad_width)]
    elif len(pairs) == 2 and all(isinstance(p, int) for p in pad_width):
        pairs = [tuple(pad_width)] * 2
    pairs = [p * 2 if len(p) == 1 else p for p in pairs]
    if len(pairs) == 1:
        pairs = pairs * rank
    if len(pairs) != rank:
        raise ValueError(
            f"pad: `pad_width` needs a pair for each of the {rank} axes, "
            f"got {pad_width}."
        )
    return pairs


def check_constant(mode: str, constant_values: Any) -> None:
    """Raise an error for a value that the mode of ``pad`` does not use."""
    if constant_values is not None and mode != "constant":
        raise ValueError(
            "pad: Argument `constant_values` can only be provided when "
            f"`mode == 'constant'`, got mode={mode!r} and {constant_values!r}."
        )


def _pad_rule(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Spec:
    shape = rules.shape_of(x)
    widths = pad_widths(pad_width, len(shape))
    check_constant(mode, constant_values)
    result = [
        None if d is None else d + a + b
        for d, (a, b) in zip(shape, widths, strict=True)
    ]
    return Spec(result, rules.promoted(x))


@primitive(_pad_rule)
def pad(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Any:
    """Add borders.

    Parameters
    ----------
    x : tensor
    pad_width : int, pair of int, or a pair for each axis
        How much before and after.
    mode : str
        ``"constant"``, ``"reflect"``, ``"symmetric"`` or another mode of numpy's pad.
    constant_values : number, optional
        For ``"constant"``; zero unless given.
    """


def _tile_rule(x: Any, repeats: Any) -> Spec:
    shape = rules.shape_of(x)
    times = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    rank = max(len(shape), len(times))
    shape = (1,) * (rank - len(shape)) + tuple(shape)
    times = (1,) * (rank - len(times)) + times
    result = [rules.times(d, r) for d, r in zip(shape, times, strict=True)]
    return Spec(result, rules.promoted(x))


@primitive(_tile_rule)
def tile(x: Any, repeats: Any) -> Any:
    """Put copies beside each other: ``repeats`` of them along each axis."""


def _repeat_rule(x: Any, repeats: Any, axis: Any = None) -> Spec:
    shape = rules.shape_of(x)
    if axis is None:
        shape, axis = (rules.size_of(shape),), 0
    axis = rules.canonical_axis(axis, len(shape))
    counts = rules.shape_of(repeats)
    size: int | None
    if not counts:
        size = rules.times(shape[axis], repeats) if isinstance(repeats, int) else None
    elif isinstance(repeats, list | tuple):
        once = len(repeats) == 1
        if not once and not rules.same_sizes(len(repeats), shape[axis]):
            raise ValueError(
                f"`repeats` {repeats} needs one number, or one for each of the "
                f"{shape[axis]} elements of axis {axis}"
            )
        size = rules.times(shape[axis], repeats[0]) if once else sum(repeats)
        size = None if shape[axis] is None else size
    else:
        size = None
    return Spec((*shape[:axis], size, *shape[axis + 1 :]), rules.promoted(x))


@primitive(_repeat_rule)
def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    """Repeat each element in place.

    Parameters
    ----------
    x : tensor
    repeats : int or sequence of int
        One number for all or one for each element of the axis.
    axis : int, optional
        The flat tensor unless given.
    """


def _flip_rule(x: Any, axis: Any = None) -> Spec:
    rules.canonical_axes(axis, len(rules.shape_of(x)))
    return rules.same(x)


def _roll_rule(x: Any, shift: Any, axis: Any = None) -> Spec:
    return _flip_rule(x, axis)


@primitive(_flip_rule)
def flip(x: Any, axis: Any = None) -> Any:
    """Reverse the order along one axis, several, or all."""


@primitive(_roll_rule)
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Shift the elements; what falls off one end enters at the other.

    Parameters
    ----------
    x : tensor
    shift : int or tuple of int
    axis : int or tuple of int, optional
        The flat tensor unless given.
    """


@derived
def fliplr(x: Any) -> Any:
    """Reverse the order along the second axis."""
    return flip(x, 1)


@derived
def flipud(x: Any) -> Any:
    """Reverse the order along the first axis."""
    return flip(x, 0)


@derived
def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turn by ``k`` right angles, from the first of two axes to the second.

    Parameters
    ----------
    array : tensor
    k : int
        Negative: the other way.
    axes : pair of int
    """
    rank = len(rules.shape_of(array))
    if rank < 2:
        raise ValueError(f"rot90: `array` needs two dimensions or more, got {rank}.")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"rot90: `axes` must be two different axes, got {axes}.")
    one, two = axes
    k %= 4
    if k == 0:
        return array
    if k == 2:
        return flip(array, (one, two))
    if k == 1:
        return swapaxes(flip(array, two), one, two)
    return flip(swapaxes(array, one, two), two)


@derived
def ravel(x: Any) -> Any:
    """All elements in one axis, in row-major order."""
    return reshape(x, (-1,))


def _squeeze_rule(x: Any, axis: Any = None) -> Spec:
    shape = rules.shape_of(x)
    if axis is None:
        return Spec([d for d in shape if d != 1], rules.promoted(x))
    axes = rules.canonical_axes(axis, len(shape))
    for a in axes:
        if shape[a] != 1:
            raise ValueError(f"axis {a} of shape {shape} has not the size 1")
    kept = [d for i, d in enumerate(shape) if i not in axes]
    return Spec(kept, rules.promoted(x))


@derived(rule=_squeeze_rule)
def squeeze(x: Any, axis: Any = None) -> Any:
    """Remove axes of size 1: the given ones, or all."""
    return reshape(x, _squeeze_rule(x, axis).shape)


def _expand_dims_rule(x: Any, axis: Any) -> Spec:
    shape = rules.shape_of(x)
    count = len(axis) if isinstance(axis, list | tuple) else 1
    axes = rules.canonical_axes(axis, len(shape) + count)
    rest = iter(shape)
    size = range(len(shape) + count)
    return Spec([1 if i in axes else next(rest) for i in size], rules.promoted(x))


@derived(rule=_expand_dims_rule)
def expand_dims(x: Any, axis: Any) -> Any:
    """Insert axes of size 1; ``axis`` is their place in the result."""
    return reshape(x, _expand_dims_rule(x, axis).shape)


@derived
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Move axes to other places; the others keep their order.

    Parameters
    ----------
    x : tensor
    source, destination : int or sequence of int
    """
    rank = len(rules.shape_of(x))
    old = rules.canonical_axes(source, rank)
    new = rules.canonical_axes(destination, rank)
    if len(old) != len(new):
        raise ValueError(
            "moveaxis: `source` and `destination` need the same length, got "
            f"{source} and {destination}."
        )
    order = [a for a in range(rank) if a not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


@derived
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    rank = len(rules.shape_of(x))
    axis1, axis2 = (rules.canonical_axis(a, rank) for a in (axis1, axis2))
    order = list(range(rank))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


@derived(sequence=True)
def hstack(xs: Any) -> Any:
    """Join along the second axis; vectors along their only one."""
    xs = [reshape(x, (1,)) if not rules.shape_of(x) else x for x in xs]
    return concatenate(xs, 0 if len(rules.shape_of(xs[0])) == 1 else 1)


@derived(sequence=True)
def vstack(xs: Any) -> Any:
    """Join along the first axis; vectors are rows."""
    return concatenate(
        [reshape(x, (1, -1)) if len(rules.shape_of(x)) < 2 else x for x in xs], 0
    )


@derived(sequence=True)
def dstack(xs: Any) -> Any:
    """Join along the third axis, which is added where it is missing."""
    deep = []
    for x in xs:
        rank = len(rules.shape_of(x))
        x = reshape(x, (1, -1)) if rank < 2 else x
        deep.append(expand_dims(x, -1) if rank < 3 else x)
    return concatenate(deep, 2)


@derived
def append(x1: Any, x2: Any, axis: Any = None) -> Any:
    """Join two tensors along an axis; flattened ones for None."""
    if axis is None:
        x1, x2, axis = ravel(x1), ravel(x2), 0
    return concatenate([x1, x2], axis)
