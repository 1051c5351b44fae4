"""The graph of a functional model: found once, sorted once, run in a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.src import tree
from dlcore.src.layers.core.input_layer import InputLayer
from dlcore.src.layers.layer import Layer
from dlcore.src.operation import Operation
from dlcore.src.symbolic import KerasTensor, Node
from dlcore.src.variable import Variable


class Graph:
    """What leads from symbolic inputs to symbolic outputs.

    Parameters
    ----------
    inputs, outputs : KerasTensor, or nested ones

    Attributes
    ----------
    nodes : list of Node
        In an order in which they can run.
    operations : list of Operation or function
        As Keras orders them: by their distance to the outputs, the farthest first.
    order : dict of int to Operation or function
        The same by identity: that of the operation, or of the node of an op's call.
    layers : list of Layer
        Those of the operations that are layers.
    variables : list of Variable
        Those that are arguments of ops.

    Raises
    ------
    ValueError
        If there are no inputs or no outputs, or if an output needs an input that is
        not among ``inputs``.
    """

    def __init__(self, inputs: Any, outputs: Any):
        self.inputs = inputs
        self.outputs = outputs
        flat_inputs, flat_outputs = tree.flatten(inputs), tree.flatten(outputs)
        for name, tensors in (("inputs", flat_inputs), ("outputs", flat_outputs)):
            if not tensors:
                raise ValueError(
                    f"`{name}` argument cannot be empty. Received:\ninputs={inputs}\n"
                    f"outputs={outputs}"
                )
            for tensor in tensors:
                if not isinstance(tensor, KerasTensor):
                    raise ValueError(
                        f"All `{name}` values must be KerasTensors, made by "
                        "dlcore.Input and by layers called on them. Received: "
                        f"{tensor!r} of type {type(tensor).__name__}"
                        f"{_uncalled(tensor)}"
                    )
        self.sources = [_source(t) for t in flat_inputs]
        paths = [".".join(map(str, p)) for p, _ in tree.flatten_with_path(outputs)]
        found, ranks = _search(flat_inputs, flat_outputs, self.sources, paths)
        self.nodes, self.order = _by_depth(
            found, ranks, dict(zip(map(id, flat_inputs), self.sources, strict=True))
        )
        self.operations = list(self.order.values())
        self.layers: list[Layer] = [x for x in self.operations if isinstance(x, Layer)]
        self.variables = list(
            {id(v): v for n in self.nodes for v in _variables_in(n)}.values()
        )
        self._plan(flat_inputs, flat_outputs)

    def _plan(self, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        """Give the tensors numbers, so that running needs no look-ups."""
        slots: dict[int, int] = {id(t): i for i, t in enumerate(inputs)}
        self._steps: list[tuple[Callable[..., Any], int | None, Any, Any]] = []
        for node in self.nodes:
            if not isinstance(node.operation, InputLayer):
                only = _only_argument(node)
                place = None if only is None else slots[id(only)]
                arguments = None if only is not None else _Arguments(node, slots)
                for tensor in node.outputs:
                    slots.setdefault(id(tensor), len(slots))
                made = [slots[id(t)] for t in node.outputs]
                target = made[0] if len(made) == 1 else made
                self._steps.append((node.operation, place, arguments, target))
        self._size = len(slots)
        self._results = [slots[id(t)] for t in outputs]

    def run(
        self, values: list[Any], replace: Callable[[Any], Any] | None = None
    ) -> Any:
        """Return the outputs for the inputs' values.

        Parameters
        ----------
        values : list of tensor
            Flat, in the order of ``sources``.
        replace : Callable, optional
            Operation -> what is called in its place.
        """
        slots = [*values, *([None] * (self._size - len(values)))]
        steps = self._steps
        if replace is not None:
            steps = [(replace(operation), *rest) for operation, *rest in steps]
        for operation, place, arguments, target in steps:
            if place is not None:
                result = operation(slots[place])
            else:
                args, kwargs = arguments.fill(slots)
                result = operation(*args, **kwargs)
            if type(target) is int:
                slots[target] = (
                    tree.flatten(result)[0] if type(result) in _NESTED else result
                )
            else:
                found = tree.flatten(result)
                if len(found) != len(target):  # None beside tensors
                    found = [x for x in found if x is not None]
                for slot, value in zip(target, found, strict=True):
                    slots[slot] = value
        results = [slots[i] for i in self._results]
        if isinstance(self.outputs, KerasTensor):
            return results[0]
        return tree.pack_sequence_as(self.outputs, results)


_NESTED = (list, tuple, dict)


class _Arguments:
    """The arguments of a call, with numbers of slots in the place of tensors."""

    def __init__(self, node: Node, slots: dict[int, int]):
        def number(x: Any) -> Any:
            return _Slot(slots[id(x)]) if isinstance(x, KerasTensor) else x

        self.args = _map(number, node.args)
        self.kwargs = _map(number, node.kwargs)

    def fill(self, values: list[Any]) -> tuple[Any, Any]:
        def value(x: Any) -> Any:
            return values[x.index] if type(x) is _Slot else x

        return _map(value, self.args), _map(value, self.kwargs)


class _Slot:
    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index


def _map(function: Callable[[Any], Any], part: Any) -> Any:
    if type(part) in (list, tuple):
        return type(part)([_map(function, p) for p in part])
    if type(part) is dict:
        return {k: _map(function, p) for k, p in part.items()}
    return function(part)


def _only_argument(node: Node) -> KerasTensor | None:
    args = node.args
    if len(args) == 1 and not node.kwargs and isinstance(args[0], KerasTensor):
        return args[0]
    return None


def _variables_in(node: Node) -> list[Variable]:
    if isinstance(node.operation, Layer):
        return []
    return [x for x in tree.leaves(node.args, node.kwargs) if isinstance(x, Variable)]


def _source(tensor: KerasTensor) -> Node:
    """Return the input's node; a tensor inside a graph gets an InputLayer."""
    if tensor.node is not None and isinstance(tensor.node.operation, InputLayer):
        return tensor.node
    layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
    return layer._nodes[0]


def _search(
    inputs: list[KerasTensor],
    outputs: list[KerasTensor],
    sources: list[Node],
    paths: list[str],
) -> tuple[list[Node], dict[int, int]]:
    """Return the nodes, each after those it needs, and the order of discovery.

    A depth-first search without recursion: a chain may have thousands of layers.
    """
    begin = {id(t): s for t, s in zip(inputs, sources, strict=True)}
    done: dict[int, Node] = {}
    ranks: dict[int, int] = {}
    for output, path in zip(outputs, paths, strict=True):
        stack: list[tuple[Node, Any]] = []
        _enter(output, begin, done, ranks, stack, path)
        while stack:
            node, waiting = stack[-1]
            tensor = next(waiting, None)
            if tensor is None:
                done[id(node)] = node
                stack.pop()
            else:
                _enter(tensor, begin, done, ranks, stack, path)
    return list(done.values()), ranks


def _enter(
    tensor: KerasTensor,
    begin: dict[int, Node],
    done: dict[int, Node],
    ranks: dict[int, int],
    stack: list[tuple[Node, Any]],
    path: str,
) -> None:
    node = begin.get(id(tensor), tensor.node)
    if node is None or (
        isinstance(node.operation, InputLayer) and id(tensor) not in begin
    ):
        known = [t.operation.name for t in begin.values()]
        raise ValueError(
            f"Output with path `{path}` is not connected to `inputs`: it needs the "
            f"input {tensor.name!r} of shape {tensor.shape}, which is not among the "
            f"inputs {known}."
        )
    if id(node) in done:
        return
    ranks.setdefault(identity(node), len(ranks))
    stack.append((node, iter(() if id(tensor) in begin else list(node.inputs))))


def identity(node: Node) -> int:
    """Return what stands for an operation: itself, or one call of an op's function."""
    return id(node.operation) if isinstance(node.operation, Operation) else id(node)


def _by_depth(
    found: list[Node], ranks: dict[int, int], begin: dict[int, Node]
) -> tuple[list[Node], dict[int, Any]]:
    """Sort nodes and operations by distance to the outputs, the farthest first.

    ``begin`` has the inputs' nodes by the identity of the inputs.
    """
    makers = {id(t): n for n in found for t in n.outputs} | begin
    depths: dict[int, int] = {}
    operations: dict[int, tuple[int, Any]] = {}
    for node in reversed(found):
        key = identity(node)
        depth = max(depths.get(id(node), 0), operations.get(key, (0, None))[0])
        depths[id(node)] = depth
        operations[key] = (depth, node.operation)
        for tensor in node.inputs:
            maker = makers.get(id(tensor))
            if maker is not None:
                depths[id(maker)] = max(depths.get(id(maker), 0), depth + 1)
    for source in begin.values():  # inputs that lead nowhere
        key = identity(source)
        if key not in operations:
            operations[key] = (0, source.operation)
            ranks[key] = -1
    order = sorted(operations, key=lambda k: (-operations[k][0], ranks[k]))
    nodes = [n for n in found if not isinstance(n.operation, InputLayer)]
    return nodes, {k: operations[k][1] for k in order}


def _uncalled(found: Any) -> str:
    """Return what to do about a layer that stands where its output should."""
    if not callable(found) or not hasattr(found, "name"):
        return ""
    return f". Call it on a tensor: {found.name}(x) is its output."
