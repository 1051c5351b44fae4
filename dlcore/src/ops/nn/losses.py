"""Losses that libraries have kernels for, and classes as vectors."""

from __future__ import annotations

from typing import Any

from dlcore.src import backend as backends, config
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.nn.activations import log_softmax
from dlcore.src.ops.numpy.creation import arange
from dlcore.src.ops.numpy.elementwise import (
    absolute,
    as_float,
    clip,
    divide,
    exp,
    log,
    log1p,
    log10,
    maximum,
    multiply,
    negative,
    square,
    subtract,
)
from dlcore.src.ops.numpy.logic import equal
from dlcore.src.ops.numpy.reduction import max as max_, mean, sum as sum_
from dlcore.src.ops.numpy.shape import expand_dims, reshape, squeeze
from dlcore.src.symbolic import Spec


def _one_hot_rule(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Spec:
    shape = rules.shape_of(x)
    axis = rules.canonical_axis(axis, len(shape) + 1)
    return Spec((*shape[:axis], num_classes, *shape[axis:]), standardize_dtype(dtype))


@derived(rule=_one_hot_rule)
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Vectors with a one in the place of the class; zeros for a class out of range.

    Parameters
    ----------
    x : integer tensor
    num_classes : int
    axis : int
        Place of the new axis in the result.
    dtype : str, optional
        ``floatx()`` unless given.
    sparse : bool
        Whether to make a sparse tensor, on jax and tensorflow. Elsewhere it is dense.
    """
    if sparse and backends.current().keeps_sparse:
        return backends.current().sparse["one_hot"](x, num_classes, axis, dtype)
    rank = len(rules.shape_of(x)) + 1
    axis = rules.canonical_axis(axis, rank)
    sizes = [num_classes if i == axis else 1 for i in range(rank)]
    classes = reshape(arange(num_classes, dtype=rules.promoted(x)), sizes)
    return cast(equal(expand_dims(x, axis), classes), dtype or config.floatx())


@derived
def multi_hot(
    inputs: Any,
    num_classes: Any = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """Vectors with a one in the place of every class of a sample.

    Parameters
    ----------
    inputs : integer tensor of shape (n,) or (batch, n)
    num_classes : int
    axis : int
        Place of the classes in the result.
    dtype : str, optional
    sparse : bool
        Whether to make a sparse tensor, on jax and tensorflow. Elsewhere it is dense.
    **kwargs
        ``num_tokens``, the former name of ``num_classes``.
    """
    count = kwargs.pop("num_tokens", num_classes)
    if count is None:
        raise ValueError("multi_hot: `num_classes` must be given.")
    inputs = expand_dims(inputs, 0) if not rules.shape_of(inputs) else inputs
    reduced = 1 if len(rules.shape_of(inputs)) > 1 else 0
    if sparse:  # a sum of sparse tensors is sparse, a maximum is not
        counts = sum_(one_hot(inputs, count, axis, "int32", True), reduced)
        return cast(cast(counts, "bool"), dtype or config.floatx())
    return max_(one_hot(inputs, count, axis, dtype), reduced)


def _check_pair(target: Any, output: Any) -> None:
    one, two = rules.shape_of(target), rules.shape_of(output)
    if len(one) != len(two) or not all(map(rules.same_sizes, one, two)):
        raise ValueError(
            f"`target` and `output` must have the same shape, got {one} and {two}."
            f"{_other_labels(one, two)}"
        )


def _other_labels(target: Any, output: Any) -> str:
    """Return what to do about labels that are class numbers, or columns too many."""
    if len(target) == len(output) - 1:
        return (
            " Labels that are class numbers go with sparse_categorical_crossentropy; "
            "or make them one-hot, with dlcore.utils.to_categorical."
        )
    if len(target) == len(output) and target:
        return f" The last layer needs as many units as a label has: {target[-1]}."
    return ""


def _log_probabilities(output: Any, from_logits: bool, axis: int) -> Any:
    if from_logits:
        return log_softmax(output, axis)
    epsilon = config.epsilon()
    output = divide(output, sum_(output, axis, True))
    return log(clip(output, epsilon, 1.0 - epsilon))


@derived
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Cross-entropy of two distributions over classes.

    Parameters
    ----------
    target, output : tensor
        Probabilities; ``output`` may be logits.
    from_logits : bool
    axis : int
        The classes' axis.

    Returns
    -------
    tensor
        Without the classes' axis.
    """
    output = as_float(output)
    _check_pair(target, output)
    if not rules.shape_of(target):
        raise ValueError("categorical_crossentropy: `target` needs a classes' axis.")
    target = cast(target, rules.promoted(output))
    logs = _log_probabilities(output, from_logits, axis)
    return negative(sum_(multiply(target, logs), axis))


@derived
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Cross-entropy of classes, given as integers, and predicted distributions.

    Parameters
    ----------
    target : integer tensor
        Of the shape of ``output`` without the classes' axis, or with the size 1 there.
    output : tensor
        Probabilities or logits.
    from_logits : bool
    axis : int
        The classes' axis.

    Returns
    -------
    tensor
        Without the classes' axis.
    """
    output = as_float(output)
    shape, wanted = rules.shape_of(target), rules.shape_of(output)
    if len(shape) == len(wanted) and shape and shape[-1] == 1:
        target = squeeze(target, -1)
        shape = rules.shape_of(target)
    if not wanted:
        raise ValueError(
            "sparse_categorical_crossentropy: `output` needs a classes' axis, "
            f"got the shape {wanted}."
        )
    axis = rules.canonical_axis(axis, len(wanted))
    rest = (*wanted[:axis], *wanted[axis + 1 :])
    if len(shape) != len(rest) or not all(map(rules.same_sizes, shape, rest)):
        raise ValueError(
            "sparse_categorical_crossentropy: `target` must have the shape of `output` "
            f"without the classes' axis, {rest}; got {shape}."
            + " One-hot labels go with categorical_crossentropy; or take "
            "numpy.argmax(labels, -1)." * (len(shape) == len(wanted))
        )
    logs = _log_probabilities(output, from_logits, axis)
    classes = one_hot(cast(target, "int32"), wanted[axis], axis, rules.promoted(output))
    return negative(sum_(multiply(classes, logs), axis))


@derived
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Cross-entropy of probabilities of one event, element by element.

    Parameters
    ----------
    target : tensor
        Probabilities or 0 and 1.
    output : tensor
        Predicted probabilities or logits.
    from_logits : bool

    Returns
    -------
    tensor
        Of the same shape.
    """
    output = as_float(output)
    _check_pair(target, output)
    target = cast(target, rules.promoted(output))
    if from_logits:
        linear = maximum(output, 0.0) - multiply(output, target)
        return linear + log1p(exp(negative(absolute(output))))
    epsilon = config.epsilon()
    output = clip(output, epsilon, 1.0 - epsilon)
    other = multiply(1.0 - target, log(1.0 - output))
    return negative(multiply(target, log(output)) + other)


@derived(rule=lambda x1, x2, max_val: Spec((), rules.float_of(rules.promoted(x1, x2))))
def psnr(x1: Any, x2: Any, max_val: Any) -> Any:
    """Peak signal-to-noise ratio in decibels.

    Parameters
    ----------
    x1, x2 : tensor
        Of one shape.
    max_val : float
        The signal's range.

    Returns
    -------
    tensor of shape ()
    """
    error = mean(square(subtract(as_float(x1), as_float(x2))))
    return 20.0 * log10(cast(max_val, rules.promoted(error))) - 10.0 * log10(error)
