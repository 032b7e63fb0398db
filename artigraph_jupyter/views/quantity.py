"""Sizes, durations, times and counts in few words."""

from __future__ import annotations

from datetime import datetime


def size_text(size: int | None) -> str:
    """Bytes in decimal units, two or three digits; empty for None.

    >>> [size_text(size) for size in (6, 8_140, 264_000, 29_400_000, None)]
    ['6 B', '8.1 KB', '264 KB', '29.4 MB', '']
    """
    if size is None:
        return ""
    if size < 1000:
        return f"{size} B"
    power = min(max(len(str(size)) - 1, 3) // 3, 5)
    value = size / 1000**power
    unit = _UNITS[power]
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:,.0f} {unit}"


_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def duration_text(seconds: float | None) -> str:
    """A duration; empty for None.

    >>> [duration_text(seconds) for seconds in (0.0004, 0.314, 2.31, 41.2, 312, 8000, None)]
    ['0.4 ms', '0.31 s', '2.3 s', '41.2 s', '5 min 12 s', '2 h 13 min', '']
    """
    if seconds is None:
        return ""
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms" if seconds < 0.00995 else f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 0.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def moment_text(moment: datetime | None) -> str:
    """Date and time where the notebook runs, to the minute: a saved output must not say "today"; empty for None."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else ""


def count_text(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> count_text(1, "field"), count_text(1284, "artifact"), count_text(2, "entry", "entries")
    ('1 field', '1,284 artifacts', '2 entries')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shape_text(shape: object) -> str:
    """Lengths of the axes of a frame or array.

    >>> shape_text([65470, 14]), shape_text([])
    ('65,470 × 14', '')
    """
    axes = shape if isinstance(shape, list | tuple) else ()
    return " × ".join(f"{axis:,}" if isinstance(axis, int) else str(axis) for axis in axes)
