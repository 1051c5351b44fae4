"""``DTypePolicyMap``: one policy for each path of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any, Self

from dlcore.src.dtype_policies.finding import get
from dlcore.src.dtype_policies.policy import DTypePolicy
from dlcore.src.export import export


@export("dlcore.dtype_policies.DTypePolicyMap")
class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """Policies by the paths of layers, for models in which not all are the same.

    Parameters
    ----------
    default_policy : str or DTypePolicy, optional
        Of layers that are not in the map; the global policy unless given.
    policy_map : dict of str to DTypePolicy, optional
        A key is the path of a layer, or a regular expression that the whole path fits.

    Raises
    ------
    TypeError
        If ``policy_map`` is no dict.
    ValueError
        If the default is a map itself.

    Examples
    --------
    >>> policies = DTypePolicyMap("float32")
    >>> policies["encoder/.*"] = "int8_from_bfloat16"
    >>> policies["encoder/query"].quantization_mode, policies["decoder"].name
    ('int8', 'float32')
    """

    def __init__(
        self,
        default_policy: str | DTypePolicy | None = None,
        policy_map: dict[str, DTypePolicy] | None = None,
    ):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "If specified, `policy_map` must be a dict. Received: "
                f"policy_map={policy_map!r} of type {type(policy_map)}"
            )
        self._given = default_policy
        self._default = get(default_policy)
        self._policies = policy_map or {}

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers that are not in the map."""
        return self._default

    @property
    def name(self) -> str:  # type: ignore[override]
        """``"map_"`` and the name of the default policy."""
        return f"map_{self._default.name}"

    @property
    def compute_dtype(self) -> str:  # type: ignore[override]
        """What layers that are not in the map compute in."""
        return self._default.compute_dtype

    @property
    def variable_dtype(self) -> str:  # type: ignore[override]
        """What layers that are not in the map keep their variables in."""
        return self._default.variable_dtype

    @property
    def quantization_mode(self) -> str | None:  # type: ignore[override]
        """How layers that are not in the map are quantized."""
        return self._default.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        """Return the policy of a path.

        Raises
        ------
        ValueError
            If several regular expressions fit it.
        """
        if key in self._policies:
            return self._policies[key]
        fitting = [k for k in self._policies if re.fullmatch(k, key)]
        if len(fitting) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple dtype policy specification keys: "
                f"{fitting}. Please make sure each path only matches at most one dtype "
                "policy specification key in the DTypePolicyMap."
            )
        return self._policies[fitting[0]] if fitting else self._default

    def __setitem__(self, key: str, policy: Any) -> None:
        """Give a path, or all that fit a regular expression, a policy.

        Raises
        ------
        ValueError
            If the key is there already, or ``policy`` is none.
        """
        if key in self._policies:
            raise ValueError(
                f"{key} already exist in the DTypePolicyMap with value "
                f"{self._policies[key]}. Please make sure to not use duplicated keys: "
                "delete it first."
            )
        try:
            self._policies[key] = get(policy)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "Cannot interpret the assigned value by `dlcore.dtype_policies.get`. "
                f"Received: {policy!r} of type {type(policy)}"
            ) from error

    def __delitem__(self, key: str) -> None:
        """Forget the policy of a key."""
        del self._policies[key]

    def __contains__(self, key: object) -> bool:
        """Whether it is a key; regular expressions are not tried."""
        return key in self._policies

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        """Go over the keys."""
        return iter(self._policies)

    def __eq__(self, other: object) -> bool:
        """Compare the default policies and all others."""
        return (
            isinstance(other, DTypePolicyMap)
            and other._default == self._default
            and other._policies == self._policies
        )

    __hash__ = object.__hash__

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments.

        Without a default of its own, the dtypes of all policies are left open: the map
        that is made of it takes those of the global policy.
        """
        from dlcore.src.saving.serialization import serialize_keras_object

        policies = serialize_keras_object(self._policies)
        if self._given is None:
            for described in policies.values():
                config = described["config"]
                config["source_name" if "mode" in config else "name"] = None
        return {
            "default_policy": serialize_keras_object(self._given),
            "policy_map": policies,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a map from what ``get_config`` returned."""
        from dlcore.src.saving.serialization import deserialize_keras_object

        default = config["default_policy"]
        if isinstance(default, dict):
            default = deserialize_keras_object(default, custom_objects)
        policies = deserialize_keras_object(config["policy_map"], custom_objects)
        return cls(default, policies)

    def __repr__(self) -> str:
        """Show the default policy and the others."""
        mapping = [(key, policy.name) for key, policy in self._policies.items()]
        return (
            f"<DTypePolicyMap at {hex(id(self))} "
            f"default_policy={self._default.name}, mapping={mapping}>"
        )
