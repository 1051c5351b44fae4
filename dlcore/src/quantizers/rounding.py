"""Rounding matrices by what data say of them: GPTQ and AWQ, in numpy on the host.

A matrix is ``(outputs, inputs)``; what comes back are integers of its shape, scales
and zero points ``(outputs, groups)``, and the group of each input.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dlcore.src import backend as backends
from dlcore.src.quantizers.affine import dequantize_groups, parameters, quantize, spread

Array = np.ndarray[Any, Any]


class Rounded(NamedTuple):
    """A matrix as integers, and what makes floats of them."""

    values: Array
    scale: Array
    zero: Array
    groups: Array

    def floats(self) -> Array:
        """Return the floats nearest to which they stand."""
        with backends.use_backend("numpy"):
            return dequantize_groups(*self)


class Gptq:
    """Rounds one input's weights after the other, and mends those that follow.

    Parameters
    ----------
    inputs : int
        Number of inputs of the matrix.

    Notes
    -----
    Source: Frantar et al., 2022, arXiv:2210.17323, algorithm 1. The error of each
    input's weights is spread by a row of the Cholesky factor of the inverse Hessian.
    """

    def __init__(self, inputs: int):
        self.hessian = np.zeros((inputs, inputs), "float32")
        self.count = 0

    def look_at(self, x: Array) -> None:
        """Add activations, their last axes the inputs, to the mean Hessian."""
        x = x.reshape(-1, len(self.hessian))
        old, self.count = self.count, self.count + len(x)
        self.hessian *= old / self.count
        self.hessian += (2.0 / self.count) * (x.T @ x)

    def round(self, weights: Array, config: Any) -> Rounded:
        """Return a matrix rounded as a ``GPTQConfig`` says."""
        w = np.array(weights, "float32")
        inputs = w.shape[1]
        hessian = self.hessian.astype("float64")
        diagonal = np.diag(hessian).copy()
        diagonal[diagonal == 0] = 1.0  # inputs that are always 0
        hessian[np.diag_indices(inputs)] = diagonal
        order = np.arange(inputs)
        if config.activation_order:
            order = np.argsort(-diagonal, kind="stable")
        w, hessian = w[:, order], hessian[np.ix_(order, order)]
        damping = max(config.hessian_damping * float(diagonal.mean()), 1e-12)
        hessian[np.diag_indices(inputs)] += damping
        factor = np.linalg.cholesky(np.linalg.inv(hessian)).T.astype("float32")

        size = inputs if config.group_size == -1 else config.group_size
        values = np.zeros(w.shape, "uint8")
        scales, zeros = [], []
        options = {
            "bits": config.weight_bits,
            "symmetric": config.symmetric,
            "per_channel": config.per_channel,
        }
        with backends.use_backend("numpy"):
            for i in range(inputs):
                if i % size == 0:
                    scale, zero, most = parameters(w[:, i : i + size], **options)
                    scales.append(scale)
                    zeros.append(zero)
                column = quantize(w[:, i : i + 1], scale, zero, most)
                values[:, i : i + 1] = column
                error = w[:, i : i + 1] - (column - zero) * scale
                w[:, i + 1 :] -= error / factor[i, i] * factor[i, i + 1 :]
        back = np.argsort(order)
        groups = (np.arange(inputs) // size).astype("float32")
        return Rounded(
            values[:, back],
            np.concatenate(scales, 1),
            np.concatenate(zeros, 1),
            groups[back],
        )


class Awq:
    """Enlarges weights of large activations before rounding, by the best factors.

    Parameters
    ----------
    inputs : int
        Number of inputs of the matrix.

    Notes
    -----
    Source: Lin et al., 2023, arXiv:2306.00978. An input's factor is a power of its
    largest activation; the power is that of the smallest error of the outputs.
    """

    def __init__(self, inputs: int):
        self.largest = np.zeros(inputs, "float32")

    def look_at(self, x: Array) -> None:
        """Note the largest activations; their last axes are the inputs."""
        x = x.reshape(-1, len(self.largest))
        self.largest = np.maximum(self.largest, np.abs(x).max(0))

    def round(self, weights: Array, config: Any) -> tuple[Rounded, Array]:
        """Return a matrix rounded as an ``AWQConfig`` says, and the factors."""
        w = np.array(weights, "float32")
        salience = np.where(self.largest < 1e-8, 1.0, self.largest)
        best, found = np.inf, None
        for i in range(config.num_grid_points + 1):
            factors = np.maximum(salience ** (i / config.num_grid_points), 1e-4)
            factors /= max(np.sqrt(factors.max() * factors.min()), 1e-8)
            rounded = _to_nearest(w * factors, config.group_size)
            error = (rounded.floats() / factors - w) * salience
            loss = float(np.mean(np.square(error)))
            if loss < best:
                best, found = loss, (rounded, factors.astype("float32"))
        if found is None:
            raise ValueError("AWQ found no factors: the weights are not finite.")
        return found


def _to_nearest(w: Array, group_size: int) -> Rounded:
    size = w.shape[1] if group_size == -1 else group_size
    groups = (np.arange(w.shape[1]) // size).astype("float32")
    with backends.use_backend("numpy"):
        scale, zero, most = parameters(w, bits=4, per_channel=True, group_size=size)
        values = quantize(w, spread(scale, groups), spread(zero, groups), most)
    return Rounded(values.astype("uint8"), scale, zero, groups)
