"""What a layer's ``call`` takes, read once a class from its signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src import tree
from dlcore.src.errors import did_you_mean
from dlcore.src.ops.core import is_tensor

_NAMED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


class CallSignature:
    """The parameters of ``call`` that matter to ``Layer.__call__``.

    Attributes
    ----------
    names : tuple of str
        All named parameters, in order.
    defaults : dict
        Those that have a default value.
    masks : tuple of str
        Parameters named ``mask`` or ``<tensor>_mask``.
    """

    def __init__(self, call: Callable[..., Any]):
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())[1:]
        self.signature = self.signature.replace(parameters=parameters)
        self.names = tuple(p.name for p in parameters if p.kind in _NAMED)
        self.defaults = {
            p.name: p.default for p in parameters if p.default is not p.empty
        }
        self.masks = tuple(n for n in self.names if n == "mask" or n.endswith("_mask"))
        self.has_training = "training" in self.names
        self.training = self.defaults.get("training")

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, defaults included."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def tensors(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that are tensors, or nested ones, by name."""
        if len(args) == 1 and not kwargs and self.names:
            return {self.names[0]: args[0]} if _is_tensors(args[0]) else {}
        bound = self.bind(args, kwargs)
        return {k: v for k, v in bound.items() if _is_tensors(v)}


def _is_one(x: Any) -> bool:
    return isinstance(x, np.ndarray) or is_tensor(x)


def _is_tensors(x: Any) -> bool:
    return _is_one(x) or (tree.is_nested(x) and any(map(_is_one, tree.flatten(x))))


@functools.cache
def call_signature(call: Callable[..., Any]) -> CallSignature:
    """Return what is known of a ``call`` method."""
    return CallSignature(call)


def all_shapes(tensors: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"query_shape": shape}`` for tensors by the names of arguments."""
    return {
        f"{name}_shape": tree.map_structure(
            lambda x: None if x is None else tuple(x.shape), value
        )
        for name, value in tensors.items()
        if name not in ("mask", "args", "kwargs")
    }


def shapes_for(
    method: Callable[..., Any],
    tensors: dict[str, Any],
    owner: str,
    known: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the arguments of ``build`` or ``compute_output_shape``.

    One parameter gets the first tensor's shape (or nested shapes); several are
    matched by name: ``query_shape`` is the shape of the argument ``query``, one of
    ``known``.
    """
    parameters = inspect.signature(method).parameters.values()
    wanted = [p.name for p in parameters if p.kind in _NAMED]
    shapes = all_shapes(tensors)
    if len(wanted) == 1:
        return {wanted[0]: next(iter(shapes.values()), None)}
    for name in wanted:
        about = f"For a `{method.__name__}()` method with more than one argument, all "
        about += "arguments should have a `_shape` suffix and match an argument from "
        about += f"`call()`. For layer '{owner}', received the argument `{name}`, "
        if not name.endswith("_shape"):
            raise ValueError(f"{about}which does not end in `_shape`.")
        tensor = name.removesuffix("_shape")
        if known and tensor not in known:
            raise ValueError(
                f"{about[:-2]}, but `call()` does not have argument `{tensor}`."
                f"{did_you_mean(tensor, known)}"
            )
    return {name: shapes[name] for name in wanted if name in shapes}
