"""At which time steps a line is wrong, where no fix says so: by the adjoints of the loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reference.debugger.naming.patterns_outside import Pair, outside, where_masked
from reference.debugger.running.recording import Recording
from reference.debugger.running.timing import in_words
from reference.debugger.searching.round import Round, loops_of, times_of
from reference.debugger.texts.clock import score_of
from reference.debugger.texts.edited import Edited, Loop
from reference.debugger.values.evidence import Evidence, at_one_step


def pattern_of(
    now: Round, e: Evidence, inputs: tuple[Mapping[str, Any], ...] = ()
) -> tuple[str, tuple[int, ...]]:
    """Return at which time steps a line has to give another value, in words and as numbers.

    Parameters
    ----------
    now : Round
    e : Evidence
        What the solve for its value says.
    inputs : tuple of mappings, optional
        What the program ran on: masks are looked for there.
    """
    recording = now.recording
    e = _sparse(now, e)
    steps = _length_of_time(recording)
    pairs = list(_pairs(recording, e))
    timed = _is_in_time(recording, e.site, steps)
    times = times_of(recording, e.site)
    values = [(time if timed else None, *pair) for time, pair in zip(times, pairs, strict=False)]
    changed = tuple(sorted({times[n] for n in e.steps})) if timed else ()
    masked = where_masked(values, steps, inputs) if e.unique else ""
    if masked:
        return masked, changed
    if timed:
        return in_words(changed, tuple(sorted(set(times)))), changed
    site = recording.sites[e.site]
    one = unchanged(recording, site.file, site.line)
    value = getattr(one.statement, "value", None)
    # Of a result that is made of several things it is not known here which one is meant.
    found = [] if isinstance(value, ast.Dict | ast.Tuple | ast.List) else [one]
    return outside("", found, pairs, steps), ()


def _sparse(now: Round, e: Evidence) -> Evidence:
    """Return the same with the one time step at which another value explains all, if there is one.

    Of what is added to a sum little is known, and the least change is one of all steps.
    """
    times = times_of(now.recording, e.site)
    if now.jacobian is None or e.unique or not (e.full and e.linear) or len(set(times)) < 3:
        return e
    each = sorted(set(times))
    turns = [[n for n, time in enumerate(times) if time == one] for one in each]
    n = at_one_step(now.jacobian, now.residual, list(e.outputs), turns, e.site)
    return e if n is None else replace(e, steps=tuple(turns[n]))


def _length_of_time(recording: Recording) -> int:
    """Return how many time steps there are; 0 where no loop is time."""
    best = (0.0, 0)
    for k, seen in recording.executions.items():
        score = max(map(score_of, _loops(recording, k)), default=0.0)
        if score > 0 and seen:
            best = max(best, (score, len(set(times_of(recording, k)))))
    return best[1]


def _is_in_time(recording: Recording, k: int, steps: int) -> bool:
    """Return whether a site is run step after step, in a loop or by a caller that has one."""
    runs = len(set(times_of(recording, k)))
    timed = any(score_of(loop) > 0 for loop in _loops(recording, k))
    if not steps or (timed and runs > 1 and _goes_on(recording, k)):
        return runs > 1
    return runs > 1 and (abs(runs - steps) < 2 or (not timed and runs % steps == 0))


def _goes_on(recording: Recording, k: int) -> bool:
    """Return whether a site stands in one loop only, which is as clearly of time as any other."""
    loops, others = (
        _loops(recording, k),
        map(score_of, loops_of(recording.trees[recording.sites[k].file])),
    )
    return len(loops) == 1 and score_of(loops[0]) >= max(others)


def _loops(recording: Recording, k: int) -> list[Loop]:
    site = recording.sites[k]
    return [
        loop
        for loop in loops_of(recording.trees[site.file])
        if loop.lineno < site.line <= (loop.end_lineno or 0)
    ]


def _pairs(recording: Recording, e: Evidence) -> Iterator[Pair]:
    """Give what a site made at each execution, and what it should have made."""
    start = 0
    for execution in recording.executions[e.site]:
        made = np.asarray(execution.value, dtype=float)
        delta = e.delta[start : start + made.size].reshape(made.shape)
        start += made.size
        largest = max(float(np.max(np.abs(made + delta), initial=0.0)), 1e-300)
        yield made, made + np.where(np.abs(delta) > 1e-7 * largest, delta, 0.0)


def unchanged(recording: Recording, file: str, line: int) -> Edited:
    """Return the statement at a line, with what it stands in, as one that is to be changed."""
    around: list[ast.AST] = [recording.trees[file]]
    while True:
        inner = next(
            (
                node
                for node in ast.iter_child_nodes(around[-1])
                if isinstance(node, ast.stmt)
                and node.lineno <= line <= (node.end_lineno or node.lineno)
            ),
            None,
        )
        if inner is None:
            statement = around.pop()
            assert isinstance(statement, ast.stmt)
            return Edited(statement, None, tuple(around), ())
        around.append(inner)
