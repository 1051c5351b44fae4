"""What a layer expects of its inputs, and the error when it gets something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dlcore.src import tree
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export


@export("dlcore.InputSpec", "dlcore.layers.InputSpec")
class InputSpec:
    """Rank, dtype and sizes that an input must have.

    Parameters
    ----------
    dtype : str, optional
    shape : sequence of int or None, optional
        None fits every size.
    ndim, max_ndim, min_ndim : int, optional
    axes : dict of int to int, optional
        Axis to the size it must have.
    allow_last_axis_squeeze : bool
        Whether a last axis of size one may be missing or too much.
    name : str, optional
        The key of the input where inputs come as a dict.
    optional : bool
        Whether None may be passed.

    Examples
    --------
    >>> InputSpec(min_ndim=2, axes={-1: 8})
    InputSpec(min_ndim=2, axes={-1: 8})
    """

    __slots__ = (
        "allow_last_axis_squeeze",
        "axes",
        "dtype",
        "max_ndim",
        "min_ndim",
        "name",
        "ndim",
        "optional",
        "shape",
    )

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(tuple(shape))
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        try:
            self.axes = {int(k): v for k, v in (axes or {}).items()}
        except (ValueError, TypeError, AttributeError):
            raise TypeError(
                f"Argument `axes` must be a dict with integer keys, got axes={axes!r}."
            ) from None
        highest = self.ndim or self.max_ndim
        if self.axes and highest and max(self.axes) >= highest:
            raise ValueError(
                f"Axis {max(self.axes)} is greater than the maximum allowed value: "
                f"{highest - 1}"
            )
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            name: getattr(self, name)
            for name in ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Make a spec from what ``get_config`` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        """Show what is asked for."""
        given = {k: v for k, v in self.get_config().items() if v}
        if self.shape:
            given.pop("ndim", None)
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in given.items())})"

    def fault(self, x: Any) -> str | None:
        """Return what is wrong with an input, or None."""
        if x is None:
            return None if self.optional else "expected a tensor, found None"
        shape, ndim = tuple(x.shape), len(x.shape)
        squeeze = self.allow_last_axis_squeeze
        if self.ndim is not None and ndim != self.ndim and not squeeze:
            return f"expected ndim={self.ndim}, found ndim={ndim}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={ndim}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={ndim}"
        if self.dtype is not None and standardize_dtype(x.dtype) != self.dtype:
            found = standardize_dtype(x.dtype)
            return f"expected dtype={self.dtype}, found dtype={found}"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return (
                    f"expected axis {axis} of input shape to have value {size}, "
                    f"but received input with shape {shape}"
                )
        return self._shape_fault(shape)

    def _shape_fault(self, shape: tuple[int | None, ...]) -> str | None:
        wanted = self.shape
        if wanted is None:
            return None
        found = shape
        if self.allow_last_axis_squeeze:
            wanted = wanted[:-1] if wanted and wanted[-1] == 1 else wanted
            found = found[:-1] if found and found[-1] == 1 else found
        fits = len(wanted) == len(found) and all(
            w is None or f is None or w == f for w, f in zip(wanted, found, strict=True)
        )
        return None if fits else f"expected shape={self.shape}, found shape={shape}"


def check_inputs(spec: Any, inputs: Any, layer: Any) -> None:
    """Check a layer's inputs against its ``input_spec``.

    Raises
    ------
    ValueError
        Naming the layer, the input, what was expected and what was found.
    """
    if type(spec) is InputSpec and hasattr(inputs, "shape"):  # the usual case
        fault = spec.fault(inputs)
        if fault is not None:
            raise _incompatible(layer, 0, inputs, fault)
        return
    specs = tree.flatten(spec)
    if isinstance(inputs, dict) and all(s is not None and s.name for s in specs):
        missing = [s.name for s in specs if s.name not in inputs]
        if missing:
            raise ValueError(
                f'Missing data for input "{missing[0]}" of {layer.described}: got a '
                f"dict with the keys {sorted(inputs)}, expected the keys "
                f"{[s.name for s in specs]}."
            )
        inputs = [inputs[s.name] for s in specs]
    flat = tree.flatten(inputs)
    if len(flat) != len(specs):
        raise ValueError(
            f'Layer "{layer.name}" expects {len(specs)} input(s), but it received '
            f"{len(flat)} input tensors, of shapes "
            f"{[tuple(getattr(x, 'shape', ())) for x in flat]}."
        )
    for index, (x, s) in enumerate(zip(flat, specs, strict=True)):
        if s is None:
            continue
        if x is not None and not hasattr(x, "shape"):
            raise ValueError(
                f"Inputs to a layer should be tensors. Got {x!r} (of type {type(x)}) "
                f"as input for layer '{layer.name}'."
            )
        fault = s.fault(x)
        if fault is not None:
            raise _incompatible(layer, index, x, fault)


def _incompatible(layer: Any, index: int, x: Any, fault: str) -> ValueError:
    return ValueError(
        f"Input {index} of layer '{layer.name}' ({layer.described}) is incompatible "
        f"with the layer: {fault}. "
        f"Full shape received: {tuple(x.shape) if x is not None else None}"
        f"{_hint(layer, fault)}"
    )


def _hint(layer: Any, fault: str) -> str:
    """Return what to do about a missing axis."""
    if "ndim=" not in fault:
        return ""
    wanted, found = (int(n) for n in re.findall(r"ndim=(\d+)", fault))
    advice: str = getattr(layer, "_missing_axis", "")
    if wanted == found + 1:
        return f". {advice or 'Add an axis, for instance with x[..., None]'}."
    return ""
