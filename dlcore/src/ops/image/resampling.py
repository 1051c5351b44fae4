"""Images at other sizes, and seen through a change of coordinates."""

from __future__ import annotations

import itertools
import math
from typing import Any

from dlcore.src.dtypes import is_float
from dlcore.src.errors import did_you_mean
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.image.color import channels_axis
from dlcore.src.ops.linalg import solve
from dlcore.src.ops.math import saturate_cast
from dlcore.src.ops.nn.convolution import channels_last
from dlcore.src.ops.numpy.creation import arange, ones_like, zeros_like
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    as_float,
    clip,
    divide,
    floor,
    maximum,
    multiply,
    round as round_,
    sinc,
)
from dlcore.src.ops.numpy.indexing import take, where
from dlcore.src.ops.numpy.logic import logical_and
from dlcore.src.ops.numpy.products import tensordot
from dlcore.src.ops.numpy.reduction import sum as sum_
from dlcore.src.ops.numpy.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    moveaxis,
    pad,
    reshape,
    squeeze,
    stack,
)
from dlcore.src.symbolic import Spec


def _triangle(x: Any) -> Any:
    return maximum(1.0 - x, 0.0)


def _cubic(x: Any) -> Any:
    """Keys, "Cubic convolution interpolation", 1981, with a = -0.5."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return where(x >= 2.0, 0.0, where(x >= 1.0, far, near))


def _lanczos(radius: float) -> Any:
    def kernel(x: Any) -> Any:
        return where(x > radius, 0.0, sinc(x) * sinc(x / radius))

    return kernel


KERNELS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


def _weights(
    size: int, wanted: int, scale: Any, shift: Any, kernel: Any, antialias: bool
) -> Any:
    """Return the matrix ``(size, wanted)`` of what each pixel gives to each new one."""
    step = divide(1.0, scale)
    width = maximum(step, 1.0) if antialias else ones_like(step)
    places = arange(wanted, dtype="float32") + 0.5
    places = places * step - shift * step - 0.5
    distance = absolute(places - arange(size, dtype="float32")[:, None]) / width
    weights = kernel(distance)
    total = sum_(weights, 0, True)
    good = absolute(total) > 1e-4
    weights = where(good, weights / where(good, total, 1.0), 0.0)
    inside = logical_and(places >= -0.5, places <= size - 0.5)
    return where(inside, weights, 0.0)


def _kernel(method: str, name: str) -> Any:
    if method not in KERNELS:
        raise ValueError(
            f"{name}: unknown interpolation {method!r}.{did_you_mean(method, KERNELS)}"
        )
    return KERNELS[method]


def _along(images: Any, weights: Any, axis: int) -> Any:
    return moveaxis(tensordot(images, weights, ([axis], [0])), -1, axis)


def _restore(values: Any, dtype: str) -> Any:
    return (
        cast(values, dtype) if is_float(dtype) else saturate_cast(round_(values), dtype)
    )


@derived(
    rule=lambda images, output_shape, *args, **kwargs: Spec(
        output_shape, rules.float_of(rules.promoted(images))
    )
)
def scale_and_translate(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    """Resample along some axes: pixel ``x`` goes to ``x * scale + translation``.

    Parameters
    ----------
    images : tensor
    output_shape : sequence of int
    scale, translation : tensor of shape (n,)
        One number for each of the axes.
    spatial_dims : sequence of int
        The axes.
    method : {"linear", "cubic", "lanczos3", "lanczos5"}
    antialias : bool
        Whether the kernel widens when the image shrinks.
    """
    images = as_float(images)
    kernel = _kernel(method, "scale_and_translate")
    scale, translation = cast(scale, "float32"), cast(translation, "float32")
    rank = len(rules.shape_of(images))
    for i, axis in enumerate(spatial_dims):
        axis = rules.canonical_axis(axis, rank)
        size = rules.shape_of(images)[axis]
        weights = _weights(
            size, output_shape[axis], scale[i], translation[i], kernel, antialias
        )
        images = _along(images, cast(weights, rules.promoted(images)), axis)
    return images


def _resize_rule(
    images: Any, size: Any, *args: Any, data_format: Any = None, **_: Any
) -> Spec:
    data_format = args[6] if len(args) > 6 else data_format
    axis = channels_axis(images, data_format, "resize")
    shape = rules.shape_of(images)
    if len(size) != 2:
        raise ValueError(f"resize: `size` is (height, width), got {size}.")
    if min(size) <= 0:
        raise ValueError(
            f"resize: `size` must have positive height and width, got {size}."
        )
    channels = shape[axis]
    space = (*size, channels) if axis == -1 else (channels, *size)
    return Spec((*shape[:-3], *space), rules.promoted(images))


@derived(rule=_resize_rule)
def resize(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: Any = None,
) -> Any:
    """Images at another size.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    size : pair of int
        New height and width.
    interpolation : {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}
    antialias : bool
        Whether a smaller image is smoothed.
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool
        Keep the ratio of the sides: cut what is too long, or add borders.
    fill_mode : {"constant"}
        What the borders are.
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    """
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "resize: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can "
            "be True."
        )
    _resize_rule(images, size, data_format=data_format)
    axis = channels_axis(images, data_format, "resize")
    dtype = rules.promoted(images)
    rank = len(rules.shape_of(images))
    first = rank - 3 if axis == -1 else rank - 2
    height, width = (rules.shape_of(images)[first + i] for i in (0, 1))
    tall, wide = (int(s) for s in size)
    if crop_to_aspect_ratio:
        keep = (
            max(min(int(width * tall / wide), height), 1),
            max(min(int(height * wide / tall), width), 1),
        )
        for i, (have, want) in enumerate(zip((height, width), keep, strict=True)):
            begin = (have - want) // 2
            images = images[(*(slice(None),) * (first + i), slice(begin, begin + want))]
    elif pad_to_aspect_ratio:
        room = (
            max(int(width * tall / wide), height),
            max(int(height * wide / tall), width),
        )
        sides = [(0, 0)] * rank
        for i, (have, new) in enumerate(zip((height, width), room, strict=True)):
            sides[first + i] = ((new - have) // 2,) * 2  # alike, as Keras has them
        images = pad(images, sides, constant_values=fill_value)
    for i, wanted in enumerate((tall, wide)):
        have = rules.shape_of(images)[first + i]
        if interpolation == "nearest":
            places = floor((arange(wanted, dtype="float32") + 0.5) * (have / wanted))
            images = take(images, cast(clip(places, 0, have - 1), "int32"), first + i)
        elif have != wanted:
            kernel = _kernel(interpolation, "resize")
            ratio = cast(wanted / have, "float32")
            weights = _weights(
                have, wanted, ratio, cast(0.0, "float32"), kernel, antialias
            )
            images = as_float(images)
            images = _along(images, cast(weights, rules.promoted(images)), first + i)
    return images if interpolation == "nearest" else _restore(images, dtype)


FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def _place(index: Any, size: int, fill_mode: str) -> Any:
    """Return the index of the pixel that stands for one outside."""
    if fill_mode == "wrap":
        return index % size
    if fill_mode == "reflect":  # d c b a | a b c d | d c b a
        index = index % (2 * size)
        return where(index < size, index, 2 * size - 1 - index)
    if fill_mode == "mirror":  # d c b | a b c d | c b a
        if size == 1:
            return zeros_like(index)
        index = index % (2 * size - 2)
        return where(index < size, index, 2 * size - 2 - index)
    return clip(index, 0, size - 1)


def _sample(
    inputs: Any, coordinates: list[Any], order: int, fill_mode: str, fill_value: Any
) -> Any:
    """Interpolate at coordinates of the first axes; the others are kept whole."""
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"Invalid value for argument `fill_mode`: {fill_mode!r}."
            f"{did_you_mean(fill_mode, FILL_MODES)}"
        )
    count = len(coordinates)
    shape = rules.shape_of(inputs)
    lead, rest = shape[:count], shape[count:]
    flat = reshape(inputs, (math.prod(lead), *rest))
    work = as_float(flat)
    options: list[list[tuple[Any, Any]]] = []
    for c, _ in zip(coordinates, lead, strict=True):
        if not is_float(rules.promoted(c)):
            options.append([(c, None)])
        elif order == 0:
            options.append([(cast(floor(c + 0.5), "int32"), None)])
        else:
            low = floor(c)
            part = c - low
            below = cast(low, "int32")
            options.append([(below, 1.0 - part), (below + 1, part)])
    total: Any = None
    for corner in itertools.product(*options):
        index: Any = 0
        inside: Any = None
        weight: Any = None
        for (place, share), size in zip(corner, lead, strict=True):
            index = index * size + _place(place, size, fill_mode)
            here = logical_and(place >= 0, place < size)
            inside = here if inside is None else logical_and(inside, here)
            if share is not None:
                weight = share if weight is None else weight * share
        value = take(work, index, 0)
        wide = tuple(range(-len(rest), 0))
        if fill_mode == "constant":
            mask = expand_dims(inside, wide) if rest else inside
            value = where(mask, value, cast(fill_value, rules.promoted(work)))
        if weight is not None:
            weight = expand_dims(weight, wide) if rest else weight
            value = multiply(value, cast(weight, rules.promoted(work)))
        total = value if total is None else total + value
    return _restore(total, rules.promoted(inputs))


def _map_rule(
    inputs: Any, coordinates: Any, order: int, *args: Any, **kwargs: Any
) -> Spec:
    rank, shape = len(rules.shape_of(inputs)), rules.shape_of(coordinates)
    if shape[0] != rank:
        raise ValueError(
            "map_coordinates: First dim of `coordinates` must be the same as the rank "
            f"of `inputs`, {rank}; got the shape {shape}."
        )
    if len(shape) < 2:
        raise ValueError(
            "map_coordinates: Invalid coordinates rank: expected at least rank 2, got "
            f"the shape {shape}."
        )
    if order not in (0, 1):
        raise ValueError(
            f"map_coordinates: Invalid value for argument `order`: 0 or 1, got {order}."
        )
    return Spec(rules.shape_of(coordinates)[1:], rules.promoted(inputs))


@derived(rule=_map_rule)
def map_coordinates(
    inputs: Any,
    coordinates: Any,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Any:
    """Values between the elements of a tensor.

    Parameters
    ----------
    inputs : tensor
    coordinates : tensor of shape (rank, ...)
        One number for each axis of ``inputs``.
    order : {0, 1}
        The nearest element, or linear interpolation.
    fill_mode : {"constant", "nearest", "wrap", "mirror", "reflect"}
        What is outside.
    fill_value : float
        For ``"constant"``.

    Returns
    -------
    tensor of the shape ``coordinates.shape[1:]``
    """
    _map_rule(inputs, coordinates, order)
    rank = len(rules.shape_of(inputs))
    parts = [as_float(coordinates[i]) for i in range(rank)]
    return _sample(inputs, parts, order, fill_mode, fill_value)


def _order(interpolation: str) -> int:
    known = {"nearest": 0, "bilinear": 1}
    if interpolation not in known:
        raise ValueError(
            f"Invalid value for argument `interpolation`: {interpolation!r}."
            f"{did_you_mean(interpolation, known)}"
        )
    return known[interpolation]


def through(
    images: Any,
    place: Any,
    interpolation: str,
    fill_mode: str,
    fill_value: Any,
    data_format: Any,
    name: str,
) -> Any:
    """See images through ``place(rows, columns) -> (rows, columns)`` of a batch."""
    channels_axis(images, data_format, name)
    order = _order(interpolation)
    single = len(rules.shape_of(images)) == 3
    images = expand_dims(images, 0) if single else images
    last = channels_last(data_format)
    images = images if last else moveaxis(images, 1, -1)
    batch, height, width, _ = rules.shape_of(images)
    rows = arange(height, dtype="float32")[None, :, None]
    columns = arange(width, dtype="float32")[None, None, :]
    y, x = (broadcast_to(v, (batch, height, width)) for v in place(rows, columns))
    n = broadcast_to(
        arange(batch, dtype="int32")[:, None, None], (batch, height, width)
    )
    found = _sample(images, [n, y, x], order, fill_mode, fill_value)
    found = found if last else moveaxis(found, -1, 1)
    return squeeze(found, 0) if single else found


def _affine_rule(
    images: Any, transform: Any, *args: Any, data_format: Any = None, **_: Any
) -> Spec:
    data_format = args[3] if len(args) > 3 else data_format
    channels_axis(images, data_format, "affine_transform")
    if len(rules.shape_of(transform)) not in (1, 2):
        raise ValueError(
            "affine_transform: Invalid transform rank: expected rank 1 (one map for "
            "all, of shape (8,)) or rank 2 (one an image, of shape (batch, 8)), got "
            f"the shape {rules.shape_of(transform)}."
        )
    return rules.same(images)


@derived(rule=_affine_rule)
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: Any = None,
) -> Any:
    """Images under affine (or projective) maps.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    transform : tensor of shape (8,) or (batch, 8)
        ``a0, a1, a2, b0, b1, b2, c0, c1``: the new pixel ``(x, y)`` shows the old one
        ``((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)``, ``k = c0 x + c1 y + 1``.
    interpolation : {"nearest", "bilinear"}
    fill_mode : {"constant", "nearest", "wrap", "mirror", "reflect"}
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    """
    _affine_rule(images, transform, data_format=data_format)
    m = reshape(cast(transform, "float32"), (-1, 8))
    a0, a1, a2, b0, b1, b2, c0, c1 = (m[:, i][:, None, None] for i in range(8))

    def place(y: Any, x: Any) -> tuple[Any, Any]:
        k = c0 * x + c1 * y + 1.0
        return (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k

    return through(
        images,
        place,
        interpolation,
        fill_mode,
        fill_value,
        data_format,
        "affine_transform",
    )


def _perspective_rule(
    images: Any,
    start_points: Any,
    end_points: Any,
    *args: Any,
    data_format: Any = None,
    **_: Any,
) -> Spec:
    data_format = args[2] if len(args) > 2 else data_format
    channels_axis(images, data_format, "perspective_transform")
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        shape = rules.shape_of(points)
        if len(shape) not in (2, 3) or shape[-2:] != (4, 2):
            raise ValueError(
                f"perspective_transform: Invalid {name} shape: expected (4, 2) for one "
                f"image or (batch, 4, 2), got {shape}."
            )
    one, two = rules.shape_of(start_points), rules.shape_of(end_points)
    if one != two:
        raise ValueError(
            "perspective_transform: `start_points` and `end_points` need one shape, "
            f"got {one} and {two}."
        )
    return rules.same(images)


def homography(start_points: Any, end_points: Any) -> Any:
    """Return eight numbers a batch: the map from the end points to the start points.

    The numbers are those of ``affine_transform``; the points have the shape (4, 2) or
    (batch, 4, 2).
    """
    start = reshape(cast(start_points, "float32"), (-1, 4, 2))
    end = reshape(cast(end_points, "float32"), (-1, 4, 2))
    x, y, u, v = end[..., 0], end[..., 1], start[..., 0], start[..., 1]
    one, zero = ones_like(x), zeros_like(x)
    # Two equations a point for the eight numbers of the map from end to start.
    first = stack([x, y, one, zero, zero, zero, -u * x, -u * y], -1)
    second = stack([zero, zero, zero, x, y, one, -v * x, -v * y], -1)
    matrix, right = concatenate([first, second], -2), concatenate([u, v], -1)
    return squeeze(solve(matrix, expand_dims(right, -1)), -1)


@derived(rule=_perspective_rule)
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: Any = None,
) -> Any:
    """Images with four points moved to four others.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    start_points, end_points : tensor of shape (4, 2) or (batch, 4, 2)
        Where ``(x, y)`` are, and where they shall be.
    interpolation : {"nearest", "bilinear"}
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    """
    _perspective_rule(images, start_points, end_points, data_format=data_format)
    transform = homography(start_points, end_points)
    return affine_transform(
        images, transform, interpolation, "constant", fill_value, data_format
    )
