"""``Function``: the computation between symbolic tensors, to be called on others."""

from __future__ import annotations

from typing import Any

from dlcore.src import tree
from dlcore.src.export import export
from dlcore.src.models.graph import Graph
from dlcore.src.operation import Operation
from dlcore.src.scopes import StatelessScope
from dlcore.src.symbolic import KerasTensor


@export("dlcore.Function")
class Function(Operation):
    """What leads from symbolic inputs to symbolic outputs, as a function.

    Unlike a functional model it is no layer: it owns no weights and takes its inputs
    as they are.

    Parameters
    ----------
    inputs, outputs : KerasTensor, or nested ones
    name : str, optional

    Raises
    ------
    ValueError
        If there are no inputs or no outputs, or if an output needs something that is
        not among ``inputs``.

    Examples
    --------
    >>> import dlcore
    >>> a, b = dlcore.KerasTensor((None, 2)), dlcore.KerasTensor((None, 2))
    >>> function = dlcore.Function([a, b], dlcore.ops.square(a + b))
    >>> x = dlcore.ops.ones((1, 2))
    >>> dlcore.ops.convert_to_numpy(function([x, x]))
    array([[4., 4.]], dtype=float32)
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None):
        super().__init__(name=name)
        self._graph = Graph(inputs, outputs)
        self._inputs = tree.flatten(inputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, as a list."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, as a list."""
        return tree.flatten(self._graph.outputs)

    @property
    def operations(self) -> list[Any]:
        """Operations, and functions of ops, in the order in which a graph has them."""
        outside = [
            id(source.operation)
            for source, x in zip(self._graph.sources, self._inputs, strict=True)
            if x.node is not source
        ]
        return [x for x in self._graph.operations if id(x) not in outside]

    def call(self, inputs: Any) -> Any:
        """Compute the outputs for other inputs.

        Parameters
        ----------
        inputs : tensor, or nested ones
            Of the form of the symbolic inputs.

        Raises
        ------
        ValueError
            If the form is another one, or a shape does not fit.
        """
        return self._graph.run(self._checked(inputs))

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return symbolic outputs for other symbolic inputs."""
        with StatelessScope():  # nothing is assigned
            return self._graph.run(self._checked(inputs), _spec_of)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the outputs for shapes of the inputs."""
        dtypes = iter([x.dtype for x in self._inputs])
        inputs = tree.map_shape_structure(
            lambda shape: KerasTensor(shape, next(dtypes)), input_shape
        )
        outputs = self.compute_output_spec(inputs)
        return tree.map_structure(lambda x: x.shape, outputs)

    def _checked(self, inputs: Any) -> list[Any]:
        """Return the inputs as a list."""
        wanted = self._graph.inputs
        try:
            tree.assert_same_structure(inputs, wanted)
        except ValueError as error:
            raise ValueError(
                "Function was called with an invalid input structure. Expected input "
                f"structure: {wanted}\nReceived input structure: {inputs}"
            ) from error
        flat = tree.flatten(inputs)
        for x, reference in zip(flat, self._inputs, strict=True):
            found, shape = getattr(x, "shape", ()), reference.shape
            if len(found) != len(shape) or any(
                None not in (f, w) and f != w for f, w in zip(found, shape, strict=True)
            ):
                raise ValueError(
                    f"{type(self).__name__} was passed incompatible inputs. For input "
                    f"{reference.name!r}, expected shape {shape}, but received a "
                    f"tensor with shape {tuple(found)}."
                )
        return flat


def _spec_of(operation: Any) -> Any:
    """Return what computes shapes: calls of layers are not remembered on the way."""
    return getattr(operation, "compute_output_spec", operation)


@export("dlcore.utils.get_source_inputs")
def get_source_inputs(tensor: Any) -> Any:
    """Return the symbolic tensors that a graph begins with, one by one.

    Parameters
    ----------
    tensor : KerasTensor

    Returns
    -------
    list of KerasTensor
        In the order in which a search from ``tensor`` meets them; ``tensor`` itself if
        nothing leads to it. What is no symbolic tensor is returned as it is.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.Input((3,), name="x")
    >>> [t.name for t in dlcore.utils.get_source_inputs(dlcore.ops.exp(x) + x)]
    ['x']
    """
    if not isinstance(tensor, KerasTensor):
        return tensor
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    waiting: list[KerasTensor] = [tensor]
    while waiting:  # without recursion: a chain may have thousands of layers
        x = waiting.pop()
        inputs = [] if x.node is None else list(x.node.inputs)
        if not inputs:
            found.setdefault(id(x), x)
        elif id(x.node) not in seen:
            seen.add(id(x.node))
            waiting += reversed(inputs)
    return list(found.values())
