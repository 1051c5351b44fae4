"""``MultiHeadAttention``."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.attention.attention import causal_mask
from dlcore.src.layers.context import get_mask
from dlcore.src.layers.core.einsum_dense import EinsumDense
from dlcore.src.layers.layer import Layer


@export("dlcore.layers.MultiHeadAttention")
class MultiHeadAttention(Layer):
    """Attention by several heads, each in a space of its own.

    Parameters
    ----------
    num_heads : int
    key_dim : int
        Size of each head's queries and keys.
    value_dim : int, optional
        Size of each head's values; ``key_dim`` unless given.
    dropout : float
        Share of the weights to drop while training.
    use_bias : bool
    output_shape : int, optional
        Size of the outputs; that of the queries unless given.
    kernel_initializer, bias_initializer : str or Initializer
    kernel_regularizer, bias_regularizer, activity_regularizer : optional
    kernel_constraint, bias_constraint : optional
    seed : int, optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Called with ``(query, value, key=None)`` of shapes ``(batch, time, size)`` and
    ``(batch, source, size)``. Source: Vaswani et al., 2017, arXiv:1706.03762.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 5, 8))
    >>> dlcore.layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep({k: v for k, v in locals().items() if k != "output_shape"})
        for name, size in (("num_heads", num_heads), ("key_dim", key_dim)):
            if not isinstance(size, int) or size <= 0:
                raise ValueError(
                    f"Received an invalid value for argument `{name}`, expected a "
                    f"positive integer. Received: {name}={size}"
                )
        self.value_dim = value_dim or key_dim
        self._output_size = output_shape
        self.supports_masking = True
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)

    def build(  # type: ignore[override]  # a shape for each input
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Make the four projections."""
        key_shape = key_shape or value_shape
        if value_shape[1:-1] != key_shape[1:-1]:
            raise ValueError(
                "All dimensions of `value` and `key`, except the last one, must be "
                f"equal. Received: value_shape={value_shape} and key_shape={key_shape}"
            )
        heads = self.num_heads
        for name, shape, size in (
            ("query", query_shape, self.key_dim),
            ("key", key_shape, self.key_dim),
            ("value", value_shape, self.value_dim),
        ):
            layer = self._projection("abc,cde->abde", (None, heads, size), "de", name)
            setattr(self, f"_{name}_dense", layer)
            layer.build(shape)
        size = self._output_size or query_shape[-1]
        self._output_dense = self._projection(
            "abcd,cde->abe", (None, size), "e", "attention_output"
        )
        self._output_dense.build((*query_shape[:-1], heads, self.value_dim))

    def _projection(self, equation: str, shape: Any, bias: str, name: str) -> Any:
        options = {
            f"{part}_{kind}": getattr(self, f"{part}_{kind}")
            for part in ("kernel", "bias")
            for kind in ("initializer", "regularizer", "constraint")
        }
        return EinsumDense(
            equation,
            shape,
            bias_axes=bias if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            **options,
        )

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the outputs."""
        key = value if key is None else key
        mask = self._combined(
            query, value, query_mask, value_mask, key_mask, attention_mask,
            use_causal_mask,
        )  # fmt: skip
        q = self._query_dense(query)
        k = self._key_dense(key)
        v = self._value_dense(value)
        drop = bool(training) and self.dropout > 0
        if not return_attention_scores and not drop:
            mixed, weights = ops.dot_product_attention(q, k, v, mask=mask), None
        else:
            scale = 1.0 / math.sqrt(self.key_dim)
            scores = ops.einsum("bthd,bshd->bhts", ops.multiply(q, scale), k)
            if mask is not None:
                low = -3e4 if ops.dtype(scores) == "float16" else -1e9
                scores = ops.where(mask, scores, ops.add(scores, low))
            weights = ops.softmax(scores, axis=-1)
            dropped = weights
            if drop:
                seeds = self.seed_generator
                dropped = random.dropout(weights, self.dropout, seed=seeds)
            mixed = ops.einsum("bhts,bshd->bthd", dropped, v)
        output = self._output_dense(mixed)
        return (output, weights) if return_attention_scores else output

    def _combined(
        self,
        query: Any,
        value: Any,
        query_mask: Any,
        value_mask: Any,
        key_mask: Any,
        attention_mask: Any,
        causal: bool,
    ) -> Any:
        """Return one mask for ``(batch, heads, time, source)``, or None."""
        parts = []
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for mask in (value_mask, key_mask):
            if mask is not None:
                parts.append(ops.expand_dims(ops.cast(mask, "bool"), -2))
        if attention_mask is not None:
            parts.append(ops.cast(attention_mask, "bool"))
        if causal:
            parts.append(
                ops.expand_dims(causal_mask(query.shape[1], value.shape[1]), 0)
            )
        if not parts:
            return None
        result = parts[0]
        for part in parts[1:]:
            result = ops.logical_and(result, part)
        return ops.expand_dims(result, 1) if len(result.shape) == 3 else result

    def compute_mask(self, query: Any, query_mask: Any = None) -> Any:
        """Return the outputs' mask: that of the queries."""
        return get_mask(query) if query_mask is None else query_mask
