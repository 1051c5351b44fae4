"""jax's kernels of neural networks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dlcore.src import config
from dlcore.src.backend.active import use_backend
from dlcore.src.backend.jax.numpy import _float
from dlcore.src.backend.jax.runtime import convert, native
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.ops.nn import convolution as geometry
from dlcore.src.ops.nn.activations import warn_of_one
from dlcore.src.ops.nn.losses import _one_hot_rule


def _activation(fn: Any) -> Any:
    return lambda x: fn(_floating(x))


def _floating(x: Any) -> Any:
    x = convert(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(_float(x))


sigmoid = _activation(jax.nn.sigmoid)
softplus = _activation(jax.nn.softplus)
log_sigmoid = _activation(jax.nn.log_sigmoid)
silu = _activation(jax.nn.silu)
selu = _activation(jax.nn.selu)
softsign = _activation(jax.nn.soft_sign)


def relu(x: Any) -> Any:
    return jax.nn.relu(convert(x))


def softmax(x: Any, axis: Any = -1) -> Any:
    x = _floating(x)
    warn_of_one(x.shape, axis)
    return jax.nn.softmax(x, axis=axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    return jax.nn.log_softmax(_floating(x), axis=axis)


def gelu(x: Any, approximate: bool = True) -> Any:
    return jax.nn.gelu(_floating(x), approximate)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    return jax.nn.elu(_floating(x), alpha)


def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    return jax.nn.leaky_relu(_floating(x), negative_slope)


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    if sparse:
        from dlcore.src.backend.jax.sparse import one_hot

        return one_hot(x, num_classes, axis, dtype)
    x = convert(x)
    spec = _one_hot_rule(x, num_classes, axis, dtype)
    whole = x if x.dtype.kind in "iu" else x.astype("int32")
    return jax.nn.one_hot(whole, num_classes, axis=axis, dtype=native(spec.dtype))


def _layout(x: Any, data_format: str | None) -> tuple[str, str, str]:
    space = "DHW"[-(x.ndim - 2) :] if x.ndim <= 5 else ""
    last = geometry.channels_last(data_format)
    data = f"N{space}C" if last else f"NC{space}"
    return data, f"{space}IO", data


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    geometry._conv_rule(inputs, kernel, strides, padding, data_format, dilation_rate)
    dtype = _float(inputs, kernel)
    x, kernel = convert(inputs).astype(dtype), convert(kernel).astype(dtype)
    count = x.ndim - 2
    channels = x.shape[-1 if geometry.channels_last(data_format) else 1]
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        geometry.per_axis(strides, count, "strides"),
        padding.upper(),
        rhs_dilation=geometry.per_axis(dilation_rate, count, "dilation_rate"),
        dimension_numbers=_layout(x, data_format),
        feature_group_count=channels // kernel.shape[-2],
    )


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    *window, channels, multiplier = kernel.shape
    kernel = jnp.reshape(convert(kernel), (*window, 1, channels * multiplier))
    return conv(inputs, kernel, strides, padding, data_format, dilation_rate)


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
    dtype = _float(inputs, kernel)
    x, kernel = convert(inputs).astype(dtype), convert(kernel).astype(dtype)
    count = x.ndim - 2
    last = geometry.channels_last(data_format)
    steps = geometry.per_axis(strides, count, "strides")
    gaps = geometry.per_axis(dilation_rate, count, "dilation_rate")
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = geometry.per_axis(output_padding, count, "output_padding")
    space = x.shape[1:-1] if last else x.shape[2:]
    sizes = spec.shape[1:-1] if last else spec.shape[2:]
    borders = []
    for w, s, g, e, d, size in zip(
        kernel.shape[:-2], steps, gaps, extra, space, sizes, strict=True
    ):
        reach = g * (w - 1) + 1
        begin, _ = geometry.transpose_padding(w, s, g, padding.lower(), e)
        end = (size or 0) + begin - ((d - 1) * s + 1)
        borders.append((reach - 1 - begin, end))
    axes = tuple(range(count))
    return jax.lax.conv_general_dilated(
        x,
        jnp.flip(jnp.swapaxes(kernel, -1, -2), axes),
        (1,) * count,
        borders,
        lhs_dilation=steps,
        rhs_dilation=gaps,
        dimension_numbers=_layout(x, data_format),
    )


def _window(x: Any, sizes: Any, data_format: str | None) -> tuple[int, ...]:
    last = geometry.channels_last(data_format)
    return (1, *sizes, 1) if last else (1, 1, *sizes)


def _pool(
    x: Any,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    start: Any,
    combine: Any,
) -> Any:
    count = x.ndim - 2
    window = geometry.per_axis(pool_size, count, "pool_size")
    steps = window if strides is None else geometry.per_axis(strides, count, "strides")
    sizes = _window(x, window, data_format)
    return jax.lax.reduce_window(
        x, start, combine, sizes, _window(x, steps, data_format), padding.upper()
    )


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    x = convert(inputs)
    floating = jnp.issubdtype(x.dtype, jnp.floating)
    low = -jnp.inf if floating else jnp.iinfo(x.dtype).min
    start = np.asarray(low, x.dtype)
    return _pool(x, pool_size, strides, padding, data_format, start, jax.lax.max)


def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    geometry._pool_rule(inputs, pool_size, strides, padding, data_format)
    x = convert(inputs)
    zero = np.asarray(0, x.dtype)
    total = _pool(x, pool_size, strides, padding, data_format, zero, jax.lax.add)
    if padding.lower() == "valid":
        count: Any = int(np.prod(geometry.per_axis(pool_size, x.ndim - 2, "pool_size")))
    else:
        ones = jnp.ones_like(x)
        count = _pool(ones, pool_size, strides, padding, data_format, zero, jax.lax.add)
    return (total / count).astype(x.dtype)


def _compiled(name: str, tensors: int) -> Callable[..., Any]:
    """Return a shared body with a loop, compiled: tracing it anew costs far more.

    The first arguments are tensors; the others decide what is compiled.
    """

    @functools.partial(jax.jit, static_argnums=(1, 2, 3))
    def run(args: Any, rest: Any, named: Any, settings: Any) -> Any:
        with use_backend("jax"):
            return REGISTRY[name].body(*args, *rest, **dict(named))  # type: ignore[misc]

    def op(*args: Any, **kwargs: Any) -> Any:
        bound = REGISTRY[name].signature.bind(*args, **kwargs)
        bound.apply_defaults()
        xs = tuple(None if x is None else convert(x) for x in bound.args[:tensors])
        rest = tuple(
            tuple(v) if isinstance(v, list) else v for v in bound.args[tensors:]
        )
        # What a body reads of the settings is compiled with it.
        settings = config.floatx(), config.epsilon()
        return run(xs, rest, tuple(bound.kwargs.items()), settings)

    return op


ctc_loss, ctc_decode = _compiled("ctc_loss", 4), _compiled("ctc_decode", 2)
layer_normalization = _compiled("layer_normalization", 3)
