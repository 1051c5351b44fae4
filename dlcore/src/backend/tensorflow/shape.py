"""Shapes: the same elements in another arrangement, joined, split, repeated."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dlcore.src.backend.tensorflow.numpy import _select, extent, sizes
from dlcore.src.backend.tensorflow.runtime import convert, ints, is_ours, raw
from dlcore.src.dtypes import result_type
from dlcore.src.ops import rules
from dlcore.src.ops.numpy.shape import _transpose_rule, pad_widths, sections

_reshape, _transpose, _expand = raw("Reshape"), raw("Transpose"), raw("ExpandDims")
_squeeze, _concat, _gather = raw("Squeeze"), raw("ConcatV2"), raw("GatherV2")


def reshape(x: Any, newshape: Any) -> Any:
    x, wanted = convert(x), sizes(newshape)
    if not is_ours(wanted) and None in wanted:
        # An open size follows from the others, as -1 does, if it is the only one.
        wanted = [-1 if d is None else d for d in wanted]
    return _reshape(x, ints(wanted))


def transpose(x: Any, axes: Any = None) -> Any:
    x = convert(x)
    rank = x.shape.rank
    if axes is None:
        return _transpose(x, ints(range(rank - 1, -1, -1)))
    if not all(-rank <= a < rank for a in axes):
        _transpose_rule(x, axes)
    return _transpose(x, ints(a % rank for a in axes))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    x = convert(x)
    order = list(range(x.shape.rank))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return _transpose(x, ints(order))


def broadcast_to(x: Any, shape: Any) -> Any:
    x, wanted = convert(x), sizes(shape)
    if not is_ours(wanted) and None in wanted:
        own = [None] * (len(wanted) - x.shape.rank) + extent(x)
        wanted = [d if n is None else n for n, d in zip(wanted, own, strict=True)]
    return raw("BroadcastTo")(x, ints(wanted))


def expand_dims(x: Any, axis: Any) -> Any:
    x = convert(x)
    if isinstance(axis, int):
        rules.canonical_axis(axis, x.shape.rank + 1)
        return _expand(x, axis)
    for a in sorted(rules.canonical_axes(axis, x.shape.rank + len(axis))):
        x = _expand(x, a)
    return x


def squeeze(x: Any, axis: Any = None) -> Any:
    x = convert(x)
    if axis is None:
        return _squeeze(x)
    axes = rules.canonical_axes(axis, x.shape.rank)
    for a in axes:
        if x.shape[a] not in (1, None):
            raise ValueError(
                f"squeeze: axis {a} of shape {tuple(x.shape)} has not the size 1."
            )
    return _squeeze(x, axes) if axes else x


def joined(xs: Any) -> list[tf.Tensor]:
    """Return tensors of one dtype."""
    tensors = [convert(x) for x in xs]
    dtypes = {t.dtype for t in tensors}
    if len(dtypes) == 1:
        return tensors
    name = result_type(*dtypes)
    return [convert(t, name) for t in tensors]


def concatenate(xs: Any, axis: int = 0) -> Any:
    tensors = joined(xs)
    if len(tensors) == 1:
        return tf.identity(tensors[0])
    return _concat(tensors, axis)


def stack(x: Any, axis: int = 0) -> Any:
    return raw("Pack")(joined(x), axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    x = convert(x)
    given = indices_or_sections
    if isinstance(given, int):
        sections(x.shape[axis], given, False)
        return list(raw("Split")(axis, x, given))
    if is_ours(given) and tf.get_static_value(given) is None:
        return _cut(x, given, axis)
    parts = sections(x.shape[axis], [int(i) for i in given], False)
    parts = [-1 if n is None else n for n in parts]
    found = raw("SplitV")(x, tf.constant(parts, tf.int64), axis, len(parts))
    return list(found)


def _cut(x: tf.Tensor, places: tf.Tensor, axis: int) -> list[tf.Tensor]:
    """Split at places that are known only when the graph runs."""
    ends = tf.concat([[0], tf.cast(places, tf.int32), [extent(x)[axis]]], 0)
    return tf.split(x, ends[1:] - ends[:-1], axis, num=places.shape[0] + 1)


_MIRRORS = {"reflect": "REFLECT", "symmetric": "SYMMETRIC"}


def pad(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Any:
    x = convert(x)
    widths = pad_widths(pad_width, x.shape.rank)
    if mode == "constant":
        value = 0 if constant_values is None else constant_values
        return raw("PadV2")(x, widths, convert(convert(value), x.dtype.name))
    if constant_values is not None:
        raise ValueError(
            "pad: `constant_values` belongs to mode='constant', got "
            f"mode={mode!r} and constant_values={constant_values!r}."
        )
    short = [
        d is not None and max(w) > d - (mode == "reflect")
        for d, w in zip(x.shape, widths, strict=True)
    ]
    if mode in _MIRRORS and not any(short):
        return raw("MirrorPad")(x, widths, _MIRRORS[mode])
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = _border(extent(x)[axis], before, after, mode)
            x = _gather(x, places, axis)
    return x


def _border(size: Any, before: int, after: int, mode: str) -> tf.Tensor:
    """Return which element stands in each place of a padded axis."""
    place = tf.range(-before, size + after)
    if mode == "edge":
        return tf.clip_by_value(place, 0, size - 1)
    if mode == "wrap":
        return place % size
    if mode == "symmetric":
        place = place % (2 * size)
        return _select(place < size, place, 2 * size - 1 - place)
    if mode == "reflect":
        place = place % tf.maximum(2 * size - 2, 1)
        return _select(place < size, place, 2 * size - 2 - place)
    raise ValueError(
        f"pad: `mode` is constant, edge, reflect, symmetric or wrap, got {mode!r}."
    )


def tile(x: Any, repeats: Any) -> Any:
    x, times = convert(x), sizes(repeats)
    if is_ours(times):
        return raw("Tile")(x, times)
    rank = max(x.shape.rank, len(times))
    x = _reshape(x, ints([1] * (rank - x.shape.rank) + extent(x)))
    times = [1] * (rank - len(times)) + times
    if x.dtype is tf.uint16:  # it has no kernel
        return convert(raw("Tile")(convert(x, "int32"), ints(times)), "uint16")
    return raw("Tile")(x, ints(times))


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    x = convert(x)
    if axis is None:
        x, axis = _reshape(x, [-1]), 0
    if isinstance(repeats, list | tuple) and len(repeats) == 1:
        repeats = repeats[0]
    if x.dtype is tf.uint16:  # there is no kernel
        return convert(repeat(convert(x, "int32"), repeats, axis), "uint16")
    found = tf.repeat(x, repeats, axis)
    if isinstance(repeats, list | tuple):
        shape = x.shape.as_list()
        shape[axis] = sum(repeats)
        found = tf.ensure_shape(found, shape)
    return found


def flip(x: Any, axis: Any = None) -> Any:
    x = convert(x)
    return raw("ReverseV2")(x, ints(rules.canonical_axes(axis, x.shape.rank)))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    x = convert(x)
    if axis is None:
        flat = raw("Roll")(_reshape(x, ints((-1,))), shift, 0)
        return _reshape(flat, ints(extent(x)))
    axes = [axis] if isinstance(axis, int) else list(axis)
    shifts = [shift] * len(axes) if isinstance(shift, int) else list(shift)
    return raw("Roll")(x, ints(shifts), ints(rules.canonical_axes(axes, x.shape.rank)))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    x = convert(x)
    rank = x.shape.rank
    one, two = (rules.canonical_axis(a, rank) for a in (axis1, axis2))
    order = [a for a in range(rank) if a not in (one, two)]
    x = _transpose(x, ints((*order, one, two)))
    rows, columns = x.shape[-2:]
    if rows is not None and not -rows < offset < columns:
        return tf.zeros([*extent(x)[:-2], 0], x.dtype)
    return tf.linalg.diag_part(x, k=offset)


def _band(x: Any, k: int, below: bool) -> Any:
    x = convert(x)
    rows, columns = extent(x)[-2:]
    distance = tf.range(columns)[None] - tf.range(rows)[:, None]
    kept = distance <= k if below else distance >= k
    return _select(kept, x, raw("ZerosLike")(x))


def tril(x: Any, k: int = 0) -> Any:
    return _band(x, k, True)


def triu(x: Any, k: int = 0) -> Any:
    return _band(x, k, False)
