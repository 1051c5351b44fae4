"""Going on where training was interrupted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.callbacks.model_checkpoint import BatchCounter
from dlcore.src.export import export


@export("dlcore.callbacks.BackupAndRestore")
class BackupAndRestore(Callback):
    """Save weights and the epoch while training; go on from there next time.

    Parameters
    ----------
    backup_dir : str or Path
        Folder for this model alone.
    save_freq : int or "epoch"
        After how many batches to save.
    double_checkpoint : bool
        Whether to keep the last backup but one, in case a crash spoils the last.
    delete_checkpoint : bool
        Whether the folder goes when training is done.

    Raises
    ------
    ValueError
        If the folder is empty, or ``save_freq`` wrong, or the model not built.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ):
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed: name a folder.")
        try:
            self._batches = BatchCounter(save_freq)
        except ValueError as error:
            raise ValueError(
                "Invalid value for argument `save_freq`: it must be 'epoch' or a "
                f"number of batches, got {save_freq!r}."
            ) from error
        self.backup_dir = str(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0
        self._batch = 0
        folder = Path(backup_dir)
        self._weights = folder / "latest.weights.h5"
        self._progress = folder / "training_metadata.json"

    @staticmethod
    def _older(path: Path) -> Path:
        return path.with_name(f"{path.name}.bkp")

    def on_train_begin(self, logs: Logs = None) -> None:
        """Go on from the backup, if there is one."""
        try:
            self._load()
        except OSError:
            if not self._older(self._weights).exists():
                raise
            for path in (self._weights, self._progress):
                if self._older(path).exists():
                    shutil.copy(self._older(path), path)
                else:
                    path.unlink(missing_ok=True)
            self._load()

    def _load(self) -> None:
        model = self.model
        if not model.built:
            raise ValueError(
                f"BackupAndRestore needs a model built before `fit`, and {model} is "
                "not: call it on a batch first."
            )
        if self._weights.exists():
            if model.optimizer is not None and not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
            model.load_weights(self._weights)
        if self._progress.exists():
            model._initial_epoch = json.loads(self._progress.read_text())["epoch"]

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save, if so many batches went by."""
        self._batch = batch
        if self._batches.due(batch):
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save."""
        self._epoch, self._batch = epoch + 1, 0
        if self.save_freq == "epoch":
            self._save()

    def _save(self) -> None:
        self._weights.parent.mkdir(parents=True, exist_ok=True)
        for path in (self._weights, self._progress):
            if self.double_checkpoint and path.exists():
                shutil.copy(path, self._older(path))
        self.model.save_weights(self._weights, overwrite=True)
        state = json.dumps({"epoch": self._epoch, "batch": self._batch})
        unfinished = self._progress.with_suffix(".tmp")
        unfinished.write_text(state)
        unfinished.replace(self._progress)

    def on_train_end(self, logs: Logs = None) -> None:
        """Remove the backup: training is done."""
        if self.delete_checkpoint and self._weights.parent.exists():
            shutil.rmtree(self._weights.parent)
