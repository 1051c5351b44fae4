"""``TFSMLayer``: a function of a SavedModel of TensorFlow as a layer."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from dlcore.src.export import export
from dlcore.src.layers.foreign.base import ForeignLayer


@export("dlcore.layers.TFSMLayer")
class TFSMLayer(ForeignLayer):
    """A function of a SavedModel as a layer; its variables are the layer's weights.

    It lives on the tensorflow backend.

    Parameters
    ----------
    filepath : str or path
        The folder of the SavedModel.
    call_endpoint : str
        Attribute or signature that computes the outputs: ``"serve"`` of exported
        models, often ``"serving_default"`` of others.
    call_training_endpoint : str, optional
        The same for calls with ``training=True``.
    trainable : bool
    name, dtype : optional
        Of ``Layer``.

    Raises
    ------
    ValueError
        If another backend is active, or there is no such endpoint.

    Notes
    -----
    A SavedModel is a program: loading one runs its code. A model with such a layer is
    loaded only with ``safe_mode=False``, and the SavedModel must still be where it was.
    """

    _homes: ClassVar[tuple[str, ...]] = ("tensorflow",)

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        kit = self._kit()
        self.filepath = str(filepath)
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint
        loaded = kit.load(self.filepath)
        functions = [kit.endpoint(loaded, call_endpoint, "call_endpoint")]
        if call_training_endpoint:
            where = "call_training_endpoint"
            functions.append(kit.endpoint(loaded, call_training_endpoint, where))
        # Hidden from what looks for layers and weights: containers of another library.
        self._program = kit.Program(loaded, functions)
        for value, trained in self._program.values():
            self.add_weight(
                shape=tuple(value.shape),
                initializer=lambda shape, dtype, value=value: value,
                dtype=value.dtype.name,
                trainable=trained,
            )
        self._build_at_init()

    def call(self, inputs: Any, training: bool = False, **kwargs: Any) -> Any:
        """Compute the outputs."""
        index = -1 if training else 0
        values = [v.value for v, _ in self._made_weights]
        outputs, after = self._program.run(index, values, inputs, kwargs)
        for (variable, _), value in zip(self._made_weights, after, strict=True):
            if value is not None:
                variable.assign(value)
        return outputs

    def compute_output_spec(
        self, inputs: Any, training: bool = False, **kwargs: Any
    ) -> Any:
        """Return the outputs' shapes and dtypes."""
        index = -1 if training else 0
        return self._spec(lambda p: self._program.shapes(index, p, kwargs), inputs)

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
            False consents to loading the SavedModel, which can run any code.

        Raises
        ------
        ValueError
            If nobody consented.
        """
        from dlcore.src.saving.sharing import is_safe

        if is_safe(safe_mode):
            raise ValueError(
                f"The configuration of a `TFSMLayer` names a SavedModel, "
                f"{config.get('filepath')!r}: loading it can run any code, and nobody "
                "consented. If you trust its source, pass `safe_mode=False`, or call "
                "`dlcore.config.enable_unsafe_deserialization()`."
            )
        return super().from_config(config, custom_objects)
