"""Borders, pieces and filters of images."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.ops import random, rules
from dlcore.src.ops.core import cast, convert_to_tensor
from dlcore.src.ops.declare import derived
from dlcore.src.ops.image.color import channels_axis
from dlcore.src.ops.image.resampling import through
from dlcore.src.ops.nn.convolution import channels_last, conv, depthwise_conv, per_axis
from dlcore.src.ops.numpy.creation import arange
from dlcore.src.ops.numpy.elementwise import as_float, divide, exp, square
from dlcore.src.ops.numpy.matrices import eye
from dlcore.src.ops.numpy.reduction import mean, sum as sum_
from dlcore.src.ops.numpy.shape import (
    broadcast_to,
    expand_dims,
    moveaxis,
    pad,
    reshape,
    squeeze,
    stack,
)
from dlcore.src.random import draw_seed
from dlcore.src.symbolic import Spec


def _two_of_three(
    before: Any, after: Any, target: Any, size: int | None, sign: int, names: Any
) -> tuple[Any, Any, int | None]:
    """Return both borders and the new size, from two of them.

    What does not follow, as long as ``size`` is not known, is None.
    """
    if sum(v is not None for v in (before, after, target)) != 2:
        raise ValueError(
            f"Must specify exactly two of {names[0]}, {names[1]}, {names[2]}; got "
            f"{before}, {after}, {target}."
        )
    if size is not None:
        if target is None:
            target = size + sign * (before + after)
        elif before is None:
            before = sign * (target - size) - after
        else:
            after = sign * (target - size) - before
    numbers = zip(names[::-1], (target, after, before), strict=True)
    for name, value in numbers:
        if value is not None and value < 0:
            raise ValueError(f"{name} must be >= 0, got {value}.")
    return before, after, target


def _borders(
    images: Any, numbers: Any, data_format: Any, word: str
) -> tuple[int, list[tuple[Any, Any, int | None]]]:
    """Return the first spatial axis, and what ``_two_of_three`` says of both."""
    axis = channels_axis(images, data_format, f"{word}_images")
    shape = rules.shape_of(images)
    first = len(shape) - (3 if axis == -1 else 2)
    ending, sign = ("padding", 1) if word == "pad" else ("cropping", -1)
    found = []
    for i, (start, end, side) in enumerate(
        (("top", "bottom", "height"), ("left", "right", "width"))
    ):
        names = f"{start}_{ending}", f"{end}_{ending}", f"target_{side}"
        given = numbers[i], numbers[i + 2], numbers[i + 4]
        size = shape[first + i]
        if sign < 0 and size is None and given[2] is None:
            raise ValueError(
                f"When the {side} of the images is unknown, `target_{side}` must be "
                f"specified; got images of the shape {shape}."
            )
        found.append(_two_of_three(*given, size, sign, names))
    return first, found


def _borders_rule(word: str) -> Any:
    ending = "padding" if word == "pad" else "cropping"
    sides = [f"{side}_{ending}" for side in ("top", "left", "bottom", "right")]

    def rule(images: Any, *given: Any, **named: Any) -> Spec:
        names = (*sides, "target_height", "target_width", "data_format")
        named.update(zip(names, given, strict=False))
        *numbers, data_format = (named.get(name) for name in names)
        first, found = _borders(images, numbers, data_format, word)
        shape = list(rules.shape_of(images))
        shape[first : first + 2] = (size for _, _, size in found)
        return Spec(shape, rules.promoted(images))

    return rule


@derived(rule=_borders_rule("pad"))
def pad_images(
    images: Any,
    top_padding: Any = None,
    left_padding: Any = None,
    bottom_padding: Any = None,
    right_padding: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: Any = None,
) -> Any:
    """Add zeros around images; give two of the three numbers of each direction.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    top_padding, left_padding, bottom_padding, right_padding : int, optional
    target_height, target_width : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    """
    values = (
        *(top_padding, left_padding, bottom_padding, right_padding),
        *(target_height, target_width),
    )
    first, found = _borders(images, values, data_format, "pad")
    sides = [(0, 0)] * len(rules.shape_of(images))
    sides[first : first + 2] = [(before, after) for before, after, _ in found]
    return pad(images, sides)


@derived(rule=_borders_rule("crop"))
def crop_images(
    images: Any,
    top_cropping: Any = None,
    left_cropping: Any = None,
    bottom_cropping: Any = None,
    right_cropping: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: Any = None,
) -> Any:
    """Cut the borders off images; give two of the three numbers of each direction.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    top_cropping, left_cropping, bottom_cropping, right_cropping : int, optional
    target_height, target_width : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    """
    values = (
        *(top_cropping, left_cropping, bottom_cropping, right_cropping),
        *(target_height, target_width),
    )
    first, found = _borders(images, values, data_format, "crop")
    key = [slice(before, before + size) for before, _, size in found]
    return images[(*(slice(None),) * first, *key)]


def _patches(
    images: Any,
    size: Any,
    strides: Any,
    dilation_rate: Any,
    padding: str,
    data_format: Any,
    count: int,
) -> Any:
    window = per_axis(size, count, "size")
    steps = window if strides is None else strides
    single = len(rules.shape_of(images)) == count + 1
    images = expand_dims(images, 0) if single else images
    channels = rules.shape_of(images)[-1 if channels_last(data_format) else 1]
    cells = math.prod(window) * channels
    kernel = reshape(
        eye(cells, dtype=rules.promoted(as_float(images))), (*window, channels, cells)
    )
    found = conv(images, kernel, steps, padding, data_format, dilation_rate)
    return squeeze(found, 0) if single else found


def _count(size: Any) -> int:
    """Return how many spatial axes patches of a size have."""
    if isinstance(size, int):
        return 2
    if not isinstance(size, list | tuple):
        raise TypeError(f"`size`: Expected an int or a tuple of int, got {size!r}")
    if len(size) not in (2, 3):
        raise ValueError(f"`size`: Expected a tuple of length 2 or 3, got {size}")
    return len(size)


@derived
def extract_patches(
    images: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """Return the windows of images, each one flat in the channels.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
        Or volumes, with a size of three numbers.
    size : int or tuple of int
    strides : int or tuple of int, optional
        ``size`` unless given.
    dilation_rate : int
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor of shape (..., rows, columns, size[0] * size[1] * channels)
    """
    count = max(_count(size), len(rules.shape_of(images)) - 2)
    return _patches(images, size, strides, dilation_rate, padding, data_format, count)


@derived
def extract_patches_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """Return the windows of volumes, each one flat in the channels.

    Parameters
    ----------
    volumes : tensor of shape (..., depth, height, width, channels)
    size, strides, dilation_rate, padding, data_format
        As for ``extract_patches``.
    """
    if isinstance(size, list | tuple) and len(size) != 3:
        raise TypeError(f"extract_patches_3d: `size` is an int or three, got {size}.")
    return _patches(volumes, size, strides, dilation_rate, padding, data_format, 3)


def _bell(size: int, sigma: Any, dtype: str) -> Any:
    distance = arange(size, dtype=dtype) - (size - 1) / 2.0
    weights = exp(-0.5 * square(divide(distance, sigma)))
    return divide(weights, sum_(weights))


def _each_channel(images: Any, window: Any, padding: str, data_format: Any) -> Any:
    """Convolve every channel with one window ``(height, width)``."""
    single = len(rules.shape_of(images)) == 3
    images = expand_dims(images, 0) if single else images
    channels = rules.shape_of(images)[-1 if channels_last(data_format) else 1]
    kernel = broadcast_to(
        window[:, :, None, None], (*rules.shape_of(window), channels, 1)
    )
    found = depthwise_conv(images, kernel, 1, padding, data_format)
    return squeeze(found, 0) if single else found


def _blur_rule(
    images: Any,
    kernel_size: Any = (3, 3),
    *args: Any,
    data_format: Any = None,
    **_: Any,
) -> Spec:
    data_format = args[1] if len(args) > 1 else data_format
    channels_axis(images, data_format, "gaussian_blur")
    if isinstance(kernel_size, list | tuple) and len(kernel_size) != 2:
        raise ValueError(f"`kernel_size` is (width, height), got {kernel_size}")
    return rules.same(images)


@derived(rule=_blur_rule)
def gaussian_blur(
    images: Any,
    kernel_size: Any = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: Any = None,
) -> Any:
    """Smooth images with a bell.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    kernel_size : pair of int
        Width and height of the window, in pixels.
    sigma : pair of float
        Standard deviations in these two directions, in pixels.
    data_format : {"channels_last", "channels_first"}, optional
    """
    _blur_rule(images, kernel_size, data_format=data_format)
    dtype = rules.promoted(images)
    values = as_float(images)
    work = rules.promoted(values)
    sigma = cast(convert_to_tensor(sigma), work)
    columns, rows = (_bell(n, sigma[i], work) for i, n in enumerate(kernel_size))
    window = rows[:, None] * columns[None, :]
    return cast(_each_channel(values, window, "same", data_format), dtype)


@derived
def sobel_edges(images: Any, data_format: Any = None) -> Any:
    """Slopes of images by Sobel's filters.

    Parameters
    ----------
    images : tensor of shape (batch, height, width, channels)
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor of shape (batch, height, width, channels, 2)
        Along the rows, and along the columns.
    """
    if len(rules.shape_of(images)) != 4:
        raise ValueError(
            f"sobel_edges: `images` has 4 axes, got the shape {rules.shape_of(images)}."
        )
    values = as_float(images)
    last = channels_last(data_format)
    sides = (
        [(0, 0), (1, 1), (1, 1), (0, 0)] if last else [(0, 0), (0, 0), (1, 1), (1, 1)]
    )
    values = pad(values, sides, mode="reflect")
    down = cast(
        convert_to_tensor([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]),
        rules.promoted(values),
    )
    slopes = [
        _each_channel(values, window, "valid", data_format)
        for window in (down, moveaxis(down, 0, 1))
    ]
    return stack(slopes, -1)


def _ssim_rule(image1: Any, image2: Any, *args: Any, **kwargs: Any) -> Spec:
    shape = rules.shape_of(image1)
    dtype = rules.float_of(rules.promoted(image1, image2))
    return Spec(shape[:1] if len(shape) == 4 else (), dtype)


@derived(rule=_ssim_rule)
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: Any = None,
) -> Any:
    """Structural similarity of images: 1 for equal ones.

    Parameters
    ----------
    image1, image2 : tensor of shape (..., height, width, channels)
    max_val : float
        The range of the pixels.
    filter_size : int
    filter_sigma : float
        Of the bell that weighs the neighbourhood.
    k1, k2 : float
        Stabilize the quotients.
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor of shape (batch,), or () for single images

    Notes
    -----
    Source: Wang et al., IEEE Transactions on Image Processing 13(4), 2004.
    """
    channels_axis(image1, data_format, "ssim")
    dtype = rules.float_of(rules.promoted(image1, image2))
    x, y = cast(image1, dtype), cast(image2, dtype)
    line = _bell(filter_size, filter_sigma, dtype)
    window = line[:, None] * line[None, :]

    def local(v: Any) -> Any:
        return _each_channel(v, window, "valid", data_format)

    mean1, mean2 = local(x), local(y)
    both, squares = mean1 * mean2, square(mean1) + square(mean2)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    brightness = (2.0 * both + c1) / (squares + c1)
    spread = local(square(x) + square(y)) - squares
    contrast = (2.0 * (local(x * y) - both) + c2) / (spread + c2)
    return mean(brightness * contrast, (-3, -2, -1))


def _elastic_rule(images: Any, *args: Any, data_format: Any = None, **_: Any) -> Spec:
    data_format = args[6] if len(args) > 6 else data_format
    channels_axis(images, data_format, "elastic_transform")
    return rules.same(images)


@derived(rule=_elastic_rule)
def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: Any = None,
) -> Any:
    """Images pulled about at random, smoothly.

    Parameters
    ----------
    images : tensor of shape (..., height, width, channels)
    alpha : float
        How far, in pixels.
    sigma : float
        How smoothly: standard deviation of the bell, in pixels.
    interpolation : {"nearest", "bilinear"}
    fill_mode : {"constant", "nearest", "wrap", "mirror", "reflect"}
    fill_value : float
    seed : int, SeedGenerator or None
    data_format : {"channels_last", "channels_first"}, optional

    Notes
    -----
    Source: Simard et al., "Best practices for convolutional neural networks", 2003.
    """
    axis = channels_axis(images, data_format, "elastic_transform")
    shape = rules.shape_of(images)
    batch = shape[0] if len(shape) == 4 else 1
    space = shape[-3:-1] if axis == -1 else shape[-2:]
    noise = random.normal((batch, *space, 2), seed=draw_seed(seed))
    reach = min(int(4 * sigma) | 1, 2 * min(space) - 1)
    smooth = gaussian_blur(noise, (reach, reach), (sigma, sigma), "channels_last")
    shift = smooth * (alpha * sigma)

    def place(y: Any, x: Any) -> tuple[Any, Any]:
        return y + shift[..., 0], x + shift[..., 1]

    return through(
        images,
        place,
        interpolation,
        fill_mode,
        fill_value,
        data_format,
        "elastic_transform",
    )
