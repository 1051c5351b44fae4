"""Tables of numbers with a target."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.src.datasets import plain
from dlcore.src.datasets.images import HOST, Array, Split
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.utils.files import get_file


def _split(x: Array, y: Array, test_split: float, seed: int) -> Split:
    """Shuffle the rows and split them, as Keras does for the same seed."""
    if not 0 <= test_split < 1:
        raise ValueError(f"`test_split` must be from 0 to below 1, got {test_split!r}.")
    order = np.arange(len(x))
    # Keras' legacy generator: the rows of a seed must be the same ones.
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    end = int(len(x) * (1 - test_split))
    return (x[:end], y[:end]), (x[end:], y[end:])


@export("dlcore.datasets.boston_housing.load_data")
def boston_housing(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Split:
    """Load the Boston house prices of 1978: 506 suburbs, 13 columns.

    One of its columns was made to show an effect of the share of Black residents; use
    ``california_housing`` unless that is what you study.

    Parameters
    ----------
    path : str
        Name in the cache.
    test_split : float
        Share of the rows that become the test set.
    seed : int
        Of the shuffle.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: ``(n, 13)`` and ``(n,)`` float64, in
        thousands of dollars.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.boston_housing.load_data()  # doctest: +SKIP
    """
    file = get_file(
        path,
        HOST + "boston_housing.npz",
        file_hash="f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    )
    data = plain.load_npz(file)
    return _split(data["x"], data["y"], test_split, seed)


@export("dlcore.datasets.california_housing.load_data")
def california_housing(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Split:
    """Load the house prices of California's districts in 1990: 8 columns.

    Parameters
    ----------
    version : {"large", "small"}
        All 20,640 rows, or the first 600.
    path : str
        Name in the cache.
    test_split : float
        Share of the rows that become the test set.
    seed : int
        Of the shuffle.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: ``(n, 8)`` and ``(n,)``, in dollars.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    References
    ----------
    Pace, Barry: Sparse Spatial Autoregressions, 1997.

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.california_housing.load_data()  # doctest: +SKIP
    """
    if version not in ("large", "small"):
        raise ValueError(
            f"california_housing: unknown version={version!r}."
            + did_you_mean(version, ("large", "small"))
        )
    file = get_file(
        path,
        HOST + "california_housing.npz",
        file_hash="1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
    )
    data = plain.load_npz(file)
    rows = slice(600) if version == "small" else slice(None)
    return _split(data["x"][rows], data["y"][rows], test_split, seed)


@export("dlcore.datasets.digits.load_data")
def digits(test_split: float = 0.2, seed: int = 113) -> Split:
    """Load scikit-learn's digits: 1,797 pictures of 8 x 8 pixels; needs no network.

    Parameters
    ----------
    test_split : float
        Share of the pictures that become the test set.
    seed : int
        Of the shuffle.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: ``(n, 8, 8)`` float32 from 0 to 16,
        ``(n,)`` int32.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> import dlcore
    >>> (x, y), _ = dlcore.datasets.digits.load_data()
    >>> x.shape, y.shape
    ((1437, 8, 8), (1437,))
    """
    found = _of_sklearn("load_digits")
    x, y = found.images.astype("float32"), found.target.astype("int32")
    return _split(x, y, test_split, seed)


@export("dlcore.datasets.iris.load_data")
def iris(test_split: float = 0.2, seed: int = 113) -> Split:
    """Load Fisher's irises: 150 flowers of three kinds; needs no network.

    Parameters
    ----------
    test_split : float
        Share of the flowers that become the test set.
    seed : int
        Of the shuffle.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: ``(n, 4)`` float32 in centimetres,
        ``(n,)`` int32.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Fisher: The use of multiple measurements in taxonomic problems, 1936.

    Examples
    --------
    >>> import dlcore
    >>> (x, y), (x_test, y_test) = dlcore.datasets.iris.load_data()
    >>> x.shape, x_test.shape
    ((120, 4), (30, 4))
    """
    found = _of_sklearn("load_iris")
    x, y = found.data.astype("float32"), found.target.astype("int32")
    return _split(x, y, test_split, seed)


def _of_sklearn(loader: str) -> Any:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            "This dataset comes with scikit-learn: pip install scikit-learn."
        ) from error
    return getattr(datasets, loader)()
