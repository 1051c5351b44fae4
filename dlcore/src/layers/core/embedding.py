"""``Embedding``."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.adapters.low_rank import AdaptedWeight
from dlcore.src.layers.adapters.tables import QuantizableTable


@export("dlcore.layers.Embedding")
class Embedding(QuantizableTable):
    """A row of a trainable table for each integer.

    Parameters
    ----------
    input_dim : int
        Number of rows: the largest integer plus one.
    output_dim : int
        Size of a row.
    embeddings_initializer, embeddings_regularizer, embeddings_constraint : optional
    mask_zero : bool
        Whether 0 means padding, which layers further on leave out.
    weights : array-like, optional
        The table's first values, or a list that holds them.
    lora_rank, lora_alpha : optional
        As in ``enable_lora``, which ``build`` then calls.
    quantization_config : QuantizationConfig, optional
        Settings of the mode where ``dtype`` is that of a quantized layer.
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Shape: integers ``(batch, ...)`` to ``(batch, ..., output_dim)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Embedding(10, 4)
    >>> layer(dlcore.ops.ones((2, 3), dtype="int32")).shape
    (2, 3, 4)
    """

    embeddings: Any = AdaptedWeight()

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        kwargs.pop("input_length", None)  # of Keras 2; it never mattered here
        super().__init__(**kwargs)
        for name, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
                raise ValueError(
                    f"`{name}` must be a positive integer. Received: {name}={size} "
                    f"(of type {type(size).__name__})."
                )
        self._keep({k: v for k, v in locals().items() if k != "weights"})
        self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        self._make_weight("embeddings", (self.input_dim, self.output_dim))
        self._adapt_as_asked()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        outputs = ops.take(self.embeddings, self._indices(inputs), axis=0)
        return ops.cast(outputs, self.compute_dtype) if self._mixed else outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None
