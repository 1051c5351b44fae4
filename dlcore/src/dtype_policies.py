"""In which dtype a layer computes, and in which it keeps its variables."""

from __future__ import annotations

from typing import Any

from dlcore.src import config
from dlcore.src.dtypes import ALL, is_float, standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_global: DTypePolicy | None = None


@export(
    "dlcore.dtype_policies.DTypePolicy",
    "dlcore.DTypePolicy",
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

    quantization_mode = None

    def __init__(self, name: str | None = None):
        name = dtype_policy().name if name is None else name
        if not isinstance(name, str):
            raise TypeError(
                "'name' must be a string, such as 'mixed_float16'. "
                f"Received: name={name!r} (of type {type(name)})"
            )
        if name not in ALL and name not in _MIXED:
            hint = did_you_mean(name, [*ALL, *_MIXED])
            raise ValueError(f"Cannot convert {name!r} to a DTypePolicy.{hint}")
        self.name: str = name
        self.compute_dtype = _MIXED.get(name, name)
        self.variable_dtype = "float32" if name in _MIXED else name

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
        """Return ``{"name": ...}``."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Make a policy from what ``get_config`` returned."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        """Compare the names."""
        return isinstance(other, DTypePolicy) and self.name == other.name

    def __hash__(self) -> int:
        """Hash the name."""
        return hash(self.name)

    def __repr__(self) -> str:
        """Show the name."""
        return f'<DTypePolicy "{self.name}">'


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
    global _global
    if not isinstance(policy, str | DTypePolicy):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as "
            "'mixed_float16') or a `DTypePolicy` instance. Received: "
            f"policy={policy!r} (of type {type(policy)})"
        )
    _global = get(policy)


@export("dlcore.dtype_policies.get")
def get(identifier: Any) -> DTypePolicy:
    """Return the policy of a name, a configuration, a dtype or None."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))


@export("dlcore.dtype_policies.serialize")
def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as a configuration."""
    return {
        "module": "keras",
        "class_name": type(dtype_policy).__name__,
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


@export("dlcore.dtype_policies.deserialize")
def deserialize(config: Any, custom_objects: Any = None) -> DTypePolicy:
    """Return the policy of a configuration."""
    inner = config.get("config", config)
    return DTypePolicy(**inner)
