"""Ops that are alike, by kind: a backend wraps its library's function of that name.

What a library does not have under the name stays with the op's shared body, or with
the function that the backend's file defines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Two arguments of the promoted dtype, a result of it.
ELEMENTWISE = (
    *("add", "subtract", "multiply", "maximum", "minimum", "fmax", "fmin", "mod"),
    *("floor_divide", "fmod", "power", "gcd", "lcm"),
)
#: The same, with the arguments ``x`` and ``y``.
BITS = (
    *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift"),
    "bitwise_right_shift",
)
#: One argument, a floating result.
FLOATING = (
    *("exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "sqrt", "cbrt", "sin"),
    *("cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh"),
    *("arccosh", "arctanh", "deg2rad", "rad2deg", "sinc", "i0", "fabs", "floor"),
    *("ceil", "erf", "erfc", "erfinv", "rsqrt", "reciprocal"),
)
#: Two arguments of the promoted dtype, a floating result.
FLOATING2 = (
    *("divide", "true_divide", "arctan2", "hypot", "logaddexp", "logaddexp2"),
    *("nextafter", "heaviside"),
)
#: Arguments of the promoted dtype, a bool result.
PREDICATE = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
#: Two arguments taken for bool, a bool result.
LOGICAL = ("logical_and", "logical_or", "logical_xor")
#: One argument; the result follows its dtype as the library does it.
SAME = (
    *("absolute", "negative", "sign", "square", "conjugate", "real", "imag", "trunc"),
    *(
        "bitwise_not",
        "logical_not",
        "isnan",
        "isfinite",
        "isinf",
        "isposinf",
        "isneginf",
        "signbit",
    ),
)
KINDS = {
    "elementwise": ELEMENTWISE,
    "floating": FLOATING,
    "floating2": FLOATING2,
    "predicate": PREDICATE,
    "logical": LOGICAL,
    "same": SAME,
}


def fill(
    namespace: dict[str, Any],
    library: Any,
    wrappers: Mapping[str, Callable[..., Any]],
    renamed: Mapping[str, str] | None = None,
    without: tuple[str, ...] = (),
) -> None:
    """Put a wrapped function of the library under each name that the file lacks.

    Parameters
    ----------
    namespace : dict
        ``globals()`` of a backend's file.
    library : module
    wrappers : mapping
        Kind -> what makes an op of a function of the library.
    renamed : mapping, optional
        Name of an op -> dotted name in the library.
    without : tuple of str
        Ops for which the library's function is not right.
    """
    renamed = renamed or {}
    for kind, wrap in wrappers.items():
        for name in KINDS[kind]:
            function = library
            for part in renamed.get(name, name).split("."):
                function = getattr(function, part, None)
            if function is not None and name not in without:
                namespace.setdefault(name, wrap(function))
    if "elementwise" in wrappers:
        for name in BITS:
            function = getattr(library, name, None)
            if function is not None:
                namespace.setdefault(
                    name, _of_x_and_y(wrappers["elementwise"](function))
                )


def _of_x_and_y(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: op(x, y)
