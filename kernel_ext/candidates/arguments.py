"""Keyword arguments of the call around the cursor: ``pd.read_csv("a", |``."""

from __future__ import annotations

from kernel_ext.candidates import static
from kernel_ext.candidates.candidate import Candidate, matches
from kernel_ext.candidates.cursor import Call
from kernel_ext.candidates.signature import Parameter, parameters
from kernel_ext.candidates.value import Value, loaded_class


def arguments(function: Value, call: Call, prefix: str) -> list[Candidate]:
    """List the keyword arguments that the call may still be given.

    Examples
    --------
    >>> from kernel_ext.candidates.value import of
    >>> call = Call("sorted", ((None, "x"),), None, True)
    >>> [c.label for c in arguments(of(sorted), call, "")]
    ['key=', 'reverse=']
    """
    return [
        Candidate(f"{p.name}=", f"{p.name}=", "parameter", detail=p.default)
        for p in _open(accepted(function) or [], call.positional)
        if p.name not in call.used and matches(p.name, prefix)
    ]


def accepted(function: Value) -> list[Parameter] | None:
    """Return the parameters of a value that is called, None if they are not known."""
    module = loaded_class("torch.nn.Module")
    if module is not None and static.one_of(module, static.mro(function.type)):
        return parameters(static.find(function.type, "forward"), True)
    if not function.live:
        raw = static.find(function.type, "__call__")
        return None if raw is static.MISSING else parameters(raw, True)
    owner = function.owner
    bound = owner is not None and not static.is_module(owner.obj)
    if bound and owner is not None and owner.live and static.is_class(owner.obj):
        bound = False  # a plain function taken from its class wants ``self``
    return parameters(function.obj, bound)


def _open(found: list[Parameter], positional: int) -> list[Parameter]:
    """Leave out the parameters that the positional arguments fill."""
    places = [p for p in found if p.kind in ("positional", "both")]
    taken = {p.name for p in places[:positional]}
    return [p for p in found if p.kind in ("both", "keyword") and p.name not in taken]
