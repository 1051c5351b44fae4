"""One step: forward, loss, gradients, update, metrics."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlcore.src import tree
from dlcore.src.ops import core as ops_core
from dlcore.src.training.compiling import Compiling
from dlcore.src.training.data.adapter import unpack
from dlcore.src.training.functions import takes, takes_state
from dlcore.src.utils.state import plain, put
from dlcore.src.variable import Variable, lent

#: What a step is not given.
_NOTHING: Any = inspect.Parameter.empty
_TRAIN = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)
_TEST = ("trainable_variables", "non_trainable_variables", "metrics_variables")
_PREDICT = ("trainable_variables", "non_trainable_variables")


class Steps(Compiling):
    """The methods that a subclass may write anew to train in its own way.

    Each step has two forms. ``train_step(data)`` changes the model's variables;
    ``train_step(state, data)`` changes nothing and returns ``(logs, state)``, as
    programs for jax write it. Which form a subclass has is seen from its signature;
    either runs on every backend on which its body does.
    """

    def train_step(self, state: Any, data: Any = _NOTHING) -> Any:
        """Do one training step; a subclass may write its own.

        Parameters
        ----------
        state : tuple of lists of tensor
            The values of ``trainable_variables``, ``non_trainable_variables``, of the
            optimizer's and of the metrics' variables. May be left out: then the
            model's variables change.
        data : tuple
            ``(x, y, sample_weight)``, or what the data yields.

        Returns
        -------
        dict of str to tensor
            What to log; with ``state`` given, ``(logs, new state)``.
        """
        if data is _NOTHING:
            self._learn(state)
            return self.get_metrics_result()
        with self._holding(_TRAIN, state) as now:
            self._learn(data)
            return self.get_metrics_result(), now()

    def test_step(self, state: Any, data: Any = _NOTHING) -> Any:
        """Evaluate one batch; a subclass may write its own.

        Parameters
        ----------
        state : tuple of lists of tensor
            As for ``train_step``, without the optimizer's; may be left out.
        data : tuple
            ``(x, y, sample_weight)``, or what the data yields.

        Returns
        -------
        dict of str to tensor
            What to log; with ``state`` given, ``(logs, new state)``.
        """
        if data is _NOTHING:
            self._examine(state)
            return self.get_metrics_result()
        with self._holding(_TEST, state) as now:
            self._examine(data)
            return self.get_metrics_result(), now()

    def predict_step(self, state: Any, data: Any = _NOTHING) -> Any:
        """Return the outputs for one batch; a subclass may write its own.

        Parameters
        ----------
        state : tuple of lists of tensor
            The values of trainable and of other variables; may be left out.
        data : tuple
            ``(x,)``, or what the data yields.

        Returns
        -------
        nested tensors
            With ``state`` given, ``(outputs, non_trainable_variables)``.
        """
        if data is _NOTHING:
            return self(unpack(state)[0], training=False)  # type: ignore[operator]
        with self._holding(_PREDICT, state) as now:
            outputs = self(unpack(data)[0], training=False)  # type: ignore[operator]
            return outputs, now()[1]

    # The built-in steps; results stay in the metrics.

    def _learn(self, data: Any) -> None:
        x, y, sample_weight = unpack(data)
        compiled, optimizer = self._need_compiled(), self.optimizer

        def objective(x: Any, y: Any, sample_weight: Any) -> Any:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self._compute_loss(x, y, y_pred, sample_weight, training=True)
            return optimizer.scale_loss(loss), (loss, y_pred)

        state = self._functions.state(self)
        differentiate = self.backend.runtime.value_and_grad(
            objective, state.trainable, state.others
        )
        (_, (loss, y_pred)), grads = differentiate(x, y, sample_weight)
        for variable in state.others:  # averages must not hold on to the step's graph
            variable.value = ops_core.stop_gradient(variable.value)
        loss, y_pred = tree.map_structure(ops_core.stop_gradient, (loss, y_pred))
        optimizer.apply(grads, state.trainable)
        compiled.tracker.update_state(loss, sample_weight=_samples(x))
        self._take_in(x, y, y_pred, sample_weight)

    def _examine(self, data: Any) -> None:
        x, y, sample_weight = unpack(data)
        compiled = self._need_compiled()
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=False)
        compiled.tracker.update_state(loss, sample_weight=_samples(x))
        self._take_in(x, y, y_pred, sample_weight)

    def _take_in(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Update the metrics, by the user's ``compute_metrics`` if there is one."""
        if type(self).compute_metrics is not Steps.compute_metrics:
            self.compute_metrics(x, y, y_pred, sample_weight)
        elif self._compiled is not None and y is not None:
            self._compiled.metrics.update(y, y_pred, sample_weight)

    # Loss and metrics.

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss that training minimises; a subclass may write its own.

        Parameters
        ----------
        x, y, y_pred, sample_weight : nested tensors
        training : bool

        Returns
        -------
        tensor
            A scalar: the losses of ``compile``, those from ``add_loss``, and the
            penalties of regularized weights.
        """
        del x, training
        parts = list(self.losses)  # type: ignore[attr-defined]
        compiled = self._compiled
        if compiled is not None and compiled.loss is not None and y is not None:
            parts.insert(0, compiled.loss(y, y_pred, sample_weight))
        if not parts:
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`"
                + (", and labels `y` in `fit()`." if y is None else ".")
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Any:
        """Call ``compute_loss``, which may know nothing of ``training``."""
        own = type(self).compute_loss
        if own is Steps.compute_loss or takes(own, "training"):
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics and return their results; a subclass may write its own."""
        del x
        if self._compiled is not None and y is not None:
            self._compiled.metrics.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    # Pure functions, for steps that differentiate by themselves.

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss for given values of the variables; change nothing.

        Parameters
        ----------
        trainable_variables, non_trainable_variables, metrics_variables
            A tensor for each of the model's variables of that name.
        x, y, y_pred, sample_weight, training
            As for ``compute_loss``.

        Returns
        -------
        tuple
            The loss, and the three lists as they are afterwards.
        """
        state = (trainable_variables, non_trainable_variables, metrics_variables)
        with self._holding(_TEST, state) as now:
            loss = self._compute_loss(x, y, y_pred, sample_weight, training)
            return loss, now()

    def compute_loss_and_updates(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: Sequence[Any] | None = None,
    ) -> Any:
        """Run the model and return its loss; made for ``jax.value_and_grad``.

        Parameters
        ----------
        trainable_variables, non_trainable_variables, metrics_variables
            A tensor for each of the model's variables of that name.
        x, y, sample_weight : nested tensors
        training : bool
            Whether the loss is scaled as the optimizer wants it.
        optimizer_variables : sequence of tensor, optional
            For that scale.

        Returns
        -------
        tuple
            The loss to differentiate, and ``(loss, outputs, non_trainable_variables,
            metrics_variables)``.
        """
        state = (trainable_variables, non_trainable_variables, metrics_variables)
        with self._holding(_TEST, state) as now:
            y_pred = self(x, training=training)  # type: ignore[operator]
            loss = self._compute_loss(x, y, y_pred, sample_weight, training)
            _, others, metrics = now()
        scaled = loss
        if training and self.optimizer is not None:
            variables = self.optimizer.variables
            with lent(variables, plain(optimizer_variables or variables)):
                scaled = self.optimizer.scale_loss(loss)
        return scaled, (loss, y_pred, others, metrics)

    def jax_state_sync(self) -> None:
        """Do nothing: variables have their values here at any time.

        Callbacks written for Keras on jax call it before they look at weights.
        """

    def _variables_of(self, role: str) -> list[Variable]:
        if role != "optimizer_variables":
            return getattr(self, role)
        return [] if self.optimizer is None else self.optimizer.variables

    @contextmanager
    def _holding(
        self, roles: Sequence[str], state: Any
    ) -> Iterator[Callable[[], tuple[list[Any], ...]]]:
        """Lend the variables other values; give a function that reads them."""
        groups = [self._variables_of(role) for role in roles]
        for role, group, values in zip(roles, groups, state, strict=True):
            if len(group) != len(values):
                raise ValueError(
                    f"The state has {len(values)} values for the model's "
                    f"{len(group)} {role}."
                )
        flat = [v for group in groups for v in group]
        values = plain(value for part in state for value in part)
        with lent(flat, values):
            yield lambda: tuple([v.value for v in group] for group in groups)

    def _stateful(self, kind: str, method: Callable[..., Any]) -> Callable[[Any], Any]:
        """Return an own step as a function of data that changes the variables."""
        if not takes_state(method):
            return method
        roles = {"train": _TRAIN, "test": _TEST, "predict": _PREDICT}[kind]

        def step(data: Any) -> Any:
            groups = [self._variables_of(role) for role in roles]
            found, state = method(tuple([v.value for v in g] for g in groups), data)
            after = (None, state) if kind == "predict" else state
            for group, values in zip(groups, after, strict=True):
                if values is not None:
                    for variable, value in zip(group, values, strict=True):
                        put(variable, value)
            return found

        return step


def _samples(x: Any) -> int:
    first = next(tree.leaves(x), None)
    shape: Any = getattr(first, "shape", ())
    return shape[0] if len(shape) else 1
