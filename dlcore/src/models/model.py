"""``Model``: layers with training; functional, or a subclass with its own ``call``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from dlcore.src import backend as backends, tree
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers.context import set_mask
from dlcore.src.layers.layer import Layer
from dlcore.src.models import functional, state_tree, summary
from dlcore.src.models.entrances import Entrances
from dlcore.src.models.graph import Graph
from dlcore.src.models.moving import moved
from dlcore.src.models.state_tree import put as set_state
from dlcore.src.quantizers.calibration import quantize_model
from dlcore.src.saving import api
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.symbolic import KerasTensor
from dlcore.src.training.trainer import Trainer


@export("dlcore.Model", "dlcore.models.Model")
class Model(Trainer, Layer):
    """A layer that can be trained.

    There are three ways to make one: ``Model(inputs, outputs)`` from symbolic tensors,
    ``Sequential`` from a list of layers, or a subclass that makes layers in its
    constructor and calls them in ``call``.

    Parameters
    ----------
    inputs, outputs : KerasTensor, or nested ones
        For a functional model.
    name : str, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.Input((8,))
    >>> hidden = dlcore.layers.Dense(4, activation="relu")(x)
    >>> model = dlcore.Model(x, dlcore.layers.Dense(1)(hidden))
    >>> model.count_params()
    41
    """

    def __init__(self, *args: Any, **kwargs: Any):
        inputs, outputs, rest = _functional_arguments(args, kwargs)
        super().__init__(**rest)
        if outputs is not None:
            self._become_functional(inputs, outputs)

    def _become_functional(self, inputs: Any, outputs: Any) -> None:
        graph = Graph(inputs, outputs)
        names: dict[str, Layer] = {}
        for layer in graph.layers:
            if names.setdefault(layer.name, layer) is not layer:
                raise ValueError(
                    f'The name "{layer.name}" is used 2 times in the model. All layer '
                    "names should be unique."
                )
        homes = {id(layer.backend): layer.backend for layer in graph.layers}
        if len(homes) > 1:
            names_ = ", ".join(sorted(b.name for b in homes.values()))
            raise ValueError(
                f"The layers of the model {self.name!r} live on several backends: "
                f"{names_}. Make them all under one dlcore.use_backend(...)."
            )
        if homes:
            self.backend = next(iter(homes.values()))
        self._graph = graph
        self._graph_layers = graph.layers
        self._graph_variables = graph.variables
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self._entrances = Entrances(graph, self.backend)
        self.supports_masking = False
        self.built = True

    #: Whether the user said what sizes inputs have; else they are those of the first.
    _sizes_declared = True

    # Running a functional model.

    @property
    def _is_functional(self) -> bool:
        return "_graph" in self.__dict__

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs; a subclass writes its own."""
        if not self._is_functional:
            raise NotImplementedError(
                f"Model {type(self).__name__} does not have a `call()` method "
                "implemented: write one, or make the model with "
                "Model(inputs, outputs)."
            )
        values = self._entrances.enter(self, inputs)
        if mask is not None:
            for value, found in zip(values, tree.flatten(mask), strict=False):
                if found is not None:
                    set_mask(value, found)
        return self._graph.run(values)

    def _symbolic_call_inputs(self) -> Any:
        return self._graph.inputs if self._is_functional else None

    # What it consists of.

    @property
    def layers(self) -> list[Layer]:
        """Its layers, in order."""
        if self._is_functional:
            return list(self._graph.layers)
        return self._flatten_layers(include_self=False, recursive=False)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "`Model.layers` attribute is reserved and should not be used. Please use "
            "another name."
        )

    @property
    def operations(self) -> list[Any]:
        """Layers and functions of ops, in the order in which a graph has them."""
        return list(self._tensors_of("operations"))

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its index.

        Raises
        ------
        ValueError
            If there is none; says which name may have been meant.
        """
        if (name is None) == (index is None):
            raise ValueError(
                "Provide either a layer name or layer index. Received: "
                f"index={index}, name={name}."
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has "
                    f"{len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        known = [layer.name for layer in layers]
        raise ValueError(
            f"No such layer: {name}. Existing layers are: {known}."
            f"{did_you_mean(name, known) if known else ''}"
        )

    def _tensors_of(self, what: str) -> Any:
        if not self._is_functional:
            raise AttributeError(
                f"The model {self.name!r} has no defined {what}: it is not functional, "
                "or not built yet."
            )
        return getattr(self._graph, what)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, as a list."""
        return tree.flatten(self._tensors_of("inputs"))

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, as a list."""
        return tree.flatten(self._tensors_of("outputs"))

    @property
    def input(self) -> Any:
        """The symbolic inputs, nested as they were given."""
        return self._tensors_of("inputs")

    @property
    def output(self) -> Any:
        """The symbolic outputs, nested as they were given."""
        return self._tensors_of("outputs")

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs."""
        return tree.map_structure(lambda t: t.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs."""
        return tree.map_structure(lambda t: t.shape, self.output)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs: keys for data passed as a dict."""
        return [node.operation.name for node in self._graph.sources]

    @property
    def output_names(self) -> list[str] | None:
        """The names of the outputs: keys for losses and metrics in a dict."""
        if not self._is_functional:
            return None
        outputs = self._graph.outputs
        if isinstance(outputs, Mapping) and len(outputs) == len(self.outputs):
            return [str(key) for key in sorted(outputs)]
        return [_maker_name(t) for t in tree.flatten(outputs)]

    # Where it lives.

    def to_backend(self, name: str | backends.Backend) -> Self:
        """Return a copy of the model on another backend; this one stays.

        Weights, the optimizer's state and all that ``compile`` set go along, so
        training goes on where it stopped.

        Parameters
        ----------
        name : {"numpy", "jax", "torch", "tensorflow", "openvino"}

        Examples
        --------
        >>> import dlcore
        >>> with dlcore.use_backend("numpy"):
        ...     model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
        >>> model.to_backend("jax").backend.name
        'jax'
        """
        return moved(self, backends.get(name))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the model with its weights."""
        return moved(self, memo.get(id(self.backend), self.backend), memo)

    # State as nested dicts.

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Return the values of all variables, nested by the parts of their paths.

        Parameters
        ----------
        value_format : {"backend_tensor", "numpy_array"}

        Returns
        -------
        dict
            ``"trainable_variables"``, ``"non_trainable_variables"``,
            ``"optimizer_variables"`` and ``"metrics_variables"``, each a nested dict.

        Raises
        ------
        ValueError
            If two variables have the same path, or the format is another one.
        """
        return state_tree.get(self, value_format)

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Set variables from what ``get_state_tree`` returned, or from a part of it."""
        set_state(self, state_tree)

    # Quantisation.

    def quantize(
        self,
        mode: str | None = None,
        config: Any = None,
        filters: Any = None,
        **kwargs: Any,
    ) -> None:
        """Quantize the weights of all layers that can be.

        Parameters
        ----------
        mode : {"int8", "int4", "float8", "gptq", "awq"}, optional
            Needed unless ``config`` says it.
        config : QuantizationConfig, optional
            Settings of the mode; GPTQ and AWQ need them.
        filters : str, sequence of str or Callable, optional
            Which layers: regular expressions that their names contain, or a function
            of a layer.
        **kwargs
            ``type_check=False`` lets subclasses of layers be quantized.

        Raises
        ------
        ValueError
            If the model is not built or quantized already, or an argument is wrong.

        Examples
        --------
        >>> import dlcore
        >>> model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
        >>> model.quantize("int8")
        >>> model.layers[0].kernel.dtype
        'int8'
        """
        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(
                "Unrecognized keyword arguments passed to "
                f"{type(self).__name__}: {kwargs}"
            )
        quantize_model(self, config, filters, type_check)

    def get_quantization_layer_structure(self, mode: str | None = None) -> Any:
        """Return which layers GPTQ and AWQ quantize; a subclass writes its own.

        Returns
        -------
        dict or None
            ``{"pre_block_layers": [...], "sequential_blocks": [...]}``: what is run
            before, and the blocks that follow one another.
        """
        return None

    # Weights on disk.

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the model as a ``.keras`` file: see ``dlcore.saving.save_model``."""
        api.save_model(self, filepath, overwrite, zipped, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Write the forward pass for programs that do without this library.

        Parameters
        ----------
        filepath : str or Path
            A folder for ``"tf_saved_model"``; ends in ``.xml`` for ``"openvino"`` and
            in ``.pt2`` for ``"torch"``.
        format : {"tf_saved_model", "openvino", "torch"}
            The model may live on any backend; the packages of the format are needed.
        verbose : bool, optional
            False: say nothing.
        input_signature : list of nested InputSpec or tensor, optional
            What it takes; by default what it was built for, the batch open.
        **kwargs
            For ``"torch"`` options of ``torch.export.export``: ``dynamic_shapes``.

        Returns
        -------
        str
            The path.

        Raises
        ------
        ValueError
            If the format is unknown, the ending another one, or the model not built.
        ModuleNotFoundError
            If a package is missing: says which.
        """
        from dlcore.src.exporting.formats import export_model

        return export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def save_weights(
        self,
        filepath: str | Path,
        overwrite: bool = True,
        max_shard_size: float | None = None,
    ) -> None:
        """Write the weights: see ``dlcore.saving.save_weights``.

        Parameters
        ----------
        filepath : str or Path
            Ends in ``.weights.h5``, ``.safetensors`` or ``.weights.json``.
        overwrite : bool
            Whether a file that is there may be replaced.
        max_shard_size : float, optional
            Gigabytes that one file may have: several are written.
        """
        api.save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(
        self, filepath: str | Path, skip_mismatch: bool = False, **kwargs: Any
    ) -> None:
        """Read the weights from a file: see ``dlcore.saving.load_weights``.

        Parameters
        ----------
        filepath : str or Path
        skip_mismatch : bool
            Whether what does not fit stays as it is, with a warning.
        **kwargs
            ``objects_to_skip``.
        """
        api.load_weights(self, filepath, skip_mismatch, **kwargs)

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return a description of the model as JSON can hold it."""
        if self._is_functional and functional.takes_graph(type(self)):
            return functional.config_of(self)
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a model from what ``get_config`` returned."""
        if functional.is_config(config) and functional.takes_graph(cls):
            return functional.from_config(cls, config, custom_objects)
        try:
            return super().from_config(config)
        except TypeError as error:
            error.add_note(
                f"Unable to revive model from config: {cls.__name__} takes other "
                "arguments than its `get_config()` returns. Let `get_config()` return "
                "the constructor's arguments, or write `from_config(cls, config)`."
            )
            raise

    def to_json(self, **kwargs: Any) -> str:
        """Return ``get_config`` and the class as JSON."""
        return json.dumps(serialize_keras_object(self), **kwargs)

    # Display.

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print what the model consists of.

        Parameters
        ----------
        line_length : int, optional
        positions : sequence of float, optional
            Where the columns end, as parts of a line.
        print_fn : Callable, optional
            Gets the text instead of its being printed.
        expand_nested : bool
            Whether to list the layers of models inside the model.
        show_trainable : bool
            Whether to say which layers are trained.
        layer_range : sequence of two str, optional
            Names of the first and the last layer to show.
        """
        summary.summary(
            self,
            line_length,
            positions,
            print_fn,
            expand_nested,
            show_trainable,
            layer_range,
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return summary.mimebundle(self)


@export("dlcore.models.model_from_json")
def model_from_json(
    json_string: str, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return the model that ``model.to_json()`` described; its weights are new.

    Parameters
    ----------
    json_string : str
    custom_objects : dict of str to class or function, optional
        Your own classes and functions that the model consists of.

    Raises
    ------
    ValueError
        If it is no JSON.

    Examples
    --------
    >>> import dlcore
    >>> model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
    >>> dlcore.models.model_from_json(model.to_json()).count_params()
    3
    """
    try:
        config = json.loads(json_string)
    except ValueError as error:
        raise ValueError(f"The description of a model is no JSON: {error}.") from error
    return deserialize_keras_object(config, custom_objects=custom_objects)


def _functional_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """Return inputs, outputs and the rest; no outputs for a subclass."""
    rest = dict(kwargs)
    names = ("inputs", "outputs", "name")
    if len(args) > 3:
        raise TypeError(f"Model takes at most 3 positional arguments, got {len(args)}.")
    given = dict(zip(names, args, strict=False))
    for name in names:
        if name in rest:
            given[name] = rest.pop(name)
    inputs, outputs = given.get("inputs"), given.get("outputs")
    if (inputs is None) != (outputs is None):
        missing = "inputs" if inputs is None else "outputs"
        raise TypeError(f"Model: `{missing}` is missing beside the other argument.")
    if "name" in given:
        rest["name"] = given["name"]
    return inputs, outputs, rest


def _maker_name(tensor: KerasTensor) -> str:
    operation = tensor.node.operation if tensor.node else None
    name = getattr(operation, "name", None) or getattr(operation, "__name__", None)
    return str(name or tensor.name)
