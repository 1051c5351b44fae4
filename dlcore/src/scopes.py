"""Scopes that programs enter: names of variables, and state held apart."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Self

from dlcore.src import backend as backends
from dlcore.src.export import export
from dlcore.src.layers import context


@export("dlcore.name_scope")
class name_scope:
    """A scope that puts the paths of variables made inside below its name.

    Parameters
    ----------
    name : str
        Without ``"/"``.
    caller : object, optional
        Entering a scope again with the same name and caller changes nothing.
    deduplicate : bool
        Whether that holds.
    override_parent : str, optional
        Take this for the path of the enclosing scope.

    Examples
    --------
    >>> import dlcore
    >>> with dlcore.name_scope("encoder"):
    ...     dlcore.Variable([1.0], name="scale").path
    'encoder/scale'
    """

    def __init__(
        self,
        name: str,
        caller: Any = None,
        deduplicate: bool = True,
        override_parent: str | None = None,
    ):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name!r}"
            )
        self.name, self.caller, self.deduplicate = name, caller, deduplicate
        self.override_parent = override_parent
        self._outer: list[tuple[Any, Any]] = []

    def __enter__(self) -> Self:
        """Enter it."""
        state = context.state
        self._outer.append((state.scope, _entered.scope))
        parent = state.scope
        if self.override_parent is not None:
            parent = tuple(part for part in self.override_parent.split("/") if part)
        last = _entered.scope
        again = (
            self.deduplicate
            and self.caller is not None
            and last is not None
            and (last.name, last.caller) == (self.name, self.caller)
            and parent[-1:] == (self.name,)
        )
        state.scope = parent if again else (*parent, self.name)
        _entered.scope = self
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it."""
        context.state.scope, _entered.scope = self._outer.pop()


@export("dlcore.device")
def device(device_name: Any) -> AbstractContextManager[Any]:
    """Return a scope in which the active backend makes new tensors on a device.

    Parameters
    ----------
    device_name : str
        ``"cpu"``, ``"cpu:0"``, ``"gpu:1"``...; or a device object of the library.

    Raises
    ------
    ValueError
        If it is none.
    RuntimeError
        If the library does not know it, or this machine does not have it.

    Examples
    --------
    >>> import dlcore
    >>> with dlcore.device("cpu:0"):
    ...     x = dlcore.ops.ones((2,))
    """
    return backends.current().runtime.device(device_name)


class _Entered(threading.local):
    def __init__(self) -> None:
        self.scope: name_scope | None = None
        self.stateless: StatelessScope | None = None


_entered = _Entered()


def current_path() -> str:
    """Return the path that variables made now are put below; empty for none."""
    return "/".join(context.state.scope)


def stateless() -> StatelessScope | None:
    """Return the innermost stateless scope of this thread, or None."""
    return _entered.stateless


@export("dlcore.StatelessScope")
class StatelessScope:
    """A scope in which variables have other values, and keep none assigned to them.

    Parameters
    ----------
    state_mapping : iterable of (Variable, tensor), optional
        The values inside.
    collect_losses : bool
        Whether ``losses`` gets what layers add with ``add_loss`` inside.
    initialize_variables : bool
        Accepted for compatibility: variables have values from the beginning.

    Attributes
    ----------
    losses : list of tensor

    Raises
    ------
    ValueError
        If a key is no Variable, or a value has not its shape.

    Examples
    --------
    >>> import dlcore
    >>> v = dlcore.Variable([1.0])
    >>> with dlcore.StatelessScope([(v, [5.0])]) as scope:
    ...     _ = v.assign_add([1.0])
    >>> v.numpy(), dlcore.ops.convert_to_numpy(scope.get_current_value(v))
    (array([1.], dtype=float32), array([6.], dtype=float32))
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Any, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ):
        from dlcore.src.variable import Variable

        self.collect_losses = collect_losses
        self.losses: list[Any] = []
        self._mapping: dict[int, tuple[Any, Any]] = {}
        self._outer: list[tuple[StatelessScope | None, dict[int, Any]]] = []
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "Invalid reference variable in StatelessScope: all keys in "
                    "argument `mapping` must be Variable instances. Received instead: "
                    f"{variable!r}"
                )
            value = variable.converted(value)
            if tuple(value.shape) != variable.shape:
                raise ValueError(
                    "Invalid variable value in StatelessScope: all values in argument "
                    "`mapping` must be tensors with a shape that matches the "
                    f"corresponding variable shape. For variable {variable}, received "
                    f"a value of shape {tuple(value.shape)}."
                )
            self._mapping[id(variable)] = variable, value

    def hold(self, variable: Any) -> None:
        """Remember a variable's own value before it gets another one."""
        self._outer[-1][1].setdefault(id(variable), (variable, variable.value))

    def add_loss(self, loss: Any) -> None:
        """Add to ``losses``."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Any, Any]) -> None:
        """Give a variable another value: ``(variable, value)``."""
        variable, value = update
        if self._outer:
            self.hold(variable)
            variable.value = value
        self._mapping[id(variable)] = variable, value

    def get_current_value(self, variable: Any) -> Any:
        """Return the value that a variable has inside, or had at the end; or None."""
        if self._outer and id(variable) in self._outer[-1][1]:
            return variable.value
        return self._mapping.get(id(variable), (None, None))[1]

    def updates(self) -> list[tuple[Any, Any]]:
        """Return ``(variable, value)`` of what it gave values, or was assigned."""
        return list(self._mapping.values())

    def __enter__(self) -> Self:
        """Lend the values."""
        self._outer.append((_entered.stateless, {}))
        _entered.stateless = self
        for variable, value in self._mapping.values():
            self.hold(variable)
            variable.value = value
        return self

    def __exit__(self, *_: object) -> None:
        """Keep what was assigned, and give the variables their own values again."""
        _entered.stateless, held = self._outer.pop()
        for variable, own in held.values():
            self._mapping[id(variable)] = variable, variable.value
            variable.value = own


@export("dlcore.SymbolicScope")
class SymbolicScope:
    """A scope that says that shapes are being computed, and no values.

    Accepted for programs that ask for it: symbolic tensors say it by themselves.
    """

    def __enter__(self) -> Self:
        """Enter it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it."""
