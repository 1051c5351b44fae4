"""Convolution and pooling: windows that slide over the spatial axes."""

from __future__ import annotations

from typing import Any

from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.ops import rules
from dlcore.src.ops.core import convert_to_tensor
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.reduction import max as max_, mean
from dlcore.src.ops.numpy.shape import stack
from dlcore.src.symbolic import Shape, Spec


def per_axis(value: Any, count: int, name: str) -> tuple[int, ...]:
    """Return one number for each spatial axis."""
    values = (value,) * count if isinstance(value, int) else tuple(value)
    if len(values) == 1:
        values = values * count
    if len(values) != count:
        raise ValueError(f"`{name}` needs {count} numbers, got {value!r}")
    return values


def channels_last(data_format: str | None) -> bool:
    """Whether the channels are last; the global setting for None."""
    data_format = data_format or config.image_data_format()
    known = ("channels_last", "channels_first")
    if data_format not in known:
        raise ValueError(
            f"unknown `data_format` {data_format!r}.{did_you_mean(data_format, known)}"
        )
    return data_format == "channels_last"


def split_shape(
    x: Any, data_format: str | None
) -> tuple[int | None, Shape, int | None]:
    """Return batch size, spatial sizes and number of channels."""
    shape = rules.shape_of(x)
    if len(shape) < 3:
        raise ValueError(f"`inputs` needs a batch, space and channels, got {shape}")
    if channels_last(data_format):
        return shape[0], shape[1:-1], shape[-1]
    return shape[0], shape[2:], shape[1]


def join_shape(
    batch: int | None, space: Any, channels: int | None, data_format: str | None
) -> Shape:
    """Return the shape of these parts."""
    if channels_last(data_format):
        return (batch, *space, channels)
    return (batch, channels, *space)


def window_size(
    size: int | None, window: int | None, stride: int, dilation: int, padding: str
) -> int | None:
    """Return how many places a sliding window has along an axis."""
    if size is None or window is None:
        return None
    reach = dilation * (window - 1) + 1
    places = size if padding in ("same", "causal") else size - reach + 1
    count = -(-places // stride)
    if count < 1:
        raise ValueError(f"a window of {reach} does not fit into {size} elements")
    return count


def same_padding(size: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the borders before and after that ``padding="same"`` means."""
    count = -(-size // stride)
    total = max((count - 1) * stride + dilation * (window - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def _check_padding(padding: Any, known: tuple[str, ...] = ("valid", "same")) -> str:
    if str(padding).lower() not in known:
        raise ValueError(
            f"unknown `padding` {padding!r}.{did_you_mean(padding, known)}"
        )
    return str(padding).lower()


def _slide(
    inputs: Any,
    window: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any = 1,
) -> tuple[int | None, list[int | None], int | None]:
    batch, space, channels = split_shape(inputs, data_format)
    count = len(space)
    padding = _check_padding(padding)
    steps = per_axis(strides, count, "strides")
    gaps = per_axis(dilation_rate, count, "dilation_rate")
    sizes = [
        window_size(d, w, s, g, padding)
        for d, w, s, g in zip(space, window, steps, gaps, strict=True)
    ]
    return batch, sizes, channels


def _conv_rule(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Spec:
    *window, depth, filters = rules.shape_of(kernel)
    batch, sizes, channels = _slide(
        inputs, window, strides, padding, data_format, dilation_rate
    )
    if channels is not None and depth and channels % depth:
        raise ValueError(
            "the number of input channels must match the kernel: "
            f"`inputs` has {channels}, `kernel` {rules.shape_of(kernel)} is for {depth}"
        )
    shape = join_shape(batch, sizes, filters, data_format)
    return Spec(shape, rules.float_of(rules.promoted(inputs, kernel)))


@primitive(_conv_rule)
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution (without flipping the kernel) in one, two or three dimensions.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
        ``(batch, channels, *space)`` for ``"channels_first"``.
    kernel : tensor of shape (*window, channels, filters)
        With fewer channels the convolution is grouped.
    strides : int or tuple of int
    padding : {"valid", "same"}
        Whether the borders are padded with zeros.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or tuple of int

    Returns
    -------
    tensor of shape (batch, *places, filters)
    """


def _depthwise_rule(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Spec:
    *window, channels, multiplier = rules.shape_of(kernel)
    batch, sizes, given = _slide(
        inputs, window, strides, padding, data_format, dilation_rate
    )
    if not rules.same_sizes(given, channels):
        raise ValueError(
            "the number of input channels must match the kernel: "
            f"`inputs` has {given}, `kernel` is for {channels}"
        )
    filters = rules.times(channels, multiplier)
    shape = join_shape(batch, sizes, filters, data_format)
    return Spec(shape, rules.float_of(rules.promoted(inputs, kernel)))


@primitive(_depthwise_rule)
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution of each channel with its own filters.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    kernel : tensor of shape (*window, channels, multiplier)
    strides : int or tuple of int
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or tuple of int

    Returns
    -------
    tensor of shape (batch, *places, channels * multiplier)
    """


@derived
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """``depthwise_conv``, then ``conv`` with a window of one place.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    depthwise_kernel : tensor of shape (*window, channels, multiplier)
    pointwise_kernel : tensor of shape (*ones, channels * multiplier, filters)
    strides : int or tuple of int
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or tuple of int

    Returns
    -------
    tensor of shape (batch, *places, filters)
    """
    deep = depthwise_conv(
        inputs, depthwise_kernel, strides, padding, data_format, dilation_rate
    )
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


def transpose_padding(
    window: int, stride: int, dilation: int, padding: str, output_padding: int | None
) -> tuple[int, int]:
    """Return what ``conv_transpose`` cuts off the full result, before and after.

    A negative number is an extension by zeros.
    """
    reach = dilation * (window - 1) + 1
    if padding == "valid":
        extra = max(stride - reach, 0) if output_padding is None else output_padding
        return 0, -extra
    if output_padding is None:
        total = reach - stride
        # A window smaller than the stride leaves gaps: extend at the end only.
        return (total // 2, total - total // 2) if total > 0 else (0, total)
    kept = reach + reach % 2 - 2 + output_padding  # beside the first window's place
    before = reach - 1 - min(kept // 2 + kept % 2, reach - 1)
    return before, 2 * (reach // 2) - output_padding - before


def transpose_size(
    size: int | None,
    window: int | None,
    stride: int,
    dilation: int,
    padding: str,
    output_padding: int | None,
) -> int | None:
    """Return the size of an axis after ``conv_transpose``."""
    if size is None or window is None:
        return None
    reach = dilation * (window - 1) + 1
    if output_padding is None:
        return size * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    if padding == "valid":
        return (size - 1) * stride + reach + output_padding
    return (size - 1) * stride + reach - 2 * (reach // 2) + output_padding


def _conv_transpose_rule(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Spec:
    batch, space, channels = split_shape(inputs, data_format)
    *window, filters, depth = rules.shape_of(kernel)
    if not rules.same_sizes(channels, depth):
        raise ValueError(
            "the number of input channels must match the kernel: "
            f"`inputs` has {channels}, `kernel` is for {depth}"
        )
    count, padding = len(space), _check_padding(padding)
    steps = per_axis(strides, count, "strides")
    gaps = per_axis(dilation_rate, count, "dilation_rate")
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = per_axis(output_padding, count, "output_padding")
    sizes = [
        transpose_size(d, w, s, g, padding, e)
        for d, w, s, g, e in zip(space, window, steps, gaps, extra, strict=True)
    ]
    shape = join_shape(batch, sizes, filters, data_format)
    return Spec(shape, rules.float_of(rules.promoted(inputs, kernel)))


@primitive(_conv_transpose_rule)
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Return the transposed linear map of a convolution: it enlarges.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    kernel : tensor of shape (*window, filters, channels)
    strides : int or tuple of int
    padding : {"valid", "same"}
    output_padding : int or tuple of int, optional
        Added to the size of the result, which otherwise follows from the rest.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or tuple of int

    Returns
    -------
    tensor of shape (batch, *places, filters)
    """


def _pool_rule(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Spec:
    space = split_shape(inputs, data_format)[1]
    window = per_axis(pool_size, len(space), "pool_size")
    strides = window if strides is None else strides
    batch, sizes, channels = _slide(inputs, window, strides, padding, data_format)
    return Spec(join_shape(batch, sizes, channels, data_format), rules.promoted(inputs))


@primitive(_pool_rule)
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the largest element of each window.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    pool_size : int or tuple of int
    strides : int or tuple of int, optional
        ``pool_size`` unless given.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    """


@primitive(_pool_rule)
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the mean of each window; padding does not count.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    pool_size : int or tuple of int
    strides : int or tuple of int, optional
        ``pool_size`` unless given.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    """


def _adaptive(
    inputs: Any, output_size: Any, data_format: str | None, reduce: Any
) -> Any:
    inputs = convert_to_tensor(inputs)
    _, space, _ = split_shape(inputs, data_format)
    wanted = per_axis(output_size, len(space), "output_size")
    first = 1 if channels_last(data_format) else 2
    for i, (size, places) in enumerate(zip(space, wanted, strict=True)):
        if size is None:
            raise ValueError("adaptive pooling needs known sizes of space")
        axis = first + i
        front = (slice(None),) * axis
        inputs = stack(
            [
                reduce(
                    inputs[
                        (
                            *front,
                            slice(p * size // places, -(-(p + 1) * size // places)),
                        )
                    ],
                    axis,
                )
                for p in range(places)
            ],
            axis,
        )
    return inputs


@derived
def adaptive_average_pool(
    inputs: Any, output_size: Any, data_format: Any = None
) -> Any:
    """Return the means of as many windows as asked for.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    output_size : int or tuple of int
        Number of windows along each axis; they cover the axis and may overlap.
    data_format : {"channels_last", "channels_first"}, optional
    """
    return _adaptive(inputs, output_size, data_format, mean)


@derived
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: Any = None) -> Any:
    """Return the largest elements of as many windows as asked for.

    Parameters
    ----------
    inputs : tensor of shape (batch, *space, channels)
    output_size : int or tuple of int
        Number of windows along each axis; they cover the axis and may overlap.
    data_format : {"channels_last", "channels_first"}, optional
    """
    return _adaptive(inputs, output_size, data_format, max_)
