"""Windows as columns, and depth as space."""

from __future__ import annotations

import itertools
from typing import Any

from dlcore.src.errors import did_you_mean
from dlcore.src.ops import rules
from dlcore.src.ops.core import scatter
from dlcore.src.ops.declare import derived
from dlcore.src.ops.nn.convolution import channels_last, per_axis
from dlcore.src.ops.numpy.creation import arange
from dlcore.src.ops.numpy.shape import expand_dims, pad, reshape, stack, transpose


def _pairs(*values: Any) -> list[tuple[int, ...]]:
    return [per_axis(v, 2, "kernel_size") for v in values]


@derived
def unfold(
    x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Windows of an image as columns.

    Parameters
    ----------
    x : tensor of shape (batch, channels, height, width)
    kernel_size, dilation, padding, stride : int or pair of int

    Returns
    -------
    tensor of shape (batch, channels * window, places)
    """
    window, gaps, border, steps = _pairs(kernel_size, dilation, padding, stride)
    x = pad(x, ((0, 0), (0, 0), *((b, b) for b in border)))
    _, channels, height, width = rules.shape_of(x)
    rows, columns = (
        (size - g * (w - 1) - 1) // s + 1
        for size, w, g, s in zip((height, width), window, gaps, steps, strict=True)
    )
    cells = []
    for i, j in itertools.product(range(window[0]), range(window[1])):
        top, left = i * gaps[0], j * gaps[1]
        bottom, right = (
            top + steps[0] * (rows - 1) + 1,
            left + steps[1] * (columns - 1) + 1,
        )
        cells.append(x[:, :, top : bottom : steps[0], left : right : steps[1]])
    count = window[0] * window[1]
    return reshape(stack(cells, 2), (-1, channels * count, rows * columns))


@derived
def fold(
    x: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Add the columns that ``unfold`` makes at their places in an image.

    Parameters
    ----------
    x : tensor of shape (batch, channels * window, places)
    output_size : int or pair of int
        Height and width of the image.
    kernel_size, dilation, padding, stride : int or pair of int

    Returns
    -------
    tensor of shape (batch, channels, height, width)
    """
    shape = rules.shape_of(x)
    if len(shape) != 3:
        raise ValueError(
            f"fold: `x` must be 3D (batch, channels * window, places), got {shape}."
        )
    window, gaps, border, steps = _pairs(kernel_size, dilation, padding, stride)
    height, width = per_axis(output_size, 2, "output_size")
    tall, broad = height + 2 * border[0], width + 2 * border[1]
    rows = (tall - gaps[0] * (window[0] - 1) - 1) // steps[0] + 1
    columns = (broad - gaps[1] * (window[1] - 1) - 1) // steps[1] + 1

    def places(cells: int, gap: int, count: int, step: int) -> Any:
        offsets = arange(cells, dtype="int32") * gap
        return expand_dims(offsets, -1) + arange(count, dtype="int32") * step

    down = places(window[0], gaps[0], rows, steps[0])  # (window, rows)
    along = places(window[1], gaps[1], columns, steps[1])
    flat = down[:, None, :, None] * broad + along[None, :, None, :]
    batch, depth, _ = shape
    channels = depth // (window[0] * window[1])
    values = reshape(x, (batch * channels, -1))
    image = scatter(
        reshape(flat, (-1, 1)), transpose(values), (tall * broad, batch * channels)
    )
    image = reshape(transpose(image), (batch, channels, tall, broad))
    return image[:, :, border[0] : border[0] + height, border[1] : border[1] + width]


def _check_block(block_size: int, data_format: str) -> bool:
    known = ("channels_last", "channels_first")
    if data_format not in known:
        raise ValueError(
            f"unknown `data_format` {data_format!r}.{did_you_mean(data_format, known)}"
        )
    if not isinstance(block_size, int) or block_size < 2:
        raise ValueError(f"`block_size` must be at least 2, got {block_size!r}.")
    return channels_last(data_format)


@derived
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Turn channels into blocks of pixels.

    Parameters
    ----------
    x : tensor of shape (batch, height, width, channels)
        The number of channels divides by ``block_size**2``.
    block_size : int
    data_format : {"channels_last", "channels_first"}

    Returns
    -------
    tensor of shape (batch, height * block, width * block, channels / block**2)
    """
    b, shape = block_size, rules.shape_of(x)
    if _check_block(b, data_format):
        n, h, w, c = shape
        _divides(c, b * b, "channels")
        x = transpose(reshape(x, (-1, h, w, b, b, c // b**2)), (0, 1, 3, 2, 4, 5))
        return reshape(x, (-1 if n is None else n, h * b, w * b, c // b**2))
    n, c, h, w = shape
    _divides(c, b * b, "channels")
    x = transpose(reshape(x, (-1, b, b, c // b**2, h, w)), (0, 3, 4, 1, 5, 2))
    return reshape(x, (-1 if n is None else n, c // b**2, h * b, w * b))


@derived
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Turn blocks of pixels into channels: the inverse of ``depth_to_space``.

    Parameters
    ----------
    x : tensor of shape (batch, height, width, channels)
        Height and width divide by ``block_size``.
    block_size : int
    data_format : {"channels_last", "channels_first"}

    Returns
    -------
    tensor of shape (batch, height / block, width / block, channels * block**2)
    """
    b, shape = block_size, rules.shape_of(x)
    if _check_block(b, data_format):
        n, h, w, c = shape
        _divides(h, b, "height")
        _divides(w, b, "width")
        x = transpose(reshape(x, (-1, h // b, b, w // b, b, c)), (0, 1, 3, 2, 4, 5))
        return reshape(x, (-1 if n is None else n, h // b, w // b, b * b * c))
    n, c, h, w = shape
    _divides(h, b, "height")
    _divides(w, b, "width")
    x = transpose(reshape(x, (-1, c, h // b, b, w // b, b)), (0, 3, 5, 1, 2, 4))
    return reshape(x, (-1 if n is None else n, b * b * c, h // b, w // b))


def _divides(size: int | None, by: int, name: str) -> None:
    if size is None or size % by:
        raise ValueError(f"The {name}, {size}, must divide by {by}.")
