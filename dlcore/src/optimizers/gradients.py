"""What happens to gradients before they are used."""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Sequence
from typing import Any

from dlcore import ops


class Clipping:
    """Limit gradients by value, by norm, or by the norm of all together.

    Parameters
    ----------
    clipnorm, clipvalue, global_clipnorm : float, optional
        At most one of them.

    Raises
    ------
    ValueError
        If more than one is given.

    References
    ----------
    Pascanu et al., 2013, On the difficulty of training recurrent neural networks,
    arXiv:1211.5063, algorithm 1.
    """

    def __init__(
        self,
        clipnorm: float | None,
        clipvalue: float | None,
        global_clipnorm: float | None,
    ):
        given = {
            "clipnorm": clipnorm,
            "clipvalue": clipvalue,
            "global_clipnorm": global_clipnorm,
        }
        if sum(v is not None for v in given.values()) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be "
                "given, got " + ", ".join(f"{k}={v}" for k, v in given.items()) + "."
            )
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm

    def __call__(self, grads: Sequence[Any]) -> list[Any]:
        """Return the limited gradients."""
        if self.clipnorm and self.clipnorm > 0:
            return [self._by_norm(g, self.clipnorm) for g in grads]
        if self.clipvalue and self.clipvalue > 0:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.global_clipnorm and self.global_clipnorm > 0:
            norm = global_norm(grads)
            scale = self.global_clipnorm / ops.maximum(norm, self.global_clipnorm)
            # norm - norm is 0, or NaN where the norm is infinite: that must show.
            scale = scale + (norm - norm)
            return [g * ops.cast(scale, g.dtype) for g in grads]
        return list(grads)

    @staticmethod
    def _by_norm(g: Any, limit: float) -> Any:
        norm = ops.sqrt(ops.sum(ops.square(g)))
        return g * (limit / ops.maximum(norm, limit))


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
