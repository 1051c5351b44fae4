"""Normalizations of each sample by itself."""

from __future__ import annotations

import warnings
from typing import Any

from dlcore import ops
from dlcore.src.dtypes import result_type
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer


def _axes(axis: Any, ndim: int) -> list[int]:
    given = list(axis) if isinstance(axis, list | tuple) else [axis]
    return sorted(a % ndim for a in given)


def _weight(layer: Layer, name: str) -> Any:
    return layer.add_weight(
        layer._shape,
        name=name,
        initializer=getattr(layer, f"{name}_initializer"),
        regularizer=getattr(layer, f"{name}_regularizer"),
        constraint=getattr(layer, f"{name}_constraint"),
        autocast=False,
    )


@export("dlcore.layers.LayerNormalization")
class LayerNormalization(Layer):
    """Zero mean and unit variance along an axis, then scale and offset.

    Parameters
    ----------
    axis : int or sequence of int
        The features' axes.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether to learn an offset, and a factor.
    beta_initializer, gamma_initializer : str or Initializer
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Shape: unchanged. Source: Ba et al., 2016, arXiv:1607.06450.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.LayerNormalization()(dlcore.ops.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        self._keep(locals())
        if rms_scaling:
            warnings.warn(
                "`rms_scaling=True` is deprecated: it divides by the standard "
                "deviation, not the root mean square. Use `RMSNormalization`.",
                stacklevel=2,
            )
        several = isinstance(axis, list | tuple)
        if not all(isinstance(a, int) for a in (axis if several else [axis])):
            raise TypeError(
                "Expected an int or a list/tuple of ints for the argument 'axis', but "
                f"received: {axis!r}"
            )
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        axes = _axes(self.axis, len(input_shape))
        self._shape = tuple(input_shape[a] for a in axes)
        rms = self.rms_scaling
        self.gamma = _weight(self, "gamma") if self.scale or rms else None
        self.beta = _weight(self, "beta") if self.center and not rms else None

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        outputs = ops.layer_normalization(
            ops.cast(inputs, result_type(inputs.dtype, "float32")),
            gamma=self.gamma,
            beta=self.beta,
            axis=self.axis,
            epsilon=self.epsilon,
            **({"rms_scaling": True} if self.rms_scaling else {}),
        )
        return ops.cast(outputs, self.compute_dtype)


@export("dlcore.layers.RMSNormalization")
class RMSNormalization(Layer):
    """Unit root mean square along an axis, then a factor.

    Parameters
    ----------
    axis : int
    epsilon : float
        Added to the mean square.
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Source: Zhang and Sennrich, 2019, arXiv:1910.07467.
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any):
        super().__init__(**kwargs)
        self._keep(locals())
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        axes = _axes(self.axis, len(input_shape))
        shape = tuple(input_shape[a] for a in axes)
        self.scale = self.add_weight(
            shape, name="scale", initializer="ones", autocast=False
        )

    def call(self, x: Any) -> Any:
        """Compute the outputs."""
        x = ops.cast(x, result_type(x.dtype, "float32"))
        outputs = ops.rms_normalization(
            x, scale=self.scale, axis=self.axis, epsilon=self.epsilon
        )
        return ops.cast(outputs, self.compute_dtype) if self._mixed else outputs


@export("dlcore.layers.UnitNormalization")
class UnitNormalization(Layer):
    """Unit length along an axis.

    Parameters
    ----------
    axis : int or sequence of int
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        if not isinstance(self.axis, int | list):
            raise TypeError(
                "Invalid value for `axis` argument: expected an int or a list/tuple "
                f"of ints. Received: axis={axis}"
            )
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        square = ops.sum(ops.square(inputs), axis=axis, keepdims=True)
        return ops.multiply(inputs, ops.rsqrt(ops.maximum(square, 1e-12)))


@export("dlcore.layers.GroupNormalization")
class GroupNormalization(Layer):
    """Zero mean and unit variance in groups of channels, then scale and offset.

    Parameters
    ----------
    groups : int
        Number of groups; -1 makes each channel a group.
    axis : int
        The channels' axis.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether to learn an offset, and a factor.
    beta_initializer, gamma_initializer : str or Initializer
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Source: Wu and He, 2018, arXiv:1803.08494.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep(locals())
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                f"{self.described}: the argument `groups` must be a positive integer, "
                f"or -1 for one group a channel. Received: groups={groups!r}"
            )
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension "
                "but the layer received an input with shape "
                f"{input_shape}."
            )
        if self.groups == -1:
            self.groups: int = size
        if size < self.groups:
            raise ValueError(
                f"Number of groups ({self.groups}) cannot be more than the number of "
                f"channels ({size})."
            )
        if size % self.groups:
            raise ValueError(
                f"Number of groups ({self.groups}) must be a multiple of the number of "
                f"channels ({size}): each group has as many channels."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})
        self._shape = (size,)
        self.gamma = _weight(self, "gamma") if self.scale else None
        self.beta = _weight(self, "beta") if self.center else None

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        x = ops.cast(inputs, result_type(inputs.dtype, "float32"))
        shape = tuple(ops.shape(inputs))
        axis = self.axis % len(shape)
        parts = (self.groups, shape[axis] // self.groups)
        split = [
            -1 if d is None else d for d in (*shape[:axis], *parts, *shape[axis + 1 :])
        ]
        grouped = ops.reshape(x, (-1, *split[1:]))
        axes = [i for i in range(1, len(split)) if i != axis]
        mean, variance = ops.moments(grouped, axes=axes, keepdims=True)
        grouped = ops.multiply(
            ops.subtract(grouped, mean), ops.rsqrt(ops.add(variance, self.epsilon))
        )
        whole = [-1 if d is None else d for d in shape]
        x = ops.reshape(grouped, (-1, *whole[1:]))
        wide = [1] * len(shape)
        wide[axis] = shape[axis]
        if self.gamma is not None:
            x = ops.multiply(x, ops.reshape(self.gamma, wide))
        if self.beta is not None:
            x = ops.add(x, ops.reshape(self.beta, wide))
        return ops.cast(x, self.compute_dtype)
