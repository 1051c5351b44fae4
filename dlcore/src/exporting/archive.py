"""A SavedModel folder with several functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dlcore.src import tree
from dlcore.src.export import export
from dlcore.src.exporting.formats import on
from dlcore.src.exporting.signature import signature_of, spec_of
from dlcore.src.utils.talk import say


@export("dlcore.export.ExportArchive")
class ExportArchive:
    """Write a SavedModel with the functions that you choose; needs tensorflow.

    A model of another backend is copied to tensorflow before.

    Attributes
    ----------
    variables, trainable_variables, non_trainable_variables : list of Variable
        Of all that is tracked.

    Examples
    --------
    >>> import dlcore
    >>> archive = dlcore.export.ExportArchive()
    >>> # archive.track(model)
    >>> # archive.add_endpoint("serve", model.call, [dlcore.InputSpec((None, 3))])
    >>> # archive.write_out("folder")
    """

    def __init__(self) -> None:
        self._tracked: list[Any] = []
        self._twins: dict[int, Any] = {}
        self._endpoints: dict[str, tuple[Callable[..., Any], Any]] = {}
        self._collections: dict[str, list[Any]] = {}

    @property
    def variables(self) -> list[Any]:
        """The weights of all that is tracked, each once."""
        found = {id(v): v for thing in self._tracked for v in thing.variables}
        return list(found.values())

    @property
    def trainable_variables(self) -> list[Any]:
        """Those that are trained."""
        return [v for v in self.variables if v.trainable]

    @property
    def non_trainable_variables(self) -> list[Any]:
        """Those that are not."""
        return [v for v in self.variables if not v.trainable]

    def track(self, resource: Any) -> None:
        """Take note of a layer or a model: its weights are written too.

        Raises
        ------
        ValueError
            If it is not built, or is no layer.
        """
        if not hasattr(resource, "variables") or not hasattr(resource, "built"):
            raise ValueError(
                f"A layer or a model is tracked, got {resource!r} of type "
                f"{type(resource).__name__}."
            )
        if not resource.built:
            raise ValueError(
                f"{resource.name!r} has not yet been built: call it on data before it "
                "is tracked."
            )
        if not any(resource is thing for thing in self._tracked):
            self._tracked.append(resource)

    def add_endpoint(
        self,
        name: str,
        fn: Callable[..., Any],
        input_signature: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Add a function.

        Parameters
        ----------
        name : str
            What it is called in the SavedModel.
        fn : Callable
            A tracked model, a method of it, or a function that uses it; with several
            backends in play one that does not name their tensors.
        input_signature : list of nested InputSpec or tensor
            One for each positional argument.
        **kwargs
            Accepted for compatibility: ``is_static``, ``jax2tf_kwargs``.

        Raises
        ------
        ValueError
            If the name is taken, or the signature missing.
        """
        if name in self._endpoints:
            raise ValueError(f"Endpoint name {name!r} is already taken.")
        if input_signature is None and not hasattr(fn, "get_concrete_function"):
            raise ValueError(
                f"`input_signature` must say what the endpoint {name!r} takes: a list "
                "of `dlcore.InputSpec(shape, dtype)`, one for each argument."
            )
        signature = None
        if input_signature is not None:
            if not isinstance(input_signature, list | tuple):
                input_signature = [input_signature]
            signature = [tree.map_structure(spec_of, s) for s in input_signature]
        self._endpoints[name] = fn, signature
        return fn

    def track_and_add_endpoint(
        self, name: str, resource: Any, input_signature: Any = None, **kwargs: Any
    ) -> None:
        """Track a model, and add it as a function.

        Parameters
        ----------
        name : str
        resource : Model or Layer
        input_signature : list of nested InputSpec or tensor, optional
            By default what the model was built for.
        **kwargs
            As for ``add_endpoint``.
        """
        self.track(resource)
        signature = signature_of(resource, input_signature)
        self.add_endpoint(name, resource, signature, **kwargs)

    def add_variable_collection(self, name: str, variables: Sequence[Any]) -> None:
        """Let a list of weights be an attribute of what is loaded.

        Raises
        ------
        ValueError
            If these are no weights of something tracked.
        """
        known = {id(v) for v in self.variables}
        if not variables or any(id(v) not in known for v in variables):
            raise ValueError(
                f"The collection {name!r} must hold weights of what is tracked, got "
                f"{variables!r}."
            )
        self._collections[name] = list(variables)

    def write_out(
        self, filepath: Any, options: Any = None, verbose: bool = True
    ) -> None:
        """Write the SavedModel folder, whole or not at all.

        Parameters
        ----------
        filepath : str or Path
        options : tf.saved_model.SaveOptions, optional
        verbose : bool
            Whether to say what was written.

        Raises
        ------
        ValueError
            If there are no endpoints.
        """
        if not self._endpoints:
            raise ValueError("No endpoints have been set yet. Call `add_endpoint()`.")
        twins = {id(thing): on(thing, "tensorflow") for thing in self._tracked}
        from dlcore.src.backend.tensorflow import exporting

        weights = exporting.Weights()
        places: dict[int, Any] = {}
        for thing in self._tracked:
            twin = twins[id(thing)]
            weights.add(twin.variables)
            pairs = zip(thing.variables, twin.variables, strict=True)
            places.update((id(mine), other) for mine, other in pairs)
        endpoints = {
            name: fn
            if signature is None
            else weights.wrap(_of_twin(fn, twins), signature)
            for name, (fn, signature) in self._endpoints.items()
        }
        collections = {
            name: [places[id(v)] for v in variables]
            for name, variables in self._collections.items()
        }
        exporting.write(Path(filepath), endpoints, weights, collections, options)
        if verbose:
            names = ", ".join(repr(name) for name in endpoints)
            say(f"Saved artifact at {str(filepath)!r}, with the endpoints {names}.")


def _of_twin(fn: Any, twins: dict[int, Any]) -> Any:
    """Return the copy's function for a model, or a method of one."""
    if id(fn) in twins:
        return twins[id(fn)]
    owner = getattr(fn, "__self__", None)
    if id(owner) in twins:
        return getattr(twins[id(owner)], fn.__name__)
    moved = [k for k, twin in twins.items() if id(twin) != k]
    if moved:
        raise ValueError(
            f"The endpoint {fn!r} is a function of your own, so its model must live on "
            "tensorflow: model = model.to_backend('tensorflow')."
        )
    return fn
