"""Repairs at lines that a finding names: memory that is shared, and gradients of another shape."""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Iterable, Iterator

import numpy as np

from reference.debugger.diagnosis import Suspect
from reference.debugger.repair import Place, Rewrite, common, results, shapes, sharing, statements
from reference.debugger.running.program import Program, as_float_array
from reference.debugger.running.recording import record
from reference.debugger.running.shapes import shape_of
from reference.debugger.searching import candidates
from reference.debugger.searching.cases import score
from reference.debugger.searching.places import all_statements, place_at
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.round import Round
from reference.debugger.searching.search import Search

_MOST = 3  # repairs: the later ones are copies elsewhere of the same array


def search_memory(search: Search, shared: Iterable[Suspect], seconds: float) -> None:
    """Try copies and new arrays at lines where memory is shared; what passes is kept in `search`.

    Parameters
    ----------
    search : Search
        Its program is left as it was.
    shared : iterable of Suspect
        As `reference.debugger.judging.effects.aliasing` found them, the likeliest first.
    seconds : float
    """
    until = time.monotonic() + seconds
    program, inputs = search.program, search.cases[0].inputs
    now = Round(record(program, inputs, seconds / 2, shared=True))
    places = (place_at(program, now, *line) for line in _lines(shared))
    near = itertools.chain.from_iterable(_at(place) for place in places if place is not None)
    found = itertools.chain(
        sorted(near, key=_cost), _anywhere(program, now, copies=_given_twice(search))
    )
    _keep(search, now, found, until)


def search_shapes(search: Search, findings: Iterable[Suspect], seconds: float) -> None:
    """Try sums, transposes and the like at lines that make a gradient of the wrong shape.

    Parameters
    ----------
    search : Search
        Its program is left as it was.
    findings : iterable of Suspect
        Of the kind "wrong shape", each with the name of its parameter.
    seconds : float
    """
    until = time.monotonic() + seconds
    program, case = search.program, search.cases[0]
    lines = _lines(findings)
    if len(lines) != 1:
        return  # several are not mended by one edit
    now = Round(record(program, case.inputs, seconds / 2, shared=program.shared_too))
    ((file, line),) = lines
    place = place_at(program, now, file, line)
    names = [one.variable for one in findings if one.variable in case.oracle]
    if place is None or not names:
        return
    found = [*common(place), *shapes.rewrites(place, case.oracle[names[0]].shape)]
    missing = [name for name in case.oracle if name not in now.recording.outputs]
    found += results.keys(place, missing)
    for other in _telling(program, now, names):
        if other is not place:  # where another value may be handed over under the name
            found += [*common(other), *results.keys(other, missing)]
    became = {
        (shape_of(now.recording.outputs.get(name)), case.oracle[name].shape) for name in names
    }
    for unit in (unit for unit in program.live_units if program.searched(unit)):
        for other in candidates.places(program, now, unit):
            for given, wanted in sorted(became):  # of each layer one
                found += shapes.operands_of(other, given, wanted)
    _keep(search, now, sorted(found, key=_cost), until)


def _telling(program: Program, now: Round, names: Iterable[str]) -> Iterator[Place]:
    """Give the statements that say the names of gradients, as the keys of a dict."""
    for unit in program.live_units:
        if program.searched(unit):
            for file, line, _ in all_statements(program, unit):
                place = place_at(program, now, file, line)
                nodes = [] if place is None else [node for node, _ in place.nodes]
                said = {node.value for node in nodes if isinstance(node, ast.Constant)}
                if place is not None and not said.isdisjoint(names):
                    yield place


def _lines(found: Iterable[Suspect]) -> dict[tuple[str, int], None]:
    return dict.fromkeys((one.file, one.line) for one in found if one.line)


def _cost(rewrite: Rewrite) -> float:
    return rewrite.cost


def _keep(search: Search, now: Round, found: Iterable[Rewrite], until: float) -> None:
    """Keep the edits that make all right."""
    program = search.program
    for rewrite in found:
        if time.monotonic() > until or len(search.found) >= _MOST:
            return
        texts = {name: source.text for name, source in program.sources.items()}
        edited = program.sources[rewrite.file].edited(rewrite.splices)
        if _passes(search, rewrite.file, edited):
            step = Step(rewrite, texts, now.times(program, rewrite))
            search.found.append(Found({**texts, rewrite.file: edited}, [step], rewrite.cost))


def _given_twice(search: Search) -> bool:
    """Return whether two gradients are the same that should differ: both are in one array."""
    case = search.cases[0]
    outputs = search.program.run(case.inputs).outputs
    given = {name: as_float_array(outputs.get(name)) for name in case.oracle}
    arrays = [(name, value) for name, value in given.items() if value is not None and np.any(value)]
    return any(
        np.array_equal(value, other)
        and case.oracle[a].shape == case.oracle[b].shape
        and not np.allclose(case.oracle[a], case.oracle[b], atol=1e-8 * case.scale)
        for (a, value), (b, other) in itertools.combinations(arrays, 2)
    )


def _anywhere(program: Program, now: Round, copies: bool) -> Iterator[Rewrite]:
    """Give edits that change what shares memory, and nothing else, on every line."""
    for unit in program.live_units:
        if program.runs_in_backward(unit):
            for file, line, _ in all_statements(program, unit):
                place = place_at(program, now, file, line)
                if place is not None:
                    yield from _at(place) if copies else sharing.rewrites(place)


def _at(place: Place) -> Iterator[Rewrite]:
    whole = (r for r in statements.rewrites(place) if r.kind in ("aliasing", "argument changed"))
    seen = set()
    for rewrite in itertools.chain(sharing.rewrites(place), sharing.copies(place), whole):
        if rewrite.splices not in seen:
            seen.add(rewrite.splices)
            yield rewrite


def _passes(search: Search, file: str, text: str) -> bool:
    """Return whether all is right with another text, and the loss is what it was."""
    program, before, case = search.program, search.program.sources[file].text, search.cases[0]
    try:
        program.install(file, text)
    except (SyntaxError, ValueError):
        return False
    try:
        if len(score(program.run(case.inputs), case).right) < len(case.oracle):
            return False
        return search.confirmed(search.cases) and all(
            case.is_loss(program.value(case.inputs), 1e-6) for case in search.cases[:2]
        )
    finally:
        program.install(file, before)
