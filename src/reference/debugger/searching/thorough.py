"""What is left to try on the likeliest lines where a search has ended before its time is up.

A search leaves out what the probes say cannot help, and what is far-fetched. The probes are exact
for what enters linearly alone; and better a far-fetched mend than none.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from reference.debugger.repair import Place, Rewrite, common, rich
from reference.debugger.searching.cases import score
from reference.debugger.searching.places import place_at
from reference.debugger.searching.search import Search

_LINES = 6
_LEAST = 2.0  # seconds


def search_thoroughly(search: Search, until: float) -> None:
    """Try all edits of the likeliest lines of a search that has found nothing.

    What it finds is kept in `search`; the program is to be as it was at first, and is left so.
    """
    program, case, now = search.program, search.cases[0], search.first
    if now is None or until - time.monotonic() < _LEAST:
        return
    texts = program.texts
    places = [place_at(program, now, file, line) for file, line in search.order[:_LINES]]
    search.until, before, search.steps = until, search.steps, []
    base = score(program.run(case.inputs, search.limit), case)
    edits = _edits(search, [place for place in places if place is not None])
    search.round(now, iter([("any", edits)]), base, [])
    if not search.found:
        search.steps = before
        program.restore_texts(texts)


def _edits(search: Search, places: list[Place]) -> Iterator[Rewrite]:
    """Give edits until one has mended all: those of the catalogue first, line by line."""
    for place in places:
        yield from (rewrite for rewrite in common(place) if rewrite.cost >= _TRIED)
        if search.found:
            return
    each = [rich(place) for place in places]
    for some in itertools.zip_longest(*each):
        yield from (rewrite for rewrite in some if rewrite is not None)
        if search.found:
            return


_TRIED = 1.7  # cheaper ones of these lines have been run
