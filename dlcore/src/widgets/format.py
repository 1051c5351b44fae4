"""Numbers as people read them."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """Write seconds as people read them.

    Examples
    --------
    >>> [duration(s) for s in (0.0123, 4.56, 75, 4000, None)]
    ['12 ms', '4.6 s', '1:15', '1:06:40', '?']
    """
    if seconds is None:
        return "?"
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(value: float) -> str:
    """Write a metric with four digits.

    Examples
    --------
    >>> [number(v) for v in (0.98765, 12.3456, 0.000123, 0.0, float("nan"))]
    ['0.9877', '12.346', '1.23e-04', '0.0000', 'nan']
    """
    size = abs(value)
    if value == 0 or 1e-3 <= size < 10:
        return f"{value:.4f}"
    if 10 <= size < 1e5:
        return f"{value:.5g}"
    return f"{value:.2e}"


def memory(size: float) -> str:
    """Write bytes as people read them.

    Examples
    --------
    >>> [memory(n) for n in (0, 3640, 5 * 1024**2)]
    ['0.00 B', '3.55 KB', '5.00 MB']
    """
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"
