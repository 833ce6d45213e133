"""What is tried before anything is probed: it is cheap to make, and often right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reference.debugger import by_lookup, candidates
from reference.debugger.cases import Case, Score
from reference.debugger.program import Program
from reference.debugger.repair import Rewrite
from reference.debugger.round import Round

NAMES = ("lookup", "carry", "recalled", "quick", "unused")


def stages(
    program: Program, case: Case, now: Round, base: Score, short: bool
) -> Iterator[tuple[str, Iterable[Rewrite]]]:
    """Give edits in stages; where no gradient is wrong, those of what a call leaves behind."""
    if len(base.right) == len(case.oracle):
        yield "conduct", candidates.of_conduct(program, case, now)
        return
    if not short:
        yield "lookup", by_lookup.rewrites(program, case, now, base)
    yield "carry", candidates.of_loops(program, case, base)
    yield "recalled", candidates.of_recalled(program, case, now)
    yield "quick", candidates.of_statements(program, now)
    yield "unused", candidates.of_unused(program, now)
    yield "unused", candidates.of_flags(program, case)
