"""The weights of a layer and of the layers in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore.src import backend as backends
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.layers import context as calls
from dlcore.src.layers.base import BaseLayer
from dlcore.src.layers.kinds import KINDS
from dlcore.src.layers.tracking import Structure, changed
from dlcore.src.variable import Variable


class WeightedLayer(BaseLayer):
    """Making weights, finding them, reading and setting them."""

    def add_weight(
        self,
        *args: Any,
        shape: int | Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a weight and return it.

        Parameters
        ----------
        *args
            Shape, initializer and dtype, in this order, may come without their names.
        shape : int or sequence of int, optional
            A scalar unless given.
        initializer : str, Initializer or Callable, optional
            ``"glorot_uniform"`` for floats and ``"zeros"`` for integers unless given.
        dtype : str, optional
            The layer's ``variable_dtype`` unless given.
        trainable : bool
            Whether training changes it.
        autocast : bool
            Whether it is cast to ``compute_dtype`` while the layer runs.
        regularizer : str or Callable, optional
            Its penalty is added to the loss.
        constraint : str or Callable, optional
            Applied after each step of the optimizer.
        aggregation : str
            How copies on several devices are put together.
        overwrite_with_gradient : bool
            Whether the optimizer replaces it by its gradient.
        name : str, optional

        Raises
        ------
        ValueError
            If an argument comes twice, the shape is not fixed, or the layer is built.
        """
        if args:
            given = {"shape": shape, "initializer": initializer, "dtype": dtype}
            shape, initializer, dtype = self._in_order(args, given)
        self._check_open(name)
        shape = () if shape is None else shape
        shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        unknown = [d for d in shape if not isinstance(d, int | np.integer)]
        if unknown:
            raise ValueError(
                f"{self.described}: the weight {name or ''!r} cannot have the shape "
                f"{shape}, since {unknown[0]!r} is no fixed size. Give the input a "
                "fixed size on this axis, for instance `Input(shape=...)` without "
                "None there."
            )
        dtype = standardize_dtype(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if is_float(dtype) else "zeros"
        with backends.use_backend(self.backend):
            made = Variable(
                KINDS["initializer"](initializer),
                shape=shape,
                dtype=dtype,
                trainable=trainable and self._trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        made.overwrite_with_gradient = overwrite_with_gradient
        made.path = f"{self._path or '/'.join((*calls.state.scope, self.name))}"
        made.path += f"/{made.name}"
        if regularizer is not None:
            made.regularizer = KINDS["regularizer"](regularizer)
        if constraint is not None:
            made.constraint = KINDS["constraint"](constraint)
        self._made_weights.append((made, trainable))
        changed()
        return made

    def _in_order(self, args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        """Return the arguments of ``add_weight`` that may come without names."""
        if isinstance(args[0], str):  # a name in the first place, as in Keras 2
            raise ValueError(
                f"{self.described}: the first argument of `add_weight` is the shape, "
                f"received {args[0]!r}. Pass `name` as a keyword argument: "
                f"`add_weight(shape=..., name={args[0]!r})`."
            )
        if len(args) > len(named):
            raise TypeError(
                f"add_weight() takes at most {len(named)} positional arguments, "
                f"{', '.join(named)}, but {len(args)} were given."
            )
        for name, _ in zip(named, args, strict=False):
            if named[name] is not None:
                raise ValueError(
                    f"{self.described}: `{name}` was passed both positionally and as a "
                    "keyword argument to `add_weight`."
                )
        return [*args, *list(named.values())[len(args) :]]

    def _check_open(self, name: Any) -> None:
        """Refuse a weight that nothing made in ``__init__`` or ``build`` knows of."""
        in_call = calls.state.call is not None and not self._is_building
        if in_call and self._closed:
            raise ValueError(
                f"{self.described}: you cannot add new elements of state (here the "
                f"weight {name or ''!r}) to a layer that is already built: they would "
                "be made anew by every call. Make all weights in `__init__()` or "
                "`build()`."
            )

    def add_variable(
        self,
        shape: int | Sequence[int] | None,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a weight and return it; ``add_weight`` by another name."""
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
        )

    def __delattr__(self, name: str) -> None:
        """Forget an attribute; a weight is its layer's no more."""
        gone = self.__dict__.get(name)
        super().__delattr__(name)
        if isinstance(gone, Variable):
            made = self._made_weights
            made[:] = [(v, role) for v, role in made if v is not gone]
            changed()

    @property
    def _made_weights(self) -> list[tuple[Variable, bool | None]]:
        """The weights from ``add_weight`` with their roles; None: frozen for now."""
        return self.__dict__.setdefault("_weights", [])

    @property
    def _own(self) -> list[Variable]:
        """Its own variables: what training is meant to change first, then the rest."""
        made: dict[int, tuple[Variable, bool | None]] = {
            id(v): (v, role) for v, role in self._made_weights
        }
        for variable in self._owned_of("variable"):
            made.setdefault(id(variable), (variable, variable.trainable))
        pairs = made.values()
        first = [v for v, role in pairs if role is not False]
        return first + [v for v, role in pairs if role is False]

    @property
    def _layers(self) -> list[Any]:
        return self._owned_of("layer")

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> list[Any]:
        """Return the layers below, each once, parents before children."""
        found: dict[int, Any] = {id(self): self}
        stack = self._layers[::-1]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                if recursive:
                    stack += layer._layers[::-1]
        return list(found.values())[0 if include_self else 1 :]

    def _structure(self) -> Structure:
        """Return what it consists of, looked up again only after a change."""
        found = self.__dict__.get("_structure_now")
        if found is None or not found.valid():
            found = Structure(self._flatten_layers())
            self.__dict__["_structure_now"] = found
        return found

    @property
    def variables(self) -> list[Variable]:
        """Weights and seeds, its own and those of the layers in it."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            seeds = [seed.state for seed in layer._owned_of("seed")]
            for variable in [*layer._own, *seeds]:
                found.setdefault(id(variable), variable)
        return list(found.values())

    @property
    def torch_params(self) -> dict[str, Any]:
        """The values of the variables by path: what torch's functions work on."""
        return {v.path: v.value for v in self.variables}

    @property
    def weights(self) -> list[Variable]:
        """Weights, its own and those of the layers in it; no seeds."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            for variable in layer._own:
                found.setdefault(id(variable), variable)
        return list(found.values())

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone; seeds among them."""
        if not self.trainable:
            return self.variables
        return [v for v in self.variables if not v.trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        if not self.trainable:
            return self.weights
        return [v for v in self.weights if not v.trainable]

    @property
    def metrics(self) -> list[Any]:
        """The metrics that it and the layers in it hold."""
        return list(self._structure().metrics)

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of its metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights; setting it reaches layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        self._trainable = value
        changed()
        for variable, role in self._made_weights:
            variable.trainable = value and bool(role)
        for layer in self._layers:
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Return the weights' values as numpy arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights.

        Parameters
        ----------
        weights : sequence of array-like
            As ``get_weights`` returns them.

        Raises
        ------
        ValueError
            If their number or a shape does not fit.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a "
                f"weight list of length {len(weights)}, but the layer was expecting "
                f"{len(own)} weights."
                + ("" if self.built else " It is not built yet: call it once before.")
            )
        for variable, value in zip(own, weights, strict=True):
            if variable.shape != tuple(np.shape(value)):
                raise ValueError(
                    f"Layer {self.name} weight shape {variable.shape} is not "
                    "compatible with provided weight shape "
                    f"{tuple(np.shape(value))} (variable {variable.path!r})."
                )
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """Return the number of scalars in the weights.

        Raises
        ------
        ValueError
            If it is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the "
                "layer isn't built. You can build it manually via: "
                "`layer.build(input_shape)`."
            )
        return sum(int(np.prod(v.shape)) for v in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Put the weights that are its own, not those of layers in it, into ``store``.

        Parameters
        ----------
        store : mutable mapping of str to array
            Gets the keys ``"0"``, ``"1"``...; override both methods for other keys.
        """
        for index, variable in enumerate(self._own):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the weights that are its own from what ``save_own_variables`` stored.

        Raises
        ------
        ValueError
            If their number or a shape does not fit.
        """
        own = self._own
        if len(store) != len(own):
            reason = (
                " It is not built: a `build()` that makes all weights, those of "
                "layers inside too, lets a file be loaded before the first call."
                if not own and not self.built
                else ""
            )
            raise ValueError(
                f"Layer '{self.name}' expected {len(own)} variables, but "
                f"received {len(store)} variables from the file. Expected: "
                f"{[v.name for v in own]}.{reason}"
            )
        for index, variable in enumerate(own):
            variable.assign(np.asarray(store[str(index)]))
