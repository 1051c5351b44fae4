"""Settings of the modes that look at data: GPTQ and AWQ."""

from __future__ import annotations

from typing import Any, Self

from dlcore.src.export import export
from dlcore.src.quantizers.configs import QuantizationConfig


class _Calibrated(QuantizationConfig):
    """What both have: where the data come from, and how they are cut."""

    #: The constructor's arguments beside the data.
    _options: tuple[str, ...]

    def __init__(self, dataset: Any, tokenizer: Any, **options: Any):
        super().__init__()
        for name in ("num_samples", "sequence_length", "num_grid_points"):
            if options.get(name, 1) <= 0:
                raise ValueError(
                    f"{name} must be a positive integer. Received: {options[name]}"
                )
        size = options["group_size"]
        if size < -1 or size == 0:
            raise ValueError(
                "Invalid group_size. Supported values are -1 (one scale per output) or "
                f"a positive integer, but got {size}."
            )
        self.dataset = dataset
        self.tokenizer = tokenizer
        self._options = tuple(options)
        vars(self).update(options)

    weight_bits: int
    group_size: int

    def dtype_policy_string(self) -> str:
        """Return the first part of the policy's name: ``"gptq/4/128"``."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, the data left out."""
        options = {name: getattr(self, name) for name in self._options}
        return {"dataset": None, "tokenizer": None, **options}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make settings from what ``get_config`` returned."""
        return cls(**config)


@export("dlcore.quantizers.GPTQConfig")
class GPTQConfig(_Calibrated):
    """Settings of GPTQ: weights rounded one after the other.

    The error of each is made up for by those that follow, by what the data say of
    their products.

    Parameters
    ----------
    dataset : iterable of str or of arrays of int
        What the model is calibrated with.
    tokenizer : object
        Whose ``tokenize(text)`` returns integers; for strings.
    weight_bits : {2, 3, 4, 8}
    num_samples : int
        How many sequences are looked at.
    per_channel : bool
        Whether each output has scales of its own.
    sequence_length : int
        How long they are.
    hessian_damping : float
        From 0 to 1: part of the mean of the Hessian's diagonal that is added to it.
    group_size : int
        How many weights share a scale; -1 for one scale per output.
    symmetric : bool
        Whether the range of values is the same below and above 0.
    activation_order : bool
        Whether the inputs of the largest activations come first.
    quantization_layer_structure : dict, optional
        ``{"pre_block_layers": [...], "sequential_blocks": [...]}``: what is run
        before, and whose layers are quantized. ``get_quantization_layer_structure`` of
        the model says it unless given.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Source: Frantar et al., 2022, arXiv:2210.17323.

    Examples
    --------
    >>> GPTQConfig(dataset=None, tokenizer=None).dtype_policy_string()
    'gptq/4/128'
    """

    mode = "gptq"
    per_channel: bool
    symmetric: bool

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        per_channel: bool = True,
        sequence_length: int = 512,
        hessian_damping: float = 0.01,
        group_size: int = 128,
        symmetric: bool = False,
        activation_order: bool = False,
        quantization_layer_structure: dict[str, Any] | None = None,
    ):
        if weight_bits not in (2, 3, 4, 8):
            raise ValueError(
                f"Unsupported weight_bits {weight_bits}. Supported values are 2, 3, 4, "
                "and 8."
            )
        if not 0 <= hessian_damping <= 1:
            raise ValueError(
                f"hessian_damping must be between 0 and 1. Received: {hessian_damping}"
            )
        super().__init__(
            dataset,
            tokenizer,
            weight_bits=weight_bits,
            num_samples=num_samples,
            per_channel=per_channel,
            sequence_length=sequence_length,
            hessian_damping=hessian_damping,
            group_size=group_size,
            symmetric=symmetric,
            activation_order=activation_order,
            quantization_layer_structure=quantization_layer_structure,
        )


@export("dlcore.quantizers.AWQConfig")
class AWQConfig(_Calibrated):
    """Settings of AWQ: weights of large activations are enlarged before rounding.

    Parameters
    ----------
    dataset : iterable of str or of arrays of int
        What the model is calibrated with.
    tokenizer : object
        Whose ``tokenize(text)`` returns integers; for strings.
    weight_bits : {4}
    num_samples : int
        How many sequences are looked at.
    sequence_length : int
        How long they are.
    group_size : int
        How many weights share a scale; -1 for one scale per output.
    num_grid_points : int
        How many factors are tried.
    quantization_layer_structure : dict, optional
        ``{"pre_block_layers": [...], "sequential_blocks": [...]}``: what is run
        before, and whose layers are quantized. ``get_quantization_layer_structure`` of
        the model says it unless given.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Source: Lin et al., 2023, arXiv:2306.00978.

    Examples
    --------
    >>> AWQConfig(dataset=None, tokenizer=None).dtype_policy_string()
    'awq/4/128'
    """

    mode = "awq"

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        sequence_length: int = 512,
        group_size: int = 128,
        num_grid_points: int = 20,
        quantization_layer_structure: dict[str, Any] | None = None,
    ):
        if weight_bits != 4:
            raise ValueError(
                "AWQ only supports 4-bit quantization. Received "
                f"weight_bits={weight_bits}."
            )
        super().__init__(
            dataset,
            tokenizer,
            weight_bits=weight_bits,
            num_samples=num_samples,
            sequence_length=sequence_length,
            group_size=group_size,
            num_grid_points=num_grid_points,
            quantization_layer_structure=quantization_layer_structure,
        )
