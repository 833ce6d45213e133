"""Second and third opinion: complex step and central differences on the NumPy forward itself.

The complex step (Squire and Trapp 1998) evaluates ``Im f(x + ih) / h``: no subtraction, so no
rounding at h = 1e-30, wherever the forward is analytic. Central differences are rougher, and
hold for any forward. Neither knows JAX, so both see what the user's forward really computes.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from manual_lstm import Gradients, forward
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, tree_map
from reference.oracle import Reference
from reference.problem import Problem

_STEP = 1e-30
_SMOOTH = 1e-6


class NotAnalyticError(Exception):
    """A forward that the complex step cannot run through; the message says why."""


def along(problem: Problem, direction: dict[str, Any], *, complex_step: bool) -> float:
    """Return the derivative of the problem's loss along a direction.

    Parameters
    ----------
    problem : Problem
        In float64.
    direction : dict
        Like ``problem.primals``; integer inputs are left alone.
    complex_step : bool
        Whether by complex step, else by central differences with Richardson's extrapolation.

    Returns
    -------
    float
        NaN where there is a kink: where differences of two widths, or to the two sides, tell
        different slopes.
    """
    if complex_step:
        return _imaginary_part(problem, direction) / _STEP

    def loss_at(h: float) -> float:
        return float(problem.loss(**_moved(problem, direction, h)))

    h = 1e-4
    far_behind, behind, here, ahead, far_ahead = map(loss_at, (-2 * h, -h, 0.0, h, 2 * h))
    coarse, fine = (far_ahead - far_behind) / (4 * h), (ahead - behind) / (2 * h)
    # Along a smooth function these are off by order h; at a kink by the jump of the slope.
    scale = max(abs(coarse), abs(fine), abs(here), 1.0)
    bends = abs(ahead - 2 * here + behind) / h, abs(far_ahead - 2 * here + far_behind) / (2 * h)
    if abs(coarse - fine) > _SMOOTH * scale or abs(bends[1] - 2 * bends[0]) > _SMOOTH * scale:
        return float("nan")
    return (4 * fine - coarse) / 3


def one_sided(problem: Problem, direction: dict[str, Any]) -> tuple[float, float]:
    """Return the derivatives of the problem's loss along a direction, from behind and ahead.

    At a kink they differ, and a backward may take either, or any number between them.

    Parameters
    ----------
    problem : Problem
        In float64.
    direction : dict
        Like ``problem.primals``; integer inputs are left alone.
    """
    h = 1e-4

    def loss_at(step: float) -> float:
        return float(problem.loss(**_moved(problem, direction, step)))

    def slope(side: float) -> float:
        here, near, far = loss_at(0.0), loss_at(side * h), loss_at(2 * side * h)
        return (4 * near - 3 * here - far) / (2 * side * h)

    return slope(-1.0), slope(1.0)


def complex_step_reference(problem: Problem) -> Reference:
    """Return outputs and every gradient, one complex step an entry.

    Raises
    ------
    NotAnalyticError
        If the forward refuses complex numbers or drops their imaginary part.
    """
    return _entry_by_entry(problem, complex_step=True)


def difference_reference(problem: Problem) -> Reference:
    """Return outputs and every gradient, by central differences: about 9 digits."""
    return _entry_by_entry(problem, complex_step=False)


def _entry_by_entry(problem: Problem, *, complex_step: bool) -> Reference:
    primals = problem.primals
    zero = {name: tree_map(_zeros, tree) for name, tree in primals.items()}
    gradients = {name: tree_map(_zeros, tree) for name, tree in primals.items()}
    entries, into = named_leaves(zero), named_leaves(gradients)
    for name, entry in entries.items():
        if name == "xs" and problem.xs.dtype.kind in "iu":
            continue
        for at in np.ndindex(entry.shape):
            entry[at] = 1.0
            into[name][at] = along(problem, zero, complex_step=complex_step)
            entry[at] = 0.0
    hs, state_T, _ = forward(
        problem.cell, problem.params, problem.xs, problem.state0, problem.lengths
    )
    dxs = None if problem.xs.dtype.kind in "iu" else gradients["xs"]
    return Reference(hs, state_T, Gradients(gradients["params"], dxs, gradients["state0"]))


def _zeros(array: Array) -> Array:
    return np.zeros(array.shape)


def _moved(problem: Problem, direction: dict[str, Any], h: complex) -> dict[str, Any]:
    def move(primal: Array, step: Array) -> Array:
        return primal if primal.dtype.kind in "iu" else primal + h * step

    return {name: tree_map(move, tree, direction[name]) for name, tree in problem.primals.items()}


def _imaginary_part(problem: Problem, direction: dict[str, Any]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            value = problem.loss(**_moved(problem, direction, 1j * _STEP))
        except Exception as error:
            raise NotAnalyticError(f"{type(error).__name__}: {error}") from error
    if not np.iscomplexobj(value):
        raise NotAnalyticError("the forward drops the imaginary part")
    return float(np.imag(value))
