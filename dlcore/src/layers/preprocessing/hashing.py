"""``Hashing`` and ``HashedCrossing``: categories without a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.data_layer import HostLayer
from dlcore.src.layers.preprocessing.encoding import (
    MODES,
    check_choice,
    check_sparse,
    encode_on_host,
    encoded_shape,
)
from dlcore.src.layers.preprocessing.fingerprints import cross, fingerprint64
from dlcore.src.layers.preprocessing.strings import (
    as_array,
    buckets,
    checked_salt,
    flat_bytes,
    is_text,
    to_bytes,
)
from dlcore.src.symbolic import KerasTensor


def _dtype(dtype: Any, output_mode: str) -> Any:
    if dtype is not None:
        return dtype
    return "int64" if output_mode == "int" else config.floatx()


class Hashed(HostLayer):
    """What both layers share: the numbers of buckets, encoded."""

    num_bins: int
    output_mode: str

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape."""
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return a symbolic tensor of the outputs' shape and dtype."""
        first = inputs[0] if isinstance(inputs, list | tuple) else inputs
        return KerasTensor(
            encoded_shape(first.shape, self.output_mode, self.num_bins),
            self.compute_dtype,
            sparse=self.sparse,
        )

    def _encoded(self, found: Any, shape: tuple[int, ...]) -> Any:
        found = found.reshape(shape)
        dtype = self.compute_dtype
        return encode_on_host(found, self.output_mode, self.num_bins, dtype)


@export("dlcore.layers.Hashing")
class Hashing(Hashed):
    """Strings or integers as numbers of hash buckets.

    The numbers are those of Keras and TensorFlow, on every machine and backend.

    Parameters
    ----------
    num_bins : int
        How many buckets there are; the mask's included.
    mask_value : str or int, optional
        What goes to bucket 0, alone.
    salt : int or two int, optional
        The key of a strong hash (SipHash); FarmHash's fingerprint unless given.
    output_mode : {"int", "one_hot", "multi_hot", "count"}
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Hashing(num_bins=3)
    >>> dlcore.ops.convert_to_numpy(layer([["A"], ["B"], ["E"]])).tolist()
    [[1], [0], [2]]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs | {"dtype": _dtype(kwargs.get("dtype"), output_mode)})
        if num_bins is None or num_bins <= 0:
            raise ValueError(
                "The `num_bins` for `Hashing` cannot be `None` or non-positive values. "
                f"Received: num_bins={num_bins}."
            )
        if output_mode == "int" and self.compute_dtype not in ("int32", "int64"):
            raise ValueError(
                'When `output_mode="int"`, `dtype` should be an integer type, '
                f"'int32' or 'int64'. Received: dtype={kwargs['dtype']}"
            )
        check_choice("output_mode", output_mode, MODES, "Hashing")
        check_sparse(sparse, "Hashing", output_mode)
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = checked_salt(salt, "Hashing")
        self.output_mode = output_mode
        self.sparse = sparse

    def compute(self, inputs: Any) -> Any:
        """Return the buckets of an array."""
        array = as_array(inputs)
        values = flat_bytes(array)
        masking = self.mask_value is not None and self.num_bins > 1
        found = buckets(values, self.num_bins - masking, self.salt)
        if masking:
            wanted = to_bytes(self.mask_value)
            masked = np.fromiter((v == wanted for v in values), bool, len(values))
            found = np.where(masked, 0, found + 1)
        return self._encoded(found, array.shape)


@export("dlcore.layers.HashedCrossing")
class HashedCrossing(Hashed):
    """Several features as one: the bucket of their values together.

    The numbers are those of Keras and TensorFlow, on every machine and backend.

    Parameters
    ----------
    num_bins : int
        How many buckets there are.
    output_mode : {"int", "one_hot"}
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    name, dtype : str, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.HashedCrossing(num_bins=5)
    >>> crossed = layer((np.array(["A", "B"]), np.array([101, 101])))
    >>> dlcore.ops.convert_to_numpy(crossed).tolist()
    [1, 4]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, dtype=_dtype(dtype, output_mode), **kwargs)
        check_choice("output_mode", output_mode, ("int", "one_hot"), "HashedCrossing")
        check_sparse(sparse, "HashedCrossing", output_mode)
        self.num_bins = num_bins
        self.output_mode = output_mode
        self.sparse = sparse

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape for the inputs' shapes."""
        if len(input_shape) < 2 or not all(
            isinstance(s, tuple | list) for s in input_shape
        ):
            raise ValueError(
                "Expected as input a list/tuple of 2 tensors. Received input_shape="
                f"{input_shape}"
            )
        return super().compute_output_shape(input_shape[0])

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """Compute the outputs for a list of inputs."""
        if not isinstance(inputs, list | tuple):
            raise ValueError(
                "`HashedCrossing` should be called on a list or tuple of inputs. "
                f"Received: inputs={inputs}"
            )
        if len(inputs) < 2:
            raise ValueError(
                "`HashedCrossing` should be called on at least two inputs. Received: "
                f"inputs={inputs}"
            )
        return super().__call__(inputs, **kwargs)

    def compute(self, inputs: Any) -> Any:
        """Return the buckets of the arrays' values together."""
        arrays = [as_array(x) for x in inputs]
        shape = arrays[0].shape
        if len(shape) > 2 or (len(shape) == 2 and shape[-1] != 1):
            raise ValueError(
                "All `HashedCrossing` inputs should have shape `()`, `(batch_size)` or "
                f"`(batch_size, 1)`. Received: shapes={[a.shape for a in arrays]}"
            )
        if any(a.shape != shape for a in arrays):
            raise ValueError(
                "All `HashedCrossing` inputs should have equal shape. Received: "
                f"shapes={[a.shape for a in arrays]}"
            )
        if not all(a.dtype.kind in "iub" or is_text(a) for a in arrays):
            raise ValueError(
                "All `HashedCrossing` inputs should have an integer or string dtype. "
                f"Received: dtypes={[str(a.dtype) for a in arrays]}"
            )
        words = [
            fingerprint64(flat_bytes(a))
            if is_text(a)
            else a.ravel().astype("int64").view("uint64")
            for a in arrays
        ]
        found = (cross(words) % np.uint64(self.num_bins)).astype("int64")
        return self._encoded(found, shape)
