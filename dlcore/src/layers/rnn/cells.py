"""What a recurrent layer does in one step."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.layer import Layer


class BaseCell(Layer):
    """A cell with gates: ``call(inputs, states) -> (output, states)``.

    Parameters
    ----------
    units : int
        Size of the output and of each state.
    activation, recurrent_activation : str or Callable
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : optional
    kernel_regularizer, recurrent_regularizer, bias_regularizer : optional
    kernel_constraint, recurrent_constraint, bias_constraint : optional
    dropout, recurrent_dropout : float
        Share of the inputs, and of the state, to drop while training; the same ones at
        all steps.
    seed : int, optional
    **kwargs
        Of ``Layer``.
    """

    gates: ClassVar[int]

    def _ready(self) -> None:
        if self.units <= 0:
            raise ValueError(
                "Received an invalid value for argument `units`, expected a positive "
                f"integer, got {self.units}"
            )
        self.dropout: float = min(1.0, max(0.0, self.dropout))
        self.recurrent_dropout: float = min(1.0, max(0.0, self.recurrent_dropout))
        if self.dropout or self.recurrent_dropout:
            self.seed_generator = random.SeedGenerator(self.seed)
        self.state_size: Any = self.units
        self.output_size = self.units
        self._masks_drawn: Any = (None, None)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        width = self.units * self.gates
        self.kernel = self._weight("kernel", (input_shape[-1], width))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, width))
        self.bias = self._make_bias(width) if self.use_bias else None

    def _make_bias(self, width: int) -> Any:
        return self._weight("bias", (width,))

    def _weight(self, name: str, shape: Any, initializer: Any = None) -> Any:
        part = name.removesuffix("_kernel")
        return self.add_weight(
            shape,
            name=name,
            initializer=initializer or getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
        )

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Return zeros for each state."""
        sizes = self.state_size
        sizes = sizes if isinstance(sizes, list | tuple) else [sizes]
        return [ops.zeros((batch_size, n), dtype=self.compute_dtype) for n in sizes]

    def draw_masks(self, step_shape: Any, training: Any) -> None:
        """Draw what is dropped, for all steps of a sequence."""
        batch_size, features = step_shape[0], step_shape[-1]
        self._masks_drawn = (None, None)
        if training:
            self._masks_drawn = (
                self._mask(self.dropout, (batch_size, features)),
                self._mask(self.recurrent_dropout, (batch_size, self.units)),
            )

    def _mask(self, rate: float, shape: Any) -> Any:
        if not rate:
            return None
        ones = ops.ones(shape, dtype=self.compute_dtype)
        return random.dropout(ones, rate, seed=self.seed_generator)

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Return what is dropped of inputs of this shape, drawn unless it is known."""
        mask, other = self._masks_drawn
        if mask is None:
            mask = self._mask(self.dropout, ops.shape(step_input))
        self._masks_drawn = (mask, other)
        return mask

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return what is dropped of states of this shape, drawn unless it is known."""
        other, mask = self._masks_drawn
        if mask is None:
            mask = self._mask(self.recurrent_dropout, ops.shape(step_input))
        self._masks_drawn = (other, mask)
        return mask

    def reset_dropout_mask(self) -> None:
        """Forget what is dropped of the inputs: the next call draws anew."""
        self._masks_drawn = (None, self._masks_drawn[1])

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget what is dropped of the states: the next call draws anew."""
        self._masks_drawn = (self._masks_drawn[0], None)

    def project(self, inputs: Any) -> Any:
        """Return what the inputs bring to the gates, for one step or for many."""
        mask = self._masks_drawn[0]
        if mask is not None:
            if len(inputs.shape) == 3:
                mask = ops.expand_dims(mask, 1)
            inputs = ops.multiply(inputs, mask)
        x = ops.matmul(inputs, self.kernel)
        bias = self._input_bias()
        return x if bias is None else ops.add(x, bias)

    def _input_bias(self) -> Any:
        return self.bias

    def _kept(self, state: Any) -> Any:
        mask = self._masks_drawn[1]
        return state if mask is None else ops.multiply(state, mask)

    def step(self, x: Any, states: Any) -> Any:
        """Do one step with projected inputs."""
        raise NotImplementedError

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Do one step."""
        states = states if isinstance(states, list | tuple) else [states]
        drawn = self._masks_drawn
        if training and drawn[0] is None and drawn[1] is None:
            self.draw_masks(ops.shape(inputs), training)
        try:
            return self.step(self.project(inputs), list(states))
        finally:
            self._masks_drawn = drawn


@export("dlcore.layers.SimpleRNNCell")
class SimpleRNNCell(BaseCell):
    """``activation(inputs @ kernel + state @ recurrent_kernel + bias)``.

    Notes
    -----
    Arguments: those of ``BaseCell``.
    """

    gates = 1

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep(locals())
        self._ready()

    def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
        """Do one step."""
        return super().call(sequence, states, training)

    def step(self, x: Any, states: Any) -> Any:
        """Do one step with projected inputs."""
        x = ops.add(x, ops.matmul(self._kept(states[0]), self.recurrent_kernel))
        output = x if self.activation is None else self.activation(x)
        return output, [output]


@export("dlcore.layers.LSTMCell")
class LSTMCell(BaseCell):
    """Long short-term memory: gates for input, forgetting, candidate and output.

    Notes
    -----
    Arguments: those of ``BaseCell``, and ``unit_forget_bias``: whether the bias of the
    forget gate begins at 1. Source: Hochreiter and Schmidhuber, 1997.
    """

    gates = 4

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self._keep(locals())
        self._ready()
        self.state_size = [units, units]

    def _make_bias(self, width: int) -> Any:
        if not self.unit_forget_bias:
            return super()._make_bias(width)
        n, first = self.units, self.bias_initializer

        def initializer(shape: Any, dtype: Any = None) -> Any:
            ones = ops.ones((n,), dtype=dtype)
            parts = [first((n,), dtype=dtype), ones, first((2 * n,), dtype=dtype)]
            return ops.concatenate(parts)

        return self._weight("bias", (width,), initializer)

    def step(self, x: Any, states: Any) -> Any:
        """Do one step with projected inputs."""
        hidden, carry = states
        x = ops.add(x, ops.matmul(self._kept(hidden), self.recurrent_kernel))
        i, f, c, o = ops.split(x, 4, axis=-1)
        gate = self.recurrent_activation
        carry = ops.add(
            ops.multiply(gate(f), carry), ops.multiply(gate(i), self.activation(c))
        )
        output = ops.multiply(gate(o), self.activation(carry))
        return output, [output, carry]


@export("dlcore.layers.GRUCell")
class GRUCell(BaseCell):
    """Gated recurrent unit: gates for update, reset and candidate.

    Notes
    -----
    Arguments: those of ``BaseCell``, and ``reset_after``: whether the reset gate is
    applied after the product with the recurrent kernel. Source: Cho et al., 2014,
    arXiv:1406.1078.
    """

    gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ):
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self._keep(locals())
        self._ready()

    def _make_bias(self, width: int) -> Any:
        return self._weight("bias", (2, width) if self.reset_after else (width,))

    def _input_bias(self) -> Any:
        if self.bias is None or not self.reset_after:
            return self.bias
        return ops.get_item(self.bias, 0)

    def step(self, x: Any, states: Any) -> Any:
        """Do one step with projected inputs."""
        before, n = states[0], self.units
        hidden = self._kept(before)
        gate = self.recurrent_activation
        kernel = self.recurrent_kernel
        x_z, x_r, x_h = ops.split(x, 3, axis=-1)
        if self.reset_after:
            inner = ops.matmul(hidden, kernel)
            if self.bias is not None:
                inner = ops.add(inner, ops.get_item(self.bias, 1))
            z, r, h = ops.split(inner, 3, axis=-1)
            r = gate(ops.add(x_r, r))
            h = ops.multiply(r, h)
        else:
            two = ops.get_item(kernel, (slice(None), slice(0, 2 * n)))
            z, r = ops.split(ops.matmul(hidden, two), 2, axis=-1)
            r = gate(ops.add(x_r, r))
            last = ops.get_item(kernel, (slice(None), slice(2 * n, None)))
            h = ops.matmul(ops.multiply(r, hidden), last)
        z = gate(ops.add(x_z, z))
        new = self.activation(ops.add(x_h, h))
        output = ops.add(
            ops.multiply(z, before), ops.multiply(ops.subtract(1.0, z), new)
        )
        return output, [output]


def _as_named(cell: Any, states: Any) -> Any:
    """Return states in a list, or the one state of a cell that names one size."""
    states = list(states) if isinstance(states, list | tuple) else [states]
    return states if isinstance(cell.state_size, list | tuple) else states[0]


def first_states(cell: Any, batch_size: int | None) -> Any:
    """Return a cell's own first states, or zeros of the sizes it names."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    sizes = cell.state_size
    dtype = getattr(cell, "compute_dtype", None)
    if isinstance(sizes, list | tuple):
        return [ops.zeros((batch_size, n), dtype=dtype) for n in sizes]
    return [ops.zeros((batch_size, sizes), dtype=dtype)]


@export("dlcore.layers.StackedRNNCells")
class StackedRNNCells(Layer):
    """Cells one above the other, as one cell.

    Parameters
    ----------
    cells : sequence of cells
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, cells: Any, **kwargs: Any):
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "state_size") or not callable(cell):
                raise ValueError(
                    "All cells must have a `state_size` attribute and be callable. "
                    f"Received cell without it: {cell}"
                )
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states, cell by cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the last cell's output."""
        last = self.cells[-1]
        size = getattr(last, "output_size", None) or last.state_size
        return size[0] if isinstance(size, list | tuple) else size

    def build(self, input_shape: Any) -> None:
        """Build the cells, each for the output of the one below."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            size = getattr(cell, "output_size", None) or cell.state_size
            size = size[0] if isinstance(size, list | tuple) else size
            input_shape = (input_shape[0], size)

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Return each cell's first states."""
        return [_as_named(cell, first_states(cell, batch_size)) for cell in self.cells]

    def draw_masks(self, step_shape: Any, training: Any) -> None:
        """Draw what is dropped, for all steps of a sequence."""
        for cell in self.cells:
            if hasattr(cell, "draw_masks"):
                cell.draw_masks(step_shape, training)
            step_shape = (step_shape[0], getattr(cell, "output_size", step_shape[-1]))

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Do one step."""
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            nested = isinstance(state, list | tuple)
            wanted = getattr(type(cell), "_call", None)
            options = {"training": training} if wanted and wanted.has_training else {}
            inputs, state = cell(inputs, state if nested else [state], **options)
            new.append(_as_named(cell, state))
        return inputs, new
