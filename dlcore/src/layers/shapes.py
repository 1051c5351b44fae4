"""Building a layer, and the shapes of its outputs, without values."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from dlcore.src import backend as backends, tree
from dlcore.src.dtypes import is_float
from dlcore.src.layers import context as calls
from dlcore.src.layers.losses import PenalisedLayer
from dlcore.src.layers.signature import call_signature, shapes_for
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import lent


def building(build: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``build``: on the layer's backend, below its name, once."""

    @functools.wraps(build)
    def wrapped(self: ShapedLayer, *args: Any, **kwargs: Any) -> Any:
        if self._is_building:  # super().build(...)
            return build(self, *args, **kwargs)
        self._is_building = True
        try:
            with (
                backends.use_backend(self.backend),
                calls.fresh_call(),
                calls.named(self.name),
            ):
                self._stand_at("/".join(calls.state.scope))
                result = build(self, *args, **kwargs)
        finally:
            self._is_building = False
        self._remember_shapes(build, args, kwargs)
        self.built = self._closed = True
        return result

    return wrapped


class ShapedLayer(PenalisedLayer):
    """``build``, and what is known of outputs from the shapes of inputs."""

    if TYPE_CHECKING:  # defined in ``Layer``

        def call(self, *args: Any, **kwargs: Any) -> Any:
            """Compute the outputs."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """Run the layer."""

    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, with the first input's shape.

        Parameters
        ----------
        input_shape : tuple of int or None
            Batch axis included. Several inputs: a list or dict of such tuples, or one
            parameter an input: ``build(self, query_shape, value_shape)``.
        """
        if input_shape is not None and any(not la.built for la in self._layers):
            self._call_symbolically(input_shape)
        self.built = True

    def _build_at_init(self) -> None:
        """Count as built from the start, unless a subclass has a ``build``."""
        self.built = not self._builds

    def _call_symbolically(self, input_shape: Any) -> Any:
        inputs = tree.map_shape_structure(
            lambda s: KerasTensor(s, self.compute_dtype), input_shape
        )
        with backends.use_backend(self.backend), calls.named(self.name):
            return self.call(inputs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic outputs; the same as ``compute_output_spec``."""
        return self.compute_output_spec(*args, **kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the outputs' mask; by default that of the inputs."""
        return previous_mask

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors of the outputs' shapes and dtypes."""
        if self._shape_rule:
            tensors = self._call.tensors(args, kwargs)
            rule = self.compute_output_shape
            shapes = rule(**shapes_for(rule, tensors, self.name, self._call.names))
            return tree.map_shape_structure(
                lambda s: KerasTensor(s, self.compute_dtype), shapes
            )
        with self._autocast() if self._mixed else nullcontext():
            return self._call_now(*args, **kwargs)

    @property
    def _call_now(self) -> Callable[..., Any]:
        """What computes the outputs: the only place where quantisation enters."""
        return self.quantized_call if self._swapped else self.call

    @contextmanager
    def _autocast(self) -> Iterator[None]:
        """Lend the layer's own weights in the dtype it computes in.

        What the layer assigns to one meanwhile is the weight's value afterwards.
        """
        from dlcore.src.ops.core import cast

        weights = [v for v in self._own if v.autocast and is_float(v.dtype)]
        values = [cast(v.value, self.compute_dtype) for v in weights]
        with lent(weights, values):
            yield
            ends = [v.value for v in weights]
        for weight, value, end in zip(weights, values, ends, strict=True):
            if end is not value:
                weight.put(cast(end, weight.dtype))

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs' shape for the inputs' shape."""
        if not self._calls:
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `compute_output_shape` "
                "method implemented."
            )

        def tensor(shape: Any) -> Any:
            return KerasTensor(shape, self.compute_dtype)

        inputs = [tree.map_shape_structure(tensor, s) for s in args]
        rest = {
            name.removesuffix("_shape"): tree.map_shape_structure(tensor, s)
            for name, s in kwargs.items()
        }
        if not inputs:  # one shape, by whatever name
            inputs = [rest.pop(next(iter(rest)))]
        with backends.use_backend(self.backend), calls.fresh_call():
            run = self if not self.built and not self._spec_rule else None
            outputs = (run or self.compute_output_spec)(*inputs, **rest)
        return tree.map_structure(lambda t: tuple(t.shape), outputs)

    def _remember_shapes(
        self, build: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        known = call_signature(build)
        given = {**dict(zip(known.names, args, strict=False)), **kwargs}
        self._build_shapes = given or dict(known.defaults) or None

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes it was built with, in Keras' form.

        Returns
        -------
        dict or None
            ``{"input_shape": shape}``; of several shapes ``{"shapes_dict": {name:
            shape}}``.
        """
        shapes = self._build_shapes
        if shapes is None:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": dict(shapes)}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build it with the shapes that ``get_build_config`` returned."""
        if not config:
            return
        shapes = config.get("shapes_dict", config)
        shapes = {k: tree.lists_to_tuples(v) for k, v in shapes.items()}
        if not self._builds:
            self._build_by_run(shapes)
        elif list(shapes) == ["input_shape"]:  # whatever the parameter is called
            self.build(shapes["input_shape"])
        else:
            self.build(**shapes)

    def _build_by_run(self, shapes: dict[str, Any]) -> None:
        """Build what is inside by a run on shapes, as the first call would."""
        inputs = {
            name.removesuffix("_shape"): tree.map_shape_structure(
                lambda s: KerasTensor(s, self.compute_dtype), shape
            )
            for name, shape in shapes.items()
        }
        args = [inputs.pop("input")] if list(shapes) == ["input_shape"] else []
        try:
            self(*args, **inputs)
        except Exception as error:
            warnings.warn(
                f"{self.described} was built on inputs of the shapes {shapes}, but it "
                f"cannot be built by a run on shapes alone: {error}. Give its class a "
                "`build(input_shape)`, or `build_from_config(config)`, that makes all "
                "weights.",
                stacklevel=2,
            )
