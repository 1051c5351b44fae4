"""How layers and variables look in treescope, which unfolds whole trees of objects."""

from __future__ import annotations

from typing import Any

from dlcore.src.display.facts import values_of


def treescope(self: Any, path: str | None, subtree_renderer: Any) -> Any:
    """Render an object for ``treescope``; its ``__treescope_repr__``.

    Parameters
    ----------
    self : Layer, Variable or Optimizer
    path : str or None
        Where it is in the tree.
    subtree_renderer : Callable
        Renders what it consists of.

    Returns
    -------
    treescope.rendering_parts.Rendering
    """
    from treescope import formatting_util, repr_lib

    return repr_lib.render_object_constructor(
        object_type=type(self),
        attributes=attributes(self),
        path=path,
        subtree_renderer=subtree_renderer,
        color=formatting_util.color_from_string(type(self).__qualname__),
    )


def attributes(self: Any) -> dict[str, Any]:
    """Return what to unfold: all can be read as attributes of the object."""
    from dlcore.src.layers.layer import Layer
    from dlcore.src.variable import Variable

    if isinstance(self, Variable):
        # As numpy: treescope does not know the tensors of every library.
        return {"path": self.path, "value": values_of(self)}
    if isinstance(self, Layer):
        config = type(self)._signature.parameters
        names = ["name", *(n for n in config if n != "name" and n in vars(self))]
        parts = [n for n, v in vars(self).items() if isinstance(v, Layer | Variable)]
        names += [n for n in parts if not n.startswith("_")]
        names += ["layers"] * bool(getattr(self, "layers", None))
    else:
        names = ["name", "learning_rate", "iterations"]
    return {name: getattr(self, name) for name in dict.fromkeys(names)}
