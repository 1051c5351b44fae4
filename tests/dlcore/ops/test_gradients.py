"""Gradients of every differentiable op against finite differences of numpy."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import optree
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY

from .samples import ROWS, Row

#: Why an op has no gradient, or none that a row can show -> the ops.
NOT_DIFFERENTIABLE = {
    "the result is integer or bool": """
        all allclose any argmax argmin argpartition argsort bincount bitwise_and
        bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
        bitwise_xor count_nonzero ctc_decode digitize equal gcd greater greater_equal
        histogram in_top_k isclose isfinite isin isinf isnan isneginf isposinf isreal
        lcm left_shift less less_equal logical_and logical_not logical_or logical_xor
        matrix_rank nanargmax nanargmin nonzero not_equal right_shift searchsorted
        signbit unravel_index
    """,
    "the result is constant between jumps": """
        ceil floor floor_divide heaviside nextafter round sign stop_gradient trunc
    """,
    "it makes a tensor of numbers": """
        arange bartlett blackman empty empty_like eye full full_like geomspace hamming
        hanning identity kaiser linspace logspace multi_hot one_hot ones ones_like tri
        zeros zeros_like
    """,
    "it draws random numbers": """
        beta binomial categorical dropout elastic_transform gamma normal randint
        random_bits shuffle truncated_normal uniform
    """,
    "it reads bytes, or changes the dtype": "cast saturate_cast view",
    "its size depends on values": "unique",
    "the values of its table are integers": "rearrange",
    "eigenvectors and factors have a sign that is not told": """
        eig eigh lu_factor qr svd
    """,
    "it calls functions (test_control)": """
        associative_scan cond fori_loop map scan switch vectorized_map while_loop
    """,
    "the imaginary part of real numbers is zero, and their angle jumps": "angle imag",
    "numpy's remainder of floats jumps": "mod fmod",
    "its argument is complex (it is used to read complex results)": "view_as_real",
}
NONE = {name for names in NOT_DIFFERENTIABLE.values() for name in names.split()}
#: Ops with constants, or results, of single precision.
SINGLE = {"erfinv", "i0", "polar", "view_as_complex"}

IMAGE = np.random.default_rng(5).uniform(0.1, 0.9, (2, 12, 13, 3)).astype("float32")
TILTED = np.array([1.1, 0.2, 0.3, -0.1, 0.9, 0.4, 0.01, 0.02], "float32")
CORNERS = np.array([[0, 0], [12, 0], [0, 11], [12, 11]], "float32")
#: Ops of images have tests of their own, and rows only here.
IMAGES = [
    Row("affine_transform", (IMAGE, TILTED), None, by=(0,)),
    Row("crop_images", (IMAGE, 1, 2, 3, 4), None, by=(0,)),
    Row("pad_images", (IMAGE, 1, 2, 3, 4), None, by=(0,)),
    Row("extract_patches", (IMAGE, 3), None, by=(0,)),
    Row("extract_patches_3d", (IMAGE[:, :, :, :, None], 3), None, by=(0,)),
    Row("gaussian_blur", (IMAGE,), None, by=(0,)),
    Row("hsv_to_rgb", (IMAGE,), None, by=(0,)),
    Row("rgb_to_hsv", (IMAGE,), None, by=(0,)),
    Row("rgb_to_grayscale", (IMAGE,), None, by=(0,)),
    Row("map_coordinates", (IMAGE[0, 0], np.full((2, 3), 1.3), 1), None, by=(0,)),
    Row("perspective_transform", (IMAGE, CORNERS, CORNERS + 1), None, by=(0,)),
    Row("resize", (IMAGE, (7, 20), "bicubic"), None, by=(0,)),
    Row(
        *(
            "scale_and_translate",
            (IMAGE[0, :, :, 0], (20, 20), TILTED[:2], TILTED[2:4]),
        ),
        *(None, {"spatial_dims": (0, 1), "method": "linear"}, (0,)),
    ),
    Row("sobel_edges", (IMAGE,), None, by=(0,)),
    Row("ssim", (IMAGE, IMAGE[:, ::-1].copy()), None, by=(0,)),
]


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == np.float32


def flat(row: Row) -> tuple[list[Any], Any]:
    tree: Any = (row.args, row.kwargs)
    return optree.tree_flatten(tree, none_is_leaf=True)


def moving(row: Row) -> list[int]:
    """Return which leaves of the arguments are differentiated by."""
    leaves, _ = flat(row)
    if not row.by:
        return [i for i, x in enumerate(leaves) if is_float(x)]
    chosen = [id(x) for i in row.by for x in optree.tree_leaves(row.args[i])]
    return [i for i, x in enumerate(leaves) if id(x) in chosen and is_float(x)]


def table() -> list[Row]:
    """Return the rows with arguments to differentiate by; else an op's first one."""
    rows = [r for r in ROWS if r.by] + IMAGES
    seen = {r.op for r in rows} | NONE
    for r in ROWS:
        if r.op not in seen and r.unique and moving(r):
            seen.add(r.op)
            rows.append(r)
    return rows


TABLE = table()


def outputs(found: Any) -> list[Any]:
    """Return the floating results; complex ones as pairs."""
    kept = []
    for x in optree.tree_leaves(found):
        dtype = ops.dtype(x)
        if dtype.startswith("complex"):
            kept.append(ops.view_as_real(x))
        elif "float" in dtype:
            kept.append(x)
    return kept


@contextlib.contextmanager
def double(name: str) -> Any:
    """Let a backend compute in double precision."""
    if name != "jax":
        yield
        return
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_gradient_against_finite_differences(row: Row, differentiating: str) -> None:
    op, step = REGISTRY[row.op].function, 1e-5
    rng = np.random.default_rng(1)
    leaves, structure = flat(row)
    wide = [x.astype("float64") if is_float(x) else x for x in leaves]
    shifts = {i: rng.uniform(-1, 1, leaves[i].shape) for i in moving(row)}
    if row.symmetric:
        shifts = {i: s + s.swapaxes(-1, -2) for i, s in shifts.items()}

    def called(values: list[Any]) -> list[Any]:
        args, kwargs = optree.tree_unflatten(structure, values)
        return outputs(op(*args, **kwargs))

    def moved(size: float) -> list[Any]:
        values = [
            x + size * shifts[i] if i in shifts else x for i, x in enumerate(wide)
        ]
        with dlcore.use_backend("numpy"):
            return [np.asarray(f, "float64") for f in called(values)]

    ahead, behind = moved(step), moved(-step)
    weights = [rng.uniform(-1, 1, f.shape) for f in ahead]
    slope = sum(
        float((w * (f - g)).sum()) / (2 * step)
        for w, f, g in zip(weights, ahead, behind, strict=True)
    )
    with double(differentiating), dlcore.use_backend(differentiating):
        dtype = "float64"
        variables = {i: dlcore.Variable(wide[i], dtype=dtype) for i in shifts}

        def loss() -> Any:
            values = [
                variables[i].value
                if i in variables
                else ops.convert_to_tensor(x)
                if isinstance(x, np.ndarray)
                else x
                for i, x in enumerate(wide)
            ]
            total: Any = ops.convert_to_tensor(0.0, dtype=dtype)
            for w, f in zip(weights, called(values), strict=True):
                total = total + ops.sum(ops.multiply(ops.cast(f, dtype), w))
            return total, None

        runtime = backends.current().runtime
        step_ = runtime.value_and_grad(loss, list(variables.values()), [])
        (_, grads) = step_()
        grads = [ops.convert_to_numpy(g) for g in grads]
        assert all(g.dtype == dtype for g in grads)
    analytic = sum(
        float((g * s).sum()) for g, s in zip(grads, shifts.values(), strict=True)
    )
    # Bodies with constants of single precision are right to that.
    close = 1e-5 if row.op not in SINGLE else 2e-3
    assert analytic == pytest.approx(slope, rel=close, abs=close)


def test_every_op_is_differentiated_or_listed() -> None:
    tested = {r.op for r in TABLE}
    missing = sorted(set(REGISTRY) - tested - NONE)
    assert not missing
    assert sorted(NONE - set(REGISTRY)) == []
