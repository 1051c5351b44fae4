"""The state of a model, object by object: where each one lies, writing and reading.

Layers and optimizers have state. Where an object lies follows from the attributes
that lead to it, in Keras' order: the layers of a functional or sequential model
first, then attributes by name, private ones last. An object in a list is named after
its class: ``layers/dense_1``. What is reached twice lies where it was met first.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dlcore.src.saving.serialization import class_name
from dlcore.src.utils.naming import to_snake_case

_CONTAINERS = (list, tuple, dict)
#: Names that Keras has for attributes which are called otherwise here.
_RENAMED = {
    "GroupQueryAttention": {
        f"{part}_dense": f"_{part}_dense"
        for part in ("query", "key", "value", "output")
    }
}


def is_stateful(thing: Any) -> bool:
    """Whether an object may have state of its own: a layer, an optimizer."""
    return hasattr(thing, "save_own_variables") and hasattr(thing, "load_own_variables")


@functools.cache
def _known(kind: str) -> frozenset[str]:
    """Return the attributes that every layer or optimizer has; none leads to parts."""
    from dlcore.src.layers.layer import Layer
    from dlcore.src.optimizers.base import Optimizer

    if kind == "optimizer":
        return frozenset(dir(Optimizer(0.1, name="reference")))
    return frozenset(dir(Layer(name="reference"))) | {
        *("_graph", "_graph_layers", "_graph_variables", "_entrances", "_sequence"),
        *("_input", "_last", "_compiled", "_functions", "_compiled_steps"),
        *("_convert_input_args", "_structure_now", "_order"),
    }


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    """Go over an object's attributes that may hold state."""
    from dlcore.src.layers.layer import Layer

    known = _known("layer" if isinstance(thing, Layer) else "optimizer")
    if _has_layers(thing):
        yield "layers", thing.layers
    renamed = _RENAMED.get(type(thing).__name__, {})
    names = (n for n in dir(thing) if not n.startswith("__") and n not in known)
    for name in sorted(names, key=lambda n: f"~{n}" if n.startswith("_") else n):
        try:
            yield renamed.get(name, name), getattr(thing, name)
        except Exception:  # a property that has no value now leads to no state
            continue


def _has_layers(thing: Any) -> bool:
    """Whether it is a functional or a sequential model."""
    return hasattr(thing, "_sequence") or bool(getattr(thing, "_is_functional", False))


Visit = Callable[[Any, str], None]


def _below(path: str, part: Any, visit: Visit, seen: set[int]) -> None:
    """Visit an attribute's value, or what the containers in it hold."""
    if not isinstance(part, _CONTAINERS):
        if is_stateful(part) and not isinstance(part, type):
            visit(part, path)
        return
    if id(part) in seen:
        return
    seen.add(id(part))
    used: dict[str, int] = {}
    for item in part.values() if isinstance(part, dict) else part:
        if is_stateful(item) and not isinstance(item, type):
            name = to_snake_case(class_name(item))
        elif isinstance(item, _CONTAINERS):
            name = "container"
        else:
            continue
        count = used[name] = used.get(name, -1) + 1
        place = f"{path}/{name}_{count}" if count else f"{path}/{name}"
        _below(place, item, visit, seen)


def _children(thing: Any, path: str, visit: Visit) -> None:
    for name, part in _parts(thing):
        _below(f"{path}/{name}" if path else name, part, visit, set())


def save_state(
    model: Any, weights: Any, assets: Path | None = None, skip: Any = ()
) -> None:
    """Write the state of a model and of all that it consists of.

    Parameters
    ----------
    model : Model or Layer
    weights : Writer, or None
    assets : Path, optional
        A folder for what is no array, vocabularies for instance.
    skip : iterable of object
        What is left out.
    """
    seen = {id(thing) for thing in skip}

    def visit(thing: Any, path: str) -> None:
        if id(thing) in seen:
            return
        seen.add(id(thing))
        if weights is not None:
            values: dict[str, Any] = {}
            thing.save_own_variables(values)
            name = getattr(thing, "name", None)
            weights.write(path, values, name if isinstance(name, str) else None)
        if assets is not None and hasattr(thing, "save_assets"):
            folder = assets / path
            folder.mkdir(parents=True, exist_ok=True)
            thing.save_assets(str(folder))
        _children(thing, path, visit)

    visit(model, "")


class Faults:
    """What could not be loaded: object, place and error, by identity."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[Any, str, Exception]] = {}

    def describe(self, label: str, unused: list[str]) -> str:
        """Return one text that says what does not fit, and where."""
        lines = [
            f"{label} does not fit the model: {len(self.found)} objects could not be "
            "loaded."
        ]
        for thing, path, error in list(self.found.values())[:5]:
            place = path or "the model itself"
            lines.append(f"- {place} ({type(thing).__name__}): {_sentence(error)}")
        if len(self.found) > 5:
            lines.append(f"- and {len(self.found) - 5} more")
        if unused:
            lines.append(f"In the file, but not in the model: {', '.join(unused[:8])}.")
        return "\n".join(lines)


def _sentence(error: Exception) -> str:
    return f"no {error} in the file" if isinstance(error, KeyError) else str(error)


def load_state(
    model: Any,
    weights: Any,
    assets: Path | None = None,
    skip: Any = (),
    skip_mismatch: bool = False,
    label: str = "The file",
    advice: str = "",
) -> None:
    """Read the state of a model; all of it, or none if something does not fit.

    Parameters
    ----------
    model : Model or Layer
    weights : Reader, or None
    assets : Path, optional
    skip : iterable of object
        What is left as it is.
    skip_mismatch : bool
        Whether to load what fits, and warn of the rest.
    label : str
        What messages call the file.
    advice : str
        What an error ends with.

    Raises
    ------
    ValueError
        If something does not fit: names every such object.
    """
    done = {id(thing) for thing in skip}
    faults, used = Faults(), set[str]()

    def visit(thing: Any, path: str) -> None:
        if id(thing) in done or id(thing) in active:
            return
        try:
            _load_one(thing, path, weights, assets)
        except Exception as error:
            faults.found.setdefault(id(thing), (thing, path, error))
        else:
            faults.found.pop(id(thing), None)
            done.add(id(thing))
            used.add(path)
        failed = len(faults.found)
        active.add(id(thing))
        _children(thing, path, visit)
        active.discard(id(thing))
        if len(faults.found) > failed:  # another way to it may lead to its parts
            done.discard(id(thing))

    active: set[int] = set()
    before = [(v, v.value) for v in _variables(model)]
    visit(model, "")
    if not faults.found:
        return
    unused = sorted(set(getattr(weights, "places", ())) - used)
    message = faults.describe(label, unused)
    if skip_mismatch:
        warnings.warn(message, stacklevel=4)
        return
    for variable, value in before:
        variable.value = value
    first = next(iter(faults.found.values()))[2]
    raise ValueError("\n".join(filter(None, (message, advice)))) from first


def _load_one(thing: Any, path: str, weights: Any, assets: Path | None) -> None:
    if weights is not None:
        values: Mapping[str, Any] = weights.read(path)
        if hasattr(thing, "apply_gradients"):
            _load_optimizer(thing, values)
        else:
            thing.load_own_variables(values)
    if assets is not None and hasattr(thing, "load_assets"):
        folder = assets / path
        thing.load_assets(str(folder) if folder.is_dir() else None)


def _load_optimizer(optimizer: Any, values: Mapping[str, Any]) -> None:
    """Read an optimizer's state; a model is of use without it, so only warn."""
    if not values:
        return  # the model was not compiled when it was written
    try:
        optimizer.load_own_variables(values)
    except ValueError as error:
        warnings.warn(
            f"The state of the optimizer {optimizer.name!r} was not loaded, so "
            f"training would begin with a new one: {error}",
            stacklevel=6,
        )


def _variables(model: Any) -> list[Any]:
    optimizer = getattr(model, "optimizer", None)
    own = list(getattr(model, "variables", ()))
    return own + list(getattr(optimizer, "variables", ()))
