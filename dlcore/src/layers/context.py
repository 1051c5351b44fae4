"""What layers know while they run: the phase, whose call it is, masks, names."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcore.src.symbolic import KerasTensor


class CallContext:
    """The outermost call of a layer, and what calls below it share.

    Attributes
    ----------
    entry : Layer
        Whose call it is.
    values : dict
        Name to value of what is handed down, above all ``training``.
    """

    __slots__ = ("entry", "values")

    def __init__(self, entry: Any):
        self.entry = entry
        self.values: dict[str, Any] = {}


class _State(threading.local):
    def __init__(self) -> None:
        self.call: CallContext | None = None
        self.scope: tuple[str, ...] = ()


state = _State()

#: Whether any layer of this process ever called ``add_loss``: only then is there
#: something to forget when a call begins.
losses_were_added = False


@contextmanager
def fresh_call() -> Iterator[None]:
    """Forget the enclosing call for a while, as when a layer is being built."""
    outer, state.call = state.call, None
    try:
        yield
    finally:
        state.call = outer


@contextmanager
def named(name: str) -> Iterator[None]:
    """Put the paths of variables made inside below ``name``."""
    outer = state.scope
    if not outer or outer[-1] != name:
        state.scope = (*outer, name)
    try:
        yield
    finally:
        state.scope = outer


#: Masks of tensors that take no attributes (numpy's, JAX's tracers).
_masks: dict[int, tuple[weakref.ref[Any], Any]] = {}


def get_mask(x: Any) -> Any:
    """Return the mask that goes with a tensor, or None."""
    mask = getattr(x, "_keras_mask", None)
    if mask is None and _masks:
        found = _masks.get(id(x))
        if found is not None and found[0]() is x:
            return found[1]
    return mask


def set_mask(x: Any, mask: Any) -> None:
    """Make a mask go with a tensor."""
    try:
        x._keras_mask = mask
    except AttributeError:
        key = id(x)
        reference = weakref.ref(x, lambda _: _masks.pop(key, None))
        _masks[key] = (reference, mask)


def is_symbolic(x: Any) -> bool:
    """Whether it is a symbolic tensor."""
    return type(x) is KerasTensor
