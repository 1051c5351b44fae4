"""A backend: one array library, and the table of ops that run on it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

from dlcore.src.backend.sparse import SparseOps
from dlcore.src.errors import did_you_mean

#: Backend -> the module its library is imported as.
NAMES = {
    "numpy": "numpy",
    "jax": "jax",
    "torch": "torch",
    "tensorflow": "tensorflow",
    "openvino": "openvino",
}

_loaded: dict[str, Backend] = {}


class OpTable(dict):
    """Name of an op -> the function that runs it here; filled at first use."""

    def __init__(self, backend: Backend):
        self._backend = backend

    def __missing__(self, name: str) -> Callable[..., Any]:
        """Compose or borrow the kernel of an op, and keep it."""
        from dlcore.src.ops.declare import REGISTRY

        op = REGISTRY[name]
        implementation = self._backend.find(name)
        if implementation is None:
            if op.body is None or name in self._backend.lacks:
                raise NotImplementedError(self._backend.lacks_message(name))
            adapted = getattr(self._backend.runtime, "adapted", None)
            implementation = self._backend.here(adapted(op) if adapted else op.body)
        self[name] = implementation
        return implementation


class Backend:
    """One array library.

    The folder ``backend/<name>/`` holds the functions: ``runtime`` (conversion,
    gradients, compilation) and the ops by kind. A name is looked up in the files
    in order; what no file has runs as the shared body of a derived op.

    Attributes
    ----------
    name : str
        For instance ``"torch"``.
    ops : OpTable
        Name of an op to the function that runs it here.
    sparse : SparseOps
        The same for calls with sparse tensors.
    runtime : module
        ``convert``, ``to_numpy``, ``value_and_grad``, ``jit``...; ``adapted``, if it
        is there, makes of an op the body that runs here.
    wins : bool
        False: symbolic tensors and variables decide where an op runs, before
        the tensors of a library do.
    """

    wins = False
    _files = (
        *("numpy", "shape", "reduction", "nn", "core", "math", "linalg", "image"),
        "random",
    )

    def __init__(self, name: str):
        self.name = name
        self.ops = OpTable(self)
        self._sparse: SparseOps | None = None
        package = f"dlcore.src.backend.{name}"
        self.runtime: ModuleType = importlib.import_module(f"{package}.runtime")
        self._package = package
        self._modules: list[ModuleType] | None = None

    @property
    def modules(self) -> list[ModuleType]:
        """The files with the ops, imported at first use."""
        if self._modules is None:
            found = importlib.import_module(self._package).__path__
            names = [
                f"{self._package}.{file}"
                for file in self._files
                if importlib.machinery.PathFinder.find_spec(file, found)
            ]
            self._modules = [importlib.import_module(name) for name in names]
        return self._modules

    def find(self, name: str) -> Callable[..., Any] | None:
        """Return this backend's own function for an op, or None."""
        for module in self.modules:
            function = vars(module).get(name)
            if function is not None:
                return function
        return None

    def here(self, body: Callable[..., Any]) -> Callable[..., Any]:
        """Return a shared body that makes its new tensors on this backend."""
        from dlcore.src.backend.active import current, use_backend

        def run(*args: Any, **kwargs: Any) -> Any:
            if current() is self:
                return body(*args, **kwargs)
            with use_backend(self):
                return body(*args, **kwargs)

        return run

    def take(self, x: Any, source: Backend) -> Any:
        """Return a tensor of another backend as one of this backend.

        By DLPack without a copy, where both libraries can share this dtype and layout;
        else by way of numpy. What shares its memory must not be changed in place; no
        op does so. Gradients do not cross.

        Parameters
        ----------
        x : tensor
        source : Backend
            Where it lives.
        """
        give = getattr(source.runtime, "to_dlpack", None)
        take = getattr(self.runtime, "from_dlpack", None)
        if give is not None and take is not None:
            shared = give(x)
            found = None if shared is None else take(shared)
            if found is not None:
                return found
        return self.runtime.convert(source.runtime.to_numpy(x))

    @property
    def keeps_sparse(self) -> bool:
        """Whether there are sparse tensors here."""
        return hasattr(self.runtime, "is_sparse")

    def has_sparse(self, kind: type) -> bool:
        """Whether a type is one of this library's sparse tensors."""
        return self.keeps_sparse and self.runtime.is_sparse(kind)

    @property
    def sparse(self) -> SparseOps:
        """Name of an op -> what runs it on sparse tensors, where there are any."""
        if self._sparse is None:
            self._sparse = SparseOps(self)
        return self._sparse

    @property
    def lacks(self) -> dict[str, str]:
        """What this backend cannot do: name of an op -> the reason."""
        return getattr(importlib.import_module(self._package), "LACKS", {})

    def lacks_message(self, name: str) -> str:
        """Return the sentence for an op that is missing here."""
        reason = self.lacks.get(name)
        return f"The {self.name} backend has no op {name!r}" + (
            f": {reason}." if reason else "."
        )

    def __repr__(self) -> str:
        """Show the name."""
        return f"<backend {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Backend], tuple[str]]:
        """Copy and pickle by name."""
        return get, (self.name,)  # one object a process: copies and pickles find it


def installed() -> list[str]:
    """Return the backends whose library can be imported here.

    Returns
    -------
    list of str
        In the order numpy, jax, torch, tensorflow, openvino. Nothing is imported.
    """
    return [n for n, module in NAMES.items() if importlib.util.find_spec(module)]


def get(name: str | Backend) -> Backend:
    """Return the backend of a name; its library is imported at the first call.

    Raises
    ------
    ValueError
        If there is no such backend.
    ImportError
        If its library is not installed.
    """
    if isinstance(name, Backend):
        return name
    backend = _loaded.get(name)
    if backend is not None:
        return backend
    if name not in NAMES:
        raise ValueError(f"Unknown backend {name!r}.{did_you_mean(name, NAMES)}")
    if importlib.util.find_spec(NAMES[name]) is None:
        raise ImportError(
            f"The {name} backend needs the package {NAMES[name]!r}, which is not "
            f'installed: pip install "polaris-lab[{name}]".'
        )
    backend = _loaded[name] = Backend(name)
    return backend
