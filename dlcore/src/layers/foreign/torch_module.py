"""``TorchModuleWrapper``: a module of PyTorch as a layer."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Self

from dlcore.src.export import export
from dlcore.src.layers.foreign.base import ForeignLayer


def is_module(cls: type) -> bool:
    """Whether a class is one of torch's modules; torch need not be there."""
    base = ("torch.nn.modules.module", "Module")
    return any((c.__module__, c.__name__) == base for c in cls.__mro__)


@export("dlcore.layers.TorchModuleWrapper")
class TorchModuleWrapper(ForeignLayer):
    """A ``torch.nn.Module`` as a layer: its parameters are the layer's weights.

    It lives on the torch backend. Modules that become attributes of a layer there are
    wrapped by themselves.

    Parameters
    ----------
    module : torch.nn.Module
        A lazy one must have been called once, so that its parameters are there.
    name : str, optional
    output_shape : tuple of int or None, optional
        The outputs' shape, batch axis included; found by a run without data unless
        given.
    **kwargs
        Of ``Layer``.

    Raises
    ------
    ValueError
        If another backend is active, or parameters of a lazy module are missing.

    Notes
    -----
    ``training=False`` puts the module into its evaluation mode, everything else into
    its training mode. A saved model holds the pickled module: it is loaded only with
    ``safe_mode=False``.
    """

    _homes: ClassVar[tuple[str, ...]] = ("torch",)
    _unsaved = frozenset({"module", "output_shape"})

    def __init__(
        self,
        module: Any,
        name: str | None = None,
        output_shape: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.output_shape = output_shape
        kit = self._kit()
        vars(self)["_module"] = kit.ready(module)
        self._parameters = kit.variables(module)
        for variable in self._parameters.values():
            self._made_weights.append((variable, variable.trainable))
        self._build_at_init()

    @property
    def module(self) -> Any:
        """The module, with the layer's weights."""
        self._kit().update(self._module, self._parameters)
        return self._module

    def parameters(self, recurse: bool = True) -> Any:
        """Return an iterator over the module's parameters."""
        return self.module.parameters(recurse=recurse)

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Compute the outputs."""
        self._module.train(training is not False)
        return self._kit().run(self._module, self._parameters, args, kwargs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs' shape for the inputs' shapes."""
        if self.output_shape is not None:
            return self.output_shape
        return super().compute_output_shape(*args, **kwargs)

    def compute_output_spec(
        self, *args: Any, training: bool | None = None, **kwargs: Any
    ) -> Any:
        """Return the outputs' shapes and dtypes."""
        if self.output_shape is not None:
            return super().compute_output_spec(*args, **kwargs)
        kit = self._kit()
        return self._spec(lambda pairs: kit.shapes(self._module, pairs), (args, kwargs))

    def save_own_variables(self, store: Any) -> None:
        """Put the module's parameters and buffers into ``store``."""
        for name, value in self._kit().state(self.module).items():
            store[name] = value

    def load_own_variables(self, store: Any) -> None:
        """Set the module's parameters and buffers."""
        kit = self._kit()
        kit.set_state(self.module, {name: store[name] for name in store})
        kit.take(self._module, self._parameters)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; the module pickled, as text."""
        pickled = self._kit().pickled(self.module)
        module = base64.b64encode(pickled).decode("ascii")
        shape = self.output_shape
        return {**super().get_config(), "module": module, "output_shape": shape}

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: Any = None,
        safe_mode: bool | None = None,
    ) -> Self:
        """Make a layer from what ``get_config`` returned.

        Parameters
        ----------
        config : dict
        custom_objects : dict, optional
        safe_mode : bool, optional
            False consents to loading the pickled module, which can run any code.

        Raises
        ------
        ValueError
            If nobody consented.
        """
        from dlcore.src.saving.sharing import is_safe

        if is_safe(safe_mode):
            raise ValueError(
                "The configuration holds a pickled `torch.nn.Module`: `torch.load()` "
                "of it can run any code, and nobody consented. If you trust its "
                "source, pass `safe_mode=False`, or call "
                "`dlcore.config.enable_unsafe_deserialization()`."
            )
        from dlcore.src.backend.torch import foreign

        module = foreign.unpickled(base64.b64decode(config["module"]))
        return super().from_config({**config, "module": module}, custom_objects)
