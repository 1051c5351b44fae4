"""What ``StringLookup`` and ``IntegerLookup`` share: a vocabulary and its numbers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.layers.preprocessing.data_layer import HostLayer, batches
from dlcore.src.layers.preprocessing.encoding import (
    MODES,
    check_choice,
    check_sparse,
    count_rows,
    encode_on_host,
    encoded_shape,
)
from dlcore.src.layers.preprocessing.strings import (
    as_array,
    buckets,
    checked_salt,
    flat_bytes,
    to_bytes,
)
from dlcore.src.symbolic import KerasTensor

Array = np.ndarray[Any, Any]
_UNKNOWN, _MASKED = -1, -2


class Rows:
    """Tokens by document.

    Parameters
    ----------
    tokens : list
        All of them, in order.
    sizes : int array of shape (n,)
        How many each document has.
    """

    def __init__(self, tokens: list[Any], sizes: Array):
        self.tokens = tokens
        self.sizes = sizes

    @property
    def numbers(self) -> Array:
        """The number of each token's document."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield the documents."""
        left = iter(self.tokens)
        return (list(itertools.islice(left, n)) for n in self.sizes.tolist())


def to_mode(output_mode: Any, owner: str) -> str:
    """Return an output mode by its one name."""
    aliases = {"binary": "multi_hot", "tf-idf": "tf_idf"}
    output_mode = aliases.get(output_mode, output_mode)
    check_choice("output_mode", output_mode, (*MODES, "tf_idf"), owner)
    return str(output_mode)


class IndexLookup(HostLayer):
    """Tokens as numbers: the mask's, those of unknown ones, those of the vocabulary.

    Parameters
    ----------
    max_tokens : int or None
        Most tokens of the vocabulary, special ones included.
    num_oov_indices : int
        How many numbers unknown tokens share; which one is a hash of the token.
    mask_token, oov_token : str, int or None
    vocabulary_dtype : {"string", "int64"}
    vocabulary : str, sequence or array, optional
        The tokens, or the path of a text file with one a line.
    idf_weights : sequence of float, optional
        One a token, for ``output_mode="tf_idf"``.
    invert : bool
        Whether numbers become tokens instead.
    output_mode : {"int", "one_hot", "multi_hot", "count", "tf_idf"}
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    pad_to_max_tokens : bool
        Whether vectors have ``max_tokens`` numbers however small the vocabulary is.
    oov_method : {"floormod", "farmhash"}
        How an unknown integer gets its number.
    name : str, optional
    salt : int or two int, optional
        The key of a strong hash for unknown tokens.
    vocabulary_size, has_input_vocabulary
        What a saved layer remembers.
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary_dtype: str,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        name: str | None = None,
        salt: Any = None,
        vocabulary_size: int | None = None,
        has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        owner = type(self).__name__
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(
                f"If `max_tokens` is set for `{owner}`, it must be greater than 1. "
                f"Received: max_tokens={max_tokens}"
            )
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(
                "If pad_to_max_tokens is True, must set `max_tokens`. Received: "
                f"max_tokens={max_tokens}"
            )
        if num_oov_indices < 0:
            raise ValueError(
                f"The value of `num_oov_indices` argument for `{owner}` must >= 0. "
                f"Received: num_oov_indices={num_oov_indices}"
            )
        check_choice("oov_method", oov_method, ("floormod", "farmhash"), owner)
        check_sparse(sparse, owner, output_mode)
        self._strings = vocabulary_dtype == "string"
        if salt is not None and not self._strings and oov_method != "farmhash":
            raise ValueError(
                "`salt` can only be used when `oov_method='farmhash'`. Received: "
                f"oov_method={oov_method}"
            )
        output_mode = to_mode(output_mode, owner)
        if invert and output_mode != "int":
            raise ValueError(
                "`output_mode` must be `'int'` when `invert` is true. Received: "
                f"output_mode={output_mode}"
            )
        if idf_weights is not None and output_mode != "tf_idf":
            raise ValueError(
                "`idf_weights` should only be set if `output_mode` is `'tf_idf'`. "
                f"Received: idf_weights={idf_weights} and output_mode={output_mode}"
            )
        if output_mode == "tf_idf" and vocabulary is not None and idf_weights is None:
            raise ValueError(
                "When specifying the `vocabulary` argument, in TF-IDF output mode, the "
                "`idf_weights` argument must also be provided."
            )
        self.built = True
        self.invert = invert
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.output_mode = output_mode
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary_dtype = vocabulary_dtype
        self.oov_method = oov_method
        self.salt = checked_salt(salt, owner)
        self._frozen_vocab_size = vocabulary_size
        self.input_vocabulary = (
            None if isinstance(vocabulary, str) else self._plain(vocabulary)
        )
        self.input_idf_weights = (
            None if idf_weights is None else np.asarray(idf_weights).tolist()
        )
        if has_input_vocabulary is None:
            has_input_vocabulary = vocabulary is not None
        self._has_input_vocabulary = has_input_vocabulary
        self.idf_weights: Array | None = None
        self._tokens: list[Any] = []
        self._table: dict[Any, int] = {}
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    # Tokens inside: UTF-8 bytes or integers.

    def _plain(self, vocabulary: Any) -> list[Any] | None:
        """Return tokens as a list of str or int."""
        if vocabulary is None:
            return None
        array = self._on_host(as_array(vocabulary))
        if self._strings:
            return [v.decode() for v in flat_bytes(array)]
        return [int(v) for v in array.ravel()]

    def _key(self, token: Any) -> Any:
        return to_bytes(token) if self._strings else int(token)

    def _keys(self, array: Array) -> list[Any]:
        if self._strings:
            return flat_bytes(array)
        if array.dtype.kind not in "iubf":
            raise ValueError(
                f"{self.described} expects integers, got an array of {array.dtype}."
            )
        return array.ravel().astype("int64").tolist()

    def _oov_start_index(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    def _token_start_index(self) -> int:
        return self._oov_start_index() + self.num_oov_indices

    def _special(self) -> list[Any]:
        mask = [self.mask_token] * self._oov_start_index()
        return mask + [self.oov_token] * self.num_oov_indices

    # The vocabulary.

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their numbers.

        Parameters
        ----------
        include_special_tokens : bool
            Whether mask and unknown tokens come first.
        """
        tokens = [t.decode() for t in self._tokens] if self._strings else self._tokens
        return [*(self._special() if include_special_tokens else ()), *tokens]

    def vocabulary_size(self) -> int:
        """Return how many tokens there are, special ones included."""
        return len(self._tokens) + self._token_start_index()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens; special ones may stand first, in their order.

        Parameters
        ----------
        vocabulary : str, sequence or array
            The tokens, or the path of a text file with one a line.
        idf_weights : sequence of float, optional
            One a token, for ``output_mode="tf_idf"``.

        Raises
        ------
        ValueError
            If tokens repeat, are too many, or a special one is at the wrong place.
        """
        if self.output_mode == "tf_idf":
            if idf_weights is None:
                raise ValueError(
                    "`idf_weights` must be set if output_mode is 'tf_idf'."
                )
        elif idf_weights is not None:
            raise ValueError(
                "`idf_weights` should only be set if `output_mode` is `'tf_idf'`. "
                f"Received: output_mode={self.output_mode} and "
                f"idf_weights={idf_weights}"
            )
        if isinstance(vocabulary, str):
            if self.output_mode == "tf_idf":
                raise ValueError(
                    "output_mode `'tf_idf'` does not support loading a vocabulary "
                    "from file."
                )
            vocabulary = _lines(vocabulary)
        tokens = self._plain(vocabulary) or []
        if not tokens:
            raise ValueError(
                f"Cannot set an empty vocabulary. Received: vocabulary={vocabulary}"
            )
        start = self._token_start_index()
        given = tokens[:start] == self._special()
        self._check(tokens[start:] if given else tokens)
        self._set_tokens([self._key(t) for t in (tokens[start:] if given else tokens)])
        if idf_weights is not None:
            self._set_weights(np.asarray(idf_weights, "float64"), len(tokens), given)

    def _check(self, tokens: list[Any]) -> None:
        repeated = [t for t, n in Counter(tokens).items() if n > 1]
        if repeated:
            raise ValueError(
                "The passed vocabulary has at least one repeated term. Please uniquify "
                f"your dataset. The repeated terms are: {repeated}"
            )
        for name, token in (("mask", self.mask_token), ("oov", self.oov_token)):
            if name == "oov" and not self.invert:
                continue
            if token is not None and token in tokens:
                raise ValueError(
                    f"Found reserved {name} token at unexpected location in "
                    "`vocabulary`. Note that passed `vocabulary` does not need to "
                    "include the OOV and mask tokens. Either remove all mask and OOV "
                    "tokens, or include them only at the start of the vocabulary in "
                    f"precisely this order: {self._special()}. Received: "
                    f"{name}_token={token} at index {tokens.index(token)} behind them"
                )
        size = self._token_start_index() + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                "Attempted to set a vocabulary larger than the maximum vocab size. "
                f"Received vocabulary size is {size}; `max_tokens` is "
                f"{self.max_tokens}."
            )

    def _set_tokens(self, tokens: list[Any]) -> None:
        start = self._token_start_index()
        size = start + len(tokens)
        fixed = self._frozen_vocab_size
        if self.output_mode != "int" and not self.pad_to_max_tokens and fixed:
            if fixed != size:
                raise RuntimeError(
                    f"When using `output_mode={self.output_mode}` and "
                    "`pad_to_max_tokens=False`, the vocabulary size cannot be changed "
                    f"after the layer is called. Old vocab size is {fixed}, new vocab "
                    f"size is {size}"
                )
        self._tokens = tokens
        self._table = dict(zip(tokens, itertools.count(start), strict=False))
        if self.mask_token is not None:
            number = 0 if self.output_mode == "int" else _MASKED
            self._table[self._key(self.mask_token)] = number
        self._frozen_vocab_size = size

    def _set_weights(self, weights: Array, count: int, given: bool) -> None:
        if weights.shape != (count,):
            raise ValueError(
                "`idf_weights` must be the same length as vocabulary. Its shape is "
                f"{weights.shape}; len(vocabulary) is {count}"
            )
        if not given:
            weights = np.pad(
                weights,
                (self._token_start_index(), 0),
                constant_values=np.average(weights),
            )
        if self.pad_to_max_tokens and self.max_tokens is not None:
            weights = np.pad(weights, (0, self.max_tokens - len(weights)))
        self.idf_weights = weights.astype(config.floatx())

    # Learning a vocabulary.

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first.

        Parameters
        ----------
        data : array-like, or an iterable of batches
        steps : int, optional
            How many batches to read; all unless given.
        """
        self.reset_state()
        parts = batches(data, steps)
        if parts is None:
            array = as_array(self._on_host(data))
            parts = [array[:, None] if array.ndim == 1 else array]
        for part in parts:
            self.update_state(part)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch; each row is a document.

        Parameters
        ----------
        data : array-like
        """
        if self._has_input_vocabulary:
            raise ValueError(
                f"Cannot adapt layer '{self.name}' after setting a static vocabulary "
                "via `vocabulary` argument or `set_vocabulary()` method."
            )
        rows = data if isinstance(data, Rows) else self._rows(data)
        self._counts.update(rows.tokens)
        if self.output_mode == "tf_idf":
            for row in rows:
                self._document_counts.update(set(row))
            self._documents += len(rows.sizes)

    def _rows(self, data: Any) -> Rows:
        if not isinstance(data, list | tuple):
            data = self._on_host(data)
        array = as_array(data)
        array = array.reshape(1, -1) if array.ndim < 2 else array
        return Rows(self._keys(array), np.full(len(array), array[0].size))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._has_input_vocabulary or not self._counts:
            if self._tokens:
                self._frozen_vocab_size = self.vocabulary_size()
            return
        for token in (self.mask_token, self.oov_token):
            if token is not None:
                self._counts.pop(self._key(token), None)
        ordered = sorted(self._counts.items(), key=lambda i: (i[1], i[0]), reverse=True)
        if self.max_tokens:
            ordered = ordered[: self.max_tokens - self._token_start_index()]
        tokens = [token for token, _ in ordered]
        self._set_tokens(tokens)
        if self.output_mode == "tf_idf":
            found = np.array([self._document_counts[t] for t in tokens], "float64")
            weights = np.log(1.0 + self._documents / (1.0 + found))
            self._set_weights(weights, len(tokens), False)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts: Counter[Any] = Counter()
        self._document_counts: Counter[Any] = Counter()
        self._documents = 0

    # Looking up.

    def numbers(self, keys: list[Any]) -> Array:
        """Return the tokens' numbers.

        Parameters
        ----------
        keys : list of bytes or int

        Returns
        -------
        int64 array; masked tokens have a negative number unless the output is "int"
        """
        # ``map`` over a dict is faster than numpy's binary search in sorted strings.
        found = map(self._table.get, keys, itertools.repeat(_UNKNOWN))
        ids = np.fromiter(found, np.int64, len(keys))
        unknown = np.nonzero(ids == _UNKNOWN)[0]
        if not len(unknown):
            return ids
        if not self.num_oov_indices:
            shown = [keys[i] for i in unknown[:10].tolist()]
            raise ValueError(
                "When `num_oov_indices=0` all inputs should be in vocabulary, found "
                f"OOV values {shown}, consider setting `num_oov_indices=1`."
            )
        ids[unknown] = self._oov_start_index()
        if self.num_oov_indices > 1:
            ids[unknown] += self._shares([keys[i] for i in unknown.tolist()])
        return ids

    def _shares(self, keys: list[Any]) -> Array:
        if not self._strings and self.oov_method == "floormod":
            return np.asarray(keys) % self.num_oov_indices
        return buckets([to_bytes(k) for k in keys], self.num_oov_indices, self.salt)

    @property
    def _depth(self) -> int | None:
        return self.max_tokens if self.pad_to_max_tokens else self._frozen_vocab_size

    def _known_depth(self) -> int:
        depth = self._depth
        if depth is None:
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` and "
                "`pad_to_max_tokens=False`, you must set the layer's vocabulary before "
                "calling it. Either pass a `vocabulary` argument to the layer, or call "
                "`adapt` with some sample data."
            )
        return depth

    def compute(self, inputs: Any) -> Any:
        """Return the outputs for an array or list of tokens."""
        if self.output_mode != "int":
            self._known_depth()
        array = as_array(inputs)
        if self.invert:
            return self._tokens_of(array)
        ids = self.numbers(self._keys(array)).reshape(array.shape)
        if self.output_mode == "int":
            return ids
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        found = encode_on_host(ids, mode, self._known_depth(), config.floatx())
        return self._weighted(found)

    def encode_rows(self, ids: Array, rows: Rows) -> Array:
        """Return one vector a document: which tokens it has, or how many of each."""
        found = count_rows(rows.numbers, ids, len(rows.sizes), self._known_depth())
        if self.output_mode == "multi_hot":
            found = np.minimum(found, 1)
        return self._weighted(found.astype(config.floatx()))

    def _weighted(self, counts: Array) -> Array:
        if self.output_mode != "tf_idf":
            return counts
        if self.idf_weights is None:
            raise ValueError(
                "When `output_mode` is `'tf_idf'`, `idf_weights` must be provided."
            )
        return counts * self.idf_weights

    def _tokens_of(self, ids: Array) -> Array:
        ids = ids.astype("int64")
        known = self.get_vocabulary()
        known.append(self.oov_token)
        inside = (ids >= 0) & (ids < len(known))
        table = np.array(known, "str" if self._strings else "int64")
        return table[np.where(inside, ids, len(known) - 1)]

    # Shapes, configuration, saving.

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape."""
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return encoded_shape(input_shape, mode, self._depth)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return a symbolic tensor of the outputs' shape and dtype."""
        dtype = "int64" if self.output_mode == "int" else config.floatx()
        if self.invert:
            dtype = self.vocabulary_dtype
        shape = self.compute_output_shape(inputs.shape)
        return KerasTensor(shape, dtype, sparse=self.sparse)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; a vocabulary from a file is not one."""
        return super().get_config() | {
            "output_mode": self.output_mode,
            "vocabulary": self.input_vocabulary,
            "idf_weights": self.input_idf_weights,
            "vocabulary_size": self._frozen_vocab_size,
            "salt": self.salt,
        }

    def get_build_config(self) -> dict[str, Any]:
        """Return nothing: there is nothing to build."""
        return {}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Do nothing: there is nothing to build."""

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of ``"tf_idf"`` into a store."""
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of ``"tf_idf"`` out of a store."""
        if self.output_mode == "tf_idf":
            self.idf_weights = np.asarray(store["idf_weights"])

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary into a folder, one token a line."""
        if self.input_vocabulary is None:
            text = "\n".join(str(t) for t in self.get_vocabulary())
            Path(dir_path, "vocabulary.txt").write_text(text, encoding="utf-8")

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary from a folder."""
        if self.input_vocabulary is None:
            tokens = _lines(str(Path(dir_path, "vocabulary.txt")))
            if len(tokens) > self._token_start_index():
                weights = self.idf_weights
                kept = None if weights is None else weights[: len(tokens)]
                self.set_vocabulary(tokens, kept)


def _lines(path: str) -> Sequence[str]:
    """Read a text file with one token a line.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not Path(path).is_file():
        raise ValueError(f"Vocabulary file {path} does not exist.")
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
