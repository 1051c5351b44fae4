"""The faces that every layer has for quantisation; who can do it overrides them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

from dlcore.src import backend as backends
from dlcore.src.dtype_policies import QUANTIZATION_MODES
from dlcore.src.layers import context as calls
from dlcore.src.layers.tracking import changed

#: What a class defines that can be quantized.
HOOKS = frozenset(("quantized_call", *(f"_{mode}_call" for mode in QUANTIZATION_MODES)))


def quantizing(quantize: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``quantize``: settings resolved, on the layer's backend, once."""

    @functools.wraps(quantize)
    def wrapped(self: Any, mode: Any = None, config: Any = None, **kwargs: Any) -> None:
        from dlcore.src.quantizers.configs import resolve

        if not self._is_quantizing:  # else: super().quantize(...)
            config = resolve(mode, config)
            mode = config.mode
            self._check_quantizable(mode)
        outer, self._is_quantizing = self._is_quantizing, True
        try:
            with backends.use_backend(self.backend), calls.fresh_call():
                quantize(self, mode=mode, config=config, **kwargs)
        finally:
            self._is_quantizing = outer
            changed()

    return wrapped


class QuantizedFaces:
    """``quantize``, ``quantized_build`` and ``quantized_call``, as absent."""

    _is_quantized = False
    _is_quantizing = False
    #: Whether a class can be quantized at all.
    _quantizes: ClassVar[bool] = False

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
        """
        raise _absent(self, "quantize")

    def quantized_build(self, input_shape: Any, mode: str) -> None:
        """Make the weights of a mode; what a subclass writes."""
        raise _absent(self, "quantized_build")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs with quantized weights.

        A subclass writes ``_int8_call``, ``_int4_call``... with the arguments of
        ``call``.
        """
        mode = self.quantization_mode  # type: ignore[attr-defined]
        if mode not in QUANTIZATION_MODES:
            raise mode_error(mode, QUANTIZATION_MODES)
        return getattr(self, f"_{mode}_call")(*args, **kwargs)

    def _needs_calibration(self) -> bool:
        """Whether it is quantized, and data have to say how."""
        return False

    def _check_quantizable(self, mode: str) -> None:
        layer: Any = self
        if not layer.built:
            raise ValueError(
                "Cannot quantize a layer that isn't yet built. Layer "
                f"'{layer.name}' (of type '{type(self).__name__}') is not built yet: "
                "call it on data, or call its `build(input_shape)`."
            )
        if self._is_quantized:
            raise ValueError(
                f"Layer '{layer.name}' is already quantized with "
                f"dtype_policy='{layer.dtype_policy.name}'. Received: mode={mode}"
            )
        if (mode, layer.compute_dtype) == ("int8", "float16"):
            raise ValueError(
                f"Quantization mode='{mode}' doesn't work well with "
                "compute_dtype='float16': sums of products overflow. Make the layer "
                "with 'mixed_bfloat16' or 'float32' before calling `quantize()`."
            )


def _refusing(hook: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise _absent(self, hook)

    call.__name__ = hook
    return call


for _hook in HOOKS - {"quantized_call"}:
    setattr(QuantizedFaces, _hook, _refusing(_hook))


def _absent(layer: Any, name: str) -> NotImplementedError:
    return NotImplementedError(
        f"Layer {type(layer).__name__} does not have a `{name}` method implemented."
    )


def mode_error(mode: Any, known: Any) -> NotImplementedError:
    """Return the error for a mode that a layer does not know."""
    return NotImplementedError(
        f"Invalid quantization mode. Expected one of {tuple(known)}. Received: "
        f"quantization_mode={mode}"
    )
