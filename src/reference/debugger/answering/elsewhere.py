"""Repairs that hold at one size only: ``g[:-n]`` is ``g[:n]`` where there are twice as many.

An example of one size cannot tell them apart. Where several repairs pass, they are tried at other
sizes, if the program runs there: one that fails where another passes is right by chance.
"""

from __future__ import annotations

import time

import numpy as np

from reference.debugger.judging.draws import further
from reference.debugger.running.arguments import checked
from reference.debugger.running.shapes import shape_of
from reference.debugger.searching.cases import Case, settled
from reference.debugger.searching.question import Question
from reference.debugger.searching.repairs import Found
from reference.debugger.searching.search import Search
from reference.debugger.searching.smaller import at_other_sizes

_SECONDS = 1.0
_MOST = 8  # repairs that are tried


def without_coincidences(search: Search, originals: dict[str, str], question: Question) -> None:
    """Leave out the repairs that fail at other sizes, where others pass."""
    if len(search.found) < 2 or len({_shapes(case) for case in search.cases}) > 1:
        return
    program, until = search.program, time.monotonic() + _SECONDS
    program.restore_texts(originals)
    case = _elsewhere(question, search.cases[0], until)
    if case is None:
        return
    passed: list[Found] = []
    try:
        for found in sorted(search.found, key=lambda found: found.cost)[:_MOST]:
            if time.monotonic() > until:
                return
            program.restore_texts({**originals, **found.texts})
            if settled(program.run(case.inputs, 1.0), case):
                passed.append(found)
    finally:
        program.restore_texts(originals)
    search.found = passed or search.found


def _elsewhere(question: Question, case: Case, until: float) -> Case | None:
    """Return what is right at other sizes, where the program goes wrong there, too."""
    for sized in at_other_sizes(question.program, case.inputs):
        if time.monotonic() > until:
            return None
        params, inputs = sized
        draw = next(further(checked(params, inputs), None, 0, question.names))
        drawn = (draw.params, draw.inputs)
        if question.goes_wrong_alike(drawn):
            return question.case(drawn)
    return None


def _shapes(case: Case) -> tuple[tuple[int, ...], ...]:
    return tuple(shape_of(np.asarray(value, object)) if isinstance(value, list) else shape_of(value)
                 for group in case.inputs for value in group.values())  # fmt: skip
