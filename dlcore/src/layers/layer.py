"""``Layer``: weights made in ``build``, arithmetic in ``call``."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from dlcore.src import backend as backends, dtype_policies, tree
from dlcore.src.config import Configurable
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers import context as calls
from dlcore.src.layers.context import get_mask, set_mask
from dlcore.src.layers.convert import Converter
from dlcore.src.layers.input_spec import check_inputs
from dlcore.src.layers.signature import CallSignature, call_signature, shapes_for
from dlcore.src.layers.tracking import Structure, Tracked, changed
from dlcore.src.ops.declare import record
from dlcore.src.symbolic import KerasTensor, Node
from dlcore.src.utils.naming import auto_name
from dlcore.src.variable import Variable, lent


def _getter(space: str) -> Callable[[Any], Any]:
    def get(identifier: Any) -> Any:
        return importlib.import_module(f"dlcore.{space}").get(identifier)

    return get


#: Last word of an argument's name -> what its value stands for.
_KINDS = {
    "activation": _getter("activations"),
    "constraint": _getter("constraints"),
    "initializer": _getter("initializers"),
    "regularizer": _getter("regularizers"),
}
_NOT_KEPT = frozenset({"self", "__class__", "kwargs", "activity_regularizer", "name"})


def _building(build: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``build``: on the layer's backend, below its name, once."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if self._is_building:  # super().build(...)
            return build(self, *args, **kwargs)
        self._is_building = True
        try:
            with (
                backends.use_backend(self.backend),
                calls.fresh_call(),
                calls.named(self.name),
            ):
                self._path = "/".join(calls.state.scope)
                result = build(self, *args, **kwargs)
        finally:
            self._is_building = False
        self._remember_shapes(build, args, kwargs)
        self.built = True
        return result

    return wrapped


@export("dlcore.Layer", "dlcore.layers.Layer")
class Layer(Tracked, Configurable):
    """A function with weights.

    A layer belongs to the backend that is active when it is made: calling it makes
    that backend active, so that models of several backends live side by side.

    Parameters
    ----------
    activity_regularizer : str, Regularizer or Callable, optional
        A penalty on the outputs, added to the loss.
    trainable : bool
        Whether training changes its weights.
    dtype : str or DTypePolicy, optional
        What it computes in and keeps its weights in.
    autocast : bool
        Whether floating inputs are cast to the dtype it computes in.
    name : str, optional

    Examples
    --------
    >>> import dlcore
    >>> class Scale(dlcore.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(input_shape[-1:], initializer="ones")
    ...     def call(self, x):
    ...         return x * self.factor
    >>> Scale()(dlcore.ops.ones((2, 3))).shape
    (2, 3)
    """

    backend: backends.Backend
    built: bool
    input_spec: Any
    supports_masking: bool
    autocast: bool
    activity_regularizer: Any
    _losses: list[Any]
    _nodes: list[Node]
    _builds: ClassVar[bool] = False
    _masks: ClassVar[bool] = False
    _shape_rule: ClassVar[bool] = False
    _spec_rule: ClassVar[bool] = False
    _call: ClassVar[CallSignature]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Wrap what a subclass defines."""
        super().__init_subclass__(**kwargs)
        own = cls.__dict__
        if "build" in own:
            cls.build = _building(own["build"])  # type: ignore[method-assign]
            cls._builds = True
        cls._masks = cls._masks or "compute_mask" in own
        cls._shape_rule = cls._shape_rule or "compute_output_shape" in own
        cls._spec_rule = cls._spec_rule or "compute_output_spec" in own
        cls._call = call_signature(cls.call)

    if TYPE_CHECKING:  # what constructors keep is not spelt out again

        def __getattr__(self, name: str) -> Any:
            """Have an attribute for every argument."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Give it the active backend; a constructor only stores."""
        self = super().__new__(cls, *args, **kwargs)
        self.__dict__.update(
            backend=backends.current(),
            built=False,
            input_spec=None,
            supports_masking=cls._masks,
            autocast=True,
            activity_regularizer=None,
            _convert_input_args=True,
            _allow_non_tensor_positional_args=False,
            _is_building=False,
            _trainable=True,
            _losses=[],
            _nodes=[],
            _path=None,
            _build_shapes=None,
            _call_context_args=("training",),
        )
        changed()
        return self

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        shape = kwargs.pop("input_shape", None)
        if shape is None and "input_dim" in kwargs:
            shape = (kwargs.pop("input_dim"),)
        batch_shape = kwargs.pop("batch_input_shape", None)
        if shape is not None:
            batch_shape = (kwargs.pop("batch_size", None), *shape)
        if batch_shape is not None:
            self._input_shape_arg = tuple(batch_shape)
        if kwargs:
            known = {*self._signature.parameters, *Layer._signature.parameters}
            hint = did_you_mean(next(iter(kwargs)), known - {"self", "kwargs"})
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: "
                f"{kwargs}.{hint}"
            )
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name!r}"
            )
        if activity_regularizer is not None:
            self.activity_regularizer = _KINDS["regularizer"](activity_regularizer)
        self._name = name or auto_name(type(self).__name__)
        self.dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self._trainable = bool(trainable)

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store a constructor's ``locals()`` as attributes.

        Names of initializers, regularizers, constraints and activations become what
        they stand for; an argument's kind is read from the end of its name.
        """
        for name, value in arguments.items():
            if name not in _NOT_KEPT:
                find = _KINDS.get(name.rpartition("_")[2])
                setattr(self, name, value if find is None else find(value))

    # What it is called, and where it stands.

    @property
    def name(self) -> str:
        """Its name, ``"dense_1"`` for instance."""
        try:
            return self._name
        except AttributeError:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call "
                "`super().__init__()` as the first statement in the `__init__()` "
                "method. Go add it!"
            ) from None

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def path(self) -> str:
        """Its name with those of the layers around it: ``"model/block/dense"``."""
        return self._path or self.name

    @property
    def described(self) -> str:
        """Class and path, for error messages."""
        return f"{type(self).__name__} {self.path!r}"

    # Dtypes.

    @property
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """In which dtype it computes and in which it keeps weights."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy = dtype_policies.get(value)
        self._dtype_policy = policy
        self._converter = Converter(self.backend, policy.compute_dtype)
        self._mixed = policy.compute_dtype != policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype it computes in."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return self.dtype_policy.variable_dtype

    dtype = variable_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floating inputs are cast to."""
        return self.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How its weights are quantized; None where they are not."""
        return self.dtype_policy.quantization_mode

    # Weights.

    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, with the first input's shape.

        Parameters
        ----------
        input_shape : tuple of int or None
            Batch axis included. Several inputs: a list or dict of such tuples, or one
            parameter an input: ``build(self, query_shape, value_shape)``.
        """
        if any(not layer.built for layer in self._layers):
            self._call_symbolically(input_shape)
        self.built = True

    def _call_symbolically(self, input_shape: Any) -> Any:
        inputs = tree.map_shape_structure(
            lambda s: KerasTensor(s, self.compute_dtype), input_shape
        )
        with backends.use_backend(self.backend), calls.named(self.name):
            return self.call(inputs)

    def add_weight(
        self,
        shape: int | Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a weight and return it.

        Parameters
        ----------
        shape : int or sequence of int, optional
            A scalar unless given.
        initializer : str, Initializer or Callable, optional
            ``"glorot_uniform"`` for floats and ``"zeros"`` for integers unless given.
        dtype : str, optional
            The layer's ``variable_dtype`` unless given.
        trainable : bool
            Whether training changes it.
        autocast : bool
            Whether it is cast to ``compute_dtype`` while the layer runs.
        regularizer : str or Callable, optional
            Its penalty is added to the loss.
        constraint : str or Callable, optional
            Applied after each step of the optimizer.
        aggregation : str
            How copies on several devices are put together.
        overwrite_with_gradient : bool
            Whether the optimizer replaces it by its gradient.
        name : str, optional
        """
        shape = () if shape is None else shape
        shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        unknown = [d for d in shape if not isinstance(d, int | np.integer)]
        if unknown:
            raise ValueError(
                f"{self.described}: the weight {name or ''!r} cannot have the shape "
                f"{shape}, since {unknown[0]!r} is no fixed size. Give the input a "
                "fixed size on this axis, for instance `Input(shape=...)` without "
                "None there."
            )
        dtype = standardize_dtype(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if is_float(dtype) else "zeros"
        with backends.use_backend(self.backend):
            made = Variable(
                _KINDS["initializer"](initializer),
                shape=shape,
                dtype=dtype,
                trainable=trainable and self._trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        made.path = f"{self._path or '/'.join((*calls.state.scope, self.name))}"
        made.path += f"/{made.name}"
        if regularizer is not None:
            made.regularizer = _KINDS["regularizer"](regularizer)
        if constraint is not None:
            made.constraint = _KINDS["constraint"](constraint)
        self._made_weights.append((made, trainable))
        changed()
        return made

    @property
    def _made_weights(self) -> list[tuple[Variable, bool]]:
        """The weights from ``add_weight``, each with the role it was given."""
        return self.__dict__.setdefault("_weights", [])

    @property
    def _own(self) -> list[Variable]:
        """Its own variables: what training is meant to change first, then the rest."""
        made = {id(v): (v, role) for v, role in self._made_weights}
        for variable in self._owned_of("variable"):
            made.setdefault(id(variable), (variable, variable.trainable))
        pairs = made.values()
        return [v for v, role in pairs if role] + [v for v, role in pairs if not role]

    @property
    def _layers(self) -> list[Layer]:
        return self._owned_of("layer")

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> list[Layer]:
        """Return the layers below, each once, parents before children."""
        found: dict[int, Layer] = {id(self): self}
        stack = self._layers[::-1]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                if recursive:
                    stack += layer._layers[::-1]
        return list(found.values())[0 if include_self else 1 :]

    def _structure(self) -> Structure:
        """Return what it consists of, looked up again only after a change."""
        found = self.__dict__.get("_structure_now")
        if found is None or not found.valid():
            found = Structure(self._flatten_layers())
            self.__dict__["_structure_now"] = found
        return found

    @property
    def variables(self) -> list[Variable]:
        """Weights and seeds, its own and those of the layers in it."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            seeds = [seed.state for seed in layer._owned_of("seed")]
            for variable in [*layer._own, *seeds]:
                found.setdefault(id(variable), variable)
        return list(found.values())

    @property
    def weights(self) -> list[Variable]:
        """Weights, its own and those of the layers in it; no seeds."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            for variable in layer._own:
                found.setdefault(id(variable), variable)
        return list(found.values())

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone; seeds among them."""
        if not self.trainable:
            return self.variables
        return [v for v in self.variables if not v.trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        if not self.trainable:
            return self.weights
        return [v for v in self.weights if not v.trainable]

    @property
    def metrics(self) -> list[Any]:
        """The metrics that it and the layers in it hold."""
        return list(self._structure().metrics)

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of its metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights; setting it reaches layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        self._trainable = value
        changed()
        for variable, role in self._made_weights:
            variable.trainable = value and role
        for layer in self._layers:
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Return the weights' values as numpy arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights.

        Parameters
        ----------
        weights : sequence of array-like
            As ``get_weights`` returns them.

        Raises
        ------
        ValueError
            If their number or a shape does not fit.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a "
                f"weight list of length {len(weights)}, but the layer was expecting "
                f"{len(own)} weights."
                + ("" if self.built else " It is not built yet: call it once before.")
            )
        for variable, value in zip(own, weights, strict=True):
            if variable.shape != tuple(np.shape(value)):
                raise ValueError(
                    f"Layer {self.name} weight shape {variable.shape} is not "
                    "compatible with provided weight shape "
                    f"{tuple(np.shape(value))} (variable {variable.path!r})."
                )
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """Return the number of scalars in the weights.

        Raises
        ------
        ValueError
            If it is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the "
                "layer isn't built. You can build it manually via: "
                "`layer.build(input_shape)`."
            )
        return sum(int(np.prod(v.shape)) for v in self.weights)

    # Losses.

    def add_loss(self, loss: Any) -> None:
        """Add scalars to what training minimises; to be called in ``call``.

        Raises
        ------
        ValueError
            If one of them is neither a scalar tensor nor a number.
        """
        for value in tree.flatten(loss):
            if len(getattr(value, "shape", ())) or callable(value):
                raise ValueError(
                    "`add_loss()` can only be called from inside `build()` or "
                    f"`call()`, on a scalar tensor. Received invalid value: {value!r}"
                )
            self._losses.append(value)
            calls.losses_were_added = True

    @property
    def losses(self) -> list[Any]:
        """Losses of the last call, and the penalties of regularized weights."""
        parts = self._structure()
        found = [v for layer in parts.layers for v in layer._losses]
        if self.trainable:
            for weight in parts.weights:
                if weight.regularizer is not None and weight.trainable:
                    with backends.use_backend(self.backend):
                        found.append(weight.regularizer(weight.value))
        return found

    def _clear_losses(self) -> None:
        for layer in self._structure().layers:
            if layer._losses:
                layer._losses = []

    # Calling.

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; what a subclass writes."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `call()` method implemented."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer; build it at the first call."""
        if backends.current() is self.backend:
            return self._run(args, kwargs)
        with backends.use_backend(self.backend):
            return self._run(args, kwargs)

    def _run(self, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        state, signature = calls.state, self._call
        outer = state.call
        args, kwargs = given, named
        convert = self.__dict__.get("_converter") or self._no_converter()
        if self._convert_input_args and not (
            len(args) == 1 and not kwargs and convert.fits(args[0])
        ):
            args, kwargs = convert.all(self, args, kwargs)
        if outer is None:
            call = state.call = calls.CallContext(self)
            if calls.losses_were_added:
                self._clear_losses()
        else:
            call = outer
        before = call.values
        try:
            if kwargs or before or signature.training is not None:
                kwargs = self._phase(call, signature, kwargs)
            if self.input_spec is not None:
                first = args[0] if args else kwargs.get(signature.names[0])
                check_inputs(self.input_spec, first, self)
            if not self.built:
                return self._first_run(given, named, args, kwargs)
            return self._finish(given, named, args, kwargs)
        except Exception as error:
            _annotate(error, self, args, kwargs)
            raise
        finally:
            call.values = before
            state.call = outer

    def _no_converter(self) -> Any:
        return self.name  # raises: super().__init__() was not called

    def _phase(
        self, call: Any, signature: CallSignature, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """Resolve ``training`` and what else is handed down to inner calls.

        The call's own argument comes first, then the enclosing call's value, then
        the default in the signature of ``call``.
        """
        kwargs = dict(kwargs)
        values = dict(call.values)
        for name in self._call_context_args:
            value = kwargs.pop(name, None)
            if value is None:
                value = values.get(name)
            if value is None:
                value = signature.defaults.get(name)
            if value is not None:
                values[name] = value
                if name in signature.names:
                    kwargs[name] = value
        call.values = values
        return kwargs

    def _first_run(self, given: Any, named: Any, args: Any, kwargs: Any) -> Any:
        around = calls.state.call.entry if calls.state.call else None
        if not calls.state.scope and around is not None and around is not self:
            with calls.named(around.path):  # a layer added to a built one
                return self._first_run(given, named, args, kwargs)
        with calls.named(self.name):
            self._path = "/".join(calls.state.scope)
            tensors = self._call.tensors(args, kwargs)
            if self._builds:
                self.build(**shapes_for(self.build, tensors, self.name))
                if self.input_spec is not None:
                    first = next(iter(tensors.values()), None)
                    check_inputs(self.input_spec, first, self)
            result = self._finish(given, named, args, kwargs)
            if not self.built:
                self._remember_shapes(type(self).build, (), {})
                self.built = True
            return result

    def _finish(self, given: Any, named: Any, args: Any, kwargs: Any) -> Any:
        """Masks, the call itself, and what follows from its outputs."""
        signature = self._call
        first = args[0] if args else kwargs.get(signature.names[0]) if kwargs else None
        nested = type(first) in (list, tuple, dict)
        mask = tree.map_structure(get_mask, first) if nested else get_mask(first)
        if signature.masks:
            kwargs = self._with_masks(args, kwargs, mask)
            if kwargs.get("mask") is not None:
                mask = kwargs["mask"]
        symbolic = calls.is_symbolic(first) or (
            (nested or len(args) > 1 or len(kwargs) > 0)
            and any(map(calls.is_symbolic, tree.leaves(args, kwargs)))
        )
        if symbolic:
            outputs = self._symbolic_run(given, named, args, kwargs)
        elif self._mixed:
            with self._autocast():
                outputs = self.call(*args, **kwargs)
        else:
            outputs = self.call(*args, **kwargs)
        if self.activity_regularizer is not None and not symbolic:
            self._penalise(outputs)
        if self.supports_masking:
            self._mask_outputs(first, outputs, mask)
        elif mask is not None and any(m is not None for m in tree.flatten(mask)):
            warnings.warn(
                f"Layer '{self.name}' (of type {type(self).__name__}) was passed an "
                "input with a mask attached to it. However, this layer does not "
                "support masking and will therefore destroy the mask information. "
                "Downstream layers will not see the mask.",
                stacklevel=4,
            )
        return outputs

    def _symbolic_run(self, given: Any, named: Any, args: Any, kwargs: Any) -> Any:
        """Compute the outputs' shapes; the outermost call becomes a node of a graph."""
        if calls.state.call is None or calls.state.call.entry is not self:
            return self.compute_output_spec(*args, **kwargs)
        variables = self.variables
        with lent(variables, [v.value for v in variables]):  # nothing is assigned
            outputs = self.compute_output_spec(*args, **kwargs)
        outputs = record(self, given, named, outputs)
        node = next((o.node for o in tree.flatten(outputs)), None)
        if node is not None:
            self._nodes.append(node)
        return outputs

    def _with_masks(self, args: Any, kwargs: Any, mask: Any) -> dict[str, Any]:
        """Fill ``mask`` arguments that were not given from the tensors' masks."""
        signature = self._call
        tensors = signature.tensors(args, kwargs)
        given = {**dict(zip(signature.names, args, strict=False)), **kwargs}
        kwargs = dict(kwargs)
        if len(tensors) == 1:
            if "mask" in signature.masks and given.get("mask") is None:
                kwargs["mask"] = mask
        else:
            for name, value in tensors.items():
                wanted = f"{name}_mask"
                if wanted in signature.masks and given.get(wanted) is None:
                    kwargs[wanted] = tree.map_structure(get_mask, value)
        return kwargs

    def _mask_outputs(self, inputs: Any, outputs: Any, mask: Any) -> None:
        flat = tree.flatten(outputs)
        if all(get_mask(x) is not None for x in flat):
            return
        masks = self.compute_mask(inputs, mask)
        if masks is None:
            return
        for output, found in zip(flat, tree.flatten(masks), strict=False):
            if found is not None and get_mask(output) is None:
                set_mask(output, found)

    def _penalise(self, outputs: Any) -> None:
        from dlcore import ops

        for output in tree.flatten(outputs):
            loss = self.activity_regularizer(output)
            if len(output.shape):
                loss = ops.divide(loss, output.shape[0] or 1)
            self.add_loss(loss)

    @contextmanager
    def _autocast(self) -> Iterator[None]:
        """Lend the layer's own weights in the dtype it computes in."""
        from dlcore.src.ops.core import cast

        weights = [v for v in self._own if v.autocast and is_float(v.dtype)]
        with lent(weights, [cast(v.value, self.compute_dtype) for v in weights]):
            yield

    # Shapes, without values.

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the outputs' mask; by default that of the inputs."""
        return previous_mask

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors of the outputs' shapes and dtypes."""
        if self._shape_rule:
            tensors = self._call.tensors(args, kwargs)
            rule = self.compute_output_shape
            shapes = rule(**shapes_for(rule, tensors, self.name))
            return tree.map_shape_structure(
                lambda s: KerasTensor(s, self.compute_dtype), shapes
            )
        return self.call(*args, **kwargs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs' shape for the inputs' shape."""
        shapes = [*args, *kwargs.values()]
        inputs = tree.map_shape_structure(
            lambda s: KerasTensor(s, self.compute_dtype), shapes[0]
        )
        rest = {
            name.removesuffix("_shape"): KerasTensor(s, self.compute_dtype)
            for name, s in list(kwargs.items())[1 if not args else 0 :]
        }
        with backends.use_backend(self.backend), calls.fresh_call():
            if not self.built and not self._spec_rule:
                outputs = self(inputs, **rest)
            else:
                outputs = self.compute_output_spec(inputs, **rest)
        return tree.map_structure(lambda t: tuple(t.shape), outputs)

    def _remember_shapes(
        self, build: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        names = list(call_signature(build).names)
        self._build_shapes = {**dict(zip(names, args, strict=False)), **kwargs} or None

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes it was built with."""
        shapes = self._build_shapes
        return None if shapes is None else dict(shapes)

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build it with the shapes that ``get_build_config`` returned."""
        if config:
            self.build(**{k: tree.lists_to_tuples(v) for k, v in config.items()})

    # The graph.

    @property
    def input(self) -> Any:
        """The symbolic inputs of its only symbolic call."""
        node = self._only_node("input")
        first = node.args[0] if node.args else next(iter(node.kwargs.values()), None)
        return node.outputs[0] if first is None else first

    @property
    def output(self) -> Any:
        """The symbolic outputs of its only symbolic call."""
        outputs = self._only_node("output").outputs
        return outputs[0] if len(outputs) == 1 else list(outputs)

    def _only_node(self, what: str) -> Node:
        if len(self._nodes) != 1:
            reason = "was never called on a symbolic tensor"
            if self._nodes:
                reason = f"has {len(self._nodes)} of them, one a call"
            raise AttributeError(
                f"The layer {self.name!r} has no single `{what}`: it {reason}."
            )
        return self._nodes[0]

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name, as JSON can hold them."""
        from dlcore.src.saving.serialization import serialize_keras_object

        base = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        accepted = self._signature.parameters
        if not any(p.kind is p.VAR_KEYWORD for p in accepted.values()):
            base = {key: value for key, value in base.items() if key in accepted}
        own = {k: v for k, v in self._config.items() if k not in base}
        return base | {key: serialize_keras_object(v) for key, v in own.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from what ``get_config`` returned."""
        from dlcore.src.saving.serialization import deserialize_keras_object

        return cls(
            **{
                key: deserialize_keras_object(value)
                if key != "dtype" and isinstance(value, dict) and "class_name" in value
                else value
                for key, value in config.items()
            }
        )

    def __repr__(self) -> str:
        """Show the class, the name and whether the layer is built."""
        state = "" if self.built else ", built=False"
        return f"<{type(self).__name__} name={self.name}{state}>"


Layer._call = call_signature(Layer.call)


def _annotate(error: Exception, layer: Layer, args: Any, kwargs: Any) -> None:
    """Say in a note where an error happened; the innermost layer says it."""
    if getattr(error, "_dlcore_layer", None):
        return
    shapes = tree.map_structure(
        lambda x: tuple(x.shape) if hasattr(x, "shape") else x, [*args]
    )
    shown = ", ".join(map(str, shapes))
    try:
        error._dlcore_layer = layer.path  # type: ignore[attr-defined]
        error.add_note(f"In {layer.described}, called on {shown}.")
    except Exception:  # an exception class without attributes or a name-less layer
        return
