"""Stopping when the loss is no number any more."""

from __future__ import annotations

import math

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.export import export
from dlcore.src.utils.talk import say


@export("dlcore.callbacks.TerminateOnNaN")
class TerminateOnNaN(Callback):
    """Stop training when the loss is NaN or infinite.

    It reads the loss of each batch, which waits for the device.

    Parameters
    ----------
    raise_error : bool
        Whether to end with an exception.

    Raises
    ------
    RuntimeError
        With ``raise_error``, when the loss is not finite.
    """

    def __init__(self, raise_error: bool = False):
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered: {loss} in batch {batch}. Look for NaN "
                "in the data, or lower the learning rate."
            )
        say(f"Batch {batch}: the loss is {loss}, training stops")
        self.model.stop_training = True
