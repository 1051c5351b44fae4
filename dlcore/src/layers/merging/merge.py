"""Layers that make one tensor of several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.context import get_mask
from dlcore.src.layers.layer import Layer


class Merge(Layer):
    """Base: tensors that broadcast, put together element by element."""

    _op: ClassVar[Callable[[Any, Any], Any]]

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shapes = _several(self, input_shape)
        batches = {s[0] for s in shapes if s and s[0] is not None}
        if len(batches) > 1:
            raise ValueError(
                "Cannot merge tensors with different batch sizes. Received tensors "
                f"with shapes {shapes}"
            )
        _broadcast(shapes)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        inputs = _several(self, inputs)
        widest = max(len(x.shape) for x in inputs)
        wide = []
        for x in inputs:
            for _ in range(widest - len(x.shape)):
                x = ops.expand_dims(x, axis=1)
            wide.append(x)
        return self._merge(wide)

    def _merge(self, inputs: Sequence[Any]) -> Any:
        op = type(self)._op
        result = inputs[0]
        for x in inputs[1:]:
            result = op(result, x)
        return result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        if mask is None:
            return None
        _check_masks(inputs, mask)
        if any(m is None for m in mask):
            return None
        result = mask[0]
        for m in mask[1:]:
            result = ops.logical_or(result, m)
        return result


def _check_masks(inputs: Any, mask: Any) -> None:
    if not isinstance(mask, list | tuple):
        raise ValueError(f"`mask` should be a list. Received: mask={mask}")
    if not isinstance(inputs, list | tuple):
        raise ValueError(f"`inputs` should be a list. Received: inputs={inputs}")
    if len(mask) != len(inputs):
        raise ValueError(
            "The lists `inputs` and `mask` should have the same length. Received: "
            f"{len(inputs)} inputs and {len(mask)} masks."
        )


def _several(layer: Layer, inputs: Any) -> Any:
    tuple_of_sizes = isinstance(inputs, tuple) and any(
        d is None or isinstance(d, int) for d in inputs
    )
    if not isinstance(inputs, list | tuple) or tuple_of_sizes:
        raise ValueError(
            f"A merge layer ({type(layer).__name__}) should be called on a list of "
            f"inputs. Received: inputs={inputs} (not a list of tensors)"
        )
    if not inputs:
        raise ValueError(f"{layer.described} was called on an empty list.")
    return inputs


def _broadcast(shapes: Any) -> None:
    from dlcore.src.ops.rules import broadcast_shapes

    try:
        broadcast_shapes(*(tuple(s[1:]) for s in shapes if s is not None))
    except ValueError:
        raise ValueError(
            "Inputs have incompatible shapes. Received shapes "
            f"{' and '.join(str(tuple(s[1:])) for s in shapes)}"
        ) from None


@export("dlcore.layers.Add")
class Add(Merge):
    """Sum of the inputs.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 3))
    >>> dlcore.layers.Add()([x, x]).shape
    (2, 3)
    """

    _op = ops.add


@export("dlcore.layers.Subtract")
class Subtract(Merge):
    """First input minus the second."""

    _op = ops.subtract

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(
                "A `Subtract` layer should be called on exactly 2 inputs. Received: "
                f"input_shape={input_shape}"
            )

    def _merge(self, inputs: Sequence[Any]) -> Any:
        if len(inputs) != 2:
            raise ValueError(
                "A `Subtract` layer should be called on exactly 2 inputs. Received: "
                f"{len(inputs)}"
            )
        return super()._merge(inputs)


@export("dlcore.layers.Multiply")
class Multiply(Merge):
    """Product of the inputs, element by element; masked steps count as ones."""

    _op = ops.multiply

    def _merge(self, inputs: Sequence[Any]) -> Any:
        masks = [get_mask(x) for x in inputs]
        shown = [
            x if m is None else ops.where(_wide(m), x, ops.ones_like(x))
            for x, m in zip(inputs, masks, strict=True)
        ]
        result = super()._merge(shown)
        if any(m is None for m in masks):
            return result
        seen = functools.reduce(ops.logical_or, masks)
        return ops.where(_wide(seen), result, ops.zeros_like(result))


@export("dlcore.layers.Average")
class Average(Merge):
    """Mean of the inputs."""

    _op = ops.add

    def _merge(self, inputs: Sequence[Any]) -> Any:
        return ops.divide(super()._merge(inputs), len(inputs))


class _Extreme(Merge):
    """Base: masked steps do not count where another input is not masked."""

    def _merge(self, inputs: Sequence[Any]) -> Any:
        op = type(self)._op
        result, seen = inputs[0], get_mask(inputs[0])
        for x in inputs[1:]:
            mask = get_mask(x)
            other = x if mask is None else ops.where(_wide(mask), x, result)
            if seen is not None:
                result = ops.where(_wide(seen), result, other)
                seen = None if mask is None else ops.logical_or(seen, mask)
            result = op(result, other)
        return result


def _wide(mask: Any) -> Any:
    return ops.expand_dims(mask, -1)


@export("dlcore.layers.Maximum")
class Maximum(_Extreme):
    """Largest of the inputs, element by element."""

    _op = ops.maximum


@export("dlcore.layers.Minimum")
class Minimum(_Extreme):
    """Smallest of the inputs, element by element."""

    _op = ops.minimum


@export("dlcore.layers.Concatenate")
class Concatenate(Merge):
    """Inputs one after the other along an axis.

    Parameters
    ----------
    axis : int
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 3))
    >>> dlcore.layers.Concatenate()([x, x]).shape
    (2, 6)
    """

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shapes = _several(self, input_shape)
        ranks = {len(s) for s in shapes}
        if len(ranks) > 1:
            raise ValueError(
                "A `Concatenate` layer requires inputs of the same rank. Received: "
                f"input_shape={shapes}"
            )
        rank = ranks.pop()
        if not -rank <= self.axis < rank:
            raise ValueError(
                f"{self.described}: axis {self.axis} is out of bounds for {rank} "
                "dimensions."
            )
        axis = self.axis % rank
        for sizes in zip(*(s[:axis] + s[axis + 1 :] for s in shapes), strict=True):
            if len(set(sizes) - {None}) > 1:
                raise ValueError(
                    "A `Concatenate` layer requires inputs with matching shapes "
                    "except for the concatenation axis. Received: "
                    f"input_shape={shapes}"
                )

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.concatenate(list(_several(self, inputs)), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        if mask is None:
            return None
        _check_masks(inputs, mask)
        if all(m is None for m in mask):
            return None
        parts = []
        for x, m in zip(inputs, mask, strict=True):
            if m is None:
                m = ops.ones_like(x, dtype="bool")
            elif len(m.shape) < len(x.shape):
                while len(m.shape) < len(x.shape):
                    m = ops.expand_dims(m, axis=-1)
                m = ops.logical_or(m, ops.zeros_like(x, dtype="bool"))
            parts.append(m)
        return ops.any(ops.concatenate(parts, axis=self.axis), axis=-1, keepdims=False)


@export("dlcore.layers.Dot")
class Dot(Layer):
    """Dot product of two inputs along an axis of each.

    Parameters
    ----------
    axes : int or pair of int
    normalize : bool
        Whether to scale to unit length before, which gives the cosine.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 3))
    >>> dlcore.layers.Dot(axes=1)([x, x]).shape
    (2, 1)
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        both = axes if isinstance(axes, list | tuple) else (axes, axes)
        if len(both) != 2 or not all(isinstance(a, int) for a in both):
            raise TypeError(
                "Invalid type for argument `axes`: it should be an int or a list or "
                f"tuple with 2 elements. Received: axes={axes}"
            )
        self.axes = axes
        self.normalize = normalize
        self.supports_masking = True

    def _both(self, shapes: Any) -> tuple[int, int]:
        axes = self.axes
        first, second = axes if isinstance(axes, list | tuple) else (axes, axes)
        return first % len(shapes[0]), second % len(shapes[1])

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        if len(input_shape) != 2 or not isinstance(input_shape[0], list | tuple):
            raise ValueError(
                "A `Dot` layer should be called on a list of 2 inputs. Received: "
                f"input_shape={input_shape}"
            )
        first, second = self._both(input_shape)
        sizes = (input_shape[0][first], input_shape[1][second])
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                "Incompatible input shapes: axis values "
                f"{sizes[0]} (at axis {first}) != {sizes[1]} (at axis {second}). "
                f"Full input shapes: {input_shape[0]}, {input_shape[1]}"
            )

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        x, y = inputs
        first, second = self._both((x.shape, y.shape))
        if self.normalize:
            x = ops.normalize(x, axis=first)
            y = ops.normalize(y, axis=second)
        # The axis moves to the end; batches stay; the rest is one axis each.
        x = ops.moveaxis(x, first, -1)
        y = ops.moveaxis(y, second, -1)
        left, right = tuple(ops.shape(x))[1:-1], tuple(ops.shape(y))[1:-1]
        if not left and not right:
            return ops.sum(ops.multiply(x, y), axis=-1, keepdims=True)
        size = x.shape[-1]
        batch = -1 if ops.shape(x)[0] is None else ops.shape(x)[0]
        x = ops.reshape(x, (batch, _product(left), size))
        y = ops.reshape(y, (batch, _product(right), size))
        result = ops.matmul(x, ops.transpose(y, (0, 2, 1)))
        return ops.reshape(result, (batch, *left, *right))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        return None


def _product(sizes: Any) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result


@export("dlcore.layers.add")
def add(inputs: Any, **kwargs: Any) -> Any:
    """Return the sum of a list of tensors; see ``Add``."""
    return Add(**kwargs)(inputs)


@export("dlcore.layers.subtract")
def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Return the difference of two tensors; see ``Subtract``."""
    return Subtract(**kwargs)(inputs)


@export("dlcore.layers.multiply")
def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Return the product of a list of tensors; see ``Multiply``."""
    return Multiply(**kwargs)(inputs)


@export("dlcore.layers.average")
def average(inputs: Any, **kwargs: Any) -> Any:
    """Return the mean of a list of tensors; see ``Average``."""
    return Average(**kwargs)(inputs)


@export("dlcore.layers.maximum")
def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Return the largest values of a list of tensors; see ``Maximum``."""
    return Maximum(**kwargs)(inputs)


@export("dlcore.layers.minimum")
def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Return the smallest values of a list of tensors; see ``Minimum``."""
    return Minimum(**kwargs)(inputs)


@export("dlcore.layers.concatenate")
def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return a list of tensors one after the other; see ``Concatenate``."""
    return Concatenate(axis=axis, **kwargs)(inputs)


@export("dlcore.layers.dot")
def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Return the dot product of two tensors; see ``Dot``."""
    return Dot(axes=axes, **kwargs)(inputs)
