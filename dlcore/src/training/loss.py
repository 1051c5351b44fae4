"""What ``compile(loss=...)`` means for a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dlcore import ops
from dlcore.src import tree
from dlcore.src.errors import did_you_mean
from dlcore.src.losses import registry as losses
from dlcore.src.losses.base import Loss, LossFunctionWrapper
from dlcore.src.metrics.registry import BY_SHAPE, _kind
from dlcore.src.training.nesting import alike, is_plain, labels_at, visit
from dlcore.src.training.outputs import Path, at, like_outputs, output_names


class Part(NamedTuple):
    """A loss of one output, or of a part of the outputs.

    Attributes
    ----------
    path : tuple
        The keys that lead to the part.
    name : str
    loss : Loss
    weight : float or None
    """

    path: Path
    name: str
    loss: Any
    weight: Any


class CompiledLoss:
    """The sum of the outputs' weighted losses.

    Parameters
    ----------
    loss : str, Loss, Callable, or nested ones
        Nested as the outputs: one for each. Where a list stands for an output, or for
        a part of the outputs, its losses are added; a function in the place of nested
        outputs gets them as they are.
    loss_weights : float, or nested ones, optional
        Nested as ``loss``.
    names : list of str, optional
        The outputs' names.

    Attributes
    ----------
    parts : list of Part
        Once built.
    trackers : list of Mean
        With several losses, the mean of each of them.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, names: Any = None):
        self.loss = loss
        self.loss_weights = loss_weights
        self.given_names = names
        self.parts: list[Part] = []
        self.trackers: list[Any] = []
        self.built = False
        _check(loss, loss_weights)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find the outputs' losses; only shapes are looked at.

        Raises
        ------
        ValueError, KeyError
            If the loss is nested otherwise than the outputs.
        """
        from dlcore.src.metrics.reduction import Mean

        self.names = output_names(y_pred, self.given_names)
        loss, weights = self.loss, self.loss_weights
        if isinstance(loss, Mapping) and not isinstance(y_pred, Mapping):
            loss, weights = self._by_name(loss, weights, y_pred)
        if not tree.is_nested(loss):
            one = loss
            loss = tree.map_structure(lambda _: one, y_pred)
        weights = alike(weights, loss)
        names: Any = self.names
        if tree.is_nested(y_pred):
            names = tree.pack_sequence_as(y_pred, names)
        elif len(names) == 1:
            names = names[0]
        found = list(visit(loss, weights, y_pred, names, ()))
        self.used = self._used(y_pred, [path for path, *_ in found])
        y_true = like_outputs(y_true, y_pred, self.names, self.used)
        self.parts = []
        for path, name, identifier, weight in found:
            part = _loss(identifier, labels_at(y_true, path), at(y_pred, path))
            self.parts.append(
                Part(path, _name(path, name, part, self._taken()), part, weight)
            )
        if len(self.parts) > 1:
            self.trackers = [Mean(name=f"{part.name}_loss") for part in self.parts]
        self.built = True

    def _taken(self) -> set[str]:
        return {part.name for part in self.parts}

    def _by_name(self, loss: Any, weights: Any, y_pred: Any) -> tuple[Any, Any]:
        """Return losses and weights in the order of outputs that are no dict."""
        names = self.names
        unknown = [k for k in loss if k not in names]
        if unknown:
            known = [n for n in names if n is not None]
            raise ValueError(
                f"Expected keys {names} in loss dict, but found "
                f"loss.keys()={list(loss)}."
                f"{did_you_mean(str(unknown[0]), known) if known else ''}"
            )
        if isinstance(weights, Mapping):
            weights = [weights.get(name) for name in names]
        found = [loss.get(name) for name in names]
        if not tree.is_nested(y_pred):
            return found[0], weights[0] if isinstance(weights, list) else weights
        return tree.pack_sequence_as(y_pred, found) if is_plain(
            found
        ) else found, weights

    def _used(self, y_pred: Any, paths: list[Path]) -> list[bool]:
        """Return which of the flat outputs have a loss."""
        if not tree.is_nested(y_pred):
            return [bool(paths)]
        leaves = [path for path, _ in tree.flatten_with_path(y_pred)]
        return [any(leaf[: len(p)] == p for p in paths) for leaf in leaves]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the weighted sum of the losses."""
        if not self.built:
            self.build(y_true, y_pred)
        y_true = like_outputs(y_true, y_pred, self.names, self.used)
        many = tree.is_nested(sample_weight)
        if many:
            sample_weight = like_outputs(
                sample_weight, y_pred, self.names, self.used, "sample_weight"
            )
        total = None
        for place, (path, _, loss, factor) in enumerate(self.parts):
            prediction = at(y_pred, path)
            weight = at(sample_weight, path) if many else sample_weight
            value = loss(at(y_true, path), prediction, weight)
            if self.trackers:
                self.trackers[place].update_state(
                    ops.stop_gradient(value), sample_weight=_count(prediction)
                )
            if factor is not None:
                value = ops.multiply(value, factor)
            total = value if total is None else ops.add(total, value)
        return total


def _name(path: Path, name: Any, loss: Any, taken: set[str]) -> str:
    """Return the name of a loss in the logs: where it stands, by names of outputs."""
    if not tree.is_nested(name):
        own = name or loss.name
        if not path:
            path = (own,)
        elif isinstance(path[-1], int):
            path = (*path[:-1], own)
    found = "/".join(map(str, path)) or "_".join(map(str, tree.flatten(name)))
    if name is not None or found not in taken:
        return found
    return next(n for i in range(1, 1000) if (n := f"{found}_{i}") not in taken)


def _count(prediction: Any) -> Any:
    first = tree.flatten(prediction)[0]
    return first.shape[0] if len(first.shape) else 1


def _check(loss: Any, weights: Any) -> None:
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
    if weights is not None and not isinstance(
        weights, list | tuple | Mapping | float | int
    ):
        raise ValueError(
            "Expected `loss_weights` argument to be a float (single output case) or a "
            "list, tuple, or dict (multiple output case). Received instead: "
            f"loss_weights={weights!r} of type {type(weights).__name__}."
        )


def _loss(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    if identifier in ("crossentropy", "ce"):
        identifier = BY_SHAPE["crossentropy"][_kind(y_true, y_pred)]
    found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else None
    return LossFunctionWrapper(found, name=name or getattr(found, "__name__", None))
