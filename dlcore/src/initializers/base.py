"""The base class of initializers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from dlcore.src.config import Configurable
from dlcore.src.export import export
from dlcore.src.saving.serialization import serialize_keras_object


@export("dlcore.Initializer", "dlcore.initializers.Initializer")
class Initializer(Configurable):
    """Base class of initializers: called with a shape, they return first values.

    Examples
    --------
    >>> import dlcore
    >>> class Tens(dlcore.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return dlcore.ops.full(shape, 10.0, dtype)
    >>> Tens()((2, 3)).shape
    (2, 3)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a tensor.

        Parameters
        ----------
        shape : sequence of int
        dtype : str, optional
            ``floatx()`` by default.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define `__call__(self, shape, dtype=None)`."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain Python."""
        return serialize_keras_object(super().get_config())

    def clone(self) -> Self:
        """Return an initializer of the same configuration."""
        return type(self).from_config(self.get_config())
