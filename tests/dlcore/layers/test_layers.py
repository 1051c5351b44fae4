"""Every layer against the contract, with Keras' layer as the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import layers
from tests.dlcore.layers.contract import check_layer
from tests.dlcore.layers.keras_oracle import keras_layer

IMAGE, SEQUENCE, VOLUME, FLAT = (2, 8, 8, 4), (2, 9, 4), (2, 5, 5, 5, 2), (3, 6)
PAIR = [(3, 6), (3, 6)]

#: Layer, arguments, input shape, dtype.
CASES: list[tuple[Any, ...]] = [
    ("Dense", {"units": 3}, FLAT),
    ("Dense", {"units": 3, "use_bias": False, "activation": "tanh"}, (2, 4, 5)),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, (3, 4), "int32"),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3}, (3, 4), "int32"),
    ("Activation", {"activation": "gelu"}, FLAT),
    ("Identity", {}, FLAT),
    ("Masking", {"mask_value": 0.0}, SEQUENCE),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, FLAT),
    ("LeakyReLU", {"negative_slope": 0.2}, FLAT),
    ("ELU", {"alpha": 0.7}, FLAT),
    ("PReLU", {"shared_axes": [1]}, SEQUENCE),
    ("Softmax", {"axis": 1}, SEQUENCE),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal"}, SEQUENCE),
    ("Conv1D", {"filters": 3, "kernel_size": 2, "strides": 2}, SEQUENCE),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2}, IMAGE),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, IMAGE),
    (
        "Conv2D",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"},
        IMAGE,
    ),
    ("Conv3D", {"filters": 3, "kernel_size": 2}, VOLUME),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, SEQUENCE),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, SEQUENCE),
    (
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"},
        IMAGE,
    ),
    (
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": (3, 2), "strides": 2, "output_padding": 1},
        IMAGE,
    ),
    (
        "Conv1DTranspose",
        {
            "filters": 3,
            "kernel_size": 4,
            "strides": 2,
            "padding": "same",
            "output_padding": 1,
        },
        SEQUENCE,
    ),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2}, VOLUME),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, SEQUENCE),
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, IMAGE),
    ("SeparableConv1D", {"filters": 5, "kernel_size": 3}, SEQUENCE),
    ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "strides": 2}, IMAGE),
    ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, SEQUENCE),
    ("MaxPooling2D", {}, IMAGE),
    ("MaxPooling3D", {"padding": "same"}, VOLUME),
    ("AveragePooling1D", {"pool_size": 2}, SEQUENCE),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("AveragePooling3D", {"pool_size": 2}, VOLUME),
    ("AdaptiveAveragePooling1D", {"output_size": 4}, SEQUENCE),
    ("AdaptiveAveragePooling2D", {"output_size": (3, 5)}, IMAGE),
    ("AdaptiveAveragePooling3D", {"output_size": 2}, VOLUME),
    ("AdaptiveMaxPooling1D", {"output_size": 4}, SEQUENCE),
    ("AdaptiveMaxPooling2D", {"output_size": (3, 5)}, IMAGE),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, VOLUME),
    ("GlobalMaxPooling1D", {}, SEQUENCE),
    ("GlobalMaxPooling2D", {"keepdims": True}, IMAGE),
    ("GlobalMaxPooling3D", {}, VOLUME),
    ("GlobalAveragePooling1D", {"data_format": "channels_first"}, SEQUENCE),
    ("GlobalAveragePooling2D", {}, IMAGE),
    ("GlobalAveragePooling3D", {"keepdims": True}, VOLUME),
    ("BatchNormalization", {}, IMAGE),
    ("BatchNormalization", {"axis": 1, "scale": False}, SEQUENCE),
    ("LayerNormalization", {}, SEQUENCE),
    ("LayerNormalization", {"axis": [1, 2], "center": False}, SEQUENCE),
    ("RMSNormalization", {}, FLAT),
    ("UnitNormalization", {"axis": 1}, SEQUENCE),
    ("GroupNormalization", {"groups": 2}, IMAGE),
    ("Dropout", {"rate": 0.4, "seed": 1}, FLAT),
    ("SpatialDropout1D", {"rate": 0.4, "seed": 1}, SEQUENCE),
    ("SpatialDropout2D", {"rate": 0.4, "seed": 1}, IMAGE),
    ("SpatialDropout3D", {"rate": 0.4, "seed": 1}, VOLUME),
    ("GaussianNoise", {"stddev": 0.4, "seed": 1}, FLAT),
    ("GaussianDropout", {"rate": 0.4, "seed": 1}, FLAT),
    ("AlphaDropout", {"rate": 0.4, "seed": 1}, FLAT),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, FLAT),
    ("Flatten", {}, IMAGE),
    ("Flatten", {"data_format": "channels_first"}, IMAGE),
    ("Reshape", {"target_shape": (2, -1)}, FLAT),
    ("Permute", {"dims": (2, 1)}, SEQUENCE),
    ("RepeatVector", {"n": 3}, FLAT),
    ("ZeroPadding1D", {"padding": (1, 2)}, SEQUENCE),
    ("ZeroPadding2D", {"padding": ((1, 2), (0, 1))}, IMAGE),
    ("ZeroPadding3D", {"padding": (1, 2, 0)}, VOLUME),
    ("Cropping1D", {"cropping": (1, 2)}, SEQUENCE),
    ("Cropping2D", {"cropping": ((1, 2), (0, 1))}, IMAGE),
    ("Cropping3D", {"cropping": 1}, VOLUME),
    ("UpSampling1D", {"size": 3}, SEQUENCE),
    ("UpSampling2D", {"size": (2, 3)}, IMAGE),
    ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, IMAGE),
    ("UpSampling3D", {}, VOLUME),
    ("Add", {}, [*PAIR, (3, 6)]),
    ("Add", {}, [(3, 2, 6), (3, 6)]),
    ("Subtract", {}, PAIR),
    ("Multiply", {}, PAIR),
    ("Average", {}, PAIR),
    ("Maximum", {}, PAIR),
    ("Minimum", {}, PAIR),
    ("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 2, 4)]),
    ("Dot", {"axes": 1}, PAIR),
    ("Dot", {"axes": (2, 1), "normalize": True}, [(2, 3, 4), (2, 4, 5)]),
    ("SimpleRNN", {"units": 3}, SEQUENCE),
    ("SimpleRNN", {"units": 3, "return_sequences": True}, SEQUENCE),
    ("LSTM", {"units": 3, "return_sequences": True}, SEQUENCE),
    ("LSTM", {"units": 3, "return_state": True, "go_backwards": True}, SEQUENCE),
    ("GRU", {"units": 3, "return_sequences": True}, SEQUENCE),
    ("GRU", {"units": 3, "reset_after": False, "use_bias": False}, SEQUENCE),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 3}, (2, 3, 5, 2)),
    (
        "ConvLSTM2D",
        {"filters": 2, "kernel_size": 2, "strides": 2, "return_sequences": True},
        (2, 3, 4, 4, 2),
    ),
    ("ConvLSTM3D", {"filters": 2, "kernel_size": 2}, (2, 2, 3, 3, 3, 2)),
    ("Rescaling", {"scale": 0.5, "offset": 0.1}, FLAT),
    ("Normalization", {"mean": 0.2, "variance": 2.0}, FLAT),
    ("Normalization", {"axis": 1, "mean": [0.1] * 9, "variance": [2.0] * 9}, SEQUENCE),
]


def _name(case: tuple[Any, ...]) -> str:
    return f"{case[0]}-{'-'.join(map(str, case[1].values()))}"


def average_of_what_is_there(x: Any, weights: Any) -> Any:
    """Average 3x3 windows, 2 apart: Keras on torch counts repeated edges instead."""
    out = np.empty((x.shape[0], 4, 4, x.shape[3]), x.dtype)
    for i in range(4):
        for j in range(4):
            window = x[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]  # one pad, at the end
            out[:, i, j] = window.mean((1, 2))
    return out


#: Where Keras' backends do not agree with one another.
OWN_ORACLES = {"AveragePooling2D-3-2-same": average_of_what_is_there}


@pytest.mark.parametrize("case", CASES, ids=map(_name, CASES))
def test_layer(case: tuple[Any, ...]) -> None:
    name, kwargs, shape, *dtype = case
    check_layer(
        lambda: getattr(layers, name)(**kwargs),
        shape,
        *dtype,
        oracle=OWN_ORACLES.get(_name(case)) or keras_layer(name, kwargs),
        tolerance=2e-5,
    )


DRAWING = [case for case in CASES if "seed" in case[1]]


@pytest.mark.parametrize("case", DRAWING, ids=map(_name, DRAWING))
def test_layers_that_draw_agree_on_all_backends_while_training(case: Any) -> None:
    name, kwargs, shape = case
    check_layer(lambda: getattr(layers, name)(**kwargs), shape, training=True)
