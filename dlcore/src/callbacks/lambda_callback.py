"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.src.callbacks.base import HOOKS, Callback
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

Hook = Callable[..., Any] | None


@export("dlcore.callbacks.LambdaCallback")
class LambdaCallback(Callback):
    """Run functions at the hooks of training.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : Callable, optional
        ``(epoch, logs)``.
    on_train_begin, on_train_end : Callable, optional
        ``(logs)``.
    on_train_batch_begin, on_train_batch_end : Callable, optional
        ``(batch, logs)``.
    **kwargs
        Functions for other hooks.

    Raises
    ------
    TypeError
        If there is no such hook.

    Examples
    --------
    >>> import dlcore
    >>> say = dlcore.callbacks.LambdaCallback(
    ...     on_epoch_end=lambda epoch, logs: print(epoch)
    ... )
    >>> say.on_epoch_end(1, {})
    1
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        **kwargs: Any,
    ):
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if name.startswith("on_") and name not in HOOKS:
                raise TypeError(
                    f"LambdaCallback: there is no hook {name!r}."
                    + did_you_mean(name, HOOKS)
                )
            if function is not None:
                setattr(self, name, function)
