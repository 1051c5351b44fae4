"""A layer's arguments, made tensors of its backend and dtype."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from dlcore.src import backend as backends, tree
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import HOME, find_home
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import Variable

_UNKNOWN = object()


@functools.cache
def _kind(backend: backends.Backend) -> type:
    """Return the class of a backend's tensors."""
    return type(backend.runtime.convert([0.0]))


class Converter:
    """Converts what a layer is called with.

    Parameters
    ----------
    backend : Backend
        The layer's.
    dtype : str
        What floating tensors are cast to.
    """

    __slots__ = ("backend", "convert", "dtype", "floating", "kind", "native")

    def __init__(self, backend: backends.Backend, dtype: str):
        self.backend = backend
        self.dtype = dtype
        self.floating = is_float(dtype)
        self.convert = backend.runtime.convert
        text = dtype == "string"  # stays an array of numpy's
        self.native = None if text else backend.runtime.native(dtype)
        self.kind = None if text else _kind(backend)

    def __reduce__(self) -> Any:
        """Copy and pickle by backend and dtype."""
        return Converter, (self.backend, self.dtype)

    def fits(self, x: Any) -> bool:
        """Whether it is a tensor of this backend and dtype already."""
        kind = type(x)
        known = kind is self.kind or HOME.get(kind) is self.backend
        return known and x.dtype == self.native

    def all(
        self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Convert positional and named arguments, nested ones too."""

        def one(x: Any) -> Any:
            return self.one(layer, x)

        args = tuple(
            tree.map_structure(one, a) if tree.is_nested(a) else one(a) for a in args
        )
        if kwargs:
            kwargs = {k: tree.map_structure(one, v) for k, v in kwargs.items()}
        return args, kwargs

    def one(self, layer: Any, x: Any) -> Any:
        """Convert one value; what is no array stays as it is.

        Raises
        ------
        TypeError
            If it is a tensor of another backend.
        """
        kind = type(x)
        home = HOME.get(kind, _UNKNOWN)
        if home is _UNKNOWN:
            home = find_home(kind)
        if kind is np.ndarray or isinstance(x, np.generic):
            if x.dtype.kind in "OUS":
                return x
            keep = self.backend if x.dtype.kind != "f" or not layer.autocast else None
            return self.convert(x, None if keep or not self.floating else self.dtype)
        if kind is Variable:
            x = x.value
        elif home is None:
            return x
        elif kind is not KerasTensor and home is not self.backend:
            raise TypeError(
                f"{layer.described} lives on the {self.backend.name} backend and was "
                f"called on a tensor of {home.name}. Pass a numpy array "
                "(dlcore.ops.convert_to_numpy(x)), or move the model: "
                f"model.to_backend({home.name!r})."
            )
        if layer.autocast and self.floating and x.dtype != self.native:
            name = standardize_dtype(x.dtype)
            if name != self.dtype and is_float(name):
                from dlcore.src.layers.context import get_mask, set_mask

                mask, x = get_mask(x), cast(x, self.dtype)
                if mask is not None:
                    set_mask(x, mask)
        return x
