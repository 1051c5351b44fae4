"""The loops of ``fit``, ``evaluate`` and ``predict``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeGuard

import numpy as np

from dlcore.src import tree
from dlcore.src.callbacks.base import overrides
from dlcore.src.callbacks.callback_list import CallbackList
from dlcore.src.ops.core import convert_to_numpy
from dlcore.src.training.data.adapter import DataAdapter, warn_of_end
from dlcore.src.training.functions import to_native
from dlcore.src.training.grouping import Grouping
from dlcore.src.training.results import LazyResults, numbers


class Watchers:
    """The callbacks of a run, and which of them want to see each batch.

    Hooks for batches are called for callbacks that override them. One with the
    attribute ``every_batch = False``, as progress displays have, is content with a
    call now and then, so that many steps may run in one compiled call.
    """

    def __init__(self, model: Any, callbacks: Any, verbose: Any, **params: Any):
        self.all = CallbackList(
            callbacks,
            add_history="epochs" in params,
            model=None,
            verbose=verbose,
            **params,
        )
        shown = _display(verbose, self.all.callbacks)
        if shown is not None:
            self.all.append(shown)
        self.all.set_model(model)
        self.all.set_params({"verbose": verbose, **params})
        self.model = model

    def strict(self, hook: str) -> list[Any]:
        """Return the callbacks that want a hook at every batch."""
        return [
            c
            for c in self.all.callbacks
            if overrides(c, hook) and getattr(c, "every_batch", not _is_display(c))
        ]

    def lax(self, hook: str) -> list[Any]:
        """Return the callbacks that want a hook now and then."""
        strict = {id(c) for c in self.strict(hook)}
        return [
            c for c in self.all.callbacks if overrides(c, hook) and id(c) not in strict
        ]

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Tell displays of what ended the run, if an exception did."""
        try:
            yield
        except BaseException as error:
            for callback in self.all.callbacks:
                if _is_display(callback):
                    callback.close(error)
            raise


def _is_display(callback: Any) -> TypeGuard[Any]:
    return hasattr(callback, "view") and hasattr(callback, "close")


def _display(verbose: Any, callbacks: Any) -> Any:
    if not verbose:
        return None
    from dlcore.src.widgets.progress import progress_callback

    return progress_callback(verbose, None, callbacks)


class Batches:
    """Hooks around batches, called for those who want them."""

    def __init__(self, watchers: Watchers, kind: str):
        self.model = watchers.model
        self.begin = watchers.strict(f"on_{kind}_batch_begin")
        self.end = watchers.strict(f"on_{kind}_batch_end")
        self.shown = watchers.lax(f"on_{kind}_batch_end")
        self.names = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"

    @property
    def strict(self) -> bool:
        """Whether anybody wants to see every batch."""
        return bool(self.begin or self.end)

    def before(self, step: int) -> None:
        """Call the hooks before a batch."""
        for callback in self.begin:
            getattr(callback, self.names[0])(step, {})

    def after(self, step: int, logs: Any) -> None:
        """Call the hooks after a batch; ``logs`` None: those of the metrics."""
        if not self.end and not self.shown:
            return
        if logs is None:
            found: Any = LazyResults(self.model._results)
        else:
            found = LazyResults(lambda: logs)
        for callback in self.end:
            getattr(callback, self.names[1])(step, found)
        for callback in self.shown:
            getattr(callback, self.names[1])(step, found)


def run(
    model: Any,
    kind: str,
    adapter: DataAdapter,
    index: int,
    batches: Batches,
    rounds: int = 1,
) -> dict[str, Any] | None:
    """Go through the data once; return the logs as tensors, None without data."""
    stop = {"train": "stop_training", "test": "stop_evaluating"}[kind]
    grouping = Grouping(model, kind, adapter, batches.strict, rounds)
    single, many = model._function(kind), None
    logs: Any = None
    step, seen = 0, False
    every, begin = grouping.every, -1
    for count, batch in adapter.groups(index, grouping.size):
        if begin < 0:
            begin = step
            batches.before(begin)
        native = to_native(model.backend, batch)
        if count == 1:
            logs = single(native)
        else:
            many = many or model._repeated(kind)
            logs = many(native)
        grouping.done(count)
        step, seen = step + count, True
        if step % every == 0:
            batches.after(step - 1, logs)
            begin = -1
        if getattr(model, stop):
            break
    if begin >= 0:
        batches.after(begin + every - 1, logs)
    if not seen:
        return None
    return model._results() if logs is None else logs


def _need(logs: dict[str, Any] | None) -> dict[str, Any]:
    if logs is None:
        raise ValueError("There is no data: not one batch was found.")
    return logs


def fit(
    model: Any,
    adapter: DataAdapter,
    validation: DataAdapter | None,
    *,
    epochs: int,
    initial_epoch: int,
    callbacks: Any,
    verbose: Any,
    validation_freq: Any,
) -> Any:
    """Train for some epochs; return the history."""
    watchers = Watchers(model, callbacks, verbose, epochs=epochs, steps=adapter.steps)
    hooks = watchers.all
    batches = Batches(watchers, "train")
    model.stop_training = False
    logs: dict[str, Any] = {}
    with watchers.closing():
        hooks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
            found = run(model, "train", adapter, epoch, batches, epochs - epoch)
            if found is None and epoch > initial_epoch:
                warn_of_end()  # a generator that has come to its end
                break
            logs = numbers(_need(found))
            if validation is not None and _due(epoch, validation_freq):
                model._prepare(validation.first(), training=False)
                values = _evaluate(model, validation, watchers, epochs - epoch)
                logs |= {f"val_{name}": value for name, value in values.items()}
            hooks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        optimizer = model.optimizer
        if optimizer is not None and epochs > initial_epoch:
            optimizer.finalize_variable_values(model.trainable_variables)
        hooks.on_train_end(logs)
    return model.history


def _due(epoch: int, freq: Any) -> bool:
    if isinstance(freq, int):
        return (epoch + 1) % freq == 0
    return epoch + 1 in freq


def evaluate(
    model: Any, adapter: DataAdapter, callbacks: Any, verbose: Any
) -> dict[str, Any]:
    """Return the loss and the metrics as numbers."""
    if isinstance(callbacks, Watchers):
        return _evaluate(model, adapter, callbacks)
    watchers = Watchers(model, callbacks, verbose, steps=adapter.steps)
    with watchers.closing():
        return _evaluate(model, adapter, watchers)


def _evaluate(
    model: Any, adapter: DataAdapter, watchers: Watchers, rounds: int = 1
) -> dict[str, Any]:
    hooks = watchers.all
    model.reset_metrics()
    hooks.on_test_begin()
    model.stop_evaluating = False
    batches = Batches(watchers, "test")
    logs = numbers(_need(run(model, "test", adapter, 0, batches, rounds)))
    hooks.on_test_end(logs)
    return logs


def predict(model: Any, adapter: DataAdapter, callbacks: Any, verbose: Any) -> Any:
    """Return the outputs of all batches as numpy arrays."""
    function = model._function("predict")
    backend = model.backend
    if adapter.steps == 1 and not callbacks and verbose in ("auto", 0):
        outputs = function(to_native(backend, adapter.first()))
        return tree.map_structure(convert_to_numpy, outputs)
    watchers = Watchers(model, callbacks, verbose, steps=adapter.steps)
    begin = watchers.strict("on_predict_batch_begin")
    end = watchers.strict("on_predict_batch_end")
    end += watchers.lax("on_predict_batch_end")
    parts: list[list[Any]] = []
    shape: Any = None
    with watchers.closing():
        watchers.all.on_predict_begin()
        every = model.steps_per_execution
        every = every if isinstance(every, int) else 1
        model.stop_predicting = False
        step, open_ = -1, False
        for step, batch in enumerate(adapter.epoch(0)):
            if not open_:
                for callback in begin:
                    callback.on_predict_batch_begin(step, {})
            outputs = function(to_native(backend, batch))
            arrays = tree.map_structure(convert_to_numpy, outputs)
            shape = arrays if shape is None else shape
            parts.append(tree.flatten(arrays))
            open_ = (step + 1) % every != 0
            if not open_:
                for callback in end:
                    callback.on_predict_batch_end(step, {"outputs": arrays})
            if model.stop_predicting:
                break
        if open_:
            for callback in end:
                last = step - step % every + every - 1
                callback.on_predict_batch_end(last, {"outputs": arrays})
        watchers.all.on_predict_end()
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return tree.pack_sequence_as(shape, joined) if tree.is_nested(shape) else joined[0]
