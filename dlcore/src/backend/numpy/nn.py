"""Convolution and pooling as matrix products and reductions over windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dlcore.src.backend.numpy.numpy import floats
from dlcore.src.backend.numpy.runtime import convert, native
from dlcore.src.ops.nn import activations, convolution as geometry, losses


def _wide(x: Any) -> Any:
    """Return a new array, in single precision for half."""
    (given,) = floats(x)
    return given.astype("float32" if given.dtype.itemsize < 4 else given.dtype), given


def _single(*xs: Any) -> tuple[Any, list[Any]]:
    """Return the dtype of a result, and arrays to compute it with.

    Half precision is computed in single and rounded once: numpy has no BLAS for it.
    """
    given = floats(*xs)
    dtype = given[0].dtype
    if dtype.itemsize > 2:
        return dtype, given
    return dtype, [x.astype("float32") for x in given]


def softmax(x: Any, axis: Any = -1) -> Any:
    activations._softmax_rule(x, axis)
    activations.warn_of_one(np.shape(x), axis)
    axis = tuple(axis) if isinstance(axis, list) else axis
    x, given = _wide(x)
    x -= x.max(axis, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis, keepdims=True)
    return x.astype(given.dtype, copy=False)


def gelu(x: Any, approximate: bool = True) -> Any:
    if not approximate:
        from scipy import special

        x, given = _wide(x)
        x *= special.ndtr(x)
        return x.astype(given.dtype, copy=False)
    inner, given = _wide(x)
    inner *= inner
    inner *= 0.044715
    inner += 1.0
    inner *= given
    inner *= math.sqrt(2 / math.pi)
    np.tanh(inner, out=inner)
    inner += 1.0
    inner *= given
    inner *= 0.5
    return inner.astype(given.dtype, copy=False)


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    x = convert(x)
    spec = losses._one_hot_rule(x, num_classes, axis, dtype)
    rows = np.zeros((x.size, num_classes), native(spec.dtype))
    classes = x.reshape(-1)
    inside = np.flatnonzero((classes >= 0) & (classes < num_classes))
    rows[inside, classes[inside].astype("int64")] = 1
    return np.moveaxis(rows.reshape(*x.shape, num_classes), -1, axis)


def _windows(
    x: Any, window: Any, strides: Any, gaps: Any, padding: str, fill: float
) -> Any:
    """View ``(batch, *space, channels)`` as ``(batch, *places, channels, *window)``."""
    count = len(window)
    if padding == "same":
        borders = [
            geometry.same_padding(d, w, s, g)
            for d, w, s, g in zip(x.shape[1:-1], window, strides, gaps, strict=True)
        ]
        if any(map(any, borders)):
            x = np.pad(x, [(0, 0), *borders, (0, 0)], constant_values=fill)
    reach = tuple(g * (w - 1) + 1 for w, g in zip(window, gaps, strict=True))
    axes = tuple(range(1, count + 1))
    view = sliding_window_view(x, reach, axis=axes)
    places = tuple(slice(None, None, s) for s in strides)
    cells = tuple(slice(None, None, g) for g in gaps)
    return view[(slice(None), *places, slice(None), *cells)]


def _last(x: Any, data_format: str | None) -> Any:
    return x if geometry.channels_last(data_format) else np.moveaxis(x, 1, -1)


def _back(x: Any, data_format: str | None) -> Any:
    return x if geometry.channels_last(data_format) else np.moveaxis(x, -1, 1)


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    geometry._conv_rule(inputs, kernel, strides, padding, data_format, dilation_rate)
    dtype, (x, kernel) = _single(inputs, kernel)
    x = _last(x, data_format)
    count = x.ndim - 2
    strides = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    *window, depth, filters = kernel.shape
    groups = x.shape[-1] // depth
    views = _windows(x, window, strides, gaps, padding.lower(), 0)
    cells = np.moveaxis(views, count + 1, -1)  # (batch, *places, *window, channels)
    places = cells.shape[: count + 1]
    width = filters // groups
    parts = [
        cells[..., g * depth : (g + 1) * depth].reshape(int(np.prod(places)), -1)
        @ kernel[..., g * width : (g + 1) * width].reshape(-1, width)
        for g in range(groups)
    ]
    result = parts[0] if groups == 1 else np.concatenate(parts, -1)
    result = result.reshape(*places, filters).astype(dtype, copy=False)
    return _back(result, data_format)


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
    dtype, (x, kernel) = _single(inputs, kernel)
    x = _last(x, data_format)
    count = x.ndim - 2
    strides = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    *window, channels, multiplier = kernel.shape
    views = _windows(x, window, strides, gaps, padding.lower(), 0)
    places = views.shape[: count + 1]
    cells = views.reshape(int(np.prod(places)), channels, -1)
    weights = np.moveaxis(kernel.reshape(-1, channels, multiplier), 0, 1)
    result = np.matmul(cells.transpose(1, 0, 2), weights).transpose(1, 0, 2)
    result = result.reshape(*places, channels * multiplier).astype(dtype, copy=False)
    return _back(result, data_format)


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
    dtype, (x, kernel) = _single(inputs, kernel)
    x = _last(x, data_format)
    count = x.ndim - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = geometry.per_axis(output_padding, count, "output_padding")
    *window, filters, _ = kernel.shape
    parts = np.tensordot(x, kernel, ([-1], [-1]))  # (batch, *space, *window, filters)
    whole = [
        (d - 1) * s + g * (w - 1) + 1
        for d, s, g, w in zip(x.shape[1:-1], steps, gaps, window, strict=True)
    ]
    full = np.zeros((x.shape[0], *whole, filters), x.dtype)
    for cell in np.ndindex(*window):
        place = tuple(
            slice(c * g, c * g + (d - 1) * s + 1, s)
            for c, g, d, s in zip(cell, gaps, x.shape[1:-1], steps, strict=True)
        )
        full[(slice(None), *place)] += parts[(..., *cell, slice(None))]
    sizes = _last(np.empty(spec.shape, "bool"), data_format).shape[1:-1]
    borders = []
    key: list[Any] = [slice(None)]
    for w, s, g, e, size, have in zip(
        window, steps, gaps, extra, sizes, whole, strict=True
    ):
        begin, _ = geometry.transpose_padding(w, s, g, padding.lower(), e)
        borders.append((0, max(begin + size - have, 0)))
        key.append(slice(begin, begin + size))
    full = np.pad(full, [(0, 0), *borders, (0, 0)])[tuple(key)]
    return _back(full.astype(dtype, copy=False), data_format)


def _pool(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    reduce: Any,
) -> Any:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    x = _last(convert(inputs), data_format)
    count = x.ndim - 2
    window = geometry.per_axis(pool_size, count, "pool_size")
    steps = window if strides is None else geometry.per_axis(strides, count, "strides")
    axes = tuple(range(-count, 0))
    return _back(
        reduce(x, window, steps, (1,) * count, padding.lower(), axes), data_format
    )


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    def reduce(
        x: Any, window: Any, steps: Any, gaps: Any, padding: str, axes: Any
    ) -> Any:
        low = -np.inf if x.dtype.kind not in "biu" else np.iinfo(x.dtype).min
        return _windows(x, window, steps, gaps, padding, low).max(axes)

    return _pool(inputs, pool_size, strides, padding, data_format, reduce)


def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    def reduce(
        x: Any, window: Any, steps: Any, gaps: Any, padding: str, axes: Any
    ) -> Any:
        total = _windows(x, window, steps, gaps, padding, 0).sum(axes, dtype=x.dtype)
        if padding == "valid":
            return (total / np.prod(window)).astype(x.dtype)
        ones = np.ones((1, *x.shape[1:-1], 1), x.dtype)
        count = _windows(ones, window, steps, gaps, padding, 0).sum(axes)
        return (total / count).astype(x.dtype)

    return _pool(inputs, pool_size, strides, padding, data_format, reduce)
