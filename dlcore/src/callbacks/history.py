"""What was measured in each epoch."""

from __future__ import annotations

from typing import Any

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.export import export


@export("dlcore.callbacks.History")
class History(Callback):
    """The results of each epoch; ``fit`` returns one.

    Attributes
    ----------
    history : dict of str to list of float
        For instance ``{"loss": [0.7, 0.4], "val_loss": [0.8, 0.5]}``.
    epoch : list of int
    shown_in : int or None
        The notebook cell that shows the curves already.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        self.shown_in: int | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin to count epochs anew; what was measured stays."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Remember the epoch's results."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from dlcore.src.display import cards

        return cards.history(self)
