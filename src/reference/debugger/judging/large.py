"""Gradients of large arrays: slopes along a few directions, told by whoever tells them best.

All gradients are looked at together first, in one direction in which each has its share; where
they do not agree with the loss, half of them, and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.along import VAGUE, along, tolerance
from reference.debugger.judging.differences import Slope
from reference.debugger.judging.missing import of_wrong_shape
from reference.debugger.judging.siding import KINK
from reference.debugger.judging.slopes import Slopes, exact_slope, unit
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late, as_floats

if TYPE_CHECKING:
    from reference.debugger.judging.opinion import Opinion

_DIRECTIONS = 2
_TOGETHER = 3  # gradients that are looked at one by one where they do not agree together
_PLAIN = 1e-2
_SIDES = 0.25  # a slope is seen where differences are nearer to it than this part of the gap


def judge_large(
    calls: Calls,
    draw: Draw,
    gradients: Mapping[str, Any],
    who: str,
    slopes: Slopes,
    seen: Opinion,
) -> None:
    """Judge the gradients of large arrays.

    Parameters
    ----------
    calls, draw
    gradients : mapping
        As the backward returns them.
    who : {"complex step", "differences"}
        Who tells slopes.
    slopes : Slopes
        Of the loss at the draw.
    seen : Opinion
        Is told what comes of it, also what is known when the time is up. Where one is wrong, the
        time that a line needs is left.

    Raises
    ------
    Late
    """
    manual: dict[str, Array] = {}
    for name, gradient in gradients.items():
        floats = as_floats(gradient)
        if floats is None or floats.shape != draw.floats[name].shape:
            finding, seen.wrong[name] = of_wrong_shape(calls, draw, name, floats)
            seen.findings.append(finding)
        elif not np.isfinite(floats).all():
            seen.undecided[name] = ("it is not finite", False)
        else:
            manual[name] = floats
    is_exact = who == "complex step"

    def told(way: dict[str, Array], need: float = 0.0) -> float:
        return exact_slope(calls, draw, way) if is_exact else slopes.along(way, need)

    given = (*gradients.values(), *draw.params.values(), *draw.inputs.values())
    single = slopes.short or any(
        getattr(value, "dtype", None) in (np.float32, np.float16) for value in given
    )
    asked = _Asked(told, slopes, is_exact, single)
    # A gradient of nothing but zeros has no share in a direction: it would hide.
    alone = [name for name in manual if not manual[name].any()]
    together = {name: manual[name] for name in manual if name not in alone}
    waiting = [[name] for name in alone] + ([list(together)] if together else [])
    apart = 0  # groups that did not agree
    while waiting:
        group = waiting.pop()
        if seen.wrong and calls.enough:
            raise Late
        if len(group) > 1 and asked.agree({name: manual[name] for name in group}):
            seen.right += group
        elif len(group) > 1:
            apart += 1
            half = len(group) // 2 if len(group) > _TOGETHER and apart < _TOGETHER else 1
            waiting += reversed([group[k : k + half] for k in range(0, len(group), half)])
        else:
            asked.judge(group[0], manual[group[0]], seen)


class _Asked:
    """Whoever tells slopes."""

    def __init__(self, told: Any, slopes: Slopes, is_exact: bool, single: bool) -> None:
        self._told, self._slopes = told, slopes
        self._is_exact, self._single = is_exact, single

    def agree(self, manual: Mapping[str, Array]) -> bool:
        """Return whether gradients all agree with the loss, along directions through all."""
        rng = np.random.default_rng(4)
        rough = tolerance(self._single, self._is_exact)
        for _ in range(_DIRECTIONS):
            way, said, size = {}, 0.0, 0.0
            for name, gradient in manual.items():
                direction = unit(rng.standard_normal(gradient.shape))
                share = float(np.linalg.norm(gradient * direction))
                way[name] = direction / share
                said += float((gradient * way[name]).sum())
                size += 1.0
            longest = max(float(np.linalg.norm(direction)) for direction in way.values())
            way = {name: direction / longest for name, direction in way.items()}
            said, size = said / longest, np.sqrt(size) / longest
            true = self._told(way)
            error = true.error if isinstance(true, Slope) else 0.0
            if not (abs(said - true) <= rough * size and error <= rough * size):
                return False
        return True

    def judge(self, name: str, manual: Array, seen: Opinion) -> None:
        """Judge a gradient alone."""

        def confirmed(direction: Array, said: float, true: float) -> bool:
            if not self._is_exact:
                return not self._slopes.are_for({name: direction}, said, rather_than=true)
            gap = abs(said - true)
            if "differences" in seen.voters and gap > _PLAIN * max(abs(said), abs(true)):
                return True  # they have seen the complex step right along all arrays
            told = self._slopes.along({name: direction}, need=0.1 * gap)
            return told.error <= _SIDES * gap and abs(told - true) <= _SIDES * gap

        answer = along(
            name, manual, lambda way: self._told({name: way}),
            0.0 if self._is_exact else self._slopes.here, self._single,
            confirmed,
        )  # fmt: skip
        if answer is None:
            seen.right.append(name)
        elif isinstance(answer, str):
            harmless = answer in (KINK, VAGUE)
            seen.undecided[name] = (seen.rough if answer == VAGUE else answer, harmless)
        else:
            seen.wrong[name] = answer
