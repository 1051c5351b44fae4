"""Muon: steps that are nearly orthogonal matrices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.utils.state import put
from dlcore.src.variable import Variable


@export("dlcore.optimizers.Muon")
class Muon(Optimizer):
    """Momentum made orthogonal for matrices, Adam for everything else.

    Name the output layer in ``exclude_layers``: it wants Adam, as embeddings do.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
    adam_beta_1, adam_beta_2, epsilon : float
        As for ``Adam``, of the weights that Adam updates.
    adam_weight_decay : float
        Weight decay of those.
    weight_decay : float
        Weight decay of the matrices.
    exclude_layers : list of str, optional
        Regular expressions; weights whose path has a match go to Adam.
    exclude_embeddings : bool
        Whether weights of embeddings go to Adam.
    muon_a, muon_b, muon_c : float
        Coefficients of the Newton-Schulz iteration.
    adam_lr_ratio : float
        Adam's learning rate, as a multiple of ``learning_rate``.
    momentum : float
        How much of the momentum is kept.
    ns_steps : int
        Newton-Schulz iterations.
    nesterov : bool
        Whether the gradient counts as if taken after the momentum's step.
    rms_rate : float, optional
        Root mean square of a step, so that Adam's rates fit; None leaves it.
    **options
        As for ``Optimizer``.

    References
    ----------
    Jordan et al., 2024, Muon: an optimizer for hidden layers in neural networks. Liu et
    al., 2025, Muon is scalable for LLM training, arXiv:2502.16982 (``rms_rate``).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        exclude_layers: list[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **options: Any,
    ):
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = exclude_layers or []
        self.exclude_embeddings = exclude_embeddings
        self.coefficients = (muon_a, muon_b, muon_c)
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate
        super().__init__(learning_rate, weight_decay, **options)

    def for_adam(self, variable: Any) -> bool:
        """Whether Adam updates a weight."""
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in variable.path.lower())
            or any(re.search(pattern, variable.path) for pattern in self.exclude_layers)
        )

    def make_slots(self, variables: Sequence[Any]) -> list[list[Variable]]:
        """Make the momentum of each weight, and Adam's mean of squares."""
        adam, own = ("momentum", "velocity"), ("momentum",)
        return [
            [self.make_slot(v, name) for name in (adam if self.for_adam(v) else own)]
            for v in variables
        ]

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the rate, and the one of Adam."""
        unbias = ops.sqrt(1 - self.adam_beta_2**step) / (1 - self.adam_beta_1**step)
        return rate, rate * self.adam_lr_ratio * unbias

    def update(
        self, w: Any, g: Any, rate: Any, adam_rate: Any, m: Any, v: Any = None
    ) -> tuple[Any, ...]:
        """Return the new weight and slots."""
        if v is not None:
            m = m + (g - m) * (1 - self.adam_beta_1)
            v = v + (ops.square(g) - v) * (1 - self.adam_beta_2)
            return w - m * adam_rate / (ops.sqrt(v) + self.epsilon), m, v
        m = m * self.momentum + g
        step = self.zeropower_via_newtonschulz5(
            g + m * self.momentum if self.nesterov else m, self.ns_steps
        )
        return w - self.lr_adjust(step * rate), m

    def lr_adjust(self, x: Any) -> Any:
        """Give a step the root mean square of one of Adam's."""
        if self.rms_rate is None:
            return x
        return x * (max(x.shape) ** 0.5 * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Return nearly the orthogonal matrix next to a matrix.

        A polynomial, applied ``steps`` times, drives all singular values towards 1.
        """
        if len(x.shape) < 2:
            raise ValueError(f"Muon takes matrices, got a shape {tuple(x.shape)}.")
        a, b, c = self.coefficients
        tall = x.shape[-2] > x.shape[-1]
        if tall:
            x = self.transpose_last_axis(x)
        x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
        for _ in range(steps):
            square = ops.matmul(x, self.transpose_last_axis(x))
            x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
        return self.transpose_last_axis(x) if tall else x

    def transpose_last_axis(self, X: Any) -> Any:
        """Return a matrix, or a stack of them, with rows and columns exchanged."""
        return ops.swapaxes(X, -1, -2)

    def _decay(self, variables: list[Any], rate: Any) -> None:
        rate = ops.convert_to_tensor(rate)
        for v in variables:
            decay = self.adam_weight_decay if self.for_adam(v) else self.weight_decay
            if decay is not None and self.decays(v):
                put(v, v.value * ops.cast(1.0 - rate * decay, v.value.dtype))
