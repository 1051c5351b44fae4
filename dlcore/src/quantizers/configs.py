"""How a model is to be quantized."""

from __future__ import annotations

from typing import Any, Self

from dlcore.src.dtype_policies import QUANTIZATION_MODES
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.quantizers.quantizer import AbsMaxQuantizer


def _expect(owner: Any, quantizer: Any, **wanted: Any) -> None:
    """Refuse a quantizer of weights that makes other integers."""
    for name, value in wanted.items():
        found = getattr(quantizer, name, value)
        if quantizer is not None and found != value:
            raise ValueError(
                f"{type(owner).__name__} requires a weight_quantizer with "
                f"{name}={value!r}. Received: {name}={found!r}"
            )


@export("dlcore.quantizers.QuantizationConfig")
class QuantizationConfig:
    """Base of the settings of a mode.

    Parameters
    ----------
    weight_quantizer : Quantizer, optional
        Of the weights; that of the mode unless given.
    activation_quantizer : Quantizer, optional
        Of what layers are called with; None to leave it in floats.
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None):
        self.weight_quantizer = weight_quantizer
        self.activation_quantizer = activation_quantizer

    @property
    def mode(self) -> str:
        """The mode that these are settings of."""
        raise NotImplementedError(
            "Subclasses must implement this property. Do not instantiate "
            "QuantizationConfig directly."
        )

    @staticmethod
    def weight_quantizer_or_default(config: Any, default: Any) -> Any:
        """Return the quantizer of weights that a configuration asks for, if any."""
        asked = None if config is None else config.weight_quantizer
        return default if asked is None else asked

    @staticmethod
    def activation_quantizer_or_default(config: Any, default: Any) -> Any:
        """Return the quantizer of inputs; without a configuration the default."""
        return default if config is None else config.activation_quantizer

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain Python."""
        from dlcore.src.saving.serialization import serialize_keras_object

        return {
            "weight_quantizer": serialize_keras_object(self.weight_quantizer),
            "activation_quantizer": serialize_keras_object(self.activation_quantizer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make settings from what ``get_config`` returned."""
        from dlcore.src.saving.serialization import deserialize_keras_object

        return cls(**{k: deserialize_keras_object(v) for k, v in config.items()})


@export("dlcore.quantizers.Int8QuantizationConfig")
class Int8QuantizationConfig(QuantizationConfig):
    """Settings of weights, and inputs, in 8 bits.

    Parameters
    ----------
    weight_quantizer : Quantizer, optional
        To int8; by the largest absolute value unless given.
    activation_quantizer : Quantizer, optional
        The same by default; None to leave inputs in floats.

    Raises
    ------
    ValueError
        If weights would become another dtype.

    Examples
    --------
    >>> Int8QuantizationConfig(activation_quantizer=None).mode
    'int8'
    """

    mode = "int8"

    def __init__(
        self, weight_quantizer: Any = None, activation_quantizer: Any = "default"
    ):
        if activation_quantizer == "default":
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        _expect(self, weight_quantizer, output_dtype="int8")


@export("dlcore.quantizers.Int4QuantizationConfig")
class Int4QuantizationConfig(QuantizationConfig):
    """Settings of weights in 4 bits.

    Parameters
    ----------
    weight_quantizer : Quantizer, optional
        To int8, from -8 to 7. Only for whole columns.
    activation_quantizer : Quantizer, optional
        None, the default, leaves inputs in floats. Only for whole columns.
    block_size : int, optional
        How many weights share a scale and a zero point; None or -1 for one scale per
        output.

    Raises
    ------
    ValueError
        If the size is no positive number, or quantizers are given for blocks.

    Examples
    --------
    >>> Int4QuantizationConfig(block_size=32).mode
    'int4'
    """

    mode = "int4"

    def __init__(
        self,
        weight_quantizer: Any = None,
        activation_quantizer: Any = "default",
        block_size: int | None = 128,
    ):
        if activation_quantizer == "default":
            activation_quantizer = None
        super().__init__(weight_quantizer, activation_quantizer)
        if block_size is not None and (block_size < -1 or block_size == 0):
            raise ValueError(
                "block_size must be None, -1, or a positive integer. Received: "
                f"block_size={block_size}"
            )
        self.block_size = block_size
        own = weight_quantizer is not None or activation_quantizer is not None
        if own and block_size not in (None, -1):
            raise ValueError(
                "Int4 sub-channel quantization (block_size > 0) does not support "
                "custom quantizers. Either set block_size to None or -1 for "
                "per-channel quantization, or remove the custom quantizer arguments. "
                f"Received: block_size={block_size}"
            )
        _expect(self, weight_quantizer, value_range=(-8, 7), output_dtype="int8")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain Python."""
        return super().get_config() | {"block_size": self.block_size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make settings from what ``get_config`` returned."""
        return super().from_config({"block_size": None, **config})  # as in old files


@export("dlcore.quantizers.Float8QuantizationConfig")
class Float8QuantizationConfig(QuantizationConfig):
    """Settings of training in 8-bit floats: there are none.

    Examples
    --------
    >>> Float8QuantizationConfig().mode
    'float8'
    """

    mode = "float8"

    def __init__(self) -> None:
        super().__init__()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments: none."""
        return {}


def resolve(mode: Any, config: Any) -> QuantizationConfig:
    """Return the settings that ``quantize(mode, config)`` asks for.

    Raises
    ------
    ValueError
        If the mode is unknown, neither is given, or they contradict each other.
    """
    if isinstance(config, str):
        mode, config = config, None
    if mode is not None and mode not in QUANTIZATION_MODES:
        raise ValueError(
            f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. "
            f"Received: mode={mode!r}.{did_you_mean(mode, QUANTIZATION_MODES)}"
        )
    if config is None:
        if mode is None:
            raise ValueError(
                "You must provide either `mode` or `config` to `quantize`."
            )
        return _default(mode)
    if not isinstance(config, QuantizationConfig):
        raise ValueError(
            "Argument `config` must be an instance of `QuantizationConfig`. Received: "
            f"config={config!r} (of type {type(config)})"
        )
    if mode is not None and config.mode != mode:
        raise ValueError(
            f"Contradictory arguments: mode={mode!r} but config.mode={config.mode!r}"
        )
    return config


def _default(mode: str) -> QuantizationConfig:
    kinds: dict[str, type[QuantizationConfig]] = {
        "int8": Int8QuantizationConfig,
        "int4": Int4QuantizationConfig,
        "float8": Float8QuantizationConfig,
    }
    if mode not in kinds:
        name = mode.upper()
        raise ValueError(
            f"For {name}, you must pass a `{name}Config` object in the `config` "
            "argument: it needs data to calibrate with."
        )
    return kinds[mode]()
