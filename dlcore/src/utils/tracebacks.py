"""Tracebacks without the frames of this library: the user's own lines."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from dlcore.src.export import export

F = TypeVar("F", bound=Callable[..., Any])

_OWN = str(Path(__file__).parents[1])
_enabled = True


@export("dlcore.config.enable_traceback_filtering")
def enable_traceback_filtering() -> None:
    """Leave this library's frames out of tracebacks: the default."""
    global _enabled
    _enabled = True


@export("dlcore.config.disable_traceback_filtering")
def disable_traceback_filtering() -> None:
    """Show whole tracebacks, for finding errors in this library."""
    global _enabled
    _enabled = False


@export("dlcore.config.is_traceback_filtering_enabled")
def is_traceback_filtering_enabled() -> bool:
    """Whether this library's frames are left out of tracebacks."""
    return _enabled


def filtered(function: F) -> F:
    """Shorten the tracebacks of what a public function raises."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            __tracebackhide__ = _enabled
            shorten(error)
            raise

    return call  # type: ignore[return-value]


def shorten(error: BaseException) -> None:
    """Take this library's frames out of an exception that is about to be raised.

    The frame that raises it is added again; where it sets ``__tracebackhide__``,
    notebooks leave it out as well.
    """
    if _enabled:
        error.__traceback__ = without_own_frames(error.__traceback__)


def without_own_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of this library."""
    frames = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OWN):
            frames.append(trace)
        trace = trace.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept
