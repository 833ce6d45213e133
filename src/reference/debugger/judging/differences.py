"""The slope of somebody's loss by central differences, with how far it may be off.

The rounding of a loss is not known beforehand: a buffer of float32 somewhere in it leaves seven
digits of sixteen. Five values at equal distances tell it. Their fourth difference would be nothing
for a cubic; what it is shows rounding, and a kink as well. A step that is too narrow for the
rounding, or too wide for a kink nearby, is followed by others.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

# No round numbers: what is rounded to a decimal, or to float32, is told from what happens to be.
STEP = math.pi / 3 * 1e-4
NARROW = 1e-2 * STEP
_WIDE = (1e2 * STEP, 1e3 * STEP, 1e1 * STEP)
_SAFETY = 16.0
_OF_FOURTH = math.sqrt(70.0)  # by which a fourth difference exceeds the rounding of one value
_SEVEN = float(np.finfo(np.float32).eps)
_SIXTEEN = 4 * float(np.finfo(np.float64).eps)
_PLACES = 9  # decimals that a rounded loss may have
_SHORT = 1e-10  # of a value: rounding beyond what sixteen digits leave


class Slope(float):
    """A slope.

    Parameters
    ----------
    value : float
        NaN where there is none to be had.
    error : float
        How far it may be off.
    kink : bool
        Whether the loss has other slopes on both sides, however near.
    rounding : float
        Of one value of the loss.
    size : float
        The largest value of the loss that was met.
    seven : bool
        Whether all values that were met are numbers of float32.
    flat : bool
        Whether all values that were met are the same.
    """

    error: float
    kink: bool
    rounding: float
    size: float
    seven: bool
    flat: bool

    def __new__(  # noqa: D102
        cls,
        value: float,
        error: float = 0.0,
        kink: bool = False,
        rounding: float = 0.0,
        size: float = 0.0,
        seven: bool = False,
        flat: bool = False,
    ) -> Slope:
        slope = super().__new__(cls, value)
        slope.error, slope.kink, slope.rounding = error, kink, rounding
        slope.size, slope.seven, slope.flat = size, seven, flat
        return slope

    @property
    def short(self) -> bool:
        """Whether the loss is computed with fewer digits than doubles have."""
        return self.seven or self.rounding > _SHORT * self.size


NONE = Slope(math.nan, math.inf)


def slope_of(value_at: Callable[[float], float], need: float = 0.0, usual: float = 0.0) -> Slope:
    """Return the slope of a function at 0.

    Parameters
    ----------
    value_at : callable
        NaN where the function has no value.
    need : float
        An error that is small enough.
    usual : float
        The rounding of the function along other directions.

    Examples
    --------
    >>> slope_of(np.sin), slope_of(lambda x: float(np.float32(1 + np.sin(x)))).error < 1e-4
    (1.0, True)
    >>> slope_of(abs).kink, slope_of(lambda x: abs(x + 3e-5)).kink
    (True, False)
    """
    here = value_at(0.0)
    first, bend = _at(value_at, here, STEP, usual)
    if first.error <= _enough(first, need):
        return first
    found = [first]
    if not first.flat and not first.seven and usual <= _SHORT * first.size:
        # What no rounding is may be a kink nearby, or at the very point: then the bend stays.
        narrow, bends = _at(value_at, here, NARROW, usual)
        if 0.5 * bend <= bends <= 2 * bend and bends * NARROW > _SAFETY * _SIXTEEN * first.size:
            return Slope(narrow, max(narrow.error, bends), kink=True, size=narrow.size)
        found.append(narrow)
        if narrow.error <= _enough(narrow, need):
            return narrow
    for h in _WIDE[1:2] if first.flat else _WIDE:
        wide, _ = _at(value_at, here, h, usual)
        found.append(wide)
        if wide.error <= _enough(wide, need):
            return wide
    return min(found, key=lambda slope: slope.error)


def wide_slope_of(value_at: Callable[[float], float]) -> Slope:
    """Return the slope of a function at 0 by steps over which a term that stands still moves.

    Where digits are lost, as in ``log(1 - p)`` of a p near 1, a term stays the same for a while,
    and what narrow steps see is the slope of the others.
    """
    here = value_at(0.0)
    return min((_at(value_at, here, h, 0.0)[0] for h in _WIDE), key=lambda slope: slope.error)


def _enough(slope: Slope, need: float) -> float:
    if need:
        return need
    return 1e-5 * abs(slope) + 1e-9 * slope.size


def _at(
    value_at: Callable[[float], float], here: float, h: float, usual: float
) -> tuple[Slope, float]:
    """Return the slope by steps of one width, and how far the slope changes over one."""
    far_behind, behind, ahead, far_ahead = (value_at(k * h) for k in (-2, -1, 1, 2))
    values = far_behind, behind, here, ahead, far_ahead
    if not all(map(math.isfinite, values)):
        return NONE, math.nan
    size = max(map(abs, values))
    fourth = abs(far_behind - 4 * behind + 6 * here - 4 * ahead + far_ahead) / _OF_FOURTH
    seven = all(float(np.float32(value)) == value for value in values)
    rounding = max(fourth, usual, size * (_SEVEN if seven else _SIXTEEN), _decimals(values))
    fine, coarse = (ahead - behind) / (2 * h), (far_ahead - far_behind) / (4 * h)
    slope, step = (4 * fine - coarse) / 3, abs(coarse - fine)
    # What is left after the extrapolation, if each order is as much smaller than the last.
    left = min(step, step * step / abs(slope)) if slope else step
    error = _SAFETY * rounding / h + left + 1e-7 * abs(slope)
    bend = abs(ahead - 2 * here + behind) / h
    flat = max(values) == min(values)
    if flat and h < max(_WIDE):
        error = math.inf  # a step of a staircase, perhaps
    return Slope(slope, error, False, rounding, size, seven, flat), bend


def _decimals(values: tuple[float, ...]) -> float:
    """Return the last decimal place that values have in common, if they are rounded to one."""
    if max(values) == min(values):
        return 0.0
    places = (k for k in range(_PLACES + 1) if all(round(value, k) == value for value in values))
    place = next(places, None)
    return 0.0 if place is None else 10.0**-place
