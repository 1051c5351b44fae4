"""Colours."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast, convert_to_tensor
from dlcore.src.ops.declare import derived
from dlcore.src.ops.nn.convolution import channels_last
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    as_float,
    clip,
    floor,
    maximum,
    minimum,
    multiply,
    subtract,
)
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import equal
from dlcore.src.ops.numpy.shape import split, squeeze, stack


def channels_axis(images: Any, data_format: Any, name: str) -> int:
    """Return the channels' axis of one image or a batch."""
    rank = len(rules.shape_of(images))
    if rank not in (3, 4):
        raise ValueError(
            f"{name}: Invalid images rank: expected rank 3 (one image) or rank 4 (a "
            f"batch), got the shape {rules.shape_of(images)}."
        )
    return -1 if channels_last(data_format) else -3


def _three(images: Any, axis: int, name: str) -> list[Any]:
    size = rules.shape_of(images)[axis]
    if size not in (3, None):
        raise ValueError(
            f"{name}: Input images must have 3 channels, but received images with "
            f"{size} channels. They are axis {axis}: see `data_format`."
        )
    return [squeeze(c, axis) for c in split(images, 3, axis)]


def _floating(images: Any, name: str) -> str:
    dtype = rules.promoted(images)
    if rules.float_of(dtype) != dtype:
        raise ValueError(
            f"{name}: Invalid images dtype: expected float dtype. Got {dtype}: cast "
            "and scale the images to [0, 1] first."
        )
    return dtype


@derived
def rgb_to_grayscale(images: Any, data_format: Any = None) -> Any:
    """Brightness of colours: ``0.2989 R + 0.587 G + 0.114 B``.

    Parameters
    ----------
    images : tensor of shape (..., height, width, 3)
        Images of one channel are grey already.
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor with one channel
    """
    axis = channels_axis(images, data_format, "rgb_to_grayscale")
    dtype, shape = rules.promoted(images), rules.shape_of(images)
    if shape[axis] not in (1, 3, None):
        raise ValueError(
            "rgb_to_grayscale: Invalid channel size: expected 3 (RGB) or 1 (Grayscale)."
            f" Got {shape[axis]} along axis {axis} of {shape}."
        )
    if shape[axis] == 1:
        return convert_to_tensor(images)
    red, green, blue = _three(as_float(images), axis, "rgb_to_grayscale")
    return cast(stack([0.2989 * red + 0.587 * green + 0.114 * blue], axis), dtype)


@derived
def rgb_to_hsv(images: Any, data_format: Any = None) -> Any:
    """Hue, saturation and value, all in ``[0, 1]``, of colours in ``[0, 1]``.

    Parameters
    ----------
    images : floating tensor of shape (..., height, width, 3)
    data_format : {"channels_last", "channels_first"}, optional

    Notes
    -----
    Source: Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    axis = channels_axis(images, data_format, "rgb_to_hsv")
    dtype = _floating(images, "rgb_to_hsv")
    red, green, blue = _three(images, axis, "rgb_to_hsv")
    value = maximum(maximum(red, green), blue)
    spread = subtract(value, minimum(minimum(red, green), blue))
    safe = where(equal(spread, 0.0), 1.0, spread)
    saturation = where(value > 0.0, spread / where(value > 0.0, value, 1.0), 0.0)
    hue = where(
        equal(value, red),
        (green - blue) / safe,
        where(
            equal(value, green), (blue - red) / safe + 2.0, (red - green) / safe + 4.0
        ),
    )
    hue = where(spread > 0.0, hue / 6.0, 0.0)
    hue = where(hue < 0.0, hue + 1.0, hue)
    return cast(stack([hue, saturation, value], axis), dtype)


@derived
def hsv_to_rgb(images: Any, data_format: Any = None) -> Any:
    """Colours of hue, saturation and value: the inverse of ``rgb_to_hsv``.

    Parameters
    ----------
    images : floating tensor of shape (..., height, width, 3)
    data_format : {"channels_last", "channels_first"}, optional
    """
    axis = channels_axis(images, data_format, "hsv_to_rgb")
    dtype = _floating(images, "hsv_to_rgb")
    hue, saturation, value = _three(images, axis, "hsv_to_rgb")
    turn = (hue - floor(hue)) * 6.0
    parts = (
        clip(absolute(turn - 3.0) - 1.0, 0.0, 1.0),
        clip(2.0 - absolute(turn - 2.0), 0.0, 1.0),
        clip(2.0 - absolute(turn - 4.0), 0.0, 1.0),
    )
    mixed = [multiply(value, 1.0 + saturation * (p - 1.0)) for p in parts]
    return cast(stack(mixed, axis), dtype)
