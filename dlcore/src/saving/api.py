"""``save_model``, ``load_model``, ``save_weights``, ``load_weights``."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dlcore.src.export import export
from dlcore.src.saving import archive, hdf5, legacy_h5, safetensors_file, shards
from dlcore.src.saving.files import as_path, may_write, must_exist, replacing
from dlcore.src.saving.state import load_state, save_state
from dlcore.src.utils.tracebacks import filtered

H5, SHARDS, SAFE = hdf5.ENDING, ".weights.json", ".safetensors"


@export("dlcore.saving.save_model", "dlcore.models.save_model")
@filtered
def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    **kwargs: Any,
) -> None:
    """Write a model, its weights, its optimizer and what ``compile`` set.

    Parameters
    ----------
    model : Model
    filepath : str, Path or binary file
        Ends in ``.keras``; or in ``.h5``, for programs that read nothing newer.
    overwrite : bool
        Whether a file that is there may be replaced.
    zipped : bool, optional
        False: write a folder with the archive's parts, ``filepath`` its name.
    **kwargs
        ``include_optimizer``: whether an ``.h5`` file holds the optimizer too.

    Raises
    ------
    ValueError
        If the ending is another one.
    FileExistsError
        If the file is there and must not be replaced.

    Notes
    -----
    The file is written whole or not at all. Keras 3 reads it, and what Keras wrote is
    read here.

    Examples
    --------
    >>> import dlcore, pathlib, tempfile
    >>> model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.keras"
    >>> dlcore.saving.save_model(model, path)
    >>> dlcore.saving.load_model(path).count_params()
    3
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    _refuse_old_arguments(filepath, kwargs)
    if isinstance(filepath, io.IOBase):
        archive.write(model, filepath)  # type: ignore[arg-type]
        return
    path = as_path(filepath)
    folder = zipped is False
    if folder and path.suffix == ".keras":
        raise ValueError(
            "With `zipped=False` a folder is written: `filepath` should not end in "
            f"`.keras`. Received: filepath={filepath}"
        )
    if not folder and path.suffix in legacy_h5.ENDINGS:
        logging.getLogger("dlcore").warning(
            "%s is an HDF5 file, an old format: better write %s.",
            path.name,
            path.with_suffix(".keras").name,
        )
        may_write(path, overwrite)
        legacy_h5.write(model, path, include_optimizer)
        return
    if not folder and path.suffix != ".keras":
        raise ValueError(
            "Invalid filepath extension for saving: please add a `.keras` extension, "
            f"as in {path.with_suffix('.keras').name!r}. Received: filepath={filepath}."
        )
    may_write(path, overwrite)
    (archive.write_folder if folder else archive.write)(model, path)


def _refuse_old_arguments(filepath: Any, kwargs: dict[str, Any]) -> None:
    if kwargs.pop("save_format", None) and not str(filepath).endswith(
        (".keras", ".h5", ".hdf5")
    ):
        raise ValueError(
            "The `save_format` argument is deprecated in Keras 3. Please remove it: "
            f"the ending `.keras` says it. Received: filepath={filepath}"
        )
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")


@export("dlcore.saving.load_model", "dlcore.models.load_model")
@filtered
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model that ``save_model``, or Keras 3, wrote; on the active backend.

    Parameters
    ----------
    filepath : str, Path or binary file
        A ``.keras`` file, a folder with its parts, or an ``.h5`` file.
    custom_objects : dict of str to class or function, optional
        Your own classes and functions that the model consists of.
    compile : bool
        Whether to compile it as it was, with the optimizer's state.
    safe_mode : bool
        False: run code from the file, that of lambdas; only for files you trust.

    Raises
    ------
    FileNotFoundError
        If there is no such file; names one that is spelt alike.
    ValueError
        If it is no such file, or damaged, or brings code.
    TypeError
        If it names classes or functions that are not known; says how to pass them.
    """
    if isinstance(filepath, io.IOBase):
        return archive.read(filepath, custom_objects, compile, safe_mode)  # type: ignore[arg-type]
    path = as_path(filepath)
    if path.is_dir():
        return archive.read_folder(path, custom_objects, compile, safe_mode)
    if path.suffix == ".keras":
        must_exist(path, "model")
        return archive.read(path, custom_objects, compile, safe_mode)
    if path.suffix in legacy_h5.ENDINGS:
        must_exist(path, "model")
        return legacy_h5.read(path, custom_objects, compile, safe_mode)
    raise ValueError(
        f"File format not supported: filepath={filepath}. Models are read from "
        "`.keras` files, and from `.h5` files."
    )


@export("dlcore.saving.save_weights")
@filtered
def save_weights(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    *,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Write the weights of a model, and its optimizer's state, whole or not at all.

    Parameters
    ----------
    model : Model or Layer
    filepath : str or Path
        Ends in ``.weights.h5``, or in ``.safetensors`` (weights alone); with
        ``max_shard_size`` in ``.weights.json``.
    overwrite : bool
        Whether a file that is there may be replaced.
    max_shard_size : float, optional
        Gigabytes that one file may have: several are written.
    objects_to_skip : iterable of Layer or Optimizer, optional
        What is left out.

    Raises
    ------
    ValueError
        If the model is not built, or the ending is another one.
    FileExistsError
        If the file is there and must not be replaced.
    """
    path = as_path(filepath)
    endings = (H5, SAFE) if max_shard_size is None else (H5, SHARDS)
    if not path.name.endswith(endings):
        wanted = " or ".join(f"`{e}`" for e in endings)
        raise ValueError(
            f"The filename must end in {wanted}. Received: filepath={filepath}"
        )
    _must_be_built(model, "saving")
    may_write(path, overwrite)
    skip = list(objects_to_skip or ())
    if max_shard_size is not None:
        shards.write(model, path, max_shard_size, skip)
    elif path.suffix == SAFE:
        safetensors_file.save(model, path)
    else:
        with replacing(path) as new, hdf5.Writer(new) as weights:
            save_state(model, weights, skip=skip)


@export("dlcore.saving.load_weights")
@filtered
def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any
) -> None:
    """Read weights into a model; all of them, or none if something does not fit.

    Parameters
    ----------
    model : Model or Layer
    filepath : str or Path
        A file that ``save_weights`` wrote, or a ``.keras`` file.
    skip_mismatch : bool
        Whether what does not fit stays as it is, with a warning.
    **kwargs
        ``objects_to_skip``: layers or optimizers that stay as they are.
        ``by_name``: whether the layers of an old ``.h5`` file are found by name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, does not fit the model, or has another ending.
    """
    skip = list(kwargs.pop("objects_to_skip", None) or ())
    by_name = kwargs.pop("by_name", False)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    path = as_path(filepath)
    is_old = path.suffix in legacy_h5.ENDINGS and not path.name.endswith(H5)
    if not is_old and not path.name.endswith((H5, SHARDS, SAFE, ".keras")):
        raise ValueError(
            f"File format not supported: filepath={filepath}. Weights are read from "
            "`.weights.h5`, `.weights.json`, `.safetensors`, `.keras` and `.h5` files."
        )
    must_exist(path, "weights file")
    _must_be_built(model, "loading weights into")
    if by_name and not is_old:
        raise ValueError(f"`by_name` is for old `.h5` files only, got {filepath}.")
    if is_old:
        legacy_h5.load_weights_file(model, path, skip_mismatch, by_name)
        return
    if path.suffix == SAFE:
        safetensors_file.load(model, path, skip_mismatch)
        return
    with _weights(path) as weights:
        load_state(
            model,
            weights,
            skip=skip,
            skip_mismatch=skip_mismatch,
            label=str(path),
            advice="To load what fits, pass skip_mismatch=True.",
        )


@contextlib.contextmanager
def _weights(path: Path) -> Iterator[Any]:
    if path.suffix == ".keras":
        with archive.opened(path, str(path)) as packed:
            with archive.weights_of(packed, str(path)) as weights:
                yield weights
    elif path.name.endswith(SHARDS):
        with shards.Reader(path) as weights:
            yield weights
    else:
        with hdf5.Reader(path, str(path)) as weights:
            yield weights


def _must_be_built(model: Any, what: str) -> None:
    if not model.built:
        raise ValueError(
            f"You are {what} a model that has not yet been built: {model.name!r} has "
            "no weights yet. Call it on data, or `build()` it, first."
        )
