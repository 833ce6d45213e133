"""What a backward divides its gradients by in the end, as the loss does with its sum.

Where each sequence of a batch is run by itself, its gradients are added up, and the sums are
divided by the size of the batch: no number before that is an adjoint of the loss, but all are
adjoints of the sum that the loss divides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.program import Inputs, Program, as_float_array
from reference.debugger.running.recording import Probes, Recording, changed, record, size_of
from reference.debugger.running.shapes import shape_of
from reference.debugger.values.adjoints import Adjoints, adjoints_of
from reference.debugger.values.agreement import Agreement

_MORE = 3  # so many times as many values are to be right
_LEAST = 20
_MOST_SITES = 12
_NEAR = 1e-6


def adjoints_of_sum(program: Program, inputs: Inputs, seconds: float) -> Adjoints | None:
    """Return the adjoints of a loss, or of the sum that it divides where the backward does so too.

    None where the loss does not run on numbers that note what they are made of.
    """
    found = adjoints_of(program, inputs, seconds)
    return None if found is None else divided_later(program, inputs, found)


def divided_later(program: Program, inputs: Inputs, adjoints: Adjoints) -> Adjoints:
    """Return the adjoints as they are before the division, where the backward divides in the end.

    Parameters
    ----------
    program : Program
    inputs : pair of mappings
    adjoints : Adjoints

    Returns
    -------
    Adjoints
        The same, if it does not.
    """
    if not adjoints.divisors:
        return adjoints
    recording = record(program, inputs, 2.0, around=False)
    if recording.error is not None:
        return adjoints
    score = Agreement(adjoints, recording, program.sources).score
    found = [(score, adjoints, 1.0)]
    for divisor in adjoints.divisors:
        larger = adjoints.times(divisor)
        found.append((Agreement(larger, recording, program.sources).score, larger, divisor))
    best, larger, divisor = max(found, key=lambda one: one[0])
    if best < _MORE * score + _LEAST or not _divides(program, inputs, recording, divisor):
        return adjoints
    return larger


def _divides(program: Program, inputs: Inputs, recording: Recording, divisor: float) -> bool:
    """Return whether what is added to a sum arrives in a gradient divided by a number.

    One more in all entries of what is added last is less by as much in it: a fault elsewhere,
    or a division that is forgotten, changes nothing of that.
    """
    active, turn, sites = -1, 0, recording.sites

    def probe(k: int, _: Any, value: Any) -> Any:
        nonlocal turn
        if k != active or not size_of(value):
            return value
        turn += 1
        last = turn == len(recording.executions[k])
        return changed(sites[k], value, value + np.ones(shape_of(value))) if last else value

    late = sorted(
        (k for k in recording.executions if not sites[k].plain and sites[k].role != "scaled"),
        key=lambda k: -recording.executions[k][-1].order,
    )
    with Probes(program, probe, False):
        for k in late[:_MOST_SITES]:
            active, turn = k, 0
            changes = _changes(program.run(inputs, 1.0).outputs, recording.outputs)
            if changes.size and np.allclose(changes * divisor, 1.0, rtol=_NEAR):
                return True
    return False


def _changes(outputs: Mapping[str, Any], before: Mapping[str, Any]) -> Array:
    """Return by how much the entries of outputs have moved that have moved at all."""
    moved = [
        np.ravel(np.abs(mine - old))
        for name in before
        if (mine := as_float_array(outputs.get(name))) is not None
        and (old := as_float_array(before[name])) is not None
        and mine.shape == old.shape
    ]
    changes = np.concatenate([np.zeros(0), *moved])
    return changes[changes > _NEAR * np.max(changes, initial=0.0)]
