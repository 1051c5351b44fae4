"""Ops in the graph of a model, as Keras' Operation objects describe them, and back.

Keras writes a call of an op as an object of a class, ``keras.src.ops.numpy.Reshape``,
made with the settings and called on the tensors. Which arguments are tensors is
said here once; classes are the functions' names in capitals.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from dlcore.src.errors import did_you_mean
from dlcore.src.ops.declare import REGISTRY

#: Module of Keras -> functions whose classes are there.
_MODULES = {
    "core": """
        cast saturate_cast scatter scatter_update slice slice_update stop_gradient
        unstack
    """,
    "einops": """
        rearrange
    """,
    "image": """
        affine_transform crop_images elastic_transform extract_patches
        extract_patches_3d gaussian_blur hsv_to_rgb map_coordinates pad_images
        perspective_transform resize rgb_to_grayscale rgb_to_hsv scale_and_translate
        sobel_edges ssim
    """,
    "linalg": """
        cholesky cholesky_inverse det eig eigh inv lstsq lu_factor matrix_rank norm
        pinv qr solve solve_triangular svd
    """,
    "math": """
        cdist erf erfc erfinv extract_sequences fft fft2 ifft2 in_top_k irfft istft
        logdet logsumexp rfft rsqrt segment_max segment_min segment_prod segment_sum
        stft top_k view_as_complex view_as_real
    """,
    "nn": """
        adaptive_average_pool adaptive_max_pool average_pool batch_normalization
        binary_crossentropy categorical_crossentropy celu conv conv_transpose
        ctc_loss depth_to_space depthwise_conv dot_product_attention elu fold gelu
        glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
        layer_normalization leaky_relu log_sigmoid log_softmax max_pool moments
        multi_hot normalize one_hot polar psnr relu relu6 rms_normalization selu
        separable_conv sigmoid silu soft_shrink softmax softplus softsign
        space_to_depth sparse_categorical_crossentropy sparse_plus sparse_sigmoid
        sparsemax squareplus swish tanh_shrink threshold unfold
    """,
    "numpy": """
        abs absolute add all allclose amax amin angle any append arange arccos
        arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition
        argsort array array_split average bincount bitwise_and bitwise_invert
        bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor
        broadcast_to cbrt ceil clip concatenate conj conjugate copy corrcoef
        correlate cos cosh count_nonzero cross cumprod cumsum deg2rad diag diagflat
        diagonal diff digitize divide divide_no_nan dot dsplit dstack einsum
        empty_like equal exp exp2 expand_dims expm1 fabs flip fliplr flipud floor
        floor_divide fmax fmin fmod full full_like gcd geomspace get_item greater
        greater_equal heaviside histogram hsplit hstack hypot i0 imag inner isclose
        isfinite isin isinf isnan isneginf isposinf isreal kron lcm ldexp left_shift
        less less_equal linspace log log10 log1p log2 logaddexp logaddexp2
        logical_and logical_not logical_or logical_xor logspace matmul max maximum
        mean median meshgrid min minimum mod moveaxis multiply nan_to_num nanargmax
        nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile
        nanprod nanquantile nanstd nansum nanvar ndim negative nextafter nonzero
        not_equal ones_like outer pad percentile power prod ptp quantile rad2deg
        ravel real reciprocal repeat reshape right_shift roll rot90 round
        searchsorted select sign signbit sin sinc sinh size slogdet sort split sqrt
        square squeeze stack std subtract sum swapaxes take take_along_axis tan tanh
        tensordot tile trace transpose trapezoid tril triu true_divide trunc unique
        unravel_index vander var vdot view vsplit vstack where zeros_like
    """,
}
#: Number of tensors -> functions that begin with so many; all others with one.
_TENSORS = {
    2: """
        add affine_transform allclose append arctan2 binary_crossentropy bitwise_and
        bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor
        categorical_crossentropy cdist conv conv_transpose correlate cross
        depthwise_conv digitize divide divide_no_nan dot equal floor_divide fmax
        fmin fmod full_like gcd geomspace get_item greater greater_equal heaviside
        hypot in_top_k inner isin kron lcm ldexp left_shift less less_equal linspace
        logaddexp logaddexp2 logical_and logical_or logical_xor logspace lstsq
        map_coordinates matmul maximum minimum mod multiply nanpercentile
        nanquantile nextafter not_equal outer percentile polar power psnr quantile
        right_shift rms_normalization scatter searchsorted segment_max segment_min
        segment_prod segment_sum slice solve solve_triangular
        sparse_categorical_crossentropy ssim subtract take take_along_axis tensordot
        true_divide vdot
    """,
    3: """
        arange layer_normalization perspective_transform rearrange scatter_update
        select separable_conv slice_update where
    """,
    4: """
        ctc_loss isclose scale_and_translate
    """,
    6: """
        dot_product_attention
    """,
}
#: Functions whose tensors are not their first arguments.
_NAMED = {
    "average": ("x", "weights"),
    "batch_normalization": ("x", "mean", "variance", "offset", "scale"),
    "einsum": ("operands",),
    "full": ("fill_value",),
    "pad": ("x", "constant_values"),
}
#: Functions that Keras has no class of its own for: the same under another name.
_SAME = {
    "abs": "absolute",
    "conj": "conjugate",
    "hard_swish": "hard_silu",
    "swish": "silu",
}
#: Classes that are not called after their functions.
_CLASSES = {
    "batch_normalization": "BatchNorm",
    "extract_patches_3d": "ExtractPatches",
    "layer_normalization": "LayerNorm",
    "rms_normalization": "RMSNorm",
}
#: Words that are written in capitals.
_CAPITALS = {
    **dict.fromkeys("ctc fft fft2 hsv ifft2 irfft istft psnr rfft".split(), str.upper),
    **dict.fromkeys("rgb rms ssim stft svd".split(), str.upper),
}
_JOINED = {
    "allclose": "AllClose",
    "cdist": "CDist",
    "isin": "IsIn",
    "searchsorted": "SearchSorted",
}

MODULES = {name: m for m, names in _MODULES.items() for name in names.split()}
_COUNTS = {name: n for n, names in _TENSORS.items() for name in names.split()}


def class_of(name: str) -> str:
    """Return the name of Keras' class for a function.

    Examples
    --------
    >>> class_of("rgb_to_hsv"), class_of("einsum")
    ('RGBToHSV', 'Einsum')
    """
    name = _SAME.get(name, name)
    found = _CLASSES.get(name) or _JOINED.get(name)
    if found is not None:
        return found
    words = name.split("_")
    return "".join(_CAPITALS.get(w, str.capitalize)(w) for w in words)


@functools.cache
def _functions() -> dict[str, str]:
    """Return ``module.Class -> function``."""
    own = [n for n in MODULES if n not in _SAME and n != "extract_patches_3d"]
    return {f"{MODULES[n]}.{class_of(n)}": n for n in own}


def tensors_of(name: str) -> tuple[str, ...]:
    """Return the names of a function's arguments that are tensors."""
    parameters = tuple(REGISTRY[name].signature.parameters)
    return _NAMED.get(name) or parameters[: _COUNTS.get(name, 1)]


def describe(function: Any, args: Any, kwargs: Any) -> tuple[dict[str, Any], Any, Any]:
    """Return a call of an op as ``(class and settings, arguments, by name)``.

    What Keras has no class for is described by its name in ``dlcore.ops``.
    """
    name = function.__name__
    if name not in MODULES:
        made = {"module": "dlcore.ops", "class_name": name, "config": {}}
        return {**made, "registered_name": None}, args, kwargs
    bound = REGISTRY[name].signature.bind(*args, **kwargs).arguments
    tensors = tensors_of(name)
    call: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in tensors:
        if parameter not in bound:
            continue
        value = bound.pop(parameter)
        kind = REGISTRY[name].signature.parameters[parameter].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            call += value
        elif len(call) == tensors.index(parameter):
            call.append(value)
        else:
            named[parameter] = value
    made = {
        "module": f"keras.src.ops.{MODULES[name]}",
        "class_name": class_of(name),
        "config": dict(bound),
        "registered_name": class_of(name),
    }
    return made, call, named


def is_operation(data: Mapping[str, Any]) -> bool:
    """Whether a configuration describes an op rather than a layer."""
    return str(data.get("module")).startswith(("dlcore.ops", "keras.src.ops."))


class DescribedOp:
    """A described op: called on the tensors, it calls the function.

    Parameters
    ----------
    data : dict
        ``{"module", "class_name", "config"}``.

    Raises
    ------
    ValueError
        If there is no such op.
    """

    def __init__(self, data: Mapping[str, Any]):
        module, name = data["module"], data["class_name"]
        if module != "dlcore.ops":
            place = module.removeprefix("keras.src.ops.")
            known = _functions()
            if f"{place}.{name}" not in known:
                classes = [k.rpartition(".")[2] for k in known]
                raise ValueError(
                    f"The model contains the op {module}.{name}, which is not known "
                    f"here.{did_you_mean(name, classes)}"
                )
            name = known[f"{place}.{name}"]
        elif name not in REGISTRY:
            raise ValueError(f"Unknown op {name!r}.{did_you_mean(name, REGISTRY)}")
        self.op = REGISTRY[name]
        self.settings = {k: v for k, v in data["config"].items() if k != "name"}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function on tensors, with the settings in their places."""
        if self.op.name == "get_item":  # JSON has no tuples
            args = tuple(tuple(a) if isinstance(a, list) else a for a in args)
        if not self.settings:
            return self.op.function(*args, **kwargs)
        tensors, given = list(args), {**self.settings, **kwargs}
        placed: list[Any] = []
        for name, parameter in self.op.signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                placed += tensors
                break
            if name in given:
                placed.append(given.pop(name))
            elif tensors:
                placed.append(tensors.pop(0))
            else:
                break
        return self.op.function(*placed, **given)
