"""Activations as layers."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer


class _Elementwise(Layer):
    """Base: the shape stays, and so does the mask."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True
        self._build_at_init()


@export("dlcore.layers.Activation")
class Activation(_Elementwise):
    """Apply a function element by element.

    Parameters
    ----------
    activation : str or Callable
        For instance ``"relu"``.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.layers.Activation("relu")(dlcore.ops.ones(()) * -1.0))
    0.0
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return inputs if self.activation is None else self.activation(inputs)


@export("dlcore.layers.ReLU")
class ReLU(_Elementwise):
    """Rectified linear unit, with a slope below ``threshold`` and a ceiling.

    Parameters
    ----------
    max_value : float, optional
    negative_slope : float
    threshold : float
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0.0:
            raise ValueError(
                f"max_value of a ReLU layer cannot be a negative value: {max_value}"
            )
        if negative_slope is None or negative_slope < 0.0:
            raise ValueError(
                "negative_slope of a ReLU layer cannot be None or a negative "
                f"value: {negative_slope}"
            )
        if threshold is None or threshold < 0.0:
            raise ValueError(
                "threshold of a ReLU layer cannot be None or a negative value: "
                f"{threshold}"
            )
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        from dlcore import activations

        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )


@export("dlcore.layers.LeakyReLU")
class LeakyReLU(_Elementwise):
    """``x`` above zero, ``negative_slope * x`` below.

    Parameters
    ----------
    negative_slope : float
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or "
                "negative value. Expected a float. Received: "
                f"negative_slope={negative_slope}"
            )
        self.negative_slope = negative_slope

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)


@export("dlcore.layers.ELU")
class ELU(_Elementwise):
    """``x`` above zero, ``alpha * (exp(x) - 1)`` below.

    Parameters
    ----------
    alpha : float
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.elu(inputs, alpha=self.alpha)


@export("dlcore.layers.Softmax")
class Softmax(_Elementwise):
    """Exponentials that add up to one along an axis.

    Parameters
    ----------
    axis : int or sequence of int
    **kwargs
        Of ``Layer``.

    Notes
    -----
    ``call(inputs, mask)``: where ``mask`` is false the result is zero.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the outputs."""
        if mask is not None:
            _check_broadcast(tuple(mask.shape), tuple(inputs.shape))
            mask = mask if ops.dtype(mask) == "bool" else ops.greater(mask, 0.5)
            low = -3e4 if ops.dtype(inputs) == "float16" else -1e9
            inputs = ops.where(mask, inputs, ops.cast(low, inputs.dtype))
        if isinstance(self.axis, list | tuple) and len(self.axis) > 1:
            axis = tuple(self.axis)
            total = ops.logsumexp(inputs, axis=axis, keepdims=True)
            return ops.exp(ops.subtract(inputs, total))
        axis = self.axis[0] if isinstance(self.axis, list | tuple) else self.axis
        outputs = ops.softmax(inputs, axis=axis)
        if mask is None:
            return outputs
        return ops.multiply(outputs, ops.cast(mask, outputs.dtype))


def _check_broadcast(mask: tuple[Any, ...], inputs: tuple[Any, ...]) -> None:
    pairs = zip(mask[::-1], inputs[::-1], strict=False)
    fits = all(m in (1, i, None) or i is None for m, i in pairs)
    if len(mask) > len(inputs) or not fits:
        raise ValueError(
            "The `mask` must be broadcastable to `inputs` and must not have more "
            "dimensions: each mask dimension must be 1 or match the corresponding "
            f"input dimension. Received: inputs.shape={inputs}, mask.shape={mask}"
        )


@export("dlcore.layers.PReLU")
class PReLU(Layer):
    """``x`` above zero, ``alpha * x`` below, with a trained ``alpha`` a unit.

    Parameters
    ----------
    alpha_initializer, alpha_regularizer, alpha_constraint : optional
    shared_axes : int or sequence of int, optional
        Axes along which ``alpha`` is shared, (1, 2) for images for instance.
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep(locals())
        self.supports_masking = True
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            self.shared_axes = [shared_axes]

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape,
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        shared = self.shared_axes or ()
        axes = {i: d for i, d in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        below = ops.negative(ops.relu(ops.negative(inputs)))
        return ops.add(ops.relu(inputs), ops.multiply(self.alpha, below))
