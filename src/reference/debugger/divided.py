"""What a backward divides its gradients by in the end, as the loss does with its sum.

Where each sequence of a batch is run by itself, its gradients are added up, and the sums are
divided by the size of the batch: no number before that is an adjoint of the loss, but all are
adjoints of the sum that the loss divides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.debugger.adjoints import Adjoints
from reference.debugger.agreement import Agreement
from reference.debugger.program import Inputs, Program, as_float_array
from reference.debugger.recording import Probes, Recording, changed, record, size_of

_MORE = 3  # so many times as many values are to be right
_LEAST = 20
_MOST_SITES = 12
_NEAR = 1e-6


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
    """Return whether what is added to a value arrives in a gradient divided by a number.

    One more in all entries of a sum is as much less in the gradient: a fault elsewhere, or a
    division that is forgotten, changes nothing of that.
    """
    active, sites = -1, recording.sites

    def probe(k: int, _: Any, value: Any) -> Any:
        if k != active or not size_of(value):
            return value
        return changed(sites[k], value, value + np.ones(np.shape(value)))

    late = sorted(
        (k for k in recording.executions if not sites[k].plain and sites[k].role != "scaled"),
        key=lambda k: -recording.executions[k][-1].order,
    )
    with Probes(program, probe, False):
        for k in late[:_MOST_SITES]:
            active = k
            outputs = program.run(inputs, 1.0).outputs
            moved = [
                np.abs(mine - np.asarray(before, dtype=float))
                for name, before in recording.outputs.items()
                if (mine := as_float_array(outputs.get(name))) is not None
                and mine.shape == np.shape(before)
            ]
            changes = np.concatenate([np.ravel(part) for part in moved]) if moved else np.zeros(1)
            changes = changes[changes > 0]
            times = changes * divisor  # whole numbers: how often it is added
            if changes.size and np.allclose(times, np.round(times), atol=_NEAR) and np.any(
                np.abs(changes - np.round(changes)) > _NEAR
            ):  # fmt: skip
                return True
    return False
