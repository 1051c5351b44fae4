"""The shared random numbers, in one graph: one call instead of forty."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from dlcore.src.backend.active import use_backend
from dlcore.src.backend.tensorflow.runtime import convert
from dlcore.src.ops.declare import REGISTRY


def _bits(shape: Any, seed: Any) -> Any:
    with use_backend("tensorflow"):
        return REGISTRY["random_bits"].body(shape, seed)  # type: ignore[misc]


#: The count is an argument too, so that one graph serves all shapes.
_compiled = tf.function(
    lambda count, seed: _bits((count,), seed),
    input_signature=[tf.TensorSpec((), tf.int32), tf.TensorSpec((2,), tf.int32)],
    autograph=False,
)


def random_bits(shape: Any, seed: Any) -> Any:
    seed, shape = convert(seed, "int32"), tuple(shape)
    if not tf.executing_eagerly():
        return _bits(shape, seed)
    return tf.reshape(_compiled(tf.constant(math.prod(shape)), seed), shape)
