"""What ``compile(loss=...)`` means for a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore import ops
from dlcore.src import tree
from dlcore.src.losses import registry as losses
from dlcore.src.losses.base import Loss, LossFunctionWrapper
from dlcore.src.metrics.registry import BY_SHAPE, _kind
from dlcore.src.training.outputs import align, output_names


class CompiledLoss:
    """The sum of the outputs' weighted losses.

    Parameters
    ----------
    loss : str, Loss, Callable, or a list or dict of these
    loss_weights : float, or a list or dict of floats, optional
    names : list of str, optional
        The outputs' names.

    Attributes
    ----------
    parts : list
        ``(number of the output, name, loss, weight)``, once built.
    trackers : list of Mean
        With several outputs, the mean of each one's loss.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, names: Any = None):
        self.loss = loss
        self.loss_weights = loss_weights
        self.given_names = names
        self.parts: list[tuple[int, str, Any, Any]] = []
        self.trackers: list[Any] = []
        self.built = False
        _check(loss)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find each output's loss; only shapes are looked at."""
        from dlcore.src.metrics.reduction import Mean

        names = output_names(y_pred, self.given_names)
        self.names = names
        if tree.is_nested(self.loss):
            found = align(self.loss, names, "loss")
        else:
            found = [self.loss] * len(names)
        weights = self.loss_weights
        if weights is not None and not tree.is_nested(weights):
            weights = [weights] * len(names)
        weights = align(weights, names, "loss_weights")
        labels = align_labels(y_true, names, [f is not None for f in found])
        predictions = tree.flatten(y_pred)
        self.parts = [
            (i, names[i], _loss(f, labels[i], predictions[i]), weights[i])
            for i, f in enumerate(found)
            if f is not None
        ]
        if len(self.parts) > 1:
            self.trackers = [Mean(name=f"{name}_loss") for _, name, _, _ in self.parts]
        self.built = True

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the weighted sum of the losses."""
        predictions = tree.flatten(y_pred)
        labels = align_labels(y_true, self.names, _used(self.parts, len(predictions)))
        weights = spread(sample_weight, self.names, "sample_weight")
        total = None
        for place, (i, _, loss, factor) in enumerate(self.parts):
            value = loss(labels[i], predictions[i], weights[i])
            if self.trackers:
                tracker = self.trackers[place]
                tracker.update_state(
                    ops.stop_gradient(value), sample_weight=_count(predictions[i])
                )
            if factor is not None:
                value = ops.multiply(value, factor)
            total = value if total is None else ops.add(total, value)
        return total


def _count(prediction: Any) -> Any:
    return prediction.shape[0] if len(prediction.shape) else 1


def _used(parts: Any, n: int) -> list[bool]:
    used = {part[0] for part in parts}
    return [i in used for i in range(n)]


def align_labels(y: Any, names: list[str], used: list[bool]) -> list[Any]:
    """Return the labels of each output; those without a loss may be left out."""
    if y is None:
        return [None] * len(names)
    if isinstance(y, list | tuple) and len(y) != len(names):
        flat = tree.flatten(y)
        if len(flat) == sum(used):
            rest = iter(flat)
            return [next(rest) if u else None for u in used]
    return align(y, names, "y")


def spread(value: Any, names: list[str], what: str) -> list[Any]:
    """Return a value for each output; one alone is every output's."""
    if value is not None and not tree.is_nested(value):
        return [value] * len(names)
    return align(value, names, what)


def _check(loss: Any) -> None:
    """Look up names at once, so that a misspelt one fails in ``compile``."""
    for part in tree.flatten(loss):
        if isinstance(part, str) and part not in ("crossentropy", "ce"):
            losses.get(part)
        elif part is not None and not isinstance(part, str) and not callable(part):
            raise ValueError(
                f"`loss` must be a name, a Loss or a function, got {part!r}."
            )
    if isinstance(loss, Mapping) and not loss:
        raise ValueError("`loss` is an empty dict.")


def _loss(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    if identifier in ("crossentropy", "ce"):
        identifier = BY_SHAPE["crossentropy"][_kind(y_true, y_pred)]
    found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else None
    return LossFunctionWrapper(found, name=name or getattr(found, "__name__", None))
