"""Activations: functions of one tensor, by name."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.saving.catalogue import Catalogue
from dlcore.src.saving.serialization import serialize_keras_object

ACTIVATIONS = Catalogue("activations", "activation")


@export("dlcore.activations.get")
def get(identifier: Any) -> Any:
    """Return an activation function.

    Parameters
    ----------
    identifier : str, dict, function or None
        None is ``linear``.

    Raises
    ------
    ValueError
        If there is no activation of this name.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.activations.get("relu").__name__
    'relu'
    """
    return linear if identifier is None else ACTIVATIONS.get(identifier)


@export("dlcore.activations.serialize")
def serialize(activation: Any) -> Any:
    """Return an activation's name; a dict for one of the user's own."""
    config = serialize_keras_object(activation)
    if not isinstance(config, dict) or "config" not in config:
        raise ValueError(f"{activation!r} is no activation function.")
    name = config["config"]
    if isinstance(activation, types.FunctionType):
        if ACTIVATIONS.objects.get(name) is activation:
            return name
    return config


@export("dlcore.activations.deserialize")
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return an activation from its name or configuration."""
    return ACTIVATIONS.deserialize(config, custom_objects)


def _with_logits(output: Any, x: Any) -> Any:
    """Let a crossentropy find the logits, which are more exact than their logarithm."""
    try:
        output._keras_logits = x
    except AttributeError:
        pass  # an array that takes no attributes: the loss goes without
    return output


@export("dlcore.activations.relu")
def relu(
    x: Any,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Any:
    """``max(x, 0)``, with a slope below, a bound above and a threshold if wanted.

    Parameters
    ----------
    x : tensor
    negative_slope : float
        Slope below the threshold.
    max_value : float, optional
        Largest value.
    threshold : float
        Below which values are damped.

    Returns
    -------
    tensor
        ``negative_slope * (x - threshold)`` below the threshold, ``x`` from it to
        ``max_value``, and ``max_value`` beyond.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.ops.convert_to_numpy(dlcore.activations.relu([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if threshold == 0:
        if max_value is None:
            return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
        above = ops.relu6(x) if max_value == 6 else ops.clip(x, 0.0, max_value)
    else:
        x = ops.convert_to_tensor(x) if not ops.is_tensor(x) else x
        above = ops.where(ops.greater(x, threshold), x, 0.0)
        above = ops.cast(above, x.dtype)
        if max_value is not None:
            above = ops.clip(above, 0.0, max_value)
    if not negative_slope:
        return above
    below = ops.relu(ops.subtract(threshold, x))
    return ops.subtract(above, ops.multiply(below, negative_slope))


@export("dlcore.activations.linear")
def linear(x: Any) -> Any:
    """Return ``x`` itself."""
    return x


@export("dlcore.activations.sigmoid")
def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    return _with_logits(ops.sigmoid(x), x)


@export("dlcore.activations.softmax")
def softmax(x: Any, axis: Any = -1) -> Any:
    """``exp(x) / sum(exp(x))`` along an axis, or several."""
    return _with_logits(ops.softmax(x, axis=axis), x)


@export("dlcore.activations.log_softmax")
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Logarithm of ``softmax``, without overflow."""
    return ops.log_softmax(x, axis=axis)


@export("dlcore.activations.tanh")
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return ops.tanh(x)


@export("dlcore.activations.exponential")
def exponential(x: Any) -> Any:
    """``exp(x)``."""
    return ops.exp(x)


@export("dlcore.activations.softplus")
def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``."""
    return ops.softplus(x)


@export("dlcore.activations.softsign")
def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``."""
    return ops.softsign(x)


@export("dlcore.activations.log_sigmoid")
def log_sigmoid(x: Any) -> Any:
    """Logarithm of ``sigmoid``, without overflow."""
    return ops.log_sigmoid(x)


@export("dlcore.activations.silu", "dlcore.activations.swish")
def silu(x: Any) -> Any:
    """``x * sigmoid(x)`` (Ramachandran et al., 2017, arXiv:1710.05941)."""
    return ops.silu(x)


@export("dlcore.activations.mish")
def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))`` (Misra, 2019, arXiv:1908.08681)."""
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


@export("dlcore.activations.gelu")
def gelu(x: Any, approximate: bool = False) -> Any:
    """``x * P(X <= x)`` of a standard normal ``X``.

    Parameters
    ----------
    x : tensor
    approximate : bool
        Whether to use the formula with ``tanh``.

    References
    ----------
    Hendrycks and Gimpel, 2016, Gaussian error linear units, arXiv:1606.08415.
    """
    return ops.gelu(x, approximate=approximate)


@export("dlcore.activations.elu")
def elu(x: Any, alpha: float = 1.0) -> Any:
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below (Clevert, arXiv:1511.07289)."""
    return ops.elu(x, alpha=alpha)


@export("dlcore.activations.selu")
def selu(x: Any) -> Any:
    """``elu`` that keeps mean and variance (Klambauer et al., arXiv:1706.02515)."""
    return ops.selu(x)


@export("dlcore.activations.celu")
def celu(x: Any, alpha: float = 1.0) -> Any:
    """``elu`` with a continuous derivative (Barron, 2017, arXiv:1704.07483)."""
    return ops.celu(x, alpha=alpha)


@export("dlcore.activations.leaky_relu")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """``x`` above 0, ``negative_slope * x`` below."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


@export("dlcore.activations.relu6")
def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``."""
    return ops.relu6(x)


@export("dlcore.activations.glu")
def glu(x: Any, axis: int = -1) -> Any:
    """One half times ``sigmoid`` of the other (Dauphin et al., arXiv:1612.08083)."""
    return ops.glu(x, axis=axis)


@export("dlcore.activations.hard_sigmoid")
def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``: ``sigmoid`` by straight lines."""
    return ops.hard_sigmoid(x)


@export("dlcore.activations.hard_silu", "dlcore.activations.hard_swish")
def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)`` (Howard et al., 2019, arXiv:1905.02244)."""
    return ops.hard_silu(x)


@export("dlcore.activations.hard_tanh")
def hard_tanh(x: Any) -> Any:
    """``x``, kept from -1 to 1."""
    return ops.hard_tanh(x)


@export("dlcore.activations.tanh_shrink")
def tanh_shrink(x: Any) -> Any:
    """``x - tanh(x)``."""
    return ops.tanh_shrink(x)


@export("dlcore.activations.hard_shrink")
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """``x``, and 0 from ``-threshold`` to ``threshold``."""
    return ops.hard_shrink(x, threshold=threshold)


@export("dlcore.activations.soft_shrink")
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """``x`` moved towards 0 by ``threshold``, at most to 0."""
    return ops.soft_shrink(x, threshold=threshold)


@export("dlcore.activations.threshold")
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """``x`` above the threshold, ``default_value`` elsewhere."""
    return ops.threshold(x, threshold, default_value)


@export("dlcore.activations.squareplus")
def squareplus(x: Any, b: float = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2`` (Barron, 2021, arXiv:2112.11687)."""
    return ops.squareplus(x, b=b)


@export("dlcore.activations.sparse_plus")
def sparse_plus(x: Any) -> Any:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, ``x`` beyond."""
    return ops.sparse_plus(x)


@export("dlcore.activations.sparse_sigmoid")
def sparse_sigmoid(x: Any) -> Any:
    """0 up to -1, ``(x + 1) / 2`` up to 1, 1 beyond."""
    return ops.sparse_sigmoid(x)


@export("dlcore.activations.sparsemax")
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Probabilities nearest to ``x`` (Martins and Astudillo, arXiv:1602.02068)."""
    return ops.sparsemax(x, axis)
