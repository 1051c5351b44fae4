"""Layers that run another one along a sequence, or in both directions."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src import tree
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers.core.simple import Wrapper
from dlcore.src.layers.layer import Layer
from dlcore.src.symbolic import KerasTensor


@export("dlcore.layers.TimeDistributed")
class TimeDistributed(Wrapper):
    """Apply a layer to each step of a sequence.

    Parameters
    ----------
    layer : Layer
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Shape: ``(batch, steps, ...)`` to ``(batch, steps, ...)``: the steps are put into
    the batch while the layer runs.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.TimeDistributed(dlcore.layers.Dense(4))
    >>> layer(dlcore.ops.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(self, layer: Layer, **kwargs: Any):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:  # type: ignore[override]  # needed
        """Build the layer for one step."""
        if len(input_shape) < 3:
            raise ValueError(
                "`TimeDistributed` Layer should be passed an `input_shape` with at "
                f"least 3 dimensions, received: {input_shape}"
            )
        if not self.layer.built:
            self.layer.build((input_shape[0], *input_shape[2:]))

    def compute_output_spec(
        self, inputs: Any, training: bool | None = None, mask: Any = None
    ) -> Any:
        """Return the outputs' shape and dtype."""
        batch, steps = inputs.shape[:2]
        if mask is not None:
            _check_mask(tuple(mask.shape), (batch, steps))
        one = self.layer(KerasTensor((batch, *inputs.shape[2:]), inputs.dtype))
        return KerasTensor((batch, steps, *one.shape[1:]), one.dtype)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs."""
        batch, steps = inputs.shape[:2]
        flat = ops.reshape(inputs, (batch * steps, *inputs.shape[2:]))
        signature = type(self.layer)._call
        kwargs: dict[str, Any] = {}
        if signature.has_training and training is not None:
            kwargs["training"] = training
        if mask is not None:
            _check_mask(tuple(mask.shape), (batch, steps))
            if "mask" in signature.masks:
                kwargs["mask"] = ops.reshape(mask, (-1, *mask.shape[2:]))
        outputs = self.layer(flat, **kwargs)
        return ops.reshape(outputs, (batch, steps, *outputs.shape[1:]))


def _check_mask(mask: tuple[Any, ...], steps: tuple[Any, Any]) -> None:
    if len(mask) < 2:
        raise ValueError(
            "The `mask` passed to the `TimeDistributed` layer must be at least 2D "
            f"(e.g., `(batch_size, timesteps)`), but it has {len(mask)} dimension(s) "
            f"with shape {mask}."
        )
    for found, wanted in zip(mask, steps, strict=False):
        if None not in (found, wanted) and found != wanted:
            raise ValueError(
                f"The `mask` passed to the `TimeDistributed` layer has a shape {mask} "
                "that is incompatible with the input: the first two dimensions must "
                f"match. Expected mask shape prefix: {steps}."
            )


MODES = ("sum", "mul", "concat", "ave", None)


@export("dlcore.layers.Bidirectional")
class Bidirectional(Layer):
    """Run a recurrent layer forwards, a copy of it backwards, and merge the outputs.

    Parameters
    ----------
    layer : RNN
    merge_mode : {"concat", "sum", "mul", "ave", None}
        None returns both outputs.
    weights : list of array, optional
        First weights of both.
    backward_layer : RNN, optional
        In place of the copy.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Bidirectional(dlcore.layers.LSTM(4))
    >>> layer(dlcore.ops.ones((2, 5, 3))).shape
    (2, 8)
    """

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Layer | None = None,
        **kwargs: Any,
    ):
        if not isinstance(layer, Layer):
            raise ValueError(
                "Please initialize `Bidirectional` layer with a `keras.layers.Layer` "
                f"instance. Received: {layer}"
            )
        if merge_mode not in MODES:
            hint = did_you_mean(merge_mode, [m for m in MODES if m])
            raise ValueError(
                f"Invalid merge mode. Received: {merge_mode}. Merge mode should be one "
                f"of {MODES}.{hint}"
            )
        super().__init__(**kwargs)
        self.merge_mode = merge_mode
        self.forward_layer: Any = _twin(layer, "forward", go_backwards=None)
        self.backward_layer: Any = backward_layer or _twin(
            layer, "backward", go_backwards=not layer.go_backwards
        )
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self._first_weights = weights

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        """Compute the outputs."""
        kwargs: dict[str, Any] = {"mask": mask, "training": training}
        states: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            half = len(initial_state) // 2
            states = (initial_state[:half], initial_state[half:])
        both = [
            layer(sequences, initial_state=state, **kwargs)
            for layer, state in zip(
                (self.forward_layer, self.backward_layer), states, strict=True
            )
        ]
        rest: list[Any] = []
        if self.return_state:
            rest = [*both[0][1:], *both[1][1:]]
            both = [both[0][0], both[1][0]]
        first, second = both
        if self.return_sequences:
            second = ops.flip(second, axis=1)
        merged = self._merged(first, second)
        if not rest:
            return merged
        return (*merged, *rest) if isinstance(merged, tuple) else (merged, *rest)

    def _merged(self, first: Any, second: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([first, second], axis=-1)
        if self.merge_mode == "sum":
            return ops.add(first, second)
        if self.merge_mode == "ave":
            return ops.divide(ops.add(first, second), 2)
        if self.merge_mode == "mul":
            return ops.multiply(first, second)
        return first, second

    def reset_state(self) -> None:
        """Forget the states that were kept."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def compute_mask(self, _: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        mask = tree.flatten(mask)[0]
        kept = mask if self.return_sequences else None
        found = [kept, kept] if self.merge_mode is None else [kept]
        if self.return_state:
            states = 2 * len(self.forward_layer.state_size)
            return [*found, *([None] * states)]
        return found if self.merge_mode is None else kept


def _twin(layer: Any, prefix: str, go_backwards: bool | None) -> Any:
    """Return an equal layer with a name of its own."""
    config = layer.get_config()
    config["name"] = f"{prefix}_{layer.name}"
    if go_backwards is not None:
        config["go_backwards"] = go_backwards
    return type(layer).from_config(config)
