"""Where in a gradient the wrong entries are, in rows and columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch


def placed(mismatch: Mismatch, wrong: Array) -> Mismatch:
    """Tell the place in rows and columns, and whether only some of them are wrong."""
    axes = {0: (), 1: ("entry",), 2: ("row", "column")}.get(
        wrong.ndim, tuple(f"axis {k}" for k in range(wrong.ndim))
    )
    place = dict(zip(axes, mismatch.index, strict=True))
    where: dict[str, list[Any]] = {}
    notes = []
    for k, axis in enumerate(axes):
        others = tuple(m for m in range(wrong.ndim) if m != k)
        there = np.flatnonzero(wrong.any(axis=others))
        where[axis] = [int(n) for n in there]
        if len(there) < wrong.shape[k]:
            notes.append(f"{_plural(axis, len(there))} {_ranges(there)} of {wrong.shape[k]}")
    note = f"wrong only in {', '.join(notes)}" if notes else ""
    return replace(mismatch, place=place, where=where, note=note)


def _plural(axis: str, count: int) -> str:
    if count == 1:
        return axis
    return {"entry": "entries"}.get(axis, f"{axis}s" if " " not in axis else axis)


def _ranges(numbers: Array) -> str:
    """Write numbers as ranges.

    Examples
    --------
    >>> _ranges(np.array([0, 1, 2, 5]))
    '0-2, 5'
    """
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
