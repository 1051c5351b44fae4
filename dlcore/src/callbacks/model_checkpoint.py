"""Saving the model while it is trained."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from dlcore.src.callbacks.base import Logs
from dlcore.src.callbacks.monitor import MonitorCallback
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.utils.talk import say


class BatchCounter:
    """Tell every so many batches, across epochs."""

    def __init__(self, every: Any):
        if every != "epoch" and (not isinstance(every, int) or every < 1):
            raise ValueError(
                "Unrecognized save_freq: it must be 'epoch' or a number of batches, "
                f"got {every!r}."
            )
        self.every = every
        self.seen = 0
        self.last = -1

    def due(self, batch: int) -> bool:
        """Whether so many batches went by; a lower number means a new epoch."""
        if self.every == "epoch":
            return False
        self.seen += batch + 1 if batch <= self.last else batch - self.last
        self.last = batch
        if self.seen < self.every:
            return False
        self.seen = 0
        return True


@export("dlcore.callbacks.ModelCheckpoint")
class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after epochs or batches.

    Parameters
    ----------
    filepath : str or Path
        May hold ``{epoch}``, ``{batch}`` and names of the logs, with formats:
        ``"model-{epoch:02d}-{val_loss:.2f}.keras"``. Ends in ``.keras``, or with
        ``save_weights_only`` in ``.weights.h5``.
    monitor : str
        Which one of the logs to watch.
    verbose : {0, 1}
        Whether to say when something is saved.
    save_best_only : bool
        Whether to save only when the watched number got better.
    save_weights_only : bool
    mode : {"auto", "min", "max"}
        Whether less or more is better; ``"auto"`` asks the metric.
    save_freq : int or "epoch"
        After how many batches to save.
    initial_value_threshold : float, optional
        Only what beats it is saved with ``save_best_only``.

    Raises
    ------
    ValueError
        If the file's ending or ``save_freq`` is wrong.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = str(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._batches = BatchCounter(save_freq)
        self._epoch = 0
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            what = "weights" if save_weights_only else "model"
            raise ValueError(
                f"To save the {what} the filepath provided must end in `{endings[0]}`, "
                f"got {self.filepath!r}."
            )

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Take note of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save, if so many batches went by."""
        if self._batches.due(batch):
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        logs = logs or {}
        path = self._path(epoch, batch, logs)
        prefix = f"\nEpoch {epoch + 1}: "
        if self.save_best_only and not self._improved(prefix, logs):
            return
        if self.verbose:
            say(f"{prefix}saving model to {path}")
        if Path(path).is_dir():
            raise OSError(
                f"ModelCheckpoint cannot write the file {path}: there is a directory "
                "of this name."
            )
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _improved(self, prefix: str, logs: Any) -> bool:
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"ModelCheckpoint saves without comparing: there is no "
                f"{self.monitor!r} in the logs.",
                stacklevel=2,
            )
            return True
        if getattr(value, "shape", ()):
            warnings.warn(
                f"ModelCheckpoint saves without comparing: {self.monitor!r} is no "
                f"single number but {value}.",
                stacklevel=2,
            )
            return True
        better = self.is_better(value, self.best)
        if self.verbose:
            best = "None" if self.best is None else f"{self.best:.5f}"
            change = (
                f"improved from {best} to {value:.5f}"
                if better
                else (f"did not improve from {best}")
            )
            say(f"{prefix}{self.monitor} {change}")
        if better:
            self.best = value
        return better

    def _path(self, epoch: int, batch: int | None, logs: Any) -> str:
        fields = {"epoch": epoch + 1, **logs}
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint cannot fill in the name {self.filepath!r}: {error} "
                f"is not among {', '.join(fields)}."
                f"{did_you_mean(error.args[0], fields)}"
            ) from error
