"""All optimizers against Keras' own: weights and state after the same gradients."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import keras
import numpy as np
import pytest
from dlcore.optimizers import schedules

import dlcore
from dlcore import ops, optimizers

RNG = np.random.default_rng(5)
SHAPES = [(3, 4), (4,), (2, 3, 2)]
START = [RNG.normal(size=s).astype("float32") for s in SHAPES]
GRADS = [[RNG.normal(size=s).astype("float32") for s in SHAPES] for _ in range(6)]

#: Class, arguments.
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {"learning_rate": 0.01}),
    ("Adam", {"amsgrad": True, "beta_1": 0.5}),
    ("AdamW", {"weight_decay": 0.1}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adafactor", {"learning_rate": 0.1}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.01}),
    ("Ftrl", {"beta": 0.1, "l2_shrinkage_regularization_strength": 0.1}),
    ("Lion", {"learning_rate": 0.01}),
    ("Lamb", {"learning_rate": 0.01}),
    ("Muon", {"learning_rate": 0.01}),
    ("Muon", {"nesterov": False, "rms_rate": None, "exclude_layers": ["variable"]}),
    ("ScheduleFreeAdamW", {"warmup_steps": 3}),
    # options of all of them
    ("SGD", {"weight_decay": 0.1}),
    ("SGD", {"clipnorm": 0.5}),
    ("SGD", {"clipvalue": 0.5}),
    ("Adam", {"global_clipnorm": 0.5}),
    ("SGD", {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}),
    ("Adam", {"gradient_accumulation_steps": 2, "clipnorm": 0.1}),
    ("SGD", {"loss_scale_factor": 4.0}),
]
IDS = [f"{name}-{options}" for name, options in ROWS]


def step_all(optimizer: Any, variables: list[Any], grads: Any = GRADS) -> None:
    for gradient in grads:
        optimizer.apply([ops.convert_to_tensor(g) for g in gradient], variables)


@functools.cache
def keras_result(row: int) -> tuple[list[Any], list[Any]]:
    name, options = ROWS[row]
    variables = [keras.Variable(s) for s in START]
    optimizer = getattr(keras.optimizers, name)(**options)
    values = keras.ops.convert_to_numpy
    averages = [np.array(s) for s in START]
    for step, gradient in enumerate(GRADS, 1):
        tensors = [keras.ops.convert_to_tensor(g) for g in gradient]
        optimizer.apply(tensors, variables)
        if name == "ScheduleFreeAdamW":
            # On torch Keras' old iterate is a view that has changed already when it is
            # used, so the weights are wrong; the iterates are right, and make them.
            iterates = [values(v) for v in optimizer.variables if "momentum" in v.name]
            pairs = list(zip(averages, iterates, strict=True))
            averages = [x + (z - x) / step for x, z in pairs]
            pairs = list(zip(averages, iterates, strict=True))
            beta = optimizer.beta_1
            weights = [beta * x + (1 - beta) * z for x, z in pairs]
    if name != "ScheduleFreeAdamW":
        weights = [values(v) for v in variables]
    return weights, [values(v) for v in optimizer.variables]


def close(ours: list[Any], theirs: list[Any], tolerance: float = 2e-5) -> None:
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", range(len(ROWS)), ids=IDS)
def test_weights_and_state_are_those_of_keras(backend, row):
    name, options = ROWS[row]
    variables = [dlcore.Variable(s) for s in START]
    optimizer = getattr(optimizers, name)(**options)
    step_all(optimizer, variables)
    weights, state = keras_result(row)
    close(variables, weights)
    close(optimizer.variables, state)


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_contract(name, options):
    """``check_optimizer``: what every optimizer promises."""
    with dlcore.use_backend("jax"):
        make = getattr(optimizers, name)
        variables = [dlcore.Variable(s) for s in START]
        optimizer = make(**options)
        step_all(optimizer, variables)
        # a compiled step does the same
        traced = [dlcore.Variable(s) for s in START]
        second = make(**options)
        second.build(traced)
        state = [*traced, *second.variables]
        step = second.backend.runtime.jit(second.apply, state)
        for gradient in GRADS:
            step([ops.convert_to_tensor(g) for g in gradient])
        close(traced, [v.numpy() for v in variables])
        # an equal one comes from its configuration, and Keras reads it
        config = optimizers.serialize(optimizer)
        third = optimizers.deserialize(config)
        assert type(third) is type(optimizer)
        assert third.get_config() == optimizer.get_config()
        theirs = keras.saving.deserialize_keras_object(config)
        assert type(theirs).__name__ == name
        ours = optimizers.deserialize(keras.optimizers.serialize(theirs))
        assert type(ours) is type(optimizer)
        # saved state goes on where it stopped
        store: dict[str, Any] = {}
        optimizer.save_own_variables(store)
        copies = [dlcore.Variable(v.numpy()) for v in variables]
        third.build(copies)
        third.load_own_variables(store)
        step_all(optimizer, variables)
        step_all(third, copies)
        if not options.get("exclude_layers"):
            close(copies, [v.numpy() for v in variables])


def test_state_moves_to_another_backend():
    with dlcore.use_backend("jax"):
        here = [dlcore.Variable(s) for s in START]
        optimizer = optimizers.Adam(0.01)
        step_all(optimizer, here, GRADS[:3])
        expected = [dlcore.Variable(s) for s in START]
        step_all(optimizers.Adam(0.01), expected)
    with dlcore.use_backend("torch"):
        there = [dlcore.Variable(v.numpy()) for v in here]
        moved = optimizers.Adam(0.01)
        moved.build(there)
        store: dict[str, Any] = {}
        optimizer.save_own_variables(store)
        moved.load_own_variables(store)
        step_all(moved, there, GRADS[3:])
    close(there, [v.numpy() for v in expected])
    optimizer.to_backend("torch")
    assert {v.backend.name for v in optimizer.variables} == {"torch"}


def test_optimizer_follows_its_variables():
    with dlcore.use_backend("jax"):
        optimizer = optimizers.SGD(0.1)
    with dlcore.use_backend("torch"):
        variable = dlcore.Variable([1.0])
    optimizer.build([variable])
    assert optimizer.backend.name == "torch"
    with dlcore.use_backend("torch"):
        gradient = ops.convert_to_tensor([1.0])
    with dlcore.use_backend("jax"):
        optimizer.apply([gradient])
    np.testing.assert_allclose(variable.numpy(), [0.9], rtol=1e-6)


def test_half_precision_weights_stay_half(backend):
    if backend == "numpy":
        dtype = "float16"
    else:
        dtype = "bfloat16"
    variable = dlcore.Variable(np.ones((2, 2)), dtype=dtype)
    optimizer = optimizers.Adam(0.1)
    for _ in range(3):
        optimizer.apply([ops.ones((2, 2), dtype=dtype)], [variable])
    assert variable.dtype == dtype
    value = ops.convert_to_numpy(ops.cast(variable, "float32"))
    np.testing.assert_allclose(value, np.full((2, 2), 0.7), atol=0.02)


def test_learning_rate_is_settable(backend):
    optimizer = optimizers.SGD(0.5)
    variable = dlcore.Variable([1.0])
    optimizer.apply([ops.convert_to_tensor([1.0])], [variable])
    optimizer.learning_rate = 0.25
    optimizer.apply([ops.convert_to_tensor([1.0])], [variable])
    assert float(optimizer.learning_rate) == 0.25
    assert variable.numpy().tolist() == [0.25]
    assert int(optimizer.iterations) == 2
    optimizer.learning_rate = schedules.ExponentialDecay(0.5, 1, 0.5)
    assert float(optimizer.learning_rate) == pytest.approx(0.125)
    with pytest.raises(TypeError, match="with a `LearningRateSchedule`"):
        optimizer.learning_rate = 0.1
    optimizer = optimizers.SGD(lambda: 0.125)
    assert optimizer.learning_rate == 0.125


STEPS = [0, 5, 10, 11, 25]
SCHEDULES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("ExponentialDecay", (0.1, 10, 0.5), {}),
    ("ExponentialDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PiecewiseConstantDecay", ([5, 10], [0.1, 0.01, 0.001]), {}),
    ("PolynomialDecay", (0.1, 10), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 10), {"cycle": True}),
    ("CosineDecay", (0.1, 10), {"alpha": 0.1}),
    ("CosineDecay", (0.0, 10), {"warmup_target": 0.1, "warmup_steps": 10}),
    ("CosineDecayRestarts", (0.1, 10), {}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), SCHEDULES)
def test_schedules_are_those_of_keras(backend, name, args, kwargs):
    ours = getattr(schedules, name)(*args, **kwargs)
    theirs = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    expected = [float(theirs(s)) for s in STEPS]
    got = [float(ours(s)) for s in STEPS]
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-7)
    again = schedules.deserialize(schedules.serialize(ours))
    assert again.get_config() == ours.get_config()
    variable = dlcore.Variable(7, dtype="int32")
    assert float(again(variable)) == pytest.approx(float(theirs(7)), rel=2e-5)
    assert float(optimizers.SGD(ours).learning_rate) == pytest.approx(expected[0])


def test_schedule_in_a_configuration():
    with dlcore.use_backend("numpy"):
        optimizer = optimizers.Adam(schedules.CosineDecay(0.1, 100))
        config = optimizers.serialize(optimizer)
        again = optimizers.get(config)
        assert float(again.learning_rate) == pytest.approx(0.1)
        assert keras.optimizers.deserialize(config).learning_rate is not None


def test_loss_scale_grows_and_shrinks(backend):
    inner = optimizers.SGD(0.5)
    optimizer = optimizers.LossScaleOptimizer(inner, 8.0, dynamic_growth_steps=2)
    assert optimizer.scale_loss(1.0) == 8.0
    variable = dlcore.Variable([1.0])
    for gradient, value, scale in (
        (8.0, 0.5, 8.0),
        (8.0, 0.0, 16.0),
        (float("inf"), 0.0, 8.0),
        (8.0, -0.5, 8.0),
    ):
        optimizer.apply([ops.convert_to_tensor([gradient])], [variable])
        assert variable.numpy().tolist() == [value]
        assert float(optimizer.dynamic_scale) == scale
    assert int(optimizer.iterations) == 3
    with pytest.raises(ValueError, match="set it on the `inner_optimizer`"):
        optimizers.LossScaleOptimizer(inner, clipnorm=1.0)
    config = optimizers.serialize(optimizer)
    assert isinstance(optimizers.deserialize(config).inner_optimizer, optimizers.SGD)


def test_several_optimizers(backend):
    weights = [dlcore.Variable([1.0], name="a"), dlcore.Variable([1.0], name="b")]
    choice = optimizers.OptimizerMap(optimizers.SGD(0.5), {"a": optimizers.SGD(0.25)})
    optimizer = optimizers.MultiOptimizer(choice)
    optimizer.apply([ops.convert_to_tensor([1.0])] * 2, weights)
    assert [w.numpy().tolist() for w in weights] == [[0.75], [0.5]]
    assert len(optimizer.optimizers) == 2 and len(optimizer.variables) == 6
    with pytest.raises(AttributeError, match="no learning rate"):
        _ = optimizer.learning_rate


def test_average_ends_in_the_weights():
    with dlcore.use_backend("numpy"):
        variable = dlcore.Variable([0.0])
        optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
        for _ in range(2):
            optimizer.apply([np.array([-2.0], "float32")], [variable])
        assert variable.numpy().tolist() == [4.0]
        optimizer.finalize_variable_values([variable])
        assert variable.numpy().tolist() == [3.0]


def test_decay_leaves_out_what_is_excluded():
    with dlcore.use_backend("numpy"):
        kernel = dlcore.Variable([1.0], name="kernel")
        bias = dlcore.Variable([1.0], name="bias")
        optimizer = optimizers.SGD(0.5, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        optimizer.apply([np.zeros(1, "float32")] * 2, [kernel, bias])
        assert [kernel.numpy()[0], bias.numpy()[0]] == [0.75, 1.0]
        with pytest.raises(ValueError, match="before the optimizer is"):
            optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_constraints_and_missing_gradients():
    with dlcore.use_backend("numpy"):
        first, second = dlcore.Variable([1.0]), dlcore.Variable([2.0])
        first.constraint = dlcore.constraints.NonNeg()
        optimizer = optimizers.SGD(1.0)
        with pytest.warns(UserWarning, match="Gradients do not exist"):
            optimizer.apply([np.array([3.0], "float32"), None], [first, second])
        assert first.numpy().tolist() == [0.0] and second.numpy().tolist() == [2.0]
        with pytest.raises(ValueError, match="No gradients provided"):
            optimizer.apply([None, None])


def test_keras_way_of_writing_an_optimizer():
    class Plain(optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.counts = self.add_optimizer_variables(variables, "count")

        def update_step(self, gradient, variable, learning_rate):
            learning_rate = ops.cast(learning_rate, variable.dtype)
            variable.assign(variable - learning_rate * gradient)
            self.counts[0].assign_add(ops.ones_like(self.counts[0]))

    with dlcore.use_backend("numpy"):
        variable = dlcore.Variable([1.0, 2.0])
        optimizer = Plain(learning_rate=0.5)
        optimizer.apply_gradients([(np.ones(2, "float32"), variable)])
        assert variable.numpy().tolist() == [0.5, 1.5]
        assert optimizer.counts[0].numpy().tolist() == [1.0, 1.0]


def test_pickle_keeps_the_state():
    with dlcore.use_backend("numpy"):
        variables = [dlcore.Variable(s) for s in START]
        optimizer = optimizers.Adam(0.01)
        step_all(optimizer, variables, GRADS[:2])
        again = pickle.loads(pickle.dumps(optimizer))
        close(again.variables, [v.numpy() for v in optimizer.variables], 0)


def test_names():
    assert isinstance(optimizers.get("adam"), optimizers.Adam)
    assert isinstance(optimizers.get("SGD"), optimizers.SGD)
    assert isinstance(optimizers.get("adamw"), optimizers.AdamW)
    assert optimizers.get(None) is None
    for name in vars(keras.optimizers):
        if not name.startswith("_") and name != "legacy":
            assert hasattr(optimizers, name), name
    for name in vars(schedules):
        assert name.startswith("_") or hasattr(keras.optimizers.schedules, name)


def test_errors_help():
    wrong = [
        (lambda: optimizers.get("adm"), "Unknown optimizer 'adm'. Did you mean 'adam'"),
        (lambda: optimizers.get(3), "a name such as 'adam'"),
        (lambda: optimizers.Adam(clipnorm=1.0, clipvalue=1.0), "Only one of"),
        (lambda: optimizers.Adam("fast"), "must be a number"),
        (lambda: optimizers.SGD(momentum=2.0), "`momentum` must be"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "at least 2"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2.0), "from 0 to 1"),
        (lambda: optimizers.SGD().apply([1.0]), "does not know the variables"),
        (lambda: schedules.CosineDecay(0.1, 0), "`decay_steps` must be above 0"),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="Did you mean 'learning_rate'"):
        optimizers.Adam(learning_rat=0.1)
    with pytest.raises(TypeError, match="Did you mean 'clipnorm'"):
        optimizers.Adam(clip_norm=0.1)
    first, second = dlcore.Variable([1.0]), dlcore.Variable([1.0])
    optimizer = optimizers.SGD()
    optimizer.build([first])
    with pytest.raises(ValueError, match="unknown variable"):
        optimizer.apply([first.value], [second])
    with pytest.raises(ValueError, match="2 gradients were given for 1"):
        optimizer.apply([first.value] * 2)


def test_gradients_may_be_numpy_arrays(backend):
    variable = dlcore.Variable([1.0, 2.0])
    for options in ({"clipnorm": 1.0}, {"clipvalue": 0.5}, {"global_clipnorm": 1.0}):
        gradient = np.array([3.0, 4.0], "float32")
        optimizers.SGD(0.0, **options).apply([gradient], [variable])
    assert variable.numpy().tolist() == [1.0, 2.0]


def test_a_weight_may_be_overwritten_by_its_gradient():
    scale = dlcore.Variable([1.0, 2.0])
    scale.overwrite_with_gradient = True
    weight = dlcore.Variable([1.0, 2.0])
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=2, use_ema=True)
    for size in (3.0, 1.0):  # of several values the largest
        optimizer.apply([np.full(2, size, "float32")] * 2, [scale, weight])
    assert scale.numpy().tolist() == [3.0, 3.0]
    assert weight.numpy().tolist() == [-1.0, 0.0]
    assert [w for w, _ in optimizer.averaged()] == [weight]
    scaled = optimizers.LossScaleOptimizer(optimizers.SGD(1.0), initial_scale=2.0)
    scaled.apply([np.full(2, 2.0, "float32")] * 2, [scale, weight])
    assert scale.numpy().tolist() == [2.0, 2.0]
    assert weight.numpy().tolist() == [-2.0, -1.0]


def test_what_update_step_uses_in_keras():
    class Halving(optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, dlcore.ops.cast(learning_rate, "float64"))
            self.assign(variable, variable / 2)
            self.assign_add(variable, 1)

    weight = dlcore.Variable([3.0])
    optimizer = Halving(1.0)
    optimizer.build(var_list=[weight])
    optimizer.apply([np.ones(1, "float32")])
    assert weight.numpy().tolist() == [2.0]
