"""The active backend: a process-wide value, and scopes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dlcore.src.backend.table import NAMES, Backend, get, installed
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

# Only a scope may use a ContextVar: a notebook does not keep contextvars between
# cells, and a new thread does not inherit them; ``set_backend`` must reach both.
_scope: ContextVar[Backend | None] = ContextVar("dlcore_backend", default=None)
_process: Backend | None = None


def current() -> Backend:
    """Return the active backend (see the module ``dlcore.src.backend``)."""
    return _scope.get() or _process or _first()


def _first() -> Backend:
    """Choose the backend of a process that has not chosen one."""
    from dlcore.src.config import settings

    # A program written for Keras may choose by KERAS_BACKEND before it imports.
    variables = ("DLCORE_BACKEND", "KERAS_BACKEND")
    variable = next((v for v in variables if os.environ.get(v)), "")
    name, source = os.environ.get(variable), f"the environment variable {variable}"
    if not name:
        name, source = settings().get("backend"), "~/.dlcore/dlcore.json"
    if not name:
        here = installed()
        name = next((n for n in ("jax", "torch", "tensorflow") if n in here), "numpy")
    elif name not in NAMES:
        raise ValueError(
            f"{source} asks for an unknown backend {name!r}."
            + did_you_mean(name, NAMES)
        )
    return _set(get(name))


def _set(backend: Backend) -> Backend:
    global _process
    _process = backend
    return backend


@export("dlcore.config.set_backend", "dlcore.set_backend")
def set_backend(backend: str) -> None:
    """Make a backend the active one of this process, at any moment.

    What exists stays where it is: models, variables and tensors made on another
    backend go on running there.

    Parameters
    ----------
    backend : {"numpy", "jax", "torch", "tensorflow", "openvino"}

    Raises
    ------
    ValueError
        If there is no such backend.
    ImportError
        If its library is not installed.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.config.set_backend("numpy")
    >>> dlcore.config.backend()
    'numpy'
    """
    _set(get(backend))


@export("dlcore.use_backend", "dlcore.config.use_backend")
@contextmanager
def use_backend(name: str | Backend) -> Iterator[None]:
    """Make a backend the active one of a ``with`` block.

    The scope belongs to the thread or asyncio task that entered it: a task made
    inside inherits it, a new thread does not (run its target in
    ``contextvars.copy_context()``).

    Parameters
    ----------
    name : {"numpy", "jax", "torch", "tensorflow", "openvino"}

    Examples
    --------
    >>> import dlcore
    >>> with dlcore.use_backend("numpy"):
    ...     dlcore.config.backend()
    'numpy'
    """
    token = _scope.set(get(name))
    try:
        yield
    finally:
        _scope.reset(token)


@export("dlcore.config.backend", "dlcore.backend.backend")
def backend() -> str:
    """Return the name of the active backend.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.config.backend() in ("numpy", "jax", "torch", "tensorflow", "openvino")
    True
    """
    return current().name
