"""What layers around functions of JAX need."""

from __future__ import annotations

import importlib
import string
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dlcore.src import tree
from dlcore.src.backend.jax.runtime import native
from dlcore.src.dtypes import standardize_dtype


def each(function: Callable[..., Any], *trees: Any) -> Any:
    """Apply a function to the leaves of trees, of registered classes too."""
    return jax.tree_util.tree_map(function, *trees)


def leaves(values: Any) -> list[Any]:
    """Return the leaves of a tree."""
    return jax.tree_util.tree_leaves(values)


def array(value: Any) -> Any:
    """Return an array of JAX or another library, or a number, as numpy's."""
    if isinstance(value, bool | int | float):
        kinds: dict[type, str] = {bool: "bool", int: "int32", float: "float32"}
        return np.asarray(value, kinds[type(value)])
    return np.asarray(value)


def key(seed: Any) -> Any:
    """Return a key of ``jax.random`` made of the two words of a seed."""
    return jnp.asarray(seed).astype("uint32")


def begin(fn: Any, names: list[str], seeds: Any, shapes: Any) -> Any:
    """Return what an initialization makes of ones, outside of any trace."""
    with jax.ensure_compile_time_eval():
        values = {
            "rng": each(key, seeds),
            "inputs": tree.map_shape_structure(jnp.ones, shapes),
            "training": True,
        }
        return fn(*(values[name] for name in names))


def call_here(layer: Any, given: dict[str, Any]) -> Any:
    """Call a layer's function on arrays of JAX."""
    if "rng" in given:
        given["rng"] = each(key, given["rng"])
    return layer.call_fn(*given.values())


def shapes(fn: Any, names: list[str], given: dict[str, Any], pairs: Any) -> Any:
    """Return shapes and dtypes of a function's outputs, without computing them."""

    def one(x: Any) -> Any:
        dtype = native(standardize_dtype(x.dtype))
        return jax.ShapeDtypeStruct(tuple(x.shape), dtype)

    def empty(x: Any) -> Any:
        return one(x) if hasattr(x, "shape") else x

    traced = {k: each(empty, v) for k, v in given.items() if k not in _STATIC}
    if "rng" in traced:
        new = each(lambda x: jax.ShapeDtypeStruct((2,), jnp.uint32), traced["rng"])
        traced["rng"] = new
    traced["inputs"] = tree.map_structure(one, pairs)
    still = {k: v for k, v in given.items() if k in _STATIC}

    def run(arguments: dict[str, Any]) -> Any:
        values = {**arguments, **still}
        return fn(*(values[name] for name in names))

    traced = {k: v for k, v in traced.items() if k in names}
    return jax.eval_shape(run, traced)


_STATIC = ("training",)


def call_there(layer: Any, given: dict[str, Any]) -> Any:
    """Call a layer's function on tensors of TensorFlow, by way of ``jax2tf``."""
    phase = given.pop("training", None)
    if "rng" in given:
        given["rng"] = each(_words, given["rng"])
    kept = vars(layer).setdefault("_staged", {})
    if phase not in kept:
        kept[phase] = _staged(layer, list(given), phase, given["inputs"])
    return kept[phase](*given.values())


def _words(seed: Any) -> Any:
    return np.asarray(seed).astype("uint32") if isinstance(seed, np.ndarray) else seed


def _staged(layer: Any, names: list[str], phase: bool | None, inputs: Any) -> Any:
    """Return a function of tensors of TensorFlow, for inputs of any sizes."""
    from jax.experimental import jax2tf

    def run(*arguments: Any) -> Any:
        values = dict(zip(names, arguments, strict=True))
        if phase is not None:
            values["training"] = phase
        if "rng" in values:
            values["rng"] = each(key, values["rng"])
        return layer.call_fn(*(values[name] for name in layer.call_fn_arguments))

    letters = _letters()
    shapes = layer._build_shapes
    found = next(iter(shapes.values())) if shapes else None
    if found is None:
        found = tree.map_structure(lambda x: (None, *x.shape[1:]), inputs)

    def written(shape: Any) -> str:
        sizes = [
            str(d) if d is not None else "batch" if i == 0 else next(letters)
            for i, d in enumerate(shape)
        ]
        return f"({', '.join(sizes)})"

    polymorphic = tree.map_shape_structure(written, found)
    options: dict[str, Any] = {}
    if layer.native_serialization_platforms is not None:
        platforms = layer.native_serialization_platforms
        options["native_serialization_platforms"] = platforms
    return jax2tf.convert(
        run,
        polymorphic_shapes=[polymorphic if n == "inputs" else "..." for n in names],
        **options,
    )


def _letters() -> Iterator[str]:
    """Give names to axes of unknown size: a, b, ..., z, aa, ab, ..."""
    for prefix in ("", *string.ascii_lowercase):
        for letter in string.ascii_lowercase:
            yield prefix + letter


def all_but_params() -> Any:
    """Return the collections that a module of Flax may change."""
    return importlib.import_module("flax.linen").DenyList(["params"])
