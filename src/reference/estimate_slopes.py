"""Whether a numerical gradient agrees along a direction, which all entries of an array share in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from reference.evaluations import Entry, Evaluations, OutOfTime


@dataclass(frozen=True)
class Along:
    """What is seen along one direction of an array.

    Parameters
    ----------
    agrees : bool or None
        None where the loss has no slope that can be told, or there was no time.
    entry : Entry, optional
        One that is off, if it does not agree.
    """

    agrees: bool | None
    entry: Entry | None = None


def along(
    evaluations: Evaluations,
    name: str,
    estimate: Array,
    given: Array,
    allowed: Callable[[int], float],
    *,
    is_analytic: bool,
) -> Along:
    """Compare the slopes along signs drawn at random, at the entries that are given.

    Parameters
    ----------
    evaluations : Evaluations
    name : str
    estimate : ndarray
    given : ndarray of bool
    allowed : callable
        By how much the slope over so many entries may be off.
    is_analytic : bool
        Whether the complex step is to be trusted.
    """
    rng = np.random.default_rng(1)
    signs = rng.choice([-1.0, 1.0], size=estimate.shape)
    mine = np.where(given, estimate, 0.0) * signs

    def off(part: Array) -> float:
        way = np.zeros(estimate.size)
        way[part] = signs.ravel()[part]
        way = way.reshape(estimate.shape)
        if is_analytic:
            slope, doubt = evaluations.complex_step(name, way), 0.0
        else:
            slope, doubt = evaluations.slope(name, way)
        gap = float(mine.ravel()[part].sum()) - slope
        return gap if doubt <= allowed(part.size) else np.nan

    part = np.flatnonzero(given)
    try:
        gap = off(part)
        if not np.isfinite(gap):
            return Along(None)
        if abs(gap) <= allowed(part.size):
            return Along(True)
        while part.size > 1:  # the half that is off by more is off as well
            first, second = part[: part.size // 2], part[part.size // 2 :]
            left = off(first)
            if not np.isfinite(left):
                return Along(False)
            part, gap = (first, left) if abs(left) >= abs(gap - left) else (second, gap - left)
    except OutOfTime:
        return Along(None if part.size == given.sum() else False)
    except Exception:  # what a loss says to numbers that it doesn't know
        return Along(None)
    index = np.unravel_index(part[0], estimate.shape)
    return Along(False, Entry(name, tuple(map(int, index))))
