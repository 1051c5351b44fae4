"""``compile``: what a model is trained with."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from dlcore.src import backend as backends
from dlcore.src.training.compiled import Compiled
from dlcore.src.training.functions import Functions
from dlcore.src.utils.homes import on_own_backend


class Compiling:
    """Settings and metrics of a model."""

    optimizer: Any = None
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    history: Any = None
    steps_per_execution: int | str = 1
    #: Accepted for programs that set it: a compiled loop has no steps to unroll.
    unrolled_steps_per_execution = 1
    _compiled: Compiled | None = None
    _eagerly = False
    _jit: bool | str = "auto"
    backend: backends.Backend

    @on_own_backend
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str, Loss, Callable, or nested ones
            Nested as the outputs are: a list or dict with a loss for each of them.
            A list in the place of one output has several losses for it, a function in
            the place of nested outputs gets them as they are.
        loss_weights : float, or a list or dict of floats, optional
            Nested as ``loss``.
        metrics : list of str, Metric or Callable, or a list or dict of lists, optional
            ``"accuracy"`` is the kind that fits the labels.
        weighted_metrics : as ``metrics``, optional
            These see sample weights.
        run_eagerly : bool
            Whether to run step by step, uncompiled, so that one can debug.
        steps_per_execution : int or "auto"
            Batches in one compiled call. Hooks of callbacks run once a call.
        jit_compile : bool or "auto"
            False: do not compile.
        auto_scale_loss : bool
            Whether a model of the policy ``"mixed_float16"`` gets a
            ``LossScaleOptimizer``, which keeps small gradients from vanishing.

        Raises
        ------
        ValueError
            If a name is unknown; says which one may have been meant.
        """
        from dlcore.src.optimizers.registry import get

        arguments = {k: v for k, v in locals().items() if k not in ("self", "get")}
        if steps_per_execution != "auto" and (
            not isinstance(steps_per_execution, int) or steps_per_execution < 1
        ):
            raise ValueError(
                "`steps_per_execution` must be a positive integer or 'auto', got "
                f"{steps_per_execution!r}."
            )
        if run_eagerly and jit_compile is True:
            warnings.warn(
                "If `run_eagerly` is True, then `jit_compile` cannot also be True. "
                "Disabling `jit_compile`.",
                stacklevel=3,
            )
            jit_compile = False
        compiled = Compiled(arguments, getattr(self, "output_names", None))
        self.optimizer = self._scaled(get(optimizer), auto_scale_loss)
        self.loss = loss
        self._eagerly = bool(run_eagerly)
        self._jit = jit_compile
        self.steps_per_execution = steps_per_execution
        self.stop_training = False
        self._compiled = compiled
        self._functions.clear()

    def _scaled(self, optimizer: Any, wanted: bool) -> Any:
        policy = self.dtype_policy.name  # type: ignore[attr-defined]
        if not wanted or policy != "mixed_float16" or optimizer is None:
            return optimizer
        from dlcore.src.optimizers.loss_scale import LossScaleOptimizer

        if isinstance(optimizer, LossScaleOptimizer):
            return optimizer
        return LossScaleOptimizer(optimizer, name="loss_scale_optimizer")

    @property
    def compiled(self) -> bool:
        """Whether ``compile`` was called."""
        return self._compiled is not None

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run uncompiled, so that one can debug."""
        return self._eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._eagerly = bool(value)
        self._functions.clear()

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled; ``"auto"`` means where that is worth it."""
        if self._jit == "auto":
            return not self._eagerly and self.backend.runtime.compiles()
        return bool(self._jit)

    @jit_compile.setter
    def jit_compile(self, value: bool | str) -> None:
        self._jit = value
        self._functions.clear()

    @property
    def _functions(self) -> Functions:
        return self.__dict__.setdefault("_functions", Functions())

    @property
    def _eager(self) -> bool:
        return self._eagerly or (
            self._jit is False and not hasattr(self.backend.runtime, "graph")
        )

    def _compile(self, step: Callable[..., Any], variables: Any) -> Callable[..., Any]:
        if self._eager:
            return step
        runtime = self.backend.runtime
        return (runtime.graph if self._jit is False else runtime.jit)(step, variables)

    def _need_compiled(self) -> Compiled:
        if self._compiled is None:
            raise ValueError(
                f"The model {self.name!r} must be compiled before it is trained or "  # type: ignore[attr-defined]
                "evaluated: call `model.compile(optimizer, loss)`."
            )
        return self._compiled

    # Metrics.

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, the metrics of ``compile``, and those that layers hold.

        The metrics of ``compile`` are one metric, ``"compile_metrics"``: its result is
        a dict, and what it is updated with may be nested as the outputs are.
        """
        own = super().metrics  # type: ignore[misc]
        compiled = [] if self._compiled is None else self._compiled.all_metrics
        found = [*compiled, *own]
        return list({id(m): m for m in found}.values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics, in the order of ``evaluate``'s results."""
        names: list[str] = []
        for metric in self.metrics:
            parts = getattr(metric, "parts", None)
            names += [metric.name] if parts is None else [part[1] for part in parts]
        return list(dict.fromkeys(names))

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the results of the metrics by name, as tensors."""
        found: dict[str, Any] = {}
        with backends.use_backend(self.backend):
            for metric in self.metrics:
                result = metric.result()
                found.update(
                    result if isinstance(result, dict) else {metric.name: result}
                )
        return found

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    # Configuration.

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what ``compile`` was given, as JSON can hold it."""
        from dlcore.src.saving.serialization import serialize_keras_object

        if self._compiled is None:
            return None
        arguments = {**self._compiled.arguments, "optimizer": self.optimizer}
        return serialize_keras_object(arguments)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as ``get_compile_config`` says, and make the optimizer's state.

        A class whose ``compile`` is its own must also say how to repeat it.
        """
        from dlcore.src.saving.serialization import deserialize_keras_object

        if type(self).compile is not Compiling.compile:
            warnings.warn(
                "`compile()` was not called as part of model loading because the "
                "model's `compile()` method is custom. Write `get_compile_config()` "
                f"and `compile_from_config(config)` for {type(self).__name__} too, or "
                "call `compile()` after loading.",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        if self.optimizer is not None and self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]
