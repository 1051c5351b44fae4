"""``train_on_batch`` and its kin: one step, from Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.src import tree
from dlcore.src.ops import core as ops_core
from dlcore.src.training.data.arrays import as_arrays, class_weights
from dlcore.src.training.functions import to_native
from dlcore.src.training.preparing import Preparing
from dlcore.src.training.results import numbers
from dlcore.src.utils.homes import on_own_backend


class OnBatch(Preparing):
    """The methods that take a single batch."""

    @on_own_backend
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Do one training step on one batch.

        Returns
        -------
        float, list of float, or dict of str to float
            Loss and metrics of this batch.
        """
        batch = self._batch(x, y, sample_weight, class_weight)
        self._need_compiled()
        if not self._ready(training=True):
            self._prepare(batch, training=True)
        logs = self._function("train", fresh=True)(to_native(self.backend, batch))
        return self._report(logs, return_dict)

    @on_own_backend
    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Evaluate one batch.

        Returns
        -------
        float, list of float, or dict of str to float
            Loss and metrics of this batch.
        """
        batch = self._batch(x, y, sample_weight)
        self._need_compiled()
        if not self._ready(training=False):
            self._prepare(batch, training=False)
        logs = self._function("test", fresh=True)(to_native(self.backend, batch))
        return self._report(logs, return_dict)

    @on_own_backend
    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, as numpy arrays."""
        batch = self._batch(x)
        if not self.built:  # type: ignore[attr-defined]
            self._prepare(batch, training=False, loss=False)
        outputs = self._function("predict")(to_native(self.backend, batch))
        return tree.map_structure(ops_core.convert_to_numpy, outputs)

    def _batch(
        self, x: Any, y: Any = None, weight: Any = None, class_weight: Any = None
    ) -> Any:
        x, y, weight = (
            v if type(v) is np.ndarray else as_arrays(v) for v in (x, y, weight)
        )
        if class_weight is not None:
            weight = class_weights(y, weight, class_weight)
        return x, y, weight

    def _report(self, logs: Any, return_dict: bool) -> Any:
        if logs is None:
            logs = self._results()
        found = numbers(logs)
        if return_dict:
            return found
        return self._listed(found)  # type: ignore[attr-defined]
