"""Attention."""

from __future__ import annotations

import math
from typing import Any

from dlcore.src.dtypes import is_float
from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.nn.activations import softmax
from dlcore.src.ops.numpy.creation import arange
from dlcore.src.ops.numpy.elementwise import multiply, tanh
from dlcore.src.ops.numpy.indexing import where
from dlcore.src.ops.numpy.logic import logical_and
from dlcore.src.ops.numpy.products import einsum
from dlcore.src.ops.numpy.shape import expand_dims, repeat
from dlcore.src.symbolic import Spec


def _attention_rule(
    query: Any, key: Any, value: Any, *args: Any, **kwargs: Any
) -> Spec:
    shapes = [rules.shape_of(x) for x in (query, key, value)]
    if any(len(s) != 4 for s in shapes):
        raise ValueError(
            "`query`, `key` and `value` have 4 axes (batch, time, heads, size), "
            f"got {shapes}"
        )
    heads, groups = shapes[0][2], shapes[1][2]
    if heads and groups and heads % groups:
        raise ValueError(f"{heads} heads of `query` do not divide by {groups} of `key`")
    dtype = rules.float_of(rules.promoted(query, key, value))
    return Spec((*shapes[0][:3], shapes[2][3]), dtype)


@derived(rule=_attention_rule)
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: Any = None,
    attn_logits_soft_cap: Any = None,
) -> Any:
    """Mean of the values, weighed by how well their keys fit the query.

    Parameters
    ----------
    query : tensor of shape (batch, time, heads, size)
    key : tensor of shape (batch, source, groups, size)
        With fewer groups than heads, several heads share one.
    value : tensor of shape (batch, source, groups, width)
    bias : tensor that broadcasts to (batch, heads, time, source), optional
        Added to the logits.
    mask : bool tensor that broadcasts to (batch, heads, time, source), optional
        True where a query may look.
    scale : float, optional
        Factor of the logits, ``1 / sqrt(size)`` unless given.
    is_causal : bool
        Whether a query only sees what is not later.
    flash_attention : bool, optional
        Accepted for compatibility: a backend uses its fastest kernel.
    attn_logits_soft_cap : float, optional
        Bound of the logits, by ``cap * tanh(logits / cap)``.

    Returns
    -------
    tensor of shape (batch, time, heads, width)

    Notes
    -----
    Source: Vaswani et al., 2017, arXiv:1706.03762.
    """
    _attention_rule(query, key, value)
    dtype = rules.float_of(rules.promoted(query, key, value))
    query, key, value = (cast(x, dtype) for x in (query, key, value))
    (_, time, heads, size), (_, source, groups, _) = map(rules.shape_of, (query, key))
    if mask is not None and is_float(rules.promoted(mask)):
        mask = cast(mask, "bool")
    for name, extra in (("bias", bias), ("mask", mask)):
        if extra is not None and len(rules.shape_of(extra)) > 4:
            raise ValueError(
                f"dot_product_attention: `{name}` has at most 4 axes, got the shape "
                f"{rules.shape_of(extra)}."
            )
    if heads != groups:
        key, value = (repeat(x, heads // groups, 2) for x in (key, value))
    factor = 1.0 / math.sqrt(size) if scale is None else scale
    logits = multiply(einsum("btnh,bsnh->bnts", query, key), factor)
    logits = cast(logits, "float32" if dtype in ("float16", "bfloat16") else dtype)
    if attn_logits_soft_cap is not None:
        logits = attn_logits_soft_cap * tanh(logits / attn_logits_soft_cap)
    if bias is not None:
        logits = logits + cast(bias, rules.promoted(logits))
    if is_causal:
        earlier = expand_dims(arange(time), -1) >= arange(source)
        mask = earlier if mask is None else logical_and(mask, earlier)
    if mask is not None:
        lowest = -0.7 * (65504.0 if dtype == "float16" else 3.4e38)
        logits = where(mask, logits, cast(lowest, rules.promoted(logits)))
    weights = cast(softmax(logits, -1), dtype)
    return einsum("bnts,bsnh->btnh", weights, value)
