"""``MultiHeadAttention``."""

from __future__ import annotations

from typing import Any

from dlcore.src.export import export
from dlcore.src.layers.attention.heads import (
    HeadedAttention,
    check_shapes,
    projection_equation,
)


@export("dlcore.layers.MultiHeadAttention")
class MultiHeadAttention(HeadedAttention):
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
    output_shape : int or sequence of int, optional
        Sizes of the outputs' last axes; that of the queries unless given.
    attention_axes : int or sequence of int, optional
        Axes to attend along; all but batch and features unless given.
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

    Notes
    -----
    Called with ``(query, value, key=None, query_mask=None, value_mask=None,
    key_mask=None, attention_mask=None, return_attention_scores=False, training=None,
    use_causal_mask=False)``; queries of shape ``(batch, time, size)``, values and keys
    ``(batch, source, size)``, ``attention_mask`` ``(batch, time, source)``, true where
    a query may look. Source: Vaswani et al., 2017, arXiv:1706.03762; the gate: Qiu et
    al., 2025, arXiv:2505.06708.

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
        output_shape: Any = None,
        attention_axes: Any = None,
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
        self._keep({k: v for k, v in locals().items() if k != "output_shape"})
        for name, size in (
            ("num_heads", num_heads),
            ("key_dim", key_dim),
            ("value_dim", key_dim if value_dim is None else value_dim),
        ):
            if not isinstance(size, int) or size <= 0:
                raise ValueError(
                    f"Received an invalid value for argument `{name}`, expected a "
                    f"positive integer. Received: {name}={size}"
                )
        self.value_dim = value_dim or key_dim
        self._output_sizes = _sizes(output_shape)
        if isinstance(attention_axes, int):
            self.attention_axes = (attention_axes,)
        elif attention_axes and not isinstance(attention_axes, list | tuple):
            raise ValueError(
                "`attention_axes` must be an int, list, or tuple. Received: "
                f"attention_axes={attention_axes}"
            )
        self._ready(key_dim)

    def build(  # type: ignore[override]  # a shape for each input
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Make the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        check_shapes(value_shape, key_shape)
        heads, rank = self.num_heads, len(value_shape)
        for name, shape, size in (
            ("query", query_shape, self.key_dim),
            ("key", key_shape, self.key_dim),
            ("gate", query_shape, self.value_dim),
            ("value", value_shape, self.value_dim),
        ):
            if name == "gate" and not self.use_gate:
                continue
            free = len(shape) - 1
            equation, bias = projection_equation(free, 1, 2)
            sizes = (*[None] * (free - 1), heads, size)
            activation = "sigmoid" if name == "gate" else None
            layer = self._projection(equation, sizes, bias, name, activation)
            setattr(self, f"_{name}_dense", layer)
            layer.build(shape)
        chosen: Any = self.attention_axes
        axes = chosen or range(1, rank - 1)
        self._plan(rank + 1, tuple(a % rank for a in axes))
        wanted = self._output_sizes or (query_shape[-1],)
        free = len(query_shape) - 1
        equation, bias = projection_equation(free, 2, len(wanted))
        sizes = (*[None] * (free - 1), *wanted)
        self._output_dense = self._projection(equation, sizes, bias, "attention_output")
        self._output_dense.build((*query_shape[:-1], heads, self.value_dim))

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> Any:
        """Return the outputs' shape."""
        check_shapes(value_shape, value_shape if key_shape is None else key_shape)
        return (*query_shape[:-1], *(self._output_sizes or (query_shape[-1],)))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shapes and dtypes of outputs and scores."""
        return self.call(*args, **kwargs)


def _sizes(output_shape: Any) -> tuple[int, ...]:
    if not output_shape:
        return ()
    if isinstance(output_shape, int):
        return (output_shape,)
    if not isinstance(output_shape, list | tuple):
        raise ValueError(
            f"Invalid `output_shape`: {output_shape}. When specified, the "
            "`output_shape` should be of type tuple, list, or int."
        )
    return tuple(output_shape)
