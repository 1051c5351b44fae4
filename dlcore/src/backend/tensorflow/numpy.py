"""TensorFlow's kernels, under numpy's names and with Keras' dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dlcore.src.backend.tensorflow.runtime import (
    NATIVE,
    _cast,
    convert,
    ints,
    is_ours,
    raw,
)
from dlcore.src.dtypes import result_type, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.numpy.creation import arange_dtype

_PYTHON = (int, float, bool, complex)
FLOATS = frozenset(
    (
        *(tf.float32, tf.float64, tf.float16, tf.bfloat16),
        *(tf.complex64, tf.complex128),
    )
)
_COMPLEX = (tf.complex64, tf.complex128)
_UNSIGNED = (tf.uint8, tf.uint16, tf.uint32, tf.uint64)
#: Dtypes with which Python's integers promote to the dtype itself.
_WHOLE = frozenset((tf.int32, tf.int64))


def dtype_of(x: Any) -> Any:
    """Return what ``result_type`` wants to know of an argument."""
    return type(x) if type(x) in _PYTHON else convert(x).dtype


def promote(*xs: Any) -> list[tf.Tensor]:
    """Return tensors of the promoted dtype."""
    dtype = result_type(*map(dtype_of, xs))
    return [convert(x, dtype) for x in xs]


def floats(*xs: Any) -> list[tf.Tensor]:
    """Return tensors of the promoted dtype, floating."""
    dtype = rules.float_of(result_type(*map(dtype_of, xs)))
    return [convert(x, dtype) for x in xs]


def floating(x: Any) -> tf.Tensor:
    """Return a floating tensor."""
    if is_ours(x) and x.dtype in FLOATS:
        return x
    return floats(x)[0]


# Wrappers: the shortest way to a kernel for what is common, promotion for the rest.


def _two(fn: Callable[..., Any], of_bool: Callable[..., Any] | None = None) -> Any:
    """Wrap a kernel of two tensors of one dtype."""

    def op(x1: Any, x2: Any) -> Any:
        if is_ours(x1):
            dtype = x1.dtype
            if is_ours(x2):
                if dtype is x2.dtype and dtype is not tf.bool:
                    return fn(x1, x2)
            elif _joins(x2, dtype):
                return fn(x1, x2)
        elif is_ours(x2) and _joins(x1, x2.dtype):
            return fn(x1, x2)
        x1, x2 = promote(x1, x2)
        if x1.dtype is not tf.bool:
            return fn(x1, x2)
        if of_bool is not None:
            return of_bool(x1, x2)
        found = fn(_cast(x1, tf.int32), _cast(x2, tf.int32))
        return _cast(found, tf.bool)

    return op


def _joins(number: Any, dtype: tf.DType) -> bool:
    """Whether a number of Python takes a tensor's dtype: kernels do that themselves."""
    kind = type(number)
    if kind is float:
        return dtype in FLOATS
    return kind is int and (dtype in FLOATS or dtype in _WHOLE)


def _floating(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        return fn(x if is_ours(x) and x.dtype in FLOATS else floats(x)[0])

    return op


def _floating2(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        if is_ours(x1) and x1.dtype in FLOATS:
            if is_ours(x2):
                if x1.dtype is x2.dtype:
                    return fn(x1, x2)
            elif type(x2) in (int, float):
                return fn(x1, x2)
        return fn(*floats(x1, x2))

    return op


def _wide(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Run a kernel that knows float32 and float64 alone."""

    def op(*xs: Any) -> Any:
        dtype = xs[0].dtype
        if dtype in (tf.float32, tf.float64):
            return fn(*xs)
        return _cast(fn(*(_cast(x, tf.float32) for x in xs)), dtype)

    return op


def _real_parts(fn: Callable[..., Any], join: Callable[..., Any]) -> Any:
    """Give a predicate of real numbers complex ones too, and integers."""

    def op(x: Any) -> Any:
        x = convert(x)
        if x.dtype in _COMPLEX:
            return join(fn(_re(x, x.dtype.real_dtype)), fn(_im(x, x.dtype.real_dtype)))
        return fn(x if x.dtype in FLOATS else floats(x)[0])

    return op


_and, _or, _not = raw("LogicalAnd"), raw("LogicalOr"), raw("LogicalNot")
_equal, _unequal = raw("Equal"), raw("NotEqual")
_mul, _sub, _div, _neg = raw("Mul"), raw("Sub"), raw("RealDiv"), raw("Neg")
_floor, _select, _zeros = raw("Floor"), raw("SelectV2"), raw("ZerosLike")
_max, _min, _abs, _sign = raw("Maximum"), raw("Minimum"), raw("Abs"), raw("Sign")
_pow = raw("Pow")
_re, _im, _less, _reshape = raw("Real"), raw("Imag"), raw("Less"), raw("Reshape")

add = _two(raw("AddV2"), _or)
subtract = _two(_sub)
multiply = _two(_mul, _and)
maximum = _two(_max, _or)
minimum = _two(_min, _and)
equal = _two(_equal, _equal)
not_equal = _two(_unequal, _unequal)
divide = true_divide = _floating2(_div)


def _ordered(fn: Callable[..., Any]) -> Any:
    """Wrap a comparison; it has no kernel for bool."""
    return _two(fn, lambda a, b: fn(_cast(a, tf.uint8), _cast(b, tf.uint8)))


less, less_equal = _ordered(_less), _ordered(raw("LessEqual"))
greater, greater_equal = _ordered(raw("Greater")), _ordered(raw("GreaterEqual"))


def _without_zeros(fn: Callable[..., Any], at_zero: Any) -> Callable[..., Any]:
    """Wrap an integer division: by zero it is an error here, a value elsewhere."""

    def op(x1: Any, x2: Any) -> Any:
        if x1.dtype in FLOATS:
            return fn(x1, x2)
        x2 = convert(x2, standardize_dtype(x1.dtype))
        zero = _equal(x2, _zeros(x2))
        found = fn(x1, _select(zero, tf.ones_like(x2), x2))
        return _select(zero, _zeros(found) + at_zero, found)

    return op


def _tensors(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Promote both arguments to tensors; bool goes through int32."""

    def op(x1: Any, x2: Any) -> Any:
        x1, x2 = promote(x1, x2)
        if x1.dtype is tf.bool:
            return _cast(fn(_cast(x1, tf.int32), _cast(x2, tf.int32)), tf.bool)
        return fn(x1, x2)

    return op


def _fmod(x1: Any, x2: Any) -> Any:
    """Remainder with the sign of the dividend; some dtypes have no kernel."""
    dtype, wide = x1.dtype, x1.dtype
    if dtype in (tf.float16, tf.bfloat16):
        wide = tf.float32
    elif dtype not in FLOATS and dtype not in _WHOLE:
        wide = tf.int64
    found = raw("TruncateMod")(_cast(x1, wide), _cast(x2, wide))
    return _cast(found, dtype)


def _power(x1: Any, x2: Any) -> Any:
    dtype = x1.dtype if is_ours(x1) else x2.dtype
    if dtype not in _UNSIGNED:
        return _pow(x1, x2)
    return _cast(_pow(_cast(x1, tf.int64), _cast(x2, tf.int64)), dtype)


floor_divide = _tensors(_without_zeros(raw("FloorDiv"), 0))
mod = _tensors(_without_zeros(raw("FloorMod"), 0))
fmod = _tensors(_without_zeros(_fmod, 0))
_any_power = _two(_power)
#: Exponents with a kernel that is faster, and exact to half a unit, as numpy has them.
_POWERS = {2: raw("Square"), 0.5: raw("Sqrt")}


def power(x1: Any, x2: Any) -> Any:
    kernel = _POWERS.get(x2) if type(x2) in (int, float) else None
    if kernel is not None and is_ours(x1) and x1.dtype in FLOATS:
        return kernel(x1)
    return _any_power(x1, x2)


def _numbers_first(best: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        if x1.dtype not in FLOATS:
            return best(x1, x2)
        found = _select(tf.math.is_nan(x2), x1, best(x1, x2))
        return _select(tf.math.is_nan(x1), x2, found)

    return op


fmax, fmin = _tensors(_numbers_first(_max)), _tensors(_numbers_first(_min))


def _pair_of_one_shape(x1: Any, x2: Any) -> tuple[Any, Any]:
    shape = tf.broadcast_dynamic_shape(tf.shape(x1), tf.shape(x2))
    static = tf.broadcast_static_shape(x1.shape, x2.shape)
    return tuple(tf.ensure_shape(tf.broadcast_to(x, shape), static) for x in (x1, x2))


def _euclid(x1: Any, x2: Any) -> Any:
    """Euclid's algorithm on all elements at once."""
    a, b = (_abs(_cast(x, tf.int64)) for x in _pair_of_one_shape(x1, x2))
    return tf.while_loop(
        lambda a, b: tf.reduce_any(b > 0),
        lambda a, b: (
            _select(b > 0, b, a),
            _select(b > 0, raw("FloorMod")(a, _max(b, 1)), b),
        ),
        (a, b),
    )[0]


def _lcm(x1: Any, x2: Any) -> Any:
    product = _abs(_mul(_cast(x1, tf.int64), _cast(x2, tf.int64)))
    return _cast(raw("FloorDiv")(product, _max(_euclid(x1, x2), 1)), x1.dtype)


gcd = _tensors(lambda x1, x2: _cast(_euclid(x1, x2), x1.dtype))
lcm = _tensors(_lcm)


def _bits(fn: Callable[..., Any], of_bool: Callable[..., Any] | None = None) -> Any:
    op = _two(fn, of_bool)
    return lambda x, y: op(x, y)


bitwise_and = _bits(raw("BitwiseAnd"), _and)
bitwise_or = _bits(raw("BitwiseOr"), _or)
bitwise_xor = _bits(raw("BitwiseXor"), _unequal)
bitwise_left_shift = _bits(raw("LeftShift"))
bitwise_right_shift = _bits(raw("RightShift"))


def bitwise_not(x: Any) -> Any:
    x = convert(x)
    return _not(x) if x.dtype is tf.bool else raw("Invert")(x)


def truth(x: Any) -> tf.Tensor:
    """Return where a tensor is not zero."""
    x = convert(x)
    return x if x.dtype is tf.bool else _unequal(x, _zeros(x))


logical_and = lambda x1, x2: _and(truth(x1), truth(x2))  # noqa: E731
logical_or = lambda x1, x2: _or(truth(x1), truth(x2))  # noqa: E731
logical_xor = lambda x1, x2: _unequal(truth(x1), truth(x2))  # noqa: E731
logical_not = lambda x: _not(truth(x))  # noqa: E731

exp, expm1, log, log1p = (_floating(raw(n)) for n in ("Exp", "Expm1", "Log", "Log1p"))
sqrt, rsqrt = _floating(raw("Sqrt")), _floating(raw("Rsqrt"))
sin, cos, tan = (_floating(raw(n)) for n in ("Sin", "Cos", "Tan"))
sinh, cosh, tanh = (_floating(raw(n)) for n in ("Sinh", "Cosh", "Tanh"))
arcsin, arccos, arctan = (_floating(raw(n)) for n in ("Asin", "Acos", "Atan"))
arcsinh, arccosh, arctanh = (_floating(raw(n)) for n in ("Asinh", "Acosh", "Atanh"))
floor, ceil = _floating(_floor), _floating(raw("Ceil"))
erf, erfc, erfinv = (
    _floating(raw("Erf")),
    _floating(raw("Erfc")),
    _floating(_wide(raw("Erfinv"))),
)
arctan2 = _floating2(raw("Atan2"))
nextafter = lambda x1, x2: _wide(raw("NextAfter"))(*floats(x1, x2))  # noqa: E731

isnan = _real_parts(raw("IsNan"), _or)
isinf = _real_parts(raw("IsInf"), _or)
isfinite = _real_parts(raw("IsFinite"), _and)


def signbit(x: Any) -> Any:
    x = convert(x)
    if x.dtype is tf.bool or x.dtype in _UNSIGNED:
        return raw("Fill")(tf.shape(x), tf.constant(False))
    if x.dtype not in FLOATS:
        return _less(x, _zeros(x))
    x = x if x.dtype is tf.float64 else _cast(x, tf.float32)
    bits = raw("Bitcast")(x, tf.int64 if x.dtype is tf.float64 else tf.int32)
    return _less(bits, _zeros(bits))


def negative(x: Any) -> Any:
    x = convert(x)
    return _sub(_zeros(x), x) if x.dtype in _UNSIGNED else _neg(x)


def sign(x: Any) -> Any:
    x = convert(x)
    if x.dtype is tf.bool:
        return x
    return _cast(truth(x), x.dtype) if x.dtype in _UNSIGNED else _sign(x)


def absolute(x: Any) -> Any:
    x = convert(x)
    if x.dtype is tf.bool or x.dtype in _UNSIGNED:
        return x
    if x.dtype in _COMPLEX:
        return raw("ComplexAbs")(x, x.dtype.real_dtype)
    return _abs(x)


fabs = lambda x: absolute(floating(x))  # noqa: E731


def square(x: Any) -> Any:
    x = convert(x)
    return raw("Square")(_cast(x, tf.int32) if x.dtype is tf.bool else x)


def trunc(x: Any) -> Any:
    x = convert(x)
    if x.dtype not in FLOATS:
        return x
    return _select(_less(x, _zeros(x)), raw("Ceil")(x), _floor(x))


def conjugate(x: Any) -> Any:
    x = convert(x)
    return raw("Conj")(x) if x.dtype in _COMPLEX else x


def real(x: Any) -> Any:
    x = convert(x)
    return _re(x, x.dtype.real_dtype) if x.dtype in _COMPLEX else x


def imag(x: Any) -> Any:
    x = convert(x)
    return _im(x, x.dtype.real_dtype) if x.dtype in _COMPLEX else _zeros(x)


def round(x: Any, decimals: int = 0) -> Any:
    x = convert(x)
    if x.dtype is tf.bool:
        return _cast(x, tf.int32)
    if x.dtype not in FLOATS:
        if decimals >= 0:
            return x
        scaled = _div(_cast(x, tf.float64), 10.0**-decimals)
        return _cast(_mul(raw("Round")(scaled), 10.0**-decimals), x.dtype)
    if not decimals:
        return raw("Round")(x)
    factor = 10.0 ** abs(decimals)
    if decimals > 0:
        return _div(raw("Round")(_mul(x, factor)), factor)
    return _mul(raw("Round")(_div(x, factor)), factor)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    if is_ours(x) and _joins(x_min, x.dtype) and _joins(x_max, x.dtype):
        return _min(_max(x, x_min), x_max)
    x, x_min, x_max = promote(x, x_min, x_max)
    if x.dtype is tf.bool:
        x, x_min, x_max = (_cast(v, tf.int32) for v in (x, x_min, x_max))
    return _min(_max(x, x_min), x_max)


# Creation


def sizes(shape: Any) -> Any:
    """Return a shape as a list of sizes, or as the tensor that it is."""
    if is_ours(shape):
        return shape
    return [shape] if isinstance(shape, int) else list(shape)


def _filled(shape: Any, value: Any, name: str) -> tf.Tensor:
    return raw("Fill")(ints(sizes(shape)), convert(value, name))


def zeros(shape: Any, dtype: Any = None) -> Any:
    return _filled(shape, 0, standardize_dtype(dtype))


def ones(shape: Any, dtype: Any = None) -> Any:
    return _filled(shape, 1, standardize_dtype(dtype))


empty = zeros


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    value = convert(fill_value, standardize_dtype(dtype))
    if value.shape.rank == 0:
        return raw("Fill")(ints(sizes(shape)), value)
    return raw("BroadcastTo")(value, ints(sizes(shape)))


def _like(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any, dtype: Any = None) -> Any:
        x = convert(x)
        return fn(x if dtype is None else convert(x, standardize_dtype(dtype)))

    return op


zeros_like = empty_like = _like(_zeros)
ones_like = _like(raw("OnesLike"))


def copy(x: Any) -> Any:
    return tf.identity(convert(x))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    name = arange_dtype(start, stop, step, dtype)
    first, last = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    # Some dtypes have no kernel, and half precision would count wrongly.
    wide = name if name in ("int32", "int64", "float64") else "float32"
    if name in ("bool", "uint8", "uint16", "int8", "int16", "uint32", "uint64"):
        fractions = any(dtype_of(v) not in (int, bool) for v in (first, last, step))
        wide = "float64" if fractions else "int64"
    parts = [convert(v, wide) for v in (first, last, step)]
    return convert(raw("Range")(*parts), name)


# Choosing


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    condition = truth(condition)
    if x1 is None and x2 is None:
        return list(nonzero(condition))
    if not (is_ours(x1) and is_ours(x2) and x1.dtype is x2.dtype):
        x1, x2 = promote(x1, x2)
    return _select(condition, x1, x2)


def nonzero(x: Any) -> Any:
    places = _cast(raw("Where")(truth(x)), tf.int32)
    return tuple(tf.unstack(places, num=convert(x).shape.rank, axis=1))


# Products


def matmul(x1: Any, x2: Any) -> Any:
    x1, x2 = convert(x1), convert(x2)
    name = None
    if x1.dtype is not x2.dtype:
        name = result_type(x1.dtype, x2.dtype)
        x1, x2 = convert(x1, name), convert(x2, name)
    dtype = x1.dtype
    if dtype in FLOATS or dtype in _WHOLE:
        return _matmul(x1, x2)
    found = _matmul(_cast(x1, tf.int32), _cast(x2, tf.int32))
    # Two of int8 are multiplied into int32.
    return found if dtype is tf.int8 and name is None else _cast(found, dtype)


_product, _products = raw("MatMul"), raw("BatchMatMulV2")


def _matmul(x1: Any, x2: Any) -> Any:
    rank1, rank2 = x1.shape.rank, x2.shape.rank
    if rank1 == 2 and rank2 == 2:
        return _product(x1, x2)
    if rank1 == 0 or rank2 == 0:
        raise ValueError(
            "matmul: both arguments need an axis, got the shapes "
            f"{tuple(x1.shape)} and {tuple(x2.shape)}."
        )
    if rank2 == 1:
        return tf.squeeze(_matmul(x1, x2[:, None]), -1)
    if rank1 == 1:
        return tf.squeeze(_matmul(x1[None], x2), -2)
    if rank2 == 2:  # one large product instead of many
        *lead, inner = extent(x1)
        rows = _product(_reshape(x1, ints((-1, inner))), x2)
        return _reshape(rows, ints((*lead, extent(x2)[1])))
    return _products(x1, x2)


def extent(x: tf.Tensor) -> list[Any]:
    """Return the sizes of a tensor: numbers, and scalars where a size is not known."""
    known = list(x.shape)
    if None in known:
        found = tf.shape(x)
        known = [found[i] if d is None else d for i, d in enumerate(known)]
    return known


def einsum(subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
    tensors = [convert(x) for x in operands]
    names = {t.dtype for t in tensors}
    name = "int32" if names == {tf.int8} else result_type(*names)
    plain = NATIVE[name] in FLOATS or NATIVE[name] in _WHOLE
    wide = name if plain else "int32"
    found = tf.einsum(subscripts, *(convert(t, wide) for t in tensors))
    return convert(found, name)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    x1, x2 = promote(x1, x2)
    dtype = x1.dtype
    wide = dtype if dtype in FLOATS or dtype in _WHOLE else tf.int32
    return _cast(tf.tensordot(_cast(x1, wide), _cast(x2, wide), axes), dtype)
