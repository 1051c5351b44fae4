"""Random numbers: a hash of a seed and a counter, the same on every backend.

Everything is derived from ``random_bits``: uniform numbers are identical bit by bit on
all backends, others as far as their mathematical functions agree.
"""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.control import while_loop
from dlcore.src.ops.core import cast, convert_to_tensor
from dlcore.src.ops.declare import derived
from dlcore.src.ops.math import erfinv
from dlcore.src.ops.numpy.creation import arange, zeros, zeros_like
from dlcore.src.ops.numpy.elementwise import (
    add,
    as_float,
    divide,
    exp,
    log,
    maximum,
    multiply,
    negative,
    power,
    sqrt,
    square,
    subtract,
)
from dlcore.src.ops.numpy.indexing import take, take_along_axis, where
from dlcore.src.ops.numpy.logic import (
    bitwise_and,
    bitwise_right_shift,
    bitwise_xor,
    less,
    logical_and,
)
from dlcore.src.ops.numpy.reduction import any as any_, argmax, sum as sum_
from dlcore.src.ops.numpy.shape import broadcast_to, expand_dims, reshape, squeeze
from dlcore.src.ops.numpy.sorting import argsort
from dlcore.src.random import draw_seed
from dlcore.src.symbolic import Spec

_MULTIPLIERS = tuple(
    c - (1 << 32) if c >> 31 else c
    for c in (
        0xED5AD4BB,
        0xAC4C1B51,
        0x31848BAB,
    )
)
_SHIFTS = (17, 11, 15, 14)


def _fold(x: Any, shift: int) -> Any:
    """Return ``x ^ (x >> shift)`` of 32-bit integers without a sign."""
    high = bitwise_and(bitwise_right_shift(x, shift), (1 << (32 - shift)) - 1)
    return bitwise_xor(x, high)


def _mix(x: Any, keys: tuple[Any, Any] = (0, 0)) -> Any:
    """Permute the 32-bit integers; keys between the rounds choose the permutation."""
    x = multiply(_fold(x, _SHIFTS[0]), _MULTIPLIERS[0])
    x = multiply(_fold(add(x, keys[0]), _SHIFTS[1]), _MULTIPLIERS[1])
    x = multiply(_fold(bitwise_xor(x, keys[1]), _SHIFTS[2]), _MULTIPLIERS[2])
    return _fold(x, _SHIFTS[3])


@derived(rule=lambda shape, seed: Spec(shape, "int32"))
def random_bits(shape: Any, seed: Any) -> Any:
    """Integers that are uniform in ``[0, 2**31)``.

    Element ``i`` is a hash of ``i`` and the seed: nothing is stored, any element can be
    computed alone, and integer arithmetic gives the same bits on every backend.

    Parameters
    ----------
    shape : sequence of int
    seed : int32 tensor of shape (2,)

    Returns
    -------
    int32 tensor

    Notes
    -----
    Counter-based generation: Salmon et al., "Parallel random numbers: as easy as 1, 2,
    3", SC 2011. The permutation is the three-round integer hash "triple32" of Wellons,
    "Prospecting for hash functions", 2018, with words of the seed between the rounds, a
    use of integer hashes that Jarzynski and Olano, "Hash functions for GPU rendering",
    JCGT 9(3), 2020, examine.
    """
    words = convert_to_tensor(seed, dtype="int32")
    first = _mix(add(words[0:1], -1640531527))  # 2**32 / golden ratio: not zero
    second = _mix(bitwise_xor(words[1:2], first))
    third = _mix(add(second, -2048144789))
    count = math.prod(shape)
    x = add(arange(count, dtype="int32"), first)
    return reshape(bitwise_and(_mix(x, (second, third)), 0x7FFFFFFF), shape)


def _sizes(shape: Any) -> tuple[int, ...]:
    if isinstance(shape, int):
        raise TypeError(f"`shape` is a sequence of int, got {shape!r}.")
    return tuple(int(d) for d in shape)


def _drawn(shape: Any, *args: Any, dtype: Any = None, seed: Any = None) -> Spec:
    return Spec(tuple(shape), standardize_dtype(dtype))


def _float_dtype(dtype: Any, name: str) -> str:
    dtype = standardize_dtype(dtype)
    if not is_float(dtype):
        raise ValueError(
            f"{name}: `dtype` must be a floating point dtype. Received: dtype={dtype}"
        )
    return dtype


_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24}


def _unit(shape: tuple[int, ...], seed: Any, dtype: str) -> Any:
    """Uniform numbers in ``[0, 1)``, multiples of the spacing below 1."""
    if dtype == "float64":
        high, low = (random_bits((2, *shape), seed)[i] for i in (0, 1))
        high = cast(bitwise_right_shift(high, 5), dtype) * 2.0**27
        return (high + cast(bitwise_right_shift(low, 4), dtype)) * 2.0**-53
    digits = _DIGITS[dtype]
    bits = bitwise_right_shift(random_bits(shape, seed), 31 - digits)
    # The integer is exact in the dtype, and so is the product with a power of two.
    return multiply(cast(bits, dtype), 2.0**-digits)


@derived(rule=_drawn)
def uniform(
    shape: Any,
    minval: Any = 0.0,
    maxval: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Any:
    """Uniform numbers in ``[minval, maxval)``.

    Parameters
    ----------
    shape : sequence of int
    minval, maxval : float
    dtype : str, optional
        ``floatx()`` unless given.
    seed : int, SeedGenerator or None
        The same integer gives the same numbers, on every backend.
    """
    dtype = _float_dtype(dtype, "uniform")
    values = _unit(_sizes(shape), draw_seed(seed), dtype)
    if isinstance(minval, int | float) and (minval, maxval) == (0, 1):
        return values
    minval, maxval = cast(minval, dtype), cast(maxval, dtype)
    return add(minval, multiply(values, subtract(maxval, minval)))


def _randint_rule(
    shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None
) -> Spec:
    return Spec(tuple(shape), standardize_dtype(dtype))


@derived(rule=_randint_rule)
def randint(
    shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None
) -> Any:
    """Uniform integers in ``[minval, maxval)``.

    Parameters
    ----------
    shape : sequence of int
    minval, maxval : int
        At most ``2**31`` apart; each integer's probability is right to ``2**-31``.
    dtype : str
    seed : int, SeedGenerator or None
    """
    dtype = standardize_dtype(dtype)
    if is_float(dtype):
        raise ValueError(
            f"randint: `dtype` must be an integer dtype. Received: dtype={dtype}"
        )
    bits = random_bits(_sizes(shape), draw_seed(seed))
    low, high = cast(minval, "int32"), cast(maxval, "int32")
    return cast(add(bits % maximum(subtract(high, low), 1), low), dtype)


def _bell(shape: tuple[int, ...], seed: Any, dtype: str, share: float = 1.0) -> Any:
    """Draw standard normal numbers, the middle ``share`` of them, by inversion."""
    work = "float64" if dtype == "float64" else "float32"
    if work == "float64":
        unit = 2.0 * _unit(shape, seed, work) - (1.0 - 2.0**-53)
    else:
        # Odd multiples of 2**-23 in (-1, 1): exact, symmetric, never an infinity.
        odd = bitwise_right_shift(random_bits(shape, seed), 8) * 2 + (1 - 2**23)
        unit = multiply(cast(odd, work), 2.0**-23)
    return multiply(erfinv(multiply(unit, share)), math.sqrt(2.0))


@derived(rule=_drawn)
def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw normal numbers.

    Parameters
    ----------
    shape : sequence of int
    mean, stddev : float
    dtype : str, optional
        ``floatx()`` unless given.
    seed : int, SeedGenerator or None
    """
    dtype = _float_dtype(dtype, "normal")
    values = _bell(_sizes(shape), draw_seed(seed), dtype)
    return cast(add(multiply(values, stddev), mean), dtype)


@derived(rule=_drawn)
def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw normal numbers not further than two standard deviations from the mean.

    Parameters
    ----------
    shape : sequence of int
    mean, stddev : float
        Of the distribution before it is cut.
    dtype : str, optional
        ``floatx()`` unless given.
    seed : int, SeedGenerator or None
    """
    dtype = _float_dtype(dtype, "truncated_normal")
    values = _bell(_sizes(shape), draw_seed(seed), dtype, math.erf(math.sqrt(2.0)))
    return cast(add(multiply(values, stddev), mean), dtype)


def _categorical_rule(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None
) -> Spec:
    return Spec((rules.shape_of(logits)[0], num_samples), standardize_dtype(dtype))


@derived(rule=_categorical_rule)
def categorical(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None
) -> Any:
    """Draw classes.

    Parameters
    ----------
    logits : tensor of shape (batch, classes)
        Logarithms of the weights.
    num_samples : int
    dtype : str
    seed : int, SeedGenerator or None

    Returns
    -------
    integer tensor of shape (batch, num_samples)

    Notes
    -----
    The largest of the logits after adding Gumbel numbers (Gumbel, 1954).
    """
    logits = as_float(logits)
    batch, classes = rules.shape_of(logits)
    unit = _unit((batch, num_samples, classes), draw_seed(seed), "float32")
    gumbel = negative(log(negative(log(unit + 2.0**-25))))
    return cast(argmax(add(expand_dims(logits, 1), gumbel), -1), dtype)


@derived(rule=rules.same_float)
def dropout(inputs: Any, rate: Any, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set a random fraction of the elements to zero, and scale up the others.

    Parameters
    ----------
    inputs : tensor
    rate : float
        The fraction, in ``[0, 1]``.
    noise_shape : sequence of int or None, optional
        Shape of the mask, which is broadcast; None stands for the size in ``inputs``.
    seed : int, SeedGenerator or None

    Notes
    -----
    Source: Srivastava et al., 2014, JMLR 15.
    """
    inputs = as_float(inputs)
    if rate >= 1:
        return zeros_like(inputs)
    shape = rules.shape_of(inputs)
    if noise_shape is not None:
        wanted = zip(noise_shape, shape, strict=True)
        shape = tuple(d if n is None else n for n, d in wanted)
    bits = random_bits(_sizes(shape), draw_seed(seed))
    kept = bits >= min(int(rate * 2**31), 2**31 - 1)
    return where(kept, multiply(inputs, 1.0 / (1.0 - rate)), zeros_like(inputs))


@derived(rule=rules.same)
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """Put the slices along an axis into a random order.

    Parameters
    ----------
    x : tensor
    axis : int
    seed : int, SeedGenerator or None
    """
    bits = random_bits((rules.shape_of(x)[axis],), draw_seed(seed))
    return take(x, argsort(bits), axis)


_TRIALS = 8


def _gamma(shape: tuple[int, ...], alpha: Any, seed: Any, dtype: str) -> Any:
    """Gamma numbers of scale 1.

    Notes
    -----
    Source: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
    All trials are drawn at once; less than one in 10**10 has no accepted one.
    """
    words = convert_to_tensor(seed, dtype="int32")
    # Bits of one block: trials of normals and uniforms, and one uniform for the boost.
    seeds = [random_bits((2,), bitwise_xor(words, i)) for i in (0x5BD1, 0x2F35, 0x6C8E)]
    alpha = broadcast_to(cast(alpha, dtype), shape)
    boosted = where(less(alpha, 1.0), alpha + 1.0, alpha)
    d = boosted - 1.0 / 3.0
    c = divide(1.0, sqrt(9.0 * d))
    x = cast(_bell((_TRIALS, *shape), seeds[0], dtype), dtype)
    u = _unit((_TRIALS, *shape), seeds[1], dtype) + 2.0**-25
    v = power(maximum(1.0 + c * x, 0.0), 3.0)
    safe = maximum(v, 1e-30)
    accepted = less(log(u), 0.5 * square(x) + d * (1.0 - v + log(safe)))
    accepted = logical_and(accepted, v > 0.0)
    first = argmax(cast(accepted, "int32"), 0, True)
    value = multiply(d, squeeze(take_along_axis(v, first, 0), 0))
    boost = _unit(shape, seeds[2], dtype) + 2.0**-25
    small = value * exp(divide(log(boost), alpha))
    return where(less(alpha, 1.0), small, value)


@derived(rule=_drawn)
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Gamma numbers of the scale 1.

    Parameters
    ----------
    shape : sequence of int
    alpha : float or tensor
        The shape parameter, above 0.
    dtype : str, optional
        ``floatx()`` unless given.
    seed : int, SeedGenerator or None
    """
    dtype = _float_dtype(dtype, "gamma")
    work = "float64" if dtype == "float64" else "float32"
    return cast(_gamma(_sizes(shape), alpha, draw_seed(seed), work), dtype)


def _beta(shape: tuple[int, ...], a: Any, b: Any, seed: Any, dtype: str) -> Any:
    words = convert_to_tensor(seed, dtype="int32")
    one = _gamma(shape, a, random_bits((2,), bitwise_xor(words, 0x1B87)), dtype)
    two = _gamma(shape, b, random_bits((2,), bitwise_xor(words, 0x7A4D)), dtype)
    return divide(one, maximum(one + two, 1e-30))


@derived(rule=_drawn)
def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Beta numbers: in ``[0, 1]``, with the mean ``alpha / (alpha + beta)``.

    Parameters
    ----------
    shape : sequence of int
    alpha, beta : float or tensor
        The shape parameters, above 0.
    dtype : str, optional
        ``floatx()`` unless given.
    seed : int, SeedGenerator or None
    """
    dtype = _float_dtype(dtype, "beta")
    work = "float64" if dtype == "float64" else "float32"
    return cast(_beta(_sizes(shape), alpha, beta, draw_seed(seed), work), dtype)


_FEW = 16


@derived(rule=_drawn)
def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Any:
    """Return the number of successes in ``counts`` trials.

    Parameters
    ----------
    shape : sequence of int
    counts : number or tensor
        Number of trials.
    probabilities : float or tensor
        Of a success.
    dtype : str, optional
        ``floatx()`` unless given.
    seed : int, SeedGenerator or None

    Notes
    -----
    Many trials are halved: the middle one of ``n`` ordered uniform numbers is a beta
    number, and tells how many of them are below ``p`` up to a binomial number of half
    the size. Source: Devroye, "Non-uniform random variate generation", 1986, X.4.4.
    """
    dtype = _float_dtype(dtype, "binomial")
    shape = _sizes(shape)
    words = convert_to_tensor(draw_seed(seed), dtype="int32")
    n = cast(broadcast_to(cast(counts, "float32"), shape), "float32")
    p = broadcast_to(cast(probabilities, "float32"), shape)

    def halve(words: Any, n: Any, p: Any, found: Any) -> Any:
        middle = cast(cast((n + 1.0) * 0.5, "int32"), "float32")
        y = _beta(
            shape,
            maximum(middle, 1.0),
            maximum(n + 1.0 - middle, 1.0),
            words,
            "float32",
        )
        many, below = n > _FEW, y <= p
        above_p = divide(p - y, maximum(1.0 - y, 1e-30))
        under_p = divide(p, maximum(y, 1e-30))
        return (
            random_bits((2,), words),
            where(many, where(below, n - middle, middle - 1.0), n),
            where(many, where(below, above_p, minimum_one(under_p)), p),
            where(logical_and(many, below), found + middle, found),
        )

    words, n, p, found = while_loop(
        lambda words, n, p, found: any_(n > _FEW),
        halve,
        (words, n, p, zeros(shape, "float32")),
    )
    trials = _unit((_FEW, *shape), random_bits((2,), words), "float32")
    order = reshape(arange(_FEW, dtype="float32"), (_FEW, *[1] * len(shape)))
    hits = logical_and(less(trials, p), less(order, n))
    return cast(found + sum_(cast(hits, "float32"), 0), dtype)


def minimum_one(x: Any) -> Any:
    """Return ``x``, at most 1."""
    return where(x > 1.0, 1.0, x)
