"""Attention with one head: dot products, or a sum."""

from __future__ import annotations

from typing import Any

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.attention.heads import causal_mask
from dlcore.src.layers.layer import Layer


@export("dlcore.layers.Attention")
class Attention(Layer):
    """Mean of the values, weighed by how well their keys fit the query.

    Parameters
    ----------
    use_scale : bool
        Whether to learn a factor of the scores.
    score_mode : {"dot", "concat"}
    dropout : float
        Share of the weights to drop while training.
    seed : int, optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Called with ``[query, value]`` or ``[query, value, key]``, of shapes
    ``(batch, time, size)`` and ``(batch, source, size)``.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 3, 4))
    >>> dlcore.layers.Attention()([x, x]).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                "Invalid value for argument score_mode. Expected one of {'dot', "
                f"'concat'}}. Received: score_mode={score_mode}"
            )
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        _check_inputs(self, input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight((), name="scale", initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                (), name="concat_score_weight", initializer="ones"
            )

    def _scores(self, query: Any, key: Any) -> Any:
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        summed = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        if self.scale is not None:
            summed = ops.multiply(summed, self.scale)
        scores = ops.sum(ops.tanh(summed), axis=-1)
        return ops.multiply(self.concat_score_weight, scores)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the outputs."""
        _check_inputs(self, inputs, mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask = mask[0] if mask else None
        value_mask = mask[1] if mask and len(mask) > 1 else None
        scores = self._scores(query, key)
        allowed = None
        if value_mask is not None:
            allowed = ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if use_causal_mask:
            causal = causal_mask(query.shape[-2], key.shape[-2])
            allowed = causal if allowed is None else ops.logical_and(allowed, causal)
        if allowed is not None:
            low = -65504.0 if ops.dtype(scores) == "float16" else -1e9
            hidden = ops.cast(ops.logical_not(allowed), scores.dtype)
            scores = ops.add(scores, ops.multiply(hidden, low))
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        result = ops.matmul(weights, value)
        if query_mask is not None:
            kept = ops.expand_dims(ops.cast(query_mask, result.dtype), -1)
            result = ops.multiply(result, kept)
        return (result, weights) if return_attention_scores else result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask: that of the queries."""
        _check_inputs(self, inputs, mask)
        return None if mask is None else mask[0]


@export("dlcore.layers.AdditiveAttention")
class AdditiveAttention(Attention):
    """Attention whose scores are ``sum(tanh(query + key))``.

    Parameters
    ----------
    use_scale : bool
        Whether to learn a factor for each feature.
    dropout : float
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Source: Bahdanau et al., 2014, arXiv:1409.0473.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        _check_inputs(self, input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                (input_shape[0][-1],), name="scale", initializer="glorot_uniform"
            )

    def _scores(self, query: Any, key: Any) -> Any:
        summed = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        terms = ops.tanh(summed)
        if self.scale is not None:
            terms = ops.multiply(terms, self.scale)
        return ops.sum(terms, axis=-1)


def _check_inputs(layer: Layer, inputs: Any, mask: Any = None) -> None:
    name = type(layer).__name__
    if not isinstance(inputs, list | tuple) or isinstance(inputs[0], int | None):
        raise ValueError(
            f"{name} layer must be called on a list of inputs, namely [query, value] "
            f"or [query, value, key]. Received: inputs={inputs}."
        )
    if not 2 <= len(inputs) <= 3:
        raise ValueError(
            f"{name} layer accepts inputs list of length 2 or 3, namely [query, value] "
            f"or [query, value, key]. Received length: {len(inputs)}."
        )
    if mask is not None and not isinstance(mask, list | tuple):
        raise ValueError(
            f"{name} layer mask must be a list, namely [query_mask, value_mask]. "
            f"Received: mask={mask}."
        )
    if mask is not None and not 2 <= len(mask) <= 3:
        raise ValueError(
            f"{name} layer accepts mask list of length 2 or 3. Received: {len(mask)} "
            f"masks for {len(inputs)} inputs."
        )
