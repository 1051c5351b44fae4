"""Steps, compiled once for each signature and kept as long as the model is the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from dlcore.src import tree
from dlcore.src.variable import Variable


class State:
    """The variables of a model and of what trains it, found once a change.

    Attributes
    ----------
    trainable : list of Variable
    others : list of Variable
        What a forward pass may assign besides: averages, seeds, metrics.
    optimizer : list of Variable
    """

    def __init__(self, model: Any):
        self.trainable = model.trainable_variables
        mine = {id(v) for v in self.trainable}
        found = [*model.variables, *model.metrics_variables]
        self.others = _once(v for v in found if id(v) not in mine)
        self.optimizer = _once(v for o in optimizers(model) for v in o.variables)

    def all(self) -> list[Variable]:
        """Return all of them."""
        return [*self.trainable, *self.others, *self.optimizer]

    def key(self) -> tuple[int, ...]:
        """Return what tells this state from another."""
        return (*(id(v) for v in self.trainable), 0, *(id(v) for v in self.all()))


def _once(variables: Any) -> list[Variable]:
    return list({id(v): v for v in variables}.values())


class Functions:
    """The compiled steps of one model."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[Any, Callable[..., Any]]] = {}
        self._state: State | None = None
        self._seen: Any = None
        #: Kind of step -> seconds that one takes, as far as that was measured.
        self.seconds: dict[str, float] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Functions:
        """Begin empty: compiled functions belong to one model."""
        return Functions()

    def __reduce__(self) -> Any:
        """Begin empty: compiled functions cannot be pickled."""
        return Functions, ()

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def forget(self, kind: str) -> None:
        """Forget the step of a kind, also the repeated one."""
        for name in (kind, (kind, "fresh"), (kind, "repeated")):
            self._kept.pop(name, None)

    def has(self, name: Any) -> bool:
        """Whether a step of this name was compiled."""
        return name in self._kept

    def state(self, model: Any) -> State:
        """Return the variables; looked for again only after a change."""
        seen = (model._structure(), model.optimizer, *_built(model))
        if (
            self._state is None
            or len(seen) != len(self._seen)
            or any(a is not b for a, b in zip(seen, self._seen, strict=True))
        ):
            self._state, self._seen = State(model), seen
        return self._state

    def get(
        self,
        name: Any,
        step: Callable[..., Any],
        state: State,
        compile_: Callable[
            [Callable[..., Any], Sequence[Variable]], Callable[..., Any]
        ],
    ) -> Callable[..., Any]:
        """Return the compiled step of a name, compiled anew if the state is another."""
        key, function = self._kept.get(name, (None, None))
        if function is None or (key is not state and key.key() != state.key()):  # type: ignore[union-attr]
            function = compile_(step, state.all())
        self._kept[name] = (state, function)
        return function


def _built(model: Any) -> list[bool]:
    compiled = model._compiled
    return [
        compiled is not None and compiled.built,
        *(optimizer.built for optimizer in optimizers(model)),
    ]


def optimizers(model: Any) -> list[Any]:
    """Return the optimizer of ``compile``, and those of a model's own train step."""
    found = [] if model.optimizer is None else [model.optimizer]
    if model._has_own("train"):
        from dlcore.src.optimizers.base import Optimizer

        own = [v for v in vars(model).values() if isinstance(v, Optimizer)]
        found += [o for o in own if o is not model.optimizer]
    return found


def takes_state(method: Callable[..., Any]) -> bool:
    """Whether a bound step wants ``(state, data)`` rather than ``data``."""
    parameters = inspect.signature(method).parameters.values()
    required = [
        p
        for p in parameters
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return len(required) > 1


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function has an argument of some name."""
    parameters = inspect.signature(function).parameters
    return name in parameters or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    )


def to_native(backend: Any, batch: Any) -> Any:
    """Return a batch as tensors of a backend; text stays as it is."""
    convert = backend.runtime.convert

    def one(x: Any) -> Any:
        if x is None or (hasattr(x, "dtype") and getattr(x.dtype, "kind", "") in "OUS"):
            return x
        return convert(x)

    return tree.map_structure(one, batch)
