"""Several optimizers for the weights of one model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, Self

from dlcore.src import backend as backends
from dlcore.src.export import export
from dlcore.src.optimizers.base import Optimizer
from dlcore.src.optimizers.loss_scale import LossScaleOptimizer
from dlcore.src.saving.serialization import deserialize_keras_object
from dlcore.src.utils.state import put
from dlcore.src.variable import Variable


@export("dlcore.optimizers.OptimizerMap")
class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer updates which weights, by their paths.

    Parameters
    ----------
    default_optimizer : Optimizer
        For all other weights.
    optimizer_map : dict of str to Optimizer, optional
        Paths, or regular expressions that match whole paths.

    Raises
    ------
    TypeError
        If these are no optimizers.
    ValueError
        If two expressions match a path.

    Examples
    --------
    >>> import dlcore
    >>> slow, fast = dlcore.optimizers.SGD(0.001), dlcore.optimizers.Adam()
    >>> choice = dlcore.optimizers.OptimizerMap(fast, {"encoder/.*": slow})
    >>> choice["encoder/dense/kernel"] is slow
    True
    """

    def __init__(
        self,
        default_optimizer: Optimizer,
        optimizer_map: dict[str, Optimizer] | None = None,
    ):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                f"`default_optimizer` must be an Optimizer, got {default_optimizer!r}."
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"`optimizer_map` must be a dict, got {optimizer_map!r}.")
        self.default_optimizer = default_optimizer
        self._map = dict(optimizer_map or {})

    def __getitem__(self, key: str) -> Optimizer:
        """Return the optimizer of a path."""
        if key in self._map:
            return self._map[key]
        matching = [pattern for pattern in self._map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Several optimizers are assigned to the path {key!r}: {matching}."
            )
        return self._map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        """Choose the optimizer of a path, or of the paths of an expression."""
        if key in self._map:
            raise ValueError(f"{key!r} has an optimizer already: {self._map[key]}.")
        if not isinstance(key, str):
            raise ValueError(f"A key must be a string, got {key!r}.")
        _check_inner(optimizer)
        self._map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        """Leave the paths of an expression to the default."""
        del self._map[key]

    def __len__(self) -> int:
        """Return the number of expressions."""
        return len(self._map)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the expressions."""
        return iter(self._map)

    def __call__(self, variable: Any) -> Optimizer:
        """Return the optimizer of a weight."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "default_optimizer": self.default_optimizer,
            "optimizer_map": dict(self._map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a map from what ``get_config`` returned."""
        return cls(**deserialize_keras_object(config, custom_objects))


def _check_inner(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"An Optimizer is wanted, got {optimizer!r}.")
    if isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
        raise ValueError(
            f"A {type(optimizer).__name__} cannot be used inside a MultiOptimizer."
        )


@export("dlcore.optimizers.MultiOptimizer")
class MultiOptimizer(Optimizer):
    """Let several optimizers update parts of a model.

    Parameters
    ----------
    optimizer_map : OptimizerMap or Callable
        Weight -> the optimizer that updates it.
    loss_scale_factor : float, optional
        For all of them.
    name : str, optional

    Attributes
    ----------
    optimizers : list of Optimizer
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Any], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ):
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._map = optimizer_map
        self.optimizers: list[Optimizer] = []
        if isinstance(optimizer_map, OptimizerMap):
            known = [*optimizer_map.values(), optimizer_map.default_optimizer]
            for optimizer in known:
                self._add(optimizer)

    def _add(self, optimizer: Any) -> None:
        _check_inner(optimizer)
        if not any(optimizer is o for o in self.optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self.optimizers.append(optimizer)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a loss scale is that of all optimizers."""
        super().__setattr__(name, value)
        if name == "loss_scale_factor":
            for optimizer in getattr(self, "optimizers", ()):
                optimizer.loss_scale_factor = value

    def build(self, variables: Sequence[Any]) -> None:
        """Build each optimizer for its weights."""
        for variable in variables:
            self._add(self._map(variable))
        self._index = {id(v): i for i, v in enumerate(variables)}
        self._trainable_variables = list(variables)
        for optimizer, own in self._parts(variables):
            optimizer.build(own)

    def _parts(self, variables: Iterable[Any]) -> Iterator[tuple[Optimizer, list[Any]]]:
        variables = list(variables)
        for optimizer in self.optimizers:
            own = [v for v in variables if self._map(v) is optimizer]
            if own:
                yield optimizer, own

    @property
    def variables(self) -> list[Variable]:
        """Its counter, then the state of all optimizers."""
        inner = (v for optimizer in self.optimizers for v in optimizer.variables)
        return [*self._variables, *inner]

    @property
    def learning_rate(self) -> Any:
        """There is none: each of ``optimizers`` has its own."""
        raise AttributeError(
            "A MultiOptimizer has no learning rate: each of its `optimizers` has one."
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(
            "A MultiOptimizer has no learning rate: set those of its `optimizers`."
        )

    def to_backend(self, backend: str | backends.Backend) -> None:
        """Move the state of all optimizers to another backend."""
        super().to_backend(backend)
        for optimizer in self.optimizers:
            optimizer.to_backend(backend)

    def apply(
        self, grads: Sequence[Any], trainable_variables: Iterable[Any] | None = None
    ) -> None:
        """Do one step of each optimizer."""
        grads = list(grads)
        if not grads:
            return
        weights = self._known(grads, trainable_variables)
        by_id = {id(v): g for g, v in zip(grads, weights, strict=True)}
        for optimizer, own in self._parts(weights):
            optimizer.apply([by_id[id(v)] for v in own], own)
        put(self._iterations, self._iterations.value + 1)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Give the weights their moving averages, where there are any."""
        for optimizer, own in self._parts(var_list):
            optimizer.finalize_variable_values(own)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give ``variables`` other values."""
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make an optimizer from what ``get_config`` returned."""
        return cls(**deserialize_keras_object(config, custom_objects))
