"""Training as TensorBoard shows it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.callbacks.event_files import EventFile, needed
from dlcore.src.callbacks.monitor import learning_rate, optimizers_of
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export


@export("dlcore.callbacks.TensorBoard")
class TensorBoard(Callback):
    """Write event files; ``tensorboard --logdir logs`` shows them.

    Needs the package tensorboard, not tensorflow. Numbers of training go to the folder
    ``train``, those of validation to ``validation``: ``epoch_<name>`` by epoch,
    ``batch_<name>`` by batch, ``evaluation_<name>_vs_iterations`` by step.

    Parameters
    ----------
    log_dir : str or Path
    histogram_freq : int
        After how many epochs to write how the weights are spread; 0: never.
    write_graph : bool
        Whether to write the layers of a functional or sequential model.
    write_images : bool
        Whether to write weights as pictures too, with the histograms.
    write_steps_per_second : bool
    update_freq : "epoch", "batch" or int
        After how many batches to write the numbers of batches.
    profile_batch : 0
        Profiles are not written: use the profiler of the backend.
    embeddings_freq : int
        After how many epochs to write the weights of ``Embedding`` layers for
        TensorBoard's projector; 0: never.
    embeddings_metadata : str or dict of str to str, optional
        A file with a label a line, or such files by names of layers.

    Raises
    ------
    ModuleNotFoundError
        If tensorboard is not installed.
    ValueError
        If an argument is wrong.

    Examples
    --------
    >>> import dlcore
    >>> board = dlcore.callbacks.TensorBoard("logs", histogram_freq=1)
    ... # doctest: +SKIP
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ):
        needed()
        if profile_batch:
            raise ValueError(
                "TensorBoard: profiles are not written, `profile_batch` must be 0, got "
                f"{profile_batch!r}. Use the backend's own profiler around `fit`."
            )
        every = 1 if update_freq == "batch" else update_freq
        if every != "epoch" and (not isinstance(every, int) or every < 1):
            raise ValueError(
                "TensorBoard: `update_freq` must be 'epoch', 'batch' or a number of "
                f"batches, got {update_freq!r}."
            )
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = every
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._files: dict[str, EventFile] = {}
        self._batches = 0
        self._since = self._epoch_since = (0, 0.0)

    def _file(self, kind: str) -> EventFile:
        if kind not in self._files:
            self._files[kind] = EventFile(Path(self.log_dir) / kind)
        return self._files[kind]

    def _steps(self) -> int:
        return int(getattr(self.model.optimizer, "iterations", 0))

    def set_model(self, model: Any) -> None:
        """Take note of the model, and write its graph."""
        super().set_model(model)
        self._close()
        if self.embeddings_freq:
            self._describe_embeddings()
        drawn = getattr(model, "_is_functional", False) or hasattr(model, "_sequence")
        if self.write_graph and drawn:
            try:
                config = model.to_json()
            except (TypeError, NotImplementedError) as error:
                warnings.warn(
                    f"TensorBoard shows no graph: {model.name!r} cannot be described "
                    f"({error}).",
                    stacklevel=2,
                )
            else:
                self._file("train").graph("keras", config)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Count batches from 0."""
        self._batches = 0
        self._since = (0, time.perf_counter())

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Look at the clock."""
        self._epoch_since = (self._steps(), time.perf_counter())

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Write the numbers of a batch, if it is time to."""
        self._batches += 1
        if self.update_freq == "epoch" or self._batches % self.update_freq:
            return
        file = self._file("train")
        for name, value in (logs or {}).items():
            file.scalar(f"batch_{name}", value, self._batches)
        if self.write_steps_per_second:
            before, since = self._since
            now = time.perf_counter()
            speed = (self._batches - before) / max(now - since, 1e-9)
            file.scalar("batch_steps_per_second", speed, self._batches)
            self._since = (self._batches, now)

    def on_test_end(self, logs: Logs = None) -> None:
        """Write the results of an evaluation by the number of training steps."""
        for name, value in (logs or {}).items():
            self._file("validation").scalar(
                f"evaluation_{name}_vs_iterations", value, self._steps()
            )
        self._flush()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the numbers of an epoch, weights and embeddings."""
        found = dict(logs or {})
        for suffix, optimizer in optimizers_of(self.model).items():
            found[f"learning_rate{suffix}"] = learning_rate(optimizer)
        if self.write_steps_per_second:
            before, since = self._epoch_since
            seconds = max(time.perf_counter() - since, 1e-9)
            found["steps_per_second"] = (self._steps() - before) / seconds
        for name, value in found.items():
            kind = "validation" if name.startswith("val_") else "train"
            plain = name.removeprefix("val_")
            self._file(kind).scalar(f"epoch_{plain}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            for layer in self._embeddings():
                path = Path(self.log_dir) / f"{layer.name}.tsv"
                np.savetxt(path, layer.weights[0].numpy(), "%.6g", "\t")
        self._flush()

    def _write_weights(self, epoch: int) -> None:
        file = self._file("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                value = np.asarray(weight.numpy(), "float32")
                file.histogram(f"{weight.path}/histogram", value, epoch)
                if self.write_images and value.size and value.ndim:
                    rows = value.reshape(-1, value.shape[-1])
                    wide = rows.T if rows.shape[0] > rows.shape[1] else rows
                    file.image(f"{weight.path}/image", wide, epoch)

    def _embeddings(self) -> list[Any]:
        from dlcore.src.layers.core.embedding import Embedding

        return [x for x in self.model.layers if isinstance(x, Embedding)]

    def _describe_embeddings(self) -> None:
        """Write the file in which TensorBoard's projector looks for embeddings."""
        labels = self.embeddings_metadata
        names = [layer.name for layer in self._embeddings()]
        for name in labels if isinstance(labels, Mapping) else ():
            if name not in names:
                raise ValueError(
                    f"TensorBoard: `embeddings_metadata` names {name!r}, but there is "
                    f"no such Embedding layer.{did_you_mean(name, names)}"
                )
        folder = Path(self.log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        parts = []
        for name in names:
            own = labels.get(name) if isinstance(labels, Mapping) else labels
            lines = [f'  tensor_name: "{name}"', f'  tensor_path: "{name}.tsv"']
            lines += [f'  metadata_path: "{own}"'] if own else []
            parts.append("\n".join(["embeddings {", *lines, "}\n"]))
        (folder / "projector_config.pbtxt").write_text("".join(parts))

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the files."""
        self._close()

    def _flush(self) -> None:
        for file in self._files.values():
            file.flush()

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}
