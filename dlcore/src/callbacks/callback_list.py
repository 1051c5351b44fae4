"""Several callbacks as one; logs that are read only if somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcore import ops
from dlcore.src.callbacks.base import HOOKS, Callback, Logs, overrides
from dlcore.src.callbacks.history import History
from dlcore.src.export import export


def number(value: Any) -> Any:
    """Return a float for a scalar of any backend, anything else as it is."""
    if isinstance(value, float | int | str) or value is None:
        return value
    if hasattr(value, "shape") and tuple(value.shape) == ():
        return float(ops.convert_to_numpy(value))
    return value


class LazyLogs(dict[str, Any]):
    """Logs whose tensors become numbers when they are read.

    Reading waits for the device, so a batch that nobody looks at must not be read.
    """

    def __getitem__(self, name: str) -> Any:
        """Return a number."""
        return number(super().__getitem__(name))

    def __iter__(self) -> Iterator[str]:
        """Iterate over names; without it ``dict(logs)`` would copy the tensors."""
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a number, or the default."""
        return self[name] if name in self else default

    def items(self) -> Any:
        """Return names and numbers."""
        return [(name, self[name]) for name in self]

    def values(self) -> Any:
        """Return the numbers."""
        return [self[name] for name in self]

    def copy(self) -> dict[str, Any]:
        """Return a plain dict of numbers."""
        return dict(self.items())


@export("dlcore.callbacks.CallbackList")
class CallbackList(Callback):
    """Several callbacks, called as one.

    Parameters
    ----------
    callbacks : Callback, or nested lists of them, optional
    add_history : bool
        Whether to add a ``History`` if there is none.
    add_progbar : bool
        Whether to add a ``ProgbarLogger`` if there is none.
    model : Model, optional
    **params
        Given to each callback's ``set_params``.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ):
        self.callbacks: list[Callback] = list(_flat(callbacks))
        self._history: History | None = next(
            (c for c in self.callbacks if isinstance(c, History)), None
        )
        if self._history is None and add_history:
            self._history = History()
            self.callbacks.append(self._history)
        if add_progbar:
            self._add_progbar()
        if model:
            self.set_model(model)
        self.set_params(params)
        self._open = 0

    def _add_progbar(self) -> None:
        from dlcore.src.callbacks.progbar_logger import ProgbarLogger

        if not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.append(callback)

    def set_params(self, params: Any) -> None:
        """Give the parameters to each callback."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give the model to each callback; its ``history`` becomes ours."""
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def wants(self, hook: str) -> bool:
        """Whether any callback does something in a hook."""
        return any(overrides(callback, hook) for callback in self.callbacks)

    def _run(self, hook: str, *args: Any, logs: Logs = None) -> None:
        """Call a hook of every callback that has it."""
        wanting = [c for c in self.callbacks if overrides(c, hook)]
        if not wanting:
            return
        lazy = LazyLogs(logs or {})
        logs = lazy if "_batch_" in hook else lazy.copy()
        for callback in wanting:
            getattr(callback, hook)(*args, logs=logs)

    def _count(self, hook: str) -> None:
        if hook in ("on_train_begin", "on_test_begin", "on_predict_begin"):
            self._open += 1
        elif hook in ("on_train_end", "on_test_end", "on_predict_end"):
            self._open -= 1
            if self._open < 0:
                self._open = 0
                raise ValueError(f"`{hook}` was called without its beginning.")


def _flat(callbacks: Any) -> Iterator[Any]:
    if isinstance(callbacks, list | tuple):
        for callback in callbacks:
            yield from _flat(callback)
    elif callbacks is not None:
        yield callbacks


def _hook(name: str) -> Any:
    if "batch" in name:

        def of_batch(self: CallbackList, batch: int, logs: Logs = None) -> None:
            self._run(name, batch, logs=logs)

        return of_batch
    if "epoch" in name:

        def of_epoch(self: CallbackList, epoch: int, logs: Logs = None) -> None:
            self._run(name, epoch, logs=logs)

        return of_epoch

    def plain(self: CallbackList, logs: Logs = None) -> None:
        self._count(name)
        self._run(name, logs=logs)

    return plain


for _name in HOOKS:
    setattr(CallbackList, _name, _hook(_name))
    getattr(CallbackList, _name).__doc__ = getattr(Callback, _name).__doc__
    getattr(CallbackList, _name).__name__ = _name
