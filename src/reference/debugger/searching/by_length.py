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
    for length in _LENGTHS:
        short = [cut for inputs in drawn if (cut := first_steps(inputs, length)) is not None]
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
            texts = {file: source.text for file, source in program.sources.items()}
            search.found = [Found(texts, steps, cost)]
    search.steps = steps or search.steps


def _is_right(stage: Search) -> bool:
    return all(
        len(score(stage.program.run(case.inputs), case).right) == len(case.oracle)
        for case in stage.cases
    )


def first_steps(inputs: Inputs, length: int) -> Inputs | None:
    """Return inputs with their sequences cut after some steps, or None where there are none.

    The number of steps is taken to be the size that most arrays of `inputs` share, but not all, as
    the batch is in states as well; and that no parameter has, if there is such a one.

    Examples
    --------
    >>> x, h0 = np.zeros((5, 2, 3)), np.zeros((2, 4))
    >>> params, short = first_steps(({"W": np.zeros((3, 4))}, {"x": x, "h0": h0}), 1)
    >>> short["x"].shape, short["h0"].shape
    ((1, 2, 3), (2, 4))
    """
    params, given = inputs
    arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    fixed = {size for value in params.values() for size in np.shape(value)}
    counts = Counter(
        size for value in arrays.values() for size in set(value.shape[:2]) if size > length
    )
    if not counts:
        return None
    steps = max(
        counts,
        key=lambda size: (
            size not in fixed, counts[size] < len(arrays), counts[size], _leads(size, arrays),
        ),
    )  # fmt: skip
    cut: dict[str, Any] = dict(given)
    for name, value in arrays.items():
        if steps in value.shape:
            axis = value.shape.index(steps)
            cut[name] = value.take(range(length), axis=axis)
    return params, cut


def _leads(size: int, arrays: dict[str, np.ndarray]) -> int:
    return sum(value.ndim > 0 and value.shape[0] == size for value in arrays.values())
