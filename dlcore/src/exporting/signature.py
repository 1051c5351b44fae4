"""What a model takes: shapes and dtypes, the batch open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlcore.src import dtypes, tree


@dataclass(frozen=True)
class Spec:
    """An input: its shape, with None for what is open, its dtype and its name."""

    shape: tuple[int | None, ...]
    dtype: str
    name: str | None = None

    def example(self, batch: int = 1) -> Any:
        """Return ones of its shape, on the active backend.

        Parameters
        ----------
        batch : int
            What open sizes become.
        """
        from dlcore import ops

        return ops.ones([batch if n is None else n for n in self.shape], self.dtype)


def spec_of(thing: Any) -> Spec:
    """Return the spec of an ``InputSpec``, a tensor, or what has shape and dtype.

    Raises
    ------
    TypeError
        If it has none.
    ValueError
        If shape or dtype are not said.
    """
    if isinstance(thing, Spec):
        return thing
    if not hasattr(thing, "shape") or not hasattr(thing, "dtype"):
        raise TypeError(
            "An input signature is made of `InputSpec`s, `tf.TensorSpec`s or tensors, "
            f"got {thing!r} of type {type(thing).__name__}."
        )
    if thing.shape is None or thing.dtype is None:
        raise ValueError(f"The `shape` and `dtype` must be provided. Received: {thing}")
    shape = tuple(None if n is None else int(n) for n in thing.shape)
    dtype = dtypes.standardize_dtype(getattr(thing.dtype, "name", thing.dtype))
    return Spec((None, *shape[1:]) if shape else (), dtype, _name(thing))


def _name(thing: Any) -> str | None:
    name = getattr(thing, "name", None)
    return name if isinstance(name, str) else None


def signature_of(model: Any, given: Any = None) -> list[Any]:
    """Return the specs of a model's positional arguments.

    Parameters
    ----------
    model : Model
    given : nested specs, optional
        What the user said; else it is found out.

    Raises
    ------
    ValueError
        If the model is not built, or was never called.
    """
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has not yet been built: call it on data, or "
            "`build()` it, before it is exported."
        )
    if given is not None:
        specs = tree.map_structure(spec_of, given)
        return list(specs) if isinstance(specs, list | tuple) else [specs]
    if model._is_functional:
        return [tree.map_structure(spec_of, model.input)]
    shapes = model._build_shapes
    if not shapes:
        raise ValueError(
            f"The model {model.name!r} has never been called: call it on data before "
            "it is exported, or say its `input_signature`."
        )
    values = shapes.values() if isinstance(shapes, Mapping) else [shapes]
    return [_from_shapes(shape, model.input_dtype) for shape in values]


def _from_shapes(shape: Any, dtype: str) -> Any:
    if isinstance(shape, Mapping):
        return {k: _from_shapes(v, dtype) for k, v in shape.items()}
    if all(n is None or isinstance(n, int) for n in shape):
        return Spec((None, *shape[1:]), dtypes.standardize_dtype(dtype))
    return type(shape)(_from_shapes(part, dtype) for part in shape)


def names(structure: Any) -> list[str]:
    """Return the names of the inputs, keys of dicts before names of specs."""
    if isinstance(structure, Mapping):
        return [
            name
            for key, value in structure.items()
            for name in ([key] if isinstance(value, Spec) else names(value))
        ]
    if isinstance(structure, list | tuple):
        return [name for part in structure for name in names(part)]
    return [structure.name or "input"]
