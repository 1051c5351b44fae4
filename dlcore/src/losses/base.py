"""The base class of losses: compute, weight, reduce."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from dlcore import ops
from dlcore.src.config import Configurable
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.losses.weighting import masked_weight, reduce, same_rank
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.utils.dtypes import compute_dtype
from dlcore.src.utils.homes import on_backend_of
from dlcore.src.utils.naming import auto_name
from dlcore.src.utils.tracebacks import filtered

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


def check_reduction(reduction: str | None) -> str | None:
    """Return a reduction's name if there is one.

    Raises
    ------
    ValueError
        If there is none.
    """
    if reduction is not None and reduction not in REDUCTIONS:
        raise ValueError(
            f"Invalid value for argument `reduction`: {reduction!r}."
            + did_you_mean(reduction, REDUCTIONS)
        )
    return reduction


def _tensors(values: Any, dtype: str) -> Any:
    """Make tensors of nested arrays; a list of plain numbers is one array."""
    if isinstance(values, dict):
        return {key: _tensors(value, dtype) for key, value in values.items()}
    if isinstance(values, list | tuple):
        if any(hasattr(v, "shape") or isinstance(v, dict) for v in values):
            parts = [_tensors(v, dtype) for v in values]
            named = hasattr(values, "_fields")
            return type(values)(*parts) if named else type(values)(parts)
    return ops.convert_to_tensor(values, dtype=dtype)


@export("dlcore.Loss", "dlcore.losses.Loss")
class Loss(Configurable):
    """Base class of losses.

    A subclass says in ``call`` what one sample costs; weights, masks and the mean over
    the batch are added here.

    Parameters
    ----------
    name : str, optional
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None}
        ``"sum_over_batch_size"`` and ``"mean"`` divide the sum by the number of losses,
        ``"mean_with_sample_weight"`` by the sum of the weights; None and ``"none"``
        return a loss for each sample.
    dtype : str or dtype policy, optional
        In which to compute; ``floatx()`` by default.

    Examples
    --------
    >>> import dlcore
    >>> class SquaredError(dlcore.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return dlcore.ops.mean(dlcore.ops.square(y_pred - y_true), axis=-1)
    >>> float(SquaredError()([[1.0], [2.0]], [[1.0], [4.0]]))
    2.0
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ):
        self.name = name or auto_name(type(self).__name__)
        self.reduction = check_reduction(reduction)
        self._dtype = compute_dtype(dtype)

    @property
    def dtype(self) -> str:
        """In which dtype it computes."""
        return self._dtype

    @filtered
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss.

        Parameters
        ----------
        y_true, y_pred : tensor, or nested tensors
            What is right and what the model said, ``(batch, ...)``.
        sample_weight : tensor, optional
            Of the shape of the losses, or of their first axes.

        Returns
        -------
        tensor
            A scalar, or with ``reduction=None`` a loss for each sample.
        """
        with on_backend_of(y_pred, y_true):
            mask = getattr(y_pred, "_keras_mask", None)
            y_true, y_pred = (_tensors(y, self.dtype) for y in (y_true, y_pred))
            losses = self.call(y_true, y_pred)
            own_mask = self.counted(y_true, y_pred, losses)
            if own_mask is not None:
                mask = own_mask if mask is None else ops.logical_and(mask, own_mask)
            return self._reduced(losses, sample_weight, mask)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what each sample costs, ``(batch, ...)``."""
        raise NotImplementedError(
            f"{type(self).__name__} must define `call(self, y_true, y_pred)`."
        )

    def counted(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        """Return which losses count, as a tensor of bools; None for all of them."""
        return None

    def _reduced(self, losses: Any, weight: Any, mask: Any) -> Any:
        losses = ops.convert_to_tensor(losses, dtype=self.dtype)
        if weight is not None:
            weight = ops.convert_to_tensor(weight, dtype=losses.dtype)
        weight = masked_weight(weight, mask, losses.dtype, self.reduction)
        if weight is not None:
            losses, weight = same_rank(losses, weight)
            losses = losses * weight
        return reduce(losses, weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the name it has."""
        config = super().get_config()
        if "name" in config:
            config["name"] = self.name
        if config.get("dtype", "") is None:
            del config["dtype"]
        return serialize_keras_object(config)


class LossFunctionWrapper(Loss):
    """A loss made of a function ``(y_true, y_pred, **options)``.

    Parameters
    ----------
    fn : Callable
        Returns what each sample costs.
    reduction, name, dtype
        As for ``Loss``.
    **options
        Passed on to the function, and attributes of the loss.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ):
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self.options = options
        vars(self).update(options)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what each sample costs, ``(batch, ...)``."""
        if hasattr(y_true, "shape") and hasattr(y_pred, "shape"):
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.options)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a loss from what ``get_config`` returned."""
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))
