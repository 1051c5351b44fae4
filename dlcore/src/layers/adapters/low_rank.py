"""Low-rank adaptation (LoRA): train a small product beside a frozen weight."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlcore import ops
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.tracking import changed


class AdaptedWeight:
    """What a weight's name gives on a layer: the weight and its update.

    An attribute of the layer itself comes before this one of its class, so it only
    speaks once ``enable_lora`` or ``quantize`` has put the weight away under another
    name.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember the name."""
        self.name = name

    def __get__(self, layer: Any, owner: type) -> Any:
        """Return the adapted weight."""
        if layer is None:
            return self
        if not layer.lora_enabled and not layer._is_quantized:
            raise AttributeError(
                f"{owner.__name__!r} has no {self.name!r} yet: it is not built."
            )
        return layer._adapted()


class Adaptable(Layer):
    """A layer of which one weight, an ``AdaptedWeight``, can be adapted.

    Nothing is asked of the layer's ``call``, and a layer that is not adapted does not
    pay for it.
    """

    #: The weight that is adapted.
    _adapts: ClassVar[str] = "kernel"
    lora_enabled = False

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the weight and train a product of two small ones beside it.

        Parameters
        ----------
        rank : int
            Columns of the first factor and rows of the second.
        lora_alpha : float, optional
            The product is multiplied by ``lora_alpha / rank``; ``rank`` unless given.
        a_initializer, b_initializer : str or Initializer
            Of the two factors.

        Raises
        ------
        ValueError
            If the layer is not built, adapted already, or its weight is constrained.

        Notes
        -----
        Source: Hu et al., 2021, arXiv:2106.09685.

        Examples
        --------
        >>> import dlcore
        >>> layer = dlcore.layers.Dense(8)
        >>> layer.build((None, 6))
        >>> layer.enable_lora(2)
        >>> [w.name for w in layer.trainable_weights]
        ['bias', 'lora_kernel_a', 'lora_kernel_b']
        """
        name = self._adapts
        if getattr(self, f"{name}_constraint", None) is not None:
            raise ValueError(
                f"Lora is incompatible with {name.removesuffix('s')} constraints. In "
                "order to enable lora on this layer, remove the "
                f"`{name}_constraint` argument."
            )
        if not self.built and not self._is_building:
            raise ValueError("Cannot enable lora on a layer that isn't yet built.")
        if self.lora_enabled:
            raise ValueError(
                "lora is already enabled. This can only be done once per layer."
            )
        *outer, last = self._adapted_shape()
        regularizer = getattr(self, f"{name}_regularizer", None)
        for part, shape, initializer in (
            ("a", (*outer, rank), a_initializer),
            ("b", (rank, last), b_initializer),
        ):
            made = self.add_weight(
                shape,
                name=f"lora_{name}_{part}",
                dtype="float32",
                initializer=initializer,
                regularizer=regularizer,
            )
            setattr(self, f"lora_{name}_{part}", made)
        self.lora_rank = rank
        self.lora_alpha = rank if lora_alpha is None else lora_alpha
        weight = self.__dict__.pop(name, None)
        if weight is not None:
            self._freeze(weight)
            setattr(self, f"_{name}", weight)
        self.lora_enabled = True
        changed()

    def _freeze(self, weight: Any) -> None:
        weight.trainable = False
        made = self._made_weights
        made[:] = [(v, None if v is weight else role) for v, role in made]

    def _adapt_as_asked(self) -> None:
        """Enable what the constructor was asked for, at the end of ``build``."""
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    def _make_weight(self, name: str, shape: Any, initializer: Any = None) -> None:
        """Make the weight that is adapted, as the arguments of its name say."""
        weight = self.add_weight(
            shape,
            name=name,
            initializer=initializer or getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )
        setattr(self, name, weight)

    def _adapted(self) -> Any:
        """Return the weight with its update."""
        return ops.add(self.__dict__[f"_{self._adapts}"], self._update())

    def _adapted_shape(self) -> tuple[int, ...]:
        """Return the shape of the weight."""
        return tuple(self.__dict__[self._adapts].shape)

    def _update(self) -> Any:
        """Return what is added to the frozen weight."""
        a, b = (getattr(self, f"lora_{self._adapts}_{part}") for part in "ab")
        return ops.multiply(ops.matmul(a, b), self.lora_alpha / self.lora_rank)

    def _saved(self) -> list[Any]:
        """Return the variables that files hold: all but the factors."""
        prefix = f"lora_{self._adapts}_"
        return [v for v in self._own if not v.name.startswith(prefix)]

    def _merged(self) -> dict[int, Any]:
        """Return what files hold for variables that are adapted, by their ids."""
        return {id(self.__dict__[f"_{self._adapts}"]): self._adapted()}

    def save_own_variables(self, store: Any) -> None:
        """Put its own weights into ``store``, the update added to the frozen one."""
        merged = self._merged() if self.lora_enabled else {}
        for index, variable in enumerate(self._saved()):
            value = merged.get(id(variable), variable)
            store[str(index)] = ops.convert_to_numpy(value)

    def load_own_variables(self, store: Any) -> None:
        """Set its own weights; the update becomes zero."""
        own = self._saved()
        if len(store) != len(own) or not own:
            super().load_own_variables(store)  # says what is wrong
            return
        for index, variable in enumerate(own):
            variable.assign(np.asarray(store[str(index)]))
        if self.lora_enabled:
            for part in "ab":
                factor = getattr(self, f"lora_{self._adapts}_{part}")
                factor.assign(np.zeros(factor.shape, factor.dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name, as JSON can hold them."""
        config = super().get_config()
        if config.get("lora_rank") is None:
            config.pop("lora_rank", None)
            config.pop("lora_alpha", None)
        else:
            config["lora_alpha"] = self.lora_alpha
        return config
