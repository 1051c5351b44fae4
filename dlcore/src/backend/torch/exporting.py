"""A model as an ``ExportedProgram`` of torch, or as what can be traced."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import torch

from dlcore.src import backend as backends, tree
from dlcore.src.saving.files import replacing
from dlcore.src.variable import lent


class Program(torch.nn.Module):
    """A model as a module, its weights parameters and buffers.

    Parameters
    ----------
    model : Model
        On this backend.
    """

    def __init__(self, model: Any):
        super().__init__()
        self._run = model
        self._lent = list(model.variables)
        for number, variable in enumerate(self._lent):
            value = variable.value.detach().clone()
            if variable.trainable and value.is_floating_point():
                self.register_parameter(
                    f"weight_{number}", torch.nn.Parameter(value, requires_grad=False)
                )
            else:
                self.register_buffer(f"weight_{number}", value)

    def forward(self, *args: Any) -> Any:
        """Run the model."""
        values = [getattr(self, f"weight_{n}") for n in range(len(self._lent))]
        with backends.use_backend("torch"), lent(self._lent, values):
            return self._run(*args)


def examples(signature: list[Any], batch: int = 1) -> tuple[Any, ...]:
    """Return tensors for the arguments."""
    with backends.use_backend("torch"):
        made = tree.map_structure(lambda spec: spec.example(batch), signature)
    return tuple(made)


def traced(model: Any, signature: list[Any]) -> Any:
    """Return the module as ``torch.jit.trace`` sees it."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # sizes are Python numbers; asked for
        return torch.jit.trace(
            Program(model).eval(),
            examples(signature, 2),
            check_trace=False,
            strict=False,
        )


def save(model: Any, path: Path, signature: list[Any], options: dict[str, Any]) -> None:
    """Write the model, whole or not at all.

    Raises
    ------
    ValueError
        If an option is not one of ``torch.export.export``.
    RuntimeError
        If torch cannot follow the model.
    """
    known = set(inspect.signature(torch.export.export).parameters)
    known -= {"mod", "args", "kwargs"}
    wrong = sorted(set(options) - known)
    if wrong:
        raise ValueError(
            f'Unsupported arguments for `format="torch"`: {", ".join(wrong)}. '
            f"Supported arguments are: {', '.join(sorted(known))}."
        )
    shapes = options.get("dynamic_shapes")
    inputs = examples(signature, 1 if shapes is None else 2)  # 1 would be a constant
    if shapes is not None:
        options = {**options, "dynamic_shapes": _of_arguments(shapes, inputs)}
    try:
        with torch.no_grad():
            program = torch.export.export(
                Program(model).eval(), inputs, **{"strict": False, **options}
            )
    except Exception as error:
        raise RuntimeError(
            f"torch.export could not follow the model {model.name!r}: {error}. Often "
            "the path through `call` depends on values of tensors: use ops.cond or "
            "ops.where there."
        ) from error
    with replacing(path) as new:
        place = new.with_name(f"{new.name}.pt2")
        torch.export.save(program, place)
        place.replace(new)


def _of_arguments(shapes: Any, inputs: tuple[Any, ...]) -> Any:
    """Return the shapes as ``forward(*args)`` wants them: one tuple for ``args``."""
    if isinstance(shapes, dict):
        return [(shapes,)] if len(inputs) == 1 and "args" not in shapes else shapes
    if len(shapes) == 1 and isinstance(shapes[0], list | tuple):
        return shapes
    return [tuple(shapes)]
