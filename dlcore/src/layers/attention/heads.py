"""What attention layers with heads share: masks, projections, the attention itself."""

from __future__ import annotations

import string
from typing import Any

from dlcore import ops
from dlcore.src.initializers.base import Initializer
from dlcore.src.layers.attention.flash import is_flash_attention_enabled
from dlcore.src.layers.core.einsum_dense import EinsumDense
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.regularization.noise import Dropout


class HeadedAttention(Layer):
    """Attention by several heads.

    A subclass makes ``_query_dense``, ``_key_dense``, ``_value_dense``, perhaps
    ``_gate_dense``, and ``_output_dense``, and calls ``_plan`` in ``build``.
    """

    def _ready(self, size: int) -> None:
        self.supports_masking = True
        self._scale = size**-0.5
        self._flash_attention = self.flash_attention or is_flash_attention_enabled()
        if self._flash_attention and self.dropout > 0:
            raise ValueError(
                "Dropout is not supported when flash attention is enabled. "
                "Please set dropout to 0.0 to use flash attention."
            )
        window = self.sliding_window
        if window is not None and (not isinstance(window, int) or window <= 0):
            raise ValueError(
                "`sliding_window` must be `None` or a positive integer. "
                f"Received: sliding_window={window}"
            )

    def _plan(self, rank: int, axes: tuple[int, ...]) -> None:
        """Prepare for projected tensors of ``rank`` axes that attend along ``axes``."""
        self._axes = axes
        self._scores, self._combine = attention_equations(rank, axes)
        self._dropout_layer = Dropout(
            self.dropout, seed=self.seed, dtype=self.dtype_policy
        )

    def _projection(
        self, equation: str, shape: Any, bias: str, name: str, activation: Any = None
    ) -> Any:
        options = {
            f"{part}_{kind}": getattr(self, f"{part}_{kind}")
            for part in ("kernel", "bias")
            for kind in ("regularizer", "constraint")
        }
        for part in ("kernel", "bias"):  # one's own: with one seed they would be equal
            given = getattr(self, f"{part}_initializer")
            own = given.clone() if isinstance(given, Initializer) else given
            options[f"{part}_initializer"] = own
        layer = EinsumDense(
            equation,
            shape,
            activation=activation,
            bias_axes=bias if self.use_bias else None,
            activity_regularizer=self.activity_regularizer,
            name=name,
            dtype=self.dtype_policy,
            **options,
        )
        layer.supports_masking = True  # queries may carry their mask through
        return layer

    @property
    def query_dense(self) -> Layer:
        """The projection of the queries."""
        return self._query_dense

    @property
    def key_dense(self) -> Layer:
        """The projection of the keys."""
        return self._key_dense

    @property
    def value_dense(self) -> Layer:
        """The projection of the values."""
        return self._value_dense

    @property
    def output_dense(self) -> Layer:
        """The projection of what the heads found."""
        return self._output_dense

    def _repeated(self, x: Any) -> Any:
        """Return projected keys or values, one a head."""
        return x

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
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the outputs."""
        key = value if key is None else key
        lengths = (query.shape[1], value.shape[1])
        masks = (query_mask, value_mask, key_mask, attention_mask)
        options: dict[str, Any] = {}
        if return_attention_scores:
            options["return_attention_scores"] = True
        mask = None
        if use_causal_mask and self._knows_causal(masks):
            options["use_causal_mask"] = True
        else:
            mask = self._combined(lengths, *masks, use_causal_mask)
        gate = self._gate_dense(query) if self.use_gate else None
        found, scores = self._compute_attention(
            self._query_dense(query),
            self._repeated(self._key_dense(key)),
            self._repeated(self._value_dense(value)),
            mask,
            training,
            **options,
        )
        if gate is not None:
            found = ops.multiply(found, gate)
        output = self._output_dense(found)
        return (output, scores) if return_attention_scores else output

    def _knows_causal(self, masks: Any) -> bool:
        """Whether no mask is needed: the kernel itself can look back only."""
        own = type(self)._compute_attention is HeadedAttention._compute_attention
        return own and self.sliding_window is None and all(m is None for m in masks)

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        """Return what the heads found, and the scores where they were computed.

        Subclasses may override it; they get projected queries, keys and values, and a
        mask that has everything in it.
        """
        mask = attention_mask
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                "Returning attention scores is not supported when flash attention is "
                "enabled. Please disable flash attention to access attention scores."
            )
        if mask is not None:  # (batch, heads, time, source)
            mask = ops.cast(mask, "bool")
            missing = 2 + 2 * len(self._axes) - len(mask.shape)
            for _ in range(missing):
                mask = ops.expand_dims(mask, -2 * len(self._axes) - 1)
        fused = not self.dropout and not return_attention_scores
        if fused and len(query.shape) == 4:
            found = ops.dot_product_attention(
                query,
                key,
                value,
                mask=mask,
                scale=self._scale,
                is_causal=use_causal_mask,
                flash_attention=self._flash_attention,
            )
            return found, None
        if use_causal_mask:
            causal = causal_mask(query.shape[1], value.shape[1])
            mask = causal if mask is None else ops.logical_and(mask, causal)
        query = ops.multiply(query, ops.cast(self._scale, query.dtype))
        scores = ops.einsum(self._scores, key, query)
        if mask is not None:
            low = -3e4 if ops.dtype(scores) == "float16" else -1e9
            scores = ops.where(mask, scores, ops.add(scores, low))
        last = len(scores.shape)
        weights = ops.softmax(scores, axis=tuple(range(last - len(self._axes), last)))
        dropped = weights
        if self.dropout > 0:
            dropped = self._dropout_layer(weights, training=training)
        return ops.einsum(self._combine, dropped, value), weights

    def _combined(
        self,
        lengths: tuple[int, int],
        query_mask: Any,
        value_mask: Any,
        key_mask: Any,
        attention_mask: Any,
        causal: bool,
    ) -> Any:
        """Return one mask for (batch, time, source), or None."""
        parts = []
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for mask in (value_mask, key_mask):
            if mask is not None:
                parts.append(ops.expand_dims(ops.cast(mask, "bool"), -2))
        if attention_mask is not None:
            parts.append(ops.cast(attention_mask, "bool"))
        if causal:
            parts.append(ops.expand_dims(causal_mask(*lengths), 0))
        if self.sliding_window is not None:
            near = ops.abs(distances(*lengths)) < self.sliding_window
            parts.append(ops.expand_dims(near, 0))
        result = parts[0] if parts else None
        for part in parts[1:]:
            result = ops.logical_and(result, part)
        return result


def check_shapes(value_shape: Any, key_shape: Any) -> None:
    """Check that each value has a key.

    Raises
    ------
    ValueError
        Naming both shapes.
    """
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        raise ValueError(
            "All dimensions of `value` and `key`, except the last one, must be equal. "
            f"Received: value_shape={value_shape} and key_shape={key_shape}"
        )


def distances(time: int, source: int) -> Any:
    """Return how much later each time is than each source."""
    rows = ops.expand_dims(ops.arange(time, dtype="int32"), -1)
    return ops.subtract(rows, ops.arange(source, dtype="int32"))


def causal_mask(time: int, source: int) -> Any:
    """Return which sources each time may see: those that are not later."""
    return ops.greater_equal(distances(time, source), 0)


def projection_equation(free: int, bound: int, out: int) -> tuple[str, str]:
    """Return the equation of a projection, and the axes of its bias.

    Parameters
    ----------
    free : int
        Axes that stay, the batch's among them.
    bound : int
        Axes that are summed over.
    out : int
        Axes of the result in their place.

    Examples
    --------
    >>> projection_equation(2, 1, 2)
    ('abc,cde->abde', 'de')
    """
    letters = string.ascii_lowercase
    kept, summed = letters[:free], letters[free : free + bound]
    new = letters[free + bound : free + bound + out]
    return f"{kept}{summed},{summed}{new}->{kept}{new}", new


def attention_equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """Return the equations of the scores, and of the values weighed by them.

    Parameters
    ----------
    rank : int
        Of the projected tensors: (batch, ..., heads, size).
    axes : tuple of int
        Those along which queries look for values.

    Examples
    --------
    >>> attention_equations(4, (1,))
    ('aecd,abcd->acbe', 'acbe,aecd->abcd')
    """
    letters = string.ascii_lowercase
    query = letters[:rank]
    new = iter(letters[rank:])
    key = "".join(next(new) if i in axes else c for i, c in enumerate(query))
    batch = "".join(c for i, c in enumerate(query[:-1]) if i not in axes)
    pairs = "".join(query[i] for i in axes) + "".join(key[i] for i in axes)
    scores = batch + pairs
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"
