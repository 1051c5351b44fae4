"""``TextVectorization``: texts as numbers of their words."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.data_layer import HostLayer, batches
from dlcore.src.layers.preprocessing.encoding import check_choice, encode_on_host
from dlcore.src.layers.preprocessing.lookup import Rows, to_mode
from dlcore.src.layers.preprocessing.string_lookup import StringLookup
from dlcore.src.layers.preprocessing.strings import (
    as_array,
    flat_bytes,
    to_bytes,
    to_text,
)
from dlcore.src.symbolic import KerasTensor

Array = np.ndarray[Any, Any]
_PUNCTUATION = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"


def _stripped(text: bytes) -> bytes:
    return text.translate(None, _PUNCTUATION)


# Bytes, not characters: only ASCII letters have a lower case and only ASCII spaces
# part words, as in TensorFlow, so that vocabularies of saved models fit.
_STANDARDIZE: dict[str, Callable[[bytes], bytes]] = {
    "lower": bytes.lower,
    "strip_punctuation": _stripped,
    "lower_and_strip_punctuation": lambda text: _stripped(text).lower(),
}
_SPLIT: dict[str, Callable[[bytes], list[bytes]]] = {
    "whitespace": bytes.split,
    "character": lambda text: [c.encode() for c in text.decode("utf-8", "replace")],
}


def _ngrams(words: list[bytes], sizes: tuple[int, ...]) -> list[bytes]:
    """Return all runs of words of the sizes, the sizes in order."""
    return [
        b" ".join(run)
        for size in sizes
        for run in zip(*(words[i:] for i in range(size)), strict=False)
    ]


@export("dlcore.layers.TextVectorization")
class TextVectorization(HostLayer):
    """Texts as numbers of their words, or vectors of them.

    It takes numpy arrays and lists of strings, on every backend; its results are
    tensors.

    Parameters
    ----------
    max_tokens : int, optional
        Most tokens of the vocabulary, special ones included.
    standardize : str, Callable or None
        ``"lower_and_strip_punctuation"``, ``"lower"``, ``"strip_punctuation"``, or
        what makes a numpy array of strings of another.
    split : {"whitespace", "character"}, Callable or None
        A callable takes a numpy array of strings and returns a list of tokens for each.
    ngrams : int or tuple of int, optional
        Runs of how many tokens are tokens: up to that many, or exactly so many.
    output_mode : {"int", "one_hot", "multi_hot", "count", "tf_idf"}
    output_sequence_length : int, optional
        How many numbers each text gets, for ``"int"``; the longest's unless given.
    pad_to_max_tokens : bool
        Whether vectors have ``max_tokens`` numbers however small the vocabulary is.
    vocabulary : str or sequence of str, optional
        The tokens, or the path of a text file with one a line.
    idf_weights : sequence of float, optional
        One a token, for ``output_mode="tf_idf"``.
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    ragged : bool
        False: texts are padded.
    encoding : str
        Of strings that are given as bytes.
    name : str, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["foo bar", "bar baz", "baz bada boom"])
    >>> layer.get_vocabulary()
    ['', '[UNK]', 'baz', 'bar', 'foo', 'boom', 'bada']
    >>> dlcore.ops.convert_to_numpy(layer(["foo qux bar", "Baz!"])).tolist()
    [[4, 1, 3, 0], [2, 0, 0, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ):
        owner = "TextVectorization"
        saved = {
            key: kwargs.pop(key)
            for key in ("vocabulary_size", "has_input_vocabulary")
            if key in kwargs
        }
        super().__init__(name=name, **kwargs)
        for key, value, known in (
            ("standardize", standardize, _STANDARDIZE),
            ("split", split, _SPLIT),
        ):
            if value is not None and not callable(value):
                check_choice(key, value, tuple(known), owner)
        ngrams = tuple(ngrams) if isinstance(ngrams, list) else ngrams
        if ngrams is not None and not (
            isinstance(ngrams, int)
            or (isinstance(ngrams, tuple) and all(isinstance(n, int) for n in ngrams))
        ):
            raise ValueError(
                "`ngrams` must be None, an integer, or a tuple of integers. Received: "
                f"ngrams={ngrams}"
            )
        output_mode = to_mode(output_mode, owner)
        if output_mode != "int" and output_sequence_length is not None:
            raise ValueError(
                "`output_sequence_length` must not be set if `output_mode` is not "
                f"'int'. Received output_sequence_length={output_sequence_length}."
            )
        if not isinstance(output_sequence_length, int | None):
            raise ValueError(
                "`output_sequence_length` must be either None or an integer when "
                "`output_mode` is 'int'. Received: output_sequence_length="
                f"{output_sequence_length}"
            )
        if ragged:
            raise ValueError(
                f"{owner}: `ragged=True` is not supported, since tensors are dense on "
                "every backend. Leave it out; shorter texts end with zeros."
            )
        self._standardize = standardize
        self._split = split
        self._ngrams = (
            tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
        )
        self._output_mode = output_mode
        self._output_sequence_length = output_sequence_length
        self._encoding = encoding
        self.sparse = sparse
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            **saved,
        )
        self.built = True

    # The vocabulary.

    def adapt(
        self, data: Any, batch_size: int | None = None, steps: int | None = None
    ) -> None:
        """Learn the vocabulary: the most frequent tokens first.

        Parameters
        ----------
        data : array-like of str, or an iterable of batches
        batch_size : int, optional
            Accepted for compatibility.
        steps : int, optional
            How many batches to read; all unless given.
        """
        self.reset_state()
        parts = batches(data, steps)
        for part in [data] if parts is None else parts:
            self.update_state(part)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch of texts."""
        found, _ = self._tokens(data)
        self._lookup_layer.update_state(found)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the tokens in the order of their numbers."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return how many tokens there are, special ones included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens: see ``StringLookup.set_vocabulary``."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # From texts to numbers.

    def _tokens(self, inputs: Any) -> tuple[Rows, tuple[int, ...]]:
        """Return the tokens by text, and the shape of the texts."""
        if not isinstance(inputs, str | bytes | list | tuple):
            inputs = self._on_host(inputs)
        texts = as_array(inputs)
        if callable(self._standardize):
            texts = as_array(self._standardize(to_text(texts, self._encoding)))
        if self._split is None:
            words = flat_bytes(self._standardized(texts))
            shape, width = texts.shape[:-1], texts.shape[-1] if texts.ndim else 1
            rows = Rows(words, np.full(int(np.prod(shape)), width))
        else:
            if texts.ndim > 1:
                if texts.shape[-1] != 1:
                    raise ValueError(
                        "When using `TextVectorization` to tokenize strings, the input "
                        "rank must be 1 or the last shape dimension must be 1. "
                        f"Received: inputs.shape={texts.shape} with rank={texts.ndim}"
                    )
                texts = texts[..., 0]
            shape = texts.shape
            rows = _rows(self._words(texts))
        if self._ngrams is not None:
            rows = _rows([_ngrams(words, self._ngrams) for words in rows])
        return rows, shape

    def _standardized(self, texts: Array) -> Array:
        standardize = _STANDARDIZE.get(self._standardize) if self._standardize else None
        if standardize is None:
            return texts
        found = np.empty(texts.size, object)
        found[:] = [standardize(t) for t in flat_bytes(texts)]
        return found.reshape(texts.shape)

    def _words(self, texts: Array) -> list[list[bytes]]:
        texts = self._standardized(texts)
        if not callable(self._split):
            return [_SPLIT[self._split](t) for t in flat_bytes(texts)]
        found = self._split(to_text(texts, self._encoding))
        for name in ("to_list", "tolist"):  # tensors of rows that differ in length
            if hasattr(found, name):
                found = getattr(found, name)()
                break
        return [[to_bytes(w) for w in row] for row in found]

    def compute(self, inputs: Any) -> Any:
        """Return the outputs for texts."""
        rows, shape = self._tokens(inputs)
        lookup = self._lookup_layer
        ids = lookup.numbers(rows.tokens)
        if self._output_mode in ("int", "one_hot"):
            length = self._output_sequence_length
            longest = int(rows.sizes.max(initial=0)) if length is None else length
            found = _padded(ids, rows.sizes, longest)
            if self._output_mode == "one_hot":
                found = np.where(
                    np.arange(longest) < rows.sizes[:, None], found, -1
                )  # no vector where a text has ended
                depth = lookup._known_depth()
                found = encode_on_host(
                    found[..., None], "one_hot", depth, config.floatx()
                )
        else:
            found = lookup.encode_rows(ids, rows)
        return found.reshape(*shape, *found.shape[1:])

    # Shapes, configuration, saving.

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: there is nothing to build."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape."""
        if self._output_mode == "int":
            return (input_shape[0], self._output_sequence_length)
        if self._split is None:
            if len(input_shape) <= 1:
                input_shape = (*input_shape, 1)
        else:
            rank = len(input_shape)
            input_shape = (*(input_shape[:-1] if rank > 1 else input_shape), None)
        return self._lookup_layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return a symbolic tensor of the outputs' shape and dtype."""
        dtype = "int64" if self._output_mode == "int" else config.floatx()
        shape = self.compute_output_shape(inputs.shape)
        return KerasTensor(shape, dtype, sparse=self.sparse)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; a vocabulary from a file is not one."""
        return super().get_config() | {
            "output_mode": self._output_mode,
            "vocabulary": self._lookup_layer.input_vocabulary,
            "idf_weights": self._lookup_layer.input_idf_weights,
            "vocabulary_size": self.vocabulary_size(),
        }

    def get_build_config(self) -> dict[str, Any]:
        """Return nothing: there is nothing to build."""
        return {}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Do nothing: there is nothing to build."""

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of ``"tf_idf"`` into a store."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of ``"tf_idf"`` out of a store."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary into a folder, one token a line."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary from a folder."""
        self._lookup_layer.load_assets(dir_path)


def _rows(documents: list[list[bytes]]) -> Rows:
    sizes = np.fromiter(map(len, documents), np.int64, len(documents))
    return Rows(list(itertools.chain.from_iterable(documents)), sizes)


def _padded(ids: Array, sizes: Array, length: int) -> Array:
    """Return the numbers as rows of one length: cut, or with zeros behind them."""
    found = np.zeros((len(sizes), length), np.int64)
    place = np.arange(len(ids)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = np.minimum(sizes, length)
    found[np.arange(length) < kept[:, None]] = ids[place < length]
    return found
