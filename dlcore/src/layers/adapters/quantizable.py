"""Layers whose weights can be quantized."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src import dtype_policies
from dlcore.src.layers import context as calls
from dlcore.src.layers.adapters.layout import MATRIX, Layout, Product
from dlcore.src.layers.adapters.low_rank import Adaptable
from dlcore.src.layers.adapters.modes import MODES, Mode
from dlcore.src.layers.quantized import mode_error, quantizing
from dlcore.src.layers.tracking import changed
from dlcore.src.quantizers.quantizer import AbsMaxQuantizer


class Quantizable(Adaptable):
    """A layer that says how its weights lie; a ``Mode`` does the rest."""

    _modes: ClassVar[tuple[str, ...]] = ("int8", "int4")
    #: Weights that stay floats.
    _others: ClassVar[tuple[str, ...]] = ()
    #: Modes in which what it is called with is quantized too, unless it is said.
    _quantizes_inputs: ClassVar[tuple[str, ...]] = ()
    quantization_config: Any = None
    _layouts: dict[str, Layout]
    _group_size = -1
    _weight_bits = 4
    _calibrated = False

    # What a layer says of itself.

    def _layouts_of(self, shape: tuple[int, ...]) -> dict[str, Layout]:
        """Return how each weight lies, the adapted one first, for its shape."""
        raise NotImplementedError

    def _run_quantized(self, mode: Mode, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError

    # Variables.

    def _stored(self, weight: str) -> Any:
        """Return the variable in the place of a weight, or None."""
        kept = self.__dict__
        return kept.get(f"_{weight}", kept.get(weight))

    def _store(self, weight: str, variable: Any) -> None:
        setattr(self, f"_{weight}" if weight == self._adapts else weight, variable)

    def _drop(self, weight: str) -> Any:
        """Forget a weight in floats; return its value."""
        variable = self._stored(weight)
        for name in (weight, f"_{weight}"):
            self.__dict__.pop(name, None)
        made = self._made_weights
        made[:] = [(v, role) for v, role in made if v is not variable]
        changed()
        return variable.value

    def _make_weight(self, name: str, shape: Any, initializer: Any = None) -> None:
        """Make the adapted weight, quantized where the policy says so."""
        mode = self.quantization_mode
        if mode is not None:
            self.quantized_build(shape, mode, self.quantization_config)
        if mode in (None, "float8"):
            super()._make_weight(name, shape, initializer)

    def quantized_build(self, input_shape: Any, mode: str, config: Any = None) -> None:
        """Make the variables of a mode.

        Parameters
        ----------
        input_shape : tuple of int
            Of the weight in floats.
        mode : str
        config : QuantizationConfig, optional
            Block sizes and quantizers; else the dtype policy says them.

        Raises
        ------
        NotImplementedError
            If this layer does not know the mode.
        """
        if mode not in self._modes:
            raise mode_error(mode, self._modes)
        self._layouts = self._layouts_of(tuple(input_shape))
        asked = config if config is not None else self._policy
        size = getattr(asked, "block_size", None) or getattr(asked, "group_size", None)
        self._group_size = size or -1
        self._weight_bits = getattr(asked, "weight_bits", 4)
        if mode in ("int8", "int4"):
            default = AbsMaxQuantizer() if mode in self._quantizes_inputs else None
            given = config is not None
            self.inputs_quantizer = config.activation_quantizer if given else default
        for weight, layout in self._layouts.items():
            MODES[mode].make(self, weight, layout)
        self._is_quantized = True

    @quantizing
    def quantize(
        self, mode: str | None = None, type_check: bool = True, config: Any = None
    ) -> None:
        """Quantize the weights.

        Parameters
        ----------
        mode : {"int8", "int4", "float8", "gptq", "awq"}, optional
            Needed unless ``config`` says it.
        type_check : bool
            Whether to refuse subclasses, which may use the weights in other ways.
        config : QuantizationConfig, optional
            Settings of the mode.

        Raises
        ------
        ValueError
            If the layer is not built, or quantized already, or the mode is unknown.
        NotImplementedError
            If this kind of layer cannot be quantized so.

        Examples
        --------
        >>> import dlcore
        >>> layer = dlcore.layers.Dense(8)
        >>> layer.build((None, 6))
        >>> layer.quantize("int8")
        >>> [(w.name, w.dtype) for w in layer.weights]
        [('bias', 'float32'), ('kernel', 'int8'), ('kernel_scale', 'float32')]
        """
        if type_check and "__dlcore_name__" not in vars(type(self)):
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `quantize` method "
                "implemented: it may use the weights in ways of its own. Pass "
                "`type_check=False` if it does not."
            )
        if mode not in self._modes:
            raise mode_error(mode, self._modes)
        if self.lora_enabled and mode not in ("int8", "int4"):
            raise NotImplementedError(
                f"{self.described} has lora enabled, which does not go with {mode}."
            )
        self.quantization_config = config
        form, shape = MODES[mode], tuple(self._stored(self._adapts).shape)
        floats = {}
        for weight in self._layouts_of(shape):
            if not form.keeps_floats:
                floats[weight] = self._drop(weight)
            elif mode != "float8":  # its name shows integers from now on
                self.__dict__[f"_{weight}"] = self.__dict__.pop(weight)
        self.quantized_build(shape, mode, config)
        for weight, value in floats.items():
            self._assign(form.encode(self, weight, value))
        policy = self._policy
        if policy.quantization_mode is None:
            name = mode
            if mode == "int4":
                name = f"int4/{self._group_size}"
            elif mode in ("gptq", "awq"):
                name = config.dtype_policy_string()
            self.dtype_policy = dtype_policies.get(f"{name}_from_{policy.name}")

    def _assign(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._stored(name).assign(value)

    # Running.

    def _quantized(self, *args: Any, **kwargs: Any) -> Any:
        return self._run_quantized(MODES[str(self.quantization_mode)], *args, **kwargs)

    _int8_call = _int4_call = _float8_call = _gptq_call = _awq_call = _quantized

    def _is_training(self) -> bool:
        call = calls.state.call
        return bool(call is not None and call.values.get("training"))

    def _adapted(self) -> Any:
        mode = self.quantization_mode
        if mode is None or not self._is_quantized:
            return super()._adapted()
        if not self.lora_enabled:
            return MODES[mode].shown(self, self._adapts)
        return ops.add(MODES[mode].floats(self, self._adapts), self._update())

    def _adapted_shape(self) -> tuple[int, ...]:
        mode = self.quantization_mode
        if mode is None or not self._is_quantized:
            return super()._adapted_shape()
        if mode not in ("int8", "int4"):
            raise NotImplementedError(
                f"lora is not currently supported with {mode.upper()} quantization."
            )
        return self._layouts[self._adapts].shape

    # Calibration.

    @property
    def is_gptq_calibrated(self) -> bool:
        """Whether data chose its integers, by GPTQ."""
        return self._calibrated and self.quantization_mode == "gptq"

    @is_gptq_calibrated.setter
    def is_gptq_calibrated(self, value: bool) -> None:
        self._set_calibrated(value)

    @property
    def is_awq_calibrated(self) -> bool:
        """Whether data chose its integers, by AWQ."""
        return self._calibrated and self.quantization_mode == "awq"

    @is_awq_calibrated.setter
    def is_awq_calibrated(self, value: bool) -> None:
        self._set_calibrated(value)

    def _set_calibrated(self, value: bool) -> None:
        self._calibrated = bool(value)

    def _needs_calibration(self) -> bool:
        return self.quantization_mode in ("gptq", "awq") and not self._calibrated

    def _observer(self) -> Any:
        mode: Any = MODES[str(self.quantization_mode)]
        return mode.observer(self, self._adapts)

    def _calibrate(self, observer: Any) -> None:
        mode: Any = MODES[str(self.quantization_mode)]
        values = mode.rounded(self, self._adapts, observer)
        self._drop(self._adapts)
        self._assign(values)
        self._set_calibrated(True)

    # Files.

    @property
    def variable_serialization_spec(self) -> dict[str | None, list[str]]:
        """Mode -> names of the variables, in the order of files."""
        return {mode: self._names(mode) for mode in (None, *self._modes)}

    def _weights_stored(self) -> tuple[str, ...]:
        return (self._adapts,)

    def _names(self, mode: str | None) -> list[str]:
        first, *more = self._weights_stored()
        if mode is None:
            return [first, *self._others, *more]
        form = MODES[mode]
        names = [*form.instead(first), *self._others, *form.beside(first)]
        for weight in more:
            names += form.instead(weight)
            names += [n for n in form.beside(weight) if n != "g_idx"]
        return names

    def _saved(self) -> list[Any]:
        mode = self.quantization_mode
        if mode is None or not self._is_quantized:
            return super()._saved()
        names = self.variable_serialization_spec[mode]
        found = [v for v in map(self._stored, names) if v is not None]
        known = {id(v) for v in found}
        hidden = self._stored(self._adapts) if mode in ("gptq", "awq") else None
        return found + [
            v for v in super()._saved() if id(v) not in known and v is not hidden
        ]

    def _merged(self) -> dict[int, Any]:
        mode = self.quantization_mode
        if mode is None or not self._is_quantized:
            return super()._merged()
        values = MODES[mode].encode(self, self._adapts, self._adapted())
        return {id(self._stored(name)): value for name, value in values.items()}

    def load_own_variables(self, store: Any) -> None:
        """Set its own weights; a low-rank update becomes zero."""
        super().load_own_variables(store)
        if self.quantization_mode in ("gptq", "awq"):
            self._set_calibrated(True)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name, as JSON can hold them."""
        from dlcore.src.saving.serialization import serialize_keras_object

        config = super().get_config()
        if "quantization_config" in self._signature.parameters or (
            self.quantization_config is not None
        ):
            now = serialize_keras_object(self.quantization_config)
            config["quantization_config"] = now
        return config


class QuantizableProduct(Quantizable):
    """A layer that multiplies by a kernel and adds a bias: ``Dense`` and its kin."""

    _modes = ("int8", "int4", "float8", "gptq", "awq")
    _others = ("bias",)
    _quantizes_inputs = ("int8",)
    _product: Product = MATRIX
    bias: Any
    activation: Any

    def _ended(self, x: Any, bias: Any) -> Any:
        """Add the bias, if there is one, and apply the activation."""
        if bias is not None:
            x = ops.add(x, bias)
        return x if self.activation is None else self.activation(x)

    def _run_quantized(self, mode: Mode, inputs: Any, training: Any = None) -> Any:
        what = self._product
        x = mode.product(self, self._adapts, what, inputs)
        if self.lora_enabled:
            x = ops.add(x, what.run(inputs, self._update()))
            x = ops.cast(x, self.compute_dtype)
        return self._ended(x, mode.bias(self))
