"""``Operation``: what a graph consists of, a function with a name and a memory."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Self

from dlcore.src import tree
from dlcore.src.config import Configurable
from dlcore.src.export import export
from dlcore.src.remat import RematMode, current_mode, is_larger, remat
from dlcore.src.scopes import StatelessScope
from dlcore.src.symbolic import KerasTensor, Node
from dlcore.src.utils.naming import auto_name, checked_name

_PLAIN = (str, int, float, bool, type(None))
_VARIADIC = inspect.Parameter.VAR_POSITIONAL
_UNNAMED = inspect.Parameter.POSITIONAL_ONLY


@export("dlcore.Operation")
class Operation(Configurable):
    """A function of tensors that is called like an op, and can be a part of a model.

    A subclass writes ``call``; called on symbolic tensors, an operation remembers the
    call as a node of their graph. Layers are operations with weights.

    Parameters
    ----------
    name : str, optional
        Without ``"/"``.

    Raises
    ------
    ValueError
        If the name is none.

    Examples
    --------
    >>> import dlcore
    >>> class Double(dlcore.Operation):
    ...     def call(self, x):
    ...         return x * 2
    >>> double = Double()
    >>> dlcore.ops.convert_to_numpy(double(dlcore.ops.ones((2,))))
    array([2., 2.], dtype=float32)
    >>> double(dlcore.KerasTensor((None, 3))).shape
    (None, 3)
    """

    name: Any
    activation: Any
    _nodes: list[Node]
    _remat_mode: RematMode | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Remember the scope that it is made in."""
        self = super().__new__(cls, *args, **kwargs)
        self.__dict__.update(_nodes=[], _remat_mode=current_mode())
        return self

    def __init__(self, name: str | None = None):
        self.name = checked_name(name) or auto_name(type(self).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; on symbolic tensors compute the outputs' shapes instead."""
        if any(isinstance(x, KerasTensor) for x in tree.leaves(args, kwargs)):
            return self.symbolic_call(*args, **kwargs)
        quantized = getattr(self, "quantization_mode", None) is not None
        call = self.quantized_call if quantized else self.call
        return self.rematerialized_call(call, *args, **kwargs)(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; what a subclass writes."""
        raise NotImplementedError(
            f"{type(self).__name__} does not have a `call` method implemented."
        )

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs where ``quantization_mode`` is set."""
        raise NotImplementedError(
            f"{type(self).__name__} does not have a `quantized_call` method "
            "implemented."
        )

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic outputs, and remember the call as a node of a graph."""
        from dlcore.src.ops.declare import record

        return self._recorded(
            record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))
        )

    def _recorded(self, outputs: Any) -> Any:
        """Remember the node that made symbolic outputs; return them."""
        made = (x.node for x in tree.leaves(outputs) if isinstance(x, KerasTensor))
        node = next(made, None)
        if node is not None:
            self._nodes.append(node)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors of the outputs' shapes and dtypes.

        Found by running ``call`` on symbolic tensors, unless a subclass says more.
        """
        try:
            with StatelessScope():  # nothing is assigned
                return self.call(*args, **kwargs)
        except Exception as error:
            error.add_note(
                "Could not automatically infer the output shape / dtype of "
                f"{self.name!r} (of type {type(self).__name__}): run on symbolic "
                f"tensors, `{type(self).__name__}.call()` failed. Where it cannot run "
                "on them, implement `compute_output_spec()`."
            )
            raise

    def rematerialized_call(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Return ``fn`` as the ``RematScope`` in which this was made wants it.

        Parameters
        ----------
        fn : Callable
            ``call`` or ``quantized_call``.
        *args, **kwargs
            What it is going to be called with.

        Returns
        -------
        Callable
            ``fn``, or a function that computes it again in the backward pass.
        """
        mode = self._remat_mode
        if mode is None:
            return fn
        if mode.mode == "activations":
            return fn if getattr(self, "activation", None) is None else self._lean(fn)
        if (
            mode.mode == "full"
            or (mode.mode == "list_of_layers" and self.name in mode.layer_names)
            or (mode.mode == "larger_than" and is_larger(self, mode, args, kwargs))
        ):
            return remat(fn)
        return fn

    def _lean(self, fn: Any) -> Any:
        """Return ``fn`` with an activation function whose inputs only are kept."""

        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            activation = self.activation
            object.__setattr__(self, "activation", remat(activation))
            try:
                return fn(*args, **kwargs)
            finally:
                object.__setattr__(self, "activation", activation)

        return call

    # The graph.

    @property
    def _inbound_nodes(self) -> list[Node]:
        return self._nodes

    @property
    def input(self) -> Any:
        """The symbolic inputs of its first symbolic call: one, or a list."""
        return _one_or_all(list(self._first_node("input").inputs))

    @property
    def output(self) -> Any:
        """The symbolic outputs of its first symbolic call: one, or a list."""
        return _one_or_all(list(self._first_node("output").outputs))

    def _first_node(self, what: str) -> Node:
        if not self._nodes:
            raise AttributeError(
                f"The layer {self.name} has never been called on a symbolic tensor "
                f"and thus has no defined {what}."
            )
        return self._nodes[0]

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return the name and the constructor's arguments, as JSON can hold them.

        Raises
        ------
        NotImplementedError
            If an argument is neither a number, a string, a bool, None, nor made of
            them; or cannot be given by its name.
        """
        if type(self).get_config is not Operation.get_config:
            return {"name": self.name}  # a subclass adds the rest
        parameters = list(self._signature.parameters.values())[1:]
        given = {k: v for k, v in self._config.items() if k != "name"}
        kinds = {p.kind for p in parameters if p.name in given}
        if kinds & {_VARIADIC, _UNNAMED}:
            raise self._no_config("arguments that have no names")
        if not all(isinstance(x, _PLAIN) for x in tree.flatten(given)):
            raise self._no_config("objects that JSON cannot hold")
        takes_name = any(
            p.name == "name" or p.kind is p.VAR_KEYWORD for p in parameters
        )
        return {"name": self.name, **given} if takes_name else given

    def _no_config(self, what: str) -> NotImplementedError:
        name = type(self).__name__
        return NotImplementedError(
            f"Object {name} was created by passing {what} to `__init__()`, which "
            f"`{name}.get_config()` has to describe itself: write "
            "`get_config()`, which returns super().get_config() with what "
            "`__init__()` takes besides the name, as plain data."
        )

    def __repr__(self) -> str:
        """Show the name."""
        return f"<{type(self).__name__} name={self.name}>"


def _one_or_all(tensors: list[KerasTensor]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
