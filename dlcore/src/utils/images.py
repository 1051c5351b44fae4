"""Pictures as arrays, and back."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcore import ops
from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.ops.nn.convolution import channels_last

if TYPE_CHECKING:
    from PIL.Image import Image

COLORS = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
#: Pillow's modes of one channel that a grayscale picture may keep.
_GRAY = ("L", "I;16", "I")
_INTERPOLATION = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


@export("dlcore.utils.array_to_img", "dlcore.preprocessing.image.array_to_img")
def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Image:
    """Make a picture of Pillow from an array.

    Parameters
    ----------
    x : array-like, shape (height, width, channels)
        Or channels first; 1, 3 or 4 channels.
    data_format : {"channels_last", "channels_first"}, optional
    scale : bool
        Whether to stretch the values to 0 ... 255.
    dtype : str, optional
        In which to compute; ``floatx()`` by default.

    Raises
    ------
    ValueError
        If the array is no picture.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> dlcore.utils.array_to_img(np.zeros((2, 3, 3))).size
    (3, 2)
    """
    from PIL import Image

    array = np.array(ops.convert_to_numpy(x), dtype=dtype or config.floatx())
    if array.ndim != 3:
        raise ValueError(
            "array_to_img: `x` must be one picture, with three dimensions, got the "
            f"shape {array.shape}."
        )
    if not channels_last(data_format):
        array = array.transpose(1, 2, 0)
    channels = array.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(
            f"array_to_img: a picture has 1, 3 or 4 channels, got {channels}: shape "
            f"{array.shape}. Is data_format right?"
        )
    if scale:
        array -= array.min()
        array /= array.max() or 1
        array *= 255
    if channels > 1:
        return Image.fromarray(array.astype("uint8"))
    wide = array.max() > 255
    return Image.fromarray(array[:, :, 0].astype("int32" if wide else "uint8"))


@export("dlcore.utils.img_to_array", "dlcore.preprocessing.image.img_to_array")
def img_to_array(
    img: Any, data_format: str | None = None, dtype: Any = None
) -> np.ndarray[Any, Any]:
    """Make an array from a picture of Pillow.

    Parameters
    ----------
    img : PIL.Image.Image
    data_format : {"channels_last", "channels_first"}, optional
    dtype : str, optional
        ``floatx()`` by default.

    Returns
    -------
    ndarray, shape (height, width, channels)
        Or channels first.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> picture = dlcore.utils.array_to_img(np.zeros((2, 3, 3)))
    >>> dlcore.utils.img_to_array(picture).shape
    (2, 3, 3)
    """
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"img_to_array: a picture cannot have the shape {x.shape}.")
    return x if channels_last(data_format) else x.transpose(2, 0, 1)


@export("dlcore.utils.save_img", "dlcore.preprocessing.image.save_img")
def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as a picture.

    Parameters
    ----------
    path : path-like or binary file
    x : array-like, shape (height, width, channels)
        Or channels first.
    data_format : {"channels_last", "channels_first"}, optional
    file_format : str, optional
        By default what the ending of ``path`` says; needed for a file.
    scale : bool
        Whether to stretch the values to 0 ... 255.
    **kwargs
        For Pillow's ``save``.

    Examples
    --------
    >>> import dlcore, io, numpy as np
    >>> dlcore.utils.save_img(io.BytesIO(), np.zeros((2, 3, 3)), file_format="png")
    """
    img = array_to_img(x, data_format, scale)
    if file_format is None and isinstance(path, str | os.PathLike):
        file_format = Path(path).suffix[1:]
    if file_format and file_format.lower() in ("jpg", "jpeg"):
        file_format = "jpeg"
        if img.mode == "RGBA":
            warnings.warn(
                "The JPEG format does not support RGBA images, converting to RGB.",
                stacklevel=2,
            )
            img = img.convert("RGB")
    img.save(path, format=file_format or None, **kwargs)


@export("dlcore.utils.load_img", "dlcore.preprocessing.image.load_img")
def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """Read a picture with Pillow.

    Parameters
    ----------
    path : path-like or io.BytesIO
    color_mode : {"rgb", "rgba", "grayscale"}
    target_size : tuple (height, width), optional
    interpolation : {"nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"}
    keep_aspect_ratio : bool
        Whether to cut off what does not fit instead of distorting the picture.

    Raises
    ------
    ValueError
        If ``color_mode`` or ``interpolation`` is unknown.
    TypeError
        If ``path`` is none.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.load_img("cat.jpg", target_size=(64, 64))  # doctest: +SKIP
    <PIL.Image.Image image mode=RGB size=64x64>
    """
    from PIL import Image

    for name, value, known in (
        ("color_mode", color_mode, tuple(COLORS)),
        ("interpolation", interpolation, _INTERPOLATION),
    ):
        if value not in known:
            raise ValueError(
                f"load_img: unknown {name}={value!r}." + did_you_mean(value, known)
            )
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if isinstance(path, str | os.PathLike):
        path = io.BytesIO(Path(path).read_bytes())
    if not isinstance(path, io.BytesIO):
        raise TypeError(
            f"load_img: `path` must be path-like or io.BytesIO, got {type(path)}."
        )
    img: Image.Image = Image.open(path)
    mode = COLORS[color_mode]
    if img.mode != mode and not (mode == "L" and img.mode in _GRAY):
        img = img.convert(mode)
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    height, width = target_size
    resample = Image.Resampling[interpolation.upper()]
    box = _centre(img.size, width, height) if keep_aspect_ratio else None
    return img.resize((width, height), resample, box=box)


def _centre(
    size: tuple[int, int], width: int, height: int
) -> tuple[int, int, int, int]:
    """Return the largest box in the middle that has the proportions of a target."""
    w, h = size
    inner_w, inner_h = min(w, h * width // height), min(h, w * height // width)
    left, top = (w - inner_w) // 2, (h - inner_h) // 2
    return left, top, left + inner_w, top + inner_h


@export("dlcore.preprocessing.image.smart_resize")
def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
) -> Any:
    """Resize pictures without distortion: what does not fit is cut off.

    Parameters
    ----------
    x : tensor, shape (height, width, channels) or (batch, height, width, channels)
        Or channels first.
    size : tuple (height, width)
    interpolation : str
        As for ``dlcore.ops.image.resize``.
    data_format : {"channels_last", "channels_first"}

    Returns
    -------
    tensor
        A numpy array for a numpy array.

    Raises
    ------
    ValueError
        If ``size`` is not a pair, or ``x`` no pictures.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> pictures = np.zeros((10, 20, 3))
    >>> dlcore.preprocessing.image.smart_resize(pictures, (5, 5)).shape
    (5, 5, 3)
    """
    if len(size) != 2:
        raise ValueError(
            f"smart_resize: `size` must be a tuple of 2 integers, got {size!r}."
        )
    img = ops.convert_to_tensor(x)
    if img.ndim not in (3, 4):
        raise ValueError(
            "smart_resize: `x` must be a picture (height, width, channels) or a batch "
            f"of them, got the shape {tuple(img.shape)}."
        )
    last = data_format == "channels_last"
    h, w = img.shape[-3:-1] if last else img.shape[-2:]
    left, top, right, bottom = _centre((int(w), int(h)), size[1], size[0])
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    rows, columns = slice(top, bottom), slice(left, right)
    img = img[..., rows, columns, :] if last else img[..., rows, columns]
    found = ops.image.resize(
        img, size, interpolation=interpolation, data_format=data_format
    )
    return ops.convert_to_numpy(found) if isinstance(x, np.ndarray) else found
