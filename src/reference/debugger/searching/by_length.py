"""Short sequences first: what shows in one step is mended before what takes two to show.

Where several faults spoil every gradient together, no edit makes one right. In the first step of a
sequence most faults of a recurrence have no part, so the few that have can be found there alone,
then those that a second step adds, and so on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from reference.debugger.running.program import Inputs
from reference.debugger.running.shapes import shape_of
from reference.debugger.searching.cases import Case, score
from reference.debugger.searching.repairs import Found
from reference.debugger.searching.search import Search

_LENGTHS = (1, 2, 3)


def search_by_length(
    search: Search, drawn: Iterable[Inputs], case_of: Callable[[Inputs], Case | None], until: float
) -> None:
    """Begin a search that has found nothing again, on the first steps of the same inputs.

    What it finds is kept in `search`; the program is left as it is then.
    """
    program, steps, cost = search.program, [], 0.0
    stages = []

    def runs(inputs: Inputs) -> bool:
        return bool(np.isfinite(program.value(inputs)))

    for length in _LENGTHS:
        cuts = (first_steps(inputs, length, runs) for inputs in drawn)
        short = [cut for cut in cuts if cut is not None]
        cases = [case for inputs in short[:4] if (case := case_of(inputs)) is not None]
        if len(cases) > 1:
            stages.append(cases)
    if not stages:
        return
    for cases in (*stages, search.cases):
        left = until - time.monotonic()
        if left < 0.3:
            break
        last = cases is search.cases
        stage = Search(
            program, cases, until if last else time.monotonic() + 0.5 * left,
            search.accepts if last else lambda: True, search.progress,
            structure=1.0, short=not last,
        )  # fmt: skip
        if not _is_right(stage):
            stage.search()
            if not stage.found:
                steps += stage.steps
                break
            best = min(stage.found, key=lambda found: found.cost)
            steps, cost = [*steps, *best.steps], cost + best.cost
            program.restore_texts(best.texts)
        if last:
            texts = program.texts
            search.found = [Found(texts, steps, cost)]
    search.steps = steps or search.steps


def _is_right(stage: Search) -> bool:
    return all(
        len(score(stage.program.run(case.inputs), case).right) == len(case.oracle)
        for case in stage.cases
    )


def first_steps(
    inputs: Inputs, length: int, runs: Callable[[Inputs], bool] = lambda _: True
) -> Inputs | None:
    """Return inputs with their sequences cut after some steps, or None where there are none.

    The number of steps is taken to be the size that most arrays of `inputs` share, but not all, as
    the batch is in states as well; and that no parameter has, if there is such a one. Another size
    is taken where the program does not run without the rest of that.

    Parameters
    ----------
    inputs : pair of mappings
    length : int
    runs : callable, optional
        Says whether the loss is a number at some inputs.

    Examples
    --------
    >>> x, h0 = np.zeros((5, 2, 3)), np.zeros((2, 4))
    >>> params, short = first_steps(({"W": np.zeros((3, 4))}, {"x": x, "h0": h0}), 1)
    >>> short["x"].shape, short["h0"].shape
    ((1, 2, 3), (2, 4))
    """
    params, given = inputs
    shapes = {name: _shape(value) for name, value in given.items()}
    shapes = {name: shape for name, shape in shapes.items() if shape is not None}
    fixed = {size for value in params.values() for size in shape_of(value)}
    counts = Counter(size for shape in shapes.values() for size in set(shape[:2]) if size > length)
    order = sorted(
        counts,
        key=lambda size: (
            size not in fixed, counts[size] < len(shapes), counts[size],
            sum(shape[:1] == (size,) for shape in shapes.values()),
        ),
        reverse=True,
    )  # fmt: skip
    for steps in order:
        cut: dict[str, Any] = dict(given)
        for name, shape in shapes.items():
            if steps in shape:
                cut[name] = _first(given[name], length, shape.index(steps))
        if runs((params, cut)):
            return params, cut
    return None


def _shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of an array, or how many elements a list has."""
    if isinstance(value, np.ndarray):
        return value.shape
    return (len(value),) if type(value) in (list, tuple) else None


def _first(value: Any, length: int, axis: int) -> Any:
    return value.take(range(length), axis=axis) if isinstance(value, np.ndarray) else value[:length]
