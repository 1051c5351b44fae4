"""Fourier transforms. Complex tensors are pairs (real part, imaginary part)."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast, convert_to_tensor, scatter
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy.creation import arange, ones
from dlcore.src.ops.numpy.elementwise import divide, maximum, multiply
from dlcore.src.ops.numpy.indexing import take, where
from dlcore.src.ops.numpy.sequences import hamming, hanning
from dlcore.src.ops.numpy.shape import expand_dims, pad, reshape, transpose
from dlcore.src.symbolic import Spec


def _pair_rule(x: Any) -> Any:
    if not isinstance(x, list | tuple) or len(x) != 2:
        raise ValueError(
            "Input `x` should be a tuple of two tensors, real and imaginary part, "
            f"got {x!r}"
        )
    one, two = (rules.shape_of(v) for v in x)
    if one != two:
        raise ValueError(
            "Both the real and imaginary parts should have the same shape, got "
            f"{one} and {two}"
        )
    _rank(one, 1)
    spec = rules.same_float(x[0])
    return spec, spec


def _rank(shape: Any, least: int) -> None:
    if len(shape) < least:
        raise ValueError(f"Input should have rank >= {least}, got the shape {shape}")


def _known(shape: Any, count: int) -> None:
    if None in shape[-count:]:
        which = "last dimension" if count == 1 else f"last {count} axes"
        raise ValueError(
            f"Input should have its {which} fully-defined, got the shape {shape}"
        )


def _fft_rule(x: Any) -> Any:
    specs = _pair_rule(x)
    _known(specs[0].shape, 1)
    return specs


def _pair2_rule(x: Any) -> Any:
    specs = _pair_rule(x)
    _rank(specs[0].shape, 2)
    _known(specs[0].shape, 2)
    return specs


@primitive(_fft_rule, sequence=True)
def fft(x: Any) -> Any:
    """Discrete Fourier transform along the last axis.

    Parameters
    ----------
    x : pair of tensor
        Real and imaginary part.

    Returns
    -------
    pair of tensor
    """


@primitive(_pair2_rule, sequence=True)
def fft2(x: Any) -> Any:
    """Discrete Fourier transform along the last two axes, see ``fft``."""


@primitive(_pair2_rule, sequence=True)
def ifft2(x: Any) -> Any:
    """Inverse of ``fft2``."""


def _rfft_rule(x: Any, fft_length: Any = None) -> Any:
    shape = rules.shape_of(x)
    _rank(shape, 1)
    size = shape[-1] if fft_length is None else fft_length
    bins = None if size is None else size // 2 + 1
    spec = Spec((*shape[:-1], bins), rules.float_of(rules.promoted(x)))
    return spec, spec


@primitive(_rfft_rule)
def rfft(x: Any, fft_length: Any = None) -> Any:
    """Fourier transform of real numbers along the last axis: the first half.

    Parameters
    ----------
    x : tensor of shape (..., n)
    fft_length : int, optional
        Cut or fill the axis with zeros to this size.

    Returns
    -------
    pair of tensor of shape (..., n // 2 + 1)
    """


def _irfft_rule(x: Any, fft_length: Any = None) -> Spec:
    spec = _pair_rule(x)[0]
    size = spec.shape[-1]
    if fft_length is None:
        fft_length = None if size is None else 2 * (size - 1)
    return Spec((*spec.shape[:-1], fft_length), spec.dtype)


@primitive(_irfft_rule, sequence=True)
def irfft(x: Any, fft_length: Any = None) -> Any:
    """Inverse of ``rfft``.

    Parameters
    ----------
    x : pair of tensor of shape (..., k)
    fft_length : int, optional
        Size of the result, ``2 * (k - 1)`` unless given.

    Returns
    -------
    tensor of shape (..., fft_length)
    """


def _check_stride(stride: Any) -> None:
    if not isinstance(stride, int) or stride < 1:
        raise ValueError(
            f"`sequence_stride` must be a positive integer, got {stride!r}"
        )


def _frames(size: int | None, length: int, stride: int) -> int | None:
    return None if size is None else max((size - length) // stride + 1, 0)


def _sequences_rule(x: Any, sequence_length: int, sequence_stride: int) -> Spec:
    shape = rules.shape_of(x)
    _rank(shape, 1)
    _check_stride(sequence_stride)
    count = _frames(shape[-1], sequence_length, sequence_stride)
    return Spec((*shape[:-1], count, sequence_length), rules.promoted(x))


@derived(rule=_sequences_rule)
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Cut overlapping pieces out of the last axis.

    Parameters
    ----------
    x : tensor of shape (..., n)
    sequence_length : int
        Size of a piece.
    sequence_stride : int
        Distance between the beginnings of two pieces.

    Returns
    -------
    tensor of shape (..., pieces, sequence_length)
    """
    _sequences_rule(x, sequence_length, sequence_stride)
    count = _frames(rules.shape_of(x)[-1], sequence_length, sequence_stride)
    starts = arange(count, dtype="int32") * sequence_stride
    places = expand_dims(starts, -1) + arange(sequence_length, dtype="int32")
    return take(x, places, -1)


def _window(window: Any, length: int, fft_length: int, dtype: str) -> Any:
    if window is None:
        values = ones((length,), dtype)
    elif isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(
                "If a string is passed to `window`, it is 'hann' or 'hamming', got "
                f"{window!r}."
            )
        # Periodic: the symmetric window of one more point without its last one.
        symmetric = hanning if window == "hann" else hamming
        values = cast(symmetric(length + 1)[:-1], dtype)
    else:
        values = convert_to_tensor(window, dtype=dtype)
        if rules.shape_of(values) != (length,):
            raise ValueError(
                f"The shape of `window` must be equal to [sequence_length], "
                f"({length},); got {rules.shape_of(values)}."
            )
    left = (fft_length - length) // 2
    return pad(values, ((left, fft_length - length - left),))


def _check(sequence_length: int, fft_length: int) -> None:
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must equal or be greater than `sequence_length`, got "
            f"{fft_length} and {sequence_length}."
        )


@derived
def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Short-time Fourier transform of real numbers.

    Parameters
    ----------
    x : tensor of shape (..., n)
    sequence_length : int
        Size of the window.
    sequence_stride : int
        Distance between two windows.
    fft_length : int
        Size of the transform, not less than the window's.
    window : {"hann", "hamming"}, tensor of shape (sequence_length,), or None
    center : bool
        Whether windows are centred at their place: ``x`` is reflected at its ends.

    Returns
    -------
    pair of tensor of shape (..., windows, fft_length // 2 + 1)
    """
    dtype = rules.promoted(x)
    if dtype not in ("float32", "float64"):
        raise TypeError(
            f"stft: `x` must be of the dtype `float32` or `float64`, got {dtype}."
        )
    _check_stride(sequence_stride)
    _check(sequence_length, fft_length)
    weights = _window(window, sequence_length, fft_length, dtype)
    if center:
        sides = [(0, 0)] * (len(rules.shape_of(x)) - 1) + [(fft_length // 2,) * 2]
        x = pad(x, sides, mode="reflect")
    pieces = extract_sequences(x, fft_length, sequence_stride)
    return rfft(multiply(pieces, weights), fft_length)


def _istft_rule(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: Any = None,
    window: Any = "hann",
    center: bool = True,
) -> Spec:
    spec = _pair_rule(x)[0]
    _rank(spec.shape, 2)
    _check_stride(sequence_stride)
    count = spec.shape[-2]
    size = None if count is None else (count - 1) * sequence_stride + fft_length
    if size is not None and center:
        size -= fft_length // 2 * 2
    return Spec((*spec.shape[:-2], size if length is None else length), spec.dtype)


@derived(rule=_istft_rule, sequence=True)
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: Any = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Inverse of ``stft``: overlapping pieces are added and weighed.

    Parameters
    ----------
    x : pair of tensor of shape (..., windows, fft_length // 2 + 1)
    sequence_length, sequence_stride, fft_length : int
        As for ``stft``.
    length : int, optional
        Cut or fill the result with zeros to this size.
    window : {"hann", "hamming"}, tensor of shape (sequence_length,), or None
        Pieces without a window are added up as they are: where n of them overlap, the
        result is n times as large.
    center : bool
        Whether windows were centred.

    Returns
    -------
    tensor of shape (..., n)
    """
    _istft_rule(x, sequence_length, sequence_stride, fft_length)
    dtype = rules.float_of(rules.promoted(x[0]))
    _check(sequence_length, fft_length)
    weights = _window(window, sequence_length, fft_length, dtype)
    pieces = multiply(irfft(x, fft_length), weights)
    *lead, count, _ = rules.shape_of(pieces)
    size = (count - 1) * sequence_stride + fft_length
    starts = arange(count, dtype="int32") * sequence_stride
    places = reshape(
        expand_dims(starts, -1) + arange(fft_length, dtype="int32"), (-1, 1)
    )
    rows = reshape(pieces, (-1, count * fft_length))
    total = transpose(scatter(places, transpose(rows), (size, rules.shape_of(rows)[0])))
    squares = reshape(multiply(weights, weights) + ones((count, 1), dtype) * 0.0, (-1,))
    if window is not None:
        share = scatter(places, squares, (size,))
        total = where(share > 1e-10, divide(total, maximum(share, 1e-10)), total)
    begin = fft_length // 2 if center else 0
    end = size - begin if center else size
    if length is not None:
        end = begin + length
    total = total[:, begin : min(end, size)]
    missing = end - size
    if missing > 0:
        total = pad(total, ((0, 0), (0, missing)))
    return reshape(total, (*lead, end - begin))
