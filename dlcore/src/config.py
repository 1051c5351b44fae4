"""Process-wide settings, and ``get_config`` from a constructor's signature."""

from __future__ import annotations

import functools
import inspect
import json
import os
from pathlib import Path
from typing import Any, ClassVar, Self

from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

DEFAULTS: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "max_epochs": None,
    "max_steps_per_epoch": None,
}
_chosen: dict[str, Any] = {}
_FLOATS = ("bfloat16", "float16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")
_POSITIONAL = inspect.Parameter.POSITIONAL_ONLY


@functools.cache
def settings() -> dict[str, Any]:
    """Read ``~/.dlcore/dlcore.json`` once; an absent file means no settings.

    Raises
    ------
    ValueError
        If the file is not a JSON object.
    """
    path = Path("~/.dlcore/dlcore.json").expanduser()
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object, found {type(found)}.")
    return found


def _get(name: str) -> Any:
    if name not in _chosen:
        _chosen[name] = settings().get(name, DEFAULTS[name])
    return _chosen[name]


@export("dlcore.config.floatx", "dlcore.backend.floatx")
def floatx() -> str:
    """Return the default floating dtype, ``"float32"`` unless it was changed."""
    return str(_get("floatx"))


@export("dlcore.config.set_floatx", "dlcore.backend.set_floatx")
def set_floatx(value: str) -> None:
    """Set the default floating dtype.

    Parameters
    ----------
    value : {"bfloat16", "float16", "float32", "float64"}

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if value not in _FLOATS:
        raise ValueError(f"floatx cannot be {value!r}.{did_you_mean(value, _FLOATS)}")
    _chosen["floatx"] = value


@export("dlcore.config.epsilon", "dlcore.backend.epsilon")
def epsilon() -> float:
    """Return the small number that keeps logarithms and quotients finite."""
    return float(_get("epsilon"))


@export("dlcore.config.set_epsilon", "dlcore.backend.set_epsilon")
def set_epsilon(value: float) -> None:
    """Set the small number that keeps logarithms and quotients finite."""
    _chosen["epsilon"] = float(value)


@export("dlcore.config.image_data_format", "dlcore.backend.image_data_format")
def image_data_format() -> str:
    """Return ``"channels_last"`` or ``"channels_first"``."""
    return str(_get("image_data_format"))


@export("dlcore.config.set_image_data_format", "dlcore.backend.set_image_data_format")
def set_image_data_format(data_format: str) -> None:
    """Set where images have their channels.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}

    Raises
    ------
    ValueError
        If it is neither ``"channels_last"`` nor ``"channels_first"``.
    """
    if data_format not in _FORMATS:
        raise ValueError(
            f"image_data_format cannot be {data_format!r}."
            + did_you_mean(data_format, _FORMATS)
        )
    _chosen["image_data_format"] = data_format


def _limit(name: str) -> int | None:
    """Return a limit: what was set, the environment's or the file's; None for none."""
    variable = f"DLCORE_{name.upper()}"
    if name in _chosen or not os.environ.get(variable):
        return _positive(name, _get(name))
    text = os.environ[variable]
    if not text.isdecimal():
        raise ValueError(f"{variable} must be a positive integer, got {text!r}.")
    return _positive(variable, int(text))


def _positive(name: str, value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or value < 1):
        raise ValueError(f"{name} must be a positive integer or None, got {value!r}.")
    return value


@export("dlcore.config.max_epochs")
def max_epochs() -> int | None:
    """Return the most epochs that any ``fit`` runs; None for no limit.

    A way to try a long script quickly: ``set_max_epochs``, the environment variable
    ``DLCORE_MAX_EPOCHS`` or ``"max_epochs"`` in ``~/.dlcore/dlcore.json``.
    """
    return _limit("max_epochs")


@export("dlcore.config.set_max_epochs")
def set_max_epochs(max_epochs: int | None) -> None:
    """Set the most epochs that any ``fit`` runs.

    Parameters
    ----------
    max_epochs : int or None
        None for no limit.

    Raises
    ------
    ValueError
        If it is no positive integer.
    """
    _chosen["max_epochs"] = _positive("max_epochs", max_epochs)


@export("dlcore.config.max_steps_per_epoch")
def max_steps_per_epoch() -> int | None:
    """Return the most batches of an epoch, in training or not; None for no limit.

    Set by ``set_max_steps_per_epoch``, the environment variable
    ``DLCORE_MAX_STEPS_PER_EPOCH`` or ``"max_steps_per_epoch"`` in
    ``~/.dlcore/dlcore.json``.
    """
    return _limit("max_steps_per_epoch")


@export("dlcore.config.set_max_steps_per_epoch")
def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Set the most batches of an epoch of ``fit``, ``evaluate`` and ``predict``.

    Parameters
    ----------
    max_steps_per_epoch : int or None
        None for no limit.

    Raises
    ------
    ValueError
        If it is no positive integer.
    """
    _chosen["max_steps_per_epoch"] = _positive(
        "max_steps_per_epoch", max_steps_per_epoch
    )


class Configurable:
    """Base of layers, losses, metrics, optimizers and callbacks.

    A constructor only stores; what it was given is remembered, so that
    ``get_config``, ``from_config`` and ``repr`` need no code of their own.
    """

    _signature: ClassVar[inspect.Signature]
    _config: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Read the signature of the constructor once."""
        super().__init_subclass__(**kwargs)
        if cls.__init__ is object.__init__:  # it would take any arguments
            cls._signature = inspect.Signature([inspect.Parameter("self", _POSITIONAL)])
        else:
            cls._signature = inspect.signature(cls.__init__)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Keep the arguments of the constructor; refuse wrong ones."""
        self = super().__new__(cls)
        try:
            bound = cls._signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(cls._wrong_call(error, kwargs)) from None
        bound.apply_defaults()
        config = dict(list(bound.arguments.items())[1:])
        for parameter in cls._signature.parameters.values():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                config.update(config.pop(parameter.name, {}))
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                if not config.get(parameter.name):  # ``*args`` that nobody used
                    config.pop(parameter.name, None)
        object.__setattr__(self, "_config", config)
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Give the arguments that a copy begins with."""
        return (), dict(self._config)  # copies and pickles begin with __new__

    @classmethod
    def _wrong_call(cls, error: TypeError, kwargs: dict[str, Any]) -> str:
        known = list(cls._signature.parameters)[1:]
        unknown = [k for k in kwargs if k not in known]
        hint = did_you_mean(unknown[0], known) if unknown else ""
        return f"{cls.__name__}: {error}.{hint}"

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return dict(self._config)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an object from what ``get_config`` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        """Show the class and its arguments."""
        arguments = ", ".join(f"{k}={v!r}" for k, v in self._config.items())
        return f"{type(self).__name__}({arguments})"
