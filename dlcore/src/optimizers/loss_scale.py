"""Scaling the loss, as far as the gradients stay finite."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Self

from dlcore import ops
from dlcore.src import backend as backends, initializers
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.saving.serialization import deserialize_keras_object
from dlcore.src.utils.state import put
from dlcore.src.variable import Variable

_DEFAULTS = {
    name: parameter.default
    for name, parameter in Optimizer._signature.parameters.items()
}


@export(
    "dlcore.optimizers.LossScaleOptimizer",
    "dlcore.mixed_precision.LossScaleOptimizer",
)
class LossScaleOptimizer(Optimizer):
    """Find a factor for the loss that keeps float16 gradients from vanishing.

    A step whose gradients are not all finite is left out, and halves the factor; after
    so many good steps it doubles.

    Parameters
    ----------
    inner_optimizer : Optimizer
        What updates the weights; options such as clipping belong to it.
    initial_scale : float
    dynamic_growth_steps : int
        Good steps after which the factor doubles.
    name : str, optional
    dynamic : bool
        Accepted as True only: ``loss_scale_factor`` of any optimizer is a fixed one.
    **options
        Accepted at their defaults only, as configurations hold them.

    Raises
    ------
    ValueError
        If an option is given that belongs to the inner optimizer.

    References
    ----------
    Micikevicius et al., 2017, Mixed precision training, arXiv:1710.03740, section 3.2.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        *,
        dynamic: bool = True,
        **options: Any,
    ):
        if not dynamic:
            raise ValueError(
                "LossScaleOptimizer finds the factor itself. For a fixed one set "
                "`loss_scale_factor` on the optimizer: "
                f"{type(inner_optimizer).__name__}(loss_scale_factor=...)."
            )
        for option, value in options.items():
            if option != "learning_rate" and value != _DEFAULTS[option]:
                raise ValueError(
                    f"LossScaleOptimizer has no `{option}` of its own: set it on the "
                    f"`inner_optimizer`, {type(inner_optimizer).__name__}({option}="
                    f"{value!r})."
                )
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None

    def build(self, variables: Sequence[Any]) -> None:
        """Make the state: a counter and the factor, then the inner optimizer's."""
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable(
            (),
            initializers.Constant(self.initial_scale),
            "float32",
            name="dynamic_scale",
        )
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its state, then the inner optimizer's."""
        return [*self._variables, *self.inner_optimizer.variables]

    def to_backend(self, backend: str | backends.Backend) -> None:
        """Move the state of both optimizers to another backend."""
        super().to_backend(backend)
        self.inner_optimizer.to_backend(backend)

    def apply(
        self, grads: Sequence[Any], trainable_variables: Iterable[Any] | None = None
    ) -> None:
        """Do one step, if the gradients are finite."""
        grads = list(grads)
        if not grads:
            return
        variables = self._known(grads, trainable_variables)
        with backends.use_backend(self.backend):
            grads = [None if g is None else ops.convert_to_tensor(g) for g in grads]
            self._if(
                self.check_finite(grads),
                lambda: self._good_step(grads, variables),
                [*variables, *self.variables],
                self._bad_step,
            )

    def check_finite(self, grads: Iterable[Any]) -> Any:
        """Return whether all values of all gradients are finite.

        Parameters
        ----------
        grads : iterable of tensor or None
        """
        finite = [ops.all(ops.isfinite(g)) for g in grads if g is not None]
        return functools.reduce(ops.logical_and, finite, True)

    def _good_step(self, grads: list[Any], variables: list[Any]) -> None:
        scale = self.dynamic_scale.value
        unscaled = [
            g
            if g is None or v.overwrite_with_gradient
            else g / ops.cast(scale, g.dtype)
            for g, v in zip(grads, variables, strict=True)
        ]
        self.inner_optimizer.apply(unscaled, variables)
        count = self.step_counter.value + 1
        grow = ops.equal(count, self.dynamic_growth_steps)
        put(self.step_counter, ops.where(grow, ops.zeros_like(count), count))
        put(self.dynamic_scale, ops.where(grow, scale * 2.0, scale))

    def _bad_step(self) -> None:
        put(self.step_counter, ops.zeros_like(self.step_counter.value))
        put(self.dynamic_scale, self.dynamic_scale.value * 0.5)

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """Number of updates the inner optimizer did."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Any) -> Any:
        """Multiply a loss by the factor."""
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Give the weights their moving average, if the inner optimizer has one."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        left_out = {*_DEFAULTS, "dynamic"}
        config = super().get_config()
        return {k: v for k, v in config.items() if k not in left_out} | {
            "name": self.name
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make an optimizer from what ``get_config`` returned."""
        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})
