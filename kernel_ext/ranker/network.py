"""The network that scores a list of candidates: a small `dlcore` model.

Candidates and context share one table of subtoken embeddings, so that a name of
a library never seen in training still has a meaning (Svyatkovskiy et al. 2021,
"Fast and memory-efficient neural code completion"). What the counts know enters
as features of each candidate; the network learns when to trust which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

import dlcore
from dlcore import layers, ops
from kernel_ext.ranker.features import Inputs
from kernel_ext.ranker.subtokens import LONGEST


class Sizes(NamedTuple):
    """What fixes the shapes of all weights."""

    features: int
    numbers: int
    vocabulary: int
    slots: int
    width: int
    embedding: int = 24
    hidden: int = 64


class TokenMean(layers.Layer):
    """Mean of the vectors of the subtokens that are not padding (0)."""

    def call(self, ids: Any, vectors: Any) -> Any:
        """Average ``(..., tokens, size)`` over tokens to ``(..., size)``."""
        mask = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), "float32"), -1)
        total = ops.sum(vectors * mask, axis=-2)
        return total / ops.maximum(ops.sum(mask, axis=-2), 1.0)


def build(sizes: Sizes, dropout: float = 0.0) -> dlcore.Model:
    """Build the model.

    Parameters
    ----------
    sizes : Sizes
        Numbers of features, subtokens and context slots, and widths.
    dropout : float
        Share of embeddings and hidden units dropped while training: the embeddings
        learn single repositories by heart without it.

    Returns
    -------
    dlcore.Model
        Takes ``[features, candidates, context, numbers, offset]`` of shapes
        ``(batch, list, features)`` float32, ``(batch, list, 4)`` int32,
        ``(batch, slots, width)`` int32, ``(batch, numbers)`` float32 and
        ``(batch, list)`` float32 (added to the scores: -1e9 conceals padding);
        gives scores ``(batch, list)``.
    """
    features = dlcore.Input((None, sizes.features), name="features")
    candidates = dlcore.Input((None, LONGEST), dtype="int32", name="candidates")
    context = dlcore.Input((sizes.slots, sizes.width), dtype="int32", name="context")
    numbers = dlcore.Input((sizes.numbers,), name="numbers")
    offset = dlcore.Input((None,), name="offset")

    embed = layers.Embedding(sizes.vocabulary, sizes.embedding, name="subtokens")
    mean = TokenMean(name="mean")
    item = mean(candidates, embed(candidates))
    item = layers.Dropout(dropout, name="item")(item)
    around = layers.Flatten(name="around")(mean(context, embed(context)))
    around = layers.Dropout(dropout, name="around_dropout")(around)
    place = layers.Concatenate(name="place")([around, numbers])
    place = layers.Dense(sizes.hidden, activation="relu", name="place_hidden")(place)
    query = layers.Dense(sizes.embedding, name="query")(place)
    query = layers.Reshape((1, sizes.embedding), name="query_row")(query)
    place = layers.Reshape((1, sizes.hidden), name="place_row")(place)
    fit = layers.Multiply(name="fit")([item, query])

    mixed = layers.Add(name="mixed")(
        [
            layers.Dense(sizes.hidden, name="from_features")(features),
            layers.Dense(sizes.hidden, use_bias=False, name="from_fit")(fit),
            layers.Dense(sizes.hidden, use_bias=False, name="from_item")(item),
            layers.Dense(sizes.hidden, use_bias=False, name="from_place")(place),
        ]
    )
    hidden = layers.Activation("relu", name="hidden")(mixed)
    hidden = layers.Dropout(dropout, name="dropout")(hidden)
    hidden = layers.Dense(32, activation="relu", name="hidden_2")(hidden)
    deep = layers.Dense(1, name="deep")(hidden)
    wide = layers.Dense(1, use_bias=False, name="wide")(features)
    score = layers.Add(name="score")([deep, wide])
    flat = layers.Reshape((-1,), name="flat")(score)
    return dlcore.Model(
        [features, candidates, context, numbers, offset],
        layers.Add(name="scores")([flat, offset]),
        name="ranker",
    )


class Network:
    """A trained network on dlcore's numpy backend, with its feature scaling.

    Parameters
    ----------
    sizes : Sizes
        As for `build`.
    arrays : mapping of str to ndarray
        ``mean`` and ``scale`` of the features and one array a weight, as given by
        `to_arrays`.

    Raises
    ------
    ValueError
        If the arrays do not fit the sizes.
    """

    def __init__(self, sizes: Sizes, arrays: Mapping[str, np.ndarray]):
        self.sizes = sizes
        self.mean = np.asarray(arrays["mean"], np.float32)
        self.scale = np.asarray(arrays["scale"], np.float32)
        with dlcore.use_backend("numpy"):
            self.model = build(sizes)
            self.model.set_weights(_unpacked(self.model, arrays))

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Score one list of n candidates.

        Parameters
        ----------
        inputs : Inputs
            See `kernel_ext.ranker.features`.

        Returns
        -------
        ndarray
            Shape ``(n,)``, float64; higher is better.
        """
        batch = [
            (inputs.features - self.mean) * self.scale,
            inputs.candidates,
            inputs.context,
            inputs.numbers,
            np.zeros(len(inputs.features), np.float32),
        ]
        with dlcore.use_backend("numpy"):
            out = self.model([array[None] for array in batch], training=False)
        return np.asarray(out[0], np.float64)


def to_arrays(
    model: dlcore.Model, mean: np.ndarray, scale: np.ndarray
) -> dict[str, np.ndarray]:
    """Give a model's weights as arrays to store.

    The embedding table is kept in 8 bits with one scale a row, the rest in 16 bits.
    """
    arrays = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    for weight, value in zip(model.weights, model.get_weights(), strict=True):
        name = _key(weight)
        if name.startswith("subtokens"):
            largest = np.maximum(np.abs(value).max(axis=1, keepdims=True), 1e-8)
            arrays[name] = np.rint(value / largest * 127).astype(np.int8)
            arrays[name + ".row"] = (largest / 127).astype(np.float32)
        else:
            arrays[name] = value.astype(np.float16)
    return arrays


def _unpacked(
    model: dlcore.Model, arrays: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    """Bring the stored arrays into the order of the model's weights."""
    values = []
    for weight in model.weights:
        name = _key(weight)
        if name not in arrays:
            raise ValueError(f"no array {name!r}")
        value = arrays[name].astype(np.float32)
        if name + ".row" in arrays:
            value = value * arrays[name + ".row"]
        if tuple(value.shape) != tuple(weight.shape):
            raise ValueError(
                f"array {name!r} has shape {tuple(value.shape)}, "
                f"expected {tuple(weight.shape)}"
            )
        values.append(value)
    return values


def _key(weight: Any) -> str:
    """Name a weight by its layer and role: ``"query.kernel"``."""
    return ".".join(weight.path.split("/")[-2:])
