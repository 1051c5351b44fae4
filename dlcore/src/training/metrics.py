"""What ``compile(metrics=...)`` means for a model's outputs."""

from __future__ import annotations

from typing import Any

from dlcore.src import tree
from dlcore.src.metrics import registry
from dlcore.src.training.loss import spread
from dlcore.src.training.outputs import align, output_names


class CompiledMetrics:
    """The metrics of a model's outputs.

    Parameters
    ----------
    metrics, weighted_metrics : list, or a list or dict of lists, optional
        Only the latter see sample weights.
    names : list of str, optional
        The outputs' names.

    Attributes
    ----------
    parts : list
        ``(number of the output, name in the logs, metric, weighted)``, once built.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any, names: Any = None):
        for what, value in (
            ("metrics", metrics),
            ("weighted_metrics", weighted_metrics),
        ):
            if value is not None and not isinstance(value, list | tuple | dict):
                raise ValueError(
                    f"Expected `{what}` argument to be a list, tuple, or dict. "
                    f"Received instead: {what}={value!r} of type "
                    f"{type(value).__name__}. Write {what}=[{value!r}]."
                )
        self.given = (("metrics", metrics), ("weighted_metrics", weighted_metrics))
        self.given_names = names
        self.parts: list[tuple[int, str, Any, bool]] = []
        self.built = False
        for part in tree.flatten([metrics, weighted_metrics]):
            _check(part)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the metrics; only shapes are looked at."""
        names = output_names(y_pred, self.given_names)
        self.names = names
        predictions = tree.flatten(y_pred)
        labels = (
            align(y_true, names, "y") if y_true is not None else [None] * len(names)
        )
        taken: set[str] = set()
        for what, value in self.given:
            weighted = what == "weighted_metrics"
            for i, metrics in enumerate(_by_output(value, names, what)):
                for identifier in metrics:
                    metric = registry.for_output(identifier, labels[i], predictions[i])
                    if metric is None:
                        continue
                    if isinstance(identifier, str):
                        metric.name = identifier  # "mae" stays "mae" in the logs
                    name = metric.name
                    if len(names) > 1:
                        name = f"{names[i]}_{name}"
                    if weighted and name in taken:
                        name = f"weighted_{name}"
                    taken.add(name)
                    self.parts.append((i, name, metric, weighted))
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        """The metrics, each once."""
        return list({id(part[2]): part[2] for part in self.parts}.values())

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch."""
        if not self.parts:
            return
        predictions = tree.flatten(y_pred)
        labels = align(y_true, self.names, "y")
        weights = spread(sample_weight, self.names, "sample_weight")
        for i, _, metric, weighted in self.parts:
            if labels[i] is None:
                continue
            if weighted:
                metric.update_state(labels[i], predictions[i], sample_weight=weights[i])
            else:
                metric.update_state(labels[i], predictions[i])

    def results(self) -> dict[str, Any]:
        """Return the results by name."""
        found: dict[str, Any] = {}
        for _, name, metric, _ in self.parts:
            result = metric.result()
            if isinstance(result, dict):
                found.update(result)
            else:
                found[name] = result
        return found


def _by_output(value: Any, names: list[str], what: str) -> list[list[Any]]:
    if value is None or len(value) == 0:
        return [[]] * len(names)
    if isinstance(value, list | tuple) and len(names) == 1:
        first = value[0]
        inner = first if isinstance(first, list | tuple) and len(value) == 1 else value
        return [list(inner)]
    if isinstance(value, list | tuple) and len(value) != len(names):
        raise ValueError(
            f"`{what}` has {len(value)} values, the model has {len(names)} outputs: "
            f"{names}. Give a list of metrics for each output, or a dict by names."
        )
    found = align(value, names, what, leaf=lambda v: False)
    return [
        [] if m is None else list(m) if isinstance(m, list | tuple) else [m]
        for m in found
    ]


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
