"""Policies of layers whose weights are quantized."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore.src.dtype_policies.policy import DTypePolicy, dtype_policy, dtypes_of
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")


@export("dlcore.dtype_policies.QuantizedDTypePolicy")
class QuantizedDTypePolicy(DTypePolicy):
    """A policy with quantized weights.

    Parameters
    ----------
    mode : {"int8", "float8", "int4", "gptq", "awq"}
        How weights are quantized.
    source_name : str, optional
        Name of the policy for all the rest, ``"mixed_bfloat16"`` for instance; that of
        the global policy unless given.

    Raises
    ------
    ValueError
        If the mode is unknown, or does not go with the dtype of computation.

    Examples
    --------
    >>> policy = QuantizedDTypePolicy("int8", "mixed_bfloat16")
    >>> policy.name, policy.compute_dtype
    ('int8_from_mixed_bfloat16', 'bfloat16')
    """

    def __init__(self, mode: str, source_name: str | None = None):
        if source_name is None:
            source_name = dtype_policy().name
        self.compute_dtype, self.variable_dtype = dtypes_of(source_name)
        self.quantization_mode = self._checked(mode)
        self._source_name = source_name
        self.name = f"{mode}_from_{source_name}"

    def _checked(self, mode: str) -> str:
        """Return the mode without its sizes."""
        if mode not in QUANTIZATION_MODES:
            raise ValueError(
                f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. "
                f"Received: mode={mode!r}.{did_you_mean(mode, QUANTIZATION_MODES)}"
            )
        if (mode, self.compute_dtype) == ("int8", "float16"):
            raise ValueError(
                "Quantization mode='int8' doesn't work well with "
                "compute_dtype='float16': sums of products overflow. Take "
                "'int8_from_mixed_bfloat16' or 'int8_from_float32'."
            )
        return mode

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"mode": self.quantization_mode, "source_name": self._source_name}


@export("dlcore.dtype_policies.QuantizedFloat8DTypePolicy")
class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """The policy of training in 8-bit floats.

    Parameters
    ----------
    mode : {"float8"}
    source_name : str, optional
        Name of the policy for all the rest.
    amax_history_length : int
        Over how many steps the largest absolute value is taken, of which scales are
        computed.

    Raises
    ------
    TypeError
        If the length is no integer.

    Examples
    --------
    >>> QuantizedFloat8DTypePolicy("float8", "float32").amax_history_length
    1024
    """

    default_amax_history_length = 1024

    def __init__(
        self,
        mode: str,
        source_name: str | None = None,
        amax_history_length: int = 1024,
    ):
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(
                "`amax_history_length` must be an integer. "
                f"Received: amax_history_length={amax_history_length!r}"
            )
        self.amax_history_length = amax_history_length

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return super().get_config() | {"amax_history_length": self.amax_history_length}


class _Sized(QuantizedDTypePolicy):
    """A policy whose mode holds sizes: ``"<mode>/<size>/<size>"``."""

    mode: ClassVar[str]
    #: Name of each size -> the values that it may have; None: -1 or positive.
    _sizes: ClassVar[dict[str, tuple[int, ...] | None]]

    def __init__(self, mode: str, source_name: str | None = None):
        super().__init__(mode, source_name)

    def _checked(self, mode: str) -> str:
        name, *parts = mode.split("/")
        form = "/".join([self.mode, *(f"<{size}>" for size in self._sizes)])
        wrong = f"Invalid mode for {type(self).__name__}. Expected format '{form}'"
        if name != self.mode or len(parts) != len(self._sizes):
            raise ValueError(f"{wrong}, but got {mode!r}.")
        for (size, known), part in zip(self._sizes.items(), parts, strict=True):
            try:
                value = int(part)
            except ValueError:
                raise ValueError(
                    f"{wrong}: <{size}> must be an integer, but got {mode!r}."
                ) from None
            if value not in known if known else value < -1 or value == 0:
                right = ", ".join(map(str, known or ("-1", "any positive integer")))
                if known and len(known) == 1:
                    right = f"{known[0]}: {name.upper()} only supports {known[0]}-bit"
                raise ValueError(
                    f"Invalid {size} in mode. Supported values are {right}, but got "
                    f"{value} from {mode!r}."
                )
            setattr(self, size, value)
        return super()._checked(name)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        sizes = [str(getattr(self, size)) for size in self._sizes]
        return super().get_config() | {"mode": "/".join([self.mode, *sizes])}


@export("dlcore.dtype_policies.Int4DTypePolicy")
class Int4DTypePolicy(_Sized):
    """The policy of weights in 4 bits, in blocks.

    Parameters
    ----------
    mode : str
        ``"int4/<block_size>"``: how many weights share a scale; -1 for one scale per
        output.
    source_name : str, optional
        Name of the policy for all the rest.

    Raises
    ------
    ValueError
        If the mode has another form.

    Examples
    --------
    >>> Int4DTypePolicy("int4/128", "float32").block_size
    128
    """

    mode = "int4"
    _sizes: ClassVar = {"block_size": None}
    block_size: int


@export("dlcore.dtype_policies.GPTQDTypePolicy")
class GPTQDTypePolicy(_Sized):
    """The policy of weights quantized by GPTQ.

    Parameters
    ----------
    mode : str
        ``"gptq/<weight_bits>/<group_size>"``: 2, 3, 4 or 8 bits, and how many weights
        share a scale; -1 for one scale per output.
    source_name : str, optional
        Name of the policy for all the rest.

    Raises
    ------
    ValueError
        If the mode has another form.

    Examples
    --------
    >>> GPTQDTypePolicy("gptq/4/128", "float32").weight_bits
    4
    """

    mode = "gptq"
    _sizes: ClassVar = {"weight_bits": (2, 3, 4, 8), "group_size": None}
    weight_bits: int
    group_size: int


@export("dlcore.dtype_policies.AWQDTypePolicy")
class AWQDTypePolicy(_Sized):
    """The policy of weights quantized by AWQ.

    Parameters
    ----------
    mode : str
        ``"awq/4/<group_size>"``: how many weights share a scale; -1 for one scale per
        output.
    source_name : str, optional
        Name of the policy for all the rest.

    Raises
    ------
    ValueError
        If the mode has another form.

    Examples
    --------
    >>> AWQDTypePolicy("awq/4/128", "float32").group_size
    128
    """

    mode = "awq"
    _sizes: ClassVar = {"weight_bits": (4,), "group_size": None}
    weight_bits: int
    group_size: int


def from_name(name: str) -> QuantizedDTypePolicy:
    """Return the policy of a name such as ``"int8_from_float32"``.

    Raises
    ------
    ValueError
        If the name has another form.
    """
    mode, separator, source = name.partition("_from_")
    if not separator or "_from_" in source:
        raise ValueError(
            "Cannot convert `policy` into a valid pair (`mode`, `source_name`) to "
            "instantiate `QuantizedDTypePolicy`. Expected for instance "
            f"'int8_from_float32'. Received: policy={name}"
        )
    sized = "/" in mode
    kinds: dict[str, type[QuantizedDTypePolicy]] = {
        "float8": QuantizedFloat8DTypePolicy,
        "int4": Int4DTypePolicy if sized else QuantizedDTypePolicy,
        "gptq": GPTQDTypePolicy,
        "awq": AWQDTypePolicy,
    }
    algorithm = mode.partition("/")[0]
    return kinds.get(algorithm, QuantizedDTypePolicy)(mode, source)
