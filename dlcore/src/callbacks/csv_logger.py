"""A table of epochs in a file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.export import export


@export("dlcore.callbacks.CSVLogger")
class CSVLogger(Callback):
    """Write the results of each epoch as a line of a CSV file.

    Parameters
    ----------
    filename : str or Path
    separator : str
        Between two values.
    append : bool
        Whether to go on with a file that exists, rather than overwrite it.
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False):
        self.sep = separator
        self.filename = str(filename)
        self.append = append
        self.keys: list[str] | None = None
        self.csv_file: TextIO | None = None
        self.writer: csv.DictWriter[str] | None = None
        self._header = True

    def on_train_begin(self, logs: Logs = None) -> None:
        """Open the file."""
        self._close()
        path = Path(self.filename)
        self._header = not (self.append and path.exists() and path.stat().st_size)
        self.csv_file = path.open("a" if self.append else "w", newline="")
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write a line."""
        logs = logs or {}
        if self.csv_file is None:
            raise RuntimeError("CSVLogger: `on_train_begin` was not called.")
        if self.writer is None:
            self.keys = sorted(logs)
            if self.keys and not any(key.startswith("val_") for key in self.keys):
                # Validation may begin later; its columns must be there.
                self.keys += [f"val_{key}" for key in self.keys]
            self.writer = csv.DictWriter(
                self.csv_file, ["epoch", *self.keys], delimiter=self.sep
            )
            if self._header:
                self.writer.writeheader()
        row = {key: _cell(logs.get(key, "NA")) for key in self.keys or ()}
        self.writer.writerow({"epoch": epoch, **row})
        self.csv_file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the file."""
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple) or (
        isinstance(value, np.ndarray) and value.ndim
    ):
        return f'"[{", ".join(map(str, value))}]"'
    return value
