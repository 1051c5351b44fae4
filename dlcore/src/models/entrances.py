"""What a functional model is called on: put in order, converted, checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src import backend as backends, tree
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.layers.convert import Converter
from dlcore.src.symbolic import KerasTensor


class Entrance:
    """One input of a model.

    Attributes
    ----------
    layer : InputLayer
    tensor : KerasTensor
    path : str
        Where it is in the nested inputs: ``"0.foo"``.
    converter : Converter
    """

    __slots__ = ("converter", "layer", "path", "tensor")

    def __init__(self, node: Any, path: str, backend: backends.Backend):
        self.layer = node.operation
        self.tensor: KerasTensor = node.outputs[0]
        self.path = path
        self.converter = Converter(backend, self.tensor.dtype)

    def admit(self, model: Any, x: Any) -> Any:
        """Return a value as a tensor of the input's dtype and rank."""
        tensor = self.tensor
        if x is None:
            if self.layer.optional:
                return None
            raise ValueError(
                f"{model.described}: the input {self.layer.name!r} is None, but it is "
                f"not optional. Make it so: Input(..., optional=True)."
            )
        text = tensor.dtype == "string"
        if not hasattr(x, "shape"):
            x = np.asarray(x) if text else self.converter.convert(x, tensor.dtype)
        x = self.converter.one(model, x)
        if text:
            return x
        if standardize_dtype(x.dtype) != tensor.dtype:
            x = ops.cast(x, tensor.dtype)
        return self._with_rank(model, x)

    def _with_rank(self, model: Any, x: Any) -> Any:
        """Add or take away a last axis of size 1 where that makes an input fit."""
        given, wanted = tuple(x.shape), self.tensor.shape
        if len(given) == len(wanted) + 1 and given[-1] == 1:
            x = ops.squeeze(x, axis=-1)
        elif len(given) == len(wanted) - 1 and wanted[-1] == 1:
            x = ops.expand_dims(x, axis=-1)
        found = tuple(x.shape)
        if len(found) != len(wanted) or (
            model._sizes_declared
            and any(
                w is not None and f is not None and w != f
                for f, w in zip(found[1:], wanted[1:], strict=True)
            )
        ):
            raise ValueError(
                f"{model.described}: the input with name {self.layer.name!r} and path "
                f"{self.path!r} does not fit: expected shape={(None, *wanted[1:])}, "
                f"found shape={given}. None stands for any size; give data of that "
                "shape, or another shape to dlcore.Input."
            )
        return x


class Entrances:
    """All inputs of a model.

    Parameters
    ----------
    graph : Graph
    backend : Backend
    """

    def __init__(self, graph: Any, backend: backends.Backend):
        self.wanted = graph.inputs
        paths = [path for path, _ in _leaves(graph.inputs)]
        self.list = [
            Entrance(node, path, backend)
            for node, path in zip(graph.sources, paths, strict=True)
        ]
        self.names = [entrance.layer.name for entrance in self.list]
        self._warned = False

    def enter(self, model: Any, inputs: Any) -> list[Any]:
        """Return the inputs in the graph's order, as tensors of their dtypes.

        Raises
        ------
        ValueError
            If one is missing, is too many, or has another shape.
        """
        return [
            x
            if e.converter.fits(x) and _fits(x.shape, e.tensor.shape)
            else e.admit(model, x)
            for x, e in zip(self._in_order(model, inputs), self.list, strict=True)
        ]

    def _in_order(self, model: Any, inputs: Any) -> list[Any]:
        if isinstance(inputs, Mapping):
            return self._by_key(model, inputs)
        nested = isinstance(inputs, list | tuple)
        flat = tree.flatten(inputs) if nested else [inputs]
        if len(flat) != len(self.list):
            if len(self.list) == 1 and not any(hasattr(x, "shape") for x in flat):
                return [inputs]  # one input, as nested lists of numbers
            shapes = [tuple(getattr(x, "shape", ())) for x in flat]
            wanted = f"expects {len(self.list)} input(s) {self.names}"
            if isinstance(self.wanted, Mapping):
                wanted = f"expects named input(s) with keys {sorted(self.wanted)}"
            raise ValueError(
                f'Layer "{model.name}" {wanted}, but it received {len(flat)} input '
                f"tensors, of shapes {shapes}. Give them as a list in that order, or "
                "as a dict by name."
            )
        if isinstance(self.wanted, Mapping):
            self._mismatched(inputs, list(self.wanted) != sorted(self.wanted))
        return flat

    def _by_key(self, model: Any, inputs: Mapping[Any, Any]) -> list[Any]:
        wanted = self.wanted
        if not isinstance(wanted, Mapping):
            self._all_there(model, self.names, inputs, self._optional())
            return [inputs.get(name) for name in self.names]
        optional = {k for k in wanted if k in self._optional()}
        self._all_there(model, sorted(wanted), inputs, optional)
        if set(inputs) - set(wanted):
            self._mismatched(inputs, False)
        parts = (_follow(wanted[k], inputs.get(k), str(k)) for k in sorted(wanted))
        return [x for part in parts for x in part]

    def _optional(self) -> set[Any]:
        found = {e.layer.name for e in self.list if e.layer.optional}
        if isinstance(self.wanted, Mapping):
            parts = zip(sorted(self.wanted), self.list, strict=False)
            found |= {key for key, e in parts if e.layer.optional}
        return found

    def _all_there(
        self, model: Any, keys: list[Any], inputs: Mapping[Any, Any], optional: set[Any]
    ) -> None:
        missing = [k for k in keys if k not in inputs and k not in optional]
        if missing:
            raise ValueError(
                f'Missing data for input "{missing[0]}" of {model.described}. You '
                f"passed a data dictionary with keys {list(inputs)}. Expected the "
                f"following keys: {keys}.{did_you_mean(missing[0], map(str, inputs))}"
            )

    def _mismatched(self, inputs: Any, wrong: bool) -> None:
        """Warn once that inputs are nested otherwise; fail where order is unclear."""
        expected = tree.map_structure(lambda t: t.name, self.wanted)
        received = tree.map_structure(
            lambda x: f"Tensor(shape={tuple(getattr(x, 'shape', ()))})", inputs
        )
        message = (
            "The structure of `inputs` doesn't match the expected structure.\n"
            f"Expected: {expected}\nReceived: inputs={received}"
        )
        if wrong:
            raise ValueError(message)
        if not self._warned:
            self._warned = True
            warnings.warn(message, stacklevel=2)


def _fits(found: Any, wanted: Any) -> bool:
    """Whether a shape has the rank and the known sizes of another."""
    if len(found) != len(wanted):
        return False
    return all(
        w is None or f is None or w == f
        for f, w in zip(found[1:], wanted[1:], strict=True)
    )


def _leaves(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Go over nested tensors in ``tree.flatten``'s order, each with its path."""
    if isinstance(part, Mapping):
        named: Any = [(key, part[key]) for key in sorted(part)]
    elif isinstance(part, list | tuple):
        named = enumerate(part)
    else:
        yield path, part
        return
    for key, inner in named:
        yield from _leaves(inner, f"{path}.{key}" if path else str(key))


def _follow(wanted: Any, given: Any, path: str) -> Iterator[Any]:
    """Go over what was given as the wanted structure says."""
    if not isinstance(wanted, Mapping | list | tuple):
        yield given
        return
    mapping = isinstance(wanted, Mapping)
    keys: Any = sorted(wanted) if mapping else range(len(wanted))
    if mapping != isinstance(given, Mapping):
        raise ValueError(
            f"The input {path!r} must be a {type(wanted).__name__} like {wanted!r}, "
            f"got {type(given).__name__}."
        )
    for key in keys:
        try:
            inner = given[key]
        except (KeyError, IndexError, TypeError):
            raise ValueError(f"The input {path}.{key} is missing.") from None
        yield from _follow(wanted[key], inner, f"{path}.{key}")
