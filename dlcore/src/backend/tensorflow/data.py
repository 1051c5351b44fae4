"""``tf.data.Dataset`` made of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from dlcore.src import tree


def from_samples(samples: list[Any], batch_size: int | None = None) -> Any:
    """Return a ``tf.data.Dataset`` of samples, in batches if a size is given."""
    columns = zip(*map(tree.flatten, samples), strict=True)
    arrays = tree.pack_sequence_as(samples[0], [np.array(c) for c in columns])
    dataset = tf.data.Dataset.from_tensor_slices(arrays)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    return dataset.prefetch(tf.data.AUTOTUNE)
