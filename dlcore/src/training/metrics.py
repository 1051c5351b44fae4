"""What ``compile(metrics=...)`` means for a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlcore.src import tree
from dlcore.src.metrics import registry
from dlcore.src.metrics.base import Metric
from dlcore.src.training.outputs import is_flat, like_outputs, output_names


class CompiledMetrics(Metric):
    """The metrics of a model's outputs: a metric made of metrics.

    Parameters
    ----------
    given, given_weighted : list, or nested lists, optional
        Nested as the outputs, a metric or a list of them for each. Only the latter see
        sample weights.
    names : list of str, optional
        The outputs' names.

    Attributes
    ----------
    parts : list
        ``(number of the output, name in the logs, metric, weighted)``, once built.
    used : list of bool or None
        Which outputs have labels, where that is known.
    """

    def __init__(self, given: Any, given_weighted: Any, names: Any = None):
        super().__init__(name="compile_metrics")
        self.given = (("metrics", given), ("weighted_metrics", given_weighted))
        for what, value in self.given:
            if value is not None and not isinstance(value, list | tuple | dict):
                raise ValueError(
                    f"Expected `{what}` argument to be a list, tuple, or dict. "
                    f"Received instead: {what}={value!r} of type "
                    f"{type(value).__name__}. Write {what}=[{value!r}]."
                )
        self.given_names = names
        self.parts: list[tuple[int, str, Any, bool]] = []
        self.used: list[bool] | None = None
        self.built = False
        for part in tree.flatten([given, given_weighted]):
            _check(part)

    @property
    def empty(self) -> bool:
        """Whether no metrics were given."""
        return all(value is None for _, value in self.given)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the metrics; only shapes are looked at.

        Raises
        ------
        ValueError
            If metrics are nested otherwise than the outputs.
        """
        self.names = output_names(y_pred, self.given_names)
        if self.empty:
            self.built = True
            return
        predictions = tree.flatten(y_pred)
        labels = self._labels(y_true, y_pred)
        self.parts = []
        counts: dict[str, int] = {}
        for what, value in self.given:
            found = _by_output(value, self.names, y_pred, what, self.given_names)
            for i, metrics in enumerate(found):
                for identifier in metrics:
                    metric = registry.for_output(identifier, labels[i], predictions[i])
                    if metric is None:
                        continue
                    if isinstance(identifier, str):
                        metric.name = identifier  # "mae" stays "mae" in the logs
                    weighted = what == "weighted_metrics"
                    prefix = self.names[i] if len(self.names) > 1 else None
                    name = _unique(metric.name, prefix, weighted, counts)
                    self.parts.append((i, name, metric, weighted))
        self.built = True

    def _labels(self, y_true: Any, y_pred: Any) -> list[Any]:
        if y_true is None:
            return [None] * len(self.names)
        return tree.flatten(like_outputs(y_true, y_pred, self.names, self.used))

    @property
    def metrics(self) -> list[Any]:
        """The metrics, each once."""
        return list({id(part[2]): part[2] for part in self.parts}.values())

    @property
    def variables(self) -> list[Any]:
        """The metrics' variables."""
        return [v for metric in self.metrics for v in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch; see ``update``."""
        self.update(y_true, y_pred, sample_weight)

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch of the model's own backend.

        Parameters
        ----------
        y_true, y_pred, sample_weight : nested tensors
        """
        if not self.built:
            self.build(y_true, y_pred)
        if not self.parts:
            return
        predictions = tree.flatten(y_pred)
        labels = self._labels(y_true, y_pred)
        weights = [sample_weight] * len(labels)
        if tree.is_nested(sample_weight):
            weights = tree.flatten(
                like_outputs(
                    sample_weight, y_pred, self.names, self.used, "sample_weight"
                )
            )
        for i, _, metric, weighted in self.parts:
            if labels[i] is None:
                continue
            if weighted:
                metric.update_state(labels[i], predictions[i], sample_weight=weights[i])
            else:
                metric.update_state(labels[i], predictions[i])

    def reset_state(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """Return the results by name."""
        found: dict[str, Any] = {}
        for _, name, metric, _ in self.parts:
            result = metric.result()
            if isinstance(result, dict):
                found.update(result)
            else:
                found[name] = result
        return found


def _unique(
    own: str, prefix: str | None, weighted: bool, counts: dict[str, int]
) -> str:
    """Return a metric's name in the logs; a second one's says that it is weighted."""

    def full(name: str) -> str:
        return name if prefix is None else f"{prefix}_{name}"

    name = full(own)
    if weighted and name in counts:
        name = full(f"weighted_{own}")
    counts[name] = counts.get(name, 0) + 1
    return name if counts[name] == 1 else f"{name}_{counts[name] - 1}"


def _by_output(
    value: Any, names: Sequence[Any], y_pred: Any, what: str, known: Any
) -> list[list[Any]]:
    """Return a list of metrics for each of the flat outputs."""
    n = len(names)
    if value is None or len(value) == 0:
        return [[]] * n
    if n == 1:
        return [tree.flatten(value)]
    if is_flat(y_pred):
        if isinstance(value, list | tuple) and len(value) == n:
            return [_listed(v) for v in value]
        if isinstance(value, Mapping) and set(value) <= set(names):
            return [_listed(value.get(name)) for name in names]
    found: list[Any] = []
    shallow = tree.lists_to_tuples(y_pred)
    try:
        tree.map_structure_up_to(shallow, found.append, tree.lists_to_tuples(value))
    except (ValueError, TypeError) as error:
        wanted = tree.map_structure(lambda _: "X", y_pred)
        also = f" the output names of the model {known} or" if known else ""
        raise ValueError(
            f"Invalid `{what}`. `{what}` should contain metrics objects and either be "
            f"a dict or a list matching{also} the output structure of the model: "
            f"{wanted}. Received: {what}={value}"
        ) from error
    return [_listed(v) for v in found]


def _listed(metrics: Any) -> list[Any]:
    if metrics is None:
        return []
    return list(metrics) if isinstance(metrics, list | tuple) else [metrics]


def _check(identifier: Any) -> None:
    """Look up names at once, so that a misspelt one fails in ``compile``."""
    known = ("accuracy", "acc", "crossentropy", "ce")
    if isinstance(identifier, str) and identifier.lower() not in known:
        registry.get(identifier)
    elif identifier is not None and not isinstance(identifier, str):
        if not callable(identifier) and not hasattr(identifier, "update_state"):
            raise ValueError(
                f"`metrics` must hold names, metrics or functions, got {identifier!r}."
            )
