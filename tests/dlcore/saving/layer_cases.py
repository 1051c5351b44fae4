"""One model for every layer class, made alike with Keras and with dlcore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

IMAGE, SEQUENCE, VOLUME, FLAT = (8, 8, 4), (9, 4), (5, 5, 5, 2), (6,)
PICTURE = (8, 8, 3)
FRAMES = {1: (4, 7, 2), 2: (3, 6, 6, 2), 3: (2, 4, 4, 4, 2)}
PLACES = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
PAIR = [FLAT, FLAT]
WORDS = ["to", "be", "or", "not"]

#: Class -> (namespace of layers -> layer, inputs' shapes, dtype or values).
Case = tuple[Callable[[Any], Any], Any, Any]
CASES: dict[str, Case] = {}


def case(name: str, shape: Any, dtype: Any = "float32", /, **kwargs: Any) -> None:
    """Add a layer that is made from plain arguments."""
    CASES[name] = (lambda layers: getattr(layers, name)(**kwargs), shape, dtype)


def built(name: str, shape: Any, make: Callable[[Any], Any], dtype: Any = "float32"):
    """Add a layer that is made from other layers."""
    CASES[name] = (make, shape, dtype)


case("Activation", FLAT, activation="gelu")
case("ActivityRegularization", FLAT, l1=0.1, l2=0.2)
case("AlphaDropout", FLAT, rate=0.4, seed=1)
case("BatchNormalization", IMAGE, momentum=0.9, gamma_regularizer="l2")
case("CategoryEncoding", (3,), "int32", num_tokens=4, output_mode="multi_hot")
case("CenterCrop", IMAGE, height=4, width=5)
case("Concatenate", [(3, 4), (2, 4)], axis=1)
case("Dense", FLAT, units=3, activation="tanh", kernel_constraint="max_norm")
case("Discretization", FLAT, bin_boundaries=[-0.5, 0.0, 1.0])
case("Dot", [(3, 4), (4, 5)], axes=(2, 1), normalize=True)
case("Dropout", FLAT, rate=0.4, seed=1)
case("ELU", FLAT, alpha=0.7)
case("EinsumDense", SEQUENCE, equation="abc,cd->abd", output_shape=(None, 3))
case("Embedding", (4,), "int32", input_dim=7, output_dim=3, mask_zero=True)
case("Flatten", IMAGE)
case("GaussianDropout", FLAT, rate=0.4, seed=1)
case("GaussianNoise", FLAT, stddev=0.4, seed=1)
case("GroupNormalization", IMAGE, groups=2)
case("HashedCrossing", [(1,), (1,)], "int32", num_bins=5)
case("Hashing", (3,), "int32", num_bins=5)
case("Identity", FLAT)
case("IntegerLookup", (3,), "int64", vocabulary=[3, 5, 6], num_oov_indices=2)
case("LayerNormalization", SEQUENCE, axis=[1, 2], epsilon=1e-4)
case("LeakyReLU", FLAT, negative_slope=0.2)
case("Masking", SEQUENCE, mask_value=0.0)
case("MaxNumBoundingBoxes", (3, 4), max_number=2)
case("MelSpectrogram", (800,), sampling_rate=800, fft_length=64, num_mel_bins=8)
case("Normalization", FLAT, mean=0.2, variance=2.0)
case("PReLU", SEQUENCE, shared_axes=[1])
case("Permute", SEQUENCE, dims=(2, 1))
case("RMSNormalization", FLAT)
case("ReLU", FLAT, max_value=1.0, negative_slope=0.1, threshold=0.2)
case("RepeatVector", FLAT, n=3)
case("Rescaling", FLAT, scale=0.5, offset=0.1)
case("Reshape", FLAT, target_shape=(2, -1))
case("Resizing", IMAGE, height=4, width=5)
case("ReversibleEmbedding", (4,), "int32", input_dim=7, output_dim=3)
case("STFTSpectrogram", (80, 1), frame_length=16, frame_step=8, mode="magnitude")
case("Softmax", SEQUENCE, axis=1)
case("StringLookup", (3,), ["to", "see", "or"], vocabulary=WORDS)
case(
    "TextVectorization",
    (1,),
    ["To be, or not?"],
    vocabulary=WORDS,
    output_sequence_length=6,
)
case("UnitNormalization", SEQUENCE, axis=1)

for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"):
    case(name, PAIR)
for rank, shape in PLACES.items():
    case(f"AdaptiveAveragePooling{rank}D", shape, output_size=2)
    case(f"AdaptiveMaxPooling{rank}D", shape, output_size=2)
    case(f"AveragePooling{rank}D", shape, pool_size=2)
    case(f"MaxPooling{rank}D", shape, pool_size=2, strides=1)
    case(f"GlobalAveragePooling{rank}D", shape, keepdims=True)
    case(f"GlobalMaxPooling{rank}D", shape)
    case(f"Conv{rank}D", shape, filters=3, kernel_size=2, padding="same")
    case(f"Conv{rank}DTranspose", shape, filters=3, kernel_size=2, strides=2)
    case(f"ConvLSTM{rank}D", FRAMES[rank], filters=2, kernel_size=2)
    case(f"Cropping{rank}D", shape, cropping=1)
    case(f"ZeroPadding{rank}D", shape, padding=1)
    case(f"UpSampling{rank}D", shape, size=2)
    case(f"SpatialDropout{rank}D", shape, rate=0.4, seed=1)
for rank, shape in ((1, SEQUENCE), (2, IMAGE)):
    case(f"DepthwiseConv{rank}D", shape, kernel_size=3, depth_multiplier=2)
    case(f"SeparableConv{rank}D", shape, filters=5, kernel_size=3)
for name in ("SimpleRNN", "LSTM", "GRU"):
    case(name, SEQUENCE, units=3, return_sequences=True, dropout=0.1)
    built(
        f"{name}Cell",
        SEQUENCE,
        lambda layers, cell=f"{name}Cell": layers.RNN(getattr(layers, cell)(3)),
    )

built("Lambda", FLAT, None)  # has a test of its own
built("RNN", SEQUENCE, lambda layers: layers.RNN(layers.GRUCell(3), go_backwards=True))
built(
    "StackedRNNCells",
    SEQUENCE,
    lambda layers: layers.RNN(
        [layers.LSTMCell(3), layers.GRUCell(2), layers.LSTMCell(4)]
    ),
)
built(
    "Bidirectional",
    SEQUENCE,
    lambda layers: layers.Bidirectional(
        layers.LSTM(3, return_sequences=True), merge_mode="ave"
    ),
)
built(
    "TimeDistributed", SEQUENCE, lambda layers: layers.TimeDistributed(layers.Dense(3))
)
built(
    "SpectralNormalization",
    FLAT,
    lambda layers: layers.SpectralNormalization(layers.Dense(3), power_iterations=2),
)
built(
    "Pipeline",
    IMAGE,
    lambda layers: layers.Pipeline([layers.Rescaling(0.5), layers.Rescaling(2.0, 1.0)]),
)


class _Attention:
    """Call an attention layer on its inputs, in the order it wants them."""

    def __init__(self, layer: Any, several: bool):
        self.layer, self.several = layer, several

    def __call__(self, inputs: Any) -> Any:
        return self.layer(*inputs) if self.several else self.layer(inputs)


def attention(name: str, several: bool, **kwargs: Any) -> None:
    """Add an attention layer, on a query and a value."""
    built(
        name,
        [(3, 4), (5, 4)],
        lambda layers: _Attention(getattr(layers, name)(**kwargs), several),
    )


attention("Attention", False, use_scale=True)
attention("AdditiveAttention", False)
attention("MultiHeadAttention", True, num_heads=2, key_dim=3)
attention(
    "GroupQueryAttention", True, head_dim=3, num_query_heads=4, num_key_value_heads=2
)

AUGMENTATIONS = {
    "AugMix": {},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "Equalization": {},
    "MixUp": {},
    "RandAugment": {},
    "RandomBrightness": {"factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.2},
    "RandomColorJitter": {"brightness_factor": 0.2},
    "RandomContrast": {"factor": 0.2},
    "RandomCrop": {"height": 4, "width": 5},
    "RandomElasticTransform": {"factor": 0.2},
    "RandomErasing": {"factor": 0.2},
    "RandomFlip": {"mode": "horizontal"},
    "RandomGaussianBlur": {"factor": 0.2},
    "RandomGrayscale": {"factor": 0.2},
    "RandomHue": {"factor": 0.2},
    "RandomInvert": {"factor": 0.2},
    "RandomPerspective": {"factor": 0.2},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.2},
    "RandomSharpness": {"factor": 0.2},
    "RandomShear": {"x_factor": (0.1, 0.2)},  # Keras cannot read back negative ones
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "Solarization": {},
}
for name, kwargs in AUGMENTATIONS.items():
    case(name, PICTURE, **kwargs)

#: Classes of which there is no layer to save.
NO_LAYERS = {"InputLayer", "InputSpec", "Layer", "Wrapper", "Lambda"}
#: Layers of which Keras 3.15.1 itself can make no functional model.
NO_GRAPH = {"Equalization"}  # "part of a cycle": it returns its input's own tensor
#: Layers that hold modules of another framework.
FOREIGN = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}


def model(library: Any, name: str) -> Any:
    """Return a functional model of one layer, its weights drawn at random."""
    make, shape, dtype = CASES[name]
    kind = dtype if isinstance(dtype, str) else "string"
    shapes = shape if isinstance(shape, list) else [shape]
    inputs = [library.Input(s, dtype=kind) for s in shapes]
    outputs = make(library.layers)(inputs if isinstance(shape, list) else inputs[0])
    made = library.Model(inputs, outputs)
    rng = np.random.default_rng(0)
    values = [_drawn(w, rng) for w in made.get_weights()]
    made.set_weights(values)
    return made


def _drawn(weight: Any, rng: np.random.Generator) -> Any:
    if weight.dtype.kind != "f":
        return weight
    return rng.uniform(0.1, 0.9, weight.shape).astype(weight.dtype)


def data(name: str) -> Any:
    """Return a batch for the model."""
    _, shape, dtype = CASES[name]
    if not isinstance(dtype, str):
        return np.array([dtype, dtype], dtype=object)
    rng = np.random.default_rng(1)
    several = isinstance(shape, list)
    drawn = [_batch(s, dtype, rng) for s in (shape if several else [shape])]
    return drawn if several else drawn[0]


def _batch(shape: Any, dtype: str, rng: np.random.Generator) -> Any:
    if dtype.startswith("int"):
        return rng.integers(0, 4, (2, *shape)).astype(dtype)
    if shape == PICTURE:
        return rng.uniform(0, 255, (2, *shape)).astype(dtype)
    return rng.normal(size=(2, *shape)).astype(dtype)
