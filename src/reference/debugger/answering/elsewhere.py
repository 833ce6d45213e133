"""Repairs that hold at one size only: ``g[:-n]`` is ``g[:n]`` where there are twice as many.

An example of one size cannot tell them apart. Where several repairs pass, they are tried at other
sizes, if the program runs there: one that fails where another passes is right by chance.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.draws import further
from reference.debugger.judging.oracle import slopes
from reference.debugger.running.arguments import checked
from reference.debugger.running.program import Inputs, Outcome, as_float_array
from reference.debugger.running.shapes import shape_of
from reference.debugger.searching.cases import Case
from reference.debugger.searching.question import Question
from reference.debugger.searching.repairs import Found
from reference.debugger.searching.search import Search
from reference.debugger.searching.smaller import at_other_sizes

_SECONDS = 1.0
_MOST = 8  # repairs that are tried
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9  # of a slope by differences, and of the loss


def without_coincidences(search: Search, originals: dict[str, str], question: Question) -> None:
    """Leave out the repairs that fail at other sizes, where others pass."""
    if len(search.found) < 2 or len({_shapes(case) for case in search.cases}) > 1:
        return
    program, until = search.program, time.monotonic() + _SECONDS
    program.restore_texts(originals)
    there = _elsewhere(question, search.cases[0], until)
    if there is None:
        return
    passed: list[Found] = []
    try:
        for found in sorted(search.found, key=lambda found: found.cost)[:_MOST]:
            if time.monotonic() > until:
                return
            program.restore_texts({**originals, **found.texts})
            if there.right(program.run(there.inputs, 1.0)) == there.slopes.keys():
                passed.append(found)
    finally:
        program.restore_texts(originals)
    search.found = passed or search.found


@dataclass(frozen=True)
class _There:
    """Other inputs, and the slope of the loss along one direction of each array."""

    inputs: Inputs
    loss: float
    slopes: dict[str, tuple[Array, float]]

    def right(self, outcome: Outcome) -> set[str]:
        """Return the names of the gradients that have these slopes."""
        if outcome.error is not None:
            return set()
        return {name for name in self.slopes if self._is_right(name, outcome.outputs.get(name))}

    def _is_right(self, name: str, given: Any) -> bool:
        way, slope = self.slopes[name]
        value = as_float_array(given)
        if value is None or value.shape != way.shape:
            return False
        size = float(np.sum(np.abs(value * way))) + abs(slope)
        off = abs(float(np.sum(value * way)) - slope)
        return bool(off <= _RELATIVE * size + _ABSOLUTE * (1 + abs(self.loss)))


def _elsewhere(question: Question, case: Case, until: float) -> _There | None:
    """Return what is right at other sizes, where the program goes wrong there, too."""
    program = question.program
    for sized in at_other_sizes(program, case.inputs):
        if time.monotonic() > until:
            return None
        params, inputs = sized
        draw = next(further(checked(params, inputs), None, 0, question.names))
        drawn = (draw.params, draw.inputs)
        value, outcome = program.value(drawn), program.run(drawn, 1.0)
        if not np.isfinite(value):
            continue
        if not question.is_alike(value, outcome):
            continue
        there = _There(drawn, value, slopes(program, drawn, case.oracle))
        right = there.right(outcome)
        known = there.slopes.keys() & set(question.judgement.right)
        if known <= right < there.slopes.keys():
            return there
    return None


def _shapes(case: Case) -> tuple[tuple[int, ...], ...]:
    return tuple(shape_of(np.asarray(value, object)) if isinstance(value, list) else shape_of(value)
                 for group in case.inputs for value in group.values())  # fmt: skip
