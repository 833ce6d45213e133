"""Gradients of large arrays, judged along a few directions: entry by entry would take too long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch
from reference.debugger.judging.voters import precision

_DIRECTIONS = 2
ROUGH = 1e-5
_EXACT = 1e-7  # where slopes are exact
SINGLE = 1e-3  # for numbers of seven digits

Slope = Callable[[Array], float]  # of the loss along a direction, NaN where it has none
Confirmed = Callable[[Array, float, float], bool]
"""Whether others, too, see the second slope along a direction rather than the first."""


def along(
    name: str,
    manual: Array,
    slope: Slope,
    here: float,
    single: bool = False,
    confirmed: Confirmed | None = None,
) -> Mismatch | str | None:
    """Compare a gradient with slopes of the loss along random directions.

    Parameters
    ----------
    name : str
    manual : ndarray
        The user's gradient.
    slope : callable
    here : float
        The loss, where `slope` is off by what rounding makes of it; 0 where it is exact.
    single : bool
        Whether the program computes with seven digits.
    confirmed : callable, optional
        Asked before a mismatch is told.

    Returns
    -------
    Mismatch, str or None
        A mismatch with one entry that is wrong; or why nothing can be told; or None where all
        directions agree.
    """
    rough = SINGLE if single else ROUGH if here else _EXACT
    rng = np.random.default_rng(2)
    for _ in range(_DIRECTIONS):
        direction = rng.standard_normal(manual.shape)
        direction /= np.linalg.norm(direction) or 1.0
        true = slope(direction)
        if np.isnan(true):
            return "the loss has a kink there, or is too rough for differences to tell"
        if _is_off(manual, direction, true, here, rough):
            told = float((manual * direction).sum())
            if confirmed is not None and not confirmed(direction, told, true):
                return "differences cannot tell who is right"
            return _worst(name, manual, slope, direction, here, rough)
    return None


def _is_off(manual: Array, direction: Array, true: float, here: float, rough: float) -> bool:
    told = float((manual * direction).sum())
    size = float(np.linalg.norm(manual * direction))
    slack = 10 * precision(size, here) if here else 0.0
    return not abs(told - true) <= rough * max(size, abs(true)) + slack


def _worst(
    name: str, manual: Array, slope: Slope, direction: Array, here: float, rough: float
) -> Mismatch | str:
    """Return an entry on which the two sides differ: the largest, or one found by halving."""
    found = _at(name, manual, slope, int(np.abs(manual).argmax()), here, rough)
    if found is not None:
        return found
    flat = np.arange(manual.size)
    gap = float(slope(direction) - (manual * direction).sum())
    while len(flat) > 1:
        first, second = np.array_split(flat, 2)
        part = np.zeros(manual.size)
        part[first] = direction.ravel()[first]
        part = part.reshape(manual.shape)
        gap_of_first = float(slope(part) - (manual * part).sum())
        is_first = abs(gap_of_first) >= abs(gap - gap_of_first)
        flat, gap = (first, gap_of_first) if is_first else (second, gap - gap_of_first)
    return _at(name, manual, slope, int(flat[0]), here, rough) or (
        "it differs from differences along a direction, but in no entry that can be told"
    )


def _at(
    name: str, manual: Array, slope: Slope, entry: int, here: float, rough: float
) -> Mismatch | None:
    """Return the mismatch at an entry, if there is one."""
    index = tuple(int(k) for k in np.unravel_index(entry, manual.shape))
    unit = np.zeros(manual.shape)
    unit[index] = 1.0
    mine, true = float(manual[index]), slope(unit)
    if np.isnan(true) or not _is_off(manual, unit, true, here, rough):
        return None
    slack = 10 * precision(abs(mine), here) if here else 0.0
    explained = float(rough * max(abs(mine), abs(true)) + slack)
    note = "the others were not looked at"
    return Mismatch("TOTAL", name, index, {}, mine, true, abs(mine - true), explained, 1,
                    manual.size, note=note)  # fmt: skip
