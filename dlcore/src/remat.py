"""Rematerialisation: what a backward pass needs is computed again, not kept.

Memory for time, as in "Training Deep Nets with Sublinear Memory Cost" (Chen et al.,
2016): of a function that is marked only the inputs stay until its gradient is wanted.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, NamedTuple, Self

import numpy as np
import optree

from dlcore.src import backend as backends, scopes, tree
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers import context
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import lent, on_loan

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematMode(NamedTuple):
    """What is computed again, and of which operations."""

    mode: str
    output_size_threshold: int
    layer_names: tuple[str, ...]


_mode: ContextVar[RematMode | None] = ContextVar("dlcore_remat", default=None)


def current_mode() -> RematMode | None:
    """Return what the innermost ``RematScope`` says, or None."""
    return _mode.get()


@export("dlcore.RematScope")
class RematScope:
    """A scope: layers made inside compute again what their gradients need.

    It is remembered by the layers; where they are called does not matter.

    Parameters
    ----------
    mode : {"full", "activations", "larger_than", "list_of_layers"} or None
        What is not kept: all that a layer computes; what its activation function
        computes; the first, of layers with large outputs only; the first, of some
        layers only. None switches an outer scope off.
    output_size_threshold : int
        For ``"larger_than"``: the number of elements above which outputs are large.
    layer_names : list of str, optional
        For ``"list_of_layers"``.

    Raises
    ------
    ValueError
        If there is no such mode.

    Examples
    --------
    >>> import dlcore
    >>> with dlcore.RematScope(mode="larger_than", output_size_threshold=2048):
    ...     layer = dlcore.layers.Dense(64, activation="gelu")
    >>> layer(dlcore.ops.ones((128, 8))).shape
    (128, 64)
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: Sequence[str] | None = None,
    ):
        if mode not in MODES:
            known = [m for m in MODES if m is not None]
            raise ValueError(
                f"Invalid mode {mode!r}. Supported modes are {known} and None."
                f"{did_you_mean(mode, known)}"
            )
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())
        self._tokens: list[Token[RematMode | None]] = []

    def __enter__(self) -> Self:
        """Enter it."""
        threshold, names = self.output_size_threshold, tuple(self.layer_names)
        wanted = None if self.mode is None else RematMode(self.mode, threshold, names)
        self._tokens.append(_mode.set(wanted))
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it."""
        _mode.reset(self._tokens.pop())


@export("dlcore.remat")
def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that keeps nothing for its gradient, and computes again.

    Results and gradients are those of ``f``. On a backend that has no gradients, and
    while layers inside are not built yet, it is ``f`` that is called.

    Parameters
    ----------
    f : Callable
        A function of tensors, a method of a layer or a layer. Tensors that it does not
        get as arguments are differentiated on tensorflow only if they are a layer's
        weights, or weights that are being trained.

    Returns
    -------
    Callable

    Examples
    --------
    >>> import dlcore
    >>> class Block(dlcore.layers.Layer):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = dlcore.layers.Dense(4)
    ...         self.inner = dlcore.remat(self.wide)
    ...     def wide(self, x):
    ...         return dlcore.ops.gelu(self.dense(x))
    ...     def call(self, x):
    ...         return self.inner(x) + x
    >>> Block()(dlcore.ops.ones((2, 4))).shape
    (2, 4)
    """

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, form = optree.tree_flatten((args, kwargs), none_is_leaf=True)  # type: ignore[arg-type, var-annotated]
        home = next(filter(None, map(_home, leaves)), None) or backends.current()
        checkpoint = getattr(home.runtime, "remat", None)
        if checkpoint is None or any(isinstance(x, KerasTensor) for x in leaves):
            return f(*args, **kwargs)
        run = _Run(f, home, leaves, form)
        if not run.inputs or not all(layer.built for layer in run.layers):
            return f(*args, **kwargs)
        return run.finish(checkpoint(run.compute)(*run.inputs))

    return call


def is_larger(operation: Any, mode: RematMode, args: Any, kwargs: Any) -> bool:
    """Whether an operation's outputs have more elements than a scope's threshold."""

    def spec(x: Any) -> Any:
        if not isinstance(x, np.ndarray) and _home(x) is None:
            return x
        return KerasTensor(x.shape, standardize_dtype(x.dtype))

    args, kwargs = tree.map_structure(spec, (args, kwargs))
    with scopes.StatelessScope(), _no_losses(_layers_of(operation)):  # no effects
        outputs = operation.compute_output_spec(*args, **kwargs)
    size = sum(
        math.prod(d or 1 for d in x.shape)
        for x in optree.tree_leaves(outputs)
        if isinstance(x, KerasTensor)
    )
    return size > mode.output_size_threshold


def _home(x: Any) -> backends.Backend | None:
    from dlcore.src.ops.core import home_of

    return home_of(x)


def _layers_of(owner: Any) -> list[Any]:
    """Return a layer and all layers below it; none for anything else."""
    structure = getattr(owner, "_structure", None)
    return [] if structure is None else structure().layers


@contextmanager
def _no_losses(layers: list[Any]) -> Iterator[None]:
    """Let layers begin without losses, and have those they had at the end."""
    before = [layer._losses for layer in layers]
    for layer in layers:
        layer._losses = []
    try:
        yield
    finally:
        for layer, kept in zip(layers, before, strict=True):
            layer._losses = kept


class _Run:
    """A function and what it found when it was called, so that it can run again.

    Libraries differentiate a function of tensors that has no effects. So everything
    comes in and goes out by hand: the arguments and the weights; the results, masks of
    them, losses that layers add, and what variables are assigned.
    """

    def __init__(self, f: Any, home: Any, leaves: list[Any], form: Any):
        self.f, self.home, self.leaves, self.form = f, home, leaves, form
        owner = getattr(f, "__self__", f)
        self.layers = _layers_of(owner)
        if self.layers:
            known = {id(v): v for v in owner._structure().weights}
        else:
            known = {id(v): v for v in on_loan() if v.trainable}
        self.weights = [v for v in known.values() if self._differs(v.value)]
        mine = {id(v) for v in self.weights}
        #: The other variables, and the values they had.
        self.others = {k: (v, v.value) for k, v in known.items() if k not in mine}
        self.places = [i for i, x in enumerate(leaves) if self._differs(x)]
        self.inputs = [v.value for v in self.weights] + [leaves[i] for i in self.places]
        self.phase = context.state.call
        self.values = {} if self.phase is None else self.phase.values

    def _differs(self, x: Any) -> bool:
        """Whether it is something to differentiate by."""
        return _home(x) is self.home and is_float(standardize_dtype(x.dtype))

    def compute(self, *inputs: Any) -> list[Any]:
        """Run the function; return the tensors among all that comes out."""
        count = len(self.weights)
        leaves = list(self.leaves)
        for place, x in zip(self.places, inputs[count:], strict=True):
            mask = context.get_mask(leaves[place])
            if mask is not None and x is not leaves[place]:
                context.set_mask(x, mask)
            leaves[place] = x
        args, kwargs = optree.tree_unflatten(self.form, leaves)
        known = [v for v, _ in self.others.values()]
        values = [x for _, x in self.others.values()]
        with (
            backends.use_backend(self.home),
            self._same_phase(),
            _no_losses(self.layers),
            lent([*self.weights, *known], [*inputs[:count], *values]),
            scopes.StatelessScope() as scope,
        ):
            out = self.f(*args, **kwargs)
            losses = [layer._losses for layer in self.layers]
        flat, self.out = optree.tree_flatten(out, none_is_leaf=True)
        updates = scope.updates()
        weights = {id(v) for v in self.weights}
        for variable, _ in updates:
            if id(variable) not in weights:
                self.others.setdefault(id(variable), (variable, variable.value))
        self.changed = [variable for variable, _ in updates]
        self.count, self.lost = len(flat), [len(found) for found in losses]
        self.found = [
            *flat,
            *map(context.get_mask, flat),
            *(loss for found in losses for loss in found),
            *(value for _, value in updates),
        ]
        return [x for x in self.found if _home(x) is self.home]

    @contextmanager
    def _same_phase(self) -> Iterator[None]:
        """Give inner layers ``training`` and the like as at the first time."""
        outer = context.state.call
        if self.phase is not None:
            context.state.call = context.CallContext(self.phase.entry)
            context.state.call.values = self.values
        try:
            yield
        finally:
            context.state.call = outer

    def finish(self, tensors: Sequence[Any]) -> Any:
        """Take what came out: return the results, let the rest have its effect."""
        given = iter(tensors)
        rest = iter([next(given) if _home(x) is self.home else x for x in self.found])
        results = [next(rest) for _ in range(self.count)]
        for x in results:
            mask = next(rest)
            if mask is not None:
                context.set_mask(x, mask)
        for layer, count in zip(self.layers, self.lost, strict=True):
            layer._losses += [next(rest) for _ in range(count)]
        for variable in self.changed:
            variable.put(next(rest))
        return optree.tree_unflatten(self.out, results)
