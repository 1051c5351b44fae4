"""``CategoryEncoding``: category numbers as vectors."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.data_layer import DataLayer
from dlcore.src.layers.preprocessing.encoding import (
    check_sparse,
    encode,
    encoded_shape,
)
from dlcore.src.symbolic import KerasTensor


@export("dlcore.layers.CategoryEncoding")
class CategoryEncoding(DataLayer):
    """Category numbers as one-hot or multi-hot vectors, or counts.

    Parameters
    ----------
    num_tokens : int
        How many categories there are: numbers are in ``[0, num_tokens)``.
    output_mode : {"multi_hot", "one_hot", "count"}
        A vector for each sample (the last axis), or one for each number.
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.CategoryEncoding(4, output_mode="count")
    >>> dlcore.ops.convert_to_numpy(layer(np.array([[0, 1], [2, 2]])))
    array([[1., 1., 0., 0.],
           [0., 0., 2., 0.]], dtype=float32)
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if output_mode == "binary":
            output_mode = "multi_hot"
        if output_mode not in ("count", "one_hot", "multi_hot"):
            raise ValueError(f"Unknown arg for output_mode: {output_mode}")
        if num_tokens is None:
            raise ValueError(
                "num_tokens must be set to use this layer. If the number of tokens is "
                "not known beforehand, use the IntegerLookup layer instead."
            )
        if num_tokens < 1:
            raise ValueError(
                f"`num_tokens` must be >= 1. Received: num_tokens={num_tokens}."
            )
        check_sparse(sparse, "CategoryEncoding")
        self.num_tokens = num_tokens
        self.output_mode = output_mode
        self.sparse = sparse
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the vectors."""
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs: Any, count_weights: Any = None) -> Any:
        """Return a symbolic tensor of the outputs' shape and dtype."""
        shape = self.compute_output_shape(inputs.shape)
        return KerasTensor(shape, self.compute_dtype, sparse=self.sparse)

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """Compute the vectors.

        Parameters
        ----------
        inputs : tensor or array-like of int
        count_weights : tensor, optional
            What each number counts, for ``output_mode="count"``.
        """
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    "`count_weights` is not used when `output_mode` is not `'count'`. "
                    f"Received `count_weights={count_weights}`."
                )
            count_weights = ops.convert_to_tensor(count_weights, self.compute_dtype)
        return encode(
            ops.cast(ops.convert_to_tensor(inputs), "int32"),
            self.output_mode,
            self.num_tokens,
            self.compute_dtype,
            count_weights,
            self.sparse,
        )
