"""Texts as lists of word numbers, with labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.src.datasets import plain
from dlcore.src.datasets.images import HOST, Array, Split
from dlcore.src.export import export
from dlcore.src.utils.files import get_file

_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade "
    "reserves ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed "
    "alum oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat "
    "jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)


@export("dlcore.datasets.imdb.load_data")
def imdb(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> Split:
    """Load IMDB: 25,000 and 25,000 film reviews, good (1) or bad (0).

    Parameters
    ----------
    path : str
        Name in the cache.
    num_words : int, optional
        Only the most frequent words; rarer ones become ``oov_char``.
    skip_top : int
        So many of the most frequent words become ``oov_char``.
    maxlen : int, optional
        Reviews of so many words and more are left out.
    seed : int
        Of the shuffle.
    start_char : int or None
        Stands before each review.
    oov_char : int or None
        Stands for words left out; with None nothing does.
    index_from : int
        Added to the numbers of words.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: arrays of lists of int, ``(n,)`` int.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    References
    ----------
    Maas et al.: Learning Word Vectors for Sentiment Analysis, 2011.

    Examples
    --------
    >>> import dlcore
    >>> train, _ = dlcore.datasets.imdb.load_data(num_words=5000)  # doctest: +SKIP
    """
    num_words = _older(kwargs, num_words)
    file = get_file(
        path,
        HOST + "imdb.npz",
        file_hash="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    )
    data = plain.load_npz(file)
    # Keras' legacy generator: a seed gives the same order as there.
    rng = np.random.RandomState(seed)
    parts = [
        _shuffled(rng, data[f"x_{part}"], data[f"y_{part}"])
        for part in ("train", "test")
    ]
    parts = [_marked(x, y, start_char, index_from, maxlen) for x, y in parts]
    num_words = num_words or max(max(words) for x, _ in parts for words in x)
    return tuple(  # type: ignore[return-value]
        (_limited(x, skip_top, num_words, oov_char), y) for x, y in parts
    )


@export("dlcore.datasets.reuters.load_data")
def reuters(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> Split:
    """Load Reuters' newswires: 11,228 texts on 46 topics.

    Parameters
    ----------
    path : str
        Name in the cache.
    num_words : int, optional
        Only the most frequent words; rarer ones become ``oov_char``.
    skip_top : int
        So many of the most frequent words become ``oov_char``.
    maxlen : int, optional
        Texts of so many words and more are left out.
    test_split : float
        Share of the texts that become the test set.
    seed : int
        Of the shuffle.
    start_char : int or None
        Stands before each text.
    oov_char : int or None
        Stands for words left out; with None nothing does.
    index_from : int
        Added to the numbers of words.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)``: arrays of lists of int, ``(n,)`` int.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    Examples
    --------
    >>> import dlcore
    >>> train, test = dlcore.datasets.reuters.load_data()  # doctest: +SKIP
    """
    num_words = _older(kwargs, num_words)
    file = get_file(
        path,
        HOST + "reuters.npz",
        file_hash="d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    )
    data = plain.load_npz(file)
    rng = np.random.RandomState(seed)
    x, y = _shuffled(rng, data["x"], data["y"])
    x, y = _marked(x, y, start_char, index_from, maxlen)
    num_words = num_words or max(map(max, x))
    x = _limited(x, skip_top, num_words, oov_char)
    end = int(len(x) * (1 - test_split))
    return (x[:end], y[:end]), (x[end:], y[end:])


@export("dlcore.datasets.imdb.get_word_index")
def imdb_words(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return the numbers of IMDB's words, 1 for the most frequent one.

    Parameters
    ----------
    path : str
        Name in the cache.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.datasets.imdb.get_word_index()["film"]  # doctest: +SKIP
    19
    """
    return _words(path, "imdb_word_index.json", "bfafd718b763782e994055a2d397834f")


@export("dlcore.datasets.reuters.get_word_index")
def reuters_words(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return the numbers of Reuters' words, 1 for the most frequent one.

    Parameters
    ----------
    path : str
        Name in the cache.

    Raises
    ------
    ConnectionError
        If it is not in the cache and cannot be fetched.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.datasets.reuters.get_word_index()["oil"]  # doctest: +SKIP
    """
    return _words(path, "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")


@export("dlcore.datasets.reuters.get_label_names")
def reuters_topics() -> tuple[str, ...]:
    """Return the names of Reuters' 46 topics, by label.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.datasets.reuters.get_label_names()[3]
    'earn'
    """
    return tuple(_TOPICS.split())


def _words(path: str, name: str, md5: str) -> dict[str, int]:
    file = get_file(path, HOST + name, file_hash=md5)
    found: dict[str, int] = json.loads(Path(file).read_text())
    return found


def _older(kwargs: dict[str, Any], num_words: int | None) -> int | None:
    """Take ``nb_words``, the older name of ``num_words``, and nothing else."""
    older: int | None = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(f"load_data has no argument {next(iter(kwargs))!r}.")
    return older


def _shuffled(rng: Any, x: Array, y: Array) -> tuple[Array, Array]:
    order = np.arange(len(x))
    rng.shuffle(order)
    return x[order], y[order]


def _marked(
    x: Any, y: Array, start: int | None, index_from: int, maxlen: int | None
) -> tuple[Any, Array]:
    """Shift the words' numbers, put the start before them, drop what is too long."""
    before = [] if start is None else [start]
    x = [before + [word + index_from for word in words] for words in x]
    if maxlen:
        kept = [i for i, words in enumerate(x) if len(words) < maxlen]
        if not kept:
            raise ValueError(
                f"No text is shorter than maxlen={maxlen}. Increase `maxlen`."
            )
        x, y = [x[i] for i in kept], y[kept]
    return x, y


def _limited(x: Any, skip_top: int, num_words: int, oov: int | None) -> Array:
    """Put ``oov`` in the place of words that are too frequent or too rare."""

    def known(word: int) -> bool:
        return skip_top <= word < num_words

    if oov is None:
        rows = [[w for w in words if known(w)] for words in x]
    else:
        rows = [[w if known(w) else oov for w in words] for words in x]
    made = np.empty(len(rows), dtype=object)
    made[:] = rows
    return made
