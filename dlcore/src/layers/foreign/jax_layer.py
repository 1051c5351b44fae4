"""``JaxLayer`` and ``FlaxLayer``: models written as functions of JAX as layers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from dlcore.src import tree
from dlcore.src.dtypes import is_float
from dlcore.src.export import export
from dlcore.src.layers.foreign.base import ForeignLayer
from dlcore.src.random import SeedGenerator, draw_seed
from dlcore.src.variable import Variable


@export("dlcore.layers.JaxLayer")
class JaxLayer(ForeignLayer):
    """A model written in JAX as a layer.

    It lives on the jax backend, and on tensorflow by way of ``jax2tf``.

    Parameters
    ----------
    call_fn : Callable
        The model: a function of some of ``params`` (trainable), ``state`` (not
        trainable), ``rng`` (a key of ``jax.random``, None without training),
        ``inputs`` and ``training``, by these names and in any order; ``inputs`` must
        be among them. It returns the outputs, or ``(outputs, new state)`` if it takes
        a ``state``.
    init_fn : Callable, optional
        A function of some of ``rng``, ``inputs`` (ones of the inputs' shapes) and
        ``training``; it returns the first ``params``, or ``(params, state)`` if
        ``call_fn`` takes a ``state``. Called when the layer is built, unless
        ``params`` or ``state`` is given.
    params, state : nested arrays, optional
        The first values.
    seed : int, optional
    native_serialization_platforms : sequence of str, optional
        What ``jax2tf`` compiles for, on tensorflow.
    **kwargs
        Of ``Layer``.

    Raises
    ------
    ValueError
        If another backend is active, a function takes other arguments, or nothing says
        what the first parameters are.

    Examples
    --------
    >>> import dlcore
    >>> def call(params, inputs):
    ...     return inputs @ params["w"]
    >>> def init(rng, inputs):
    ...     import jax
    ...     return {"w": jax.random.normal(rng, (inputs.shape[-1], 2))}
    >>> with dlcore.use_backend("jax"):
    ...     dlcore.layers.JaxLayer(call, init)(dlcore.ops.ones((4, 3))).shape
    (4, 2)
    """

    _homes: ClassVar[tuple[str, ...]] = ("jax", "tensorflow")
    _unsaved = frozenset({"params", "state"})

    def __init__(
        self,
        call_fn: Callable[..., Any],
        init_fn: Callable[..., Any] | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._kit()
        self.call_fn = call_fn
        self.init_fn = init_fn
        self.native_serialization_platforms = native_serialization_platforms
        known = ["params", "state", "rng", "inputs", "training"]
        self.call_fn_arguments = _arguments(call_fn, "call_fn", known)
        if init_fn is not None:
            self.init_fn_arguments = _arguments(init_fn, "init_fn", known[2:])
        self.call_fn_has_params = "params" in self.call_fn_arguments
        self.call_fn_has_state = "state" in self.call_fn_arguments
        stateful = self.call_fn_has_params or self.call_fn_has_state
        if stateful and init_fn is None and params is None and state is None:
            raise ValueError(
                "`init_fn`, `params` and `state` cannot all be `None` when `call_fn` "
                "takes a `params` or a `state` argument."
            )
        self.seed_generator = (
            SeedGenerator(seed) if "rng" in self.call_fn_arguments else None
        )
        self._keep_values(params, state)
        if params is not None or state is not None:
            self._build_at_init()

    def _keep_values(self, params: Any, state: Any) -> None:
        """Make variables of arrays and numbers; what else is there stays as it is."""
        each = self._kit().each

        def variable(value: Any, trainable: bool) -> Any:
            if not hasattr(value, "dtype") and type(value) not in (bool, int, float):
                return value
            value = self.backend.runtime.convert(self._kit().array(value))
            floating = is_float(_name(value))
            return self.add_weight(
                shape=tuple(value.shape),
                initializer=lambda shape, dtype: value,
                dtype=None if floating else _name(value),
                trainable=trainable,
            )

        # Not as attributes of the usual kind: trees of any class stay as they are.
        vars(self)["params"] = each(lambda x: variable(x, True), params)
        vars(self)["state"] = each(lambda x: variable(x, False), state)

    def _get_init_rng(self) -> Any:
        """Return what ``init_fn`` gets as ``rng``: a seed, or nested ones."""
        return self._get_init_seed()

    def _get_init_seed(self) -> Any:
        """Return a new seed for ``_get_init_rng``."""
        return draw_seed(None)

    def _get_call_rng(self, training: bool) -> Any:
        """Return what ``call_fn`` gets as ``rng``: a seed, or nested ones, or None."""
        return self._get_call_seed() if training else None

    def _get_call_seed(self) -> Any:
        """Return a new seed for ``_get_call_rng``."""
        assert self.seed_generator is not None
        return self.seed_generator.next()

    def build(self, input_shape: Any) -> None:
        """Make the weights by ``init_fn``, where they were not given."""
        if self.init_fn is None or self.params is not None or self.state is not None:
            return
        kit = self._kit()
        shapes = tree.map_shape_structure(
            lambda shape: tuple(d or 1 for d in shape), input_shape
        )
        rng = "rng" in self.init_fn_arguments and self._get_init_rng()
        found = kit.begin(self.init_fn, self.init_fn_arguments, rng, shapes)
        params, state = found if self.call_fn_has_state else (found, None)
        self._keep_values(params, state)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        kit = self._kit()
        values = {
            "params": kit.each(_value, self.params),
            "state": kit.each(_value, self.state),
            "inputs": inputs,
            "training": bool(training),
        }
        if self.seed_generator is not None:
            values["rng"] = self._get_call_rng(bool(training))
        given = {name: values[name] for name in self.call_fn_arguments}
        run = kit.call_here if self.backend.name == self._homes[0] else kit.call_there
        found = run(self, given)
        if not self.call_fn_has_state:
            return found
        outputs, state = found
        kit.each(_assign, state, self.state)
        return outputs

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        """Return the outputs' shapes and dtypes."""
        kit = self._kit()
        names = self.call_fn_arguments
        given = {
            "params": kit.each(_value, self.params),
            "state": kit.each(_value, self.state),
            "training": bool(training),
        }
        if self.seed_generator is not None:
            state = self.seed_generator.state
            before = state.value
            given["rng"] = self._get_call_rng(bool(training))
            state.value = before

        def trace(pairs: Any) -> Any:
            found = kit.shapes(self.call_fn, names, given, pairs)
            return found[0] if self.call_fn_has_state else found

        return self._spec(trace, inputs)

    @property
    def tracked_params(self) -> list[Any]:
        """The trainable variables, in a row."""
        return self._kit().leaves(self.params)

    @property
    def tracked_state(self) -> list[Any]:
        """The variables of the state, in a row."""
        return self._kit().leaves(self.state)


def _arguments(fn: Any, name: str, known: list[str]) -> list[str]:
    """Return the names of a function's arguments, checked."""
    names = list(inspect.signature(fn).parameters)
    if "inputs" not in names:
        raise ValueError(f"Missing required argument in `{name}`: `inputs`")
    for found in names:
        if found not in known:
            raise ValueError(
                f"Unsupported argument in `{name}`: `{found}`, supported arguments are "
                f"`{'`, `'.join(known)}`"
            )
    return names


def _name(value: Any) -> str:
    from dlcore.src.dtypes import standardize_dtype

    return standardize_dtype(value.dtype)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else x


def _assign(value: Any, variable: Any) -> None:
    if isinstance(variable, Variable):
        variable.assign(value)
    elif hasattr(value, "shape"):
        raise ValueError(
            "Structure mismatch: the structure of the state returned by `call_fn` does "
            f"not match the structure of the first state, which has {variable!r} in "
            "the place of an array."
        )


@export("dlcore.layers.FlaxLayer")
class FlaxLayer(JaxLayer):
    """A module of Flax (``flax.linen``) as a layer.

    Parameters
    ----------
    module : flax.linen.Module
    method : str or Callable, optional
        A method of the module, or a function of module and inputs; ``__call__`` unless
        given. It takes ``inputs`` and perhaps ``training``.
    variables : dict, optional
        What ``module.init`` returned: the collection ``"params"``, which is trained,
        and others, which are state. Made when the layer is built unless given.
    **kwargs
        Of ``JaxLayer``.

    Notes
    -----
    The module gets keys for ``"params"`` and ``"dropout"`` when it is initialized, and
    for ``"dropout"`` while it is trained.
    """

    _unsaved = frozenset({"params", "state", "call_fn", "init_fn", "variables"})

    def __init__(
        self, module: Any, method: Any = None, variables: Any = None, **kwargs: Any
    ):
        if isinstance(method, str):
            method = getattr(module, method)
        vars(self).update(_flax_module=module, _flax_method=method)
        calling = inspect.signature(method or module.__call__).parameters
        names = "with" if "training" in calling else "without"
        params, state = _split(variables)
        super().__init__(
            call_fn=getattr(self, f"_apply_{names}_training"),
            init_fn=getattr(self, f"_init_{names}_training"),
            params=params,
            state=state,
            **kwargs,
        )

    @property
    def module(self) -> Any:
        """The module."""
        return self._flax_module

    @property
    def method(self) -> Any:
        """The method that computes the outputs; None for ``__call__``."""
        return self._flax_method

    def _apply(
        self, params: Any, state: Any, rng: Any, inputs: Any, **phase: Any
    ) -> Any:
        return self.module.apply(
            {**(params or {}), **(state or {})},
            inputs,
            rngs=rng,
            method=self.method,
            mutable=self._kit().all_but_params(),
            **phase,
        )

    def _apply_with_training(
        self, params: Any, state: Any, rng: Any, inputs: Any, training: bool
    ) -> Any:
        return self._apply(params, state, rng, inputs, training=training)

    def _apply_without_training(
        self, params: Any, state: Any, rng: Any, inputs: Any
    ) -> Any:
        return self._apply(params, state, rng, inputs)

    def _init_with_training(self, rng: Any, inputs: Any, training: bool) -> Any:
        made = self.module.init(rng, inputs, method=self.method, training=training)
        return _split(made)

    def _init_without_training(self, rng: Any, inputs: Any) -> Any:
        return _split(self.module.init(rng, inputs, method=self.method))

    def _get_init_rng(self) -> Any:
        return {name: self._get_init_seed() for name in ("params", "dropout")}

    def _get_call_rng(self, training: bool) -> Any:
        return {"dropout": self._get_call_seed()} if training else {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; a method of the module by its name."""
        from dlcore.src.saving.serialization import serialize_keras_object

        method = self.method
        if getattr(method, "__self__", None) == self.module:
            method = method.__name__
        return {**super().get_config(), "method": serialize_keras_object(method)}


def _split(variables: Any) -> tuple[Any, Any]:
    """Return what is trained, and what is not, of a module's variables."""
    if variables is None:
        return None, None
    params = {name: v for name, v in variables.items() if name == "params"}
    return params, {name: v for name, v in variables.items() if name != "params"}
