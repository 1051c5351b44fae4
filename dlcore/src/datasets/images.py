"""Small pictures with labels."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.src.datasets import plain
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.utils.files import get_file

Array = np.ndarray[Any, Any]
Split = tuple[tuple[Array, Array], tuple[Array, Array]]

#: Where Keras keeps its datasets.
HOST = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"


@export("dlcore.datasets.mnist.load_data")
def mnist(path: str = "mnist.npz") -> Split:
    """Load MNIST: 60,000 and 10,000 handwritten digits.

    Parameters
    ----------
    path : str
        Name in the cache.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: ``(n, 28, 28)`` uint8, ``(n,)`` uint8.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    References
    ----------
    LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998.

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.mnist.load_data()  # doctest: +SKIP
    """
    file = get_file(
        path,
        HOST + "mnist.npz",
        file_hash="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    )
    data = plain.load_npz(file)
    return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])


@export("dlcore.datasets.fashion_mnist.load_data")
def fashion_mnist() -> Split:
    """Load Fashion-MNIST: 60,000 and 10,000 pictures of ten kinds of clothes.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: ``(n, 28, 28)`` uint8, ``(n,)`` uint8.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    References
    ----------
    Xiao, Rasul, Vollgraf: Fashion-MNIST, 2017 (MIT licence).

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.fashion_mnist.load_data()  # doctest: +SKIP
    """

    def read(name: str, header: int) -> Array:
        folder = str(Path("datasets") / "fashion-mnist")
        file = get_file(name, HOST + name, cache_subdir=folder)
        with gzip.open(file) as stream:
            return np.frombuffer(stream.read(), np.uint8, offset=header)

    def part(prefix: str) -> tuple[Array, Array]:
        labels = read(f"{prefix}-labels-idx1-ubyte.gz", 8)
        pictures = read(f"{prefix}-images-idx3-ubyte.gz", 16)
        return pictures.reshape(len(labels), 28, 28), labels

    return part("train"), part("t10k")


@export("dlcore.datasets.cifar10.load_data")
def cifar10() -> Split:
    """Load CIFAR-10: 50,000 and 10,000 small photographs of ten kinds of things.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: uint8, ``(n, 32, 32, 3)`` (or channels
        first, as ``dlcore.config.image_data_format()`` says) and ``(n, 1)``.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    References
    ----------
    Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009.

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.cifar10.load_data()  # doctest: +SKIP
    """
    folder = _cifar(
        "cifar-10-python.tar.gz",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        "cifar-10-batches-py",
    )
    train = [_batch(folder / f"data_batch_{i}", "labels") for i in range(1, 6)]
    x, y = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return (x, y), _batch(folder / "test_batch", "labels")


@export("dlcore.datasets.cifar100.load_data")
def cifar100(label_mode: str = "fine") -> Split:
    """Load CIFAR-100: 50,000 and 10,000 small photographs of a hundred kinds.

    Parameters
    ----------
    label_mode : {"fine", "coarse"}
        A hundred classes, or the twenty that they belong to.

    Returns
    -------
    tuple
        As ``cifar10.load_data``.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    References
    ----------
    Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009.

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.cifar100.load_data()  # doctest: +SKIP
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            f"cifar100: unknown label_mode={label_mode!r}."
            + did_you_mean(label_mode, ("fine", "coarse"))
        )
    folder = _cifar(
        "cifar-100-python.tar.gz",
        "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        "cifar-100-python",
    )
    key = f"{label_mode}_labels"
    return _batch(folder / "train", key), _batch(folder / "test", key)


def _cifar(name: str, sha256: str, inner: str) -> Path:
    return Path(get_file(name, _TORONTO + name, file_hash=sha256, extract=True)) / inner


def _batch(path: str | os.PathLike[str], key: str) -> tuple[Array, Array]:
    from dlcore.src import config

    with Path(path).open("rb") as stream:
        found = plain.load(stream)
    pictures = np.asarray(found[b"data"], "uint8").reshape(-1, 3, 32, 32)
    if config.image_data_format() == "channels_last":
        pictures = pictures.transpose(0, 2, 3, 1)
    return pictures, np.asarray(found[key.encode()], "uint8").reshape(-1, 1)
