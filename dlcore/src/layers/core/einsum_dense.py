"""``EinsumDense``: a dense layer whose product is written in Einstein's notation."""

from __future__ import annotations

import copy
import re
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.initializers.random import VarianceScaling
from dlcore.src.layers.adapters.layout import Equation, Layout
from dlcore.src.layers.adapters.low_rank import AdaptedWeight
from dlcore.src.layers.adapters.quantizable import QuantizableProduct
from dlcore.src.layers.input_spec import InputSpec


@export("dlcore.layers.EinsumDense")
class EinsumDense(QuantizableProduct):
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
    gptq_unpacked_column_size : int, optional
        Accepted for configurations that have it; it follows from the kernel.
    quantization_config : QuantizationConfig, optional
        Settings of the mode where ``dtype`` is that of a quantized layer.
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
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
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
        self.input_spec = InputSpec(ndim=len(input_shape))
        self._product = self._expanded().product()
        self._make_weight(
            "kernel", kernel, _told_axes(self.kernel_initializer, self.equation)
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
        return self._ended(ops.einsum(self.equation, inputs, self.kernel), self.bias)

    def _expanded(self) -> Equation:
        return Equation(self.equation, self.input_spec.ndim)

    def _layouts_of(self, shape: tuple[int, ...]) -> dict[str, Layout]:
        return {"kernel": self._expanded().layout(shape)}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name, as JSON can hold them."""
        config = super().get_config()
        if config["gptq_unpacked_column_size"] is None:
            del config["gptq_unpacked_column_size"]
        return config


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
