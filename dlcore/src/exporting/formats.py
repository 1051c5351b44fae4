"""``model.export``: one function a format."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlcore.src import backend as backends
from dlcore.src.errors import did_you_mean
from dlcore.src.exporting.signature import signature_of
from dlcore.src.utils.talk import say

#: Formats that other packages write, and those packages.
_NOT_WRITTEN = {
    "onnx": "`model.export(path, format='torch')` and torch.onnx, of the package onnx",
    "litert": "`model.export(path)` and the package ai-edge-litert",
}


def on(model: Any, name: str) -> Any:
    """Return the model itself, or a copy of it that lives on another backend."""
    from dlcore.src.models.moving import moved

    _need(name)
    home = backends.get(name)
    return model if model.backend is home else moved(model, home)


def _need(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"To export in this format {package} is needed, and it is not installed: "
            f"pip install {package}."
        )


def _torch(
    model: Any, path: Path, signature: list[Any], verbose: bool, **options: Any
) -> None:
    if path.suffix != ".pt2":
        raise ValueError(
            f"The PyTorch export requires the filepath to end with '.pt2', got {path}."
        )
    twin = on(model, "torch")
    from dlcore.src.backend.torch import exporting

    exporting.save(twin, path, signature, options)


def _openvino(
    model: Any, path: Path, signature: list[Any], verbose: bool, **options: Any
) -> None:
    if path.suffix != ".xml":
        raise ValueError(
            f"The OpenVINO export requires the filepath to end with '.xml', got {path}."
        )
    _need("openvino")
    from dlcore.src.backend.openvino import exporting

    other = "torch" if model.backend.name not in ("torch", "tensorflow") else None
    if other and importlib.util.find_spec(other) is None:
        other = "tensorflow"
    twin = on(model, other) if other else model
    exporting.save(twin, path, signature)


def _saved_model(
    model: Any, path: Path, signature: list[Any], verbose: bool, **options: Any
) -> None:
    from dlcore.src.exporting.archive import ExportArchive

    archive = ExportArchive()
    archive.track_and_add_endpoint("serve", model, signature)
    archive.write_out(path, verbose=False)


_FORMATS: dict[str, Callable[..., None]] = {
    "tf_saved_model": _saved_model,
    "openvino": _openvino,
    "torch": _torch,
}


def export_model(
    model: Any,
    filepath: Any,
    format: str = "tf_saved_model",
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> Any:
    """Write a model for other programs; see ``Model.export``."""
    if format in _NOT_WRITTEN:
        raise NotImplementedError(
            f"The format {format!r} is not written. A way out: {_NOT_WRITTEN[format]}."
        )
    if format not in _FORMATS:
        raise ValueError(
            f"Unrecognized format={format!r}." + did_you_mean(format, _FORMATS)
        )
    path = Path(filepath)
    signature = signature_of(model, input_signature)
    _FORMATS[format](model, path, signature, bool(verbose), **kwargs)
    if verbose is not False:
        say(f"Saved the model {model.name!r} as {format} at {str(path)!r}.")
    return str(path)
