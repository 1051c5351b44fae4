"""Layers that only move values: flatten, reshape, permute, repeat."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.sizes import data_format_of


@export("dlcore.layers.Flatten")
class Flatten(Layer):
    """Put all axes but the batch into one.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        With channels first they are moved to the end before.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.Flatten()(dlcore.ops.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        shape = tuple(ops.shape(inputs))
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, axes=(0, *range(2, len(shape)), 1))
        rest = shape[1:]
        if None in rest and shape[0] is not None:
            return ops.reshape(inputs, (shape[0], -1))
        if None in rest:
            return ops.reshape(inputs, (-1, math.prod(d for d in rest if d)))
        return ops.reshape(inputs, (-1, math.prod(rest)))

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the outputs' shape and dtype."""
        from dlcore.src.symbolic import KerasTensor

        rest = inputs.shape[1:]
        size = None if None in rest else math.prod(rest)
        return KerasTensor((inputs.shape[0], size), inputs.dtype)


@export("dlcore.layers.Reshape")
class Reshape(Layer):
    """Give each sample another shape.

    Parameters
    ----------
    target_shape : sequence of int
        Without the batch axis; one size may be -1.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.Reshape((3, -1))(dlcore.ops.ones((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, target_shape: Any, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(target_shape, list | tuple):
            target_shape = (target_shape,)
        target_shape = tuple(target_shape)
        if any(d is None or d < -1 for d in target_shape):
            raise ValueError(
                "Each dimension in `target_shape` must be a non-negative integer, or "
                f"-1 for what is left. Received: target_shape={target_shape}"
            )
        if target_shape.count(-1) > 1:
            raise ValueError(
                "The `target_shape` argument can have at most one unknown dimension "
                f"(-1). Received: target_shape={target_shape}"
            )
        self.target_shape = target_shape
        self._build_at_init()

    def _sizes(self, rest: Any) -> tuple[int | None, ...]:
        """Return the sample's new shape, -1 resolved where it can be."""
        wanted = self.target_shape
        if None in rest:
            return tuple(None if d == -1 else d for d in wanted)
        known = math.prod(d for d in wanted if d != -1)
        total = math.prod(rest)
        if (-1 in wanted and (not known or total % known)) or (
            -1 not in wanted and known != total
        ):
            raise ValueError(
                "The total size of the tensor must be unchanged. Received: "
                f"input_shape={tuple(rest)}, target_shape={wanted}"
            )
        return tuple(total // known if d == -1 else d for d in wanted)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the outputs' shape and dtype."""
        from dlcore.src.symbolic import KerasTensor

        shape = (inputs.shape[0], *self._sizes(inputs.shape[1:]))
        return KerasTensor(shape, inputs.dtype)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        sizes = self._sizes(ops.shape(inputs)[1:])
        if None in sizes:
            return ops.reshape(inputs, (ops.shape(inputs)[0], *self.target_shape))
        return ops.reshape(inputs, (-1, *sizes))


@export("dlcore.layers.Permute")
class Permute(Layer):
    """Put the axes of each sample in another order.

    Parameters
    ----------
    dims : sequence of int
        Axes counted from 1, since the batch axis stays: ``(2, 1)`` swaps two.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.Permute((2, 1))(dlcore.ops.ones((2, 3, 4))).shape
    (2, 4, 3)
    """

    def __init__(self, dims: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of "
                "indices in `dims` must be consecutive and start from 1. Received "
                f"dims={dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.transpose(inputs, axes=(0, *self.dims))


@export("dlcore.layers.RepeatVector")
class RepeatVector(Layer):
    """Repeat a vector ``n`` times: ``(batch, features)`` to ``(batch, n, features)``.

    Parameters
    ----------
    n : int
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(n, int):
            raise TypeError(f"Expected an integer value for `n`, got {type(n)}.")
        if n <= 0:
            raise ValueError(
                f"Argument `n` should be a positive integer. Received: n={n}"
            )
        self.n = n
        self.input_spec = InputSpec(ndim=2)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
