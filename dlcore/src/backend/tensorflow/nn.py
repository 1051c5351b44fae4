"""TensorFlow's kernels of neural networks; those of a CPU want the channels last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dlcore.src.backend.tensorflow.numpy import (
    _COMPLEX,
    _cast,
    _reshape,
    _select,
    extent,
    floating,
    floats,
)
from dlcore.src.backend.tensorflow.runtime import convert, ints, raw
from dlcore.src.ops import rules
from dlcore.src.ops.nn import convolution as geometry
from dlcore.src.ops.nn.activations import warn_of_one


def _activation(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: fn(floating(x))


sigmoid = _activation(raw("Sigmoid"))
softplus = _activation(raw("Softplus"))
log_sigmoid = _activation(lambda x: -raw("Softplus")(-x))
softsign = _activation(raw("Softsign"))
selu = _activation(raw("Selu"))
silu = _activation(lambda x: x * raw("Sigmoid")(x))


def relu(x: Any) -> Any:
    x = convert(x)
    return x if x.dtype is tf.bool else raw("Relu")(x)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    x = floating(x)
    found = raw("Elu")(x)
    if isinstance(alpha, int | float) and alpha == 1:
        return found
    return _select(x > 0, found, alpha * found)


def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    x = floating(x)
    if isinstance(negative_slope, int | float):
        return raw("LeakyRelu")(x, negative_slope)
    return _select(x > 0, x, negative_slope * x)


def gelu(x: Any, approximate: bool = True) -> Any:
    return tf.nn.gelu(floating(x), approximate)


def _along_last(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a kernel that works along the last axis alone."""

    def op(x: Any, axis: Any = -1) -> Any:
        x = floating(x)
        rank = x.shape.rank
        if isinstance(axis, int) and axis in (-1, rank - 1):
            return fn(x)
        axes = list(rules.canonical_axes(axis, rank))
        order = [a for a in range(rank) if a not in axes] + axes
        moved = raw("Transpose")(x, ints(order))
        size = extent(moved)
        rows = fn(_reshape(moved, ints((*size[: rank - len(axes)], -1))))
        back = [order.index(a) for a in range(rank)]
        return raw("Transpose")(_reshape(rows, ints(size)), ints(back))

    return op


_softmax, log_softmax = _along_last(raw("Softmax")), _along_last(raw("LogSoftmax"))


def softmax(x: Any, axis: Any = -1) -> Any:
    x = floating(x)
    if x.shape.rank is not None:
        warn_of_one(x.shape, axis)
    return _softmax(x, axis)


# Convolution and pooling


def _last(x: tf.Tensor, data_format: str | None) -> tf.Tensor:
    if geometry.channels_last(data_format):
        return x
    rank = x.shape.rank
    return raw("Transpose")(x, ints((0, *range(2, rank), 1)))


def _back(x: tf.Tensor, data_format: str | None) -> tf.Tensor:
    if geometry.channels_last(data_format):
        return x
    rank = x.shape.rank
    return raw("Transpose")(x, ints((0, rank - 1, *range(1, rank - 1))))


def _dilated(kernel: tf.Tensor, gaps: Any) -> tf.Tensor:
    """Write the gaps of a dilated kernel out as zeros."""
    for axis, g in enumerate(gaps):
        if g == 1:
            continue
        size = kernel.shape.as_list()
        spread = tf.expand_dims(kernel, axis + 1)
        borders = [(0, g - 1 if i == axis + 1 else 0) for i in range(len(size) + 1)]
        size[axis] *= g
        spread = _reshape(tf.pad(spread, borders), size)
        reach = size[axis] - g + 1
        kept = [reach if i == axis else -1 for i in range(len(size))]
        kernel = raw("Slice")(spread, [0] * len(size), kept)
    return kernel


def _plane(x: tf.Tensor) -> tf.Tensor:
    """Give a line a second axis: there are kernels for planes only."""
    return tf.expand_dims(x, 1)


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    geometry._conv_rule(inputs, kernel, strides, padding, data_format, dilation_rate)
    x, kernel = floats(inputs, kernel)
    count = x.shape.rank - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    found = _conv(_last(x, data_format), kernel, steps, gaps, padding.upper())
    return _back(found, data_format)


def _conv(x: Any, kernel: Any, steps: Any, gaps: Any, padding: str) -> Any:
    groups = x.shape[-1] // kernel.shape[-2]
    if groups > 1:  # kernels for groups have no gradient
        pairs = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
        return tf.concat([_conv(a, k, steps, gaps, padding) for a, k in pairs], -1)
    if len(steps) == 1:
        plane = _conv(
            _plane(x), tf.expand_dims(kernel, 0), (1, *steps), (1, *gaps), padding
        )
        return tf.squeeze(plane, 1)
    strides = [1, *steps, 1]
    if len(steps) == 3:
        return raw("Conv3D")(x, _dilated(kernel, gaps), strides, padding)
    return raw("Conv2D")(x, _dilated(kernel, gaps), strides, padding)


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    geometry._depthwise_rule(
        inputs, kernel, strides, padding, data_format, dilation_rate
    )
    x, kernel = floats(inputs, kernel)
    x = _last(x, data_format)
    count = x.shape.rank - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    if count == 3:  # there is no kernel for volumes
        kernel = _reshape(kernel, [*kernel.shape[:-2], 1, -1])
        return _back(_conv(x, kernel, steps, gaps, padding.upper()), data_format)
    if count == 1:
        x, kernel = _plane(x), tf.expand_dims(kernel, 0)
        # The kernel wants one stride for both axes; a line has one place anyway.
        steps, gaps = steps * 2, (1, *gaps)
    found = _depthwise(x, _dilated(kernel, gaps), steps, padding.upper())
    return _back(tf.squeeze(found, 1) if count == 1 else found, data_format)


def _depthwise(x: Any, kernel: Any, steps: Any, padding: str) -> Any:
    kernel_op = raw("DepthwiseConv2dNative")
    if steps[0] == steps[1]:
        return kernel_op(x, kernel, [1, *steps, 1], padding)
    if padding == "SAME":
        window = kernel.shape[:2]
        borders = [
            geometry.same_padding(d, w, s, 1)
            for d, w, s in zip(x.shape[1:3], window, steps, strict=True)
        ]
        x = tf.pad(x, [(0, 0), *borders, (0, 0)])
    found = kernel_op(x, kernel, [1, 1, 1, 1], "VALID")
    return found[:, :: steps[0], :: steps[1]]


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    spec = geometry._conv_transpose_rule(
        inputs, kernel, strides, padding, output_padding, data_format, dilation_rate
    )
    x, kernel = floats(inputs, kernel)
    x = _last(x, data_format)
    count = x.shape.rank - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = geometry.per_axis(output_padding, count, "output_padding")
    full = _transposed(x, _dilated(kernel, gaps), steps)
    last = geometry.channels_last(data_format)
    sizes = spec.shape[1:-1] if last else spec.shape[2:]
    before, borders, kept = [0], [(0, 0)], [-1]
    for i, size in enumerate(sizes):
        begin, _ = geometry.transpose_padding(
            kernel.shape[i], steps[i], gaps[i], padding.lower(), extra[i]
        )
        missing = (size or 0) + begin - full.shape[i + 1]
        before.append(begin)
        borders.append((0, max(missing, 0)))
        kept.append(size or 0)
    full = tf.pad(full, [*borders, (0, 0)])
    return _back(raw("Slice")(full, [*before, 0], [*kept, -1]), data_format)


def _transposed(x: Any, kernel: Any, steps: Any) -> Any:
    """Return all that a kernel writes: no border is cut off."""
    if len(steps) == 1:
        plane = _transposed(_plane(x), tf.expand_dims(kernel, 0), (1, *steps))
        return tf.squeeze(plane, 1)
    batch, *space, _ = extent(x)
    window, filters = kernel.shape[:-2], kernel.shape[-2]
    whole = [(d - 1) * s + w for d, s, w in zip(space, steps, window, strict=True)]
    size = tf.stack([batch, *whole, filters])
    strides = [1, *steps, 1]
    name = "Conv2DBackpropInput" if len(steps) == 2 else "Conv3DBackpropInputV2"
    return raw(name)(size, kernel, x, strides, "VALID")


#: Dtypes for which there are kernels for volumes.
_VOLUMES = (tf.float32, tf.bfloat16)


def _pool(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    name: str,
) -> Any:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    x = _last(convert(inputs), data_format)
    count = x.shape.rank - 2
    window = geometry.per_axis(pool_size, count, "pool_size")
    steps = window if strides is None else geometry.per_axis(strides, count, "strides")
    kind = x.dtype
    if name == "AvgPool" and not (kind.is_floating or kind in _COMPLEX):
        x = _cast(x, tf.float32)
    found = _pooled(x, window, steps, padding.upper(), name)
    return _back(_cast(found, kind), data_format)


def _pooled(x: Any, window: Any, steps: Any, padding: str, name: str) -> Any:
    if len(window) == 1:
        plane = _pooled(_plane(x), (1, *window), (1, *steps), padding, name)
        return tf.squeeze(plane, 1)
    if len(window) == 3 and x.dtype not in _VOLUMES:
        # One axis after the other: of means and of extremes that is the same.
        batch, depth, *rest = extent(x)
        flat = _reshape(x, [-1, *rest])
        planes = _pooled(flat, window[1:], steps[1:], padding, name)
        *_, high, wide, channels = extent(planes)
        lines = _reshape(planes, [batch, depth, -1, channels])
        found = _pooled(lines, (window[0], 1), (steps[0], 1), padding, name)
        return _reshape(found, [batch, extent(found)[1], high, wide, channels])
    kernel = raw(name + ("3D" if len(window) == 3 else ""))
    return kernel(x, [1, *window, 1], [1, *steps, 1], padding)


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    return _pool(inputs, pool_size, strides, padding, data_format, "MaxPool")


def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    return _pool(inputs, pool_size, strides, padding, data_format, "AvgPool")
