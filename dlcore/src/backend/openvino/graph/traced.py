"""Tensors of a graph that is being traced, and what carries their values."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import openvino as ov
import openvino.opset15 as nodes

from dlcore.src.backend.numpy import runtime as host
from dlcore.src.backend.openvino.tensor import Operators, Tensor
from dlcore.src.ops import rules
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.variable import Variable

#: Integers of 8 and 16 bits are carried as 32 bits and cut after arithmetic: the CPU
#: plugin would saturate them.
SMALL = {"int8": (8, True), "uint8": (8, False), "int16": (16, True)}
SMALL["uint16"] = (16, False)
#: What a graph computes with.
COMPUTED = {"float32", "int32", "bool", *SMALL}
#: What is only moved and cast: the CPU plugin would narrow it by itself.
CARRIED = {"int64": "int32", "uint32": "int32", "float64": "float32"}

_TYPES = {
    "float32": ov.Type.f32,
    "int32": ov.Type.i32,
    "bool": ov.Type.boolean,
    "uint8": ov.Type.u8,
    "int8": ov.Type.i8,
}


class Untraceable(BaseException):
    """A step, or a part of it, that has no form as a graph.

    It leaves the step at once, as an interrupt does: what is between must not take it
    for an error of the caller's.

    Attributes
    ----------
    op : str
        Name of the op.
    reason : str
    """

    def __init__(self, op: str, reason: str):
        super().__init__(op, reason)
        self.op, self.reason = op, reason


class Traced(Operators):
    """A tensor whose values are known when the compiled step runs.

    Attributes
    ----------
    output : openvino.Output
        Where it comes from.
    dtype : str
        What it is; what carries it may be wider or narrower.
    shape : tuple of int
    frame : Frame
        The graph it belongs to.
    """

    __slots__ = ("_keras_mask", "dtype", "frame", "output", "shape")

    def __init__(self, output: ov.Output, dtype: str):
        shape = output.get_partial_shape()
        if not shape.is_static:
            raise Untraceable("", f"its result has no fixed shape: {shape}")
        self.output, self.dtype = output, dtype
        self.shape: tuple[int, ...] = tuple(shape.to_shape())
        if 0 in self.shape:
            raise Untraceable("", f"a tensor of the shape {self.shape} is empty")
        self.frame = frame()

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        """Return the size of the first axis."""
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        """Go over the first axis."""
        item = REGISTRY["get_item"].function
        return (item(self, i) for i in range(self.shape[0]))

    def __repr__(self) -> str:
        """Show shape and dtype."""
        return f"<Traced shape={self.shape}, dtype={self.dtype}>"

    def _no_value(self, *_: Any, **__: Any) -> NoReturn:
        raise Untraceable("", "it asks for a value that only the compiled step knows")

    __array__ = __bool__ = __float__ = __int__ = __index__ = item = numpy = _no_value
    tolist = __complex__ = _no_value


class Frame:
    """A graph that is being traced: a step's, or the body's of a loop in it.

    Parameters
    ----------
    parent : Frame, optional
        The graph around the loop.
    variables : sequence of Variable
        Those of the step.
    """

    def __init__(self, parent: Frame | None = None, variables: Sequence[Variable] = ()):
        self.parent = parent
        self.variables: list[Variable] = parent.variables if parent else list(variables)
        self.parameters: list[Any] = []
        self.captured: list[tuple[Any, Traced]] = []
        self._inner: dict[int, tuple[Traced, Traced]] = {}

    def parameter(self, shape: Sequence[int], dtype: str) -> Traced:
        """Add an input."""
        carrier = dtype if dtype in ("uint8", "int8") and not self.parent else None
        kind = _TYPES[carrier or carrier_of(dtype)]
        node = nodes.parameter(list(shape), kind)
        self.parameters.append(node)
        output = node.output(0)
        if carrier:
            output = nodes.convert(output, "i32").output(0)
        return Traced(output, dtype)

    def capture(self, x: Traced) -> Traced:
        """Return a tensor of the graph around this one as one of this graph."""
        kept = self._inner.get(id(x))
        if kept is None:
            if self.parent is None:
                raise Untraceable("", "a tensor of another step is used")
            outer = x if x.frame is self.parent else self.parent.capture(x)
            found = self.parameter(x.shape, x.dtype)
            self.captured.append((self.parameters[-1], outer))
            kept = self._inner[id(x)] = (x, found)  # alive, its id stays its own
        return kept[1]


_local = threading.local()


def frame() -> Frame:
    """Return the graph that is being traced."""
    return _local.frames[-1]


def tracing() -> bool:
    """Whether a graph is being traced in this thread."""
    return bool(getattr(_local, "frames", None))


@contextmanager
def trace(new: Frame) -> Iterator[Frame]:
    """Trace a graph."""
    if not tracing():
        _local.frames = []
    _local.frames.append(new)
    try:
        yield new
    finally:
        _local.frames.pop()


def carrier_of(dtype: str) -> str:
    """Return the dtype that carries one in a graph."""
    if dtype in SMALL:
        return "int32"
    if dtype in COMPUTED:
        return dtype
    if dtype not in CARRIED:
        raise Untraceable("", f"openvino does not compute in {dtype}")
    return CARRIED[dtype]


def carried(array: Any, dtype: str) -> Any:
    """Return values of a dtype as they are carried.

    Raises
    ------
    Untraceable
        If they would be others.
    """
    to = carrier_of(dtype)
    if dtype == "int64" and array.size:
        info = np.iinfo("int32")
        if array.min() < info.min or array.max() > info.max:
            raise Untraceable("", "openvino computes in 32 bits, and int64 values are")
    return np.ascontiguousarray(array.astype(to, copy=False)).reshape(array.shape)


def output(x: Any, dtype: str | None = None) -> ov.Output:
    """Return the carrier of anything an op can meet, cast to a dtype."""
    if isinstance(x, Variable):
        x = x.value
    if type(x) is Traced:
        x = frame().capture(x) if x.frame is not frame() else x
        if dtype is not None and dtype != x.dtype:
            from dlcore.src.backend.openvino.graph.elementwise import cast

            return cast(x, dtype).output
        return x.output
    array = x.array if type(x) is Tensor else host.convert(x)
    array = host.convert(array, dtype)
    return nodes.constant(carried(array, array.dtype.name)).output(0)


def computed(dtype: str) -> str:
    """Return a dtype in which a graph computes.

    Raises
    ------
    Untraceable
        If it is another one.
    """
    if dtype not in COMPUTED:
        raise Untraceable("", f"openvino does not compute in {dtype}")
    return dtype


def ordered(dtype: str) -> str:
    """Return a dtype in which a graph compares: int64 too, since its values fit."""
    return dtype if dtype == "int64" else computed(dtype)


def operands(
    *xs: Any, floating: bool = False, compared: bool = False
) -> tuple[str, list[ov.Output]]:
    """Return the promoted dtype, and the arguments cast to it."""
    dtype = rules.promoted(*xs)
    dtype = rules.float_of(dtype) if floating else dtype
    dtype = ordered(dtype) if compared else computed(dtype)
    return dtype, [output(x, dtype) for x in xs]


def made(node: Any, dtype: str) -> Traced:
    """Return a node's first output as a tensor."""
    return Traced(node.output(0) if hasattr(node, "outputs") else node, dtype)


def cut(node: Any, dtype: str) -> Traced:
    """Return the result of arithmetic: small integers wrap around."""
    if dtype in SMALL:
        bits, signed = SMALL[dtype]
        if signed:
            places = const(32 - bits)
            node = nodes.bitwise_left_shift(node, places)
            node = nodes.bitwise_right_shift(node, places)
        else:
            node = nodes.bitwise_and(node, const((1 << bits) - 1))
    return made(node, dtype)


def const(value: Any, dtype: str = "int32") -> Any:
    """Return a constant node."""
    return nodes.constant(np.asarray(value, dtype))
