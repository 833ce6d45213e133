"""The catalogue: what may be mended on a line, the likely before the far-fetched."""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Callable, Iterator

from reference.debugger.repair import (
    accumulators,
    analogy,
    brackets,
    centred,
    conditions,
    derivatives,
    indices,
    late,
    layouts,
    loops,
    masks,
    operands,
    others,
    prefixed,
    products,
    reductions,
    replaced,
    results,
    row_counts,
    sharing,
    signs,
    starts,
    statements,
    terms,
    together,
    turned,
)
from reference.debugger.repair.habits import weighed_by_habit
from reference.debugger.repair.place import Atom, Place, Rewrite
from reference.debugger.running.source import Splice

__all__ = ["Atom", "Place", "Rewrite", "common", "rich"]

_COMMON = (
    signs.rewrites, statements.rewrites, loops.rewrites, conditions.rewrites, indices.rewrites,
    layouts.rewrites, products.rewrites, reductions.rewrites, masks.rewrites, terms.fewer,
    derivatives.rewrites, results.rewrites, operands.rewrites, terms.factors, terms.scaled,
    terms.terms, starts.rewrites, late.rewrites, sharing.rewrites, analogy.rewrites,
    brackets.rewrites, together.rewrites, replaced.rewrites, turned.rewrites,
    centred.rewrites, row_counts.rewrites, accumulators.rewrites,
    prefixed.rewrites,
)  # fmt: skip


def common(place: Place) -> list[Rewrite]:
    """Return the single edits of a statement, cheapest first, without doubles and bans."""
    if place.edits is None:
        found = itertools.chain.from_iterable(_all_of(family, place) for family in _COMMON)
        weighed = (weighed_by_habit(place, rewrite) for rewrite in _distinct(place, found))
        place.edits = sorted(weighed, key=lambda rewrite: rewrite.cost)
    return place.edits


def _all_of(family: Callable[[Place], Iterator[Rewrite]], place: Place) -> Iterator[Rewrite]:
    """Give the edits of a family, as many as it can make.

    The values at a statement are anybody's: lists of unlike arrays, objects without a shape. A
    family that fails on one must not end the search for all.
    """
    with contextlib.suppress(Exception):
        yield from family(place)


def rich(place: Place) -> Iterator[Rewrite]:
    """Give far-fetched edits: two at once, and factors and terms that are products."""
    families = (terms.products_of_two, terms.two_factors, operands.two, others.rewrites)
    each = [_distinct(place, family(place)) for family in families]
    for some in itertools.zip_longest(*each):  # in turns: no family may use up all the time
        yield from (rewrite for rewrite in some if rewrite is not None)


def _distinct(place: Place, found: Iterator[Rewrite]) -> Iterator[Rewrite]:
    seen = set()
    counted = _counted(place)
    for rewrite in found:
        key = tuple((s.start, s.end, s.new) for s in rewrite.splices)
        if key in seen or _counts_a_sum(counted, rewrite):
            continue
        if all(place.source.data[start:end].decode() == new for start, end, new in key):
            continue
        seen.add(key)
        if not any(banned(splice.new) or _idle(place, splice) for splice in rewrite.splices):
            yield rewrite


_NEXT = 40  # bytes on both sides of an edit


def _idle(place: Place, splice: Splice) -> bool:
    """Return whether a text passes by doing nothing once it is in its place: x / x of x / y."""
    data = place.source.data
    before, after = data[max(0, splice.start - _NEXT) : splice.start], data[splice.end :][:_NEXT]
    texts = (
        " ".join((before + part + after).decode(errors="ignore").split())
        for part in (splice.new.encode(), data[splice.start : splice.end])
    )
    return banned(next(texts)) and not banned(next(texts))


def _counted(place: Place) -> list[tuple[int, int]]:
    """Return where a statement has what is only counted: the x of ``len(x)``."""
    return [
        place.source.span(node.args[0])
        for node, _ in place.nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len" and node.args
    ]


def _counts_a_sum(counted: list[tuple[int, int]], rewrite: Rewrite) -> bool:
    """Whether an edit sums up, or turns, what is only counted: ``len(x.T)`` for ``len(x)``."""
    return any(
        start <= splice.start <= splice.end <= end and _SUMMED.search(splice.new)
        for start, end in counted
        for splice in rewrite.splices
    )


_SUMMED = re.compile(r"\.(sum|mean)\(|\.T\b")


def banned(text: str) -> bool:
    """Return whether a text passes by doing nothing: powers 0 and 1, x + x, x - x, x / x.

    Examples
    --------
    >>> banned("1 - c ** 0"), banned("x - x"), banned("d * (1 - c ** 2)")
    (True, True, False)
    """
    return bool(_NOTHING.search(text))


_NOTHING = re.compile(
    r"\*\* ?[01](?![\d.])"  # x ** 0, x ** 1
    r"|(?<![\w.\])*/] )(?<![\w.\])])([A-Za-z_][\w.]*(?:\[[^][]*\])?) [-+/] \1(?![\w.\[(])(?! [*/@])"
)
