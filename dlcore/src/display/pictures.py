"""Small pictures: how values are spread, and where in a matrix they stand."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore.src.widgets.style import TRAIN, VALID

# Cells of a matrix; a larger one is shown as the means of its blocks.
ROWS, COLUMNS = 48, 96
BROKEN = "#d100d1"


def spread(bins: Sequence[int], width: int = 96, height: int = 18) -> str:
    """Draw a histogram as SVG; its colour is that of the text around it.

    Parameters
    ----------
    bins : sequence of int
        May be empty: then there is nothing to draw.
    width, height : int
        In pixels.
    """
    if not bins:
        return ""
    step, top = width / len(bins), max(bins)
    bars = "".join(
        f"M{i * step:.3g} {height}v-{max(1.0, height * n / top):.3g}h{step - 0.6:.3g}"
        f"V{height}z"
        for i, n in enumerate(bins)
        if n
    )
    return (
        f'<svg class="spread" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="histogram">'
        f'<path d="{bars}"/></svg>'
    )


def matrix(value: Any) -> tuple[str, tuple[int, int]] | None:
    """Draw a matrix as a picture: blue is above zero, orange below, clear is zero.

    Opacity, not lightness, stands for the size, so that the picture is right on light
    and on dark pages; what is not finite is magenta.

    Parameters
    ----------
    value : array-like
        At least two axes; all but the last become rows.

    Returns
    -------
    (str, (int, int)) or None
        A ``data:`` address of a PNG, and how many rows and columns of the matrix
        make a cell; None for other arrays.
    """
    array = np.asarray(value)
    if array.ndim < 2 or not array.size or array.dtype.kind in "OSUMmc":
        return None
    rows = array.reshape(-1, array.shape[-1])
    cell = -(-rows.shape[0] // ROWS), -(-rows.shape[1] // COLUMNS)
    means = _blocks(rows.astype("float32"), *cell)
    sound = np.isfinite(means)
    top = float(np.abs(means, where=sound, out=np.zeros_like(means)).max()) or 1.0
    pixels = np.empty((*means.shape, 4), "uint8")
    pixels[..., :3] = np.where((means < 0)[..., None], _rgb(VALID), _rgb(TRAIN))
    share = np.sqrt(np.abs(np.where(sound, means, 0.0)) / top)
    pixels[..., 3] = np.round(255 * share)
    pixels[~sound] = (*_rgb(BROKEN), 255)
    return _png(pixels), cell


def _blocks(rows: np.ndarray[Any, Any], high: int, wide: int) -> np.ndarray[Any, Any]:
    """Return the means of blocks; those at the far edges are smaller."""
    for axis, size in ((0, high), (1, wide)):
        if size > 1:
            starts = np.arange(0, rows.shape[axis], size)
            counts = np.diff(np.append(starts, rows.shape[axis]))
            shape = (-1, 1) if axis == 0 else (1, -1)
            rows = np.add.reduceat(rows, starts, axis) / counts.reshape(shape)
    return rows


def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _png(pixels: np.ndarray[Any, Any]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/png;base64,{data}"
