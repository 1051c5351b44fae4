"""``compile``, ``fit``, ``evaluate``, ``predict``: for every backend the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcore.src import backend as backends, config, tree
from dlcore.src.layers import context as calls
from dlcore.src.ops import core as ops_core
from dlcore.src.symbolic import KerasTensor
from dlcore.src.training import checks, loop
from dlcore.src.training.compiled import Compiled
from dlcore.src.training.data.adapter import DataAdapter, adapt, unpack
from dlcore.src.training.data.arrays import as_arrays, split
from dlcore.src.training.functions import Functions, to_native
from dlcore.src.training.results import number
from dlcore.src.utils.homes import on_own_backend


class Trainer:
    """The training methods of a model."""

    optimizer: Any = None
    stop_training = False
    history: Any = None
    _compiled: Compiled | None = None
    backend: backends.Backend

    # Settings.

    @on_own_backend
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str, Loss, Callable, or a list or dict of these
        loss_weights : float, or a list or dict of floats, optional
        metrics : list of str, Metric or Callable, or a list or dict of lists, optional
            ``"accuracy"`` is the kind that fits the labels.
        weighted_metrics : as ``metrics``, optional
            These see sample weights.
        run_eagerly : bool
            Whether to run step by step, uncompiled, so that one can debug.
        steps_per_execution : int or "auto"
            Batches in one compiled call. Hooks of callbacks run once a call.
        jit_compile : bool or "auto"
            False: do not compile.
        auto_scale_loss : bool
            Whether float16 policies scale the loss.

        Raises
        ------
        ValueError
            If a name is unknown; says which one may have been meant.
        """
        from dlcore.src.optimizers.registry import get

        arguments = {k: v for k, v in locals().items() if k not in ("self", "get")}
        if steps_per_execution != "auto" and (
            not isinstance(steps_per_execution, int) or steps_per_execution < 1
        ):
            raise ValueError(
                "`steps_per_execution` must be a positive integer or 'auto', got "
                f"{steps_per_execution!r}."
            )
        compiled = Compiled(arguments, getattr(self, "output_names", None))
        self.optimizer = get(optimizer)
        self.loss = loss
        self.run_eagerly = run_eagerly
        self.jit_compile = jit_compile
        self.steps_per_execution = steps_per_execution
        self.stop_training = False
        self._compiled = compiled
        self._functions.clear()

    @property
    def compiled(self) -> bool:
        """Whether ``compile`` was called."""
        return self._compiled is not None

    @property
    def _functions(self) -> Functions:
        return self.__dict__.setdefault("_functions", Functions())

    @property
    def metrics(self) -> list[Any]:
        """The loss, the metrics of ``compile``, and those that layers hold."""
        own = super().metrics  # type: ignore[misc]
        compiled = [] if self._compiled is None else self._compiled.all_metrics
        found = [*compiled, *own]
        return list({id(m): m for m in found}.values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics, in the order of ``evaluate``'s results."""
        return [m.name for m in self.metrics]

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what ``compile`` was given, as JSON can hold it."""
        from dlcore.src.saving.serialization import serialize_keras_object

        if self._compiled is None:
            return None
        arguments = {**self._compiled.arguments, "optimizer": self.optimizer}
        return serialize_keras_object(arguments)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as ``get_compile_config`` says, and make the optimizer's state.

        A class whose ``compile`` is its own must also say how to repeat it.
        """
        from dlcore.src.saving.serialization import deserialize_keras_object

        if type(self).compile is not Trainer.compile:
            warnings.warn(
                "`compile()` was not called as part of model loading because the "
                "model's `compile()` method is custom. Write `get_compile_config()` "
                f"and `compile_from_config(config)` for {type(self).__name__} too, or "
                "call `compile()` after loading.",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        if self.optimizer is not None and self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    # One step.

    def train_step(self, data: Any) -> Any:
        """Do one training step; a subclass may write its own.

        Parameters
        ----------
        data : tuple
            ``(x, y, sample_weight)``, or what the data yields.

        Returns
        -------
        dict of str to tensor
            What to log.
        """
        self._learn(data)
        return self.get_metrics_result()

    def _learn(self, data: Any) -> None:
        """Do one training step; the results stay in the metrics."""
        x, y, sample_weight = unpack(data)
        compiled, optimizer = self._need_compiled(), self.optimizer

        def objective(x: Any, y: Any, sample_weight: Any) -> Any:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            return optimizer.scale_loss(loss), (loss, y_pred)

        state = self._functions.state(self)
        differentiate = self.backend.runtime.value_and_grad(
            objective, state.trainable, state.others
        )
        (_, (loss, y_pred)), grads = differentiate(x, y, sample_weight)
        for variable in state.others:  # averages must not hold on to the step's graph
            variable.value = ops_core.stop_gradient(variable.value)
        loss, y_pred = tree.map_structure(ops_core.stop_gradient, (loss, y_pred))
        optimizer.apply(grads, state.trainable)
        compiled.tracker.update_state(loss, sample_weight=_samples(x))
        self._take_in(x, y, y_pred, sample_weight)

    def _take_in(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Update the metrics, by the user's ``compute_metrics`` if there is one."""
        if type(self).compute_metrics is not Trainer.compute_metrics:
            self.compute_metrics(x, y, y_pred, sample_weight)
        elif self._compiled is not None and y is not None:
            self._compiled.metrics.update(y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Any:
        """Evaluate one batch; a subclass may write its own.

        Parameters
        ----------
        data : tuple
            ``(x, y, sample_weight)``, or what the data yields.

        Returns
        -------
        dict of str to tensor
            What to log.
        """
        self._examine(data)
        return self.get_metrics_result()

    def _examine(self, data: Any) -> None:
        x, y, sample_weight = unpack(data)
        compiled = self._need_compiled()
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        compiled.tracker.update_state(loss, sample_weight=_samples(x))
        self._take_in(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch; a subclass may write its own."""
        x, _, _ = unpack(data)
        return self(x, training=False)  # type: ignore[operator]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss that training minimises; a subclass may write its own.

        Parameters
        ----------
        x, y, y_pred, sample_weight : nested tensors
        training : bool

        Returns
        -------
        tensor
            A scalar: the losses of ``compile``, those from ``add_loss``, and the
            penalties of regularized weights.
        """
        del x, training
        parts = list(self.losses)  # type: ignore[attr-defined]
        compiled = self._compiled
        if compiled is not None and compiled.loss is not None and y is not None:
            if not compiled.loss.built:
                compiled.loss.build(y, y_pred)
            parts.insert(0, compiled.loss(y, y_pred, sample_weight))
        if not parts:
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`"
                + (", and labels `y` in `fit()`." if y is None else ".")
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics and return their results; a subclass may write its own."""
        del x
        if self._compiled is not None and y is not None:
            self._compiled.metrics.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the results of the metrics by name, as tensors."""
        with backends.use_backend(self.backend):
            found = {} if self._compiled is None else self._compiled.results()
            own = (
                {id(m) for m in self._compiled.all_metrics} if self._compiled else set()
            )
            for metric in self.metrics:
                if id(metric) not in own:
                    result = metric.result()
                    found.update(
                        result if isinstance(result, dict) else {metric.name: result}
                    )
            return found

    def _results(self) -> dict[str, Any]:
        """Return ``get_metrics_result()``, computed in one compiled call."""
        state = self._functions.state(self)

        def results() -> dict[str, Any]:
            return self.get_metrics_result()

        try:
            return self._functions.get("results", results, state, self._compile)()
        except TypeError:  # an own metric's result is no tensor
            return self.get_metrics_result()

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    # Compiled steps.

    def _need_compiled(self) -> Compiled:
        if self._compiled is None:
            raise ValueError(
                f"The model {self.name!r} must be compiled before it is trained or "  # type: ignore[attr-defined]
                "evaluated: call `model.compile(optimizer, loss)`."
            )
        return self._compiled

    @property
    def _eager(self) -> bool:
        return bool(
            getattr(self, "run_eagerly", False)
            or getattr(self, "jit_compile", "auto") is False
        )

    def _compile(self, step: Callable[..., Any], variables: Any) -> Callable[..., Any]:
        return step if self._eager else self.backend.runtime.jit(step, variables)

    def _step(self, kind: str) -> Callable[[Any], Any]:
        """Return a step: ``data -> logs``; None where the metrics have them."""
        names = {"train": "train_step", "test": "test_step", "predict": "predict_step"}
        plain = {"train": self._learn, "test": self._examine}
        own = getattr(type(self), names[kind]) is not getattr(Trainer, names[kind])
        return getattr(self, names[kind]) if own or kind == "predict" else plain[kind]

    def _function(self, kind: str) -> Callable[[Any], Any]:
        """Return the compiled step: ``batch -> logs``."""
        state = self._functions.state(self)
        return self._functions.get(kind, self._step(kind), state, self._compile)

    def _repeated(self, kind: str) -> Callable[[Any], Any]:
        """Return ``stacked batches -> logs of the last one``, in one compiled call."""
        state, repeat = self._functions.state(self), self.backend.runtime.repeat
        run = self._functions.get((kind, "repeated"), self._step(kind), state, repeat)

        def last(batches: Any) -> Any:
            logs = run((batches,))
            return None if logs is None else tree.map_structure(lambda x: x[-1], logs)

        return last

    def _prepare(self, first: Any, *, training: bool, loss: bool = True) -> Any:
        """Build what is not built yet, by a run on shapes; return symbolic outputs."""
        x, y, _ = first
        compiled = self._compiled if loss else None
        ready = self.built and (compiled is None or compiled.built)  # type: ignore[attr-defined]
        optimizer = self.optimizer if training else None
        outputs = None
        if not ready or training:
            outputs = self._outputs_for(x)
        if compiled is not None and not compiled.built:
            compiled.build(y, outputs)
        if optimizer is not None:
            self._check_optimizer(optimizer)
        return outputs

    def _check_optimizer(self, optimizer: Any) -> None:
        """Build it at the first time; later it must know all trainable variables."""
        variables = self.trainable_variables  # type: ignore[attr-defined]
        if not optimizer.built:
            optimizer.build(variables)
            return
        known = {id(v) for v in optimizer._trainable_variables}
        fresh = [v.path for v in variables if id(v) not in known]
        if fresh:
            raise ValueError(
                f"{len(fresh)} variables became trainable after `compile()`, for "
                f"instance {fresh[0]!r}. Call `model.compile()` again."
            )

    def _outputs_for(self, x: Any) -> Any:
        """Run the model on shapes; on the data itself where that does not work."""

        def symbol(a: Any) -> Any:
            return None if a is None else KerasTensor(a.shape, _dtype(a))

        call = calls.CallContext(None)
        outer, calls.state.call = calls.state.call, call
        try:
            return self(tree.map_structure(symbol, x), training=False)  # type: ignore[operator]
        except Exception as symbolic_error:
            # Nothing is lost: a call that depends on values (a loop over the batch,
            # numpy inside) runs on the data; what fails there too is raised.
            calls.state.call = outer
            try:
                return self(to_native(self.backend, x), training=False)  # type: ignore[operator]
            except Exception as error:
                if type(error) is type(symbolic_error):
                    raise error from None
                raise error from symbolic_error
        finally:
            calls.state.call = outer

    # Loops.

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
            checks.check_data(data, first, loss, outputs)
        return loop.fit(
            self,
            adapter,
            validation,
            epochs=min(epochs, config.max_epochs() or epochs),
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
        compiled = self._compiled
        names = ["loss"]
        if compiled is not None and compiled.loss is not None:
            names += [t.name for t in compiled.loss.trackers]
        if compiled is not None:
            names += [part[1] for part in compiled.metrics.parts]
        names = [n for n in dict.fromkeys(names) if n in logs]
        return names + [n for n in logs if n not in names]

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

    # Single batches.

    @on_own_backend
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Do one training step on one batch.

        Returns
        -------
        float, list of float, or dict of str to float
            Loss and metrics since they were reset.
        """
        batch = self._batch(x, y, sample_weight, class_weight)
        self._need_compiled()
        if not self._ready(training=True):
            self._prepare(batch, training=True)
        logs = self._function("train")(to_native(self.backend, batch))
        return self._report(logs, return_dict)

    @on_own_backend
    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Evaluate one batch.

        Returns
        -------
        float, list of float, or dict of str to float
            Loss and metrics since they were reset.
        """
        batch = self._batch(x, y, sample_weight)
        self._need_compiled()
        if not self._ready(training=False):
            self._prepare(batch, training=False)
        logs = self._function("test")(to_native(self.backend, batch))
        return self._report(logs, return_dict)

    @on_own_backend
    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, as numpy arrays."""
        batch = self._batch(x)
        if not self.built:  # type: ignore[attr-defined]
            self._prepare(batch, training=False, loss=False)
        outputs = self._function("predict")(to_native(self.backend, batch))
        return tree.map_structure(ops_core.convert_to_numpy, outputs)

    def _batch(
        self, x: Any, y: Any = None, weight: Any = None, class_weight: Any = None
    ) -> Any:
        x, y, weight = (
            v if type(v) is np.ndarray else as_arrays(v) for v in (x, y, weight)
        )
        if class_weight is not None:
            from dlcore.src.training.data.arrays import class_weights

            weight = class_weights(y, weight, class_weight)
        return x, y, weight

    def _ready(self, training: bool) -> bool:
        compiled, optimizer = self._compiled, self.optimizer
        return bool(
            self.built  # type: ignore[attr-defined]
            and compiled is not None
            and compiled.built
            and (not training or optimizer.built)
        )

    def _report(self, logs: Any, return_dict: bool) -> Any:
        if logs is None:
            logs = self._results()
        found = {name: number(value) for name, value in logs.items()}
        if return_dict:
            return found
        return self._listed(found)


def _dtype(array: Any) -> str:
    from dlcore.src import config
    from dlcore.src.dtypes import standardize_dtype

    if getattr(array.dtype, "kind", "") in "OUS":
        return "string"
    name = standardize_dtype(array.dtype)
    return config.floatx() if name == "float64" else name


def _samples(x: Any) -> int:
    first = next(tree.leaves(x), None)
    shape: Any = getattr(first, "shape", ())
    return shape[0] if len(shape) else 1


def _validation(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, tuple | list) and not isinstance(data, DataAdapter):
        return unpack(tuple(data))
    return data, None, None
