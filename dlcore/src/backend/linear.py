"""Linear algebra and Fourier transforms: numpy, jax and torch name them alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.src.ops import fourier, linalg


def fill(
    namespace: dict[str, Any], library: Any, floats: Callable[..., list[Any]]
) -> None:
    """Put the functions of ``library.linalg`` and ``library.fft`` under their names.

    Parameters
    ----------
    namespace : dict
        ``globals()`` of a backend's file.
    library : module
    floats : Callable
        Makes tensors of the promoted dtype, floating.
    """

    def checked(rule: Any, fn: Any) -> Any:
        def op(*args: Any, **kwargs: Any) -> Any:
            rule(*args, **kwargs)
            return fn(*args, **kwargs)

        return op

    def cholesky(x: Any, upper: bool = False) -> Any:
        linalg._square_rule(x)
        factor = library.linalg.cholesky(*floats(x))
        return library.swapaxes(factor, -1, -2) if upper else factor

    def plain(name: str) -> Any:
        return lambda x: getattr(library.linalg, name)(*floats(x))

    def pair(name: str) -> Any:
        return lambda x: tuple(getattr(library.linalg, name)(*floats(x)))

    def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
        (x,) = floats(x)
        if not compute_uv:
            return library.linalg.svd(x, full_matrices=False)[1]
        return tuple(library.linalg.svd(x, full_matrices=full_matrices))

    def solve(a: Any, b: Any) -> Any:
        linalg._solve_rule(a, b)
        a, b = floats(a, b)
        if b.ndim == a.ndim - 1:
            return library.linalg.solve(a, b[..., None])[..., 0]
        return library.linalg.solve(a, b)

    def qr(x: Any, mode: str = "reduced") -> Any:
        return tuple(library.linalg.qr(*floats(x), mode=mode))

    def parts(z: Any, like: Any) -> Any:
        dtype = like.dtype
        return tuple(_as(v, dtype) for v in (library.real(z), library.imag(z)))

    def transform(name: str) -> Any:
        def op(x: Any) -> Any:
            real, imag = floats(*x)
            return parts(getattr(library.fft, name)(real + 1j * imag), real)

        return op

    def rfft(x: Any, fft_length: Any = None) -> Any:
        (x,) = floats(x)
        return parts(library.fft.rfft(x, fft_length), x)

    def irfft(x: Any, fft_length: Any = None) -> Any:
        real, imag = floats(*x)
        return _as(library.fft.irfft(real + 1j * imag, fft_length), real.dtype)

    table = {
        "cholesky": cholesky,
        "det": checked(linalg._det_rule, plain("det")),
        "slogdet": checked(linalg._det_rule, pair("slogdet")),
        "eigh": checked(linalg._eigh_rule, pair("eigh")),
        "inv": checked(linalg._inv_rule, plain("inv")),
        "svd": checked(linalg._svd_rule, svd),
        "solve": solve,
        "qr": checked(linalg._qr_rule, qr),
        "fft": checked(fourier._pair_rule, transform("fft")),
        "fft2": checked(fourier._pair2_rule, transform("fft2")),
        "ifft2": checked(fourier._pair2_rule, transform("ifft2")),
        "rfft": rfft,
        "irfft": checked(fourier._irfft_rule, irfft),
    }
    for name, function in table.items():
        namespace.setdefault(name, function)


def _as(x: Any, dtype: Any) -> Any:
    return (
        x if x.dtype == dtype else x.to(dtype) if hasattr(x, "to") else x.astype(dtype)
    )
