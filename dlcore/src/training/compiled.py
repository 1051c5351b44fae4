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

    def build_loss(self, y: Any, y_pred: Any) -> None:
        """Match the losses with the outputs; only shapes are looked at."""
        if self.loss is not None and not self.loss.built and y is not None:
            self.loss.build(y, y_pred)

    def build_metrics(self, y: Any, y_pred: Any) -> None:
        """Match the metrics with the outputs; only shapes are looked at."""
        if self.loss is not None and self.loss.built:
            self.metrics.used = self.loss.used
        if not self.metrics.built and y is not None:
            self.metrics.build(y, y_pred)

    @property
    def all_metrics(self) -> list[Any]:
        """The mean loss, the metrics as one metric, and the means of several losses."""
        metrics = [] if self.metrics.empty else [self.metrics]
        trackers = [] if self.loss is None else self.loss.trackers
        return [self.tracker, *metrics, *trackers]
