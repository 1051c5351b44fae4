"""What happens to gradients before they are used."""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Sequence
from typing import Any

from dlcore import ops


def check_one_limit(**limits: float | None) -> None:
    """Check that at most one limit is given.

    Raises
    ------
    ValueError
        If there are more.
    """
    if sum(v is not None for v in limits.values()) > 1:
        raise ValueError(
            "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set, got "
            + ", ".join(f"{k}={v}" for k, v in limits.items())
            + "."
        )


def clipped(
    grads: Sequence[Any],
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
) -> list[Any]:
    """Limit gradients by norm, by value, or by the norm of all together.

    References
    ----------
    Pascanu et al., 2013, On the difficulty of training recurrent neural networks,
    arXiv:1211.5063, algorithm 1.
    """
    if clipnorm and clipnorm > 0:
        norms = (ops.sqrt(ops.sum(ops.square(g))) for g in grads)
        return [
            g * (clipnorm / ops.maximum(norm, clipnorm))
            for g, norm in zip(grads, norms, strict=True)
        ]
    if clipvalue and clipvalue > 0:
        return [ops.clip(g, -clipvalue, clipvalue) for g in grads]
    if global_clipnorm and global_clipnorm > 0:
        norm = global_norm(grads)
        scale = global_clipnorm / ops.maximum(norm, global_clipnorm)
        # norm - norm is 0, or NaN where the norm is infinite: that must show.
        scale = scale + (norm - norm)
        return [g * ops.cast(scale, g.dtype) for g in grads]
    return list(grads)


def global_norm(tensors: Sequence[Any]) -> Any:
    """Return the norm of all tensors as if they were one vector."""
    squares = (ops.sum(ops.square(t)) for t in tensors)
    return ops.sqrt(functools.reduce(operator.add, squares))


def without_missing(
    grads: Sequence[Any], variables: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Leave out weights whose gradient is None, with a warning.

    Raises
    ------
    ValueError
        If all are None.
    """
    there = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
    if not there:
        raise ValueError(
            "No gradients provided for any variable: the loss does not depend on the "
            f"variables {[v.path for v in variables]}."
        )
    if len(there) < len(variables):
        missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
        warnings.warn(
            f"Gradients do not exist for the variables {missing}: the loss does not "
            "depend on them.",
            stacklevel=3,
        )
    kept, weights = zip(*there, strict=True)
    return list(kept), list(weights)
