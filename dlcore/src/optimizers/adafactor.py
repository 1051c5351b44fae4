"""Adafactor: running means of a matrix's squares by rows and columns only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.variable import Variable


def _rms(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))


@export("dlcore.optimizers.Adafactor")
class Adafactor(Optimizer):
    """Adam in less memory: what is kept for a matrix is a row and a column.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    beta_2_decay : float
        Exponent of the step in the means' decay.
    epsilon_1 : float
        Added to squared gradients.
    epsilon_2 : float
        Least size of a weight, to which steps are proportional.
    clip_threshold : float
        Largest root mean square of a step.
    relative_step : bool
        Whether the rate is at most ``1 / sqrt(step)``.
    **options
        As for ``Optimizer``.

    References
    ----------
    Shazeer and Stern, 2018, Adafactor: adaptive learning rates with sublinear memory
    cost, arXiv:1804.04235, algorithms 4 and 5.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 0.001,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **options: Any,
    ):
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step
        super().__init__(learning_rate, **options)

    def make_slots(self, variables: Sequence[Any]) -> list[list[Variable]]:
        """Make the means by rows, by columns, and of each element, of each weight."""
        slots = []
        for v in variables:
            rows, columns = v.shape[:-1], (*v.shape[:-2], *v.shape[-1:])
            if len(v.shape) < 2:  # no rows and columns: numbers, for the file format
                rows = columns = ()
            slots.append(
                [
                    self.add_variable(rows, dtype=v.dtype, name=v.name),
                    self.add_variable(columns, dtype=v.dtype, name=v.name),
                    self.add_variable_from_reference(v, "velocity"),
                ]
            )
        return slots

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the rate and how much of the means is kept."""
        # Whatever `relative_step` says, the reference takes this smaller one.
        return ops.minimum(rate, ops.rsqrt(step)), 1 - step**self.beta_2_decay

    def update(
        self, w: Any, g: Any, rate: Any, kept: Any, r: Any, c: Any, v: Any
    ) -> tuple[Any, ...]:
        """Return the new weight and means."""
        squares = ops.square(g) + self.epsilon_1
        if len(w.shape) < 2:
            v = v * kept + squares * (1 - kept)
        else:
            r = r * kept + ops.mean(squares, axis=-1) * (1 - kept)
            c = c * kept + ops.mean(squares, axis=-2) * (1 - kept)
            share = r / ops.mean(r, axis=-1, keepdims=True)
            v = ops.expand_dims(share, -1) * ops.expand_dims(c, -2)
        step = g / ops.sqrt(v)
        step = step / ops.maximum(_rms(step) / self.clip_threshold, 1.0)
        return w - step * (rate * ops.maximum(_rms(w), self.epsilon_2)), r, c, v
