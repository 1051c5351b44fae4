"""Fewer points, the same picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def decimate(
    x: Sequence[float], y: Sequence[float], limit: int = 500
) -> tuple[list[float], list[float]]:
    """Thin a curve so that it still looks the same.

    The points are cut into consecutive groups of equal size, and of each group the
    lowest and the highest stay, in their order; so do the first and the last of
    all. Points that are not finite are left out.

    Parameters
    ----------
    x, y : sequence of float
        Of equal length; ``x`` in increasing order.
    limit : int
        Most points to return, at least 4.

    Returns
    -------
    tuple of list of float
        The x and the y that stay.

    Raises
    ------
    ValueError
        If the lengths differ, or ``limit`` is below 4.

    Examples
    --------
    >>> decimate([0, 1, 2, 3, 4, 5], [0, 1, 9, 2, -5, 3], limit=4)
    ([0.0, 2.0, 4.0, 5.0], [0.0, 9.0, -5.0, 3.0])
    """
    if limit < 4:
        raise ValueError(f"decimate: `limit` is {limit}, it must be at least 4.")
    xs = np.asarray(x, dtype="float64")
    ys = np.asarray(y, dtype="float64")
    if xs.shape != ys.shape:
        raise ValueError(f"decimate: {len(xs)} values of x, but {len(ys)} of y.")
    finite = np.isfinite(ys)
    xs, ys = xs[finite], ys[finite]
    if len(ys) > limit:
        inner = len(ys) - 2
        size = -(-inner // ((limit - 2) // 2))
        groups = -(-inner // size)
        starts = 1 + size * np.arange(groups)
        padded = np.full(groups * size, ys[-2])  # the last group is filled up
        padded[:inner] = ys[1:-1]
        grid = padded.reshape(groups, size)
        picked = (starts + grid.argmin(1), starts + grid.argmax(1))
        index = np.unique(np.concatenate([[0, inner + 1], *picked]))
        xs, ys = xs[index], ys[index]
    return xs.tolist(), ys.tolist()
