"""One table from which the tests of all ops on all backends follow.

A row is a call and its oracle: the same call of numpy or scipy, a function of the
arguments, or the value itself. Arrays become tensors of the backend that is tested.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

RNG = np.random.default_rng(7)


def floats(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return RNG.uniform(low, high, shape).astype("float32")


def ints(*shape: int, low: int = -5, high: int = 6) -> np.ndarray:
    return RNG.integers(low, high, shape).astype("int32")


@dataclass
class Row:
    op: str
    args: tuple[Any, ...]
    oracle: Any
    kwargs: dict[str, Any] = field(default_factory=dict)
    #: Index of the arguments by which the op is differentiable.
    by: tuple[int, ...] = ()
    tolerance: float = 1e-5
    #: Sizes of the result that depend on values.
    data_dependent: bool = False
    #: Why the op needs known sizes.
    static: str = ""
    #: Whether there is one right value; else shapes and dtypes are compared.
    unique: bool = True
    #: Whether it is defined for symmetric matrices only; gradients are theirs.
    symmetric: bool = False

    def expected(self) -> Any:
        if callable(self.oracle):
            with np.errstate(all="ignore"):
                return self.oracle(*self.args, **self.kwargs)
        return self.oracle

    def __str__(self) -> str:
        shapes = [
            np.shape(a) if hasattr(a, "shape") else type(a).__name__ for a in self.args
        ]
        return f"{self.op}-{'-'.join(map(str, shapes))}-{self.kwargs}"


ROWS: list[Row] = []


def row(
    op: str,
    *args: Any,
    oracle: Any = None,
    by: Any = (),
    tolerance: float = 1e-5,
    data_dependent: bool = False,
    static: str = "",
    unique: bool = True,
    symmetric: bool = False,
    **kwargs: Any,
) -> None:
    oracle = getattr(np, op) if oracle is None else oracle
    by = tuple(range(len(args))) if by == "all" else tuple(by)
    flags = (data_dependent, static, unique, symmetric)
    ROWS.append(Row(op, args, oracle, kwargs, by, tolerance, *flags))


A, B, POSITIVE, UNIT = (
    floats(2, 3),
    floats(2, 3),
    floats(2, 3, low=0.2),
    floats(2, 3, low=-0.9, high=0.9),
)
K, J, BITS = ints(2, 3), ints(2, 3, low=1), np.array([True, False, True])
HOLES = np.array([[1.0, np.nan, 3.0], [np.nan, 5.0, 0.5]], "float32")
CUBE = floats(2, 3, 4)


def wide(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Call the oracle in double precision."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return fn(
            *(
                a.astype("float64") if getattr(a, "dtype", None) == np.float32 else a
                for a in args
            ),
            **kwargs,
        )

    return call


def elementwise() -> None:
    for op in (
        "add",
        "subtract",
        "multiply",
        "maximum",
        "minimum",
        "divide",
        "true_divide",
        "arctan2",
        "hypot",
        "logaddexp",
        "logaddexp2",
    ):
        row(op, A, B, by="all")
        row(op, A, floats(3), by="all")
        row(op, A, 2.5)
        row(op, K, J)
        row(op, K, 2)
        row(op, K, A)
    for op in ("fmax", "fmin", "mod", "fmod", "floor_divide"):
        row(op, A, POSITIVE)
        row(op, K, J)
    for op in ("gcd", "lcm", "bitwise_and", "bitwise_or", "bitwise_xor"):
        row(op, K, J)
    for op, oracle in (
        ("bitwise_left_shift", np.left_shift),
        ("left_shift", np.left_shift),
        ("bitwise_right_shift", np.right_shift),
        ("right_shift", np.right_shift),
    ):
        row(op, K, np.abs(J), oracle=oracle)
    for op in ("bitwise_not", "bitwise_invert"):
        row(op, K, oracle=np.invert)
    row("power", POSITIVE, B, by="all")
    row("power", K, 2)
    row("nextafter", A, B)
    row("heaviside", np.array([-1.0, 0.0, 2.0], "float32"), np.float32(0.5))
    row("ldexp", A, K)
    row(
        "divide_no_nan",
        A,
        np.array([0.0, 1.0, 2.0], "float32"),
        by=(0,),
        oracle=lambda a, b: np.where(b == 0, 0, a / np.where(b == 0, 1, b)),
    )
    for op in (
        "exp",
        "exp2",
        "expm1",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "arctan",
        "arcsinh",
        "deg2rad",
        "rad2deg",
        "sinc",
        "cbrt",
    ):
        row(op, A, oracle=wide(getattr(np, op)), by=(0,))
        row(op, K, oracle=getattr(np, op), tolerance=1e-4)
    for op in ("log", "log10", "log1p", "log2", "sqrt"):
        row(op, POSITIVE, oracle=wide(getattr(np, op)), by=(0,))
    for op in ("arcsin", "arccos", "arctanh"):
        row(op, UNIT, oracle=wide(getattr(np, op)), by=(0,), tolerance=1e-4)
    row("arccosh", POSITIVE + 1.5, by=(0,))
    row("i0", A, tolerance=1e-5)
    row("reciprocal", POSITIVE, by=(0,))
    row("rsqrt", POSITIVE, oracle=lambda x: 1 / np.sqrt(x), by=(0,))
    for op in (
        "floor",
        "ceil",
        "trunc",
        "sign",
        "negative",
        "absolute",
        "square",
        "conjugate",
        "real",
        "imag",
        "isnan",
        "isfinite",
        "isinf",
        "isposinf",
        "isneginf",
        "signbit",
        "isreal",
        "abs",
        "conj",
    ):
        row(op, A)
        row(op, K)
    row("fabs", A)
    row("fabs", K, oracle=lambda x: np.abs(x).astype("float32"))
    row("isnan", HOLES)
    row("round", 3 * A)
    row("round", 3 * A, decimals=1)
    row("round", K)
    row(
        "clip",
        A,
        -1.0,
        1.0,
        oracle=lambda x, a, b: np.clip(x, np.float32(a), np.float32(b)),
        by=(0,),
    )
    row("clip", K, -1, 2)
    for op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
        row(op, K, J)
        row(op, A, 0.0)
        row(op, K, A)
    for op in ("logical_and", "logical_or", "logical_xor"):
        row(op, K > 0, J > 2)
        row(op, K, J)
    row("logical_not", K)
    row("nan_to_num", np.array([np.nan, 1.0, -2.0], "float32"))
    row(
        "nan_to_num",
        np.array([np.nan, np.inf, -np.inf], "float32"),
        nan=1.0,
        posinf=2.0,
        neginf=3.0,
    )
    row("square", K > 0, oracle=np.array(K > 0, "int32"))
    row("isclose", A, A + 1e-7)
    row("isclose", K, A.astype("float16"))
    infinite = np.array([np.inf, -np.inf, 3.0], "float32")
    row("hypot", infinite, np.array([1.0, np.inf, np.inf], "float32"))
    row("heaviside", K, 0.5, oracle=lambda a, b: np.heaviside(a, b).astype("float32"))
    row("isclose", HOLES, HOLES, equal_nan=True)
    row("allclose", A, A + 1e-7)
    z = (A + 1j * B).astype("complex64")
    for op in ("absolute", "real", "imag", "conjugate", "angle", "exp"):
        row(op, z)
    row("view_as_real", z, oracle=lambda x: np.stack([x.real, x.imag], -1))
    row("view_as_complex", floats(3, 2), oracle=lambda x: x[..., 0] + 1j * x[..., 1])
    row("copy", A)
    row("array", A)


def reductions() -> None:
    for op in (
        "sum",
        "mean",
        "prod",
        "max",
        "min",
        "var",
        "std",
        "amax",
        "amin",
        "ptp",
    ):
        row(op, A, by=(0,), tolerance=1e-4)
        row(op, CUBE, axis=1, by=(0,), tolerance=1e-4)
        row(op, CUBE, axis=(0, -1), keepdims=True, by=(0,), tolerance=1e-4)
        row(op, K, axis=0)
    for op in ("sum", "mean", "prod", "var", "any", "all", "max", "nansum"):
        row(op, A, axis=())
    row("sum", ints(4).astype("int8"))
    row("sum", ints(4, low=0).astype("uint8"))
    row("max", A, initial=5.0)
    row("min", A, axis=1, initial=-5.0)
    for op in ("any", "all"):
        row(op, K > 0)
        row(op, K, axis=1, keepdims=True)
    for op in ("argmax", "argmin"):
        row(op, A)
        row(op, CUBE, axis=1)
        row(op, CUBE, axis=-1, keepdims=True)
    row("count_nonzero", K)
    row("count_nonzero", K, axis=1)
    for op in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
        row(op, CUBE, axis=1, by=(0,), tolerance=1e-4)
        row(op, A)
    row("cumsum", K > 0, axis=0)
    row("cumsum", K, axis=0, dtype="float32")
    for op in (
        "nansum",
        "nanprod",
        "nanmax",
        "nanmin",
        "nanmean",
        "nanvar",
        "nanstd",
        "nanmedian",
    ):
        row(op, HOLES, tolerance=1e-4)
        row(op, HOLES, axis=1)
        row(op, HOLES, axis=0, keepdims=True)
    for op in ("nanargmax", "nanargmin"):
        row(op, HOLES, axis=1)
    row("average", A, axis=1, weights=np.array([1.0, 2.0, 3.0], "float32"))
    row("average", A)
    for op in ("quantile", "nanquantile"):
        row(op, CUBE, 0.3)
        row(op, CUBE, np.array([0.1, 0.5], "float32"), axis=(0, 2))
        row(op, CUBE, 0.25, axis=1, method="lower", keepdims=True)
        for method in ("higher", "midpoint", "nearest"):
            row(op, CUBE, 0.25, axis=1, method=method)
    row("nanquantile", HOLES, 0.25, axis=1)
    row("percentile", CUBE, 30.0, axis=1)
    row("nanpercentile", HOLES, 30.0, axis=1)
    row("median", CUBE, axis=(0, 1))
    row("logsumexp", A, oracle=special.logsumexp, by=(0,))
    row(
        "logsumexp", CUBE, axis=(0, 1), keepdims=True, oracle=special.logsumexp, by=(0,)
    )
    row("trapezoid", A, by=(0,))
    row("trapezoid", A, x=np.array([0.0, 1.0, 3.0], "float32"))
    row("diff", CUBE, axis=1)
    row("diff", CUBE, n=2)


def shapes() -> None:
    row("reshape", CUBE, (4, 6), by=(0,))
    row("reshape", CUBE, (3, -1))
    row("reshape", CUBE, -1)
    row("transpose", CUBE, by=(0,))
    row("transpose", CUBE, axes=(1, 0, 2))
    row("broadcast_to", A, (4, 2, 3), by=(0,))
    row("concatenate", [A, B], axis=1)
    row("concatenate", [A, K], axis=0)
    row("stack", [A, B], axis=1)
    row("hstack", [A, B])
    row("vstack", [A, B])
    row("dstack", [A, B])
    row("append", A, B, axis=0)
    row("append", A, B)
    row("split", CUBE, 2, axis=2)
    row("split", CUBE, [1, 3], axis=2)
    row("array_split", CUBE, 3, axis=2)
    row("hsplit", CUBE, 3)
    row("vsplit", CUBE, 2)
    row("dsplit", CUBE, 2)
    row("pad", A, 1)
    row("pad", A, ((0, 1), (2, 0)), constant_values=3.0, by=(0,))
    row("pad", A, ((1, 1), (2, 2)), mode="reflect")
    row("pad", A, ((1, 1), (2, 2)), mode="symmetric")
    row("tile", A, 2)
    row("tile", A, (2, 1, 2), by=(0,))
    row("repeat", A, 2)
    row("repeat", A, 3, axis=1, by=(0,))
    row("repeat", A, [1, 2], axis=0)
    row("flip", CUBE)
    row("flip", CUBE, axis=1, by=(0,))
    row("fliplr", A)
    row("flipud", A)
    row("roll", CUBE, 2)
    row("roll", CUBE, 1, axis=-1, by=(0,))
    for k in (1, 2, 3, -1):
        row("rot90", CUBE, k=k)
    row("ravel", CUBE)
    row("squeeze", floats(1, 2, 1), static="which axes vanish depends on the sizes")
    row("squeeze", floats(1, 2, 1), axis=0, static="the size must be known to be 1")
    row("expand_dims", A, 1)
    row("expand_dims", A, (0, -1))
    row("moveaxis", CUBE, 0, -1)
    row("moveaxis", CUBE, (0, 1), (2, 0))
    row("swapaxes", CUBE, 0, 2)
    row("unstack", CUBE, axis=1, oracle=lambda x, axis: [x[:, i] for i in range(3)])


def choosing() -> None:
    row("where", K > 0, A, B, by=(1, 2))
    row("where", K > 0, A, 0)
    row("where", K > 0, oracle=lambda c: list(np.nonzero(c)), data_dependent=True)
    row("nonzero", K, data_dependent=True)
    index = np.array([[0, 2], [1, -1]], "int32")
    row("take", CUBE, index, axis=1, by=(0,))
    row("take", CUBE, index)
    row("take", A, np.array([1, 0], "int32"), axis=0, by=(0,))
    row("take_along_axis", A, index, axis=1, by=(0,))
    row("take_along_axis", A, np.array([0, 4], "int32"), axis=None)
    row("select", [K > 2, K > 0], [A, B], 7.0)
    row("unravel_index", np.array([3, 5], "int32"), (2, 3))
    row("diagonal", CUBE, by=(0,))
    row("diagonal", CUBE, offset=1, axis1=1, axis2=2)
    row("diag", A)
    row("diag", floats(3), k=1)
    row("diagflat", A, k=-1)
    row("tril", CUBE, k=1, by=(0,))
    row("triu", A)
    row("trace", A)
    row("trace", CUBE, offset=1, axis1=1, axis2=2)
    row("get_item", CUBE, (slice(None, None, 2), 1), oracle=lambda x, k: x[k], by=(0,))
    row("get_item", CUBE, (..., None, -1), oracle=lambda x, k: x[k])
    row(
        "get_item", CUBE, (slice(None), slice(None, None, -1)), oracle=lambda x, k: x[k]
    )
    row(
        "slice",
        CUBE,
        (0, 1, 2),
        (2, 2, 1),
        oracle=lambda x, s, n: x[0:2, 1:3, 2:3],
        by=(0,),
    )

    def update(x: Any, start: Any, value: Any) -> Any:
        x = x.copy()
        x[0:1, 1:3] = value
        return x

    row("slice_update", A, (0, 1), floats(1, 2), oracle=update, by=(0, 2))

    def scatter(fn: Any) -> Any:
        def call(x: Any, places: Any, values: Any, reduction: Any = None) -> Any:
            x = x.copy()
            fn(x, tuple(places.T), values)
            return x

        return call

    def put(x: Any, key: Any, value: Any) -> None:
        x[key] = value

    places = np.array([[0, 1], [1, 2]], "int32")
    row("scatter_update", A, places, floats(2), oracle=scatter(put), by=(0, 2))
    row(
        "scatter_update",
        A,
        np.array([[1], [0]], "int32"),
        floats(2, 3),
        oracle=scatter(put),
    )
    twice = np.array([[0, 1], [0, 1]], "int32")
    for name, fn in (
        ("add", np.add),
        ("max", np.maximum),
        ("min", np.minimum),
        ("mul", np.multiply),
    ):
        row(
            "scatter_update", A, twice, floats(2), reduction=name, oracle=scatter(fn.at)
        )
    row(
        "scatter",
        twice,
        floats(2),
        (2, 3),
        oracle=lambda p, v, s: np.array([[0, v.sum(), 0], [0, 0, 0]], "float32"),
    )


def sorting() -> None:
    row("sort", CUBE, axis=1, by=(0,))
    row("sort", A, axis=None)
    row("argsort", CUBE, axis=0)
    row("searchsorted", np.array([1.0, 2.0, 3.0], "float32"), A)
    row("searchsorted", np.array([1, 2, 2, 3], "int32"), K, side="right")
    row("digitize", A, np.array([-1.0, 0.0, 1.0], "float32"))
    row("digitize", K > 0, np.array([False, True]))
    row("isin", K, np.array([1, 2], "int32"))
    row("isin", K, np.array([1, 2], "int32"), invert=True)
    row("bincount", np.array([1, 1, 4], "int32"), data_dependent=True)
    row(
        "bincount",
        np.array([1, 1, 4], "int32"),
        weights=floats(3),
        minlength=7,
        data_dependent=True,
    )
    row("histogram", A.ravel(), bins=4)
    row("histogram", A.ravel(), bins=3, range=(-1.0, 1.0))
    row("unique", K, data_dependent=True)
    distinct = np.array([0.5, 1, 3, 5, np.nan, np.nan], "float32")
    row("unique", HOLES.ravel(), oracle=distinct, data_dependent=True)
    row("unique", K, return_inverse=True, return_counts=True, data_dependent=True)
    row("unique", np.array([3, 1, 3], "int32"), return_index=True, data_dependent=True)
    row(
        "unique",
        np.array([3, 1, 3], "int32"),
        size=4,
        fill_value=9,
        data_dependent=True,
        oracle=np.array([1, 3, 9, 9]),
    )
    row(
        "top_k",
        A,
        2,
        oracle=lambda x, k: (-np.sort(-x)[..., :k], np.argsort(-x)[..., :k]),
    )
    row(
        "in_top_k",
        np.array([0, 2], "int32"),
        A,
        1,
        oracle=lambda t, p, k: p.argmax(-1) == t,
    )


def products() -> None:
    row("matmul", A, floats(3, 4), by="all")
    row("matmul", CUBE, floats(4, 2), by="all")
    row("matmul", floats(4), floats(4), by="all")
    row("matmul", K, ints(3, 2))
    row(
        "matmul",
        ints(2, 3).astype("int8"),
        ints(3, 2).astype("int8"),
        oracle=lambda a, b: a.astype("int32") @ b.astype("int32"),
    )
    row("einsum", "ij,kj->ik", A, B, by=(1, 2), tolerance=1e-4)
    row("einsum", "...ij,jk", CUBE, floats(4, 2))
    row("tensordot", CUBE, floats(4, 3, 2), axes=([1, 2], [1, 0]), tolerance=1e-4)
    row("tensordot", CUBE, floats(4, 2), axes=1, by="all")
    for op in ("dot", "inner"):
        row(op, A, floats(3), tolerance=1e-4)
    row("dot", CUBE, floats(4, 2))
    row("inner", CUBE, floats(5, 4))
    row("outer", A, floats(4), by="all")
    row("vdot", A, B)
    row("kron", A, floats(2, 2))
    row("cross", floats(4, 3), floats(4, 3), by="all")
    row("cross", floats(3, 4), floats(3), axisa=0)
    row("corrcoef", floats(3, 6), tolerance=1e-4)
    for mode in ("valid", "same", "full"):
        row(
            "correlate",
            floats(6),
            floats(3),
            mode=mode,
            static="made of one row for each place",
        )
    row(
        "cdist",
        A,
        floats(4, 3),
        oracle=lambda x, y: np.sqrt(((x[:, None] - y) ** 2).sum(-1)),
    )
    row("vander", floats(3))
    row("vander", floats(3), N=4, increasing=True)


def creation() -> None:
    row("zeros", (2, 3), oracle=np.zeros((2, 3), "float32"))
    row("ones", (2,), dtype="int32")
    row("full", (2, 2), 7, oracle=np.full((2, 2), 7, "float32"))
    row("full", (2, 2), 7, dtype="int32")
    row("full", (2, 2), 0.5)
    row("zeros_like", K)
    row("ones_like", A, dtype="int32")
    row("full_like", K, 4)
    row("arange", 5)
    row("arange", 1.0, 2.0, 0.25)
    row("arange", 5, 0, -2)
    row("eye", 3)
    row("eye", 3, 4, k=-1, dtype="int32")
    row("identity", 3)
    row("tri", 3, 4, k=1)
    row("linspace", 0, 1, 5)
    row("linspace", floats(2), 1.0, 4, endpoint=False, axis=1)
    row("linspace", 0, 10, 5, dtype="int32")
    row("logspace", 0, 2, 5, tolerance=1e-4)
    row("geomspace", 1.0, 1000.0, 4, tolerance=1e-4)
    for op in ("bartlett", "blackman", "hamming", "hanning"):
        row(op, 7, tolerance=1e-5)
    row("kaiser", 7, 14.0, tolerance=1e-4)
    row("meshgrid", floats(2), floats(3))
    row("meshgrid", floats(2), floats(3), indexing="ij")


def mathematics() -> None:
    row("erf", A, oracle=special.erf, by=(0,))
    row("erfc", A, oracle=special.erfc)
    row("erfinv", UNIT, oracle=special.erfinv, by=(0,), tolerance=1e-4)
    ids = np.array([0, 2, 0], "int32")
    data = floats(3, 2)

    def segment(fn: Any, empty: float) -> Any:
        def call(data: Any, ids: Any, num_segments: Any = None) -> Any:
            out = np.full(
                (num_segments or ids.max() + 1, *data.shape[1:]), empty, data.dtype
            )
            for i in range(len(out)):
                if (ids == i).any():
                    out[i] = fn(data[ids == i], axis=0)
            return out

        return call

    for name, fn, empty in (
        ("sum", np.sum, 0),
        ("prod", np.prod, 1),
        ("max", np.max, -np.inf),
        ("min", np.min, np.inf),
    ):
        oracle = segment(fn, empty)
        row(f"segment_{name}", data, ids, num_segments=4, oracle=oracle)
        row(f"segment_{name}", data, ids // 2, num_segments=2, oracle=oracle, by=(0,))
    row(
        "segment_prod",
        np.array([[0.0, 0.0, 3.0], [0.0, 2.0, 4.0]], "float32"),
        np.array([0, 0], "int32"),
        num_segments=1,
        oracle=segment(np.prod, 1),
        by=(0,),
    )
    row(
        "saturate_cast",
        np.array([-300.0, 3.7, 300.0], "float32"),
        "uint8",
        oracle=np.array([0, 3, 255], "uint8"),
    )
    row("cast", A * 3, "int32", oracle=lambda x, d: x.astype(d))
    row("cast", K, "bool", oracle=lambda x, d: x.astype(d))


def networks() -> None:
    def softmax(x: Any, axis: Any = -1) -> Any:
        return special.softmax(x, axis)

    row("softmax", CUBE, oracle=softmax, by=(0,))
    row("softmax", CUBE, axis=(0, 1), oracle=softmax)
    row("log_softmax", CUBE, axis=1, oracle=special.log_softmax, by=(0,))
    sigmoid = special.expit
    table: dict[str, Callable[..., Any]] = {
        "relu": lambda x: np.maximum(x, 0),
        "relu6": lambda x: np.clip(x, 0, 6),
        "sigmoid": sigmoid,
        "softplus": lambda x: np.log1p(np.exp(x)),
        "log_sigmoid": special.log_expit,
        "softsign": lambda x: x / (1 + np.abs(x)),
        "silu": lambda x: x * sigmoid(x),
        "swish": lambda x: x * sigmoid(x),
        "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
        "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        "hard_tanh": lambda x: np.clip(x, -1, 1),
        "leaky_relu": lambda x: np.where(x < 0, 0.2 * x, x),
        "elu": lambda x: np.where(x < 0, np.expm1(x), x),
        "celu": lambda x: np.where(x < 0, np.expm1(x), x),
        "selu": lambda x: (
            1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(x), x)
        ),
        "gelu": lambda x: (
            0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        ),
        "tanh_shrink": lambda x: x - np.tanh(x),
        "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
        "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
        "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
        "sparse_plus": lambda x: np.where(
            x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)
        ),
        "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    }
    for name, oracle in table.items():
        row(name, A, oracle=oracle, by=(0,))
    row(
        "gelu",
        A,
        approximate=False,
        by=(0,),
        oracle=lambda x, approximate: x * 0.5 * special.erfc(-x / math.sqrt(2)),
    )
    row(
        "threshold",
        A,
        0.5,
        9.0,
        oracle=lambda x, t, d: np.where(x > t, x, np.float32(d)),
        by=(0,),
    )
    row("glu", floats(2, 4), oracle=lambda x: x[:, :2] * sigmoid(x[:, 2:]), by=(0,))
    row(
        "sparsemax",
        np.array([[1.0, 2.0, 2.5], [0.0, 0.1, 0.2]], "float32"),
        by=(0,),
        oracle=np.array(
            [[0, 0.25, 0.75], [0.2333333, 0.3333333, 0.4333333]], "float32"
        ),
    )
    classes = np.array([1, 0], "int32")
    row(
        "one_hot",
        np.array([0, 2, -1], "int32"),
        3,
        oracle=np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0]], "float32"),
    )
    row("one_hot", classes, 2, axis=0, dtype="int32", oracle=np.array([[0, 1], [1, 0]]))
    row(
        "multi_hot",
        np.array([[0, 2], [1, 1]], "int32"),
        3,
        oracle=np.array([[1, 0, 1], [0, 1, 0]], "float32"),
    )
    probabilities = special.softmax(B, -1)
    hot = np.eye(3, dtype="float32")[[1, 0]]

    def cross(t: Any, o: Any, from_logits: bool = False) -> Any:
        return -(t * (special.log_softmax(o, -1) if from_logits else np.log(o))).sum(-1)

    for logits, output in ((True, A), (False, probabilities)):
        row(
            "categorical_crossentropy",
            hot,
            output,
            from_logits=logits,
            oracle=cross,
            by=(1,),
        )
        row(
            "sparse_categorical_crossentropy",
            classes,
            output,
            from_logits=logits,
            by=(1,),
            oracle=lambda t, o, from_logits: cross(np.eye(3)[t], o, from_logits),
        )
    row(
        "binary_crossentropy",
        hot,
        A,
        from_logits=True,
        by=(1,),
        oracle=lambda t, o, from_logits: (
            -(t * special.log_expit(o) + (1 - t) * special.log_expit(-o))
        ),
    )
    row(
        "binary_crossentropy",
        hot,
        probabilities,
        by=(1,),
        oracle=lambda t, o: -(t * np.log(o) + (1 - t) * np.log(1 - o)),
    )
    row("moments", CUBE, (0, 2), oracle=lambda x, a: (x.mean(a), x.var(a)), by=(0,))
    m, v, s, o = (floats(4, low=0.1) for _ in range(4))
    row(
        "batch_normalization",
        CUBE,
        m,
        v,
        -1,
        by=(0, 1, 2),
        tolerance=1e-4,
        offset=o,
        scale=s,
        oracle=lambda x, m, v, axis, offset, scale: (
            (x - m) / np.sqrt(v + 1e-3) * scale + offset
        ),
    )

    def layer(
        x: Any, gamma: Any = None, beta: Any = None, epsilon: float = 1e-7
    ) -> Any:
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(
            x.var(-1, keepdims=True) + epsilon
        ) * gamma + beta

    row(
        "layer_normalization",
        CUBE,
        s,
        o,
        oracle=layer,
        by=(0, 1, 2),
        epsilon=1e-3,
        tolerance=1e-4,
    )
    row(
        "rms_normalization",
        CUBE,
        s,
        by=(0, 1),
        tolerance=1e-4,
        oracle=lambda x, scale: (
            x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-7) * scale
        ),
    )
    row(
        "normalize",
        CUBE,
        axis=1,
        by=(0,),
        oracle=lambda x, axis: x / np.linalg.norm(x, axis=axis, keepdims=True),
    )
    row(
        "normalize",
        CUBE,
        order=3,
        oracle=lambda x, order: x / (np.abs(x) ** 3).sum(-1, keepdims=True) ** (1 / 3),
    )
    row("psnr", A, B, 1.0, oracle=lambda a, b, m: -10 * np.log10(((a - b) ** 2).mean()))


def direct_conv(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolve one cell after the other: slow, and plain to see."""
    first = data_format == "channels_first"
    x = np.moveaxis(x, 1, -1) if first else x
    count = x.ndim - 2
    steps, gaps = (
        (n,) * count if isinstance(n, int) else n for n in (strides, dilation_rate)
    )
    window, (depth, filters) = kernel.shape[:-2], kernel.shape[-2:]
    reach = [g * (w - 1) + 1 for g, w in zip(gaps, window, strict=True)]
    if padding == "same":
        sizes = [-(-d // s) for d, s in zip(x.shape[1:-1], steps, strict=True)]
        total = [
            max((n - 1) * s + r - d, 0)
            for n, s, r, d in zip(sizes, steps, reach, x.shape[1:-1], strict=True)
        ]
        x = np.pad(x, [(0, 0), *((t // 2, t - t // 2) for t in total), (0, 0)])
    sizes = [
        (d - r) // s + 1 for d, r, s in zip(x.shape[1:-1], reach, steps, strict=True)
    ]
    out = np.zeros((len(x), *sizes, filters))
    groups = x.shape[-1] // depth
    for place in np.ndindex(*sizes):
        for cell in np.ndindex(*window):
            at = tuple(
                p * s + c * g
                for p, s, c, g in zip(place, steps, cell, gaps, strict=True)
            )
            for f in range(filters):
                g = f * groups // filters
                piece = x[(slice(None), *at)][:, g * depth : (g + 1) * depth]
                out[(slice(None), *place, f)] += piece @ kernel[cell][:, f]
    return np.moveaxis(out, -1, 1) if first else out


def direct_depthwise(x: Any, kernel: Any, **kwargs: Any) -> Any:
    *window, channels, multiplier = kernel.shape
    return direct_conv(x, kernel.reshape(*window, 1, channels * multiplier), **kwargs)


def direct_pool(reduce: Any) -> Any:
    def call(
        x: Any,
        size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: Any = None,
    ) -> Any:
        first = data_format == "channels_first"
        x = np.moveaxis(x, 1, -1) if first else x
        count = x.ndim - 2
        size = (size,) * count if isinstance(size, int) else size
        steps = (
            size
            if strides is None
            else (strides,) * count
            if isinstance(strides, int)
            else strides
        )
        starts = []
        for d, w, s in zip(x.shape[1:-1], size, steps, strict=True):
            n = -(-d // s) if padding == "same" else (d - w) // s + 1
            total = max((n - 1) * s + w - d, 0) if padding == "same" else 0
            starts.append([i * s - total // 2 for i in range(n)])
        out = np.zeros((len(x), *map(len, starts), x.shape[-1]), x.dtype)
        for place in np.ndindex(*out.shape[1:-1]):
            key = tuple(
                slice(max(starts[a][p], 0), starts[a][p] + size[a])
                for a, p in enumerate(place)
            )
            out[(slice(None), *place)] = reduce(
                x[(slice(None), *key)], axis=tuple(range(1, count + 1))
            )
        return np.moveaxis(out, -1, 1) if first else out

    return call


def windows() -> None:
    line, image, volume = floats(2, 8, 4), floats(2, 7, 6, 4), floats(1, 5, 4, 5, 2)
    plane = floats(3, 2, 4, 6)
    first = {"data_format": "channels_first"}
    row("conv", line, floats(3, 4, 5), oracle=direct_conv, by="all")
    row("conv", line, floats(3, 4, 5), strides=2, padding="same", oracle=direct_conv)
    row("conv", image, plane, oracle=direct_conv, by="all", tolerance=1e-4)
    row(
        "conv",
        image,
        plane,
        strides=(2, 1),
        padding="same",
        oracle=direct_conv,
        tolerance=1e-4,
        by="all",
    )
    row(
        "conv",
        image,
        plane,
        dilation_rate=2,
        padding="same",
        oracle=direct_conv,
        tolerance=1e-4,
    )
    row("conv", image, floats(3, 2, 2, 6), oracle=direct_conv, tolerance=1e-4)
    row(
        "conv",
        np.moveaxis(image, -1, 1),
        plane,
        oracle=direct_conv,
        tolerance=1e-4,
        **first,
    )
    row(
        "conv",
        volume,
        floats(2, 2, 3, 2, 3),
        padding="same",
        oracle=direct_conv,
        tolerance=1e-4,
    )
    row(
        "depthwise_conv",
        image,
        floats(3, 3, 4, 2),
        oracle=direct_depthwise,
        tolerance=1e-4,
        by="all",
    )
    row(
        "depthwise_conv",
        line,
        floats(3, 4, 1),
        strides=2,
        padding="same",
        oracle=direct_depthwise,
    )
    row(
        "separable_conv",
        image,
        floats(3, 3, 4, 2),
        floats(1, 1, 8, 3),
        tolerance=1e-3,
        by="all",
        oracle=lambda x, d, p: direct_conv(direct_depthwise(x, d), p),
    )
    for op, reduce in (("max_pool", np.max), ("average_pool", np.mean)):
        row(op, line, 2, oracle=direct_pool(reduce), by=(0,))
        row(
            op,
            image,
            (3, 2),
            strides=2,
            padding="same",
            oracle=direct_pool(reduce),
            by=(0,),
        )
        row(op, np.moveaxis(image, -1, 1), 2, oracle=direct_pool(reduce), **first)
        row(op, volume, 2, strides=1, oracle=direct_pool(reduce))
    row(
        "adaptive_average_pool",
        image,
        (7, 3),
        oracle=lambda x, s: x.reshape(2, 7, 3, 2, 4).mean(3),
    )
    row(
        "adaptive_max_pool",
        image,
        (7, 3),
        oracle=lambda x, s: x.reshape(2, 7, 3, 2, 4).max(3),
    )

    def adjoint(x: Any, kernel: Any, strides: Any, padding: str = "valid") -> Any:
        """The transpose of the convolution that makes ``x`` of the result."""
        size = [
            d * strides + (max(w - strides, 0) if padding == "valid" else 0)
            for d, w in zip(x.shape[1:-1], kernel.shape, strict=False)
        ]
        out = np.zeros((len(x), *size, kernel.shape[-2]))
        probe = np.zeros((1, *size, kernel.shape[-2]))
        for i in range(probe.size):
            probe.flat[i] = 1
            image = direct_conv(probe, kernel, strides, padding)[0]
            out.reshape(len(x), -1)[:, i] = (x * image).reshape(len(x), -1).sum(1)
            probe.flat[i] = 0
        return out

    for padding in ("valid", "same"):
        row(
            "conv_transpose",
            floats(2, 3, 4),
            floats(3, 2, 4),
            2,
            oracle=adjoint,
            padding=padding,
            by=(0, 1),
        )
        row(
            "conv_transpose",
            floats(1, 3, 2, 3),
            floats(3, 3, 2, 3),
            1,
            oracle=adjoint,
            padding=padding,
            tolerance=1e-4,
        )


def algebra() -> None:
    x, wide = floats(2, 3, 3), floats(4, 3)
    spd = (x @ x.swapaxes(-1, -2) + 2 * np.eye(3)).astype("float32")
    row(
        "cholesky",
        spd,
        oracle=np.linalg.cholesky,
        by=(0,),
        tolerance=1e-4,
        symmetric=True,
    )
    row(
        "cholesky",
        spd,
        upper=True,
        tolerance=1e-4,
        oracle=lambda x, upper: np.linalg.cholesky(x).swapaxes(-1, -2),
    )
    row(
        "cholesky_inverse",
        np.linalg.cholesky(spd),
        tolerance=1e-3,
        oracle=lambda c: np.linalg.inv(c @ c.swapaxes(-1, -2)),
    )
    for op in ("det", "slogdet", "inv"):
        row(
            op,
            spd,
            oracle=getattr(np.linalg, op),
            by=(0,) if op != "slogdet" else (),
            tolerance=1e-3,
        )
    row(
        "logdet", spd, oracle=lambda x: np.linalg.slogdet(x)[1], by=(0,), tolerance=1e-4
    )
    row(
        "solve", spd, floats(2, 3, 2), oracle=np.linalg.solve, by=(0, 1), tolerance=1e-3
    )
    row(
        "solve_triangular",
        np.tril(spd),
        floats(2, 3, 2),
        lower=True,
        tolerance=1e-3,
        by=(1,),
        oracle=lambda a, b, lower: np.linalg.solve(a, b),
    )
    row("svd", wide, compute_uv=False, tolerance=1e-4, oracle=np.linalg.svd)
    row("pinv", wide, oracle=np.linalg.pinv, tolerance=1e-4)
    row("matrix_rank", np.ones((3, 4), "float32"), oracle=np.linalg.matrix_rank)
    row(
        "lstsq",
        wide,
        floats(4),
        tolerance=1e-3,
        oracle=lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
    )
    row("norm", wide, oracle=np.linalg.norm, by=(0,))
    for order in (1, 2, 3, 0, np.inf, -np.inf):
        row("norm", x, ord=order, axis=1, oracle=np.linalg.norm, tolerance=1e-4)
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        row(
            "norm",
            x,
            ord=order,
            axis=(0, 2),
            keepdims=True,
            oracle=np.linalg.norm,
            tolerance=1e-4,
        )
    row("eigh", spd, oracle=lambda x: np.linalg.eigh(x), tolerance=1e-3, unique=False)
    row("eig", spd, oracle=lambda x: np.linalg.eig(x), tolerance=1e-3, unique=False)
    row(
        "qr",
        wide,
        oracle=lambda x: np.linalg.qr(x),
        tolerance=1e-3,
        unique=False,
        static="sizes decide the shape",
    )
    row("lu_factor", spd, oracle=lambda x: (x, np.zeros((2, 3), "int32")), unique=False)


def every_path(logits: Any, blank: int) -> dict[tuple[int, ...], float]:
    """Return the log-probability of each label sequence, summed over all paths."""
    logs = logits - special.logsumexp(logits, -1, keepdims=True)
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logs.shape[1]), repeat=len(logs)):
        labels = tuple(
            k for i, k in enumerate(path) if k != blank and (not i or path[i - 1] != k)
        )
        score = logs[np.arange(len(path)), list(path)].sum()
        found[labels] = np.logaddexp(found.get(labels, -np.inf), score)
    return found


def direct_ctc(
    target: Any, output: Any, many: Any, steps: Any, mask_index: int = 0
) -> Any:
    rows = zip(target, output.astype("float64"), many, steps, strict=True)
    losses = [
        -every_path(x[:n], mask_index).get(tuple(t[:m].tolist()), -np.inf)
        for t, x, m, n in rows
    ]
    return np.array(losses, "float32")


def direct_beams(inputs: Any, steps: Any, mask_index: int = 0, **kwargs: Any) -> Any:
    count = kwargs["top_paths"]
    labels = np.full((count, *inputs.shape[:2]), -1, "int32")
    scores = np.zeros((len(inputs), count), "float32")
    for i, (x, n) in enumerate(zip(inputs.astype("float64"), steps, strict=True)):
        found = sorted(every_path(x[:n], mask_index).items(), key=lambda kv: -kv[1])
        for j, (path, score) in enumerate(found[:count]):
            labels[j, i, : len(path)], scores[i, j] = path, score
    return labels, scores


def sequences() -> None:
    logits = floats(4, 5, 4)
    steps = np.array([5, 4, 5, 1], "int32")
    labels = np.array([[1, 2, 3], [3, 3, 0], [0, 0, 0], [2, 2, 1]], "int32")
    many = np.array([3, 2, 0, 1], "int32")
    row("ctc_loss", labels, logits, many, steps, oracle=direct_ctc, by=(1,))
    repeated = np.array(
        [[2, 2], [2, 2]], "int32"
    )  # two steps are too few for the second
    two = np.array([2, 2], "int32")
    length = np.array([4, 2], "int32")
    row("ctc_loss", repeated, logits[:2], two, length, oracle=direct_ctc, mask_index=3)
    # No sequence is cut off: the beam is wider than there are sequences.
    for blank in (0, 3):
        row(
            "ctc_decode",
            logits,
            steps,
            oracle=lambda x, n, strategy, beam_width, **kwargs: direct_beams(
                x, n, **kwargs
            ),
            strategy="beam_search",
            beam_width=400,
            top_paths=3,
            mask_index=blank,
        )
    said = np.eye(4, dtype="float32")[[[0, 1, 1, 0, 1], [2, 2, 3, 0, 0]]]
    two, whole = np.array([5, 3], "int32"), np.array([[-5], [-3]], "float32")
    merged = np.array([[[1, 1, -1, -1, -1], [2, 3, -1, -1, -1]]], "int32")
    kept = np.array([[[1, 1, 1, -1, -1], [2, 2, 3, -1, -1]]], "int32")
    row("ctc_decode", said, two, oracle=(merged, whole))
    row("ctc_decode", said, two, oracle=(kept, whole), merge_repeated=False)


def signals() -> None:
    pair = (floats(2, 6), floats(2, 6))

    def parts(fn: Any) -> Any:
        def call(x: Any) -> Any:
            z = fn(x[0] + 1j * x[1])
            return z.real, z.imag

        return call

    row("fft", pair, oracle=parts(np.fft.fft), tolerance=1e-4)
    planes = (floats(2, 3, 4), floats(2, 3, 4))
    row("fft2", planes, oracle=parts(np.fft.fft2), tolerance=1e-4)
    row("ifft2", planes, oracle=parts(np.fft.ifft2), tolerance=1e-4)
    row(
        "rfft",
        floats(2, 7),
        oracle=lambda x: (np.fft.rfft(x).real, np.fft.rfft(x).imag),
        tolerance=1e-4,
    )
    row("irfft", pair, oracle=lambda x: np.fft.irfft(x[0] + 1j * x[1]), tolerance=1e-4)
    wave = floats(2, 20)
    row(
        "extract_sequences",
        wave,
        6,
        4,
        oracle=lambda x, n, s: np.stack([x[:, i : i + n] for i in range(0, 15, s)], 1),
    )

    def short(x: Any, n: int, s: int, length: int, window: Any, center: bool) -> Any:
        z = np.stack([np.fft.rfft(x[:, i : i + n], length) for i in range(0, 15, s)], 1)
        return z.real, z.imag

    row("stft", wave, 6, 4, 6, window=None, center=False, oracle=short, tolerance=1e-4)
    spectrum = short(wave, 8, 4, 8, None, False)
    spectrum = tuple(p.astype("float32") for p in spectrum)
    row(
        "istft",
        spectrum,
        8,
        4,
        8,
        window=None,
        center=False,
        # Without a window, what two pieces have in common is added up.
        oracle=lambda x, *a, **k: (
            wave * np.r_[np.ones(4), np.full(wave.shape[-1] - 8, 2.0), np.ones(4)]
        ),
        tolerance=1e-4,
        static="pieces are put at known places",
    )
    image = floats(1, 2, 5, 4)
    row(
        "unfold",
        image,
        2,
        static="windows of known places",
        oracle=lambda x, k: np.stack(
            [
                x[:, :, i : i + 4, j : j + 3].reshape(1, 2, 12)
                for i in (0, 1)
                for j in (0, 1)
            ],
            2,
        ).reshape(1, 8, 12),
    )
    row(
        "fold",
        np.ones((1, 4, 12), "float32"),
        (5, 4),
        2,
        static="places are known",
        oracle=lambda x, s, k: np.outer([1, 2, 2, 2, 1], [1, 2, 2, 1])[
            None, None
        ].astype("float32"),
    )
    row(
        "depth_to_space",
        floats(2, 1, 1, 4),
        2,
        oracle=lambda x, b: x.reshape(2, 2, 2, 1),
    )
    row(
        "space_to_depth",
        floats(2, 2, 2, 1),
        2,
        oracle=lambda x, b: x.reshape(2, 1, 1, 4),
    )
    row(
        "rearrange",
        CUBE,
        "a b (c d) -> d a (b c)",
        d=2,
        oracle=lambda x, p, d: (
            x.reshape(2, 3, 2, 2).transpose(3, 0, 1, 2).reshape(2, 2, 6)
        ),
    )
    row("view", A, "int32", oracle=lambda x, d: x.view(d))
    row("view", np.arange(8, dtype="uint8"), "int32", oracle=lambda x, d: x.view(d))
    row("polar", POSITIVE, B, oracle=lambda r, a: r * np.exp(1j * a))

    def attend(q: Any, k: Any, v: Any, is_causal: bool = False) -> Any:
        logits = np.einsum("btnh,bsnh->bnts", q, k) / math.sqrt(q.shape[-1])
        if is_causal:
            logits = np.where(np.tri(q.shape[1], dtype=bool), logits, -np.inf)
        return np.einsum("bnts,bsnh->btnh", special.softmax(logits, -1), v)

    q, k, v = (floats(2, 4, 2, 3) for _ in range(3))
    row("dot_product_attention", q, k, v, oracle=attend, by=(0, 1, 2), tolerance=1e-4)
    row("dot_product_attention", q, k, v, is_causal=True, oracle=attend, tolerance=1e-4)


for table in (
    elementwise,
    reductions,
    shapes,
    choosing,
    sorting,
    products,
    creation,
    mathematics,
    networks,
    windows,
    algebra,
    signals,
    sequences,
):
    table()
