"""What is tried before anything is probed: it is cheap to make, and often right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from reference.debugger.repair import Rewrite, starts
from reference.debugger.running.program import Program
from reference.debugger.searching import by_lookup, candidates, lost, nothing
from reference.debugger.searching.cases import Case, Score
from reference.debugger.searching.round import Round, residual_of
from reference.debugger.values.adjoints import Adjoints

_SECONDS = 1.5
NAMES = ("lookup", "the end", "carry", "recalled", "quick", "lost", "handed", "unused")


def stages(
    program: Program,
    case: Case,
    now: Round,
    base: Score,
    short: bool,
    adjoints: Callable[[], Adjoints | None],
    error: BaseException | None = None,
) -> Iterator[tuple[str, Iterable[Rewrite]]]:
    """Give edits in stages; where no gradient is wrong, those of what a call leaves behind.

    Where the program raises since floats are added to integers, buffers of floats come first.
    """
    if isinstance(error, TypeError) and "cast" in str(error):
        every = candidates.places(program, now)
        yield "quick", (rewrite for place in every for rewrite in starts.of_floats(place))
    if len(base.right) == len(case.oracle):
        yield "conduct", candidates.of_conduct(program, case, now)
        return
    if error is not None:
        yield "quick", candidates.of_calls_alike(program)
    if not short and error is None:
        yield "lookup", by_lookup.rewrites(program, case, now, base)
    yield "the end", candidates.of_the_end(program, case, now, base)
    yield "carry", candidates.of_loops(program, case, base)
    yield "recalled", candidates.of_recalled(program, case, now)
    yield "quick", candidates.of_statements(program, now)
    yield "handed", candidates.of_handed(program, now)
    yield "unused", candidates.of_unused(program, now)
    yield "lost", _of_nothing(program, case, now, adjoints)
    yield "unused", candidates.of_flags(program, case)


def _of_nothing(
    program: Program, case: Case, now: Round, adjoints: Callable[[], Adjoints | None]
) -> Iterator[Rewrite]:
    """Give what is to be added to gradients that are all zeros."""
    now.residual = residual_of(now.recording, case)
    if any(
        np.any(wanted) and not np.any(np.asarray(now.recording.outputs[name], float))
        for name, wanted in now.residual.items()
    ):
        yield from lost.rewrites(program, now, _SECONDS)
        yield from nothing.rewrites(program, now, adjoints(), _SECONDS)
