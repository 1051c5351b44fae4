"""``fit``, ``evaluate``, ``predict``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from dlcore.src import config
from dlcore.src.training import checks, loop
from dlcore.src.training.data.adapter import DataAdapter, adapt, unpack
from dlcore.src.training.data.arrays import split
from dlcore.src.training.preparing import Preparing
from dlcore.src.utils.homes import on_own_backend


class Looping(Preparing):
    """The methods that go through data."""

    @on_own_backend
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> Any:
        """Train the model.

        Parameters
        ----------
        x : arrays, nested arrays, pandas, tensors, generator, PyDataset, data loader
        y : arrays, optional
            Labels, where ``x`` does not yield them.
        batch_size : int, optional
            32 unless given.
        epochs : int
            The number of the last epoch.
        verbose : {"auto", 0, 1, 2}
            How progress is shown; ``"auto"``: a dashboard in a notebook, a bar
            elsewhere.
        callbacks : list of Callback, optional
        validation_split : float
            Share of the samples, the last ones, to validate on.
        validation_data : tuple or data set, optional
            ``(x, y)`` or ``(x, y, sample_weight)`` to validate on.
        shuffle : bool or "batch"
        class_weight : dict of int to float, optional
        sample_weight : array, optional
        initial_epoch : int
            Where to begin to count.
        steps_per_epoch, validation_steps : int, optional
            Batches in an epoch, in a validation.
        validation_batch_size : int, optional
        validation_freq : int or sequence of int
            Validate every so many epochs, or after these.

        Returns
        -------
        History

        Raises
        ------
        ValueError
            If the model is not compiled, lengths differ, or labels are no classes.
        NotImplementedError
            If the backend has no gradients; says the way out.
        """
        self._need_compiled()
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split(
                (x, y, sample_weight), validation_split
            )
        adapter = adapt(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
        )
        validation = None
        if validation_data is not None:
            vx, vy, vw = _validation(validation_data)
            validation = adapt(
                vx,
                vy,
                vw,
                batch_size=validation_batch_size or batch_size,
                steps=validation_steps,
            )
        first = adapter.first()
        outputs = self._prepare(first, training=True)
        loss = self._need_compiled().loss
        if loss is not None and loss.built:
            data = getattr(adapter, "data", first)
            checks.check_data(self, data, first, loss, outputs)
            checks.check_model(self, loss, outputs)
        return loop.fit(
            self,
            adapter,
            validation,
            epochs=_limited(epochs),
            initial_epoch=initial_epoch,
            callbacks=callbacks,
            verbose=verbose,
            validation_freq=validation_freq,
        )

    @on_own_backend
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the loss and the metrics on some data.

        Parameters
        ----------
        x, y, batch_size, sample_weight
            As for ``fit``.
        verbose : {"auto", 0, 1, 2}
        steps : int, optional
            Batches to evaluate.
        callbacks : list of Callback, optional
        return_dict : bool
            Whether to return a dict rather than a list.

        Returns
        -------
        float, list of float, or dict of str to float
        """
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        self._need_compiled()
        adapter = adapt(x, y, sample_weight, batch_size=batch_size, steps=steps)
        self._prepare(adapter.first(), training=False)
        logs = loop.evaluate(self, adapter, callbacks, verbose)
        return logs if return_dict else self._listed(logs)

    def _result_names(self, logs: dict[str, Any]) -> list[str]:
        """Return the names in the order in which ``evaluate`` lists their results."""
        names: list[str] = []
        for metric in self.metrics:
            parts = getattr(metric, "parts", None)
            names += [metric.name] if parts is None else [p[2].name for p in parts]
        names = [n for n in dict.fromkeys(names) if n in logs]
        return names + sorted(n for n in logs if n not in names)

    def _listed(self, logs: dict[str, Any]) -> Any:
        """Return results as a list, the loss first; a number if there is only one."""
        values = [logs[name] for name in self._result_names(logs)]
        return values[0] if len(values) == 1 else values

    @on_own_backend
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for some data, as numpy arrays.

        Parameters
        ----------
        x : arrays, nested arrays, tensors, generator, PyDataset, data loader
        batch_size : int, optional
            32 unless given.
        verbose : {"auto", 0, 1, 2}
        steps : int, optional
            Batches to predict.
        callbacks : list of Callback, optional

        Returns
        -------
        numpy array, or nested ones
            As the model's outputs are nested.
        """
        adapter = adapt(x, batch_size=batch_size, steps=steps)
        if not self.built:  # type: ignore[attr-defined]
            self._prepare(adapter.first(), training=False, loss=False)
        return loop.predict(self, adapter, callbacks, verbose)


def _limited(epochs: int) -> int:
    most = config.max_epochs()
    if not most or most >= epochs:
        return epochs
    warnings.warn(f"Limiting epochs to {most}", stacklevel=4)
    return most


def _validation(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, tuple | list) and not isinstance(data, DataAdapter):
        return unpack(tuple(data))
    return data, None, None
