"""Sparse tensors: which ops keep them sparse, and how the others get dense ones.

A sparse tensor is one more kind of tensor of its backend. The dispatcher looks its
ops up in a table of their own, so calls on dense tensors do not know of it; the
symbolic rules ask the same classes of ops whether a result is sparse.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

#: f(0) = 0, and f(a + b) = f(a) + f(b): even places stored twice are mapped one by one.
LINEAR = ("conj", "conjugate", "copy", "imag", "negative", "real", "stop_gradient")
#: f(0) = 0: the stored values are mapped, the places stay.
MAPPED = (
    *LINEAR,
    *("abs", "absolute", "arcsin", "arcsinh", "arctan", "arctanh", "cast", "ceil"),
    *("digitize", "expm1", "fabs", "floor", "log1p", "round", "sign", "signbit"),
    *("sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc"),
)
#: Stored where either argument is, so dense if either is dense.
UNION = ("add", "subtract", "maximum", "minimum")
#: Sparse only if all the tensors are.
OF_ALL = (*UNION, "concatenate", "matmul")
#: Sparse as the first argument is.
OF_FIRST = (
    *(*MAPPED, "bincount", "expand_dims", "mean", "reshape", "squeeze", "sum"),
    "transpose",
)
#: The first argument's zeros stay zeros, but for those divided by zero.
DIVISION = ("divide", "divide_no_nan", "true_divide")
#: Kept ragged: the values of a ragged tensor are mapped.
RAGGED = (*MAPPED, "take")


class SparseOps(dict):
    """Name of an op -> what runs it when sparse tensors are among its arguments.

    The backend's file ``sparse`` has ``dense``, ``store`` and ``stored``, which
    convert, and a function of the op's name, or one that makes a kernel work on a class
    of ops, ``mapped`` and ``union``. What they do not know (they return NotImplemented)
    and ops of no class get dense tensors.
    """

    def __init__(self, backend: Any):
        self._backend = backend
        package = f"dlcore.src.backend.{backend.name}.sparse"
        self.module: ModuleType = importlib.import_module(package)

    def store(self, array: Any) -> Any:
        """Return a sparse tensor of what is not zero in a numpy array."""
        return self.module.store(array)

    def stored(self, x: Any) -> tuple[Any, Any, Any]:
        """Return indices (a row a value), values and shape, as numpy has them."""
        return self.module.stored(x)

    def __missing__(self, name: str) -> Callable[..., Any]:
        """Compose the kernel of an op, and keep it."""
        kernel, dense = self._backend.ops[name], self.module.dense
        own = vars(self.module).get(name)
        if name in MAPPED:
            own = self.module.mapped(kernel, name in LINEAR)
        elif name in UNION:
            own = self.module.union(kernel)

        def run(*args: Any, **kwargs: Any) -> Any:
            if own is not None:
                found = own(*args, **kwargs)
                if found is not NotImplemented:
                    return found
            return kernel(*_map(dense, args), **_map(dense, kwargs))

        self[name] = run
        return run


def _map(dense: Callable[[Any], Any], tree: Any) -> Any:
    if type(tree) is dict:
        return {k: _map(dense, v) for k, v in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_map(dense, v) for v in tree)
    return dense(tree)


def flags(name: str, arguments: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the result of an op on symbolic tensors is sparse, and whether ragged.

    Parameters
    ----------
    name : str
        Of the op.
    arguments : mapping
        Parameter -> what it was called with.
    """
    values = list(arguments.values())
    xs = values[0] if isinstance(values[0], list | tuple) else values[:2]
    first, *others = [getattr(x, "sparse", False) is True for x in xs] or [False]
    ragged = any(getattr(x, "ragged", False) is True for x in xs)
    if name in OF_ALL:
        sparse = first and all(others)
    elif name in DIVISION:
        sparse = first and not any(others)
    elif name == "multiply":
        sparse = first or any(others)
    else:
        sparse = first and name in OF_FIRST
    return sparse or arguments.get("sparse") is True, ragged and name in RAGGED
