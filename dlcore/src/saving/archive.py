"""``.keras`` archives: configuration, weights and assets of a model in one zip file.

``config.json`` describes the model, ``model.weights.h5`` holds its state and that of
its optimizer, ``metadata.json`` says who wrote it, ``assets/`` holds files of layers
that have some. The format is Keras' own.
"""

from __future__ import annotations

import datetime
import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from dlcore.src.saving import hdf5
from dlcore.src.saving.files import replacing
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.saving.sharing import sharing
from dlcore.src.saving.state import load_state, save_state

CONFIG, METADATA = "config.json", "metadata.json"
WEIGHTS, ASSETS = "model.weights.h5", "assets"
#: The version of Keras whose format is written.
KERAS = "3.15.1"
#: Members above this size, in bytes, may not be larger than so many times their
#: size in the archive.
LARGE, EXPANSION = 1 << 28, 100


def described(model: Any) -> dict[str, str]:
    """Return the JSON members of an archive."""
    with sharing():
        config = serialize_keras_object(model)
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": KERAS, "date_saved": now}
    return {METADATA: json.dumps(metadata), CONFIG: json.dumps(config)}


def write(model: Any, target: Path | IO[bytes]) -> None:
    """Write a model as an archive; a path gets it whole or not at all."""
    if not model.built:
        warnings.warn(
            f"You are saving the model {model.name!r}, which has not been built yet, "
            "so it may have no weights. Call it on data before.",
            stacklevel=4,
        )
    if isinstance(target, Path):
        with replacing(target) as path, zipfile.ZipFile(path, "w") as archive:
            _write_members(model, archive)
    else:
        with zipfile.ZipFile(target, "w") as archive:
            _write_members(model, archive)


def _write_members(model: Any, archive: zipfile.ZipFile) -> None:
    for name, text in described(model).items():
        archive.writestr(name, text)
    with tempfile.TemporaryDirectory() as folder:
        with tempfile.TemporaryFile() as file:
            with hdf5.Writer(file) as weights:
                save_state(model, weights, Path(folder))
            file.seek(0)
            with archive.open(WEIGHTS, "w", force_zip64=True) as member:
                shutil.copyfileobj(file, member, 1 << 20)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                inner = path.relative_to(folder).as_posix()
                archive.write(path, f"{ASSETS}/{inner}")


def write_folder(model: Any, folder: Path) -> None:
    """Write the same members as files of a folder."""
    with replacing(folder) as path:
        path.mkdir()
        for name, text in described(model).items():
            (path / name).write_text(text)
        with hdf5.Writer(path / WEIGHTS) as weights:
            save_state(model, weights, path / ASSETS)


def read(
    source: Path | IO[bytes],
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
) -> Any:
    """Read a model from an archive.

    Raises
    ------
    ValueError
        If it is no archive, lacks a part, is broken, or does not fit together.
    """
    label = str(source) if isinstance(source, Path) else "The archive"
    with opened(source, label) as archive:
        config = _config(member(archive, CONFIG, label), f"{label}: {CONFIG}")
        model = make(config, custom_objects, compile, safe_mode)
        with tempfile.TemporaryDirectory() as folder:
            assets = _extract_assets(archive, Path(folder), label)
            with weights_of(archive, label) as weights:
                load_state(model, weights, assets, label=label)
    return model


def read_folder(
    folder: Path,
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
) -> Any:
    """Read a model from a folder with an archive's members."""
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ValueError(f"{folder} is no saved model: it has no {name}.")
    config = _config((folder / CONFIG).read_bytes(), str(folder / CONFIG))
    model = make(config, custom_objects, compile, safe_mode)
    assets = folder / ASSETS if (folder / ASSETS).is_dir() else None
    with hdf5.Reader(folder / WEIGHTS, str(folder / WEIGHTS)) as weights:
        load_state(model, weights, assets, label=str(folder))
    return model


def make(
    config: dict[str, Any],
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
) -> Any:
    """Make the model that a configuration describes, without its state."""
    if not compile:
        config = {**config, "compile_config": None}
    with sharing():
        return deserialize_keras_object(config, custom_objects, safe_mode)


def _config(data: bytes, label: str) -> dict[str, Any]:
    try:
        config = json.loads(data)
    except ValueError as error:
        raise ValueError(f"{label} is no JSON: {error}.") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{label} describes no model: it names no class.")
    return config


@contextmanager
def opened(source: Path | IO[bytes], label: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive, and say what is wrong with it.

    Raises
    ------
    ValueError
        If it is no zip file, is cut off or damaged, or lacks a part.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        size = source.stat().st_size if isinstance(source, Path) else None
        raise ValueError(
            f"{label} is no `.keras` file: it is no zip archive, or it is damaged or "
            f"cut off ({error}{'' if size is None else f'; {size} bytes'})."
        ) from error


def member(archive: zipfile.ZipFile, name: str, label: str) -> bytes:
    """Return a part of an archive."""
    _check(archive, name, label)
    return archive.read(name)


def _check(archive: zipfile.ZipFile, name: str, label: str) -> None:
    try:
        info = archive.getinfo(name)
    except KeyError:
        names = ", ".join(archive.namelist()[:5]) or "nothing"
        raise ValueError(
            f"{label} is no `.keras` file: it holds no {name}, but {names}."
        ) from None
    if info.file_size > LARGE and info.file_size > EXPANSION * info.compress_size:
        raise ValueError(
            f"Not allowed: {name} in {label} declares {info.file_size} bytes, but only "
            f"{info.compress_size} bytes are stored."
        )


@contextmanager
def weights_of(archive: zipfile.ZipFile, label: str) -> Iterator[hdf5.Reader]:
    """Open the weights in an archive."""
    _check(archive, WEIGHTS, label)
    with tempfile.TemporaryFile() as file:
        with archive.open(WEIGHTS) as packed:
            shutil.copyfileobj(packed, file, 1 << 20)
        file.seek(0)
        with hdf5.Reader(file, f"{label}: {WEIGHTS}") as weights:
            yield weights


def _extract_assets(archive: zipfile.ZipFile, folder: Path, label: str) -> Path | None:
    """Write the assets into a folder; names that lead out of it are refused."""
    names = [n for n in archive.namelist() if n.startswith(f"{ASSETS}/")]
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if ".." in parts or ":" in name:
            raise ValueError(f"Not allowed: {label} has an asset {name!r} outside.")
        if not name.endswith("/"):
            path = folder.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member(archive, name, label))
    return folder / ASSETS if names else None
