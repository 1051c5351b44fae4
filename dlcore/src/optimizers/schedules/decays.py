"""The schedules: how a learning rate falls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.optimizers.schedules.base import LearningRateSchedule


def _positive(name: str, value: float) -> float:
    if value <= 0:
        raise ValueError(f"Argument `{name}` must be above 0, got {value!r}.")
    return value


def _floating(step: Any) -> Any:
    return ops.cast(ops.convert_to_tensor(step), config.floatx())


@export("dlcore.optimizers.schedules.ExponentialDecay")
class ExponentialDecay(LearningRateSchedule):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
        After which the rate is multiplied by ``decay_rate``.
    decay_rate : float
    staircase : bool
        Whether the rate only changes every ``decay_steps`` steps.
    name : str

    Raises
    ------
    ValueError
        If ``decay_steps`` is not above 0.

    Examples
    --------
    >>> import dlcore
    >>> rate = dlcore.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
    >>> float(rate(20))
    0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        periods = _floating(step) / self.decay_steps
        if self.staircase:
            periods = ops.floor(periods)
        return self.initial_learning_rate * ops.power(self.decay_rate, periods)


@export("dlcore.optimizers.schedules.InverseTimeDecay")
class InverseTimeDecay(LearningRateSchedule):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    decay_rate : float
    staircase : bool
        Whether the rate only changes every ``decay_steps`` steps.
    name : str

    Raises
    ------
    ValueError
        If ``decay_steps`` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        periods = _floating(step) / self.decay_steps
        if self.staircase:
            periods = ops.floor(periods)
        return self.initial_learning_rate / (1.0 + self.decay_rate * periods)


@export("dlcore.optimizers.schedules.PiecewiseConstantDecay")
class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to each boundary.

    Parameters
    ----------
    boundaries : sequence of int
        Last steps of the pieces, rising.
    values : sequence of float
        One more than boundaries.
    name : str

    Raises
    ------
    ValueError
        If the numbers of boundaries and values do not fit.

    Examples
    --------
    >>> import dlcore
    >>> rate = dlcore.optimizers.schedules.PiecewiseConstantDecay([10], [1.0, 0.5])
    >>> float(rate(10)), float(rate(11))
    (1.0, 0.5)
    """

    def __init__(
        self,
        boundaries: Sequence[int],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "There must be one boundary less than values, got "
                f"{len(boundaries)} `boundaries` and {len(values)} `values`."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        step = ops.convert_to_tensor(step)
        rate = ops.convert_to_tensor(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(step > boundary, value, rate)
        return rate


@export("dlcore.optimizers.schedules.PolynomialDecay")
class PolynomialDecay(LearningRateSchedule):
    """From one rate to another, along ``(1 - step / decay_steps) ** power``.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
        When the end is reached.
    end_learning_rate : float
    power : float
        1 is a straight line.
    cycle : bool
        Whether the rate begins to fall anew beyond ``decay_steps``, over twice, three
        times... as many steps.
    name : str

    Raises
    ------
    ValueError
        If ``decay_steps`` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        done = _floating(step) / self.decay_steps
        if self.cycle:
            done = done / ops.maximum(ops.ceil(done), 1.0)
        else:
            done = ops.minimum(done, 1.0)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(1.0 - done, self.power) + self.end_learning_rate


@export("dlcore.optimizers.schedules.CosineDecay")
class CosineDecay(LearningRateSchedule):
    """Down along half a cosine wave, after a linear warm-up if wanted.

    Parameters
    ----------
    initial_learning_rate : float
        Where the warm-up begins; without one, where the wave begins.
    decay_steps : int
        Length of the wave.
    alpha : float
        Where the wave ends, as a part of where it begins.
    name : str
    warmup_target : float, optional
        Where the warm-up ends and the wave begins.
    warmup_steps : int
        Length of the warm-up.

    Raises
    ------
    ValueError
        If ``decay_steps`` is not above 0.

    References
    ----------
    Loshchilov and Hutter, 2016, SGDR: stochastic gradient descent with warm restarts,
    arXiv:1608.03983.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def _wave(self, step: Any, top: float) -> Any:
        done = ops.minimum(step / self.decay_steps, 1.0)
        height = 0.5 * (1.0 + ops.cos(math.pi * done))
        return top * ((1.0 - self.alpha) * height + self.alpha)

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        step = _floating(step)
        first, target = self.initial_learning_rate, self.warmup_target
        if target is None:
            return self._wave(step, first)
        wave = self._wave(step - self.warmup_steps, target)
        if not self.warmup_steps:
            return wave
        rise = (target - first) * step / self.warmup_steps + first
        return ops.where(step < self.warmup_steps, rise, wave)


@export("dlcore.optimizers.schedules.CosineDecayRestarts")
class CosineDecayRestarts(LearningRateSchedule):
    """Half cosine waves, one after the other.

    Parameters
    ----------
    initial_learning_rate : float
    first_decay_steps : int
        Length of the first wave.
    t_mul : float
        How many times longer each wave is than the last.
    m_mul : float
        How many times higher each wave is than the last.
    alpha : float
        Least rate, as a part of the initial one.
    name : str

    Raises
    ------
    ValueError
        If ``first_decay_steps`` is not above 0.

    References
    ----------
    Loshchilov and Hutter, 2016, SGDR: stochastic gradient descent with warm restarts,
    arXiv:1608.03983.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = _positive("first_decay_steps", first_decay_steps)
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        done = _floating(step) / self.first_decay_steps  # in lengths of the first wave
        t = self.t_mul
        if t == 1.0:
            wave = ops.floor(done)
            done = done - wave
        else:  # before wave i lie (1 - t**i) / (1 - t) lengths
            wave = ops.floor(ops.log(1.0 - done * (1.0 - t)) / math.log(t))
            length = ops.power(t, wave)
            done = (done - (1.0 - length) / (1.0 - t)) / length
        top = ops.power(self.m_mul, wave)
        height = 0.5 * top * (1.0 + ops.cos(math.pi * done))
        return self.initial_learning_rate * ((1.0 - self.alpha) * height + self.alpha)
