"""Layers for data pipelines: they take what a pipeline of any library hands them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from dlcore.src import backend as backends, tree
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.layers.layer import Layer
from dlcore.src.ops.declare import HOME, find_home
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import Variable

_UNKNOWN = object()


def home_of(x: Any) -> backends.Backend | None:
    """Return the backend of a real tensor; None for everything else."""
    home = HOME.get(type(x), _UNKNOWN)
    if home is _UNKNOWN:
        home = find_home(type(x))
    if home is None or home.wins or isinstance(x, np.ndarray | np.generic):
        return None
    return home


def batches(data: Any, steps: int | None) -> Iterable[Any] | None:
    """Return an iterable of batches, or None for data in one piece."""
    if isinstance(data, list | tuple | str | np.ndarray | Variable) or home_of(data):
        return None
    if hasattr(data, "__array__") or not (
        hasattr(data, "__iter__") or hasattr(data, "__getitem__")
    ):
        return None
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):  # a PyDataset
        return (data[i] for i in range(min(len(data), steps or len(data))))
    return itertools.islice(data, steps)


class DataLayer(Layer):
    """A layer that runs on tensors of any library.

    Tensors of another library are read as numpy arrays. In a graph which that library
    is building (in ``tf.data.Dataset.map`` for instance), the layer becomes a call to
    the host: it runs once an element, on its own backend, and its random numbers go on.
    """

    #: AutoGraph, which rewrites Python, leaves alone what bears this name.
    autograph_info__: ClassVar[dict[str, Any]] = {}

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._allow_non_tensor_positional_args = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer where it lives, wherever its inputs live."""
        homes = {home_of(x) for x in tree.leaves(args, kwargs)} - {None, self.backend}
        for home in homes:
            assert home is not None
            if any(_traced(home, x) for x in tree.leaves(args, kwargs)):
                return self._from_graph(home, args, kwargs)
            to_numpy = home.runtime.to_numpy
            args, kwargs = tree.map_structure(
                lambda x, h=home, f=to_numpy: f(x) if home_of(x) is h else x,
                (args, kwargs),
            )
        return super().__call__(*args, **kwargs)

    def _from_graph(
        self, home: backends.Backend, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Put a call of this layer on the host into a graph of ``home``."""
        flat = tree.flatten((args, kwargs))
        places = [i for i, x in enumerate(flat) if home_of(x) is home]

        def run(*arrays: Any) -> list[Any]:
            filled = [*flat]
            for i, array in zip(places, arrays, strict=True):
                filled[i] = np.asarray(array)
            again, named = tree.pack_sequence_as((args, kwargs), filled)
            return [self._array(x) for x in tree.flatten(self(*again, **named))]

        symbols = [*flat]
        for i in places:
            x = flat[i]
            symbols[i] = KerasTensor(tuple(x.shape), standardize_dtype(x.dtype))
        again, named = tree.pack_sequence_as((args, kwargs), symbols)
        with backends.use_backend(self.backend):
            spec = self.compute_output_spec(*again, **named)
        tensors = [flat[i] for i in places]
        outputs = home.runtime.on_host(run, tensors, tree.flatten(spec))
        return tree.pack_sequence_as(spec, outputs)

    def convert_weight(self, weight: Any) -> Any:
        """Return a weight as a tensor of the active backend."""
        here, home = backends.current(), home_of(weight)
        if home is here:
            return weight
        return here.runtime.convert(self._array(weight))

    def _array(self, x: Any) -> Any:
        x = x.value if isinstance(x, Variable) else x
        home = home_of(x)
        return np.asarray(x) if home is None else home.runtime.to_numpy(x)


def _traced(home: backends.Backend, x: Any) -> bool:
    return home_of(x) is home and bool(home.runtime.traced(x))


class HostLayer(DataLayer):
    """A layer that works on the host, with numpy: strings live nowhere else.

    A subclass writes ``compute`` on numpy arrays; its result becomes a tensor of the
    layer's backend, unless it holds strings.
    """

    #: Whether outputs are sparse tensors.
    sparse = False

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    def compute(self, inputs: Any) -> Any:
        """Return the output of numpy arrays, lists or strings, as a numpy array."""
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        given = tree.leaves(inputs)
        if any(_traced(self.backend, x) for x in given):
            return self._from_graph(self.backend, (inputs,), {})
        arrays = tree.map_structure(self._on_host, inputs)
        found = np.asarray(self.compute(arrays))
        if found.dtype.kind in "OUS":
            return found
        if self.sparse:
            return self.backend.sparse.store(found)
        return self.backend.runtime.convert(found)

    def _on_host(self, x: Any) -> Any:
        home = home_of(x)
        if home is not None or isinstance(x, Variable):
            return self._array(x)
        return x if isinstance(x, str | bytes | int | float) else np.asarray(x)
