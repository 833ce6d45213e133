"""The slope of a loss along a direction: by differences, and by a complex step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.voters import (
    Gradients,
    by_tangents,
    complex_step,
    differences,
    moved,
)
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, NoLoss
from reference.debugger.running.dual import duals
from reference.debugger.running.lifted import lifted

_MOST_KEPT = 2_000_000  # entries of an array that lives on: complex numbers are as quick


def slope(calls: Calls, draw: Draw, direction: dict[str, Array]) -> float:
    """Return the slope of the unmodified loss, NaN where it has none."""
    try:
        return differences(lambda h: calls.value(moved(draw, direction, h)))
    except NoLoss:
        return float("nan")


def exact_slope(calls: Calls, draw: Draw, direction: dict[str, Array]) -> float:
    """Return the slope of a large loss by a complex step, in bounded time."""
    return calls.quietly(lambda: analytic_slope(calls, draw, direction), at_most=5.0)


def analytic_slope(calls: Calls, draw: Draw, direction: dict[str, Array]) -> float:
    """Return the slope of the loss by a complex step."""
    if calls.stateful:
        calls.restore()
    with lifted(calls.state, lambda array: array.astype(complex), _MOST_KEPT):
        return complex_step(calls.loss, draw, direction, calls.code)


def tangents(calls: Calls, draw: Draw, names: Sequence[str]) -> Gradients:
    """Return the gradients of the loss by one run on numbers that carry all tangents."""
    with lifted(calls.state, duals):
        return by_tangents(calls.loss, draw, names, calls.code)


def unit(direction: Array) -> Array:
    """Return a direction of length 1."""
    norm = float(np.linalg.norm(direction))
    return direction / norm if norm else direction
