"""Losses that layers add to what training minimises."""

from __future__ import annotations

from typing import Any

from dlcore.src import backend as backends, scopes, tree
from dlcore.src.layers import context as calls
from dlcore.src.layers.weights import WeightedLayer


class PenalisedLayer(WeightedLayer):
    """Losses of calls, and the penalties of regularized weights and outputs."""

    def add_loss(self, loss: Any) -> None:
        """Add scalars to what training minimises; to be called in ``call``.

        Raises
        ------
        ValueError
            If one of them is neither a scalar tensor nor a number.
        """
        for value in tree.flatten(loss):
            if len(getattr(value, "shape", ())) or callable(value):
                raise ValueError(
                    "`add_loss()` can only be called from inside `build()` or "
                    f"`call()`, on a scalar tensor. Received invalid value: {value!r}"
                )
            self._losses.append(value)
            scope = scopes.stateless()
            if scope is not None and scope.collect_losses:
                scope.add_loss(value)
            calls.losses_were_added = True

    @property
    def losses(self) -> list[Any]:
        """Losses of the last call, and the penalties of regularized weights."""
        parts = self._structure()
        found = [v for layer in parts.layers for v in layer._losses]
        if self.trainable:
            for weight in parts.weights:
                if weight.regularizer is not None and weight.trainable:
                    with backends.use_backend(self.backend):
                        found.append(weight.regularizer(weight.value))
        return found

    def _clear_losses(self) -> None:
        for layer in self._structure().layers:
            if layer._losses:
                layer._losses = []

    def _penalise(self, outputs: Any) -> None:
        from dlcore import ops

        for output in tree.flatten(outputs):
            loss = self.activity_regularizer(output)
            if len(output.shape):
                loss = ops.divide(loss, output.shape[0] or 1)
            self.add_loss(loss)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: metrics are compiled, or kept as attributes.

        Raises
        ------
        NotImplementedError
            Always, as in Keras 3.
        """
        raise NotImplementedError(
            "Layer `add_metric()` method is deprecated. Add your metric in "
            "`Model.compile(metrics=[...])`, or make a metric in `__init__()` or "
            "`build()`, keep it as an attribute, and call `metric.update_state()`."
        )
