"""Complex numbers seen as pairs of real ones."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.numpy.elementwise import add, as_float, imag, multiply, real
from dlcore.src.ops.numpy.shape import stack
from dlcore.src.symbolic import Spec


def _complex_rule(x: Any) -> Spec:
    shape = rules.shape_of(x)
    if not shape or shape[-1] not in (2, None):
        raise ValueError(
            f"Last dimension of input must be size 2 (real and imaginary), got {shape}"
        )
    return Spec(shape[:-1], "complex64")


@derived(rule=_complex_rule)
def view_as_complex(x: Any) -> Any:
    """Make complex64 numbers of pairs (real, imaginary) in the last axis."""
    spec = _complex_rule(x)
    x = as_float(x)
    imaginary = multiply(cast(x[..., 1], spec.dtype), 1j)
    return cast(add(cast(x[..., 0], spec.dtype), imaginary), spec.dtype)


def _real_rule(x: Any) -> Spec:
    dtype = rules.promoted(x)
    return Spec((*rules.shape_of(x), 2), rules.REAL.get(dtype, dtype))


@derived(rule=_real_rule)
def view_as_real(x: Any) -> Any:
    """Make pairs (real, imaginary) in a new last axis of complex numbers."""
    return stack([real(x), imag(x)], -1)
