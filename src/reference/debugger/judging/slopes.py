"""The slope of a loss along a direction: by differences, and by a complex step."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.differences import STEP, Slope, slope_of, wide_slope_of
from reference.debugger.judging.voters import complex_step, moved
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, NoLoss
from reference.debugger.running.complex_numpy import analytic

_LEAP = 10.0
_AT_LEAST, _PART = 5.0, 0.3  # seconds, and of those left, that one complex step may take
_MOST_KEPT = 2_000_000  # entries of an array that lives on
_SIDES = 0.25  # a slope is seen that is nearer than this part of the gap to another
_MEMORY = 9  # slopes whose roundings are remembered


class Slopes:
    """Slopes of the unmodified loss at one draw, each with how far it may be off.

    All arrays of floats are doubles where the loss is moved: one that stayed shorter would round
    all that it meets.

    Parameters
    ----------
    calls : Calls
    draw : Draw

    Attributes
    ----------
    here : float
        The loss at the draw.

    Raises
    ------
    NoLoss, Late
        If there is no loss to be had there.
    """

    def __init__(self, calls: Calls, draw: Draw) -> None:
        self._calls = calls
        self._roundings: list[float] = []
        self._draw = draw.map_floats(np.copy)
        try:
            self.here = calls.value(self._draw)
        except NoLoss:  # it takes no doubles
            self._draw, self.here = draw, calls.value(draw)

    @property
    def short(self) -> bool:
        """Whether the loss is computed with fewer digits than doubles have."""
        return Slope(0.0, rounding=self._rounding, size=abs(self.here)).short

    @property
    def _rounding(self) -> float:
        few = len(self._roundings) < 3
        return 0.0 if few else statistics.median(self._roundings[-_MEMORY:])

    @cached_property
    def _is_stepped(self) -> bool:
        """Whether the loss stays as it is in a step through all arrays, but not in a leap."""
        rng = np.random.default_rng(6)
        floats = self._draw.floats
        way = {name: unit(rng.standard_normal(array.shape)) for name, array in floats.items()}

        def stays(h: float) -> bool:
            with suppress(NoLoss):
                return self._calls.value(moved(self._draw, way, h)) == self.here
            return False

        return stays(STEP) and stays(-STEP) and not stays(_LEAP)

    def along(self, direction: dict[str, Array], need: float = 0.0) -> Slope:
        """Return the slope along a direction; `need` is an error that is small enough."""
        slope = slope_of(self._values(direction), need, self._rounding)
        if slope.flat and self._is_stepped:
            return Slope(0.0, math.inf, size=slope.size)
        if math.isfinite(slope) and not slope.kink and not slope.flat:
            self._roundings.append(slope.rounding)
        return slope

    def are_for(self, direction: dict[str, Array], slope: float, rather_than: float) -> bool:
        """Return whether wide steps clearly see one slope rather than another."""
        near = _SIDES * abs(slope - rather_than)
        wide = wide_slope_of(self._values(direction))
        return wide.error <= near and abs(wide - slope) <= near

    def _values(self, direction: dict[str, Array]) -> Callable[[float], float]:
        def value_at(h: float) -> float:
            if not h:
                return self.here
            try:
                return self._calls.value(moved(self._draw, direction, h))
            except NoLoss:
                return math.nan

        return value_at


def exact_slope(calls: Calls, draw: Draw, direction: dict[str, Array]) -> float:
    """Return the slope of a large loss by a complex step, in bounded time."""
    at_most = max(_AT_LEAST, _PART * calls.left)
    try:
        return calls.quietly(lambda: analytic_slope(calls, draw, direction), at_most)
    finally:
        calls.restore()  # what it keeps would be complex


def analytic_slope(calls: Calls, draw: Draw, direction: dict[str, Array]) -> float:
    """Return the slope of the loss by a complex step."""
    if calls.stateful:
        calls.restore()
    with calls.in_numbers(lambda array: analytic(array.astype(complex)), _MOST_KEPT):
        return complex_step(calls.loss, draw, direction, calls.code)


def unit(direction: Array) -> Array:
    """Return a direction of length 1."""
    norm = float(np.linalg.norm(direction))
    return direction / norm if norm else direction
