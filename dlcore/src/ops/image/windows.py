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
) -> tuple[int, int]:
    """Return both borders from two of: before, after, the size wanted."""
    given = [v is not None for v in (before, after, target)]
    if sum(given) != 2:
        raise ValueError(
            f"Must specify exactly two of {names[0]}, {names[1]}, {names[2]}; got "
            f"{before}, {after}, {target}."
        )
    change = None if target is None else sign * (target - (size or 0))
    if before is None:
        before = change - after
    if after is None:
        after = change - before
    for name, value in zip(names, (before, after), strict=False):
        if value < 0:
            raise ValueError(f"{name} must be >= 0, got {value}.")
    return before, after


def _borders(images: Any, values: Any, data_format: Any, word: str, sign: int) -> Any:
    axis = channels_axis(images, data_format, f"{word}_images")
    shape = rules.shape_of(images)
    rank = len(shape)
    first = rank - 3 if axis == -1 else rank - 2
    top, left, bottom, right, height, width = values
    ending = "padding" if word == "pad" else "cropping"
    names = [
        (f"top_{ending}", f"bottom_{ending}", "target_height"),
        (f"left_{ending}", f"right_{ending}", "target_width"),
    ]
    rows = _two_of_three(top, bottom, height, shape[first], sign, names[0])
    columns = _two_of_three(left, right, width, shape[first + 1], sign, names[1])
    return first, rank, rows, columns


@derived
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
    first, rank, rows, columns = _borders(images, values, data_format, "pad", 1)
    sides = [(0, 0)] * rank
    sides[first], sides[first + 1] = rows, columns
    return pad(images, sides)


@derived
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
    first, _, rows, columns = _borders(images, values, data_format, "crop", -1)
    key = [slice(None)] * first
    for (before, after), size in zip(
        (rows, columns), rules.shape_of(images)[first : first + 2], strict=True
    ):
        key.append(slice(before, None if size is None else size - after))
    return images[tuple(key)]


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
    size : int or pair of int
    strides : int or pair of int, optional
        ``size`` unless given.
    dilation_rate : int
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor of shape (..., rows, columns, size[0] * size[1] * channels)
    """
    if len(rules.shape_of(images)) == 5:
        return extract_patches_3d(
            images, size, strides, dilation_rate, padding, data_format
        )
    return _patches(images, size, strides, dilation_rate, padding, data_format, 2)


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


@derived(rule=rules.same)
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
    sigma : pair of float
        Standard deviations along the rows and the columns, in pixels.
    data_format : {"channels_last", "channels_first"}, optional
    """
    channels_axis(images, data_format, "gaussian_blur")
    dtype = rules.promoted(images)
    values = as_float(images)
    work = rules.promoted(values)
    sigma = cast(convert_to_tensor(sigma), work)
    rows, columns = (_bell(n, sigma[i], work) for i, n in enumerate(kernel_size))
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


@derived(rule=rules.same)
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
