"""``Discretization``: numbers as numbers of the interval they fall into."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.data_layer import DataLayer, batches
from dlcore.src.layers.preprocessing.encoding import (
    MODES,
    check_choice,
    check_sparse,
    encode,
    encoded_shape,
)
from dlcore.src.symbolic import KerasTensor

Array = np.ndarray[Any, Any]


@export("dlcore.layers.Discretization")
class Discretization(DataLayer):
    """Numbers as numbers of intervals, whose bounds are given or learnt.

    Parameters
    ----------
    bin_boundaries : sequence of float, optional
        Bounds of the intervals, in order; the first and the last one are open.
    num_bins : int, optional
        How many intervals ``adapt`` makes: quantiles of the data.
    epsilon : float
        How exactly the quantiles are found, as a fraction of the data.
    output_mode : {"int", "one_hot", "multi_hot", "count"}
    sparse : bool
        Whether outputs are sparse tensors, where the backend has them.
    dtype, name : str, optional

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.Discretization([0.0, 1.0, 2.0])
    >>> x = np.array([[-1.5, 1.0, 3.4, 0.5]])
    >>> dlcore.ops.convert_to_numpy(layer(x)).tolist()
    [[0, 2, 3, 1]]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ):
        super().__init__(name=name, dtype=dtype)
        check_choice("output_mode", output_mode, MODES, "Discretization")
        check_sparse(sparse, "Discretization", output_mode)
        if num_bins is not None and num_bins < 0:
            raise ValueError(
                "`num_bins` must be greater than or equal to 0. Received: `num_bins="
                f"{num_bins}`"
            )
        if num_bins is not None and bin_boundaries is not None:
            raise ValueError(
                "Both `num_bins` and `bin_boundaries` should not be set. Received: "
                f"`num_bins={num_bins}` and `bin_boundaries={bin_boundaries}`"
            )
        if num_bins is None and bin_boundaries is None:
            raise ValueError("You need to set either `num_bins` or `bin_boundaries`.")
        self.bin_boundaries = (
            None if bin_boundaries is None else np.asarray(bin_boundaries).tolist()
        )
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = sparse
        self.summary: Array | None = None
        self.reset_state()

    @property
    def input_dtype(self) -> str:
        """The dtype that floating inputs are cast to."""
        return config.floatx()

    @property
    def output_dtype(self) -> str:
        """The dtype of the outputs."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the bounds: quantiles of the data.

        Parameters
        ----------
        data : array-like, or an iterable of batches
        steps : int, optional
            How many batches to read; all unless given.
        """
        if self.num_bins is None:
            raise ValueError(
                "Cannot adapt a Discretization layer that has been initialized with "
                "`bin_boundaries`, use `num_bins` instead."
            )
        self.reset_state()
        parts = batches(data, steps)
        for part in [data] if parts is None else parts:
            self.update_state(part)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take in one batch of numbers."""
        values = np.asarray(self._array(data), "float32")
        summary = _summary(values, self.epsilon)
        if self.summary is not None:
            both = np.concatenate((summary, self.summary), axis=1)
            summary = _compressed(both[:, np.argsort(both[0])], self.epsilon)
        self.summary = summary

    def finalize_state(self) -> None:
        """Make the bounds of what was taken in."""
        if self.num_bins is not None and self.summary is not None:
            found = _compressed(self.summary, 1.0 / self.num_bins)
            self.bin_boundaries = found[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forget what was taken in."""
        if self.num_bins is not None:
            self.summary = np.empty((2, 0), "float32")

    @property
    def _depth(self) -> int | None:
        bounds = self.bin_boundaries
        return self.num_bins if bounds is None else len(bounds) + 1

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape; vectors are made along axis 1."""
        shape = tuple(input_shape)
        if len(shape) > 2 and self.output_mode in ("multi_hot", "count"):
            shape = (shape[0], *shape[2:], shape[1])
        return encoded_shape(shape, self.output_mode, self._depth)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return a symbolic tensor of the outputs' shape and dtype."""
        shape = self.compute_output_shape(inputs.shape)
        return KerasTensor(shape, self.output_dtype, sparse=self.sparse)

    def load_own_variables(self, store: Any) -> None:
        """Take what earlier versions of the format stored."""
        if len(store.keys()) == 1:
            self.summary = np.asarray(store["0"])

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        if self.bin_boundaries is None:
            raise ValueError(
                "You need to either pass the `bin_boundaries` argument at construction "
                "time or call `adapt(dataset)` before you can start using the "
                "`Discretization` layer."
            )
        bounds = np.asarray(self.bin_boundaries, "float32")
        found = ops.digitize(inputs, bounds)
        if len(found.shape) > 2 and self.output_mode in ("multi_hot", "count"):
            found = ops.moveaxis(found, 1, -1)
        depth = len(bounds) + 1
        return encode(
            found, self.output_mode, depth, self.output_dtype, sparse=self.sparse
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, and the bounds that were found."""
        return super().get_config() | {"bin_boundaries": self.bin_boundaries}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make a layer from what ``get_config`` returned."""
        config = dict(config)
        found = None
        if config.get("num_bins") is not None:
            found = config.pop("bin_boundaries", None)
        layer = super().from_config(config, custom_objects)
        if found is not None:
            layer.bin_boundaries = found
        return layer


def _summary(values: Array, epsilon: float) -> Array:
    """Return some of the ordered values, and how many each one stands for."""
    values = np.sort(values, axis=None)
    step = max(values.size * epsilon, 1)
    bounds = values[int(step - 1) :: int(step)]
    return np.stack([bounds, np.full_like(bounds, step)])


def _compressed(summary: Array, epsilon: float) -> Array:
    """Return a summary of about ``1 / epsilon`` values."""
    if summary.shape[1] * epsilon < 1:
        return summary
    percents = epsilon + np.arange(0.0, 1.0, epsilon)
    weights = summary[1].cumsum()
    shares = weights / weights[-1]
    bounds = np.interp(percents, shares, summary[0])
    reached = np.interp(percents, shares, weights)
    found = np.stack((bounds, np.diff(reached, prepend=0.0)))
    return found.astype("float32")
