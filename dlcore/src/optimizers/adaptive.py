"""Rates that shrink with the squared gradients seen: Adagrad and what grew from it."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import initializers
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.variable import Variable


@export("dlcore.optimizers.Adagrad")
class Adagrad(Optimizer):
    """Divide by the root of the sum of all squared gradients.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    initial_accumulator_value : float
        Where the sum begins.
    epsilon : float
        Added to the sum.
    **options
        As for ``Optimizer``.

    References
    ----------
    Duchi et al., 2011, Adaptive subgradient methods for online learning and stochastic
    optimization.
    """

    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon
        super().__init__(learning_rate, **options)

    def make_slot(self, variable: Any, name: str) -> Variable:
        """Make the sum of one weight."""
        first = initializers.Constant(self.initial_accumulator_value)
        return self.add_variable_from_reference(variable, name, first)

    def update(self, w: Any, g: Any, rate: Any, total: Any) -> tuple[Any, ...]:
        """Return the new weight and sum."""
        total = total + ops.square(g)
        return w - rate * g / ops.sqrt(total + self.epsilon), total


@export("dlcore.optimizers.Adadelta")
class Adadelta(Optimizer):
    """Steps in the ratio of the size of late steps to that of late gradients.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
        1.0 is the paper's.
    rho : float
        How much of the running means is kept.
    epsilon : float
        Added to the means.
    **options
        As for ``Optimizer``.

    References
    ----------
    Zeiler, 2012, ADADELTA: an adaptive learning rate method, arXiv:1212.5701,
    algorithm 1.
    """

    slots = ("accumulated_grad", "accumulated_delta_var")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        self.rho = rho
        self.epsilon = epsilon
        super().__init__(learning_rate, **options)

    def update(
        self, w: Any, g: Any, rate: Any, squares: Any, steps: Any
    ) -> tuple[Any, ...]:
        """Return the new weight and means."""
        squares = squares * self.rho + ops.square(g) * (1 - self.rho)
        size = ops.sqrt(steps + self.epsilon) / ops.sqrt(squares + self.epsilon)
        step = g * size
        steps = steps * self.rho + ops.square(step) * (1 - self.rho)
        return w - rate * step, squares, steps


@export("dlcore.optimizers.RMSprop")
class RMSprop(Optimizer):
    """Divide by the root of the running mean of squared gradients.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    rho : float
        How much of the mean is kept.
    momentum : float
        How much of the last step is repeated.
    epsilon : float
        Added to the mean.
    centered : bool
        Whether to divide by the gradients' deviation rather than their size.
    **options
        As for ``Optimizer``.

    References
    ----------
    Hinton, 2012, Neural networks for machine learning, lecture 6e. Graves, 2013,
    Generating sequences with recurrent neural networks, arXiv:1308.0850, eq. 38-45
    (momentum, centered).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ):
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        super().__init__(learning_rate, **options)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Return the names of the slots."""
        groups: list[tuple[str, ...]] = [("velocity",)]
        if self.momentum > 0:
            groups.append(("momentum",))
        if self.centered:
            groups.append(("average_gradient",))
        return groups

    def update(
        self, w: Any, g: Any, rate: Any, squares: Any, *others: Any
    ) -> tuple[Any, ...]:
        """Return the new weight, mean of squares, and momentum and mean if kept."""
        squares = squares * self.rho + ops.square(g) * (1 - self.rho)
        variance = squares
        kept: list[Any] = []
        if self.centered:
            mean = others[-1] * self.rho + g * (1 - self.rho)
            variance = squares - ops.square(mean)
            kept = [mean]
        step = rate * g / ops.sqrt(variance + self.epsilon)
        if self.momentum > 0:
            step = others[0] * self.momentum + step
            kept.insert(0, step)
        return w - step, squares, *kept


@export("dlcore.optimizers.Ftrl")
class Ftrl(Optimizer):
    """Follow the regularized leader: sparse weights for large, sparse inputs.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    learning_rate_power : float
        0 or less; -0.5 shrinks the rate as Adagrad does, 0 keeps it.
    initial_accumulator_value : float
        Where the sum of squared gradients begins, 0 or more.
    l1_regularization_strength, l2_regularization_strength : float
        Penalties, 0 or more.
    l2_shrinkage_regularization_strength : float
        Penalty on the weight's size rather than on its change, 0 or more.
    beta : float
        The paper's beta.
    **options
        As for ``Optimizer``.

    Raises
    ------
    ValueError
        If an argument has the wrong sign.

    References
    ----------
    McMahan et al., 2013, Ad click prediction: a view from the trenches, algorithm 1.
    """

    slots = ("accumulator", "linear")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ):
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. Received: "
                f"learning_rate_power={learning_rate_power!r}."
            )
        for argument, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            (
                "l2_shrinkage_regularization_strength",
                l2_shrinkage_regularization_strength,
            ),
        ):
            if value < 0:
                raise ValueError(
                    f"`{argument}` needs to be positive or zero. Received: "
                    f"{argument}={value!r}."
                )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1 = l1_regularization_strength
        self.l2 = l2_regularization_strength
        self.l2_shrinkage = l2_shrinkage_regularization_strength
        self.beta = beta
        super().__init__(learning_rate, **options)

    def make_slot(self, variable: Any, name: str) -> Variable:
        """Make the sum of squares, or the linear term, of one weight."""
        first = self.initial_accumulator_value if name == "accumulator" else 0.0
        return self.add_variable_from_reference(
            variable, name, initializers.Constant(first)
        )

    def update(
        self, w: Any, g: Any, rate: Any, total: Any, linear: Any
    ) -> tuple[Any, ...]:
        """Return the new weight, sum of squares and linear term."""
        power = -self.learning_rate_power
        new_total = total + ops.square(g)
        root, old_root = ops.power(new_total, power), ops.power(total, power)
        linear = linear + g + (2 * self.l2_shrinkage) * w - (root - old_root) / rate * w
        quadratic = root / rate + 2 * (self.l2 + self.beta / (2 * rate))
        clipped = ops.clip(linear, -self.l1, self.l1)
        return (clipped - linear) / quadratic, new_total, linear
