"""Tables of which rows are taken, quantized: ``Embedding`` and its kin."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.layers.adapters.layout import Layout
from dlcore.src.layers.adapters.quantizable import Quantizable


class QuantizableTable(Quantizable):
    """A layer that takes rows of a table; each row has scales of its own."""

    _adapts = "embeddings"

    def _layouts_of(self, shape: tuple[int, ...]) -> dict[str, Layout]:
        return {"embeddings": Layout(shape, (1,), (0,), shape, along=1)}

    @staticmethod
    def _indices(inputs: Any) -> Any:
        if standardize_dtype(inputs.dtype) in ("int32", "int64"):
            return inputs
        return ops.cast(inputs, "int32")

    def _run_quantized(self, mode: Any, inputs: Any) -> Any:
        indices = self._indices(inputs)
        rows = mode.rows(self, self._adapts, indices)
        if self.lora_enabled:
            a, b = self.lora_embeddings_a, self.lora_embeddings_b
            update = ops.matmul(ops.take(a, indices, axis=0), b)
            rows = ops.add(rows, update * (self.lora_alpha / self.lora_rank))
        return ops.cast(rows, self.compute_dtype)
