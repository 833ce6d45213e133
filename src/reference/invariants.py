"""The four invariants of a step-wise backward pass, each checked on its own.

LOCAL   the step's backward, from seeds of its own, is the vector-Jacobian product of the step;
CARRY   what enters step t is what left step t+1, plus the loss's own contribution;
ACCUM   the gradient of a parameter is the sum of what the steps returned;
EFFECT  nothing passed in is changed, nothing cached is overwritten, results share no memory with
        arguments, a second call gives the same, and dtypes are kept.

Every step is seeded afresh, so a mistake in one step does not spill over into the verdict on
another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm import backward, forward
from manual_lstm.checks import Array
from manual_lstm.trees import (
    named_leaves,
    output_of,
    take_rows,
    tree_map,
    with_output,
    zeros_like,
)
from reference import tolerance
from reference.compare import Mismatch, compare
from reference.problem import Problem


def local_problems(problem: Problem, rng: np.random.Generator) -> list[tuple[int, Problem]]:
    """Return (t, problem of step t alone) for each step, with a random cotangent of its state."""
    cell, state = problem.cell, problem.state0
    steps = []
    for t in range(len(problem.xs)):
        seeds = tree_map(lambda part: rng.standard_normal(part.shape).astype(part.dtype), state)
        alone = replace(
            problem,
            xs=problem.xs[t : t + 1],
            state0=state,
            lengths=None,
            dhs=np.zeros((1, *output_of(state).shape), problem.dtype),
            dstate_T=seeds,
        )
        steps.append((t, alone))
        state, _ = cell.step(problem.params, state, problem.xs[t])
    return steps


def run_step(problem: Problem) -> dict[str, Array]:
    """Run ``step`` and ``step_backward`` of a one-step problem, with nothing around them."""
    cell, x = problem.cell, problem.xs[0]
    state, cache = cell.step(problem.params, problem.state0, x)
    dparams, dstate0, dx = cell.step_backward(problem.params, cache, problem.dstate_T)
    named = {"hs": output_of(state)[None], "state_T": state, "params": dparams, "state0": dstate0}
    if dx is not None:
        named["xs"] = dx[None]
    return named_leaves(named)


@dataclass
class _Recorder:
    """A cell that notes what goes through its backward, last step first."""

    cell: Any
    seeds: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cell, name)

    def step_backward(self, params: Any, cache: Any, dstate: Any) -> Any:
        answer = self.cell.step_backward(params, cache, dstate)
        self.seeds.append(tree_map(np.copy, dstate))
        self.answers.append(tree_map(np.copy, answer))
        return answer


def carry_and_accum(problem: Problem) -> list[Mismatch]:
    """Check CARRY and ACCUM of `manual_lstm.backward` on a problem."""
    recorder: Any = _Recorder(problem.cell)
    _, _, tape = forward(recorder, problem.params, problem.xs, problem.state0, problem.lengths)
    gradients = backward(tape, problem.dhs, problem.dstate_T)
    T, B = problem.xs.shape[:2]
    lengths = np.full(B, T) if problem.lengths is None else problem.lengths

    found: list[Mismatch] = []
    entering = tree_map(np.copy, problem.dstate_T)
    total = zeros_like(problem.params)
    steps = reversed(range(lengths.max(initial=0)))  # a step that no row lives to is not run
    calls = zip(steps, recorder.seeds, recorder.answers, strict=True)
    for t, seeds, (dparams, dstate_prev, _) in calls:
        alive = lengths > t
        expected = take_rows(entering, alive)
        expected = with_output(expected, output_of(expected) + problem.dhs[t][alive])
        found += _differences("CARRY", "dstate", seeds, expected, {"t": t})
        _write_rows(entering, alive, dstate_prev)
        total = tree_map(np.add, total, dparams)
    found += _differences("CARRY", "state0", gradients.state0, entering, {"t": 0})
    found += _differences("ACCUM", "params", gradients.params, total, {})
    return found


def _write_rows(into: Any, rows: Array, values: Any) -> None:
    for array, value in zip(
        named_leaves(into).values(), named_leaves(values).values(), strict=True
    ):
        array[rows] = value


def _differences(
    stage: str, kind: str, manual: Any, expected: Any, fixed: dict[str, Any]
) -> Iterator[Mismatch]:
    known = named_leaves(expected)
    for name, array in named_leaves(manual).items():
        right = np.asarray(known[name], np.float64)
        explained = tolerance.bound(right, np.zeros(1), array.dtype)
        mismatch = compare(stage, f"{kind}.{name}", array, right, explained, fixed=fixed)
        if mismatch is not None:
            yield mismatch


def effects(problem: Problem) -> list[Mismatch]:
    """Check EFFECT of a cell's own ``step`` and ``step_backward`` over the steps of a problem."""
    cell, params, state = problem.cell, problem.params, problem.state0
    found: list[Mismatch] = []

    def note(name: str, t: int, what: str) -> None:
        found.append(_effect(name, t, what))

    kept: list[tuple[int, Any, Any]] = []  # step, cache, copy of its arrays
    for t, x in enumerate(problem.xs):
        given = {"params": params, "state": state, "x": x}
        before = _copies(given)
        moved, cache = cell.step(params, state, x)
        again, _ = cell.step(params, state, x)
        for name in _changed(given, before):
            note(name, t, "step changes its argument")
        for name in _sharing({"state": moved}, given):
            note(name, t, "step returns memory of its argument")
        for name in _changed({"state": again}, _copies({"state": moved})):
            note(name, t, "a second call of step gives another result")
        for name, array in named_leaves({"state": moved}).items():
            if array.dtype != problem.dtype:
                note(name, t, f"step returns dtype {array.dtype} for {problem.dtype}")
        kept.append((t, cache, _copies({"cache": cache})))
        state = moved

    for t, cache, before in reversed(kept):
        for name in _changed({"cache": cache}, before):
            note(name, t, "what step cached is overwritten later")
        dstate = tree_map(np.ones_like, state)
        given = {"params": params, "cache": cache, "dstate": dstate}
        before = _copies(given)
        answer = _named_answer(cell.step_backward(params, cache, dstate))
        first = _copies(answer)
        for name in named_leaves(answer["dparams"]).keys() ^ named_leaves(params).keys():
            is_there = name in named_leaves(answer["dparams"])
            what = "a gradient of no parameter" if is_there else "no gradient of this parameter"
            note(f"dparams.{name}", t, f"step_backward returns {what}")
        for name in _changed(given, before):
            note(name, t, "step_backward changes its argument")
        for name in _sharing(answer, given):
            note(name, t, "step_backward returns memory of its argument")
        again = _named_answer(cell.step_backward(params, cache, dstate))
        for name in _changed(again, first):
            note(name, t, "a second call of step_backward gives another result")
        for name, array in named_leaves(answer).items():
            if array.dtype != problem.dtype:
                note(name, t, f"step_backward returns dtype {array.dtype} for {problem.dtype}")
    return _first_of_each(found)


def _named_answer(answer: Any) -> dict[str, Any]:
    dparams, dstate_prev, dx = answer
    return {"dparams": dparams, "dstate_prev": dstate_prev, "dx": dx}


def _arrays(tree: Any) -> dict[str, Array]:
    return {k: v for k, v in named_leaves(tree).items() if isinstance(v, np.ndarray)}


def _copies(tree: Any) -> dict[str, Array]:
    return {name: array.copy() for name, array in _arrays(tree).items()}


def _changed(tree: Any, before: dict[str, Array]) -> list[str]:
    return [
        name
        for name, array in _arrays(tree).items()
        if name in before and not np.array_equal(array, before[name], equal_nan=True)
    ]


def _sharing(results: Any, arguments: Any) -> list[str]:
    given = _arrays(arguments).values()
    return [
        name
        for name, array in _arrays(results).items()
        if any(np.shares_memory(array, other) for other in given)
    ]


def _effect(name: str, t: int, what: str) -> Mismatch:
    nan = float("nan")
    return Mismatch("EFFECT", name, (), {"t": t}, nan, nan, np.inf, 0.0, 1, 1, note=what)


def _first_of_each(found: list[Mismatch]) -> list[Mismatch]:
    """Keep one record for each name and kind of effect, with the steps at which it is seen."""
    grouped: dict[tuple[str, str], list[Mismatch]] = {}
    for mismatch in found:
        grouped.setdefault((mismatch.name, mismatch.note), []).append(mismatch)
    return [
        replace(group[0], where={"t": sorted(mismatch.place["t"] for mismatch in group)})
        for group in grouped.values()
    ]
