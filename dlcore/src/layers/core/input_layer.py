"""``Input``: where a functional model begins."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.layers.layer import Layer
from dlcore.src.symbolic import KerasTensor, Node


@export("dlcore.layers.InputLayer")
class InputLayer(Layer):
    """The layer behind an ``Input``.

    Parameters
    ----------
    shape : sequence of int or None, optional
        Without the batch axis.
    batch_size : int, optional
    dtype : str, optional
        ``floatx()`` unless given.
    sparse, ragged : bool, optional
        Accepted for compatibility: tensors are dense.
    batch_shape : sequence of int or None, optional
        With the batch axis, in place of ``shape`` and ``batch_size``.
    input_tensor : KerasTensor, optional
        Gives shape and dtype.
    optional : bool
        Whether None may be passed for it.
    name : str, optional
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name)
        if "input_shape" in kwargs and shape is None:
            warnings.warn(
                "Argument `input_shape` is deprecated. Use `shape` instead.",
                stacklevel=2,
            )
            shape = kwargs.pop("input_shape")
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)  # in old files
        if kwargs:
            raise TypeError(f"InputLayer: unknown arguments {sorted(kwargs)}.")
        if shape is not None and batch_shape is not None:
            raise ValueError("You cannot pass both `shape` and `batch_shape`.")
        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise ValueError(
                    "Argument `input_tensor` must be a KerasTensor. Received invalid "
                    f"type: input_tensor={input_tensor!r} (of type "
                    f"{type(input_tensor)})"
                )
            _check_tensor(input_tensor, shape, batch_size, batch_shape, dtype, sparse)
            batch_shape, batch_size, shape = input_tensor.shape, None, None
            dtype = input_tensor.dtype
        if batch_size is not None and batch_shape is not None:
            raise ValueError(
                "You cannot pass both `batch_size` and `batch_shape` at the same time."
            )
        if batch_shape is None:
            if shape is None:
                raise ValueError("You must pass a `shape` argument.")
            batch_shape = (batch_size, *_sizes(shape))
        self.batch_shape = _sizes(batch_shape)
        self._dtype = standardize_dtype(dtype)
        self.optional = optional
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.built = True
        node = Node(self, (), {})
        if input_tensor is None:
            input_tensor = KerasTensor(self.batch_shape, self._dtype, name=self.name)
        input_tensor.node = node
        node.outputs.append(input_tensor)
        self._nodes.append(node)

    @property
    def dtype(self) -> str:
        """The dtype of the input."""
        return self._dtype

    def call(self) -> Any:
        """Compute the outputs."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def _check_tensor(
    tensor: Any, shape: Any, batch_size: Any, batch_shape: Any, dtype: Any, sparse: Any
) -> None:
    """Check that what is given beside a tensor says the same."""
    for name, given, found in (
        ("batch_size", batch_size, tensor.shape[0] if tensor.shape else None),
        ("shape", None if shape is None else tuple(shape), tensor.shape[1:]),
        ("batch_shape", batch_shape and tuple(batch_shape), tensor.shape),
        ("dtype", dtype and standardize_dtype(dtype), tensor.dtype),
        ("sparse", sparse, tensor.sparse),
    ):
        if given is not None and given != found:
            raise ValueError(
                "When providing the `input_tensor` argument, you cannot provide an "
                f"incompatible `{name}` argument. Received {name}={given!r}, but the "
                f"tensor has {found!r}."
            )


def _sizes(shape: Any) -> tuple[int | None, ...]:
    if isinstance(shape, int):
        raise ValueError(
            f"`shape` must be a tuple of sizes, got the number {shape}. Write "
            f"`shape=({shape},)`."
        )
    sizes = tuple(None if d is None else int(d) for d in shape)
    bad = [d for d in sizes if d is not None and d < 0]
    if bad:
        raise ValueError(
            f"Cannot convert '{tuple(shape)}' to a shape. Negative dimensions are "
            "not allowed; write None for an open size."
        )
    return sizes


@export("dlcore.Input", "dlcore.layers.Input")
def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> Any:
    """Return a symbolic tensor for the input of a model.

    Parameters
    ----------
    shape : sequence of int or None
        Without the batch axis; None for a size that stays open.
    batch_size : int, optional
    dtype : str, optional
        ``floatx()`` unless given.
    sparse, ragged : bool, optional
        Accepted for compatibility: tensors are dense.
    batch_shape : sequence of int or None, optional
        With the batch axis, in place of ``shape`` and ``batch_size``.
    name : str, optional
        The input's key where inputs are passed as a dict.
    tensor : KerasTensor, optional
        Gives shape and dtype.
    optional : bool
        Whether None may be passed for it.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.Input((32,))
    >>> model = dlcore.Model(x, dlcore.layers.Dense(1)(x))
    >>> model.output_shape
    (None, 1)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output
