"""Edits that need no probe: of whole loops, of whole statements, and of what the loss runs too."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from reference.debugger.repair import (
    Place,
    Rewrite,
    alike,
    analogy,
    before,
    carry,
    common,
    conditions,
    derivatives,
    dropped,
    flags,
    handed,
    in_the_end,
    indices,
    insertions,
    late,
    loops,
    operands,
    owned,
    prepended,
    recalled,
    replaced,
    results,
    rows,
    scales,
    sharing,
    starts,
    statements,
    terms,
    unused,
)
from reference.debugger.running.program import Program, as_float_array
from reference.debugger.running.recording import record
from reference.debugger.running.source import Splice
from reference.debugger.running.timebox import for_seconds
from reference.debugger.searching import added_later, lost, structure
from reference.debugger.searching.cases import Case, Score
from reference.debugger.searching.places import all_statements, functions_in, place_at
from reference.debugger.searching.round import Round
from reference.debugger.texts.edited import same

_COMPOUND = (ast.FunctionDef, ast.For, ast.While, ast.If, ast.With, ast.Try)
_IN_FORWARD = {"aliasing", "index off by one", "overwritten too early", "carry lost", "wrong order",
               "argument changed", "state between calls", "late binding"}  # fmt: skip
_FAR = 1.5  # what costs more waits for what the probes say
_OF_KEPT = {"wrong operand", "gate copied"}
_PLAIN, _LEFT_OUT = 1.7, 2.0  # of what the probes leave out: what costs less is run; seconds


def of_loops(program: Program, case: Case, base: Score) -> Iterator[Rewrite]:
    """Give edits of whole loops and results, in the units that only the backward runs."""
    for unit in program.live_units:
        if program.searched(unit):
            source = program.sources[unit.file]
            for function in functions_in(unit.tree):
                yield from carry.rewrites(source, function)
            yield from before.reads(source, unit.tree)
        if program.runs_in_backward(unit) and not program.only_in_backward(unit):
            yield from before.rewrites(program.sources[unit.file], unit.tree)
        if program.runs_in_backward(unit):
            yield from late.of_functions(program.sources[unit.file], unit.tree)
            yield from prepended.rewrites(program.sources[unit.file], unit.tree)
    for file in dict.fromkeys(unit.file for unit in program.live_units):
        for family in (owned.rewrites, sharing.chained, rows.rewrites):
            yield from family(program.sources[file])
    missing = [name for name, entries in base.entries.items() if entries is None]
    if missing:
        shapes = {name: gradient.shape for name, gradient in case.oracle.items()}
        now = Round(record(program, case.inputs, 2.0))
        for place in places(program, now):
            yield from results.missing(place, missing, shapes)


def of_calls_alike(program: Program) -> Iterator[Rewrite]:
    """Give the arguments in which calls differ from all calls alike in their function."""
    for file, function in _functions(program):
        yield from alike.rewrites(program.sources[file], function)


def of_the_end(program: Program, case: Case, now: Round, base: Score) -> Iterator[Rewrite]:
    """Give edits that multiply all gradients by one number, where it is one that they lack."""
    made = {name: as_float_array(now.recording.outputs.get(name)) for name in case.oracle}
    gradients = [gradient for gradient in made.values() if gradient is not None]
    if base.right or not 1 < len(gradients) == len(made):
        return
    number = scales.ratio(*(np.concatenate([np.ravel(one) for one in group])
                            for group in (gradients, case.oracle.values())))  # fmt: skip
    if number is None:
        return
    for place in places(program, now):
        yield from in_the_end.rewrites(place, number, gradients)


def of_statements(program: Program, now: Round) -> Iterator[Rewrite]:
    """Give edits of whole statements that are few and often right, on every line."""
    for place in places(program, now):
        yield from (r for r in statements.rewrites(place) if r.cost <= 1.5)
        yield from (r for r in loops.rewrites(place) if r.cost <= 1.3)
        yield from conditions.rewrites(place)
        yield from (r for r in structure.few(place) if r.cost <= 1.2)
        yield from indices.wrapping(place)
        yield from (r for r in results.rewrites(place) if r.cost <= 1.6)
        yield from derivatives.completions(place)
        yield from replaced.rewrites(place)
        yield from starts.of_floats(place)
        yield from starts.anew(place)
        yield from starts.again(place)
        yield from sharing.read_again(place)
        yield from analogy.anew(place)
        yield from late.rewrites(place)
        yield from (r for r in terms.widened(place) if r.cost < _FAR)
        yield from recalled.as_elsewhere(place)
        yield from recalled.as_named(place)
        if _hands_to_itself(place.statement):
            yield from common(place)


def _hands_to_itself(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing, since the rest of it is lost: ``dh = dh``."""
    return isinstance(statement, ast.Assign) and any(
        same(target, statement.value) for target in statement.targets
    )


def of_recalled(program: Program, case: Case, now: Round) -> Iterator[Rewrite]:
    """Give calls that make again what the loss has made, with the arguments of the loss's calls."""
    shared = [
        unit
        for unit in program.live_units
        if program.runs_in_backward(unit) and not program.only_in_backward(unit)
    ]
    names = {function.name for unit in shared for function in functions_in(unit.tree)} | {"tanh"}
    own = [place for place in places(program, now) if recalled.calls_of([place], names)]
    if not own or program.shared_too:
        return
    seen = Round(record(program, case.inputs, 3.0, shared=True))
    theirs = (place for unit in shared for place in places(program, seen, unit))
    known = recalled.calls_of(theirs, names)
    for place in own:
        yield from recalled.rewrites(place, known)


def of_unused(program: Program, now: Round) -> Iterator[Rewrite]:
    """Give places for variables that are set, or passed, and never read, and for such entries."""
    running = (unit.tree for unit in program.live_units if program.runs_in_backward(unit))
    is_read = unused.keys_read(running)
    for file, function in _functions(program):
        names, given = unused.unused_in(function), set[str]()
        around = _around(program, now, file, function) if names else {}
        for other, line, _ in all_statements(program):
            if other == file and function.lineno < line <= (function.end_lineno or 0):
                place = place_at(program, now, file, line)
                if place is None or place.function is not function:
                    continue
                if names:
                    yield from dropped.rewrites(place, names, around)
                    for rewrite in dropped.alike(place, names):
                        text = rewrite.splices[0].new.strip()
                        if text not in given:  # the same behind another line of its kind
                            given.add(text)
                            yield rewrite
                if every := [*names, *unused.entries(place, is_read)]:
                    yield from unused.rewrites(place, every)


def _around(program: Program, now: Round, file: str, function: ast.FunctionDef) -> dict[str, Any]:
    """Return the variables of the function around another, as they are at its end."""
    for unit in program.live_units:
        for outer in functions_in(unit.tree) if unit.file == file else ():
            if outer is not function and outer.lineno < function.lineno <= (outer.end_lineno or 0):
                place = place_at(program, now, file, outer.body[-1].lineno)
                return dict(place.env) if place is not None else {}
    return {}


def of_handed(program: Program, now: Round, seconds: float = 1.0) -> Iterator[Rewrite]:
    """Give arguments of calls of the user's own functions, one step off."""
    own = {function.__name__ for function in program.functions}
    yield from for_seconds(
        (rewrite for place in places(program, now) for rewrite in handed.rewrites(place, own)),
        seconds,
    )


def of_conduct(program: Program, case: Case, now: Round) -> Iterator[Rewrite]:
    """Give edits for a backward whose gradients are right but which leaves something changed."""
    for place in places(program, now):
        yield from (r for r in statements.rewrites(place) if r.kind in _IN_FORWARD)
    yield from of_shared(program, case)


def of_shared(program: Program, case: Case) -> Iterator[Rewrite]:
    """Give edits of what the loss runs too: they must leave the loss as it is."""
    now = Round(record(program, case.inputs, 3.0, shared=True))
    for unit in program.live_units:
        if not program.only_in_backward(unit):
            for place in places(program, now, unit):
                kinds = _IN_FORWARD | _OF_KEPT if keeps(place.statement) else _IN_FORWARD
                yield from (r for r in common(place) if r.kind in kinds)


def keeps(statement: ast.stmt) -> bool:
    """Return whether a statement makes nothing new, but puts together what is to be kept."""
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Expr) and isinstance(value, ast.Call):
        named = getattr(value.func, "attr", "") in ("append", "insert", "update")
        value = value.args[-1] if named and value.args else None
    if isinstance(value, ast.Call):  # a dict, a named tuple or an object of what it is given
        name = getattr(value.func, "id", "")
        return name in ("dict", "tuple", "list") or name.lstrip("_")[:1].isupper()
    return isinstance(
        value, ast.Tuple | ast.List | ast.Dict | ast.Name | ast.Attribute | ast.Subscript
    )


def of_flags(program: Program, case: Case) -> Iterator[Rewrite]:
    """Give edits of what the loss runs too that hold under a flag only."""
    units = [
        unit
        for unit in program.live_units
        if not program.only_in_backward(unit) and any(map(flags.of, functions_in(unit.tree)))
    ]
    if not units:
        return
    now = Round(record(program, case.inputs, 3.0, shared=True))
    for unit in units:
        for place in places(program, now, unit):
            yield from flags.rewrites(place)


def of_siblings(program: Program, now: Round) -> Iterator[Rewrite]:
    """Give one variable replaced by another on every line of a function: a slip copied along."""
    for file, function in _functions(program):
        source = program.sources[file]
        uses: dict[str, list[ast.expr]] = {}
        for statement in ast.walk(function):
            if isinstance(statement, ast.stmt) and not isinstance(statement, _COMPOUND):
                for node in ast.walk(statement):
                    loaded = isinstance(getattr(node, "ctx", None), ast.Load)
                    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and loaded:
                        uses.setdefault(source.in_one_line(node), []).append(node)
        yield from _other_products(program, file, function)
        for text, nodes in uses.items():
            lines = sorted({node.lineno for node in nodes})
            place = place_at(program, now, file, lines[0]) if len(lines) > 1 else None
            if place is None:
                continue
            value = place.value(text, place.env)
            near = sorted(
                (operands.unlike(text, new), new)
                for new in dict.fromkeys(operands.replacements(place, text, value))
            )
            for distance, new in near[:8]:
                for some, more in ((nodes, 0.0), *((run, 0.1) for run in _runs(nodes))):
                    splices = tuple(Splice(*source.span(node), new) for node in some)
                    yield Rewrite(file, splices, operands.naming(text, new),
                                  f"{new}, not {text}, on every line", 1.3 + distance + more,
                                  some[0].lineno, place.variable)  # fmt: skip


def _runs(nodes: list[ast.expr]) -> list[list[ast.expr]]:
    """Return the nodes on lines that follow on each other, where these are not all."""
    runs: list[list[ast.expr]] = []
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if runs and node.lineno - runs[-1][-1].lineno <= 1:
            runs[-1].append(node)
        else:
            runs.append([node])
    return [r for r in runs if len({node.lineno for node in r}) > 1] if len(runs) > 1 else []


def of_carries(program: Program, now: Round, seconds: float) -> Iterator[Rewrite]:
    """Give carries that are set before a loop and read in it, and that nothing in it hands on."""
    until = time.monotonic() + seconds
    for file, function in _functions(program):
        for loop in (n for n in ast.walk(function) if isinstance(n, ast.For | ast.While)):
            place = place_at(program, now, file, loop.body[-1].lineno)
            if place is None:
                continue
            for name, line in carry.stale(function, loop).items():
                shape = place.shape(name)
                for term, cost in insertions.terms(place, name, shape) if shape else ():
                    if time.monotonic() > until:
                        return
                    yield insertions.handed_on(place, name, term, cost - 0.4, line)
            first = place_at(program, now, file, loop.body[0].lineno)
            for name, line in carry.carried(function, loop).items():
                for rewrite in insertions.changed(first, place, name, line):
                    if time.monotonic() > until:
                        return
                    yield rewrite


_PRODUCTS = {"np.dot": "np.outer", "np.outer": "np.dot", "np.mean": "np.sum", "np.sum": "np.mean"}


def _other_products(program: Program, file: str, function: ast.FunctionDef) -> Iterator[Rewrite]:
    """Give one function for another on every line that adds to something: outer for dot."""
    source = program.sources[file]
    calls: dict[str, list[ast.expr]] = {}
    for statement in ast.walk(function):
        if isinstance(statement, ast.AugAssign) and isinstance(statement.value, ast.Call):
            text = source.of(statement.value.func)
            if text in _PRODUCTS:
                calls.setdefault(text, []).append(statement.value.func)
    for text, nodes in calls.items():
        if len(nodes) > 1:
            new = _PRODUCTS[text]
            splices = tuple(Splice(*source.span(node), new) for node in nodes)
            kind = "mean for sum" if "mean" in text else "dot for outer"
            yield Rewrite(file, splices, kind, f"{new}, not {text}, on every line", 1.2,
                          nodes[0].lineno, "")  # fmt: skip


def cheapest(places: Iterable[Place], seconds: float) -> Iterator[Rewrite]:
    """Give the edits of many lines, the least far-fetched first, whatever the probes say."""
    until = time.monotonic() + 0.3 * seconds  # to make them is work, too
    found: list[Rewrite] = []
    for place in places:
        if time.monotonic() > until:
            break
        found += [rewrite for rewrite in common(place) if rewrite.cost < 2.5]
    found.sort(key=lambda rewrite: rewrite.cost)
    yield from for_seconds(found, 0.4 * seconds)


def left_out(
    program: Program, case: Case, now: Round, base: Score, lines: list[Place]
) -> Iterator[Rewrite]:
    """Give what the probes say cannot help: they are exact for what enters linearly only."""
    until = time.monotonic() + _LEFT_OUT
    for place in lines:
        for rewrite in common(place):
            if time.monotonic() > until:
                return
            if rewrite.cost < _PLAIN and not now.may_help(program, case, base, rewrite):
                yield rewrite


def of_insertions(
    program: Program, now: Round, lines: list[Place], seconds: float
) -> Iterator[Rewrite]:
    """Give contributions that are missing, for variables that could explain what is wrong."""
    yield from lost.rewrites(program, now, seconds)
    yield from added_later.lacking(program, now, lines, seconds)
    yield from added_later.summed(program, now, lines, seconds)


def _functions(program: Program) -> Iterator[tuple[str, ast.FunctionDef]]:
    for unit in program.live_units:
        if program.searched(unit):
            for function in functions_in(unit.tree):
                if program.is_searched(unit.file, function.lineno):
                    yield unit.file, function


def places(program: Program, now: Round, unit: Any = None) -> Iterator[Place]:
    """Give the statements of the backward's own functions, or of one unit, with their values."""
    for file, line, _ in all_statements(program, unit):
        place = place_at(program, now, file, line)
        if place is not None:
            yield place
