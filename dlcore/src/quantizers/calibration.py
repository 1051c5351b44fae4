"""Quantizing models, and what they are calibrated with."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlcore import ops

_BATCH = 16


def chosen(layer: Any, filters: Any) -> bool:
    """Whether filters let a layer through.

    Parameters
    ----------
    layer : Layer
    filters : str, sequence of str, Callable or None
        Regular expressions that its name contains, or a function of it.
    """
    if filters is None:
        return True
    if callable(filters):
        return bool(filters(layer))
    patterns = [filters] if isinstance(filters, str) else filters
    return any(re.search(pattern, layer.name) for pattern in patterns)


def quantize_model(model: Any, config: Any, filters: Any, type_check: bool) -> None:
    """Quantize the layers of a model.

    Layers that cannot be quantized stay as they are; where they have weights, a
    warning says so.

    Raises
    ------
    ValueError
        If ``filters`` is no filter, or the model's structure is needed and not known.
    """
    if not (filters is None or callable(filters)) and not isinstance(
        filters, str | list | tuple
    ):
        raise ValueError(
            "The `filters` argument must be a regex string, a list of regex strings, "
            f"or a callable. Received: {type(filters)}"
        )
    structure = _structure(model, config) if hasattr(config, "dataset") else None
    blocks = [model] if structure is None else structure["sequential_blocks"]
    for block in blocks:
        for layer in _leaves(block, filters):
            try:
                layer.quantize(config.mode, type_check=type_check, config=config)
            except NotImplementedError as error:
                if layer.weights:
                    warnings.warn(str(error), stacklevel=4)
    if structure is not None:
        calibrate(config, structure, filters)


def _leaves(block: Any, filters: Any) -> list[Any]:
    return [
        layer
        for layer in block._flatten_layers()
        if not layer._layers and chosen(layer, filters)
    ]


def _structure(model: Any, config: Any) -> dict[str, Any]:
    found = config.quantization_layer_structure
    if found is None:
        found = model.get_quantization_layer_structure(config.mode)
    if found is None:
        raise ValueError(
            f"For mode={config.mode!r}, a valid quantization structure must be "
            "provided either via `config.quantization_layer_structure` or by "
            "overriding `model.get_quantization_layer_structure(mode)`. The structure "
            "should be a dictionary with keys 'pre_block_layers' and "
            "'sequential_blocks'."
        )
    if config.dataset is None or config.tokenizer is None:
        name = type(config).__name__
        raise ValueError(
            f"{config.mode.upper()} quantization requires a dataset and a tokenizer. "
            f"Please provide them in the `{name}`."
        )
    if not found.get("sequential_blocks"):
        raise ValueError(
            "No sequential blocks found in the provided structure to quantize: its "
            "'sequential_blocks' are empty."
        )
    return found


def calibrate(config: Any, structure: dict[str, Any], filters: Any) -> None:
    """Round the weights of all blocks, each by what comes out of those before it."""
    tokens = samples(
        config.tokenizer, config.sequence_length, config.dataset, config.num_samples
    )
    batches = []
    for i in range(0, len(tokens), _BATCH):
        x = ops.convert_to_tensor(tokens[i : i + _BATCH])
        for layer in structure.get("pre_block_layers", ()):
            x = layer(x)
        batches.append(x)
    for block in structure["sequential_blocks"]:
        layers = [la for la in _leaves(block, filters) if la._needs_calibration()]
        observers = [layer._observer() for layer in layers]
        with _watched(layers, observers):
            for x in batches:
                block(x)
        for layer, observer in zip(layers, observers, strict=True):
            layer._calibrate(observer)
        batches = [_first(block(x)) for x in batches]


def _first(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, list | tuple) else outputs


@contextmanager
def _watched(layers: list[Any], observers: list[Any]) -> Iterator[None]:
    """Show observers what layers are called with."""

    def watching(layer: Any, observer: Any) -> Callable[..., Any]:
        call = layer.quantized_call

        def run(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            observer.look_at(ops.convert_to_numpy(inputs).astype("float32"))
            return call(inputs, *args, **kwargs)

        return run

    for layer, observer in zip(layers, observers, strict=True):
        vars(layer)["quantized_call"] = watching(layer, observer)
    try:
        yield
    finally:
        for layer in layers:
            del vars(layer)["quantized_call"]


def samples(tokenizer: Any, length: int, dataset: Any, count: int) -> np.ndarray:
    """Return sequences of tokens, cut from all texts at even distances.

    Parameters
    ----------
    tokenizer : object
        Whose ``tokenize(text)`` returns integers; for strings.
    length : int
        Of a sequence.
    dataset : iterable of str or of arrays of int
    count : int
        Number of sequences; short data are repeated.

    Returns
    -------
    array of int32 of shape (count, length)

    Raises
    ------
    TypeError
        If the data are no iterable of texts or arrays.
    ValueError
        If there are none.
    """
    if isinstance(dataset, str | bytes) or not hasattr(dataset, "__iter__"):
        raise TypeError(
            "The `dataset` argument must be an iterable (e.g., a list of strings, a "
            f"generator, or a NumPy array). Got type: {type(dataset).__name__}. Please "
            "pass the loaded dataset directly."
        )
    parts = [tokenizer.tokenize(s) if isinstance(s, str) else s for s in dataset]
    if not parts:
        raise ValueError("Provided dataset is empty.")
    tokens = np.concatenate([ops.convert_to_numpy(p).reshape(-1) for p in parts])
    if not len(tokens):
        raise ValueError("Provided dataset has no tokens.")
    tokens = np.resize(tokens.astype("int32"), max(len(tokens), count * length))
    starts = len(tokens) - length + 1
    stride = max(1, starts // count)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, length)
    return windows[np.arange(count) * stride % starts]
