"""Stopping when nothing gets better."""

from __future__ import annotations

from typing import Any

from dlcore.src.callbacks.base import Logs
from dlcore.src.callbacks.monitor import MonitorCallback
from dlcore.src.export import export
from dlcore.src.utils.talk import say


@export("dlcore.callbacks.EarlyStopping")
class EarlyStopping(MonitorCallback):
    """Stop training when a number has not got better for some epochs.

    Parameters
    ----------
    monitor : str
        Which one of the logs to watch.
    min_delta : float
        By how much it must get better.
    patience : int
        For how many epochs to wait.
    verbose : {0, 1}
        Whether to say that training was stopped.
    mode : {"auto", "min", "max"}
        Whether less or more is better; ``"auto"`` asks the metric.
    baseline : float, optional
        Only what beats it counts as better.
    restore_best_weights : bool
        Whether the model ends with the weights of its best epoch.
    start_from_epoch : int
        How many epochs not to watch at first.

    Examples
    --------
    >>> import dlcore
    >>> stop = dlcore.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    >>> # model.fit(x, y, validation_split=0.1, epochs=100, callbacks=[stop])
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget the last training."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare, and stop if the patience is over."""
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()  # if the first is NaN
            self.best_epoch = epoch
        self.wait += 1
        if self.is_better(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_better(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Give the model its best weights."""
        if self.stopped_epoch and self.verbose:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                say(f"Restoring the weights of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
