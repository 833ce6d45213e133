"""The gradients of a loss, for the search: one run on numbers with tangents, or differences."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.voters import scalar
from reference.debugger.running.dual import Dual, duals, real
from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.tangents import dual_numpy
from reference.debugger.running.timebox import TimeUp


def gradients(
    program: Program, inputs: Inputs, names: Iterable[str], seconds: float
) -> dict[str, Array]:
    """Return the gradient of the loss with respect to the named arrays, where it is to be had."""
    flat = dict(inputs[0]) | dict(inputs[1])
    names = [
        name
        for name in names
        if isinstance(flat.get(name), np.ndarray) and flat[name].dtype.kind == "f"
    ]
    exact = _by_tangents(program, inputs, names, seconds)
    if exact is not None and _agrees(program, inputs, exact):
        return exact
    return _by_differences(program, inputs, names, seconds)


def _by_tangents(
    program: Program, inputs: Inputs, names: list[str], seconds: float
) -> dict[str, Array] | None:
    groups = copied(inputs)
    count = sum(group[name].size for group in groups for name in group if name in names)
    if count > 6000:
        return None
    spans, at = {}, 0
    for group in groups:
        for name in list(group):
            value = group[name]
            if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
                if isinstance(value, float):
                    group[name] = Dual(value)
                continue
            if name in names and name not in spans:
                unit = np.zeros((value.size, count))
                unit[np.arange(value.size), at + np.arange(value.size)] = 1
                spans[name] = slice(at, at + value.size)
                at += value.size
                group[name] = duals(value, unit)
            else:
                group[name] = duals(value)
    program.state.restore()
    try:
        with (
            program.state.rebound(InOtherNumbers(duals)),
            dual_numpy(program.loss, program.backward, *program.functions),
            program.watchdog.limit(seconds),
        ):
            value = scalar(program.loss(*groups))
    except (Exception, TimeUp):
        return None
    if type(value) is not Dual or not np.isfinite(real(value)):
        return None
    tangent = np.zeros(count) if value.tangent is None else value.tangent
    flat = dict(inputs[1]) | dict(inputs[0])
    return {name: tangent[spans[name]].reshape(flat[name].shape) for name in names}


def _agrees(program: Program, inputs: Inputs, found: dict[str, Array]) -> bool:
    """Ask the unmodified loss along one direction."""
    rng = np.random.default_rng(0)
    direction = {name: rng.standard_normal(gradient.shape) for name, gradient in found.items()}
    expected = sum(float(np.sum(found[name] * direction[name])) for name in found)

    def at(h: float) -> float:
        return program.value(moved(inputs, direction, h))

    h = 1e-4
    slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    size = sum(float(np.sum(np.abs(found[n] * direction[n]))) for n in found)
    return bool(abs(slope - expected) <= 1e-5 * (size + 1e-3))


def _by_differences(
    program: Program, inputs: Inputs, names: list[str], seconds: float
) -> dict[str, Array]:
    until = time.monotonic() + seconds
    flat = dict(inputs[1]) | dict(inputs[0])
    found = {}
    for name in names:
        gradient = np.zeros(flat[name].shape)
        for at in np.ndindex(gradient.shape):
            if time.monotonic() > until:
                return found
            unit = np.zeros(gradient.shape)
            unit[at] = 1
            way = {name: unit}
            gradient[at] = _slope(lambda h, way=way: program.value(moved(inputs, way, h)))
        found[name] = gradient
    return found


def slopes(
    program: Program, inputs: Inputs, names: Iterable[str]
) -> dict[str, tuple[Array, float]]:
    """Return for each of the named arrays a direction, and the slope of the loss along it.

    A few runs of the loss for each array, however large it is: enough to see a wrong gradient.
    """
    flat, rng = dict(inputs[1]) | dict(inputs[0]), np.random.default_rng(0)
    found = {}
    for name in names:
        if isinstance(flat.get(name), np.ndarray) and flat[name].dtype.kind == "f":
            way = rng.standard_normal(flat[name].shape)
            slope = _slope(lambda h, name=name, way=way: program.value(
                moved(inputs, {name: way}, h)))  # fmt: skip
            found[name] = way, slope
    return found


def _slope(at: Callable[[float], float]) -> float:
    h = 1e-4
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def moved(inputs: Inputs, direction: dict[str, Any], h: float) -> Inputs:
    """Return inputs, moved by `h` along a direction."""
    groups = copied(inputs)
    for group in groups:
        for name, step in direction.items():
            if name in group:
                group[name] = group[name] + h * step
    return groups
