"""Long short-term memory on images: convolutions in place of matrix products."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.rnn.rnn import RNN
from dlcore.src.layers.sizes import data_format_of, padding_of, sizes
from dlcore.src.symbolic import KerasTensor


class ConvLSTMCell(Layer):
    """One step of a ``ConvLSTM``.

    Parameters
    ----------
    rank : int
        Number of axes that the kernel slides over.
    **kwargs
        Those of ``BaseConvLSTM`` that are about a step, and of ``Layer``.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        super().__init__(**kwargs)
        self._keep(locals())
        self.kernel_size = sizes(kernel_size, rank, "kernel_size")
        self.strides = sizes(strides, rank, "strides")
        self.dilation_rate = sizes(dilation_rate, rank, "dilation_rate")
        self.padding = padding_of(padding)
        self.data_format = data_format_of(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Specifying `strides > 1` is not compatible with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}"
            )
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed_generator = random.SeedGenerator(seed)
        self.input_spec = InputSpec(ndim=rank + 2)
        self.state_size = [filters, filters]
        self._masks_drawn: Any = (None, None)

    def build(self, inputs_shape: Any, states_shape: Any = None) -> None:
        """Make the weights."""
        first = self.data_format == "channels_first"
        space = inputs_shape[2:] if first else inputs_shape[1:-1]
        channels = inputs_shape[1 if first else -1]
        if None in space:
            raise ValueError(
                "ConvLSTM layers only support static input shapes for the spatial "
                f"dimension. Received invalid input shape: input_shape={inputs_shape}"
            )
        if channels is None:
            raise ValueError(
                "The channel dimension of the inputs (last axis) should be defined. "
                f"Found None. Full input shape received: input_shape={inputs_shape}"
            )
        width, n = 4 * self.filters, self.filters
        self.kernel = self._weight("kernel", (*self.kernel_size, channels, width))
        self.recurrent_kernel = self._weight(
            "recurrent_kernel", (*self.kernel_size, n, width)
        )
        self.bias = None
        if self.use_bias:
            self.bias = self._weight(
                "bias", (width,), self._forgetful if self.unit_forget_bias else None
            )
        step = KerasTensor((1, *inputs_shape[1:]), self.compute_dtype)
        self.output_dims = tuple(self._convolve(step, self._part(0)).shape[1:])

    def _forgetful(self, shape: Any, dtype: Any = None) -> Any:
        """Begin with a bias of 1 for the gate that keeps the carry."""
        n, first = self.filters, self.bias_initializer
        parts = [first((n,), dtype=dtype), ops.ones((n,), dtype=dtype)]
        return ops.concatenate([*parts, first((2 * n,), dtype=dtype)])

    def _weight(self, name: str, shape: Any, initializer: Any = None) -> Any:
        part = name.removesuffix("_kernel")
        return self.add_weight(
            shape,
            name=name,
            initializer=initializer or getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
        )

    def _part(self, gate: int) -> Any:
        return ops.split(self.kernel, 4, axis=-1)[gate]

    def _convolve(self, x: Any, kernel: Any) -> Any:
        return ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def _look_back(self, x: Any, kernel: Any) -> Any:
        return ops.conv(x, kernel, padding="same", data_format=self.data_format)

    def _gates(self, convolve: Any, x: Any, kernel: Any, masks: Any) -> Any:
        """Return what ``x`` brings to the four gates."""
        axis = 1 if self.data_format == "channels_first" else -1
        if masks is None:
            return ops.split(convolve(x, kernel), 4, axis=axis)
        parts = ops.split(kernel, 4, axis=-1)
        return [
            convolve(ops.multiply(x, mask), part)
            for mask, part in zip(masks, parts, strict=True)
        ]

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Return zeros for both states."""
        shape = (batch_size, *self.output_dims)
        return [ops.zeros(shape, dtype=self.compute_dtype) for _ in range(2)]

    def draw_masks(self, step_shape: Any, training: Any) -> None:
        """Draw what is dropped, for each gate and for all steps of a sequence."""

        def masks(rate: float, shape: Any) -> Any:
            if not training or not 0.0 < rate < 1.0:
                return None
            ones = ops.ones(shape, dtype=self.compute_dtype)
            seeds = self.seed_generator
            return [random.dropout(ones, rate, seed=seeds) for _ in range(4)]

        self._masks_drawn = (
            masks(self.dropout, tuple(step_shape)),
            masks(self.recurrent_dropout, (step_shape[0], *self.output_dims)),
        )

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Do one step."""
        drawn = self._masks_drawn
        if training and drawn[0] is None and drawn[1] is None:
            self.draw_masks(ops.shape(inputs), training)
        of_inputs, of_states = self._masks_drawn
        self._masks_drawn = drawn
        hidden, carry = states
        new = self._gates(self._convolve, inputs, self.kernel, of_inputs)
        kernel = self.recurrent_kernel
        old = self._gates(self._look_back, hidden, kernel, of_states)
        if self.bias is not None:
            shape = [1] * (self.rank + 2)
            shape[1 if self.data_format == "channels_first" else -1] = self.filters
            biases = ops.split(self.bias, 4)
            new = [
                ops.add(x, ops.reshape(b, shape))
                for x, b in zip(new, biases, strict=True)
            ]
        i, f, c, o = (ops.add(a, b) for a, b in zip(new, old, strict=True))
        gate = self.recurrent_activation
        carry = ops.add(
            ops.multiply(gate(f), carry), ops.multiply(gate(i), self.activation(c))
        )
        output = ops.multiply(gate(o), self.activation(carry))
        return output, [output, carry]


class BaseConvLSTM(RNN):
    """Long short-term memory whose products are convolutions.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or sequence of int
    strides, dilation_rate : int or sequence of int
        Of the convolution of the inputs.
    padding : {"valid", "same"}
        Of the convolution of the inputs.
    data_format : {"channels_last", "channels_first"}, optional
    activation, recurrent_activation : str or Callable
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : optional
    unit_forget_bias : bool
        Whether the bias of the gate that keeps the carry begins at 1.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : optional
    kernel_constraint, recurrent_constraint, bias_constraint : optional
    dropout, recurrent_dropout : float
        Share of the inputs, and of the state, to drop while training.
    seed : int, optional
    return_sequences, return_state, go_backwards, stateful : bool
        As in ``RNN``.
    **kwargs
        Of ``RNN``.

    Notes
    -----
    Shape: ``(batch, steps, *space, channels)`` to ``(batch, *new space, filters)``, or
    with the steps where ``return_sequences``. Source: Shi et al., 2015,
    arXiv:1506.04214.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ):
        arguments = locals()
        own = set(ConvLSTMCell._signature.parameters) - {"self", "rank", "kwargs"}
        cell = ConvLSTMCell(
            self.rank,
            **{name: arguments[name] for name in own},
            name="conv_lstm_cell",
            dtype=kwargs.get("dtype"),
        )
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, **kwargs
        )
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def __getattr__(self, name: str) -> Any:
        """Return an argument that the cell keeps."""
        if name.startswith("_") or name not in ConvLSTMCell._signature.parameters:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self.cell, name)

    def _output_dims(self) -> tuple[int, ...]:
        return self.cell.output_dims

    def _state_specs(self, batch: int | None) -> list[Any]:
        shape = (batch, *self._output_dims())
        return [KerasTensor(shape, self.compute_dtype) for _ in range(2)]


@export("dlcore.layers.ConvLSTM1D")
class ConvLSTM1D(BaseConvLSTM):
    """Convolutional long short-term memory for sequences of sequences.

    Notes
    -----
    Arguments: those of ``BaseConvLSTM``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.ConvLSTM1D(4, 3)(dlcore.ops.ones((2, 5, 8, 3))).shape
    (2, 6, 4)
    """

    rank = 1


@export("dlcore.layers.ConvLSTM2D")
class ConvLSTM2D(BaseConvLSTM):
    """Convolutional long short-term memory for sequences of images.

    Notes
    -----
    Arguments: those of ``BaseConvLSTM``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.ConvLSTM2D(4, 3, padding="same")
    >>> layer(dlcore.ops.ones((2, 5, 8, 8, 3))).shape
    (2, 8, 8, 4)
    """

    rank = 2


@export("dlcore.layers.ConvLSTM3D")
class ConvLSTM3D(BaseConvLSTM):
    """Convolutional long short-term memory for sequences of volumes.

    Notes
    -----
    Arguments: those of ``BaseConvLSTM``.
    """

    rank = 3
