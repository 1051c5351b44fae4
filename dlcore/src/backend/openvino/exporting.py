"""A model as OpenVINO's own files, ``.xml`` and ``.bin``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openvino as ov

from dlcore.src import tree
from dlcore.src.exporting.signature import names


def save(model: Any, path: Path, signature: list[Any]) -> None:
    """Write the forward pass of a model that lives on torch or on tensorflow.

    Parameters
    ----------
    model : Model
    path : Path
        Of the ``.xml`` file; the ``.bin`` file lies beside it.
    signature : list of nested specs
    """
    specs = tree.flatten(signature)
    if model.backend.name == "torch":
        from dlcore.src.backend.torch import exporting

        traced = exporting.traced(model, signature)
        inputs = exporting.examples(signature, 2)
        graph = ov.convert_model(traced, example_input=inputs)
    else:
        from dlcore.src.backend.tensorflow import exporting as tensorflow

        weights, function = tensorflow.function(model, signature)
        graph = ov.convert_model(function)  # while the weights are there
        del weights
    for port, spec, name in zip(graph.inputs, specs, names(signature), strict=True):
        port.get_node().set_partial_shape(
            ov.PartialShape([-1 if n is None else n for n in spec.shape])
        )
        port.get_node().set_element_type(ov.Type(_host_type(spec.dtype)))
        port.get_node().set_friendly_name(name)
        port.tensor.set_names({name})
    graph.validate_nodes_and_infer_types()
    ov.save_model(graph, path, compress_to_fp16=False)


def _host_type(dtype: str) -> Any:
    import ml_dtypes  # noqa: F401 - numpy then knows bfloat16
    import numpy as np

    return np.dtype(dtype)
