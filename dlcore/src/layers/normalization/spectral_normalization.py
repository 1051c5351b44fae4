"""``SpectralNormalization``: a layer whose kernel's largest singular value is one."""

from __future__ import annotations

from typing import Any

from dlcore import initializers, ops
from dlcore.src.export import export
from dlcore.src.layers.core.simple import Wrapper
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer


@export("dlcore.layers.SpectralNormalization")
class SpectralNormalization(Wrapper):
    """Divide a layer's kernel by its largest singular value while training.

    Parameters
    ----------
    layer : Layer
        With a ``kernel``, or ``embeddings``.
    power_iterations : int
        Steps of the power method a call.
    **kwargs
        Of ``Layer``.

    Raises
    ------
    ValueError
        If ``power_iterations`` is not positive, or the layer has neither weight.

    Notes
    -----
    Source: Miyato et al., 2018, arXiv:1802.05957.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.SpectralNormalization(dlcore.layers.Dense(3))
    >>> layer(dlcore.ops.ones((2, 4)), training=True).shape
    (2, 3)
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                "`power_iterations` should be greater than zero. Received: "
                f"`power_iterations={power_iterations}`"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        """Build the layer, and begin with a random direction."""
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        layer: Any = self.layer
        kernel = getattr(layer, "kernel", getattr(layer, "embeddings", None))
        if kernel is None:
            raise ValueError(
                f"{type(layer).__name__} object has no attribute 'kernel' nor "
                "'embeddings'"
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            name="vector_u",
            initializer=initializers.TruncatedNormal(stddev=0.02),
            dtype=self.kernel.dtype,
            trainable=False,
            autocast=False,
        )

    def save_own_variables(self, store: Any) -> None:
        """Put the kernel before the direction, as Keras does."""
        store["0"], store["1"] = self.kernel.numpy(), self.vector_u.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the direction; the layer inside has the kernel too, and sets it."""
        self.vector_u.assign(store["1"])

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        if training:
            direction, kernel = self.normalized_weights()
            self.vector_u.assign(direction)
            self.kernel.assign(kernel)
        return ops.cast(self.layer(inputs), inputs.dtype)

    def normalized_weights(self) -> tuple[Any, Any]:
        """Return the next direction, and the kernel divided by its singular value.

        A kernel of zeros stays as it is.
        """
        kernel, direction = self.kernel.value, self.vector_u.value
        weights = ops.reshape(kernel, (-1, kernel.shape[-1]))
        for _ in range(self.power_iterations):
            left = _unit(ops.matmul(direction, ops.transpose(weights)))
            direction = _unit(ops.matmul(left, weights))
        direction, left = ops.stop_gradient(direction), ops.stop_gradient(left)
        sigma = ops.matmul(ops.matmul(left, weights), ops.transpose(direction))
        sigma = ops.reshape(sigma, ())
        zero = ops.all(ops.equal(kernel, 0))
        sigma = ops.where(zero, ops.ones_like(sigma), sigma)
        direction = ops.where(zero, self.vector_u.value, direction)
        return direction, ops.divide(kernel, sigma)


def _unit(x: Any) -> Any:
    square = ops.sum(ops.square(x))
    return ops.multiply(x, ops.rsqrt(ops.maximum(square, 1e-12)))
