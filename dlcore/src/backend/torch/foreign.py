"""What layers around modules of PyTorch need."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch
from torch.func import functional_call
from torch.nn.modules.lazy import LazyModuleMixin

from dlcore.src import tree
from dlcore.src.backend.torch.runtime import convert, native, to_numpy
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.variable import Variable


class Parameter(Variable):
    """A weight whose value is a parameter of a module: both change together."""

    __slots__ = ("parameter",)

    def __init__(self, parameter: torch.nn.Parameter, name: str):
        trainable = parameter.requires_grad
        super().__init__(parameter.detach(), trainable=trainable, name=name)
        self.parameter = self.value = parameter

    def put(self, value: Any) -> None:
        """Give it a value, and the module too unless the variable is lent."""
        own = self.value is self.parameter
        super().put(value)
        if own:
            self.take(value)

    def take(self, value: Any) -> None:
        """Write a value into the parameter, which is the variable's value again."""
        with torch.no_grad():
            self.parameter.copy_(value)
        self.value = self.parameter


def ready(module: torch.nn.Module) -> torch.nn.Module:
    """Return a module on the device in use, all of its parameters there.

    Raises
    ------
    ValueError
        If it is a lazy one that was never called.
    """
    if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params():
        raise ValueError(
            "LazyModules are not supported unless they are already initialized. Call "
            f"it once before. Received uninitialized LazyModule: module={module}"
        )
    return module.to(torch.get_default_device())


def variables(module: torch.nn.Module) -> dict[str, Variable]:
    """Return a variable for each parameter, by its name."""
    return {name: Parameter(p, name) for name, p in module.named_parameters()}


def update(module: torch.nn.Module, variables: dict[str, Variable]) -> None:
    """Give a module the values of variables that have gone their own way."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            value = variables[name].value
            if value is not parameter:
                parameter.copy_(value)


def take(module: torch.nn.Module, variables: dict[str, Variable]) -> None:
    """Give variables the values of a module."""
    for name, parameter in module.named_parameters():
        variable = variables[name]
        if variable.value is not parameter:
            variable.assign(parameter.detach())


def run(
    module: torch.nn.Module, variables: dict[str, Variable], args: Any, kwargs: Any
) -> Any:
    """Return a module's outputs with the variables' values for parameters.

    Buffers (moving averages) get new tensors: arrays that share the memory of the old
    ones must not change.
    """
    values = {name: v.value for name, v in variables.items()}
    buffers = (
        {k: b.clone() for k, b in module.named_buffers()} if module.training else {}
    )
    outputs = functional_call(module, {**values, **buffers}, args, kwargs)
    for name, buffer in buffers.items():
        owner, _, leaf = name.rpartition(".")
        module.get_submodule(owner)._buffers[leaf] = buffer
    return outputs


def shapes(module: torch.nn.Module, pairs: Any) -> Any:
    """Return tensors without data of the outputs' shapes and dtypes."""
    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    empty = {name: x.detach().to("meta") for name, x in state.items()}

    def one(x: Any) -> Any:
        return torch.empty(x.shape, dtype=native(x.dtype), device="meta")

    args, kwargs = tree.map_structure(one, pairs)
    with torch.no_grad(), torch.device("meta"):
        outputs = functional_call(module, empty, args, kwargs)
    return tree.map_structure(_Shaped, outputs)


class _Shaped:
    """Shape and dtype of a tensor, by the names dlcore has for them."""

    __slots__ = ("dtype", "shape")

    def __init__(self, x: torch.Tensor):
        self.shape = tuple(x.shape)
        self.dtype = standardize_dtype(x.dtype)


def state(module: torch.nn.Module) -> dict[str, np.ndarray[Any, Any]]:
    """Return parameters and buffers as numpy arrays."""
    return {name: to_numpy(x) for name, x in module.state_dict().items()}


def set_state(module: torch.nn.Module, values: dict[str, Any]) -> None:
    """Set parameters and buffers; all names and shapes must be right."""
    module.load_state_dict({k: convert(np.asarray(v)) for k, v in values.items()})


def pickled(module: torch.nn.Module) -> bytes:
    """Return a module as bytes."""
    buffer = io.BytesIO()
    torch.save(module, buffer)
    return buffer.getvalue()


def unpickled(data: bytes) -> Any:
    """Return the module that ``pickled`` wrote; this can run any code."""
    return torch.load(io.BytesIO(data), weights_only=False)
