"""What every layer is made with: a name, dtypes, and its constructor's arguments."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from dlcore.src import backend as backends, dtype_policies
from dlcore.src.errors import did_you_mean
from dlcore.src.layers.convert import Converter
from dlcore.src.layers.kinds import KINDS
from dlcore.src.layers.quantized import QuantizedFaces
from dlcore.src.layers.signature import CallSignature
from dlcore.src.layers.tracking import Tracked, changed
from dlcore.src.operation import Operation
from dlcore.src.utils.naming import auto_name, checked_name

_NOT_KEPT = frozenset({"self", "__class__", "kwargs", "activity_regularizer", "name"})


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


@functools.cache
def _added_by_user(cls: Any) -> frozenset[str]:
    """Return the arguments that a class adds and its own ``get_config`` writes.

    As in Keras, ``super().get_config()`` leaves these to it: it may say
    ``dict(units=self.units, **super().get_config())``.
    """
    users = [c for c in cls.__mro__ if not c.__module__.startswith("dlcore.src.")]
    if not any("get_config" in vars(c) for c in users):
        return frozenset()
    ours = [c for c in cls.__mro__ if c not in users and "_signature" in vars(c)]
    known = {name for c in ours for name in c._signature.parameters}
    return frozenset(n for c in users for n in _parameters(c)) - known


def _dtype(found: Any) -> Any:
    """Return what a configuration says of the dtype: a name where that is all."""
    policy = dtype_policies.get(found) if isinstance(found, dict) else found
    return policy.name if type(policy) is dtype_policies.DTypePolicy else policy


def _parameters(cls: Any) -> list[str]:
    signature = vars(cls).get("_signature")
    return [] if signature is None else list(signature.parameters)


class _Begun(Tracked, Operation):
    """A layer before its constructor runs: ready for attributes of any kind."""

    backend: backends.Backend
    built: bool
    input_spec: Any
    supports_masking: bool
    autocast: bool
    activity_regularizer: Any
    _losses: list[Any]
    _builds: ClassVar[bool] = False
    _calls: ClassVar[bool] = False
    _masks: ClassVar[bool] = False
    _shape_rule: ClassVar[bool] = False
    _spec_rule: ClassVar[bool] = False
    _call: ClassVar[CallSignature]
    #: Arguments that a configuration does not hold, or that the class writes itself.
    _unsaved: ClassVar[frozenset[str]] = frozenset()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Give it the active backend; a constructor only stores."""
        self = super().__new__(cls, *args, **kwargs)
        self.__dict__.update(
            backend=backends.current(),
            built=False,
            input_spec=None,
            supports_masking=cls._masks,
            autocast=True,
            activity_regularizer=None,
            _convert_input_args=True,
            _allow_non_tensor_positional_args=False,
            _is_building=False,
            _closed=False,
            _trainable=True,
            _losses=[],
            _weights=[],
            _path=None,
            _build_shapes=None,
            _call_context_args=("training",),
        )
        changed()
        return self


class BaseLayer(QuantizedFaces, _Begun):
    """Constructor, name, dtypes and configuration of a layer."""

    if TYPE_CHECKING:  # what constructors keep is not spelt out again

        def __getattr__(self, name: str) -> Any:
            """Have an attribute for every argument."""

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        shape = kwargs.pop("input_shape", None)
        if shape is None and "input_dim" in kwargs:
            shape = (kwargs.pop("input_dim"),)
        batch_shape = kwargs.pop("batch_input_shape", None)
        if shape is not None:
            batch_shape = (kwargs.pop("batch_size", None), *shape)
        if batch_shape is not None:
            self._input_shape_arg = tuple(batch_shape)
        if kwargs:
            known = {*self._signature.parameters, *BaseLayer._signature.parameters}
            hint = did_you_mean(next(iter(kwargs)), known - {"self", "kwargs"})
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: "
                f"{kwargs}.{hint}"
            )
        if activity_regularizer is not None:
            self.activity_regularizer = KINDS["regularizer"](activity_regularizer)
        self._name = checked_name(name) or auto_name(type(self).__name__)
        self.dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        if not isinstance(trainable, bool):
            raise ValueError(
                "Argument `trainable` is expected to be a boolean. Received: "
                f"trainable={trainable!r}"
            )
        self._trainable = trainable

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store a constructor's ``locals()`` as attributes.

        Names of initializers, regularizers, constraints and activations become what
        they stand for; an argument's kind is read from the end of its name.
        """
        for name, value in arguments.items():
            if name not in _NOT_KEPT:
                find = KINDS.get(name.rpartition("_")[2])
                setattr(self, name, value if find is None else find(value))

    # What it is called, and where it stands.

    @property
    def name(self) -> str:
        """Its name, ``"dense_1"`` for instance."""
        try:
            return self._name
        except AttributeError:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call "
                "`super().__init__()` as the first statement in the `__init__()` "
                "method. Go add it!"
            ) from None

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def path(self) -> str:
        """Its name with those of the layers around it: ``"model/block/dense"``."""
        return self._path or self.name

    @property
    def described(self) -> str:
        """Class and path, for error messages."""
        return f"{type(self).__name__} {self.path!r}"

    # Dtypes.

    @property
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """In which dtype it computes and in which it keeps weights."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy = dtype_policies.get(value)
        kept = self.__dict__.get("_dtype_policy")
        if isinstance(kept, dtype_policies.DTypePolicyMap) and self._path:
            kept.pop(self._path, None)
            kept[self._path] = policy
        else:
            self._dtype_policy = policy
        self._settle_dtypes()
        if self._swapped and self.built and not self._is_quantized:
            if policy.quantization_mode in ("gptq", "awq"):
                name = policy.quantization_mode.upper()
                raise ValueError(
                    f"Implicitly enabling {name} quantization by setting "
                    f"`dtype_policy` to {value!r} is not supported: it needs data to "
                    f"calibrate with. Use `quantize(config=dlcore.quantizers.{name}"
                    "Config(...))` of the model instead."
                )
            self.quantize(policy.quantization_mode)

    @property
    def _policy(self) -> dtype_policies.DTypePolicy:
        """Its own policy, where ``dtype_policy`` is a map of many layers'."""
        policy = self._dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap) and self._path:
            return policy[self._path]
        return policy

    def _settle_dtypes(self) -> None:
        """Note what follows from its policy; of a map it needs its path for that."""
        policy = self._policy
        self._converter = Converter(self.backend, policy.compute_dtype)
        self._swapped = self._quantizes and policy.quantization_mode is not None
        self._mixed = self._swapped or policy.compute_dtype != policy.variable_dtype

    def _stand_at(self, path: str) -> None:
        """Learn where it stands among other layers."""
        self._path = path
        if isinstance(self._dtype_policy, dtype_policies.DTypePolicyMap):
            self._settle_dtypes()

    @property
    def compute_dtype(self) -> str:
        """The dtype it computes in."""
        return self._policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return self._policy.variable_dtype

    dtype = variable_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floating inputs are cast to."""
        return self.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How its weights are quantized; None where they are not."""
        return self._policy.quantization_mode

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name, as JSON can hold them."""
        from dlcore.src.saving.serialization import serialize_keras_object

        base = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        accepted = self._signature.parameters
        if not any(p.kind is p.VAR_KEYWORD for p in accepted.values()):
            base = {key: value for key, value in base.items() if key in accepted}
        skip = {*base, *self._unsaved}
        own = {k: self._now(k, v) for k, v in self._config.items() if k not in skip}
        foreign = _added_by_user(cast(Any, type(self)))
        own = {k: v for k, v in own.items() if k not in foreign}
        if own.get("activity_regularizer", 0) is None:
            del own["activity_regularizer"]
        return base | {key: serialize_keras_object(v) for key, v in own.items()}

    def _now(self, name: str, given: Any) -> Any:
        """Return an argument as it is now, where the layer keeps it as plain data."""
        kept = self.__dict__.get(name)
        return kept if kept is not None and _is_plain(kept) else given

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make a layer from what ``get_config`` returned.

        Parameters
        ----------
        config : dict
        custom_objects : dict of str to class or function, optional
            What the configuration names and nobody registered.
        """
        from dlcore.src.saving.serialization import deserialize_keras_object

        def value(found: Any) -> Any:
            if isinstance(found, dict) and "class_name" in found:
                return deserialize_keras_object(found, custom_objects)
            return [value(v) for v in found] if isinstance(found, list) else found

        given = {k: _dtype(v) if k == "dtype" else value(v) for k, v in config.items()}
        try:
            return cls(**given)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"Error when deserializing class {cls.__name__!r} using config="
                f"{config}.\n\n{error}"
            ) from error

    def __repr__(self) -> str:
        """Show the class, the name and whether the layer is built."""
        state = "" if self.built else ", built=False"
        return f"<{type(self).__name__} name={self.name}{state}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from dlcore.src.display import cards

        return cards.layer(self)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        """Unfold it in treescope."""
        from dlcore.src.display import hooks

        return hooks.treescope(self, path, subtree_renderer)
