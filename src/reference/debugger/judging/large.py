"""Gradients of large arrays: slopes along a few directions, told by whoever tells them best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.along import ROUGH, SINGLE, along
from reference.debugger.judging.missing import of_wrong_shape
from reference.debugger.judging.slopes import exact_slope, slope, unit
from reference.debugger.judging.voters import Abstains, moved, precision
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late, NoLoss, as_floats
from reference.debugger.running.timebox import ExitError

if TYPE_CHECKING:
    from reference.debugger.judging.opinion import Opinion

_WIDTHS = (1e-3, 1e-2, 1e-1)  # wider than where the rounding of a loss of seven digits is all
_SIDES = 0.25  # a slope is seen where differences are nearer to it than this part of the gap


def is_analytic(calls: Calls, draw: Draw, names: Sequence[str], seen: Opinion) -> bool:
    """Return whether a complex step tells the slope of the loss that differences do.

    It is exact where differences drown, as those of a loss of seven digits; where these cannot
    tell at all, it is taken for right, and what it says is confirmed later on.
    """
    rng = np.random.default_rng(0)
    way = {name: unit(rng.standard_normal(draw.floats[name].shape)) for name in names}
    true = slope(calls, draw, way)
    try:
        exact = exact_slope(calls, draw, way)
    except (Abstains, ExitError, Late) as why:
        seen.reasons.append(f"complex step: {why}")
        return False
    finally:
        calls.restore()
    if not np.isfinite(exact):
        return False
    if np.isnan(true):
        seen.rough = set(names)
    elif abs(exact - true) > ROUGH * abs(true) + 10 * precision(abs(true), calls.value(draw)):
        seen.reasons.append("complex step: the unmodified loss has another slope")
        return False
    seen.voters |= {"complex step"} if np.isnan(true) else {"complex step", "differences"}
    return True


def judge_large(
    calls: Calls, draw: Draw, name: str, gradient: Any, who: str, here: float, seen: Opinion
) -> None:
    """Judge a gradient of a large array."""
    manual = as_floats(gradient)
    if manual is None or manual.shape != draw.floats[name].shape:
        finding, seen.wrong[name] = of_wrong_shape(calls, draw, name, manual)
        seen.findings.append(finding)
        return
    is_exact = who == "complex step"
    asked = exact_slope if is_exact else slope
    floats = (gradient, *draw.params.values(), *draw.inputs.values())
    single = float(np.float32(here)) == here or any(
        np.asarray(value).dtype in (np.float32, np.float16) for value in floats
    )

    def confirmed(direction: Array, told: float, true: float) -> bool:
        gap = abs(told - true)
        if name in seen.rough and gap <= SINGLE * max(abs(told), abs(true)):
            return False
        return any(
            abs(_difference(calls, draw, {name: direction}, width) - true) <= _SIDES * gap
            for width in _WIDTHS
        )

    told = along(
        name, manual, lambda way: asked(calls, draw, {name: way}), 0.0 if is_exact else here,
        single, confirmed if is_exact else None,
    )  # fmt: skip
    if told is None:
        seen.right.append(name)
    elif isinstance(told, str):
        seen.undecided[name] = (told, False)
    else:
        seen.wrong[name] = told


def _difference(calls: Calls, draw: Draw, direction: dict[str, Array], width: float) -> float:
    try:
        ahead, behind = (calls.value(moved(draw, direction, h)) for h in (width, -width))
    except NoLoss:
        return float("nan")
    return (ahead - behind) / (2 * width)
