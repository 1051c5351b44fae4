"""Policies of names, and as configurations."""

from __future__ import annotations

from typing import Any

from dlcore.src.dtype_policies.policy import DTypePolicy, dtype_policy
from dlcore.src.dtype_policies.quantized import QUANTIZATION_MODES, from_name
from dlcore.src.dtypes import ALL, standardize_dtype
from dlcore.src.export import export


@export("dlcore.dtype_policies.get")
def get(identifier: Any) -> DTypePolicy:
    """Return the policy of a name, a configuration, a dtype or None.

    Parameters
    ----------
    identifier : str, DTypePolicy, dict, dtype or None
        ``"mixed_bfloat16"`` or ``"int8_from_float32"`` for instance; None for the
        global policy.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        if identifier.startswith(QUANTIZATION_MODES) and identifier not in ALL:
            return from_name(identifier)
        return DTypePolicy(identifier)
    try:
        name = standardize_dtype(identifier)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "Cannot interpret `dtype` argument. Expected a string or an instance of "
            f"DTypePolicy. Received: dtype={identifier!r}"
        ) from error
    return DTypePolicy(name)


@export("dlcore.dtype_policies.serialize")
def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as a configuration."""
    from dlcore.src.saving.serialization import serialize_keras_object

    return serialize_keras_object(dtype_policy)


@export("dlcore.dtype_policies.deserialize")
def deserialize(config: Any, custom_objects: Any = None) -> DTypePolicy:
    """Return the policy of a configuration.

    Parameters
    ----------
    config : dict
        What ``serialize`` returned.
    custom_objects : dict of str to class, optional
        Your own policies.
    """
    from dlcore.src import dtype_policies
    from dlcore.src.saving.serialization import deserialize_keras_object

    if "class_name" not in config:
        return DTypePolicy(**config.get("config", config))
    kinds = [getattr(dtype_policies, name) for name in dtype_policies.__all__]
    known = {k.__name__: k for k in kinds if isinstance(k, type)}
    known["FloatDTypePolicy"] = DTypePolicy
    return deserialize_keras_object(config, custom_objects, module_objects=known)
