"""``GroupQueryAttention``: several query heads share one head of keys and values."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.attention.heads import HeadedAttention, check_shapes


@export("dlcore.layers.GroupQueryAttention")
class GroupQueryAttention(HeadedAttention):
    """Attention whose query heads share heads of keys and values in groups.

    Parameters
    ----------
    head_dim : int
        Size of each head.
    num_query_heads : int
        A multiple of ``num_key_value_heads``.
    num_key_value_heads : int
        1 is multi-query attention; ``num_query_heads`` is multi-head attention.
    dropout : float
        Share of the weights to drop while training.
    use_bias : bool
    sliding_window : int, optional
        How near a source must be: less than so many steps away.
    flash_attention : bool, optional
        Whether to ask for a kernel that never holds all scores; such a kernel knows
        neither dropout nor ``return_attention_scores``.
    kernel_initializer, bias_initializer : str or Initializer
    kernel_regularizer, bias_regularizer, activity_regularizer : optional
    kernel_constraint, bias_constraint : optional
    use_gate : bool
        Whether a sigmoid of the queries scales what the heads found.
    seed : int, optional
    **kwargs
        Of ``Layer``.

    Raises
    ------
    ValueError
        If the heads cannot be grouped.

    Notes
    -----
    Called as ``MultiHeadAttention`` is. Source: Ainslie et al., 2023,
    arXiv:2305.13245.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 5, 8))
    >>> layer = dlcore.layers.GroupQueryAttention(4, 6, 2)
    >>> layer(x, x).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep(locals())
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                "`num_query_heads` must be divisible by `num_key_value_heads`. "
                f"Received: {num_query_heads} and {num_key_value_heads}."
            )
        self.num_repeats = num_query_heads // num_key_value_heads
        self._ready(head_dim)

    def build(  # type: ignore[override]  # a shape for each input
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Make the projections."""
        for name, shape, heads in (
            ("query", query_shape, self.num_query_heads),
            ("key", key_shape or value_shape, self.num_key_value_heads),
            ("gate", query_shape, self.num_query_heads),
            ("value", value_shape, self.num_key_value_heads),
        ):
            if name == "gate" and not self.use_gate:
                continue
            sizes = (None, heads, self.head_dim)
            activation = "sigmoid" if name == "gate" else None
            layer = self._projection("abc,cde->abde", sizes, "de", name, activation)
            setattr(self, f"_{name}_dense", layer)
            layer.build(shape)
        self._plan(4, (1,))
        self._output_dense = self._projection(
            "abcd,cde->abe", (None, query_shape[-1]), "e", "attention_output"
        )
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _repeated(self, x: Any) -> Any:
        return ops.repeat(x, self.num_repeats, axis=2)

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> Any:
        """Return the outputs' shape: that of the queries."""
        if query_shape[-1] != value_shape[-1]:
            raise ValueError(
                "The last dimension of `query_shape` and `value_shape` must be equal, "
                f"but are {query_shape[-1]}, {value_shape[-1]}. Received: query_shape="
                f"{query_shape}, value_shape={value_shape}"
            )
        check_shapes(value_shape, value_shape if key_shape is None else key_shape)
        return query_shape

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shapes and dtypes of outputs and scores."""
        return self.call(*args, **kwargs)
