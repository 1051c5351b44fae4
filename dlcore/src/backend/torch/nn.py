"""torch's kernels of neural networks."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from dlcore.src import config
from dlcore.src.backend.torch.numpy import floats
from dlcore.src.backend.torch.reduction import _floating
from dlcore.src.backend.torch.runtime import convert
from dlcore.src.ops import rules
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.ops.nn import convolution as geometry
from dlcore.src.ops.nn.activations import warn_of_one
from dlcore.src.ops.nn.attention import _attention_rule


def _activation(fn: Any) -> Any:
    return lambda x: fn(_floating(x))


sigmoid = _activation(torch.sigmoid)
log_sigmoid = _activation(F.logsigmoid)
softplus = _activation(F.softplus)
silu = _activation(F.silu)
selu = _activation(F.selu)
softsign = _activation(F.softsign)
hard_sigmoid = _activation(F.hardsigmoid)
hard_silu = _activation(F.hardswish)


def relu(x: Any) -> Any:
    return F.relu(convert(x))


def softmax(x: Any, axis: Any = -1) -> Any:
    x = _floating(x)
    if isinstance(axis, int):
        if x.ndim and x.shape[axis] == 1:
            warn_of_one(x.shape, axis)
        return torch.softmax(x, axis)
    return torch.exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: Any = -1) -> Any:
    x = _floating(x)
    if isinstance(axis, int):
        return torch.log_softmax(x, axis)
    axes = tuple(range(x.ndim)) if axis is None else tuple(axis)
    return x - torch.logsumexp(x, axes, keepdim=True)


def gelu(x: Any, approximate: bool = True) -> Any:
    return F.gelu(_floating(x), approximate="tanh" if approximate else "none")


def elu(x: Any, alpha: Any = 1.0) -> Any:
    return F.elu(_floating(x), alpha)


def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    return F.leaky_relu(_floating(x), negative_slope)


def rsqrt(x: Any) -> Any:
    return torch.rsqrt(_floating(x))


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    from dlcore.src.ops.nn.losses import _check_pair

    output = _floating(output)
    target = convert(target).to(output.dtype)
    _check_pair(target, output)
    if from_logits:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none")
    epsilon = config.epsilon()
    output = torch.clamp(output, epsilon, 1.0 - epsilon)
    return F.binary_cross_entropy(output, target, reduction="none")


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Any = -1,
    epsilon: Any = None,
    **kwargs: Any,
) -> Any:
    x = _floating(x)
    axes = rules.canonical_axes(axis, x.ndim)
    sizes = x.shape[x.ndim - len(axes) :]
    fits = axes == tuple(range(x.ndim - len(axes), x.ndim)) and all(
        p is None or rules.shape_of(p) == tuple(sizes) for p in (gamma, beta)
    )
    if kwargs or not fits:
        body = REGISTRY["layer_normalization"].body
        return body(x, gamma, beta, axis, epsilon, **kwargs)  # type: ignore[misc]
    half = x.dtype in (torch.float16, torch.bfloat16)
    wide = x.to(torch.float32) if half else x
    gamma, beta = (
        None if p is None else convert(p).to(wide.dtype) for p in (gamma, beta)
    )
    epsilon = config.epsilon() if epsilon is None else epsilon
    return F.layer_norm(wide, sizes, gamma, beta, epsilon).to(x.dtype)


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: Any = None,
    attn_logits_soft_cap: Any = None,
) -> Any:
    if any(x is not None for x in (bias, mask, attn_logits_soft_cap)):
        # The kernel has no bound of the logits, and no number where all is masked.
        return REGISTRY["dot_product_attention"].body(  # type: ignore[misc]
            *(query, key, value, bias, mask, scale, is_causal),
            attn_logits_soft_cap=attn_logits_soft_cap,
        )
    _attention_rule(query, key, value)
    query, key, value = (x.transpose(1, 2) for x in floats(query, key, value))
    found = F.scaled_dot_product_attention(
        *(query, key, value),
        is_causal=is_causal,
        scale=scale,
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return found.transpose(1, 2)


def ctc_loss(
    target: Any,
    output: Any,
    target_length: Any,
    output_length: Any,
    mask_index: int = 0,
) -> Any:
    from dlcore.src.ops.nn.ctc import _loss_rule

    spec = _loss_rule(target, output, target_length, output_length, mask_index)
    logs = torch.log_softmax(convert(output, spec.dtype), -1)
    labels, many, steps = (
        convert(x).to(torch.int64) for x in (target, target_length, output_length)
    )
    inside = torch.arange(labels.shape[1]) < many[:, None]
    # Behind its end a sequence may hold anything, which the kernel does not take.
    labels = torch.where(inside, labels, mask_index)
    loss = F.ctc_loss(
        *(logs.transpose(0, 1), labels, steps, many),
        blank=mask_index,
        reduction="none",
        zero_infinity=True,  # else the gradient is not a number there
    )
    twice = (labels[:, 1:] == labels[:, :-1]) & inside[:, 1:]
    return torch.where(many + twice.sum(1) <= steps, loss, torch.inf)


# Convolution. Torch wants channels first in the shape; a view with permuted strides is
# what its channels_last kernels work on, so nothing is copied.
_CONV: tuple[Any, ...] = (None, F.conv1d, F.conv2d, F.conv3d)
_CONV_TRANSPOSE: tuple[Any, ...] = (
    *(None, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
)


def _first(x: Tensor, data_format: str | None) -> Tensor:
    return torch.movedim(x, -1, 1) if geometry.channels_last(data_format) else x


def _back(x: Tensor, data_format: str | None) -> Tensor:
    return torch.movedim(x, 1, -1) if geometry.channels_last(data_format) else x


def _borders(x: Tensor, window: Any, steps: Any, gaps: Any) -> list[tuple[int, int]]:
    return [
        geometry.same_padding(d, w, s, g)
        for d, w, s, g in zip(x.shape[2:], window, steps, gaps, strict=True)
    ]


def _padded(x: Tensor, borders: list[tuple[int, int]], value: float = 0.0) -> Tensor:
    return F.pad(x, [n for pair in borders[::-1] for n in pair], value=value)


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    geometry._conv_rule(inputs, kernel, strides, padding, data_format, dilation_rate)
    x, weights = floats(inputs, kernel)
    return _back(
        _conv(_first(x, data_format), weights, strides, padding, dilation_rate),
        data_format,
    )


def _conv(
    x: Tensor, weights: Tensor, strides: Any, padding: str, dilation: Any
) -> Tensor:
    count = x.ndim - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation, count, "dilation_rate")
    groups = x.shape[1] // weights.shape[-2]
    border: Any = 0
    if padding.lower() == "same":
        borders = _borders(x, weights.shape[:-2], steps, gaps)
        if all(a == b for a, b in borders):
            border = tuple(a for a, _ in borders)
        else:
            x = _padded(x, borders)
    order = (count + 1, count, *range(count))
    return _CONV[count](x, weights.permute(order), None, steps, border, gaps, groups)


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
    x, weights = floats(inputs, kernel)
    weights = weights.reshape(*weights.shape[:-2], 1, -1)
    return _back(
        _conv(_first(x, data_format), weights, strides, padding, dilation_rate),
        data_format,
    )


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
    x, weights = floats(inputs, kernel)
    x = _first(x, data_format)
    count = x.ndim - 2
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = geometry.per_axis(output_padding, count, "output_padding")
    order = (count + 1, count, *range(count))
    full = _CONV_TRANSPOSE[count](x, weights.permute(order), None, steps, 0, 0, 1, gaps)
    last = geometry.channels_last(data_format)
    sizes = spec.shape[1:-1] if last else spec.shape[2:]
    window = weights.shape[:-2]
    borders = []
    for i, size in enumerate(sizes):
        begin, _ = geometry.transpose_padding(
            window[i], steps[i], gaps[i], padding.lower(), extra[i]
        )
        # A negative border cuts off.
        borders.append((-begin, (size or 0) + begin - full.shape[2 + i]))
    return _back(_padded(full, borders), data_format)


_MAX: tuple[Any, ...] = (None, F.max_pool1d, F.max_pool2d, F.max_pool3d)
_MEAN: tuple[Any, ...] = (None, F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


def _pool_arguments(x: Tensor, pool_size: Any, strides: Any, padding: str) -> Any:
    count = x.ndim - 2
    window = geometry.per_axis(pool_size, count, "pool_size")
    steps = window if strides is None else geometry.per_axis(strides, count, "strides")
    borders = [(0, 0)] * count
    if padding.lower() == "same":
        borders = _borders(x, window, steps, (1,) * count)
    return window, steps, borders


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    given = convert(inputs)
    x = _first(given, data_format)
    window, steps, borders = _pool_arguments(x, pool_size, strides, padding)
    if any(map(any, borders)):
        floating = x.dtype.is_floating_point
        low = -float("inf") if floating else torch.iinfo(x.dtype).min
        x = _padded(x, borders, low)
    return _back(_MAX[len(window)](x, window, steps), data_format)


def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    x = _first(convert(inputs), data_format)
    window, steps, borders = _pool_arguments(x, pool_size, strides, padding)
    mean = _MEAN[len(window)]
    if not any(map(any, borders)):
        return _back(mean(x, window, steps), data_format)
    # The share of each window that lies inside.
    inside = _padded(torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype), borders)
    total = mean(_padded(x, borders), window, steps)
    return _back(total / mean(inside, window, steps), data_format)
