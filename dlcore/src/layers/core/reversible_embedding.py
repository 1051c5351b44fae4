"""``ReversibleEmbedding``: a table that also gives the logits of its rows."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.layers.adapters.layout import MATRIX, Layout, Product
from dlcore.src.layers.context import set_mask
from dlcore.src.layers.core.embedding import Embedding
from dlcore.src.symbolic import KerasTensor

#: Backwards through the same table.
_TIED = Product(
    lambda x, table: ops.matmul(x, ops.transpose(table)),
    lambda upstream, table: ops.matmul(upstream, table),
)


@export("dlcore.layers.ReversibleEmbedding")
class ReversibleEmbedding(Embedding):
    """An embedding that can be called backwards, from vectors to logits.

    Parameters
    ----------
    input_dim : int
        Number of rows: the largest integer plus one.
    output_dim : int
        Size of a row.
    tie_weights : bool
        Whether the way back uses the same table.
    embeddings_initializer, embeddings_regularizer, embeddings_constraint : optional
    mask_zero : bool
        Whether 0 means padding, which layers further on leave out.
    reverse_dtype : str, optional
        What the way back computes in; ``compute_dtype`` unless given.
    logit_soft_cap : float, optional
        Bound of the logits, by ``cap * tanh(logits / cap)``.
    **kwargs
        Of ``Embedding``.

    Notes
    -----
    ``call(inputs, reverse=False)``. Shape: integers ``(batch, ...)`` to
    ``(batch, ..., output_dim)``; backwards ``(batch, ..., output_dim)`` to
    ``(batch, ..., input_dim)``. Source: Press and Wolf, 2016, arXiv:1608.05859.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.ReversibleEmbedding(10, 4)
    >>> hidden = layer(dlcore.ops.ones((2, 3), dtype="int32"))
    >>> layer(hidden, reverse=True).shape
    (2, 3, 10)
    """

    _quantizes_inputs = ("int8", "int4")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: str | None = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        """Make the tables."""
        super().build(input_shape)
        if not self.tie_weights and not self._is_quantized:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim),
                name="reverse_embeddings",
                initializer=self.embeddings_initializer,
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        """Compute the outputs."""
        if not reverse:
            return self._masked(super().call(inputs), inputs)
        if self.tie_weights:
            kernel = ops.transpose(self.embeddings)
        else:
            kernel = self.reverse_embeddings
        dtype = self.reverse_dtype or self.compute_dtype
        return self._capped(
            ops.matmul(ops.cast(inputs, dtype), ops.cast(kernel, dtype))
        )

    def _masked(self, rows: Any, inputs: Any) -> Any:
        if self.mask_zero:
            set_mask(rows, ops.not_equal(inputs, 0))
        return rows

    def _capped(self, logits: Any) -> Any:
        cap = self.logit_soft_cap
        if cap is not None:
            logits = ops.multiply(ops.tanh(ops.divide(logits, cap)), cap)
        return logits

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return None: ``call`` knows the direction, and sets the mask."""
        return None

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> Any:
        """Return the outputs' shape."""
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> Any:
        """Return the outputs' shape and dtype."""
        dtype = self.compute_dtype
        if reverse and self.reverse_dtype is not None:
            dtype = standardize_dtype(self.reverse_dtype)
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype)

    def _weights_stored(self) -> tuple[str, ...]:
        more = () if self.tie_weights else ("reverse_embeddings",)
        return (*super()._weights_stored(), *more)

    def _layouts_of(self, shape: tuple[int, ...]) -> dict[str, Layout]:
        layouts = super()._layouts_of(shape)
        if not self.tie_weights:
            turned = shape[::-1]
            layouts["reverse_embeddings"] = Layout(
                turned, (0,), (1,), turned, along=0, packed=0
            )
        return layouts

    def _run_quantized(self, mode: Any, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return self._masked(super()._run_quantized(mode, inputs), inputs)
        inputs = ops.cast(inputs, self.compute_dtype)
        if self.tie_weights:
            logits = mode.product(self, self._adapts, _TIED, inputs)
            if self.lora_enabled:
                logits = ops.add(logits, _TIED.run(inputs, self._update()))
        else:
            logits = mode.product(self, "reverse_embeddings", MATRIX, inputs)
        return self._capped(ops.cast(logits, self.reverse_dtype or self.compute_dtype))
