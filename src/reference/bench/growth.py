"""How time and memory grow with steps, rows and units; and what segments save.

Time is that of forward and backward. Memory is the most that was allocated between the call of
the forward and the return of the backward, without what is returned: outputs, final state and
gradients, which are there whatever one does.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import manual_lstm as ml
from manual_lstm.trees import leaves
from reference.bench.sizes import Size, Task, draw

LONG = Size(4096, 8, 32, 128)
AXES = {
    "T": [Size(T, 8, 32, 64) for T in (64, 256, 1024, 4096, 16384)],
    "B": [Size(64, B, 32, 64) for B in (1, 4, 16, 64, 256)],
    "H": [Size(64, 8, 32, H) for H in (16, 64, 256, 1024)],
}


class Cost(NamedTuple):
    """Seconds of each round, and bytes."""

    seconds: list[float]
    memory: int
    tape: int


def grow(seconds: float) -> Iterator[dict[str, Any]]:
    """Yield one record for each point of each axis, and one for each segment of a long run."""
    for axis, sizes in AXES.items():
        for size in sizes:
            segments = (None, "auto") if axis == "T" else (None,)
            costs = measure(draw(size, "float32"), segments, seconds / 20)
            for segment, cost in costs.items():
                yield {"kind": "growth", "axis": axis, "size": str(size),
                       "value": getattr(size, axis), "segment": segment,
                       **cost._asdict()}  # fmt: skip
    segments = (None, "auto", 32, 128, 512)
    for segment, cost in measure(draw(LONG, "float32"), segments, seconds / 2).items():
        yield {"kind": "segment", "size": str(LONG), "segment": segment, **cost._asdict()}


def measure(task: Task, segments: tuple[Any, ...], seconds: float) -> dict[Any, Cost]:
    """Measure a task with each kind of segment, in turn."""
    memory = {segment: _memory(task, segment) for segment in segments}
    times: dict[Any, list[float]] = {segment: [] for segment in segments}
    started = time.perf_counter()
    while len(times[None]) < 3 or time.perf_counter() - started < seconds:
        for segment in segments:
            before = time.perf_counter()
            _run(task, segment)
            times[segment].append(time.perf_counter() - before)
    return {segment: Cost(times[segment], *memory[segment]) for segment in segments}


def _run(task: Task, segment: Any) -> Any:
    run = ml.forward(task.cell, task.params, task.xs, task.state0, segment=segment)
    return run, ml.backward(run.tape, task.dhs)


def _memory(task: Task, segment: Any) -> tuple[int, int]:
    """Return the peak of forward and backward without results, and what the tape keeps."""
    gc.collect()
    tracemalloc.start()
    try:
        run = ml.forward(task.cell, task.params, task.xs, task.state0, segment=segment)
        results = sum(array.nbytes for array in leaves((run.hs, run.state_T)))
        tape = tracemalloc.get_traced_memory()[0] - results
        gradients = ml.backward(run.tape, task.dhs)
        results += sum(array.nbytes for array in leaves(gradients))
        return tracemalloc.get_traced_memory()[1] - results, tape
    finally:
        tracemalloc.stop()


def slope(values: list[float], costs: list[float]) -> float:
    """Return the exponent k of cost ~ value^k between the last two points.

    Examples
    --------
    >>> slope([1, 10, 100], [5, 10, 1000])
    2.0
    """
    (v_1, v_2), (c_1, c_2) = values[-2:], costs[-2:]
    return float(np.log(c_2 / c_1) / np.log(v_2 / v_1))
