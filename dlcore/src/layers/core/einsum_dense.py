"""``EinsumDense``: a dense layer whose product is written in Einstein's notation."""

from __future__ import annotations

import copy
import re
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.initializers.random import VarianceScaling
from dlcore.src.layers.adapters.low_rank import Adaptable, AdaptedWeight


@export("dlcore.layers.EinsumDense")
class EinsumDense(Adaptable):
    """``activation(einsum(equation, inputs, kernel) + bias)``.

    Parameters
    ----------
    equation : str
        Of inputs and kernel, ``"abc,cd->abd"`` for instance; ``...`` stands for the
        inputs' first or last axes.
    output_shape : int or sequence of int or None
        Sizes of the output without the batch axis; None for axes of the input.
    activation : str or Callable, optional
    bias_axes : str, optional
        The output's axes that the bias has; no bias unless given.
    kernel_initializer, bias_initializer : str or Initializer
    kernel_regularizer, bias_regularizer, activity_regularizer : optional
    kernel_constraint, bias_constraint : optional
    lora_rank, lora_alpha : optional
        As in ``enable_lora``, which ``build`` then calls.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d")
    >>> layer(dlcore.ops.ones((2, 3, 5))).shape
    (2, 3, 4)
    """

    kernel: Any = AdaptedWeight()

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep({k: v for k, v in locals().items() if k != "output_shape"})
        several = isinstance(output_shape, list | tuple)
        self.partial_output_shape = tuple(output_shape) if several else (output_shape,)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        kernel, bias = _shapes(
            self.equation, self.bias_axes, input_shape, self.partial_output_shape
        )
        self.kernel = self.add_weight(
            kernel,
            name="kernel",
            initializer=_told_axes(self.kernel_initializer, self.equation),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if bias is not None:
            self.bias = self.add_weight(
                bias,
                name="bias",
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self._adapt_as_asked()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        x = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return x if self.activation is None else self.activation(x)


def _told_axes(initializer: Any, equation: str) -> Any:
    """Return an initializer that knows which axes of the kernel are inputs."""
    if not isinstance(initializer, VarianceScaling) or (
        initializer.input_axes is not None and initializer.output_axes is not None
    ):
        return initializer
    kernel, outputs = re.split(",|->", equation.replace(" ", ""))[1:]
    told = copy.copy(initializer)
    told.input_axes = [i for i, c in enumerate(kernel) if c not in outputs]
    told.output_axes = [i for i, c in enumerate(kernel) if c in outputs]
    return told


def _shapes(
    equation: str, bias_axes: str | None, input_shape: Any, output_shape: Any
) -> tuple[Any, Any]:
    """Return the shapes of kernel and bias; none where there is no bias."""
    found = re.fullmatch(r"(\S+),(\S+)->(\S+)", equation.replace(" ", ""))
    if found is None:
        raise ValueError(
            f"Invalid einsum equation {equation!r}. Expected two operands, such as "
            "'ab,bc->ac'."
        )
    inputs, kernel, outputs = found.groups()
    sizes: dict[str, Any] = {}
    from_right = "..." in (inputs[:3], outputs[:3])
    for letters, shape in ((inputs, input_shape), (outputs, (None, *output_shape))):
        bare = letters.replace("...", "")
        part = list(shape)[-len(bare) :] if from_right else list(shape)[: len(bare)]
        for letter, size in zip(bare, part, strict=False):
            if sizes.get(letter) is None:
                sizes[letter] = size
            elif size is not None and letters is outputs and sizes[letter] != size:
                raise ValueError(
                    f"Input shape and output shape do not match at shared dimension "
                    f"{letter!r}. Input shape is {sizes[letter]}, and output shape is "
                    f"{size}."
                )
    unknown = [c for c in kernel if c not in sizes]
    if unknown:
        raise ValueError(
            f"Weight dimension {unknown[0]!r} did not have a match in either the input "
            f"spec {inputs!r} or the output spec {outputs!r}. For this layer, the "
            "weight must be fully specified."
        )
    shape = tuple(sizes[c] for c in kernel)
    if not bias_axes:
        return shape, None
    wrong = [c for c in bias_axes if c not in outputs]
    if wrong:
        raise ValueError(
            f"Bias dimension {wrong[0]!r} was requested, but is not part of the output "
            f"spec {outputs!r}."
        )
    bare = outputs.replace("...", "")
    first = min(bare.index(c) for c in bias_axes)
    wide = [sizes[c] if c in bias_axes else 1 for c in bare[first:]]
    if outputs.endswith("..."):
        wide += [1] * (len(input_shape) - len(inputs.replace("...", "")))
    return shape, tuple(wide)
