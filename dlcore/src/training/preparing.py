"""What happens before the first step: build, match, check, compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.src import config, tree
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.layers import context as calls
from dlcore.src.symbolic import KerasTensor
from dlcore.src.training.data.adapter import pack, unpack
from dlcore.src.training.functions import optimizers, to_native
from dlcore.src.training.steps import Steps
from dlcore.src.variable import lent

_STEPS = {"train": "train_step", "test": "test_step", "predict": "predict_step"}


class Preparing(Steps):
    """Compiled steps, and what they need beforehand."""

    #: What ``make_train_function`` and its kin made: ``iterator of batches -> logs``.
    train_function: Callable[[Any], Any] | None = None
    test_function: Callable[[Any], Any] | None = None
    predict_function: Callable[[Any], Any] | None = None

    def make_train_function(self, force: bool = False) -> None:
        """Make ``train_function``, which trains on the next batch of an iterator.

        Parameters
        ----------
        force : bool
            Whether to compile the step anew.
        """
        self.train_function = self._from_iterator("train", force)

    def make_test_function(self, force: bool = False) -> None:
        """Make ``test_function``, which evaluates the next batch of an iterator."""
        self.test_function = self._from_iterator("test", force)

    def make_predict_function(self, force: bool = False) -> Callable[[Any], Any]:
        """Make ``predict_function``: it gives the next batch's outputs."""
        self.predict_function = self._from_iterator("predict", force)
        return self.predict_function

    def _from_iterator(self, kind: str, force: bool) -> Callable[[Any], Any]:
        if force:
            self._functions.forget(kind)

        def function(iterator: Any) -> Any:
            batch = unpack(next(iterator))
            if kind != "predict" and not self._ready(kind == "train"):
                self._prepare(batch, training=kind == "train")
            found = self._function(kind)(to_native(self.backend, batch))
            return self._results() if found is None else found

        return function

    def _has_own(self, kind: str) -> bool:
        """Whether a subclass wrote a step itself."""
        name = _STEPS[kind]
        return getattr(type(self), name) is not getattr(Steps, name)

    def _step(self, kind: str) -> Callable[[Any], Any]:
        """Return a step: ``data -> logs``; None where the metrics have them."""
        if not self._has_own(kind):
            plain = {"train": self._learn, "test": self._examine}
            return plain.get(kind, self.predict_step)
        step = self._stateful(kind, getattr(self, _STEPS[kind]))
        return lambda batch: step(pack(batch))

    def _function(self, kind: str, fresh: bool = False) -> Callable[[Any], Any]:
        """Return the compiled step: ``batch -> logs``.

        Parameters
        ----------
        kind : {"train", "test", "predict"}
        fresh : bool
            Whether metrics begin anew with each batch.
        """
        step = self._step(kind)
        if fresh:
            plain = step

            def step(batch: Any) -> Any:
                self.reset_metrics()
                return plain(batch)

        if self._has_own(kind) and not self._complete():
            incomplete = step  # as it is, the first time: it makes variables

            def first(batch: Any) -> Any:
                done = self._complete()
                return (self._function(kind, fresh) if done else incomplete)(batch)

            return first
        state, name = self._functions.state(self), (kind, "fresh") if fresh else kind
        return self._functions.get(name, step, state, self._compile)

    def _complete(self) -> bool:
        """Whether layers and optimizers have made their variables."""
        layers = self._flatten_layers(include_self=False)  # type: ignore[attr-defined]
        return all(part.built for part in [*layers, *optimizers(self)])

    def _repeated(self, kind: str) -> Callable[[Any], Any]:
        """Return ``stacked batches -> logs of the last one``, in one compiled call."""
        state, repeat = self._functions.state(self), self.backend.runtime.repeat
        run = self._functions.get((kind, "repeated"), self._step(kind), state, repeat)

        def last(batches: Any) -> Any:
            logs = run((batches,))
            return None if logs is None else tree.map_structure(lambda x: x[-1], logs)

        return last

    def _results(self) -> dict[str, Any]:
        """Return ``get_metrics_result()``, computed in one compiled call."""
        state = self._functions.state(self)

        def results() -> dict[str, Any]:
            return self.get_metrics_result()

        try:
            return self._functions.get("results", results, state, self._compile)()
        except TypeError:  # an own metric's result is no tensor
            return self.get_metrics_result()

    def _ready(self, training: bool) -> bool:
        compiled, optimizer = self._compiled, self.optimizer
        return bool(
            self.built  # type: ignore[attr-defined]
            and compiled is not None
            and compiled.built
            and (not training or optimizer is None or optimizer.built)
        )

    def _prepare(self, first: Any, *, training: bool, loss: bool = True) -> Any:
        """Build what is not built yet, by a run on shapes; return symbolic outputs."""
        x, y, sample_weight = first
        compiled = self._compiled if loss else None
        ready = self.built and (compiled is None or compiled.built)  # type: ignore[attr-defined]
        optimizer = self.optimizer if training else None
        outputs = None
        if not ready or training:
            outputs = self._outputs_for(x)
        if compiled is not None and not compiled.built:
            if outputs is not None:
                self._match(x, y, outputs, sample_weight)
            compiled.built = y is not None or compiled.loss is None
        if optimizer is not None:
            self._check_optimizer(optimizer)
        return outputs

    def _match(self, x: Any, y: Any, outputs: Any, sample_weight: Any) -> None:
        """Match losses and metrics with the outputs, through the user's own methods."""
        compiled = self._need_compiled()
        if type(self).compute_loss is not Steps.compute_loss:

            def loss(x: Any, y: Any, weight: Any) -> Any:
                y_pred = self(x, training=False)  # type: ignore[operator]
                return self._compute_loss(x, y, y_pred, weight, training=False)

            self._try(loss, x, y, sample_weight)
        else:
            compiled.build_loss(y, outputs)
        if type(self).compute_metrics is not Steps.compute_metrics:

            def metrics(x: Any, y: Any, weight: Any) -> Any:
                y_pred = self(x, training=False)  # type: ignore[operator]
                return self.compute_metrics(x, y, y_pred, weight)

            self._try(metrics, x, y, sample_weight)
        else:
            compiled.build_metrics(y, outputs)

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
        """Return symbolic outputs; None if the model has its own step and no call."""
        try:
            return self._try(lambda x: self(x, training=False), x)  # type: ignore[operator]
        except NotImplementedError:
            if self._has_own("train"):
                return None  # such a model, a GAN for instance, need not have a call
            raise

    def _try(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function on shapes; on the data itself where that does not work.

        Variables keep their values.
        """
        call = calls.CallContext(None)
        outer, calls.state.call = calls.state.call, call
        try:
            return function(*tree.map_structure(_symbol, args))
        except Exception as symbolic_error:
            # Nothing is lost: a call that depends on values (a loop over the batch,
            # numpy inside) runs on the data; what fails there too is raised.
            calls.state.call = outer
            variables = self._functions.state(self).all()
            try:
                with lent(variables, [v.value for v in variables]):
                    return function(*to_native(self.backend, args))
            except Exception as error:
                if type(error) is type(symbolic_error):
                    raise error from None
                raise error from symbolic_error
        finally:
            calls.state.call = outer


def _symbol(array: Any) -> Any:
    """Return a tensor of the shape and dtype alone."""
    if array is None:
        return None
    if getattr(array.dtype, "kind", "") in "OUS":
        return KerasTensor(array.shape, "string")
    name = standardize_dtype(array.dtype)
    return KerasTensor(array.shape, config.floatx() if name == "float64" else name)
