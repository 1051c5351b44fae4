"""``Layer``: weights made in ``build``, arithmetic in ``call``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from dlcore.src import backend as backends, tree
from dlcore.src.export import export
from dlcore.src.layers import context as calls
from dlcore.src.layers.context import get_mask, set_mask
from dlcore.src.layers.input_spec import check_inputs
from dlcore.src.layers.quantized import HOOKS, quantizing
from dlcore.src.layers.shapes import ShapedLayer, building
from dlcore.src.layers.signature import (
    CallSignature,
    all_shapes,
    call_signature,
    shapes_for,
)
from dlcore.src.ops.declare import record
from dlcore.src.utils import tracebacks
from dlcore.src.variable import lent


@export("dlcore.Layer", "dlcore.layers.Layer")
class Layer(ShapedLayer):
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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Wrap what a subclass defines."""
        super().__init_subclass__(**kwargs)
        own = cls.__dict__
        if "build" in own:
            cls.build = building(own["build"])  # type: ignore[method-assign]
            cls._builds = True
        cls._calls = cls._calls or bool(own.keys() & {"call", "compute_output_spec"})
        if "quantize" in own:
            cls.quantize = quantizing(own["quantize"])  # type: ignore[method-assign]
        cls._quantizes = cls._quantizes or bool(own.keys() & HOOKS)
        cls._masks = cls._masks or "compute_mask" in own
        cls._shape_rule = cls._shape_rule or "compute_output_shape" in own
        cls._spec_rule = cls._spec_rule or "compute_output_spec" in own
        cls._call = call_signature(cls.call)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; what a subclass writes."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `call` method implemented."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer; build it at the first call."""
        try:
            if backends.current() is self.backend:
                return self._run(args, kwargs)
            with backends.use_backend(self.backend):
                return self._run(args, kwargs)
        except Exception as error:
            __tracebackhide__ = tracebacks.is_traceback_filtering_enabled()
            tracebacks.shorten(error)
            raise

    def _run(self, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        state, signature = calls.state, self._call
        outer = state.call
        args, kwargs = given, named
        convert = self.__dict__.get("_converter") or self._no_converter()
        if self._convert_input_args and not (
            len(args) == 1 and not kwargs and convert.fits(args[0])
        ):
            args, kwargs = convert.all(self, args, kwargs)
            if not self._allow_non_tensor_positional_args:
                _check_positional(self, args)
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
            self._stand_at("/".join(calls.state.scope))
            tensors = self._call.tensors(args, kwargs)
            if self._builds:
                build = self.build
                known = self._call.names
                build(**shapes_for(build, tensors, self.name, known))
                if self.input_spec is not None:
                    first = next(iter(tensors.values()), None)
                    check_inputs(self.input_spec, first, self)
            else:  # weights come with the layers inside, or not at all
                self._closed = all(layer.built for layer in self._layers)
            result = self._finish(given, named, args, kwargs)
            if not self.built:
                self._build_shapes = all_shapes(tensors) or None
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
                outputs = self._compute(args, kwargs)
        elif self._remat_mode is not None:
            outputs = self._compute(args, kwargs)
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

    def _compute(self, args: Any, kwargs: Any) -> Any:
        call = self._call_now
        if self._remat_mode is not None:
            call = self.rematerialized_call(call, *args, **kwargs)
        return call(*args, **kwargs)

    def _symbolic_run(self, given: Any, named: Any, args: Any, kwargs: Any) -> Any:
        """Compute the outputs' shapes; the outermost call becomes a node of a graph."""
        if calls.state.call is None or calls.state.call.entry is not self:
            return self.compute_output_spec(*args, **kwargs)
        variables = self.variables
        with lent(variables, [v.value for v in variables]):  # nothing is assigned
            outputs = self.compute_output_spec(*args, **kwargs)
        if outputs is None:
            raise ValueError(
                f"`call` of {self.described} returned None. Does it lack a `return`?"
            )
        return self._recorded(record(self, given, named, outputs))

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

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Run the layer on other values of its variables, and change nothing.

        Parameters
        ----------
        trainable_variables, non_trainable_variables : sequence of tensor
            One value for each of the layer's variables.
        *args, **kwargs
            As for a call.
        return_losses : bool
            Whether to return the losses too.

        Returns
        -------
        tuple
            Outputs, new values of the non-trainable variables, and maybe losses.

        Raises
        ------
        ValueError
            If the layer is not built or a number of values does not fit.

        Examples
        --------
        >>> import dlcore
        >>> layer = dlcore.layers.Dense(1, kernel_initializer="ones")
        >>> layer.build((None, 2))
        >>> outputs, _ = layer.stateless_call(
        ...     [[[2.0], [3.0]], [1.0]], [], dlcore.ops.ones((1, 2))
        ... )
        >>> float(outputs[0, 0])
        6.0
        """
        if not self.built:
            raise ValueError(
                f"To call stateless_call, {type(self).__name__} must be built (i.e. "
                "its variables must have been already created). Call it on data once."
            )
        variables: list[Any] = []
        values: list[Any] = []
        for role, given in (
            ("trainable_variables", trainable_variables),
            ("non_trainable_variables", non_trainable_variables),
        ):
            own = getattr(self, role)
            if len(given) != len(own):
                raise ValueError(
                    f"Argument `{role}` must be a list of tensors corresponding 1:1 to "
                    f"{type(self).__name__}().{role}. Received {len(given)} values, "
                    f"expected {len(own)}."
                )
            variables += own
            values += given
        convert = self.backend.runtime.convert
        values = [convert(getattr(x, "value", x)) for x in values]
        with lent(variables, values):
            outputs = self(*args, **kwargs)
            after = [v.value for v in self.non_trainable_variables]
            losses = self.losses if return_losses else None
            self._clear_losses()
        return (outputs, after, losses) if return_losses else (outputs, after)


Layer._call = call_signature(Layer.call)


_NUMBERS = frozenset((bool, int, float))
_NESTED = frozenset((list, tuple, dict))


def _check_positional(layer: Layer, args: tuple[Any, ...]) -> None:
    """Refuse plain numbers, which were probably meant for a named argument."""
    if any(
        type(x) in _NUMBERS
        or (type(x) in _NESTED and any(type(v) in _NUMBERS for v in tree.flatten(x)))
        for x in args
    ):
        shown = ", ".join(
            f"{name}={value!r}"
            for name, value in zip(layer._call.names, args, strict=False)
            if isinstance(value, int | float)
        )
        raise ValueError(
            "Only input tensors may be passed as positional arguments. The following "
            f"argument values of {layer.described} should be passed as keyword "
            f"arguments: {shown or args}."
        )


def _annotate(error: Exception, layer: Layer, args: Any, kwargs: Any) -> None:
    """Say in a note where an error happened; the innermost layer says it."""
    notes = getattr(error, "__notes__", ())
    if "_name" not in layer.__dict__ or any(n.startswith("In layer ") for n in notes):
        return
    shapes = tree.map_structure(
        lambda x: tuple(x.shape) if hasattr(x, "shape") else x, [*args]
    )
    shown = ", ".join(map(str, shapes))
    error.add_note(f"In layer {layer.described}, called on {shown}.")
