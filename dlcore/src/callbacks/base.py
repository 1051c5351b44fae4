"""The base class of callbacks: hooks, all empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src.export import export

Logs = Mapping[str, Any] | None


@export("dlcore.callbacks.Callback")
class Callback:
    """Base class of callbacks: override the hooks you need.

    Hooks of ``fit`` are named ``on_train_*`` and ``on_epoch_*``, those of ``evaluate``
    (also while ``fit`` validates) ``on_test_*``, those of ``predict``
    ``on_predict_*``. ``logs`` maps names to numbers; at the end of an epoch the results
    on the validation data are among them, as ``val_<name>``.

    Attributes
    ----------
    model : Model
        The model that is trained, evaluated or asked.
    params : dict
        ``verbose``, ``epochs``, ``steps``.

    Examples
    --------
    >>> import dlcore
    >>> class Shout(dlcore.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"EPOCH {epoch}")
    >>> Shout().on_epoch_end(3)
    EPOCH 3
    """

    params: Mapping[str, Any] | None = None
    _model: Any = None

    @property
    def model(self) -> Any:
        """The model that is trained, evaluated or asked."""
        return self._model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take note of ``verbose``, ``epochs``, ``steps``."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take note of the model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Older name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Older name of ``on_train_batch_end``."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Run before an epoch of ``fit``."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Run after an epoch of ``fit``; ``logs`` has the epoch's results."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of ``fit``."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of ``fit``; ``logs`` has the epoch's results so far.

        With ``steps_per_execution=N`` it runs every ``N`` batches.
        """
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of ``evaluate``, or of validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of ``evaluate``, or of validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of ``predict``."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Run at the beginning of ``fit``."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Run at the end of ``fit``; ``logs`` has the last epoch's results."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Run at the beginning of ``evaluate``, or of validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Run at the end of ``evaluate``, or of validation."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Run at the beginning of ``predict``."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Run at the end of ``predict``."""


#: Hook -> the older one it calls; the keys are all hooks.
HOOKS: dict[str, str | None] = {
    name: {
        "on_train_batch_begin": "on_batch_begin",
        "on_train_batch_end": "on_batch_end",
    }.get(name)
    for name in vars(Callback)
    if name.startswith("on_")
}


def overrides(callback: Any, hook: str) -> bool:
    """Whether a callback does anything in a hook."""
    older = HOOKS.get(hook)
    return (
        hook in vars(callback)
        or getattr(type(callback), hook) is not getattr(Callback, hook)
        or (older is not None and overrides(callback, older))
    )
