"""Adam and its relatives: each weight's step is scaled by its gradients' size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.utils.state import put
from dlcore.src.variable import Variable


class Moments(Optimizer):
    """Base of the optimizers that keep running means of gradients and their squares.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    beta_1 : float
        How much of the mean of gradients is kept.
    beta_2 : float
        How much of the mean of squares is kept.
    epsilon : float
        Added to a denominator.
    **options
        As for ``Optimizer``.
    """

    slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        super().__init__(learning_rate, **options)

    def moments(self, g: Any, m: Any, v: Any) -> tuple[Any, Any]:
        """Return the running means after one more gradient."""
        m = m + (g - m) * (1 - self.beta_1)
        v = v + (ops.square(g) - v) * (1 - self.beta_2)
        return m, v


@export("dlcore.optimizers.Adam")
class Adam(Moments):
    """Adaptive moments.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    beta_1 : float
        How much of the mean of gradients is kept.
    beta_2 : float
        How much of the mean of squared gradients is kept.
    epsilon : float
        Added to the denominator: the paper's "epsilon hat".
    amsgrad : bool
        Whether the denominator may only grow.
    **options
        As for ``Optimizer``.

    References
    ----------
    Kingma and Ba, 2014, Adam: a method for stochastic optimization, arXiv:1412.6980,
    section 2 (the variant before 2.1). Reddi et al., 2018, On the convergence of Adam
    and beyond (amsgrad).

    Examples
    --------
    >>> import dlcore
    >>> weight = dlcore.Variable([1.0])
    >>> dlcore.optimizers.Adam(0.1).apply([dlcore.ops.array([5.0])], [weight])
    >>> weight.numpy().round(4).tolist()
    [0.8999999761581421]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ):
        self.amsgrad = amsgrad
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Return the names of the slots."""
        return [self.slots, ("velocity_hat",)] if self.amsgrad else [self.slots]

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the rate corrected for means that began at 0."""
        unbias = ops.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        return (rate * unbias,)

    def update(
        self, w: Any, g: Any, rate: Any, m: Any, v: Any, largest: Any = None
    ) -> tuple[Any, ...]:
        """Return the new weight and means."""
        m, v = self.moments(g, m, v)
        if largest is None:
            return w - m * rate / (ops.sqrt(v) + self.epsilon), m, v
        largest = ops.maximum(largest, v)
        return w - m * rate / (ops.sqrt(largest) + self.epsilon), m, v, largest


@export("dlcore.optimizers.AdamW")
class AdamW(Adam):
    """Adam with weight decay that does not go through the gradients.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    weight_decay : float
        Each step takes ``learning_rate * weight_decay`` of each weight away.
    beta_1, beta_2, epsilon, amsgrad
        As for ``Adam``.
    **options
        As for ``Optimizer``.

    Raises
    ------
    ValueError
        If ``weight_decay`` is None.

    References
    ----------
    Loshchilov and Hutter, 2017, Decoupled weight decay regularization,
    arXiv:1711.05101, algorithm 2.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ):
        if weight_decay is None:
            raise ValueError(
                "Argument `weight_decay` must be a float. Received: weight_decay=None. "
                "Adam is AdamW without it."
            )
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            weight_decay=weight_decay,
            **options,
        )


@export("dlcore.optimizers.Adamax")
class Adamax(Moments):
    """Adam with the largest gradient of late in place of the mean of squares.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon
        As for ``Adam``.
    **options
        As for ``Optimizer``.

    References
    ----------
    Kingma and Ba, 2014, arXiv:1412.6980, algorithm 2.
    """

    slots = ("momentum", "norm")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the rate corrected for a mean that began at 0."""
        return (rate / (1 - self.beta_1**step),)

    def update(self, w: Any, g: Any, rate: Any, m: Any, u: Any) -> tuple[Any, ...]:
        """Return the new weight, mean and norm."""
        m = m + (g - m) * (1 - self.beta_1)
        u = ops.maximum(u * self.beta_2, ops.absolute(g))
        return w - m * rate / (u + self.epsilon), m, u


@export("dlcore.optimizers.Nadam")
class Nadam(Moments):
    """Adam with Nesterov's momentum.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon
        As for ``Adam``.
    **options
        As for ``Optimizer``.

    References
    ----------
    Dozat, 2015, Incorporating Nesterov momentum into Adam; with the momentum's
    schedule of Sutskever et al., 2013.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)

    def build(self, variables: Sequence[Any]) -> None:
        """Make the state: besides the slots the product of all momenta so far."""
        super().build(variables)
        dtype = variables[0].dtype if variables else None
        self._product: Variable = self.add_variable((), "ones", dtype, name="u_product")

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the weights of the mean and of the gradient, and the correction."""
        now = self.beta_1 * (1 - 0.5 * 0.96**step)
        next_ = self.beta_1 * (1 - 0.5 * 0.96 ** (step + 1))
        product = ops.cast(self._product.value, step.dtype) * now
        put(self._product, ops.cast(product, self._product.dtype))
        of_mean = rate * next_ / (1 - product * next_)
        of_gradient = rate * (1 - now) / (1 - product)
        return of_mean, of_gradient, ops.sqrt(1 - self.beta_2**step)

    def update(
        self,
        w: Any,
        g: Any,
        of_mean: Any,
        of_gradient: Any,
        unbias: Any,
        m: Any,
        v: Any,
    ) -> tuple[Any, ...]:
        """Return the new weight and means."""
        m, v = self.moments(g, m, v)
        step = of_mean * m + of_gradient * g
        return w - step / (ops.sqrt(v) / unbias + self.epsilon), m, v


@export("dlcore.optimizers.Lamb")
class Lamb(Moments):
    """Adam whose step has the norm of the weight, for large batches.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon
        As for ``Adam``.
    **options
        As for ``Optimizer``.

    References
    ----------
    You et al., 2019, Large batch optimization for deep learning: training BERT in 76
    minutes, arXiv:1904.00962, algorithm 2.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the rate and the corrections for means that began at 0."""
        return rate, 1 - self.beta_1**step, 1 - self.beta_2**step

    def update(
        self, w: Any, g: Any, rate: Any, unbias_m: Any, unbias_v: Any, m: Any, v: Any
    ) -> tuple[Any, ...]:
        """Return the new weight and means."""
        m, v = self.moments(g, m, v)
        step = m / unbias_m / (ops.sqrt(v / unbias_v) + self.epsilon)
        size = ops.sqrt(ops.sum(ops.square(w)))
        step_size = ops.sqrt(ops.sum(ops.square(step)))
        both = ops.logical_and(size > 0, step_size > 0)
        ratio = ops.where(both, size / ops.where(both, step_size, 1.0), 1.0)
        return w - step * (ratio * rate), m, v
