"""Steps: traced and compiled once a signature, run by openvino."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino as ov
import optree

from dlcore.src.backend.active import use_backend
from dlcore.src.backend.openvino.graph.traced import (
    Frame,
    Traced,
    Untraceable,
    carried,
    trace,
    tracing,
)
from dlcore.src.backend.openvino.tensor import Tensor
from dlcore.src.variable import Variable, lent

Array = np.ndarray[Any, Any]

_OPTIONS = {
    # By itself the CPU plugin computes in bfloat16 where the machine has it.
    "INFERENCE_PRECISION_HINT": "f32",
    "EXECUTION_MODE_HINT": "ACCURACY",
    "PERFORMANCE_HINT": "LATENCY",
}
#: A variable that changed so often between calls is an input, not a constant.
_RESTLESS = 3


@functools.cache
def _core() -> ov.Core:
    return ov.Core()


class Program:
    """One compiled signature of a step.

    What depends on neither arguments nor changing variables is computed while the
    step is traced, by numpy's kernels; so is everything that reads only the weights,
    which are constants of the graph. Weights are compared by identity before a call.

    Parameters
    ----------
    step : Callable
    variables : sequence of Variable
    structure : optree.PyTreeSpec
        The arguments'.
    leaves : list
        The arguments' leaves, arrays or values that are part of the signature.
    inputs : set of int
        Which variables are inputs from the start.
    """

    def __init__(
        self,
        step: Callable[..., Any],
        variables: Sequence[Variable],
        structure: Any,
        leaves: list[Any],
        inputs: set[int],
    ):
        self.variables = variables
        while True:
            out, after, before = self._trace(step, structure, leaves, inputs)
            changed = {i for i, v in enumerate(after) if v is not before[i]}
            if changed <= inputs:
                break
            inputs = inputs | changed  # those of the last time lacked some
        self.inputs = sorted(inputs)
        self.constants = {
            i: v.value for i, v in enumerate(variables) if i not in inputs
        }
        found, self._structure = _flatten(out)
        self._assigned = sorted(changed)
        self._results = [*found, *(after[i] for i in self._assigned)]
        self._count = len(found)
        self._compile()

    def _trace(
        self, step: Callable[..., Any], structure: Any, leaves: Any, inputs: set[int]
    ) -> tuple[Any, list[Any], list[Any]]:
        self._frame = Frame(variables=self.variables)
        with trace(self._frame), use_backend("openvino"):
            given = [
                self._frame.parameter(x.shape, x.dtype.name)
                if isinstance(x, np.ndarray)
                else x
                for x in leaves
            ]
            before = [
                self._frame.parameter(v.shape, v.dtype) if i in inputs else v.value
                for i, v in enumerate(self.variables)
            ]
            with lent(self.variables, before):
                out = step(*optree.tree_unflatten(structure, given))
                return out, [v.value for v in self.variables], before

    def _compile(self) -> None:
        self._live = [i for i, x in enumerate(self._results) if isinstance(x, Traced)]
        for i in self._live:
            if self._results[i].dtype == "float64":
                raise Untraceable("", "openvino computes in float32, not in float64")
        outputs = [self._results[i].output for i in self._live]
        self._lock, self._request = threading.Lock(), None
        if outputs:
            model = ov.Model(outputs, self._frame.parameters)
            try:
                compiled = _core().compile_model(model, "CPU", _OPTIONS)
            except RuntimeError as error:
                raise Untraceable("", f"openvino refused the graph: {error}") from error
            self._request = compiled.create_infer_request()
        del self._frame
        self._dtypes = [self._results[i].dtype for i in self._live]
        for i in self._live:
            self._results[i] = None

    def stale(self) -> list[int]:
        """Return which variables, constants of the graph, have other values now."""
        return [
            i for i, v in self.constants.items() if self.variables[i].value is not v
        ]

    def run(self, arrays: list[Array]) -> Any:
        """Run the step."""
        variables = self.variables
        given = [
            _input(a)
            for a in (*arrays, *(variables[i].value.array for i in self.inputs))
        ]
        results = list(self._results)
        if self._request is not None:
            with self._lock:
                self._request.infer(given, share_inputs=True, share_outputs=True)
                for place, (i, dtype) in enumerate(
                    zip(self._live, self._dtypes, strict=True)
                ):
                    data = self._request.get_output_tensor(place).data
                    results[i] = Tensor(np.array(data, dtype))
        for i, value in zip(self._assigned, results[self._count :], strict=True):
            variables[i].value = value
        return optree.tree_unflatten(self._structure, results[: self._count])


def _input(array: Array) -> Array:
    """Return an argument as the graph's input of its dtype takes it."""
    name = array.dtype.name
    if name in ("uint8", "int8"):
        return np.ascontiguousarray(array).reshape(array.shape)
    return carried(array, name)


class Step:
    """A step and its compiled signatures.

    Parameters
    ----------
    step : Callable
    variables : sequence of Variable
    """

    def __init__(self, step: Callable[..., Any], variables: Sequence[Variable]):
        self._step, self._variables = step, list(variables)
        self._programs: dict[Any, Program | None] = {}
        self._changes: dict[int, int] = {}

    def __call__(self, *args: Any) -> Any:
        """Run the step on nested arrays and tensors."""
        if tracing():
            return self._step(*args)
        found, structure = _flatten(args)
        leaves: list[Any] = [x.array if type(x) is Tensor else x for x in found]
        arrays = [x for x in leaves if isinstance(x, np.ndarray)]
        try:
            program = self._program(structure, leaves)
            if program is not None:
                return program.run(arrays)
        except Untraceable as error:
            self._say(error)
        return self._step(*optree.tree_unflatten(structure, list(map(_tensor, found))))

    def _program(self, structure: Any, leaves: list[Any]) -> Program | None:
        """Return the program of a signature, None if it has none."""
        key = (
            structure,
            *(
                (x.shape, x.dtype.name) if isinstance(x, np.ndarray) else (None, x)
                for x in leaves
            ),
        )
        try:
            known = key in self._programs
        except TypeError as error:  # not hashable
            raise Untraceable("", f"an argument is no tensor: {error}") from error
        program = self._programs.get(key)
        stale = program.stale() if program is not None else []
        if known and not stale:
            return program
        for i in stale:
            self._changes[i] = self._changes.get(i, 0) + 1
        inputs = {i for i, n in self._changes.items() if n >= _RESTLESS}
        self._programs[key] = None
        program = Program(self._step, self._variables, structure, leaves, inputs)
        self._programs[key] = program
        return program

    def _say(self, error: Untraceable) -> None:
        """Say why a step is not compiled."""
        warnings.warn(
            "openvino runs this step op by op on numpy's kernels, which is right but "
            f"slower, because {error.op or 'it'} cannot be compiled: {error.reason}. "
            "Another backend may suit better: model.to_backend('jax').",
            RuntimeWarning,
            stacklevel=3,
        )


def _flatten(tree: Any) -> tuple[list[Any], Any]:
    return optree.tree_flatten(tree, none_is_leaf=True)


def _tensor(x: Any) -> Any:
    return Tensor(x) if isinstance(x, np.ndarray) and x.dtype.kind not in "OUS" else x


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Compile a step that reads and assigns ``variables``.

    The arguments are pytrees of tensors; one compilation a signature. A step that
    has no form as a graph runs op by op, and says so.
    """
    return Step(step, variables)
