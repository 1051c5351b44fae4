"""Datasets from folders of files: one folder a class."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dlcore import ops
from dlcore.src.backend.active import use_backend
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.ops.nn.convolution import channels_last
from dlcore.src.utils.dataset import Dataset
from dlcore.src.utils.images import COLORS, load_img
from dlcore.src.utils.talk import say

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_MODES = ("int", "binary", "categorical")
_SUBSETS = ("training", "validation", "both")


class _Files(NamedTuple):
    paths: list[str]
    labels: np.ndarray[Any, Any] | None
    names: list[str] | None


@export(
    "dlcore.utils.image_dataset_from_directory",
    "dlcore.preprocessing.image_dataset_from_directory",
)
def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Read pictures in batches from a folder.

    Parameters
    ----------
    directory : path-like
        Its folders are the classes, when ``labels`` is "inferred".
    labels : "inferred", sequence of int, or None
        Labels by the files' names in order, or none at all.
    label_mode : {"int", "categorical", "binary"} or None
        Numbers, one-hot rows, 0.0 or 1.0 of shape (n, 1), or no labels.
    class_names : list of str, optional
        The folders to read, in the order of their labels.
    batch_size : int or None
        With None the samples come one by one.
    shuffle : bool
        Whether the order is random, another one each time; else by name.
    seed : int, optional
        Of the shuffle and of the split; needed when a split is shuffled.
    validation_split : float, optional
        Share of the files that are kept for validation.
    subset : {"training", "validation", "both"}, optional
        Which part to return; "both" returns two datasets.
    follow_links : bool
        Whether to follow symbolic links to folders.
    verbose : bool
        Whether to say what was found.
    color_mode : {"rgb", "rgba", "grayscale"}
    image_size : tuple (height, width)
        What all are resized to.
    interpolation : str
        As for ``dlcore.ops.image.resize``.
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool
        Cut off what does not fit, or fill up with zeros, instead of distorting.
    data_format : {"channels_last", "channels_first"}, optional
    format : str
        Accepted for compatibility: the result needs no other library.

    Returns
    -------
    Dataset
        Of ``(pictures, labels)``, or of pictures alone: float32 from 0 to 255, shape
        ``(batch, height, width, channels)``. ``.class_names`` and ``.file_paths`` say
        what they are; ``.map``, ``.take``, ``.cache``, ``.prefetch`` ... are there.

    Raises
    ------
    ValueError
        If there are no such files, or arguments do not fit together.

    Examples
    --------
    >>> import dlcore
    >>> train, valid = dlcore.utils.image_dataset_from_directory(
    ...     "flowers", validation_split=0.2, subset="both", seed=1
    ... )  # doctest: +SKIP
    """
    if color_mode not in COLORS:
        raise ValueError(
            f"Unknown color_mode={color_mode!r}." + did_you_mean(color_mode, COLORS)
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` may be True."
        )
    if not (isinstance(image_size, tuple | list) and len(image_size) == 2):
        raise ValueError(f"`image_size` must be (height, width), got {image_size!r}.")
    channels_first = not channels_last(data_format)

    def read(path: str) -> np.ndarray[Any, Any]:
        picture = np.asarray(load_img(path, color_mode), "float32")
        picture = picture[..., None] if picture.ndim == 2 else picture
        size, borders = tuple(image_size), None
        if pad_to_aspect_ratio:
            size, borders = _fitted(picture.shape[:2], size)
        with use_backend("numpy"):
            found: np.ndarray[Any, Any] = ops.image.resize(
                picture,
                size,
                interpolation=interpolation,
                crop_to_aspect_ratio=crop_to_aspect_ratio,
                data_format="channels_last",
            )
        if borders is not None:
            found = np.pad(found, borders)
        return found.transpose(2, 0, 1) if channels_first else found

    files = _index(directory, labels, class_names, IMAGES, follow_links, verbose)
    options = (label_mode, batch_size, shuffle, seed, validation_split, subset, verbose)
    return _datasets(directory, files, labels, read, np.stack, IMAGES, *options)


def _fitted(shape: Any, size: Any) -> tuple[Any, Any]:
    """Return the largest size of the same proportions that fits, and the borders."""
    ratio = max(have / want for have, want in zip(shape, size, strict=True))
    inner = tuple(math.floor(have / ratio) for have in shape)
    borders = [(0, 0)] * 3
    for i, (have, want) in enumerate(zip(shape, size, strict=True)):
        begin = math.floor((want - have / ratio) / 2)
        borders[i] = (begin, want - inner[i] - begin)
    return inner, borders


@export(
    "dlcore.utils.text_dataset_from_directory",
    "dlcore.preprocessing.text_dataset_from_directory",
)
def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Read texts (``.txt``) in batches from a folder.

    Parameters
    ----------
    directory : path-like
        Its folders are the classes, when ``labels`` is "inferred".
    labels : "inferred", sequence of int, or None
        Labels by the files' names in order, or none at all.
    label_mode : {"int", "categorical", "binary"} or None
        Numbers, one-hot rows, 0.0 or 1.0 of shape (n, 1), or no labels.
    class_names : list of str, optional
        The folders to read, in the order of their labels.
    batch_size : int or None
        With None the samples come one by one.
    shuffle : bool
        Whether the order is random, another one each time; else by name.
    seed : int, optional
        Of the shuffle and of the split; needed when a split is shuffled.
    validation_split : float, optional
        Share of the files that are kept for validation.
    subset : {"training", "validation", "both"}, optional
        Which part to return; "both" returns two datasets.
    follow_links : bool
        Whether to follow symbolic links to folders.
    verbose : bool
        Whether to say what was found.
    max_length : int, optional
        Longest text, in characters; the rest is cut off.
    format : str
        Accepted for compatibility: the result needs no other library.

    Returns
    -------
    Dataset
        Of ``(texts, labels)``, or of texts alone: arrays of str.

    Raises
    ------
    ValueError
        If there are no such files, or arguments do not fit together.

    Examples
    --------
    >>> import dlcore
    >>> reviews = dlcore.utils.text_dataset_from_directory("aclImdb/train")
    ... # doctest: +SKIP
    """

    def read(path: str) -> str:
        return Path(path).read_text(encoding="utf-8", errors="replace")[:max_length]

    def join(texts: list[str]) -> np.ndarray[Any, Any]:
        return np.array(texts, dtype=object)

    files = _index(directory, labels, class_names, (".txt",), follow_links, verbose)
    options = (label_mode, batch_size, shuffle, seed, validation_split, subset, verbose)
    return _datasets(directory, files, labels, read, join, (".txt",), *options)


@export("dlcore.utils.audio_dataset_from_directory")
def audio_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Read sounds (``.wav``) in batches from a folder.

    Parameters
    ----------
    directory : path-like
        Its folders are the classes, when ``labels`` is "inferred".
    labels : "inferred", sequence of int, or None
        Labels by the files' names in order, or none at all.
    label_mode : {"int", "categorical", "binary"} or None
        Numbers, one-hot rows, 0.0 or 1.0 of shape (n, 1), or no labels.
    class_names : list of str, optional
        The folders to read, in the order of their labels.
    batch_size : int or None
        With None the samples come one by one.
    shuffle : bool
        Whether the order is random, another one each time; else by name.
    seed : int, optional
        Of the shuffle and of the split; needed when a split is shuffled.
    validation_split : float, optional
        Share of the files that are kept for validation.
    subset : {"training", "validation", "both"}, optional
        Which part to return; "both" returns two datasets.
    follow_links : bool
        Whether to follow symbolic links to folders.
    verbose : bool
        Whether to say what was found.
    sampling_rate : int, optional
        Samples a second, to which sounds of another rate are brought.
    output_sequence_length : int, optional
        Samples of each sound: longer ones are cut, shorter ones get zeros at the end.
        With None the longest of a batch decides.
    ragged : bool
        Whether sounds of a batch keep their lengths: a batch is an array of arrays.

    Returns
    -------
    Dataset
        Of ``(sounds, labels)``, or of sounds alone: float32 from -1 to 1, shape
        ``(batch, samples, channels)``.

    Raises
    ------
    ValueError
        If there are no such files, or arguments do not fit together.

    Examples
    --------
    >>> import dlcore
    >>> words = dlcore.utils.audio_dataset_from_directory("speech", sampling_rate=8000)
    ... # doctest: +SKIP
    """
    if ragged and output_sequence_length is not None:
        raise ValueError(
            "`ragged` and `output_sequence_length` exclude each other, got "
            f"ragged=True and output_sequence_length={output_sequence_length}."
        )

    def read(path: str) -> np.ndarray[Any, Any]:
        from scipy import signal
        from scipy.io import wavfile

        rate, sound = wavfile.read(path)
        if sound.dtype.kind == "u":
            sound = sound.astype("float32") / 128 - 1
        elif sound.dtype.kind == "i":
            sound = sound.astype("float32") / (np.iinfo(sound.dtype).max + 1)
        sound = sound.astype("float32").reshape(len(sound), -1)
        if sampling_rate is not None and rate != sampling_rate:
            common = np.gcd(rate, sampling_rate)
            up, down = sampling_rate // common, rate // common
            sound = signal.resample_poly(sound, up, down).astype("float32")
        if output_sequence_length is not None:
            return _padded(sound, output_sequence_length)
        return sound

    def join(sounds: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        if ragged:
            made = np.empty(len(sounds), dtype=object)
            made[:] = sounds
            return made
        longest = max(map(len, sounds))
        return np.stack([_padded(sound, longest) for sound in sounds])

    files = _index(directory, labels, class_names, (".wav",), follow_links, verbose)
    options = (label_mode, batch_size, shuffle, seed, validation_split, subset, verbose)
    return _datasets(directory, files, labels, read, join, (".wav",), *options)


def _padded(sound: np.ndarray[Any, Any], length: int) -> np.ndarray[Any, Any]:
    sound = sound[:length]
    return np.pad(sound, ((0, length - len(sound)), (0, 0)))


def _index(
    directory: str | os.PathLike[str],
    labels: Any,
    class_names: list[str] | None,
    formats: tuple[str, ...],
    follow_links: bool,
    verbose: bool,
) -> _Files:
    """Find the files in the order of their names, with their labels."""
    root = Path(directory)
    if not root.is_dir():
        raise ValueError(f"There is no folder {str(directory)!r}.")
    if labels != "inferred" and not (
        labels is None or isinstance(labels, list | tuple)
    ):
        raise ValueError(
            "`labels` must be 'inferred', a list or tuple of integers, or None, got "
            f"{labels!r}."
        )
    inferred = isinstance(labels, str)
    if class_names is not None and not inferred:
        raise ValueError("`class_names` belongs to labels='inferred'.")
    folders = [""]
    if inferred:
        there = sorted(
            p.name for p in root.iterdir() if p.is_dir() and p.name[0] != "."
        )
        folders = list(class_names) if class_names is not None else there
        for name in folders:
            if name not in there:
                raise ValueError(
                    f"`class_names` has {name!r}, but {root} has no such folder."
                    + did_you_mean(name, there)
                )
    paths, places = [], []
    for place, folder in enumerate(folders):
        found = list(_walk(root / folder, formats, follow_links))
        paths += found
        places += [place] * len(found)
    names: list[str] | None = folders
    numbers: np.ndarray[Any, Any] | None = np.array(places, "int32")
    if labels is None:
        names = numbers = None
    elif not inferred:
        if len(labels) != len(paths):
            raise ValueError(
                f"`labels` has {len(labels)} entries for {len(paths)} files in {root}."
            )
        names = [str(label) for label in sorted(set(labels))]
        numbers = np.array(labels)
    if verbose:
        classes = "" if names is None else f" belonging to {len(names)} classes"
        say(f"Found {len(paths)} files{classes}.")
    return _Files(paths, numbers, names)


def _walk(folder: Path, formats: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    for parent, _, names in sorted(os.walk(folder, followlinks=follow_links)):
        for name in sorted(names):
            if name.lower().endswith(formats):
                yield str(Path(parent) / name)


def _datasets(
    directory: Any,
    files: _Files,
    labels: Any,
    read: Callable[[str], Any],
    join: Callable[[Any], Any],
    formats: tuple[str, ...],
    label_mode: str | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    verbose: bool,
) -> Any:
    """Split the files, and return the dataset or the pair that was asked for."""
    _check(label_mode, validation_split, subset, shuffle, seed)
    if label_mode is None or labels is None:
        files = _Files(files.paths, None, None)
    elif label_mode == "binary" and len(files.names or ()) != 2:
        raise ValueError(
            "label_mode='binary' needs exactly two classes, got "
            f"class_names={files.names}."
        )
    # Keras' legacy generator: the same files of a seed are kept for validation.
    if shuffle:
        seed = int(np.random.default_rng().integers(10**6)) if seed is None else seed
        order = np.arange(len(files.paths))
        np.random.RandomState(seed).shuffle(order)
        files = _part(files, order)

    def dataset(part: _Files) -> Dataset:
        if not part.paths:
            raise ValueError(
                f"No files of the formats {formats} were found in {directory}."
            )
        return _stream(part, read, join, label_mode, batch_size, shuffle, seed)

    if not validation_split:
        return dataset(files)
    end = len(files.paths) - int(validation_split * len(files.paths))
    parts = {"training": slice(end), "validation": slice(end, None)}
    wanted = list(parts) if subset == "both" else [str(subset)]
    for name in wanted if verbose else ():
        say(f"Using {len(files.paths[parts[name]])} files for {name}.")
    order = np.arange(len(files.paths))
    made = [dataset(_part(files, order[parts[name]])) for name in wanted]
    return tuple(made) if subset == "both" else made[0]


def _part(files: _Files, order: Any) -> _Files:
    paths = [files.paths[i] for i in order]
    labels = None if files.labels is None else files.labels[order]
    return _Files(paths, labels, files.names)


def _check(
    label_mode: str | None,
    validation_split: float | None,
    subset: str | None,
    shuffle: bool,
    seed: int | None,
) -> None:
    if label_mode is not None and label_mode not in _MODES:
        raise ValueError(
            f"Unknown label_mode={label_mode!r}." + did_you_mean(label_mode, _MODES)
        )
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1, got {validation_split!r}."
        )
    if (validation_split is None) != (subset is None):
        raise ValueError(
            "`validation_split` and `subset` belong together, got "
            f"validation_split={validation_split!r} and subset={subset!r}."
        )
    if subset is not None and subset not in _SUBSETS:
        raise ValueError(f"Unknown subset={subset!r}." + did_you_mean(subset, _SUBSETS))
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "A shuffled split needs a `seed` (or shuffle=False): without one training "
            "and validation may share files."
        )


def _stream(
    files: _Files,
    read: Callable[[str], Any],
    join: Callable[[Any], Any],
    label_mode: str | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
) -> Dataset:
    labels = _encoded(files.labels, label_mode, len(files.names or ()))
    rng = np.random.default_rng(seed)
    count = len(files.paths)
    size = batch_size or 1
    groups = [range(i, min(i + size, count)) for i in range(0, count, size)]

    def make() -> Iterator[Any]:
        order = rng.permutation(count) if shuffle else np.arange(count)
        with ThreadPoolExecutor() as pool:
            for group in groups:
                chosen = order[group.start : group.stop]
                read_ = list(pool.map(read, [files.paths[i] for i in chosen]))
                x = read_[0] if batch_size is None else join(read_)
                if labels is None:
                    yield x
                else:
                    yield x, labels[chosen[0]] if batch_size is None else labels[chosen]

    dataset = Dataset(make, len(groups), files.names, files.paths)
    return dataset.prefetch()


def _encoded(
    labels: Any, label_mode: str | None, classes: int
) -> np.ndarray[Any, Any] | None:
    if labels is None or label_mode is None:
        return None
    if label_mode == "binary":
        return np.asarray(labels, "float32")[:, None]
    if label_mode == "categorical":
        return np.eye(classes, dtype="float32")[labels]
    return np.asarray(labels, "int32")


@export(
    "dlcore.utils.timeseries_dataset_from_array",
    "dlcore.preprocessing.timeseries_dataset_from_array",
)
def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Cut sliding windows out of a time series.

    Parameters
    ----------
    data : array-like, shape (time, ...)
    targets : array-like, shape (time, ...), or None
        ``targets[i]`` belongs to the window that begins at ``data[i]``.
    sequence_length : int
        Steps of a window.
    sequence_stride : int
        Steps between the beginnings of two windows.
    sampling_rate : int
        Steps between two points of a window.
    batch_size : int or None
        With None the windows come one by one.
    shuffle : bool
        Whether the windows come in random order, another one each time.
    seed : int, optional
    start_index, end_index : int, optional
        Which part of ``data`` to use.
    format : str
        Accepted for compatibility: the result needs no other library.

    Returns
    -------
    Dataset
        Of ``(windows, targets)``, or of windows alone.

    Raises
    ------
    ValueError
        If a length, stride or index does not fit the data.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> windows = dlcore.utils.timeseries_dataset_from_array(
    ...     np.arange(10), np.arange(3, 13), sequence_length=3
    ... )
    >>> x, y = next(iter(windows))
    >>> x[0].tolist(), int(y[0])
    ([0, 1, 2], 3)
    """
    data = ops.convert_to_numpy(data)
    start, end = start_index or 0, len(data) if end_index is None else end_index
    for name, value, low, high in (
        ("sequence_length", sequence_length, 1, len(data) + 1),
        ("sequence_stride", sequence_stride, 1, len(data)),
        ("sampling_rate", sampling_rate, 1, len(data)),
        ("start_index", start, 0, len(data)),
        ("end_index", end, start + 1, len(data) + (end_index is None)),
    ):
        if not low <= value < high:
            raise ValueError(
                f"`{name}` must be from {low} to {high - 1} for data of length "
                f"{len(data)}, got {value}."
            )
    data = data[start:end]
    count = len(data) - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = ops.convert_to_numpy(targets)
        count = min(count, len(targets))
        targets = targets[start:end]
    positions = np.arange(0, max(count, 0), sequence_stride)
    steps = np.arange(sequence_length) * sampling_rate
    rng = np.random.default_rng(seed)
    size = batch_size or 1
    groups: Sequence[int] = range(0, len(positions), size)

    def make() -> Iterator[Any]:
        order = rng.permutation(positions) if shuffle else positions
        for first in groups:
            chosen = order[first : first + size]
            if batch_size is None:
                chosen = chosen[0]
            x = data[np.expand_dims(chosen, -1) + steps]
            yield x if targets is None else (x, targets[chosen])

    return Dataset(make, len(groups))
