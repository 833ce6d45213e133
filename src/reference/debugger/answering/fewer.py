"""A repair of fewer edits: one edit in the place of two, where one line explains what both mend.

Where faults are told apart line by line, a value may be made right for what reads it and then be
taken away again further down. With the rest of the repair made, such a pair has one line that
explains all that is left, and a search for one fault mends it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

from reference.debugger.answering.answer import edits_between
from reference.debugger.answering.pruning import line_by_line, made, only_file, told_at
from reference.debugger.diagnosis import Edit
from reference.debugger.running.source import Source
from reference.debugger.searching.cases import score
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.round import probed
from reference.debugger.searching.search import Search

_FEWEST = 3  # edits of a repair that is looked at: one in the place of two is a fault of its own
_MOST_PAIRS = 6
_LEAST, _PART = 1.5, 0.2  # seconds for all pairs, and a part of what is left if that is more
_LIKELY = 1.8  # what costs more is no better than the two


def with_fewer(search: Search, originals: dict[str, str]) -> None:
    """Put one edit in the place of two, in every repair; the program is as it was after it."""
    search.found = [_with_fewer(search, found, originals) for found in search.found]
    search.program.restore_texts(originals)


def _with_fewer(search: Search, found: Found, originals: dict[str, str]) -> Found:
    file = only_file(found, originals)
    if file is None or len(found.steps) < 2:
        return found
    original = originals[file]
    edits = line_by_line(edits_between(file, original, found.texts[file]))
    if len(edits) < _FEWEST:
        return found
    best, now = found, time.monotonic()
    until = min(search.until, now + max(_LEAST, _PART * (search.until - now)))
    for kept in itertools.islice(_all_but_two(edits), _MOST_PAIRS):
        if time.monotonic() > until:
            break
        texts = {**originals, file: made(original, kept)}
        step = _one_more(search, texts, until)
        if step is None or (best is not found and best.cost <= step.rewrite.cost):
            continue
        lines = {line for edit in kept for line in range(edit.first, edit.last + 1)}
        others = [s for s in found.steps if told_at(original, s) in lines]
        mended = Source(file, texts[file]).edited(step.rewrite.splices)
        best = replace(found, texts={**found.texts, file: mended}, steps=[*others, step],
                       cost=step.rewrite.cost)  # fmt: skip
    return best


def _all_but_two(edits: list[Edit]) -> Iterator[list[Edit]]:
    for pair in itertools.combinations(edits, 2):
        yield [edit for edit in edits if edit not in pair]


def _one_more(search: Search, texts: dict[str, str], until: float) -> Step | None:
    """Return the one edit that mends what is wrong with texts, if a line explains all of it."""
    program, case = search.program, search.cases[0]
    try:
        program.restore_texts(texts)
    except (SyntaxError, ValueError):  # two of the lines were moved together
        return None
    base = score(program.run(case.inputs, search.limit), case)
    if not probed(program, case, base, until, search.adjoints()).explained:
        return None
    alone = Search(program, search.cases, until, search.accepts, structure=0.0)
    alone.search()
    likely = [f for f in alone.found if len(f.steps) == 1 and f.cost < _LIKELY]
    return min(likely, key=lambda f: f.cost).steps[0] if likely else None
