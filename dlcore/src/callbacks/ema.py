"""Averaged weights where they are looked at."""

from __future__ import annotations

from typing import Any

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.export import export


@export("dlcore.callbacks.SwapEMAWeights")
class SwapEMAWeights(Callback):
    """Evaluate and predict with the optimizer's averaged weights.

    Before ``evaluate``, validation and ``predict`` weights and averages change places,
    and again afterwards.

    Parameters
    ----------
    swap_on_epoch : bool
        Whether they also change places at the end of an epoch, so that checkpoints hold
        the averages.

    Raises
    ------
    ValueError
        If the optimizer does not keep averages: it needs ``use_ema=True``.
    """

    def __init__(self, swap_on_epoch: bool = False):
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _averaging(self) -> list[Any]:
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        every = getattr(optimizer, "optimizers", [optimizer])
        found = [o for o in every if getattr(o, "use_ema", False)]
        if not found:
            raise ValueError(
                "SwapEMAWeights must be used when `use_ema=True` is set on the "
                f"optimizer, got {optimizer!r}."
            )
        return found

    def _swap(self, averages_in_model: bool) -> None:
        if self._swapped is averages_in_model:
            return
        for optimizer in self._averaging():
            for weight, average in optimizer.averaged():
                weight.value, average.value = average.value, weight.value
        self._swapped = averages_in_model

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Train on the weights."""
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Show the averages to the callbacks that come after."""
        if not self.swap_on_epoch or self._swapped:
            return
        self._swap(True)
        if epoch == (self.params or {}).get("epochs", 0) - 1:
            for optimizer in self._averaging():  # the end of fit copies them
                for weight, average in optimizer.averaged():
                    average.assign(weight)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Show the averages."""
        self._swap(True)

    def on_test_end(self, logs: Logs = None) -> None:
        """Go on with the weights."""
        self._swap(False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Show the averages."""
        self._swap(True)

    def on_predict_end(self, logs: Logs = None) -> None:
        """Go on with the weights."""
        self._swap(False)
