"""Schedule-free AdamW: an average of iterates in place of a schedule."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.optimizers.adam import Moments
from dlcore.src.variable import Variable


@export("dlcore.optimizers.ScheduleFreeAdamW")
class ScheduleFreeAdamW(Moments):
    """Adam on one sequence of weights, gradients at a mix of it and of its average.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
        Constant; no schedule is needed.
    beta_1 : float
        How much of the average is in the weights where gradients are taken.
    beta_2, epsilon : float
        As for ``Adam``.
    warmup_steps : int
        Steps over which the rate rises from 0.
    **options
        As for ``Optimizer``.

    References
    ----------
    Defazio et al., 2024, The road less scheduled, arXiv:2405.15682, algorithm 1.
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **options: Any,
    ):
        self.warmup_steps = warmup_steps
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)

    def make_slot(self, variable: Any, name: str) -> Variable:
        """Make a slot; the first one begins as the weight itself."""
        slot = super().make_slot(variable, name)
        if name == "momentum":
            slot.assign(variable.value)
        return slot

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the rate, the share of the newest iterate, and a correction."""
        if self.warmup_steps:
            rate = rate * ops.minimum(step / self.warmup_steps, 1.0)
        return rate, 1 / step, 1 - self.beta_2**step

    def update(
        self, y: Any, g: Any, rate: Any, share: Any, unbias: Any, z: Any, v: Any
    ) -> tuple[Any, ...]:
        """Return the new weights, iterates and means of squares."""
        v = v + (ops.square(g) - v) * (1 - self.beta_2)
        average = (y - (1 - self.beta_1) * z) / self.beta_1
        z = z - rate * g / (ops.sqrt(v / unbias) + self.epsilon)
        average = (1 - share) * average + share * z
        return (1 - self.beta_1) * z + self.beta_1 * average, z, v
