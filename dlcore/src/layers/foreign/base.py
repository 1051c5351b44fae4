"""What layers around code of one framework share."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable
from typing import Any, ClassVar, Self

from dlcore.src import tree
from dlcore.src.layers.layer import Layer
from dlcore.src.symbolic import KerasTensor

#: Stand for an axis of unknown size while shapes are found out: two primes, so that
#: what depends on the size shows, and large enough for any window.
_TRIALS = (83, 89)


class ForeignLayer(Layer):
    """A layer around code of one framework.

    Attributes
    ----------
    _homes : tuple of str
        The backends it can live on, the framework's own first. The file ``foreign``
        in the folder of that backend does what needs the framework.
    """

    _homes: ClassVar[tuple[str, ...]]

    def _kit(self) -> Any:
        """Return the functions that need the framework.

        Raises
        ------
        ValueError
            If the layer is made on a backend where it cannot live.
        """
        self._check_home(self.backend.name)
        return importlib.import_module(f"dlcore.src.backend.{self._homes[0]}.foreign")

    def _check_home(self, name: str) -> None:
        if name not in self._homes:
            raise ValueError(
                f"{type(self).__name__} is only supported with the "
                f"{' or '.join(self._homes)} backend, since it runs code of "
                f"{self._homes[0]}. Current backend: {name}. Make it inside `with "
                f'dlcore.use_backend("{self._homes[0]}"):`.'
            )

    def _spec(self, trace: Callable[[Any], Any], inputs: Any) -> Any:
        """Return symbolic outputs.

        Parameters
        ----------
        trace : Callable
            From nested pairs of shape and dtype to those of the outputs.
        inputs : KerasTensor, or nested ones
        """
        trials = []
        for size in _TRIALS:
            pairs = tree.map_structure(
                lambda x, size=size: _Pair(
                    tuple(size if d is None else d for d in x.shape), x.dtype
                ),
                inputs,
            )
            trials.append(trace(pairs))

        def merged(first: _Pair, second: _Pair) -> KerasTensor:
            sizes = zip(first.shape, second.shape, strict=True)
            shape = tuple(a if a == b else None for a, b in sizes)
            return KerasTensor(shape, first.dtype)

        return tree.map_structure(merged, *trials)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy it, where it stays on a backend that it can live on."""
        there = memo.get(id(self.backend), self.backend)
        self._check_home(there.name)
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update({k: copy.deepcopy(v, memo) for k, v in vars(self).items()})
        return twin


class _Pair:
    """Shape and dtype of a tensor that does not exist."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: str):
        self.shape = shape
        self.dtype = dtype
