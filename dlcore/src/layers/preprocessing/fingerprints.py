"""Hashes of strings, many at once: FarmHash's fingerprint, SipHash, and crossings.

The numbers are those of TensorFlow, and so of Keras' hashing layers. All arithmetic
is modulo ``2**64``, on whole arrays of strings; strings of one length class at a time.

Sources: Pike and Alakuijala, FarmHash, 2014 (``farmhashna::Hash64``); Aumasson and
Bernstein, "SipHash: a fast short-input PRF", 2012 (SipHash-2-4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Words = np.ndarray[Any, np.dtype[np.uint64]]
_BYTES = np.arange(8)


def _word(number: int) -> np.uint64:
    return np.uint64(number)


_K0, _K1, _K2 = map(_word, (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_CROSS = _word(0xC6A4A7935BD1E995)
#: The key that TensorFlow's crossings begin with.
CROSS_KEY = 0xDECAFCAFFE


class Strings:
    """Byte strings as rows of a matrix, with zeros behind them.

    Parameters
    ----------
    values : sequence of bytes
    """

    def __init__(self, values: Sequence[bytes]):
        self.sizes = np.fromiter(map(len, values), np.int64, len(values))
        width = (int(self.sizes.max(initial=0)) + 15) // 8 * 8
        table = np.array(values, f"S{width}")
        self.table = table.view(np.uint8).reshape(len(values), width)

    def where(self, chosen: Any) -> Strings:
        """Return some of the rows."""
        found = Strings.__new__(Strings)
        found.sizes, found.table = self.sizes[chosen], self.table[chosen]
        return found

    def fetch(self, offset: Any, count: int = 8) -> Words:
        """Return the ``count`` bytes at an offset (one, or one a row) as a number."""
        if np.ndim(offset) == 0:
            part = self.table[:, offset : offset + count]
        else:
            places = np.asarray(offset)[:, None] + _BYTES[:count]
            part = np.take_along_axis(self.table, places, 1)
        whole = np.zeros((len(self.sizes), 8), np.uint8)
        whole[:, :count] = part
        return whole.view("<u8")[:, 0].astype(np.uint64)


def _rotate(x: Any, bits: int) -> Any:
    """Rotate to the right."""
    return (x >> _word(bits)) | (x << _word(64 - bits))


def _left(x: Any, bits: int) -> Any:
    return _rotate(x, 64 - bits)


def _shift_mix(x: Any) -> Any:
    return x ^ (x >> _word(47))


def _pair(u: Any, v: Any, factor: Any) -> Any:
    """Hash two words."""
    a = _shift_mix((u ^ v) * factor)
    return _shift_mix((v ^ a) * factor) * factor


def _factor(s: Strings) -> Words:
    return _K2 + s.sizes.astype(np.uint64) * _word(2)


def _to_3(s: Strings) -> Words:
    size = s.sizes
    if not len(size):
        return np.empty(0, np.uint64)
    some = np.maximum(size, 1)
    first, middle, last = (s.fetch(i, 1) for i in (0 * size, size >> 1, some - 1))
    y = first + (middle << _word(8))
    z = size.astype(np.uint64) + (last << _word(2))
    return np.where(size == 0, _K2, _shift_mix((y * _K2) ^ (z * _K0)) * _K2)


def _to_7(s: Strings) -> Words:
    size = s.sizes.astype(np.uint64)
    first, last = s.fetch(0, 4), s.fetch(s.sizes - 4, 4)
    return _pair(size + (first << _word(3)), last, _factor(s))


def _to_16(s: Strings) -> Words:
    factor = _factor(s)
    a, b = s.fetch(0) + _K2, s.fetch(s.sizes - 8)
    c = _rotate(b, 37) * factor + a
    return _pair(c, (_rotate(a, 25) + b) * factor, factor)


def _to_32(s: Strings) -> Words:
    factor = _factor(s)
    a, b = s.fetch(0) * _K1, s.fetch(8)
    c, d = s.fetch(s.sizes - 8) * factor, s.fetch(s.sizes - 16) * _K2
    first = _rotate(a + b, 43) + _rotate(c, 30) + d
    return _pair(first, a + _rotate(b + _K2, 18) + c, factor)


def _to_64(s: Strings) -> Words:
    factor = _factor(s)
    a, b = s.fetch(0) * _K2, s.fetch(8)
    c, d = s.fetch(s.sizes - 8) * factor, s.fetch(s.sizes - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _pair(y, a + _rotate(b + _K2, 18) + c, factor)
    e, f = s.fetch(16) * factor, s.fetch(24)
    g = (y + s.fetch(s.sizes - 32)) * factor
    h = (z + s.fetch(s.sizes - 24)) * factor
    first = _rotate(e + f, 43) + _rotate(g, 30) + h
    return _pair(first, e + _rotate(f + a, 18) + g, factor)


def _weak(s: Strings, at: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Hash 32 bytes with two seeds into two words."""
    w, x, y, z = (s.fetch(at + i) for i in (0, 8, 16, 24))
    a = a + w
    b = _rotate(b + a + z, 21)
    c = a
    a = a + x + y
    return a + z, b + _rotate(a, 44) + c


def _round(s: Strings, at: Any, state: Any, factor: Any, more: int) -> Any:
    """Take in 64 bytes; ``more`` is 9 in the last round, else 1."""
    x, y, z, v, w = state
    x = _rotate(x + y + v[0] + s.fetch(at + 8), 37) * factor
    y = _rotate(y + v[1] + s.fetch(at + 48), 42) * factor
    x = x ^ (w[1] * _word(more))
    y = y + v[0] * _word(more) + s.fetch(at + 40)
    z = _rotate(z + w[0], 33) * factor
    v = _weak(s, at, v[1] * factor, x + w[0])
    w = _weak(s, at + 32, z + w[1], y + s.fetch(at + 16))
    return z, y, x, v, w


def _longer(s: Strings) -> Words:
    n = len(s.sizes)
    zero = np.zeros(n, np.uint64)
    x = zero + _word(81)
    y = x * _K1 + _word(113)
    z = _shift_mix(y * _K2 + _word(113)) * _K2
    state: Any = (x * _K2 + s.fetch(0), y, z, (zero, zero), (zero, zero))
    blocks = (s.sizes - 1) // 64
    for i in range(int(blocks.max(initial=0))):
        going = blocks > i
        new = _round(s, 64 * i, state, _K1, 1)
        state = _select(going, new, state)
    x, y, z, v, w = state
    factor = _K1 + ((z & _word(0xFF)) << _word(1))
    rest = ((s.sizes - 1) & 63).astype(np.uint64)
    w = (w[0] + rest, w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x, y, z, v, w = _round(s, s.sizes - 64, (x, y, z, v, w), factor, 9)
    first = _pair(v[0], w[0], factor) + _shift_mix(y) * _K0 + z
    return _pair(first, _pair(v[1], w[1], factor) + x, factor)


def _select(chosen: Any, new: Any, old: Any) -> Any:
    if isinstance(new, tuple):
        return tuple(_select(chosen, a, b) for a, b in zip(new, old, strict=True))
    return np.where(chosen, new, old)


#: Longest size of a class of strings -> their hash.
_CLASSES: tuple[tuple[float, Callable[[Strings], Words]], ...] = (
    (3, _to_3),
    (7, _to_7),
    (16, _to_16),
    (32, _to_32),
    (64, _to_64),
    (np.inf, _longer),
)


def fingerprint64(values: Sequence[bytes]) -> Words:
    """Return FarmHash's 64-bit fingerprints of byte strings."""
    strings = Strings(values)
    found = np.empty(len(values), np.uint64)
    least = -1.0
    with np.errstate(over="ignore"):
        for most, function in _CLASSES:
            chosen = np.nonzero((strings.sizes > least) & (strings.sizes <= most))[0]
            if len(chosen):
                found[chosen] = function(strings.where(chosen))
            least = most
    return found


def _sip_rounds(state: Any, count: int) -> Any:
    a, b, c, d = state
    for _ in range(count):
        a, c = a + b, c + d
        b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
        a = _left(a, 32)
        c, a = c + b, a + d
        b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
        c = _left(c, 32)
    return a, b, c, d


def siphash64(values: Sequence[bytes], key: Sequence[int]) -> Words:
    """Return the 64-bit hashes of byte strings under a key of two words."""
    strings = Strings(values)
    zero = np.zeros(len(values), np.uint64)
    low, high = (_word(k % 2**64) for k in key)
    state: Any = (
        zero + (low ^ _word(0x736F6D6570736575)),
        zero + (high ^ _word(0x646F72616E646F6D)),
        zero + (low ^ _word(0x6C7967656E657261)),
        zero + (high ^ _word(0x7465646279746573)),
    )
    blocks = strings.sizes // 8
    with np.errstate(over="ignore"):
        for i in range(int(blocks.max(initial=-1)) + 1):
            # The block behind the last whole one holds zeros and the size.
            word = strings.fetch(8 * i)
            size = (strings.sizes & 0xFF).astype(np.uint64) << _word(56)
            word = np.where(blocks == i, word | size, word)
            a, b, c, d = state
            a, b, c, d = _sip_rounds((a, b, c, d ^ word), 2)
            state = _select(blocks >= i, (a ^ word, b, c, d), state)
        a, b, c, d = state
        a, b, c, d = _sip_rounds((a, b, c ^ _word(0xFF), d), 4)
    return a ^ b ^ c ^ d


def cross(columns: Sequence[Words], key: int = CROSS_KEY) -> Words:
    """Return one hash for the words of all columns, in order."""
    found: Any = np.full(len(columns[0]), key, np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            mixed = (found ^ _CROSS) ^ (_shift_mix(column * _CROSS) * _CROSS)
            found = _shift_mix(_shift_mix(mixed * _CROSS) * _CROSS)
    return found
