"""``StringLookup``: strings as numbers of a vocabulary."""

from __future__ import annotations

from typing import Any

from dlcore.src.export import export
from dlcore.src.layers.preprocessing.lookup import IndexLookup


@export("dlcore.layers.StringLookup")
class StringLookup(IndexLookup):
    """Strings as numbers, or vectors: a vocabulary that is given or learnt.

    It takes numpy arrays and lists of strings, on every backend; its results are
    tensors. With ``invert=True`` the result is a numpy array of strings.

    Parameters
    ----------
    max_tokens : int, optional
        Most tokens of the vocabulary, special ones included.
    num_oov_indices : int
        How many numbers unknown strings share; a hash says which one.
    mask_token : str, optional
        Has the number 0.
    oov_token : str
        What stands for unknown strings.
    vocabulary : str or sequence of str, optional
        The tokens, or the path of a text file with one a line.
    idf_weights : sequence of float, optional
        One a token, for ``output_mode="tf_idf"``.
    invert : bool
        Whether numbers become strings instead.
    output_mode : {"int", "one_hot", "multi_hot", "count", "tf_idf"}
    pad_to_max_tokens : bool
        Whether vectors have ``max_tokens`` numbers however small the vocabulary is.
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    encoding : str
        Of strings that are given as bytes.
    name : str, optional
    salt : int or two int, optional
        The key of a strong hash for unknown strings.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.StringLookup(vocabulary=["cat", "dog"])
    >>> dlcore.ops.convert_to_numpy(layer(["dog", "cow", "cat"])).tolist()
    [2, 0, 1]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ):
        self.encoding = encoding
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary_dtype="string",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            name=name,
            salt=salt,
            **kwargs,
        )
