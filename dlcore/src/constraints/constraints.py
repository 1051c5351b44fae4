"""Constraints: what a weight becomes after each update."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.config import Configurable
from dlcore.src.export import export


@export("dlcore.constraints.Constraint")
class Constraint(Configurable):
    """Base class of constraints: called with a weight, they return an allowed one.

    Examples
    --------
    >>> import dlcore
    >>> class AtMostOne(dlcore.constraints.Constraint):
    ...     def __call__(self, w):
    ...         return dlcore.ops.minimum(w, 1.0)
    >>> dlcore.ops.convert_to_numpy(AtMostOne()([0.5, 2.0])).tolist()
    [0.5, 1.0]
    """

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight next to ``w``, of the same shape: here, itself."""
        return w


def _norms(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


@export("dlcore.constraints.MaxNorm", "dlcore.constraints.max_norm")
class MaxNorm(Constraint):
    """Scale vectors down to a norm of at most ``max_value``.

    Parameters
    ----------
    max_value : float
    axis : int or sequence of int
        Along which the norm is computed: 0 for the inputs of each unit of a dense
        kernel ``(inputs, units)``, ``[0, 1, 2]`` for each filter of a 2D convolution.

    References
    ----------
    Srivastava et al., 2014, Dropout: a simple way to prevent neural networks from
    overfitting, section 5.1.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the weight with its long vectors shortened."""
        norms = _norms(w, self.axis)
        wanted = ops.clip(norms, 0, self.max_value)
        return ops.multiply(w, wanted / (config.epsilon() + norms))


@export("dlcore.constraints.NonNeg", "dlcore.constraints.non_neg")
class NonNeg(Constraint):
    """Set negative weights to 0."""

    def __call__(self, w: Any) -> Any:
        """Return the weight without negative values."""
        return ops.maximum(w, 0.0)


@export("dlcore.constraints.UnitNorm", "dlcore.constraints.unit_norm")
class UnitNorm(Constraint):
    """Scale vectors to norm 1.

    Parameters
    ----------
    axis : int or sequence of int
        Along which the norm is computed (see ``MaxNorm``).
    """

    def __init__(self, axis: Any = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the weight with vectors of norm 1."""
        return ops.divide(w, config.epsilon() + _norms(w, self.axis))


@export("dlcore.constraints.MinMaxNorm", "dlcore.constraints.min_max_norm")
class MinMaxNorm(Constraint):
    """Scale vectors to a norm between two bounds.

    Parameters
    ----------
    min_value, max_value : float
    rate : float
        How far to go towards the bound in one step: 1 is all the way.
    axis : int or sequence of int
        Along which the norm is computed (see ``MaxNorm``).
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Any = 0,
    ):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the weight with vectors of allowed norms."""
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value)
        wanted = wanted + (1.0 - self.rate) * norms
        return ops.multiply(w, wanted / (config.epsilon() + norms))
