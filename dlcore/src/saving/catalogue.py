"""``get``, ``serialize`` and ``deserialize`` of a namespace."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from dlcore.src.errors import did_you_mean
from dlcore.src.saving.registration import get_registered_object
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    public,
    public_names,
)
from dlcore.src.utils.naming import to_snake_case


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


class Catalogue:
    """The public objects of a namespace, by the names a user may write.

    Parameters
    ----------
    space : str
        For instance ``"losses"``.
    kind : str
        What its objects are, for error messages: ``"loss"``.
    aliases : dict of str to str
        Short names to public names.
    classes_only : bool
        Whether a name stands for a class even where a function has it.
    spelling : Callable
        Class name -> how it is written in lower case.
    """

    def __init__(
        self,
        space: str,
        kind: str,
        aliases: Mapping[str, str] | None = None,
        classes_only: bool = False,
        spelling: Callable[[str], str] = to_snake_case,
    ):
        self.space = space
        self.kind = kind
        self.aliases = dict(aliases or {})
        self.classes_only = classes_only
        self.spelling = spelling

    @cached_property
    def objects(self) -> dict[str, Any]:
        """Name -> class or function."""
        found = {name: public(self.space, name) for name in public_names(self.space)}
        if self.classes_only:
            found = {n: thing for n, thing in found.items() if inspect.isclass(thing)}
        return found | {alias: found[name] for alias, name in self.aliases.items()}

    @cached_property
    def _bare_names(self) -> dict[str, Any]:
        return {_bare(name): thing for name, thing in self.objects.items()}

    def find(self, name: str) -> Any:
        """Return the class or function of a name.

        Raises
        ------
        ValueError
            If there is none; says which one may have been meant.
        """
        found = get_registered_object(name)
        if found is None:
            found = self.objects.get(name)
        if found is None:
            found = self._bare_names.get(_bare(name))
        if found is None:
            known = set(self.objects)
            if name == name.lower():
                known = {n if n == n.lower() else self.spelling(n) for n in known}
            hint = did_you_mean(name, known)
            raise ValueError(f"Unknown {self.kind} {name!r}.{hint}")
        return found

    def get(self, identifier: Any) -> Any:
        """Return the object an identifier stands for.

        Parameters
        ----------
        identifier : None, str, dict, class or object
            None stays None; a class is called.

        Raises
        ------
        ValueError
            If a name is unknown.
        TypeError
            If it is none of these.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            found = self.find(identifier)
        elif isinstance(identifier, dict):
            found = self.deserialize(identifier)
        else:
            found = identifier
        if inspect.isclass(found):
            found = found()
        if not callable(found):
            raise ValueError(
                f"Could not interpret {identifier!r} as {self.kind}: expected a name, "
                "a configuration, or a callable."
            )
        return found

    def deserialize(
        self, config: Any, custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the object that a configuration or a name stands for."""
        if isinstance(config, str):
            found = get_registered_object(config, custom_objects)
            return self.find(config) if found is None else found
        if isinstance(config, dict) and not config.get("module"):
            name = config.get("class_name")
            if name is None:
                raise ValueError(
                    f"Unknown {self.kind} {config!r}: a configuration needs the key "
                    "'class_name'."
                )
            known = get_registered_object(
                config.get("registered_name") or name, custom_objects
            )
            if known is None and name != "function":
                known = self.find(name)
            objects = {**self.objects, name: known} if known is not None else None
            config = {"config": {}, **config}
            return deserialize_keras_object(
                config, custom_objects, module_objects=objects or self.objects
            )
        return deserialize_keras_object(
            config, custom_objects, module_objects=self.objects
        )
