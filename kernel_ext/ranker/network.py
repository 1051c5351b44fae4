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
    last: int = 32


class Scorer(layers.Layer):
    """Score the candidates of lists; see `build` for inputs and outputs.

    One layer, not a graph of small ones: a list is scored at every key press, and
    each call of a layer costs as much as its arithmetic on a short list.

    Parameters
    ----------
    sizes : Sizes
        Shapes of the weights.
    dropout : float
        Share of embeddings and hidden units dropped while training: the embeddings
        learn single repositories by heart without it.
    """

    def __init__(self, sizes: Sizes, dropout: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.sizes = sizes
        self.dropout = layers.Dropout(dropout)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        s = self.sizes
        size = (s.vocabulary, s.embedding)
        self.subtokens = self.add_weight(size, "uniform", name="subtokens.embeddings")
        self.place = self._dense(
            "place_hidden", s.slots * s.embedding + s.numbers, s.hidden
        )
        self.query = self._dense("query", s.hidden, s.embedding)
        self.from_features = self._dense("from_features", s.features, s.hidden)
        self.from_fit = self._kernel("from_fit", s.embedding, s.hidden)
        self.from_item = self._kernel("from_item", s.embedding, s.hidden)
        self.from_place = self._kernel("from_place", s.hidden, s.hidden)
        self.hidden = self._dense("hidden_2", s.hidden, s.last)
        self.deep = self._dense("deep", s.last, 1)
        self.wide = self._kernel("wide", s.features, 1)

    def _kernel(self, name: str, inputs: int, outputs: int) -> Any:
        shape = (inputs, outputs)
        return self.add_weight(shape, "glorot_uniform", name=f"{name}.kernel")

    def _dense(self, name: str, inputs: int, outputs: int) -> tuple[Any, Any]:
        bias = self.add_weight((outputs,), "zeros", name=f"{name}.bias")
        return self._kernel(name, inputs, outputs), bias

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Score lists."""
        features, candidates, context, numbers, offset = inputs
        item = self._drop(self._mean(candidates), training)
        around = ops.reshape(
            self._mean(context), (-1, self.sizes.slots * self.sizes.embedding)
        )
        around = self._drop(around, training)
        place = ops.concatenate([around, numbers], axis=-1)
        place = ops.relu(_affine(place, self.place))
        fit = item * ops.expand_dims(_affine(place, self.query), 1)
        hidden = (
            _affine(features, self.from_features)
            + ops.matmul(fit, self.from_fit)
            + ops.matmul(item, self.from_item)
            + ops.expand_dims(ops.matmul(place, self.from_place), 1)
        )
        hidden = self._drop(ops.relu(hidden), training)
        hidden = ops.relu(_affine(hidden, self.hidden))
        scores = _affine(hidden, self.deep) + ops.matmul(features, self.wide)
        return ops.squeeze(scores, -1) + offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shape of the offsets."""
        return input_shape[-1]

    def _drop(self, x: Any, training: bool | None) -> Any:
        return self.dropout(x, training=True) if training else x

    def _mean(self, ids: Any) -> Any:
        """Average the vectors of the subtokens that are not padding (0)."""
        mask = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), "float32"), -1)
        total = ops.sum(ops.take(self.subtokens, ids, axis=0) * mask, axis=-2)
        return total / ops.maximum(ops.sum(mask, axis=-2), 1.0)


def _affine(x: Any, dense: tuple[Any, Any]) -> Any:
    kernel, bias = dense
    return ops.matmul(x, kernel) + bias


def build(sizes: Sizes, dropout: float = 0.0) -> dlcore.Model:
    """Build the model.

    Parameters
    ----------
    sizes : Sizes
        Numbers of features, subtokens and context slots, and widths.
    dropout : float
        See `Scorer`.

    Returns
    -------
    dlcore.Model
        Takes ``[features, candidates, context, numbers, offset]`` of shapes
        ``(batch, list, features)`` float32, ``(batch, list, 4)`` int32,
        ``(batch, slots, width)`` int32, ``(batch, numbers)`` float32 and
        ``(batch, list)`` float32 (added to the scores: -1e9 conceals padding);
        gives scores ``(batch, list)``.
    """
    inputs = [
        dlcore.Input((None, sizes.features), name="features"),
        dlcore.Input((None, LONGEST), dtype="int32", name="candidates"),
        dlcore.Input((sizes.slots, sizes.width), dtype="int32", name="context"),
        dlcore.Input((sizes.numbers,), name="numbers"),
        dlcore.Input((None,), name="offset"),
    ]
    scores = Scorer(sizes, dropout, name="scorer")(inputs)
    return dlcore.Model(inputs, scores, name="ranker")


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
        if name == "subtokens.embeddings":
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
    """Name a weight without its layer: ``"query.kernel"``."""
    return str(weight.path.rpartition("/")[2])
