"""The right gradients at one draw, by the first voter with whom the unmodified loss agrees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.slopes import Slopes, analytic_slope, exact_slope, unit
from reference.debugger.judging.voters import Abstains, by_entries, by_jax, by_tangents
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late
from reference.debugger.running.dual import duals
from reference.debugger.running.timebox import ExitError

if TYPE_CHECKING:
    from reference.debugger.judging.opinion import Opinion

_MOST_STEPS = 1500
_MOST_ENTRIES = {"tangents": 4000, "complex step": _MOST_STEPS}  # that a voter is asked about
_TO_COMPILE = 6.0  # seconds: JAX may need half of them
_A_VOTER = 5.0  # seconds that one may take
_OF_ALL = 0.5  # of the time that is left, what the entries one by one may take
_EXACT = 1e-6  # of a sum of terms, how far an exact voter may be off by its own rounding
_CONFIRMED = 1e-2  # of a slope, how well it must be known to confirm another
_UNKNOWN = 0.1  # of the largest entry: an entry that is not known better is left out


def reference_of(
    calls: Calls, draw: Draw, names: list[str], slopes: Slopes, seen: Opinion
) -> tuple[dict[str, Array], str]:
    """Return the right gradients and who told them.

    Returns
    -------
    dict, str
        No gradients, and who tells slopes, where there are too many entries to tell each.

    Raises
    ------
    Late
    """
    names = [name for name in names if name in draw.floats]
    if not names:
        return {}, ""
    steps = sum(draw.floats[name].size for name in names)
    if steps > _MOST_ENTRIES["tangents"] and is_analytic(calls, draw, names, slopes, seen):
        return _along_few(steps, "complex step", seen)
    rng = np.random.default_rng(0)
    ways = {name: unit(rng.standard_normal(draw.floats[name].shape)) for name in names}
    started = time.monotonic()
    true = {name: slopes.along({name: ways[name]}) for name in names}
    took = time.monotonic() - started
    seen.kinks = {name for name, told in true.items() if told.kink}
    voters: dict[str, Callable[[], dict[str, Array]]] = {
        "tangents": lambda: tangents(calls, draw, names),
        "complex step": lambda: by_entries(
            draw, names, lambda unit: analytic_slope(calls, draw, unit)
        ),
        "JAX": lambda: by_jax(calls.loss, draw, names, _at_most(calls)),  # last: it compiles
    }
    for who, ask in voters.items():
        if steps > _MOST_ENTRIES.get(who, steps) or who in calls.too_slow:
            continue
        if who == "JAX" and (steps > _MOST_STEPS or "complex step" in calls.too_slow):
            if is_analytic(calls, draw, names, slopes, seen):
                return _along_few(steps, "complex step", seen)
            if calls.left < _TO_COMPILE:
                continue
        found = _answer(calls, who, ask, seen)
        if found is None:
            continue
        off = [
            name
            for name, told in true.items()
            if math.isfinite(told)
            and not _agrees(found[name] * ways[name], told, told.error)
            and not slopes.are_for(
                {name: ways[name]}, float((found[name] * ways[name]).sum()), told
            )
        ]
        if not off and all(np.isfinite(gradient).all() for gradient in found.values()):
            known = any(told.error <= _CONFIRMED * abs(told) for told in true.values())
            seen.voters |= {who, "differences"} if known else {who}
            return found, who
        seen.reasons.append(f"{who}: the unmodified loss has another slope along {off or names}")
    seen.voters.add("differences")
    if steps * took / max(len(names), 1) > _OF_ALL * calls.left:
        return _along_few(steps, "differences", seen)
    return _by_differences(draw, names, slopes, seen), "differences"


def tangents(calls: Calls, draw: Draw, names: list[str]) -> dict[str, Array]:
    """Return the gradients by one run on numbers with tangents, also in what is kept."""
    with calls.in_numbers(duals, 20_000):
        return by_tangents(calls.loss, draw, names, calls.code)


def _answer(
    calls: Calls, who: str, ask: Callable[[], dict[str, Array]], seen: Opinion
) -> dict[str, Array] | None:
    calls.restore()
    try:
        return calls.quietly(ask, at_most=_at_most(calls))
    except (Abstains, ExitError) as why:
        seen.reasons.append(f"{who}: {why}")
    except Late:
        calls.too_slow.add(who)
        seen.reasons.append(f"{who}: takes too long")
    finally:
        calls.restore()
    return None


def _at_most(calls: Calls) -> float:
    """Return the seconds that a voter may take."""
    return min(_A_VOTER, 0.6 * calls.left)


def _agrees(terms: Array, told: float, error: float) -> bool:
    said, size = float(terms.sum()), float(np.abs(terms).sum())
    return abs(said - told) <= _EXACT * size + error


def _along_few(steps: int, who: str, seen: Opinion) -> tuple[dict[str, Array], str]:
    seen.reasons.append(
        f"{steps} entries are too many to look at each: gradients are compared along a few "
        "directions"
    )
    return {}, who


def _by_differences(
    draw: Draw, names: list[str], slopes: Slopes, seen: Opinion
) -> dict[str, Array]:
    """Return gradients by differences along every entry, NaN where there is none to be had."""
    errors: list[float] = []

    def told(way: dict[str, Any]) -> float:
        slope = slopes.along(way)
        errors.append(slope.error)
        return slope

    found = {}
    for name in names:
        errors.clear()
        (gradient,) = by_entries(draw, [name], told).values()
        off = np.reshape(errors, gradient.shape)
        largest = float(np.nan_to_num(np.abs(gradient)).max(initial=0.0))
        usual = float(np.median(off)) if off.size else 0.0
        known = off <= max(_UNKNOWN * largest, 2 * usual)
        found[name] = np.where(known, gradient, np.nan)
        seen.vague[name] = float(off[known].max(initial=0.0))
    return found


def is_analytic(calls: Calls, draw: Draw, names: list[str], slopes: Slopes, seen: Opinion) -> bool:
    """Return whether a complex step tells the slope of the loss that differences do.

    It is exact where differences drown, as those of a loss of seven digits; where these cannot
    tell at all, it is taken for right, and what it says is confirmed later on.
    """
    rng = np.random.default_rng(0)
    way = {name: unit(rng.standard_normal(draw.floats[name].shape)) for name in names}
    true = slopes.along(way)
    try:
        exact = exact_slope(calls, draw, way)
    except (Abstains, ExitError, Late) as why:
        seen.reasons.append(f"complex step: {why or 'takes too long'}")
        return False
    finally:
        calls.restore()
    if not math.isfinite(exact):
        return False
    if math.isfinite(true) and abs(exact - true) > 10 * _EXACT * abs(true) + true.error:
        seen.reasons.append("complex step: the unmodified loss has another slope")
        return False
    known = true.error <= _CONFIRMED * abs(true)
    seen.voters |= {"complex step", "differences"} if known else {"complex step"}
    return True
