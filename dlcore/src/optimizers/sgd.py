"""Gradient descent, with momentum or by signs."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer


@export("dlcore.optimizers.SGD")
class SGD(Optimizer):
    """Stochastic gradient descent, with or without momentum.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    momentum : float
        How much of the last step is repeated, from 0 to 1.
    nesterov : bool
        Whether the gradient counts as if taken after the momentum's step.
    **options
        As for ``Optimizer``.

    Raises
    ------
    ValueError
        If ``momentum`` is not from 0 to 1.

    References
    ----------
    Sutskever et al., 2013, On the importance of initialization and momentum in deep
    learning, section 2.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ):
        if not 0 <= momentum <= 1:
            raise ValueError(
                f"`momentum` must be a float between [0, 1], got {momentum!r}."
            )
        self.momentum = momentum
        self.nesterov = nesterov
        super().__init__(learning_rate, **options)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Return the names of the slots: none without momentum."""
        return [("momentum",)] if self.momentum else []

    def update(self, w: Any, g: Any, rate: Any, m: Any = None) -> tuple[Any, ...]:
        """Return the new weight and momentum."""
        step = g * rate
        if m is None:
            return (w - step,)
        m = m * self.momentum - step
        return (w + (m * self.momentum - step) if self.nesterov else w + m), m


@export("dlcore.optimizers.Lion")
class Lion(Optimizer):
    """Steps of one size, in the direction of the sign of a momentum.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
        3 to 10 times smaller than for Adam.
    beta_1 : float
        How much the momentum weighs against the gradient, above 0 and at most 1.
    beta_2 : float
        How much of the momentum is kept.
    **options
        As for ``Optimizer``.

    Raises
    ------
    ValueError
        If ``beta_1`` is not above 0 and at most 1.

    References
    ----------
    Chen et al., 2023, Symbolic discovery of optimization algorithms, arXiv:2302.06675,
    program 1.
    """

    slots = ("momentum",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **options: Any,
    ):
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the "
                "optimizer degenerates to SignSGD. Received: "
                f"beta_1={beta_1!r}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        super().__init__(learning_rate, **options)

    def update(self, w: Any, g: Any, rate: Any, m: Any) -> tuple[Any, ...]:
        """Return the new weight and momentum."""
        direction = ops.sign(m * self.beta_1 + g * (1 - self.beta_1))
        return w - rate * direction, m * self.beta_2 + g * (1 - self.beta_2)
