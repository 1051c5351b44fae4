"""``DTypePolicy``, and the one of layers that are given none."""

from __future__ import annotations

from typing import Any, Self

from dlcore.src import config
from dlcore.src.dtypes import ALL, is_float, standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_global: DTypePolicy | None = None


def dtypes_of(name: Any) -> tuple[str, str]:
    """Return what the policy of a name computes in, and keeps variables in.

    Raises
    ------
    TypeError
        If it is no string.
    ValueError
        If there is no such policy.
    """
    if not isinstance(name, str):
        raise TypeError(
            "'name' must be a string, such as 'mixed_float16'. "
            f"Received: name={name!r} (of type {type(name)})"
        )
    if name in _MIXED:
        return _MIXED[name], "float32"
    if name not in ALL:
        hint = did_you_mean(name, [*ALL, *_MIXED])
        raise ValueError(f"Cannot convert {name!r} to a DTypePolicy.{hint}")
    return name, name


@export(
    "dlcore.DTypePolicy",
    "dlcore.dtype_policies.DTypePolicy",
    "dlcore.dtype_policies.FloatDTypePolicy",
    "dlcore.FloatDTypePolicy",
    "dlcore.mixed_precision.DTypePolicy",
    "dlcore.mixed_precision.Policy",
)
class DTypePolicy:
    """The dtype of a layer's computation and that of its variables.

    Parameters
    ----------
    name : str
        A dtype, for both; ``"mixed_float16"`` or ``"mixed_bfloat16"`` computes in 16
        bits and keeps float32 variables. That of the global policy unless given.

    Raises
    ------
    TypeError
        If it is no string.
    ValueError
        If it is none of these.

    Examples
    --------
    >>> policy = DTypePolicy("mixed_bfloat16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('bfloat16', 'float32')
    """

    name: str
    compute_dtype: str
    variable_dtype: str
    #: How weights are quantized; None where they are not.
    quantization_mode: str | None = None

    def __init__(self, name: str | None = None):
        self.name = dtype_policy().name if name is None else name
        self.compute_dtype, self.variable_dtype = dtypes_of(self.name)

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return ``x`` as a tensor, floats in ``dtype`` where ``autocast`` asks."""
        from dlcore.src.ops.core import cast, convert_to_tensor

        x = convert_to_tensor(x)
        name = standardize_dtype(dtype)
        current = standardize_dtype(x.dtype)
        if autocast and is_float(name) and is_float(current) and current != name:
            return cast(x, name)
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a policy from what ``get_config`` returned."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        """Compare class, name and configuration."""
        return (
            isinstance(other, DTypePolicy)
            and type(other) is type(self)
            and other.name == self.name
            and other.get_config() == self.get_config()
        )

    def __hash__(self) -> int:
        """Hash the name."""
        return hash(self.name)

    def __repr__(self) -> str:
        """Show the name."""
        return f'<{type(self).__name__} "{self.name}">'


@export(
    "dlcore.config.dtype_policy",
    "dlcore.mixed_precision.dtype_policy",
    "dlcore.mixed_precision.global_policy",
)
def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none."""
    return _global or DTypePolicy(config.floatx())


@export(
    "dlcore.config.set_dtype_policy",
    "dlcore.mixed_precision.set_dtype_policy",
    "dlcore.mixed_precision.set_global_policy",
)
def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Set the policy of layers that are given none.

    Parameters
    ----------
    policy : str or DTypePolicy
        For instance ``"mixed_bfloat16"``.

    Raises
    ------
    ValueError
        If it is neither a policy nor the name of one.
    """
    from dlcore.src.dtype_policies.finding import get

    global _global
    if not isinstance(policy, str | DTypePolicy):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as "
            "'mixed_float16') or a `DTypePolicy` instance. Received: "
            f"policy={policy!r} (of type {type(policy)})"
        )
    _global = get(policy)
