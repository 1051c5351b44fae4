"""The base class of optimizers: state, learning rate, and one step."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from dlcore import ops
from dlcore.src import backend as backends, initializers
from dlcore.src.config import Configurable
from dlcore.src.export import export
from dlcore.src.optimizers.gradients import (
    check_one_limit,
    clipped,
    without_missing,
)
from dlcore.src.optimizers.schedules.base import LearningRateSchedule
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.utils.homes import home_of, on_own_backend
from dlcore.src.utils.naming import auto_name
from dlcore.src.utils.state import move, plain, put
from dlcore.src.variable import Variable, lent


def _where_the_variables_are(build: Callable[..., None]) -> Callable[..., None]:
    """Move the optimizer to its variables' backend before it is built.

    The variables may be named ``variables`` or, as in Keras' optimizers, ``var_list``.
    """

    @functools.wraps(build)
    def call(self: Any, variables: Any = None, *, var_list: Any = None) -> None:
        variables = list(var_list if variables is None else variables)
        home = home_of(variables)
        if home is not None and home is not self.backend:
            self.to_backend(home)
        with backends.use_backend(self.backend):
            build(self, variables)
        self.built = True

    del call.__wrapped__  # the signature is this one
    return call


@export("dlcore.Optimizer", "dlcore.optimizers.Optimizer")
class Optimizer(Configurable):
    """Base class of optimizers.

    A subclass names its ``slots``, one variable a weight each, and says in ``update``
    what a weight and its slots become; what all weights share in a step (a corrected
    rate, for instance) is computed once, in ``shared``. Keras' way, ``build`` and
    ``update_step``, works as well.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or Callable
        A schedule is called with the number of steps done, a function with nothing.
    weight_decay : float, optional
        Each step first takes ``learning_rate * weight_decay`` of each weight away.
    clipnorm : float, optional
        Largest norm of a gradient.
    clipvalue : float, optional
        Largest absolute value in a gradient.
    global_clipnorm : float, optional
        Largest norm of all gradients together. Only one of these three may be given.
    use_ema : bool
        Whether to keep an exponential moving average of the weights.
    ema_momentum : float
        How much of the average stays in a step, from 0 to 1.
    ema_overwrite_frequency : int, optional
        Every so many steps the weights become their average; with None only at the end
        of ``fit``.
    loss_scale_factor : float, optional
        The loss is multiplied, and the gradients are divided, by it.
    gradient_accumulation_steps : int, optional
        Update every so many steps, with the mean of their gradients; 2 or more.
    name : str, optional

    Attributes
    ----------
    iterations : Variable
        Number of steps done.
    backend : Backend
        Where its state lives: where the variables are that it was built for.

    Examples
    --------
    >>> import dlcore
    >>> class SignDescent(dlcore.optimizers.Optimizer):
    ...     def update(self, w, g, rate):
    ...         return (w - rate * dlcore.ops.sign(g),)
    >>> weight = dlcore.Variable([1.0, 2.0])
    >>> SignDescent(learning_rate=0.5).apply([dlcore.ops.array([3.0, -3.0])], [weight])
    >>> weight.numpy()
    array([0.5, 2.5], dtype=float32)
    """

    #: Names of the variables kept for each weight, zero at first.
    slots: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Spell out ``**options``, and have ``build`` move the optimizer."""
        super().__init_subclass__(**kwargs)
        cls._signature = _with_options(cls)
        if "build" in vars(cls):
            cls.build = _where_the_variables_are(vars(cls)["build"])  # type: ignore[method-assign]

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ):
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_options()
        self.backend = backends.current()
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._kept: tuple[set[int], tuple[str, ...]] = (set(), ())
        self._step: dict[Any, Any] = {}
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        self._learning_rate: Any = None
        self._set_learning_rate(learning_rate)

    def _check_options(self) -> None:
        check_one_limit(
            clipnorm=self.clipnorm,
            clipvalue=self.clipvalue,
            global_clipnorm=self.global_clipnorm,
        )
        steps, every = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        if steps is not None and (not isinstance(steps, int) or steps < 2):
            raise ValueError(
                "`gradient_accumulation_steps` must be an integer of at least 2, or "
                f"None, got {steps!r}."
            )
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(
                f"`ema_momentum` must be from 0 to 1, got {self.ema_momentum!r}."
            )
        if self.use_ema and every and (not isinstance(every, int) or every < 1):
            raise ValueError(
                "`ema_overwrite_frequency` must be an integer of at least 1, or None, "
                f"got {every!r}."
            )

    # State

    @property
    def variables(self) -> list[Variable]:
        """All its state: the step counter, the learning rate, the slots."""
        return list(self._variables)

    @property
    def iterations(self) -> Any:
        """Number of updates done."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer's state.

        Parameters
        ----------
        shape : sequence of int
        initializer : str or Initializer
        dtype : str, optional
            ``floatx()`` by default.
        aggregation : str
            How replicas are put together.
        layout
            Accepted for compatibility.
        name : str, optional
        """
        if "_variables" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__}.__init__ must call `super().__init__()` first."
            )
        with backends.use_backend(self.backend):
            variable = Variable(
                initializers.get(initializer),
                shape=shape,
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                name=name,
            )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self,
        reference_variable: Any,
        name: str | None = None,
        initializer: Any = "zeros",
    ) -> Variable:
        """Make a variable of the shape and dtype of a weight."""
        path = str(reference_variable.path).replace("/", "_")
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=f"{path}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Any], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make one variable, or several, for each weight.

        Parameters
        ----------
        trainable_variables : iterable of Variable
        name : str or sequence of str
        initializer : str, Initializer, or a sequence of one for each name

        Returns
        -------
        list of Variable
            For several names a tuple of lists.
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, list | tuple)
        inits = list(initializer) if several else [initializer] * len(names)
        if len(names) != len(inits):
            raise ValueError(
                f"There must be as many initializers as names: name={name!r}, "
                f"initializer={initializer!r}."
            )
        made = [
            [
                None  # it is no weight, and its "gradient" its next value
                if variable.overwrite_with_gradient
                else self.add_variable_from_reference(variable, n, i)
                for n, i in zip(names, inits, strict=True)
            ]
            for variable in trainable_variables
        ]
        columns = tuple(map(list, zip(*made, strict=True))) or ([],) * len(names)
        return columns[0] if isinstance(name, str) else columns

    def build(self, variables: Sequence[Any]) -> None:
        """Make the state for these weights.

        Parameters
        ----------
        variables : sequence of Variable
            The weights; the optimizer moves to their backend.
        """
        self._trainable_variables = list(variables)
        self._index = {id(v): i for i, v in enumerate(variables)}
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._sums = [self.make_slot(v, "gradient_accumulator") for v in variables]
        self._slots = self.make_slots(variables)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Return the names of the slots; those of a group lie together in a file."""
        return [self.slots] if self.slots else []

    def make_slots(self, variables: Sequence[Any]) -> list[list[Variable]]:
        """Make the slots of each weight, in the order that ``update`` takes."""
        slots: list[list[Variable]] = [[] for _ in variables]
        for group in self.slot_groups():
            for variable, own in zip(variables, slots, strict=True):
                if not variable.overwrite_with_gradient:
                    own += [self.make_slot(variable, name) for name in group]
        return slots

    def make_slot(self, variable: Any, name: str) -> Variable:
        """Make one slot of one weight."""
        return self.add_variable_from_reference(variable, name)

    def to_backend(self, backend: str | backends.Backend) -> None:
        """Move its state to another backend, values kept."""
        self.backend = backends.get(backend)
        move(self.variables, self.backend)

    def assign(self, variable: Any, value: Any) -> None:
        """Give a variable another value: what ``update_step`` should use."""
        put(variable, ops.convert_to_tensor(value))

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a variable: what ``update_step`` should use."""
        put(variable, variable.value + ops.cast(value, variable.value.dtype))

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a variable: what ``update_step`` should use."""
        put(variable, variable.value - ops.cast(value, variable.value.dtype))

    # Learning rate

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step: a Variable, or what the schedule says."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            with backends.use_backend(self.backend):
                return self._learning_rate(self._iterations)
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._set_learning_rate(value)

    def _set_learning_rate(self, value: Any) -> None:
        own = self._learning_rate
        if isinstance(value, LearningRateSchedule) or (
            callable(value) and not isinstance(value, Variable)
        ):
            if isinstance(own, Variable):
                self._variables = [v for v in self._variables if v is not own]
            self._learning_rate = value
            return
        if isinstance(own, LearningRateSchedule):
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule`, so its "
                "learning rate cannot be set to a number. Make the optimizer with a "
                "float `learning_rate`, or give it another schedule."
            )
        if isinstance(own, Variable):
            own.assign(value)
            return
        if isinstance(value, bool | str) or not isinstance(
            value, float | int | np.generic | np.ndarray | Variable
        ):
            raise ValueError(
                "`learning_rate` must be a number, a LearningRateSchedule or a "
                f"function without arguments, got {value!r}."
            )
        self._learning_rate = self.add_variable(
            (), initializers.get(np.asarray(value)), name="learning_rate"
        )

    # One step

    def shared(self, rate: Any, step: Any) -> tuple[Any, ...]:
        """Return the scalars that the updates of all weights need.

        Parameters
        ----------
        rate : tensor
            The learning rate.
        step : tensor
            1 in the first update; floating.
        """
        return (rate,)

    def update(self, w: Any, g: Any, *shared_and_slots: Any) -> tuple[Any, ...]:
        """Return the new weight and slots: ``(w, *slots)``.

        Parameters
        ----------
        w, g : tensor
            A weight and its gradient, of one shape and dtype.
        *shared_and_slots : tensor
            What ``shared`` returned, in the weight's dtype, then the slots.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define `update(self, w, g, *shared, *slots)`, "
            "or `update_step(self, gradient, variable, learning_rate)`."
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one weight and its slots."""
        value = variable.value
        if gradient.dtype != value.dtype:
            gradient = ops.cast(gradient, value.dtype)
        slots = self._slots[self._index[id(variable)]]
        shared = self._shared(learning_rate, value.dtype)
        new = self.update(value, gradient, *shared, *(s.value for s in slots))
        for target, result in zip((variable, *slots), new, strict=True):
            put(target, result)

    def _shared(self, rate: Any, dtype: Any) -> tuple[Any, ...]:
        """Compute what is shared once a step, and cast it once for each dtype."""
        if dtype not in self._step:
            if None not in self._step:
                rate = ops.convert_to_tensor(rate)
                step = ops.cast(self.iterations + 1, rate.dtype)
                self._step[None] = self.shared(rate, step)
            self._step[dtype] = tuple(
                x if getattr(x, "dtype", dtype) == dtype else ops.cast(x, dtype)
                for x in self._step[None]
            )
        return self._step[dtype]

    def apply(
        self, grads: Sequence[Any], trainable_variables: Iterable[Any] | None = None
    ) -> None:
        """Do one step: update the weights by their gradients.

        Parameters
        ----------
        grads : sequence of tensor or None
            One for each weight; weights without a gradient stay as they are.
        trainable_variables : sequence of Variable, optional
            By default those it was built for.

        Raises
        ------
        ValueError
            If numbers do not match, a variable is not known, or no variable has a
            gradient.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._known(grads, trainable_variables)
        with backends.use_backend(self.backend):
            grads, variables = without_missing(grads, variables)
            grads = [ops.convert_to_tensor(g) for g in grads]
            grads, variables = self._overwrite(grads, variables)
            if self.loss_scale_factor is not None:
                grads = [g / self.loss_scale_factor for g in grads]
            if not grads:
                pass
            elif self.gradient_accumulation_steps:
                self._accumulate(grads, variables)
            else:
                self._update(grads, variables)
            if self.use_ema:
                self._average()
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable.value))
            put(self._iterations, self._iterations.value + 1)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Do one step, given pairs of gradient and weight; return ``iterations``."""
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return self._iterations

    def _known(self, grads: list[Any], variables: Any) -> list[Any]:
        if variables is None:
            if not self.built:
                raise ValueError(
                    f"{self.name}: the optimizer does not know the variables yet. Call "
                    "`optimizer.build(variables)` first, or pass them with the "
                    "gradients."
                )
            variables = self._trainable_variables
        variables = list(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"{self.name}: {len(grads)} gradients were given for "
                f"{len(variables)} variables."
            )
        if not self.built:
            self.build(variables)
        for v in variables:
            if id(v) not in self._index:
                raise ValueError(
                    f"{self.name}: unknown variable {v}. An optimizer serves the "
                    "variables it was built for; make a new one for others."
                )
        return variables

    def _update(self, grads: list[Any], variables: list[Any]) -> None:
        grads = clipped(grads, self.clipnorm, self.clipvalue, self.global_clipnorm)
        rate = self.learning_rate
        self._step = {}
        try:
            if self.weight_decay is not None:
                self._decay(variables, rate)
            for gradient, variable in zip(grads, variables, strict=True):
                self.update_step(gradient, variable, rate)
        finally:
            self._step = {}  # a tracer must not stay behind

    def _decay(self, variables: list[Any], rate: Any) -> None:
        kept = 1.0 - ops.convert_to_tensor(rate) * self.weight_decay
        for v in variables:
            if self.decays(v):
                put(v, v.value * ops.cast(kept, v.value.dtype))

    def _if(
        self,
        condition: Any,
        do: Callable[[], None],
        state: list[Variable],
        otherwise: Callable[[], None] = lambda: None,
    ) -> None:
        """Do one thing or another, both changing ``state`` only; also when traced."""

        def branch(action: Callable[[], None]) -> Callable[[], list[Any]]:
            def run() -> list[Any]:
                with lent(state, [v.value for v in state]):
                    action()
                    return [v.value for v in state]

            return run

        values = ops.cond(condition, branch(do), branch(otherwise))
        for variable, value in zip(state, values, strict=True):
            variable.value = value

    def _overwrite(
        self, grads: list[Any], variables: list[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Give weights that are no weights their "gradients"; return the others.

        Scales of float8 layers are such: what comes back for them is their next
        value. Of several accumulated ones the largest counts.
        """
        pairs = list(zip(grads, variables, strict=True))
        steps = self.gradient_accumulation_steps
        for g, v in pairs:
            if v.overwrite_with_gradient and steps:
                largest = self._sums[self._index[id(v)]]
                due = ops.equal((self._iterations.value + 1) % steps, 0)
                value = ops.maximum(g, largest.value)
                put(v, ops.where(due, value, v.value))
                put(largest, ops.where(due, ops.zeros_like(value), value))
            elif v.overwrite_with_gradient:
                self.assign(v, g)
        kept = [(g, v) for g, v in pairs if not v.overwrite_with_gradient]
        return [g for g, _ in kept], [v for _, v in kept]

    def _accumulate(self, grads: list[Any], variables: list[Any]) -> None:
        steps = self.gradient_accumulation_steps or 1
        sums = [self._sums[self._index[id(v)]] for v in variables]
        for total, gradient in zip(sums, grads, strict=True):
            put(total, total.value + gradient)

        def update() -> None:
            self._update([s.value / steps for s in sums], variables)
            for total in sums:
                put(total, ops.zeros_like(total.value))

        own = [v for v in self._variables if v is not self._iterations]
        due = ops.equal((self._iterations.value + 1) % steps, 0)
        self._if(due, update, [*variables, *own])

    def _average(self) -> None:
        started = ops.not_equal(self.iterations, 0)
        for variable, average in self.averaged():
            old = ops.cast(started, average.dtype) * self.ema_momentum
            put(average, average.value * old + variable.value * (1 - old))
        if self.ema_overwrite_frequency:
            done = self.iterations + 1
            self._if(
                ops.equal(done % self.ema_overwrite_frequency, 0),
                lambda: self.finalize_variable_values(self._trainable_variables),
                self._trainable_variables,
            )

    def averaged(self) -> list[tuple[Any, Variable]]:
        """Return pairs of weight and moving average; needs ``use_ema``."""
        pairs = zip(self._trainable_variables, self._averages, strict=True)
        return [(weight, average) for weight, average in pairs if average is not None]

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Give the weights their moving average, if there is one."""
        if self.use_ema:
            for variable in var_list:
                average = self._averages[self._index[id(variable)]]
                if average is not None:
                    variable.assign(average.value)

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[Any] | None = None,
        var_names: Iterable[str] | None = None,
    ) -> None:
        """Leave weights out of the weight decay; to be called before ``build``.

        Parameters
        ----------
        var_list : iterable of Variable, optional
        var_names : iterable of str, optional
            Parts of names: ``["bias"]`` leaves all biases out.
        """
        if self.built:
            raise ValueError(
                "`exclude_from_weight_decay()` must be called before the optimizer is "
                "built."
            )
        self._kept = ({id(v) for v in var_list or ()}, tuple(var_names or ()))

    def decays(self, variable: Any) -> bool:
        """Whether weight decay applies to a weight."""
        ids, names = self._kept
        return id(variable) not in ids and not any(n in variable.name for n in names)

    def scale_loss(self, loss: Any) -> Any:
        """Multiply a loss by ``loss_scale_factor``, before it is differentiated."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Any], list[Any]]:
        """Return what the weights and ``variables`` would become, given their values.

        Returns
        -------
        tuple of list of tensor
            Weights, optimizer variables.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}: `stateless_apply` needs a built optimizer; call "
                "`optimizer.build(variables)` first."
            )
        own, weights = self.variables, self._trainable_variables
        for name, given, expected in (
            ("optimizer_variables", optimizer_variables, own),
            ("trainable_variables", trainable_variables, weights),
        ):
            if len(given) != len(expected):
                raise ValueError(
                    f"Argument `{name}` must hold {len(expected)} values, "
                    f"got {len(given)}."
                )
        values = plain([*trainable_variables, *optimizer_variables])
        with backends.use_backend(self.backend):
            values = [ops.convert_to_tensor(v) for v in values]
        with lent([*weights, *own], values):
            self.apply(grads)
            return [v.value for v in weights], [v.value for v in own]

    # Saving

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give ``variables`` other values."""
        if not self.built:
            raise ValueError(
                f"You are calling `set_weights()` on {self.name!r}, which has no slots "
                "yet: call `optimizer.build(variables)` first."
            )
        for variable, weight in zip(self._variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Write ``variables`` into a dict-like store, by number."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read ``variables`` from a store; what an unbuilt optimizer wrote fits too.

        Raises
        ------
        ValueError
            If it holds another number of them.
        """
        own = self.variables
        unbuilt = 2 if isinstance(self._learning_rate, Variable) else 1
        if len(store.keys()) == unbuilt:  # no step was done: the slots are as new
            own = own[:unbuilt]
        if len(store.keys()) != len(own):
            raise ValueError(
                f"The saved state has {len(store.keys())} variables, but the optimizer "
                f"{self.name!r} has {len(self.variables)}."
                + ("" if self.built else " It is not built yet.")
            )
        for i, variable in enumerate(own):
            variable.assign(store[str(i)])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the learning rate it has now."""
        config = super().get_config()
        own = {"name": self.name, "learning_rate": self._learning_rate}
        if isinstance(self._learning_rate, Variable):
            own["learning_rate"] = float(self._learning_rate)
        config.update((k, v) for k, v in own.items() if k in config)
        return serialize_keras_object(config)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make an optimizer from what ``get_config`` returned."""
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            rate = deserialize_keras_object(rate, custom_objects)
            config = {**config, "learning_rate": rate}
        return cls(**config)

    def __repr__(self) -> str:
        """Return class, rate, and the options that were set."""
        defaults = self._signature.parameters
        given = (
            f"{k}={v!r}"
            for k, v in self.get_config().items()
            if k == "learning_rate" or k not in defaults or v != defaults[k].default
        )
        return f"{type(self).__name__}({', '.join(given)})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from dlcore.src.display import cards

        return cards.optimizer(self)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        """Unfold it in treescope."""
        from dlcore.src.display import hooks

        return hooks.treescope(self, path, subtree_renderer)


Optimizer.build = _where_the_variables_are(Optimizer.build)  # type: ignore[method-assign]
Optimizer._update = on_own_backend(Optimizer._update)  # type: ignore[method-assign]


def _with_options(cls: type[Optimizer]) -> inspect.Signature:
    """Return a constructor's signature with ``**options`` spelt out.

    So that a wrong name ends in "did you mean", and completion shows all of them.
    """
    own = inspect.signature(cls.__init__)
    parameters = dict(own.parameters)
    rest = [n for n, p in parameters.items() if p.kind is p.VAR_KEYWORD]
    if not rest:
        return own
    del parameters[rest[0]]
    for name, parameter in cls.__mro__[1]._signature.parameters.items():  # type: ignore[attr-defined]
        if name not in parameters:
            parameters[name] = parameter.replace(kind=parameter.KEYWORD_ONLY)
    signature = own.replace(parameters=list(parameters.values()))
    cls.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=list(parameters.values())[1:]
    )
    return signature
