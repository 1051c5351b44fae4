"""What ``compile`` was given."""

from __future__ import annotations

from typing import Any

from dlcore.src.training.loss import CompiledLoss
from dlcore.src.training.metrics import CompiledMetrics


class Compiled:
    """Loss, metrics and settings of a compiled model.

    Attributes
    ----------
    loss : CompiledLoss or None
    metrics : CompiledMetrics
    tracker : Mean
        The mean loss.
    built : bool
        Whether losses and metrics were matched with the outputs.
    """

    def __init__(self, arguments: dict[str, Any], names: list[str] | None):
        from dlcore.src.metrics.reduction import Mean

        self.arguments = arguments
        loss = arguments["loss"]
        self.loss = (
            None
            if loss is None
            else CompiledLoss(loss, arguments["loss_weights"], names)
        )
        self.metrics = CompiledMetrics(
            arguments["metrics"], arguments["weighted_metrics"], names
        )
        self.tracker = Mean(name="loss")
        self.built = False

    def build(self, y: Any, y_pred: Any) -> None:
        """Match losses and metrics with the outputs; only shapes are looked at."""
        if self.built:
            return
        if self.loss is not None and not self.loss.built and y is not None:
            self.loss.build(y, y_pred)
        if not self.metrics.built and y is not None:
            self.metrics.build(y, y_pred)
        self.built = y is not None or self.loss is None

    @property
    def all_metrics(self) -> list[Any]:
        """The mean loss, those of several outputs, and the metrics."""
        trackers = [] if self.loss is None else self.loss.trackers
        return [self.tracker, *trackers, *self.metrics.metrics]

    def results(self) -> dict[str, Any]:
        """Return the results by name, the loss first."""
        found = {"loss": self.tracker.result()}
        for tracker in [] if self.loss is None else self.loss.trackers:
            found[tracker.name] = tracker.result()
        return found | self.metrics.results()
