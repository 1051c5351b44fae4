"""The base class of schedules."""

from __future__ import annotations

from typing import Any

from dlcore.src.config import Configurable
from dlcore.src.export import export


@export("dlcore.optimizers.schedules.LearningRateSchedule")
class LearningRateSchedule(Configurable):
    """Base class of schedules: called with a step, they return a learning rate.

    Examples
    --------
    >>> import dlcore
    >>> class Halving(dlcore.optimizers.schedules.LearningRateSchedule):
    ...     def __init__(self, first):
    ...         self.first = first
    ...     def __call__(self, step):
    ...         return self.first * 0.5**step
    >>> Halving(0.5)(1)
    0.25
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step; 0 is the first one.

        Parameters
        ----------
        step : int, tensor or Variable

        Returns
        -------
        tensor
            A scalar.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define `__call__(self, step)`."
        )
