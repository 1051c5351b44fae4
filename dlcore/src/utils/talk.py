"""Messages: printed for people, logged for programs."""

from __future__ import annotations

import logging

from dlcore.src.export import export

_interactive = True


@export(
    "dlcore.config.enable_interactive_logging",
    "dlcore.utils.enable_interactive_logging",
)
def enable_interactive_logging() -> None:
    """Print messages of callbacks and the like to standard output: the default."""
    global _interactive
    _interactive = True


@export(
    "dlcore.config.disable_interactive_logging",
    "dlcore.utils.disable_interactive_logging",
)
def disable_interactive_logging() -> None:
    """Send messages to the logger ``"dlcore"`` instead of standard output."""
    global _interactive
    _interactive = False


@export(
    "dlcore.config.is_interactive_logging_enabled",
    "dlcore.utils.is_interactive_logging_enabled",
)
def is_interactive_logging_enabled() -> bool:
    """Whether messages are printed.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.config.is_interactive_logging_enabled()
    True
    """
    return _interactive


def say(message: str, end: str = "\n") -> None:
    """Print a message, or log it."""
    if _interactive:
        print(message, end=end, flush=not end)
    else:
        logging.getLogger("dlcore").info(message.strip())
