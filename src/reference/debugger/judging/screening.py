"""Many draws at a glance: a mistake that shows at few of them, as where a letter repeats.

At each draw one slope of the loss, along one random direction through all arguments, is compared
with what the backward says of it. That accuses nobody: where the two differ, all gradients are
compared in full.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from reference.debugger.judging.slopes import Slopes
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late, NoLoss, Raised, as_floats

_MOST = 40  # draws
_NOISE = 1e-6  # of a sum of terms


def suspicious(calls: Calls, draws: Iterable[Draw], seconds: float) -> Draw | None:
    """Return the first draw at which the gradients do not seem to be those of the loss.

    Parameters
    ----------
    calls : Calls
    draws : iterable of Draw
        It may be without end: no more than 40 are looked at.
    seconds : float
        The time for all of them.
    """
    until = time.monotonic() + seconds
    rng = np.random.default_rng(3)
    for _, draw in zip(range(_MOST), draws, strict=False):
        if time.monotonic() > until:
            return None
        try:
            if _differs(calls, draw, rng):
                return draw
        except (NoLoss, Late):
            continue
    return None


def _differs(calls: Calls, draw: Draw, rng: np.random.Generator) -> bool:
    slopes = Slopes(calls, draw)
    try:
        returned = calls.gradients(draw)
    except Raised:
        return True
    gradients = {
        name: gradient
        for name, value in draw.floats.items()
        if (gradient := as_floats(returned.get(name))) is not None and gradient.shape == value.shape
    }
    if not gradients:
        return False
    directions = {name: rng.standard_normal(g.shape) for name, g in gradients.items()}
    length = np.sqrt(sum(float((d**2).sum()) for d in directions.values()))
    directions = {name: d / length for name, d in directions.items()}
    true = slopes.along(directions)
    terms = [gradients[name] * directions[name] for name in gradients]
    said = sum(float(term.sum()) for term in terms)
    size = sum(float(np.abs(term).sum()) for term in terms)
    return not np.isnan(true) and not abs(said - true) <= _NOISE * size + 10 * true.error
