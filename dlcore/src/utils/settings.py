"""Named values that can be frozen."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from dlcore.src.errors import did_you_mean
from dlcore.src.export import export


@export("dlcore.utils.Config")
class Config(MutableMapping[str, Any]):
    """A dict of named values that are attributes too, and that can be frozen.

    Parameters
    ----------
    **kwargs
        Names and values.

    Raises
    ------
    AttributeError
        When a name is read that is not there.
    ValueError
        When a frozen configuration is changed.

    Examples
    --------
    >>> import dlcore
    >>> config = dlcore.utils.Config(learning_rate=0.1)
    >>> config.seed = 123
    >>> config["seed"], config.to_json()
    (123, '{"learning_rate": 0.1, "seed": 123}')
    >>> config.freeze()
    >>> config.frozen
    True
    """

    def __init__(self, **kwargs: Any):
        object.__setattr__(self, "_values", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether the values cannot be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Let nobody change a value from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Let values be changed again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """Return a dict of names and values."""
        return dict(self._values)

    def to_json(self) -> str:
        """Return names and values as JSON."""
        return json.dumps(self._values)

    def _changing(self) -> dict[str, Any]:
        if self._frozen:
            raise ValueError(
                "Cannot mutate attribute(s) because the config is frozen: call "
                "`unfreeze()` first."
            )
        return self._values

    def __getitem__(self, key: str) -> Any:
        """Return a value."""
        return self._values[key]

    def __setitem__(self, key: str, item: Any) -> None:
        """Set a value."""
        self._changing()[key] = item

    def __delitem__(self, key: str) -> None:
        """Remove a value."""
        del self._changing()[key]

    def __iter__(self) -> Iterator[str]:
        """Go over the names in alphabetical order."""
        return iter(sorted(self._values))

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        """Return a value."""
        values = vars(self).get("_values", {})  # not there yet while it is copied
        if name in values:
            return values[name]
        hint = "" if name.startswith("__") else did_you_mean(name, values)
        raise AttributeError(f"Unknown attribute: '{name}'.{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a value."""
        if hasattr(type(self), name):
            raise AttributeError(
                f"{name!r} is a part of every config: use config[{name!r}] = ... for "
                "a value of that name."
            )
        self[name] = value

    def __dir__(self) -> list[str]:
        """Return methods and names, for completion."""
        return sorted({*super().__dir__(), *self._values})

    def __repr__(self) -> str:
        """Show names and values."""
        return f"<Config {self._values}>"
