"""TensorBoard's event files, written with TensorBoard's own parts."""

from __future__ import annotations

import io
import itertools
import os
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np

_numbers = itertools.count()


def needed() -> None:
    """Say what to install, if it is missing.

    Raises
    ------
    ModuleNotFoundError
        If there is no tensorboard.
    """
    try:
        import tensorboard  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The callback TensorBoard writes with the package tensorboard, which is "
            "not installed: pip install tensorboard. CSVLogger needs nothing."
        ) from error


class EventFile:
    """One event file.

    The package's own writer would load tensorflow where it is installed; its records
    alone do not.

    Parameters
    ----------
    folder : Path
        Made, if it is not there.
    """

    def __init__(self, folder: Path):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time():.0f}.{socket.gethostname()}.{os.getpid()}"
        name = f"events.out.tfevents.{name}.{next(_numbers)}"
        self._records = RecordWriter((folder / name).open("wb"))
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())

    def add(self, summary: Any, step: int) -> None:
        """Write a summary."""
        from tensorboard.compat.proto.event_pb2 import Event

        self._write(Event(wall_time=time.time(), step=int(step), summary=summary))

    def scalar(self, name: str, value: Any, step: int) -> None:
        """Write a number."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        self.add(scalar_pb(name, float(value)), step)

    def histogram(self, name: str, values: np.ndarray[Any, Any], step: int) -> None:
        """Write how values are spread; those that are not finite are left out."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        values = values.astype("float64").ravel()
        self.add(histogram_pb(name, values[np.isfinite(values)]), step)

    def image(self, name: str, pixels: np.ndarray[Any, Any], step: int) -> None:
        """Write a grey picture: (height, width), the least black, the largest white."""
        from PIL import Image
        from tensorboard.compat.proto.summary_pb2 import Summary

        low, high = float(pixels.min()), float(pixels.max())
        grey = (pixels - low) / ((high - low) or 1.0) * 255
        data = io.BytesIO()
        Image.fromarray(grey.round().astype("uint8")).save(data, "PNG")
        picture = Summary.Image(
            height=grey.shape[0],
            width=grey.shape[1],
            colorspace=1,
            encoded_image_string=data.getvalue(),
        )
        self.add(Summary(value=[Summary.Value(tag=name, image=picture)]), step)

    def graph(self, name: str, config: str) -> None:
        """Write a model's configuration, JSON, for TensorBoard's graph view."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        summary = text_pb(name, config)
        plugin = summary.value[0].metadata.plugin_data
        plugin.plugin_name, plugin.content = "graph_keras_model", b"1"
        self.add(summary, 0)

    def flush(self) -> None:
        """See to it that what was written can be read."""
        self._records.flush()

    def close(self) -> None:
        """End the file."""
        self._records.flush()
        self._records.close()
