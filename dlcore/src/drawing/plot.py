"""``plot_model`` and ``model_to_dot``."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from dlcore.src.drawing import dot as dots, raster, svg as vector
from dlcore.src.drawing.diagram import Diagram, Shown, diagram
from dlcore.src.drawing.scene import scene
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.saving.files import replacing

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_PIXELS = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tiff", "pdf")


class Picture:
    """A drawn model: notebooks show it.

    Attributes
    ----------
    svg : str
        The picture as SVG.
    path : Path
        The file it was written to.
    """

    def __init__(self, svg: str, path: Path):
        self.svg = svg
        self.path = path

    def _repr_html_(self) -> str:
        """Return the SVG as a part of the page, so that it follows its theme."""
        return self.svg

    def __repr__(self) -> str:
        """Say where the picture is."""
        return f"<picture of a model in {str(self.path)!r}>"


def _diagram(model: Any, rankdir: str, shown: Shown, others: dict[str, Any]) -> Diagram:
    if others.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if others:
        raise ValueError(f"Unrecognized keyword arguments: {others}")
    if rankdir not in _DIRECTIONS:
        raise ValueError(
            f"Unknown rankdir={rankdir!r}." + did_you_mean(rankdir, _DIRECTIONS)
        )
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling "
            "`build()` or by calling the model on a batch of data."
        )
    return diagram(model, shown)


@export("dlcore.utils.plot_model")
def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Picture:
    """Draw a model: a box for each layer, arrows for what flows. Needs no graphviz.

    Parameters
    ----------
    model : Model
        A built one; of a subclassed model there is only one box.
    to_file : str or Path
        Ends in ``.svg``, ``.png``, ``.pdf``, ``.dot`` or another ending that Pillow
        knows. An SVG file follows the viewer's light or dark theme.
    show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
        What the boxes say.
    rankdir : {"TB", "LR", "BT", "RL"}
        Where the arrows lead: ``"TB"`` from top to bottom.
    expand_nested : bool
        Whether models in the model are drawn from inside.
    dpi : int
        Pixels an inch, of pictures made of pixels.
    splines : str
        How graphviz draws arrows, in a ``.dot`` file.

    Returns
    -------
    Picture
        Which a notebook shows.

    Raises
    ------
    ValueError
        If the model is not built, or an argument is unknown.

    Examples
    --------
    >>> import dlcore, pathlib, tempfile
    >>> model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "model.svg"
    >>> picture = dlcore.utils.plot_model(model, file, show_shapes=True)
    >>> file.read_text() == picture.svg
    True
    """
    shown = Shown(
        show_layer_names,
        show_shapes,
        show_dtype,
        show_layer_activations,
        show_trainable,
        expand_nested,
    )
    found = _diagram(model, rankdir, shown, kwargs)
    path = Path(to_file)
    path = path if path.suffix else path.with_suffix(".png")
    ending = path.suffix[1:].lower()
    known = ("svg", "dot", "gv", *_PIXELS)
    if ending not in known:
        raise ValueError(
            f"`to_file` ends in {path.suffix!r}." + did_you_mean(ending, known)
        )
    made = scene(found, rankdir)
    picture = vector.svg(made, model.name)
    with replacing(path) as new:
        if ending == "svg":
            new.write_text(picture)
        elif ending in ("dot", "gv"):
            new.write_text(dots.dot(found, rankdir, dpi, splines))
        else:
            whole = new.with_suffix(path.suffix)
            raster.save(made, whole, dpi)
            whole.replace(new)
    return Picture(picture, path)


@export("dlcore.utils.model_to_dot")
def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Return a model in graphviz' language.

    Parameters
    ----------
    model : Model
    show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
        What the boxes say.
    rankdir : {"TB", "LR", "BT", "RL"}
        Where the arrows lead.
    expand_nested : bool
        Whether models in the model are drawn from inside.
    dpi : int
        Pixels an inch.
    subgraph : bool
        Whether to return a cluster, for another graph.
    splines : str
        How arrows are drawn.

    Returns
    -------
    pydot.Dot or str
        Text where the package pydot is not installed.

    Raises
    ------
    ValueError
        If the model is not built, or an argument is unknown.
    """
    shown = Shown(
        show_layer_names,
        show_shapes,
        show_dtype,
        show_layer_activations,
        show_trainable,
        expand_nested,
    )
    found = _diagram(model, rankdir, shown, kwargs)
    text = dots.dot(found, rankdir, dpi, splines, subgraph)
    try:
        import pydot
    except ModuleNotFoundError:
        return text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pydot's parser
        if subgraph:
            text = f"digraph outer {{\n{text}}}"
        graphs: Any = pydot.graph_from_dot_data(text)
    (graph,) = graphs
    return graph.get_subgraphs()[0] if subgraph else graph
