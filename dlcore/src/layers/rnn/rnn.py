"""Recurrent layers: a cell, step by step along a sequence."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src import tree
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.rnn.cells import (
    BaseCell,
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    first_states,
)
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import Variable


@export("dlcore.layers.RNN")
class RNN(Layer):
    """Run a cell along a sequence.

    Parameters
    ----------
    cell : cell, or list of cells
        Has ``state_size`` and is called as ``cell(inputs, states)``.
    return_sequences : bool
        Whether to return the outputs of all steps, rather than the last one.
    return_state : bool
        Whether to return the last states as well.
    go_backwards : bool
        Whether to begin at the end.
    stateful : bool
        Whether the next batch begins with the last states of this one.
    unroll : bool
        Accepted for compatibility: backends choose.
    zero_output_for_mask : bool
        Whether masked steps give zeros, rather than the output before them.
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Shape: ``(batch, steps, features)`` to ``(batch, units)``, or to
    ``(batch, steps, units)`` with ``return_sequences``.
    """

    _missing_axis = (
        "Sequences have the shape (samples, steps, features); a recurrent layer before "
        "this one gives them with return_sequences=True"
    )

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        if not callable(cell) or not hasattr(cell, "state_size"):
            raise ValueError(
                "Argument `cell` should have a `call` method and a `state_size` "
                f"attribute. Received: cell={cell}"
            )
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=3)
        self.states: Any = None

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    @property
    def output_size(self) -> int:
        """The size of an output."""
        size = getattr(self.cell, "output_size", None) or self.state_size[0]
        return int(size)

    def _output_dims(self) -> tuple[int, ...]:
        """Return the sizes of an output, without the batch axis."""
        return (self.output_size,)

    def _state_specs(self, batch: int | None) -> list[Any]:
        dtype = self.compute_dtype
        sizes = self.state_size
        return tree.map_structure(lambda n: KerasTensor((batch, n), dtype), sizes)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Make the cell's weights, and the states if they are kept."""
        step_shape = (sequences_shape[0], *sequences_shape[2:])
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build(step_shape)
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise ValueError(
                    "When using `stateful=True` in a RNN, the batch size must be "
                    "static. Found dynamic batch size: sequence.shape="
                    f"{sequences_shape}"
                )
            self.states = tree.map_structure(
                lambda value: Variable(value, trainable=False, name="rnn_state"),
                self.get_initial_state(sequences_shape[0]),
            )

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return the states that a sequence begins with."""
        found = first_states(self.cell, batch_size)
        return list(found) if isinstance(found, list | tuple) else [found]

    def reset_state(self) -> None:
        """Forget the states that were kept."""
        for state in tree.leaves(self.states):
            state.assign(ops.zeros(state.shape, dtype=state.dtype))

    reset_states = reset_state

    def compute_output_spec(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Return the outputs' shape and dtype."""
        batch, dtype = sequences.shape[0], self.compute_dtype
        steps = (sequences.shape[1],) if self.return_sequences else ()
        shape = (batch, *steps, *self._output_dims())
        output = KerasTensor(shape, dtype)
        if not self.return_state:
            return output
        return (output, *self._state_specs(batch))

    def compute_mask(self, _: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        mask = tree.flatten(mask)[0]
        kept = mask if self.return_sequences else None
        return [kept, *([None] * len(self.state_size))] if self.return_state else kept

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Compute the outputs."""
        batch = sequences.shape[0]
        kept_for = tree.flatten(self.states)[0].shape[0] if self.stateful else batch
        if None not in (batch, kept_for) and batch != kept_for:
            raise ValueError(
                f"{self.described} is stateful: it keeps states for a batch size of "
                f"{kept_for}, and was called on a batch of {batch}."
            )
        if initial_state is None:
            initial_state = self.states if self.stateful else None
        shape = ops.shape(sequences)
        if initial_state is None:
            initial_state = self.get_initial_state(shape[0])
        states = (
            list(initial_state)
            if isinstance(initial_state, list | tuple)
            else [initial_state]
        )
        cell = self.cell
        inside = getattr(cell, "compute_dtype", self.compute_dtype)
        states = tree.map_structure(lambda s: ops.cast(s, inside), states)
        if hasattr(cell, "draw_masks"):
            step_shape = (shape[0], *shape[2:])
            cell.draw_masks(step_shape, training)
        found = self.inner_loop(sequences, states, mask, training)
        found = tree.map_structure(lambda x: ops.cast(x, self.compute_dtype), found)
        last, outputs, states = found
        if hasattr(cell, "draw_masks"):
            cell.draw_masks(step_shape, False)
        if self.stateful:
            kept = tree.flatten(self.states)
            for variable, state in zip(kept, tree.flatten(states), strict=True):
                variable.assign(ops.stop_gradient(state))
        result = outputs if self.return_sequences else last
        return (result, *states) if self.return_state else result

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        """Run the cell along the sequences.

        Parameters
        ----------
        sequences : tensor of shape (batch, steps, ...)
        initial_state : list of tensor
        mask : bool tensor of shape (batch, steps), or None
        training : bool
            What the cell drops was drawn before.

        Returns
        -------
        tuple
            The last output, all outputs, and the last states.
        """
        states = initial_state if tree.is_nested(initial_state) else [initial_state]
        cell: Any = self.cell
        step = cell
        if isinstance(cell, BaseCell) and not cell._mixed:
            sequences, step = cell.project(sequences), cell.step
        axes = (1, 0, *range(2, len(sequences.shape)))
        xs = ops.transpose(sequences, axes)
        masks = None
        if mask is not None:
            masks = ops.transpose(ops.cast(mask, "bool"), (1, 0))

        def one(carry: Any, x: Any) -> Any:
            before, last = carry
            x, kept = x if masks is not None else (x, None)
            output, after = step(x, before)
            after = list(after) if isinstance(after, list | tuple) else [after]
            if kept is None:
                return (after, output), output
            after = tree.map_structure(lambda a, b: _where(kept, a, b), after, before)
            hidden = ops.zeros_like(output) if self.zero_output_for_mask else last
            shown = _where(kept, output, hidden)
            return (after, _where(kept, output, last)), shown

        shape = (ops.shape(sequences)[0], *self._output_dims())
        first = ops.zeros(shape, getattr(cell, "compute_dtype", self.compute_dtype))
        (states, last), outputs = ops.scan(
            one,
            (states, first),
            xs if masks is None else (xs, masks),
            reverse=self.go_backwards,
            unroll=bool(self.unroll),
        )
        if self.go_backwards:  # in the order in which they were computed
            outputs = ops.flip(outputs, axis=0)
        if mask is not None and self.zero_output_for_mask:
            last = ops.get_item(outputs, -1)
        axes = (1, 0, *range(2, len(outputs.shape)))
        return last, ops.transpose(outputs, axes), states


def _where(kept: Any, x: Any, y: Any) -> Any:
    while len(kept.shape) < len(x.shape):
        kept = ops.expand_dims(kept, -1)
    return ops.where(kept, x, y)


class _Recurrent(RNN):
    """Base: a recurrent layer whose arguments are those of its cell."""

    _cell: ClassVar[type[BaseCell]]

    def _begin(self, arguments: dict[str, Any], kwargs: dict[str, Any]) -> None:
        kwargs.pop("implementation", None)  # of Keras 2
        if "use_cudnn" in arguments:
            self.use_cudnn = arguments["use_cudnn"]
        given = {
            k: v
            for k, v in arguments.items()
            if k in self._cell._signature.parameters and k not in ("self", "kwargs")
        }
        shared = {k: kwargs[k] for k in ("trainable", "dtype") if k in kwargs}
        own = {k: arguments[k] for k in _OPTIONS}
        cell = self._cell(**given, **shared)
        regularizer = arguments["activity_regularizer"]
        RNN.__init__(self, cell, **own, activity_regularizer=regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        """Run the cell along the sequences, as ``RNN`` does."""
        if vars(self).get("use_cudnn") is True:
            raise ValueError(
                f"{self.described}: use_cudnn=True was specified, but cuDNN is not "
                "supported for this layer configuration with this backend. Pass "
                "use_cudnn='auto'."
            )
        return super().inner_loop(sequences, initial_state, mask, training)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._cell._signature.parameters:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self.cell, name)


_OPTIONS = (
    *("return_sequences", "return_state", "go_backwards", "stateful", "unroll"),
)


@export("dlcore.layers.SimpleRNN")
class SimpleRNN(_Recurrent):
    """A fully connected recurrent layer.

    Notes
    -----
    Arguments: those of ``SimpleRNNCell`` and ``RNN``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.SimpleRNN(4)(dlcore.ops.ones((2, 5, 3))).shape
    (2, 4)
    """

    _cell = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        self._begin(locals(), kwargs)


@export("dlcore.layers.LSTM")
class LSTM(_Recurrent):
    """Long short-term memory.

    Notes
    -----
    Arguments: those of ``LSTMCell`` and ``RNN``; ``use_cudnn`` is accepted for
    compatibility. Source: Hochreiter and Schmidhuber, 1997.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.LSTM(4, return_sequences=True)
    >>> layer(dlcore.ops.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    _cell = LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ):
        self._begin(locals(), kwargs)


@export("dlcore.layers.GRU")
class GRU(_Recurrent):
    """Gated recurrent unit.

    Notes
    -----
    Arguments: those of ``GRUCell`` and ``RNN``; ``use_cudnn`` is accepted for
    compatibility. Source: Cho et al., 2014, arXiv:1406.1078.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.GRU(4)(dlcore.ops.ones((2, 5, 3))).shape
    (2, 4)
    """

    _cell = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ):
        self._begin(locals(), kwargs)
