"""How weights lie when they are quantized, and what a layer does with them."""

from __future__ import annotations

import math
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dlcore import ops


@dataclass(frozen=True)
class Layout:
    """How one weight is quantized.

    Attributes
    ----------
    shape : tuple of int
        As floats.
    summed : tuple of int
        The axes that products sum over: what is left has scales of its own.
    outputs : tuple of int or None
        The scale's axes in the layer's outputs: an axis of the weight, or None for one
        of size 1.
    flat : tuple of two int
        The matrix as which it is packed in 4 bits.
    along : int
        The axis of ``flat`` along which blocks share a scale.
    packed : int
        The axis of ``flat`` along which two numbers share a byte.
    """

    shape: tuple[int, ...]
    summed: tuple[int, ...]
    outputs: tuple[int | None, ...]
    flat: tuple[int, ...]
    along: int = 0
    packed: int = 1

    @property
    def packed_shape(self) -> tuple[int, ...]:
        """The shape of the bytes that hold numbers in 4 bits."""
        halved = [*self.flat]
        halved[self.packed] = (halved[self.packed] + 1) // 2
        return tuple(halved)

    def block_shape(self, size: int) -> tuple[int, ...]:
        """Return the shape of scales of blocks; -1 for one scale a column."""
        if size == -1:
            return (self.flat[1 - self.along],)
        shape = [*self.flat]
        shape[self.along] = math.ceil(shape[self.along] / size)
        return tuple(shape)

    @property
    def scale_shape(self) -> tuple[int, ...]:
        """The shape of scales, one for each output."""
        return tuple(1 if a is None else self.shape[a] for a in self.outputs)

    def to_outputs(self, scale: Any) -> Any:
        """Lay a scale with the weight's axes as it fits the outputs."""
        return aligned(scale, self.outputs)

    def to_weight(self, scale: Any) -> Any:
        """Undo ``to_outputs``."""
        absent = tuple(i for i, a in enumerate(self.outputs) if a is None)
        scale = ops.squeeze(scale, absent) if absent else scale
        kept = [a for a in self.outputs if a is not None]
        order = sorted(range(len(kept)), key=kept.__getitem__)
        return ops.expand_dims(ops.transpose(scale, order), self.summed)


def aligned(scale: Any, axes: tuple[int | None, ...]) -> Any:
    """Return a scale with other axes: its own, or None for one of size 1."""
    kept = [a for a in axes if a is not None]
    gone = tuple(i for i in range(len(scale.shape)) if i not in kept)
    scale = ops.squeeze(scale, gone) if gone else scale
    rank = {axis: i for i, axis in enumerate(sorted(kept))}
    scale = ops.transpose(scale, [rank[a] for a in kept])
    new = tuple(i for i, a in enumerate(axes) if a is None)
    return ops.expand_dims(scale, new) if new else scale


@dataclass(frozen=True)
class Product:
    """What a layer does with its weight.

    Attributes
    ----------
    run : Callable
        Inputs, weight -> outputs.
    back : Callable
        Gradient of the outputs, weight -> that of the inputs.
    axes : tuple of int
        The inputs' axes that are summed over.
    scale : Callable
        The inputs' scale -> as it fits the outputs.
    """

    run: Callable[[Any, Any], Any]
    back: Callable[[Any, Any], Any]
    axes: tuple[int, ...] = (-1,)
    scale: Callable[[Any], Any] = lambda x: x


MATRIX = Product(ops.matmul, lambda up, weight: ops.matmul(up, ops.transpose(weight)))


class Equation:
    """The equation of an ``EinsumDense`` for inputs of a rank.

    Parameters
    ----------
    equation : str
    rank : int
        Of the inputs; ``...`` becomes as many letters as it stands for.
    """

    def __init__(self, equation: str, rank: int):
        equation = equation.replace(" ", "")
        inputs = equation.partition(",")[0]
        free = [c for c in string.ascii_letters if c not in equation]
        if "..." in inputs:
            count = rank - len(inputs.replace("...", ""))
            equation = equation.replace("...", "".join(free[:count]))
        operands, self.outputs = equation.split("->")
        self.inputs, self.kernel = operands.split(",")

    def _axes(self, labels: str) -> tuple[int | None, ...]:
        return tuple(labels.index(c) if c in labels else None for c in self.outputs)

    def _summed(self, labels: str) -> tuple[int, ...]:
        return tuple(i for i, c in enumerate(labels) if c not in self.outputs)

    def layout(self, shape: tuple[int, ...]) -> Layout:
        """Return how the kernel is quantized."""
        summed = self._summed(self.kernel)
        rows = math.prod(shape[i] for i in summed)
        flat = (rows, math.prod(shape) // rows)
        return Layout(shape, summed, self._axes(self.kernel), flat)

    def product(self) -> Product:
        """Return what is done with the kernel."""
        there = f"{self.inputs},{self.kernel}->{self.outputs}"
        back = f"{self.outputs},{self.kernel}->{self.inputs}"
        return Product(
            lambda x, weight: ops.einsum(there, x, weight),
            lambda up, weight: ops.einsum(back, up, weight),
            self._summed(self.inputs),
            lambda scale: aligned(scale, self._axes(self.inputs)),
        )
