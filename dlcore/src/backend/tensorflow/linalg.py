"""Linear algebra and Fourier transforms of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dlcore.src.backend.tensorflow.numpy import _cast, extent, floats
from dlcore.src.ops import fourier, linalg as rules

_HALF = (tf.float16, tf.bfloat16)


def _matrix(rule: Callable[..., Any], fn: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a decomposition: half precision goes through single."""

    def op(x: Any, *args: Any, **kwargs: Any) -> Any:
        rule(x, *args, **kwargs)
        (x,) = floats(x)
        if x.dtype not in _HALF:
            return fn(x, *args, **kwargs)
        found = fn(_cast(x, tf.float32), *args, **kwargs)
        if not isinstance(found, tuple):
            return _back(found, x.dtype)
        return tuple(_back(f, x.dtype) for f in found)

    return op


def _back(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return _cast(x, dtype) if x.dtype is tf.float32 else x


def _cholesky(x: Any, upper: bool = False) -> Any:
    factor = tf.linalg.cholesky(x)
    # The kernel says nothing, and fills the factor with NaN.
    if tf.executing_eagerly() and bool(tf.reduce_any(tf.math.is_nan(factor))):
        raise ValueError("cholesky: `x` is not positive definite.")
    return tf.linalg.adjoint(factor) if upper else factor


def _svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    if not compute_uv:
        return tf.linalg.svd(x, compute_uv=False)
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return u, s, tf.linalg.adjoint(v)


def _lu(x: Any) -> Any:
    factors, order = tf.linalg.lu(x)
    return factors, _pivots(order)


def _pivots(order: tf.Tensor) -> tf.Tensor:
    """Turn the final order of the rows into the exchanges that lead to it."""
    *lead, count = extent(order)
    order = tf.reshape(order, [-1, count])
    rows = tf.range(count)[None]
    start = rows + tf.zeros_like(order)

    def exchange(i: Any, current: Any, pivots: Any) -> Any:
        here, wanted = current[:, i, None], order[:, i, None]
        place = tf.argmax(current == wanted, 1, tf.int32)[:, None]
        pivots = tf.where(rows == i, place, pivots)
        current = tf.where(rows == place, here, current)
        return i + 1, tf.where(rows == i, wanted, current), pivots

    _, _, pivots = tf.while_loop(
        lambda i, *_: i < count, exchange, (tf.constant(0), start, start)
    )
    return tf.reshape(pivots, [*lead, count])


def _same_batch(a: Any, b: Any) -> tuple[Any, Any]:
    if a.shape[:-2] == b.shape[:-2]:
        return a, b
    lead = tf.broadcast_static_shape(a.shape[:-2], b.shape[:-2])
    return tuple(tf.broadcast_to(x, [*lead, *x.shape[-2:]]) for x in (a, b))


def _solution(a: Any, b: Any, fn: Callable[..., Any]) -> Any:
    a, b = floats(a, b)
    if b.shape.rank == a.shape.rank - 1:
        return _solution(a, b[..., None], fn)[..., 0]
    dtype = a.dtype
    if dtype in _HALF:
        a, b = _cast(a, tf.float32), _cast(b, tf.float32)
    return _cast(fn(*_same_batch(a, b)), dtype)


def solve(a: Any, b: Any) -> Any:
    rules._solve_rule(a, b)
    return _solution(a, b, tf.linalg.solve)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    rules._solve_rule(a, b)
    return _solution(a, b, lambda a, b: tf.linalg.triangular_solve(a, b, lower=lower))


cholesky = _matrix(rules._square_rule, _cholesky)
det = _matrix(rules._det_rule, tf.linalg.det)
slogdet = _matrix(rules._det_rule, lambda x: tuple(tf.linalg.slogdet(x)))
eigh = _matrix(rules._eigh_rule, lambda x: tuple(tf.linalg.eigh(x)))
eig = _matrix(rules._eig_rule, lambda x: tuple(tf.linalg.eig(x)))
inv = _matrix(rules._inv_rule, tf.linalg.inv)
svd = _matrix(rules._svd_rule, _svd)
lu_factor = _matrix(rules._lu_rule, _lu)
qr = _matrix(
    rules._qr_rule,
    lambda x, mode="reduced": tuple(tf.linalg.qr(x, full_matrices=mode == "complete")),
)


# Fourier transforms: complex numbers are pairs of real tensors.


def _joined(x: Any) -> tuple[tf.Tensor, tf.DType]:
    one, two = floats(*x)
    dtype = one.dtype
    if dtype in _HALF:
        one, two = _cast(one, tf.float32), _cast(two, tf.float32)
    return tf.complex(one, two), dtype


def _parts(z: tf.Tensor, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
    return _cast(tf.math.real(z), dtype), _cast(tf.math.imag(z), dtype)


def _transform(rule: Callable[..., Any], fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        rule(x)
        z, dtype = _joined(x)
        return _parts(fn(z), dtype)

    return op


fft = _transform(fourier._pair_rule, tf.signal.fft)
fft2 = _transform(fourier._pair2_rule, tf.signal.fft2d)
ifft2 = _transform(fourier._pair2_rule, tf.signal.ifft2d)


def rfft(x: Any, fft_length: Any = None) -> Any:
    (x,) = floats(x)
    dtype = x.dtype
    wide = _cast(x, tf.float32) if dtype in _HALF else x
    length = None if fft_length is None else [fft_length]
    return _parts(tf.signal.rfft(wide, length), dtype)


def irfft(x: Any, fft_length: Any = None) -> Any:
    fourier._irfft_rule(x)
    z, dtype = _joined(x)
    length = None if fft_length is None else [fft_length]
    return _cast(tf.signal.irfft(z, length), dtype)
