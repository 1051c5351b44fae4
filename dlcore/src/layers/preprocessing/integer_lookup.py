"""``IntegerLookup``: integers as numbers of a vocabulary."""

from __future__ import annotations

from typing import Any

from dlcore.src.export import export
from dlcore.src.layers.preprocessing.lookup import IndexLookup


@export("dlcore.layers.IntegerLookup")
class IntegerLookup(IndexLookup):
    """Integers as consecutive numbers, or vectors: a vocabulary, given or learnt.

    Parameters
    ----------
    max_tokens : int, optional
        Most tokens of the vocabulary, special ones included.
    num_oov_indices : int
        How many numbers unknown integers share.
    mask_token : int, optional
        Has the number 0.
    oov_token : int
        What stands for unknown integers.
    vocabulary : str or sequence of int, optional
        The tokens, or the path of a text file with one a line.
    vocabulary_dtype : {"int64"}
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
        Which of several numbers an unknown integer gets: its remainder, or a hash.
    salt : int or two int, optional
        The key of a strong hash, with ``oov_method="farmhash"``.
    name : str, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.IntegerLookup(vocabulary=[10, 20])
    >>> dlcore.ops.convert_to_numpy(layer([20, 7, 10])).tolist()
    [2, 0, 1]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        if vocabulary_dtype != "int64":
            raise ValueError(
                "Only `vocabulary_dtype='int64'` is supported at this time. Received: "
                f"vocabulary_dtype={vocabulary_dtype}"
            )
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary_dtype=vocabulary_dtype,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )
