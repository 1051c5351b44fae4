"""On which backend things that are no ops run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import HOME, find_home
from dlcore.src.utils import tracebacks
from dlcore.src.variable import Variable

_UNKNOWN = object()


def home_of(x: Any) -> backends.Backend | None:
    """Return the backend a tensor, a Variable or the first of nested ones lives on."""
    if isinstance(x, Variable):
        return x.backend
    if isinstance(x, list | tuple | dict):
        parts = x.values() if isinstance(x, dict) else x
        return next((h for h in map(home_of, parts) if h is not None), None)
    home = HOME.get(type(x), _UNKNOWN)
    if home is _UNKNOWN:
        home = find_home(type(x))
    return home if isinstance(home, backends.Backend) else None


def on_backend_of(*xs: Any) -> AbstractContextManager[None]:
    """Make active where the first of these that is a tensor lives."""
    home = home_of(xs)
    if home is None or home is backends.current():
        return nullcontext()
    return backends.use_backend(home)


def on_own_backend(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make ``self.backend`` active while a method runs, and shorten its tracebacks."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if backends.current() is self.backend:
                return method(self, *args, **kwargs)
            with backends.use_backend(self.backend):
                return method(self, *args, **kwargs)
        except Exception as error:
            __tracebackhide__ = tracebacks.is_traceback_filtering_enabled()
            tracebacks.shorten(error)
            raise

    return call


def to_own_backend(method: Callable[..., Any]) -> Callable[..., Any]:
    """Do the same, and move tensors among the arguments to that backend."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        own = self.backend

        def moved(x: Any) -> Any:
            home = home_of(x)
            return x if home is None or home is own else ops.convert_to_tensor(x)

        if backends.current() is own:
            context: AbstractContextManager[None] = nullcontext()
        else:
            context = backends.use_backend(own)
        with context:
            args = tuple(map(moved, args))
            kwargs = {name: moved(x) for name, x in kwargs.items()}
            return method(self, *args, **kwargs)

    return call
