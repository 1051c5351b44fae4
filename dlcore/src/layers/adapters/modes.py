"""One description for each mode: which variables, how weights become them, and back."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.layers.adapters.layout import Layout, Product
from dlcore.src.quantizers.absolute import abs_max_quantize_grouped_with_zero_point
from dlcore.src.quantizers.affine import dequantize_groups
from dlcore.src.quantizers.configs import QuantizationConfig
from dlcore.src.quantizers.float8 import (
    compute_float8_amax_history,
    compute_float8_scale,
    largest,
    quantize_and_dequantize,
)
from dlcore.src.quantizers.int4 import pack_int4, unpack_int4
from dlcore.src.quantizers.quantizer import AbsMaxQuantizer

weight_quantizer = QuantizationConfig.weight_quantizer_or_default


class Mode:
    """How a layer keeps and uses a weight.

    A layer has the attributes ``quantization_config``, ``inputs_quantizer`` and the
    variables that ``make`` made; ``layer._stored(name)`` is the variable in the place
    of the weight.
    """

    #: Whether the weight stays beside, as floats.
    keeps_floats = False

    def instead(self, weight: str) -> list[str]:
        """Return names of what a file has in the place of the weight."""
        return [weight]

    def beside(self, weight: str) -> list[str]:
        """Return names of what a file has after the layer's other weights."""
        return [f"{weight}_scale"]

    def make(self, layer: Any, weight: str, layout: Layout) -> None:
        """Make the variables."""
        raise NotImplementedError

    def encode(self, layer: Any, weight: str, floats: Any) -> dict[str, Any]:
        """Return the variables' values by name, of a weight in floats."""
        return {}

    def floats(self, layer: Any, weight: str) -> Any:
        """Return the weight in floats."""
        raise NotImplementedError

    def shown(self, layer: Any, weight: str) -> Any:
        """Return what the layer's attribute for the weight shows: its integers."""
        return layer._stored(weight)

    def product(self, layer: Any, weight: str, what: Product, inputs: Any) -> Any:
        """Return the product of inputs and weight."""
        quantizer = getattr(layer, "inputs_quantizer", None)
        if quantizer is not None:
            inputs = _rounded(inputs, quantizer, what.axes)
        return what.run(inputs, self.floats(layer, weight))

    def bias(self, layer: Any) -> Any:
        """Return what is added to products."""
        return layer.bias


def _rounded(inputs: Any, quantizer: Any, axes: Any) -> Any:
    """Return inputs as near as integers come; gradients pass through."""

    @ops.custom_gradient
    def rounded(x: Any) -> Any:
        values, scale = quantizer(x, axis=axes)
        return (
            ops.divide(ops.cast(values, x.dtype), scale),
            lambda *_, upstream=None: upstream,
        )

    return rounded(inputs)


class Int8(Mode):
    """8-bit integers and a scale for each output; inputs in 8 bits too."""

    def make(self, layer: Any, weight: str, layout: Layout) -> None:
        """Make the variables."""
        options: dict[str, Any] = {"initializer": "zeros", "trainable": False}
        layer._store(
            weight, layer.add_weight(layout.shape, dtype="int8", name=weight, **options)
        )
        scale = f"{weight}_scale"
        options["initializer"] = "ones"
        setattr(
            layer, scale, layer.add_weight(layout.scale_shape, name=scale, **options)
        )

    def encode(self, layer: Any, weight: str, floats: Any) -> dict[str, Any]:
        """Return the variables' values by name, of a weight in floats."""
        layout = layer._layouts[weight]
        quantizer = weight_quantizer(layer.quantization_config, AbsMaxQuantizer())
        own = isinstance(quantizer, AbsMaxQuantizer)
        options = {"axis": layout.summed} if own else {}
        values, scale = quantizer(floats, to_numpy=True, **options)
        return {weight: values, f"{weight}_scale": layout.to_outputs(scale)}

    def floats(self, layer: Any, weight: str) -> Any:
        """Return the weight in floats."""
        scale = getattr(layer, f"{weight}_scale")
        values = ops.cast(layer._stored(weight), layer.compute_dtype)
        return ops.divide(values, layer._layouts[weight].to_weight(scale))

    def product(self, layer: Any, weight: str, what: Product, inputs: Any) -> Any:
        """Return the product of inputs and weight, summed up in integers."""
        quantizer, dtype = layer.inputs_quantizer, layer.compute_dtype
        values, scale = layer._stored(weight), getattr(layer, f"{weight}_scale")
        if quantizer is None:
            return ops.divide(what.run(inputs, ops.cast(values, dtype)), scale)
        layout = layer._layouts[weight]

        @ops.custom_gradient
        def product(x: Any, values: Any, scale: Any) -> Any:
            integers, step = quantizer(x, axis=what.axes)
            outputs = ops.cast(what.run(integers, values), dtype)
            outputs = ops.divide(outputs, ops.multiply(what.scale(step), scale))

            def grad(*_: Any, upstream: Any = None) -> Any:
                floats = ops.divide(ops.cast(values, dtype), layout.to_weight(scale))
                return what.back(upstream, floats), None, None

            return outputs, grad

        return product(inputs, *map(ops.convert_to_tensor, (values, scale)))

    def rows(self, layer: Any, weight: str, indices: Any) -> Any:
        """Return rows of a table in floats."""
        scale = ops.take(getattr(layer, f"{weight}_scale"), indices, axis=0)
        values = ops.take(layer._stored(weight), indices, axis=0)
        values = ops.cast(values, layer.compute_dtype)
        return ops.divide(values, ops.expand_dims(scale, -1))


class Int4(Mode):
    """4-bit integers, two a byte; scales and zero points for blocks of them."""

    def beside(self, weight: str) -> list[str]:
        """Return names of what a file has after the layer's other weights."""
        return [f"{weight}_scale", f"{weight}_zero", "g_idx"]

    def make(self, layer: Any, weight: str, layout: Layout) -> None:
        """Make the variables."""
        size = layer._group_size

        def add(name: str, shape: Any, first: Any, dtype: Any = None) -> Any:
            return layer.add_weight(
                shape, initializer=first, dtype=dtype, trainable=False, name=name
            )

        layer._store(weight, add(weight, layout.packed_shape, "zeros", "int8"))
        shape = layout.block_shape(size)
        setattr(layer, f"{weight}_scale", add(f"{weight}_scale", shape, "ones"))
        if size == -1:
            return
        # Keras keeps the zero points of a second weight in floats.
        dtype = "int8" if weight == layer._adapts else None
        zero = f"{weight}_zero"
        setattr(layer, zero, add(zero, shape, "zeros", dtype))
        if "g_idx" not in vars(layer):
            layer.g_idx = add(
                "g_idx",
                (layout.flat[layout.along],),
                lambda shape, dtype: ops.floor_divide(
                    ops.arange(shape[0], dtype=dtype), size
                ),
                "float32",
            )

    def encode(self, layer: Any, weight: str, floats: Any) -> dict[str, Any]:
        """Return the variables' values by name, of a weight in floats."""
        layout, size = layer._layouts[weight], layer._group_size
        flat, found = ops.reshape(floats, layout.flat), {}
        if size == -1:
            default = AbsMaxQuantizer(value_range=(-8, 7))
            quantizer = weight_quantizer(layer.quantization_config, default)
            own = isinstance(quantizer, AbsMaxQuantizer)
            options = {"axis": layout.along} if own else {}
            values, scale = quantizer(flat, to_numpy=True, **options)
            scale = ops.squeeze(scale, layout.along)
        else:
            turned = layout.along == 1
            parts = abs_max_quantize_grouped_with_zero_point(
                ops.transpose(flat) if turned else flat, size, to_numpy=True
            )
            parts = tuple(map(ops.transpose, parts)) if turned else parts
            values, scale, found[f"{weight}_zero"] = parts
        packed = pack_int4(values, axis=layout.packed)[0]
        return {weight: packed, f"{weight}_scale": scale, **found}

    def _integers(self, layer: Any, weight: str) -> Any:
        layout = layer._layouts[weight]
        size = layout.flat[layout.packed]
        return unpack_int4(layer._stored(weight), size, axis=layout.packed)

    def shown(self, layer: Any, weight: str) -> Any:
        """Return what the layer's attribute for the weight shows: its integers."""
        shape = layer._layouts[weight].shape
        return ops.reshape(self._integers(layer, weight), shape)

    def floats(self, layer: Any, weight: str) -> Any:
        """Return the weight in floats."""
        layout = layer._layouts[weight]
        values = self._scaled(
            layer, weight, self._integers(layer, weight), lambda x: x, layout.along
        )
        return ops.reshape(values, layout.shape)

    def rows(self, layer: Any, weight: str, indices: Any) -> Any:
        """Return rows of a table in floats."""

        def take(variable: Any) -> Any:
            return ops.take(variable, indices, axis=0)

        size = layer._layouts[weight].flat[1]
        values = unpack_int4(take(layer._stored(weight)), size, axis=-1)
        return self._scaled(layer, weight, values, take, -1)

    def _scaled(
        self, layer: Any, weight: str, values: Any, part: Any, axis: int
    ) -> Any:
        scale, dtype = part(getattr(layer, f"{weight}_scale")), layer.compute_dtype
        if layer._group_size == -1:
            values = ops.cast(values, dtype)
            return ops.divide(values, ops.expand_dims(scale, axis))
        zero = part(getattr(layer, f"{weight}_zero"))
        floats = dequantize_groups(values, scale, zero, layer.g_idx, axis)
        return ops.cast(floats, dtype)


class Calibrated(Mode):
    """GPTQ: integers that data chose; in floats until they were shown."""

    keeps_floats = True
    #: What the factors of inputs are called, where a mode has them.
    factors: str | None = None

    def instead(self, weight: str) -> list[str]:
        """Return names of what a file has in the place of the weight."""
        return []

    def beside(self, weight: str) -> list[str]:
        """Return names of what a file has after the layer's other weights."""
        factors = [self.factors] if self.factors else []
        scales = [f"{weight}_scale", f"{weight}_zero"]
        return [f"quantized_{weight}", *scales, *factors, "g_idx"]

    def make(self, layer: Any, weight: str, layout: Layout) -> None:
        """Make the variables."""
        if layout.summed != tuple(range(len(layout.summed))):
            raise NotImplementedError(
                f"{layer.described} sums over the axes {layout.summed} of its kernel; "
                "GPTQ and AWQ need the first ones."
            )
        rows, columns = layout.flat
        size, bits = layer._group_size, layer._weight_bits
        groups = 1 if size == -1 else -(-rows // size)
        shapes: dict[str, Any] = {
            f"quantized_{weight}": (
                ((columns + 1) // 2 if bits == 4 else columns, rows),
                "uint8",
            ),
            f"{weight}_scale": ((columns, groups), None),
            f"{weight}_zero": ((columns, groups), "uint8"),
            "g_idx": ((rows,), "float32"),
        }
        if self.factors:
            shapes[self.factors] = ((rows,), None)
        for name, (shape, dtype) in shapes.items():
            variable = layer.add_weight(
                shape,
                initializer="zeros" if dtype else "ones",
                dtype=dtype,
                trainable=False,
                name=name.removeprefix("quantized_"),
            )
            setattr(layer, name, variable)
        layer._set_calibrated(False)

    def _integers(self, layer: Any, weight: str) -> Any:
        values = getattr(layer, f"quantized_{weight}")
        if layer._weight_bits != 4:
            return values
        size = layer._layouts[weight].flat[1]
        return unpack_int4(values, size, axis=0, dtype="uint8")

    def shown(self, layer: Any, weight: str) -> Any:
        """Return the integers, or the floats until there are any."""
        if layer._calibrated or layer._stored(weight) is None:
            return self._integers(layer, weight)
        return layer._stored(weight)

    def floats(self, layer: Any, weight: str) -> Any:
        """Return the weight in floats."""
        stored = layer._stored(weight)
        if not layer._calibrated and stored is not None:
            return stored
        scale, zero = (getattr(layer, f"{weight}_{part}") for part in ("scale", "zero"))
        values = self._integers(layer, weight)
        floats = ops.transpose(dequantize_groups(values, scale, zero, layer.g_idx))
        if self.factors:
            factors = ops.expand_dims(getattr(layer, self.factors), -1)
            floats = ops.divide(floats, factors)
        return ops.reshape(floats, layer._layouts[weight].shape)

    def observer(self, layer: Any, weight: str) -> Any:
        """Return what looks at the layer's inputs, to round by them."""
        from dlcore.src.quantizers.rounding import Awq, Gptq

        return (Awq if self.factors else Gptq)(layer._layouts[weight].flat[0])

    def rounded(self, layer: Any, weight: str, observer: Any) -> dict[str, Any]:
        """Return the variables' values by name, after the data were looked at."""
        flat = ops.reshape(layer._stored(weight), layer._layouts[weight].flat)
        matrix = ops.convert_to_numpy(flat).astype("float32").T
        found = observer.round(matrix, layer.quantization_config)
        factors = {}
        if self.factors:
            found, factors[self.factors] = found
        values = found.values
        if layer._weight_bits == 4:
            values = pack_int4(values, axis=0, dtype="uint8")[0]
        return {
            f"quantized_{weight}": values,
            f"{weight}_scale": found.scale,
            f"{weight}_zero": found.zero,
            "g_idx": found.groups,
            **factors,
        }


class Awq(Calibrated):
    """AWQ: the same, with a factor for each input."""

    factors = "awq_scales"


class Float8(Mode):
    """Training with products of 8-bit floats; weights stay what they are.

    What the scales get as "gradients" are their next values.
    Source: Micikevicius et al., 2022, arXiv:2209.05433.
    """

    keeps_floats = True
    _kinds = ("inputs", "kernel", "outputs_grad")

    def beside(self, weight: str) -> list[str]:
        """Return names of what a file has after the layer's other weights."""
        return [
            f"{k}_{part}" for k in self._kinds for part in ("scale", "amax_history")
        ]

    def make(self, layer: Any, weight: str, layout: Layout) -> None:
        """Make the variables."""
        length = getattr(layer._policy, "amax_history_length", 1024)
        for name in self.beside(weight):
            scale = name.endswith("_scale")
            variable = layer.add_weight(
                () if scale else (length,),
                initializer="ones" if scale else "zeros",
                dtype="float32",
                autocast=False,
                overwrite_with_gradient=True,
                name=name,
            )
            setattr(layer, name, variable)

    def product(self, layer: Any, weight: str, what: Product, inputs: Any) -> Any:
        """Return the product of inputs and weight, both rounded to 8-bit floats."""
        rounded = [
            self._forwards(layer, kind, x)
            for kind, x in (("inputs", inputs), ("kernel", layer._stored(weight)))
        ]
        return self._backwards(layer, "outputs_grad", what.run(*rounded))

    def _forwards(self, layer: Any, kind: str, x: Any) -> Any:
        """Round ``x``; its gradient passes."""
        dtype, training = layer.compute_dtype, layer._is_training()

        @ops.custom_gradient
        def rounded(x: Any, scale: Any, history: Any) -> Any:
            new = _next(x, scale, history, "float8_e4m3fn") if training else None
            result = quantize_and_dequantize(x, scale, "float8_e4m3fn", dtype)

            def grad(*_: Any, upstream: Any = None) -> Any:
                return (upstream, *(new or (scale, history)))

            return result, grad

        return rounded(x, *self._state(layer, kind))

    def _backwards(self, layer: Any, kind: str, x: Any) -> Any:
        """Pass ``x``; round its gradient."""
        dtype = layer.compute_dtype

        @ops.custom_gradient
        def passed(x: Any, scale: Any, history: Any) -> Any:
            def grad(*_: Any, upstream: Any = None) -> Any:
                new = _next(upstream, scale, history, "float8_e5m2")
                return (
                    quantize_and_dequantize(upstream, scale, "float8_e5m2", dtype),
                    *new,
                )

            return ops.add(x, 0), grad

        return passed(x, *self._state(layer, kind))

    def _state(self, layer: Any, kind: str) -> list[Any]:
        names = (f"{kind}_scale", f"{kind}_amax_history")
        return [ops.convert_to_tensor(getattr(layer, name)) for name in names]

    def bias(self, layer: Any) -> Any:
        """Return the bias, rounded to 16 bits, in which it is added to products."""
        bias = layer.bias
        if bias is not None and layer.compute_dtype == "float32":
            bias = ops.cast(ops.cast(bias, "bfloat16"), "float32")
        return bias


def _next(x: Any, scale: Any, history: Any, dtype: str) -> tuple[Any, Any]:
    """Return the next scale and history of largest values."""
    new = compute_float8_scale(ops.max(history), scale, largest(dtype))
    return new, compute_float8_amax_history(x, history)


MODES: dict[str, Mode] = {
    "int8": Int8(),
    "int4": Int4(),
    "float8": Float8(),
    "gptq": Calibrated(),
    "awq": Awq(),
}
