"""Times side by side: everybody in turn, round after round, so that disturbances hit all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import manual_lstm as ml
from manual_lstm.trees import named_leaves
from reference.bench.floor import floor
from reference.bench.rivals import OURS, RIVALS
from reference.bench.sizes import Size, draw

FLOOR = "products"
_FEWEST, _MOST = 3, 400  # rounds; two suffice where they take five times the time allowed
# Turns of a round that are not measured: with them everybody has the caches and the memory that a
# loop of its own would have. The system takes large arrays when they are freed, a virtual machine
# gives what lies idle back to its host, and to find 300 MiB again takes half a second.
_UNMEASURED = 3
_SHORTEST = 2e-3  # seconds of one measurement: shorter tasks are repeated within it


class Timing(NamedTuple):
    """Seconds of each round: by the clock, and of processor time (all threads)."""

    wall: list[float]
    processor: list[float]


def compare(size: Size, dtype: str, seconds: float, names: list[str]) -> dict[str, Any]:
    """Time everybody in `names` at one size, for about `seconds`, in rounds.

    Returns
    -------
    dict
        "times": name to `Timing`, by round; "off": the largest difference of a gradient from
        ours, in units of its largest entry, which has to be explained by rounding.
    """
    task = draw(size, dtype)
    runs: dict[str, Callable[[], Any]] = {FLOOR: floor(task)}
    off = {}
    ours: ml.Gradients | None = None
    for rival in RIVALS:
        if rival.name not in names or not rival.is_installed or not rival.runs(size):
            continue
        prepared = rival.prepare(task)
        gradients = prepared.gradients(prepared.run())  # compiles, and warms caches
        ours = ours or gradients
        off[rival.name] = _difference(gradients, ours)
        runs[rival.name] = prepared.run
    for name, difference in off.items():
        if not difference < (1e-3 if dtype == "float32" else 1e-9):
            raise AssertionError(f"{name} computes something else at {size}: {difference:.1e}")
    return {"times": _interleaved(runs, seconds), "off": off}


def _difference(gradients: ml.Gradients, ours: ml.Gradients) -> float:
    pairs = zip(named_leaves(gradients).values(), named_leaves(ours).values(), strict=True)
    return max(float(np.abs(one - other).max() / np.abs(other).max()) for one, other in pairs)


def _interleaved(runs: dict[str, Callable[[], Any]], seconds: float) -> dict[str, Timing]:
    repeats = {name: _repeats(run) for name, run in runs.items()}
    timings = {name: Timing([], []) for name in runs}
    started = time.perf_counter()
    for round_ in range(_MOST):
        spent = time.perf_counter() - started
        if (round_ >= _FEWEST and spent > seconds) or (round_ == 2 and spent > 5 * seconds):
            break
        for name, run in runs.items():
            for _ in range(_UNMEASURED):
                run()
            times = range(repeats[name])
            wall, processor = time.perf_counter(), time.process_time()
            for _ in times:
                run()
            timings[name].wall.append((time.perf_counter() - wall) / len(times))
            timings[name].processor.append((time.process_time() - processor) / len(times))
    return timings


def _repeats(run: Callable[[], Any]) -> int:
    started = time.perf_counter()
    run()
    return max(1, round(_SHORTEST / max(1e-9, time.perf_counter() - started)))


def ratios(timings: dict[str, Timing], kind: str) -> dict[str, list[float]]:
    """Return, for each rival, the times of each round in units of ours in that round."""
    ours = getattr(timings[OURS], kind)
    return {
        name: [theirs / own for theirs, own in zip(getattr(timing, kind), ours, strict=True)]
        for name, timing in timings.items()
    }


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile.

    Examples
    --------
    >>> quartiles([4.0, 1.0, 2.0])
    (1.5, 2.0, 3.0)
    """
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high
