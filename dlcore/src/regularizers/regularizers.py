"""Penalties on weights and outputs."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.config import Configurable
from dlcore.src.export import export


def _factor(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"Argument `{name}` must be a number, got {value!r}.")
    if not 0 <= value < float("inf"):
        raise ValueError(
            f"Argument `{name}` must be finite and not negative, got {value!r}."
        )
    return float(value)


@export("dlcore.Regularizer", "dlcore.regularizers.Regularizer")
class Regularizer(Configurable):
    """Base class of penalties: called with a tensor, they return a scalar.

    Examples
    --------
    >>> import dlcore
    >>> class Largest(dlcore.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return dlcore.ops.max(dlcore.ops.absolute(x))
    >>> float(Largest()([1.0, -3.0]))
    3.0
    """

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        raise NotImplementedError(f"{type(self).__name__} must define `__call__`.")


@export("dlcore.regularizers.L1L2", "dlcore.regularizers.l1_l2")
class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x**2)``.

    Parameters
    ----------
    l1, l2 : float
        Factors, 0 or more.

    Raises
    ------
    ValueError
        If a factor is negative or not finite.

    References
    ----------
    Zou and Hastie, 2005, Regularization and variable selection via the elastic net.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = _factor("l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        penalty = 0.0
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.absolute(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return ops.convert_to_tensor(penalty)


@export("dlcore.regularizers.L1", "dlcore.regularizers.l1")
class L1(Regularizer):
    """``l1 * sum(|x|)``.

    Parameters
    ----------
    l1 : float
        Factor, 0 or more.
    """

    def __init__(self, l1: float = 0.01):
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        return self.l1 * ops.sum(ops.absolute(x))


@export("dlcore.regularizers.L2", "dlcore.regularizers.l2")
class L2(Regularizer):
    """``l2 * sum(x**2)``.

    Parameters
    ----------
    l2 : float
        Factor, 0 or more.
    """

    def __init__(self, l2: float = 0.01):
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        return self.l2 * ops.sum(ops.square(x))


@export(
    "dlcore.regularizers.OrthogonalRegularizer",
    "dlcore.regularizers.orthogonal_regularizer",
)
class OrthogonalRegularizer(Regularizer):
    """Mean ``|cosine|`` between the rows, or the columns, of a matrix.

    Parameters
    ----------
    factor : float
    mode : {"rows", "columns"}
        Which vectors are to be orthogonal.

    Raises
    ------
    ValueError
        If ``mode`` is neither, or the tensor is no matrix.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _factor("factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                "Invalid value for argument `mode`. Expected one of "
                f'{{"rows", "columns"}}. Received: mode={mode}'
            )
        self.mode = mode

    def __call__(self, inputs: Any) -> Any:
        """Return the penalty of a matrix."""
        if len(inputs.shape) != 2:
            raise ValueError(
                "Inputs to OrthogonalRegularizer must have rank 2. Received: "
                f"inputs.shape={tuple(inputs.shape)}"
            )
        by_rows = self.mode == "rows"
        vectors = ops.normalize(inputs, axis=1 if by_rows else 0)
        other = ops.transpose(vectors)
        cosines = ops.matmul(*((vectors, other) if by_rows else (other, vectors)))
        size = int(inputs.shape[0 if by_rows else 1])
        others = 1.0 - ops.eye(size, dtype=cosines.dtype)
        pairs = size * (size - 1.0) / 2.0
        return self.factor * 0.5 * ops.sum(ops.absolute(cosines * others)) / pairs
