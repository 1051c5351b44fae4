"""What docstrings of ops have in common is written once, here.

A docstring says what the op is; parameters that mean the same everywhere, the result
that follows from the op's rule, and the example that stands in the folder ``examples``
are added when the op is declared.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_AXIS = "int, tuple of int, or None", "The axis or axes; all of them for None."
#: Type of the arguments that may be whatever becomes a tensor.
TENSOR = "tensor, array-like or number"
_FORMAT = (
    '"channels_last" or "channels_first", optional',
    "Where images have their channels; ``image_data_format()`` unless given.",
)

#: Name of a parameter -> its type, and what it means.
VOCABULARY: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("x", "x1", "x2", "y", "a", "b", "inputs", "images"), (TENSOR, "")),
    "xs": ("sequence of tensor", ""),
    "operands": ("tensor", ""),
    "axis": _AXIS,
    "axes": _AXIS,
    "axis1": ("int", "The first axis."),
    "axis2": ("int", "The second axis."),
    "keepdims": ("bool", "Whether reduced axes stay, with the size 1."),
    "dtype": ("str, optional", "Dtype of the result."),
    "shape": ("sequence of int", "Shape of the result."),
    "k": ("int", "Number of the diagonal; 0 is the main one."),
    "data_format": _FORMAT,
    "strides": ("int or tuple of int", "Step of the window; its size for None."),
    "padding": ('"valid" or "same"', "Whether the borders are padded."),
    "dilation_rate": ("int or tuple of int", "Distance between the kernel's cells."),
    "from_logits": ("bool", "Whether ``output`` holds logits, not probabilities."),
    "target": ("tensor", "The true values."),
    "output": ("tensor", "The predicted values."),
    "kernel": ("tensor", "Weights of the shape ``(*window, in, out)``."),
    "method": ("str", "How values between two data points are found."),
    "q": ("float or tensor", "The fraction, or fractions."),
    "num": ("int", "Number of values."),
    "indices": ("integer tensor", "Negative ones count from the end."),
    "epsilon": ("float", "Added to the variance, so that it is never zero."),
    "alpha": ("float", "Slope or scale of the negative part."),
    "seed": ("int, SeedGenerator or None", "None draws from the global seed."),
    "x_min": ("number or tensor", "Lower bound."),
    "x_max": ("number or tensor", "Upper bound."),
    "repeats": ("int or sequence of int", ""),
    "offset": ("int", "Number of the diagonal; 0 is the main one."),
    "n": ("int", ""),
    "N": ("int", "Number of rows."),
    "M": ("int, optional", "Number of columns, that of the rows unless given."),
    "upper": ("bool", "Whether the upper triangle is meant."),
    "lower": ("bool", "Whether ``a`` is lower triangular."),
    "start": ("number or tensor", "The first value."),
    "stop": ("number or tensor", "The end."),
    "decimals": ("int", "Number of decimals kept."),
    "num_classes": ("int", "Number of classes."),
    "pool_size": ("int or tuple of int", "Size of the window."),
    "sparse": ("bool", "Whether to make a sparse tensor, where the backend has them."),
}


def complete(function: Callable[..., Any], rule: Any) -> None:
    """Add the sections ``Parameters`` and ``Returns`` where a docstring lacks them."""
    text = inspect.getdoc(function) or ""
    head, mark, examples = text.partition("\nExamples\n")
    if "Parameters\n---" not in head:
        head = head.rstrip() + "\n" + _parameters(function)
    result = getattr(rule, "returns", None)
    if "Returns\n---" not in head:
        lines = ["tensor"] + ([f"    {result}"] if result else [])
        head = head.rstrip() + "\n\nReturns\n-------\n" + "\n".join(lines) + "\n"
    if not mark:
        head, mark = head.rstrip() + "\n", example(function.__name__)
    function.__doc__ = head + mark + examples


@functools.cache
def tensors(function: Callable[..., Any]) -> frozenset[str]:
    """Return the parameters that a docstring says to be tensors."""
    head = (function.__doc__ or "").partition("\nReturns\n")[0]
    found = re.findall(r"(?m)^ *(\w+(?:, \w+)*) : (.*tensor.*)$", head)
    return frozenset(
        name
        for names, kind in found
        if "structure" not in kind and "list" not in kind and "sequence" not in kind
        for name in names.split(", ")
    )


@functools.cache
def _examples() -> dict[str, str]:
    """Return the paragraphs of the folder ``examples`` by the op that they show.

    It is the first one in the text; results are those of the numpy backend.
    """
    found = {}
    for file in sorted((Path(__file__).parent / "examples").glob("*.txt")):
        for text in file.read_text(encoding="utf-8").split("\n\n"):
            name = _SHOWN.search(text)
            if name is None:
                raise ValueError(f"{file.name}: this shows no op:\n{text}")
            found[name[1]] = text.strip()
    return found


_SHOWN = re.compile(r"(?:ops|random)\.(?:image\.)?(\w+)\(")


def example(name: str) -> str:
    """Return the section ``Examples`` of an op."""
    text = _examples().get(name)
    if text is None:
        return ""
    module = "random" if re.match(r">>> random\.", text) else "ops"
    return f"\nExamples\n--------\n>>> from dlcore import {module}\n{text}\n"


def _parameters(function: Callable[..., Any]) -> str:
    lines = ["", "Parameters", "----------"]
    for name, parameter in inspect.signature(function).parameters.items():
        kind, meaning = VOCABULARY.get(name, ("", ""))
        if not kind:
            default = parameter.default
            plain = default is not inspect.Parameter.empty and default is not None
            kind = type(default).__name__ if plain else "tensor or number"
        lines.append(f"{name} : {kind}")
        if meaning:
            lines.append(f"    {meaning}")
    return "\n".join(lines) + "\n" if len(lines) > 3 else ""
