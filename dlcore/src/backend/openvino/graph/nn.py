"""Convolution and pooling. openvino's layout has the channels second."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import openvino.opset15 as nodes

from dlcore.src.backend.openvino.graph.traced import (
    Untraceable,
    const,
    made,
    operands,
    output,
)
from dlcore.src.ops import rules
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.ops.nn import convolution as geometry
from dlcore.src.ops.nn.activations import warn_of_one
from dlcore.src.ops.numpy.shape import moveaxis, reshape

OPS: dict[str, Callable[..., Any]] = {}


def op(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the function under its name."""
    OPS[function.__name__] = function
    return function


def _first(x: Any, data_format: str | None) -> Any:
    return moveaxis(x, -1, 1) if geometry.channels_last(data_format) else x


def _back(node: Any, dtype: str, data_format: str | None) -> Any:
    x = made(node, dtype)
    return moveaxis(x, 1, -1) if geometry.channels_last(data_format) else x


def _borders(
    space: Any, window: Any, steps: Any, gaps: Any, padding: str
) -> tuple[list[int], list[int]]:
    if padding.lower() != "same":
        return [0] * len(space), [0] * len(space)
    pairs = [
        geometry.same_padding(*sizes)
        for sizes in zip(space, window, steps, gaps, strict=True)
    ]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _convolve(
    inputs: Any,
    kernel: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
) -> Any:
    """Convolve with a kernel of shape (*window, channels / groups, filters)."""
    dtype, _ = operands(inputs, kernel, floating=True)
    cast = REGISTRY["cast"].function
    x, kernel = _first(cast(inputs, dtype), data_format), cast(kernel, dtype)
    count = len(rules.shape_of(x)) - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    *window, depth, filters = rules.shape_of(kernel)
    space = rules.shape_of(x)[2:]
    borders = _borders(space, window, steps, gaps, padding)
    weights = moveaxis(kernel, (-1, -2), (0, 1))  # (filters, depth, *window)
    groups = rules.shape_of(x)[1] // depth
    convolve = nodes.convolution
    if groups > 1:
        convolve = nodes.group_convolution
        weights = reshape(weights, (groups, filters // groups, depth, *window))
    node = convolve(
        output(x), output(weights), list(steps), *borders, list(gaps), "explicit"
    )
    return _back(node, dtype, data_format)


@op
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    geometry._conv_rule(inputs, kernel, strides, padding, data_format, dilation_rate)
    return _convolve(inputs, kernel, strides, padding, data_format, dilation_rate)


@op
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
    *window, channels, multiplier = rules.shape_of(kernel)
    kernel = reshape(kernel, (*window, 1, channels * multiplier))
    return _convolve(inputs, kernel, strides, padding, data_format, dilation_rate)


@op
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
    dtype, _ = operands(inputs, kernel, floating=True)
    cast = REGISTRY["cast"].function
    x, kernel = _first(cast(inputs, dtype), data_format), cast(kernel, dtype)
    count = len(rules.shape_of(x)) - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = geometry.per_axis(output_padding, count, "output_padding")
    weights = moveaxis(kernel, (-1, -2), (0, 1))  # (channels, filters, *window)
    none = [0] * count
    node = nodes.convolution_backprop_data(
        output(x),
        output(weights),
        list(steps),
        None,
        none,
        none,
        list(gaps),
        "explicit",
        none,
    )
    full = made(node, dtype)
    last = geometry.channels_last(data_format)
    sizes = spec.shape[1:-1] if last else spec.shape[2:]
    borders, key = [(0, 0), (0, 0)], [slice(None), slice(None)]
    for w, s, g, e, size, have in zip(
        rules.shape_of(kernel), steps, gaps, extra, sizes, full.shape[2:], strict=False
    ):
        begin, _ = geometry.transpose_padding(w, s, g, padding.lower(), e)
        borders.append((0, max(begin + size - have, 0)))
        key.append(slice(begin, begin + size))
    if any(map(any, borders)):
        full = REGISTRY["pad"].function(full, borders)
    return _back(
        REGISTRY["get_item"].function(full, tuple(key)).output, dtype, data_format
    )


def _pool(
    inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: Any
) -> tuple[Any, Any, list[int], list[int], tuple[list[int], list[int]]]:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    if rules.promoted(inputs) != "float32":
        raise Untraceable("", "openvino pools float32 only")
    x = _first(inputs, data_format)
    space = rules.shape_of(x)[2:]
    count = len(space)
    window = geometry.per_axis(pool_size, count, "pool_size")
    steps = window if strides is None else geometry.per_axis(strides, count, "strides")
    borders = _borders(space, window, steps, [1] * count, padding)
    return x, output(x), list(window), list(steps), borders


@op
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    _, node, window, steps, borders = _pool(
        inputs, pool_size, strides, padding, data_format
    )

    def largest(node: Any) -> Any:
        ones = [1] * len(window)
        pooled = nodes.max_pool(node, steps, ones, *borders, window, "floor")
        return pooled.output(0)

    found = largest(node)
    # The plugin's extremes leave out NaN.
    missing = largest(nodes.convert(nodes.is_nan(node), "f32"))
    missing = nodes.greater(missing, const(0.0, "float32"))
    found = nodes.select(missing, const(math.nan, "float32"), found)
    return _back(found, "float32", data_format)


@op
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    _, node, window, steps, borders = _pool(
        inputs, pool_size, strides, padding, data_format
    )
    pooled = nodes.avg_pool(node, steps, *borders, window, True, "floor", "explicit")
    return _back(pooled, "float32", data_format)


@op
def softmax(x: Any, axis: Any = -1) -> Any:
    if not isinstance(axis, int):
        return REGISTRY["softmax"].body(x, axis)  # type: ignore[misc]
    dtype, (node,) = operands(x, floating=True)
    axis = rules.canonical_axis(axis, len(rules.shape_of(x)))
    warn_of_one(rules.shape_of(x), axis)
    shares = nodes.softmax(node, axis)
    # NaN and infinity spoil a row; the plugin says so in one element only.
    total = nodes.reduce_sum(shares, const([axis]), True)
    return made(nodes.add(shares, nodes.subtract(total, total)), dtype)
