"""The base class of metrics: state, update, result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlcore import ops
from dlcore.src import backend as backends, initializers
from dlcore.src.config import Configurable
from dlcore.src.export import export
from dlcore.src.saving.serialization import serialize_keras_object
from dlcore.src.utils.dtypes import compute_dtype
from dlcore.src.utils.homes import on_own_backend, to_own_backend
from dlcore.src.utils.naming import auto_name
from dlcore.src.utils.state import move, plain, put
from dlcore.src.variable import Variable, lent


@export("dlcore.Metric", "dlcore.metrics.Metric")
class Metric(Configurable):
    """Base class of metrics.

    A subclass makes its state in the constructor with ``add_variable``, changes it in
    ``update_state`` and reads it in ``result``. A metric runs on the backend on which
    it was made, whatever backend is active and wherever the values come from.

    Parameters
    ----------
    dtype : str or dtype policy, optional
        In which to compute; ``floatx()`` by default.
    name : str, optional

    Attributes
    ----------
    backend : Backend
        Where its state lives.
    variables : list of Variable

    Examples
    --------
    >>> import dlcore
    >>> class Largest(dlcore.metrics.Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.best = self.add_variable((), "zeros", name="best")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.best.assign(dlcore.ops.maximum(self.best, dlcore.ops.max(y_pred)))
    ...     def result(self):
    ...         return self.best.value
    >>> metric = Largest()
    >>> metric.update_state(None, [1.0, 3.0])
    >>> float(metric.result())
    3.0
    """

    #: Whether more or less is better, "up" or "down", where that is known.
    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None):
        self.name = name or auto_name(type(self).__name__)
        self.backend = backends.current()
        self._dtype = compute_dtype(dtype)
        self._variables: list[Variable] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the methods run on the metric's own backend."""
        super().__init_subclass__(**kwargs)
        for name, wrap in (
            ("update_state", to_own_backend),
            ("result", on_own_backend),
            ("reset_state", on_own_backend),
        ):
            if name in vars(cls):
                setattr(cls, name, wrap(vars(cls)[name]))

    @property
    def dtype(self) -> str:
        """In which dtype it computes."""
        return self._dtype

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the metric's state.

        Parameters
        ----------
        shape : sequence of int
        initializer : str or Initializer
        dtype : str, optional
            ``floatx()`` by default.
        aggregation : str
            How replicas are put together.
        name : str, optional
        """
        if "_variables" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__}.__init__ must call `super().__init__()` before "
                "it makes variables."
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

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the metric's state (older name of ``add_variable``)."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """Its variables, then those of the metrics it holds."""
        found = {id(v): v for v in self._variables}
        for part in _state_in(vars(self)):
            if isinstance(part, Variable):
                found.setdefault(id(part), part)
        for part in _state_in(vars(self)):
            if isinstance(part, Metric):
                found.update((id(v), v) for v in part.variables)
        return list(found.values())

    def to_backend(self, backend: str | backends.Backend) -> None:
        """Move its state to another backend, values kept."""
        self.backend = backends.get(backend)
        move(self.variables, self.backend)
        for part in _state_in(vars(self)):
            if isinstance(part, Metric):
                part.to_backend(self.backend)

    def reset_state(self) -> None:
        """Forget everything seen: all variables become 0."""
        with backends.use_backend(self.backend):
            for v in self.variables:
                put(v, ops.zeros(v.shape, dtype=v.dtype))

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the state that depends on the shapes of labels and predictions.

        The first ``update_state`` does it; a step that is to be compiled needs it done
        before.

        Parameters
        ----------
        y_true, y_pred : tensor
            Only their shapes are read; symbolic ones will do.
        """

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch: ``(y_true, y_pred, sample_weight=None)`` as a rule."""
        raise NotImplementedError(
            f"{type(self).__name__} must define `update_state(self, y_true, y_pred, "
            "sample_weight=None)`."
        )

    def result(self) -> Any:
        """Return the value over everything seen: a scalar tensor, or a dict of them."""
        raise NotImplementedError(f"{type(self).__name__} must define `result(self)`.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Any]:
        """Return what ``variables`` would become, given their values.

        Parameters
        ----------
        metric_variables : sequence of tensor
            One value for each of ``variables``.
        *args, **kwargs
            As for ``update_state``.
        """
        variables = self._matching(metric_variables)
        with lent(variables, plain(metric_variables)):
            self.update_state(*args, **kwargs)
            return [v.value for v in variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return the result for given values of ``variables``."""
        variables = self._matching(metric_variables)
        with lent(variables, plain(metric_variables)):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """Return what ``variables`` would become after a reset."""
        variables = self.variables
        with lent(variables, [v.value for v in variables]):
            self.reset_state()
            return [v.value for v in variables]

    def _matching(self, values: Sequence[Any]) -> list[Variable]:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                "Argument `metric_variables` must hold one value for each of the "
                f"{len(variables)} variables of {self.name!r}, got {len(values)}."
            )
        return variables

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the name and dtype it has."""
        config = super().get_config()
        own = {"name": self.name, "dtype": self.dtype}
        config.update((k, v) for k, v in own.items() if k in config)
        return serialize_keras_object(config)

    def __repr__(self) -> str:
        """Return class and name."""
        return f"<{type(self).__name__} name={self.name}>"


def _state_in(holder: Any) -> Iterator[Variable | Metric]:
    """Find variables and metrics in nested lists, tuples and dicts."""
    if isinstance(holder, Variable | Metric):
        yield holder
    elif isinstance(holder, dict):
        for value in holder.values():
            yield from _state_in(value)
    elif isinstance(holder, list | tuple):
        for value in holder:
            yield from _state_in(value)
