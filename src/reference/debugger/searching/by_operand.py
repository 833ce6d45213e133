"""A number that a line reads and that is another adjoint than the one that the line needs.

The first value of a backward that is no adjoint may be made by a line that is right, of a number
that lacks a path, or that belongs to another step: an adjoint itself, so that no value before it
is wrong. With which adjoint in its place the line gives an adjoint can be tried; the number comes
from a line before, which is to give the other one: what that takes is known by the numbers.
"""

from __future__ import annotations

import ast
import itertools
import re
import time
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, common, contractions, quotients, scales
from reference.debugger.repair.operands import naming, unlike
from reference.debugger.repair.place import inside, walked
from reference.debugger.running.program import Program, as_float_array
from reference.debugger.running.recording import Run
from reference.debugger.running.source import Splice
from reference.debugger.searching import by_lookup
from reference.debugger.searching.places import place_at
from reference.debugger.searching.round import Round
from reference.debugger.values.agreement import places_in

_FIRST = 2  # lines that make the first values that are no adjoints
_MOST_ADJOINTS = 120  # that are tried in the place of a number
_MOST_MAKERS = 8
_TELLING = 3  # entries that are the same by no chance
_NEAR = 1e-9
_AS_PLAIN = 0.3  # what a number may cost more than another
_DEEP = 2  # lines, each of which reads what the one before it makes
_EACH = 2  # texts of a path, of so many at most
_MOST_TEXTS = 30
_HANDED = 0.2  # what it costs to add to a number where it is handed on, not where it is made
_OPERAND = "_operand"
_ROLES = ("assigned", "argument", "element", "returned", "stored", "appended")


_Found = Iterator[Rewrite]


@dataclass(frozen=True)
class Needed:
    """What a value should have been: its run, itself, the adjoint that is needed, and its paths.

    The paths are those that it lacks, where they are known.
    """

    run: Run
    made: Array
    wanted: Array
    paths: tuple[Array, ...] = ()


def rewrites(program: Program, now: Round, seconds: float) -> Iterator[Rewrite]:
    """Give the edits with which what the first wrong line reads is the adjoint that it needs.

    Parameters
    ----------
    program : Program
    now : Round
        With its agreement.
    seconds : float
    """
    until = time.monotonic() + seconds
    once = {(one.run, one.wanted.tobytes()): one for one in _needed(program, now, until)}
    sites = now.recording.sites  # what computes comes before what hands on
    needed = sorted(once.values(), key=lambda one: sites[one.run[0]].plain)
    given: set[tuple[Splice, ...]] = set()
    for family in (_by_scale, _by_name, _by_paths, _by_numbers, _of_catalogue):
        for one in needed:
            site = sites[one.run[0]]
            place = place_at(program, now, site.file, site.statement)
            nodes = [] if place is None else place.nodes
            found = (pair for pair in nodes if place and place.source.span(pair[0]) == site.span)
            node, parent = next(found, (None, None))
            if place is None or node is None or parent is None:
                continue
            if time.monotonic() > until:
                return
            for rewrite in family(now, place, node, parent, one):
                if time.monotonic() > until:
                    return
                if rewrite.splices not in given:
                    given.add(rewrite.splices)
                    yield rewrite


def _needed(program: Program, now: Round, until: float) -> Iterator[Needed]:
    """Give what was handed to the first wrong lines, by all lines that it came through."""
    seen = now.recording.executions
    yield from _too_large(now)
    for run in _first_wrong(now):
        own = as_float_array(seen[run[0]][run[1]].value)
        if own is not None and own.size >= _TELLING:
            yield from (Needed(run, own, *rest) for rest in _completed(now, own, whole=True))
        turns = [(run, None)]
        for _ in range(_DEEP):
            before = [
                one for run, wanted in turns for one in _read(program, now, run, wanted, until)
            ]
            yield from before
            turns = [(one.run, one.wanted) for one in before]


def _read(
    program: Program, now: Round, run: Run, result: Array | None, until: float
) -> Iterator[Needed]:
    """Give what a line reads, where it was made, if another value of it makes the line right."""
    site = now.recording.sites[run[0]]
    place = place_at(program, now, site.file, site.statement)
    if place is None or site.plain:
        return
    found = sorted(_operands(now, place, run, result, until), key=lambda one: -one[0])
    for degree, made, wanted, paths in found:
        if degree == found[0][0]:
            for maker in _makers(now, run, made):
                yield Needed(maker, made, wanted, paths)


def _first_wrong(now: Round) -> Iterator[Run]:
    """Give the runs of the first lines that make no adjoints of adjoints."""
    assert now.agreement is not None
    skipped = set(now.agreement.silent)
    for _ in range(_FIRST):
        run = now.agreement.first_wrong(skipped)
        if run is None:
            return
        skipped.add(run[0])
        if now.recording.sites[run[0]].span is not None:
            yield run


def _too_large(now: Round) -> Iterator[Needed]:
    """Give the first value that is an adjoint times a number, before all that is made of it.

    Also where nothing tells it from a slope, as what is made of the values of the loss.
    """
    agreement, seen = now.agreement, now.recording.executions
    assert agreement is not None
    last = next((seen[k][n].order for k, n in _first_wrong(now)), 0)
    wrong = [run for run, degree in agreement.degrees.items() if degree == 0]
    for k, n in sorted(wrong, key=lambda run: seen[run[0]][run[1]].order):
        made = as_float_array(agreement.signed(k, seen[k][n].value))
        if seen[k][n].order > last or made is None:
            return
        if made.size < _TELLING or now.recording.sites[k].span is None:
            continue
        for wanted in agreement.adjoints.of_shape(made.shape)[:_MOST_ADJOINTS]:
            if scales.ratio(made, wanted) is not None and not np.all(made == made.flat[0]):
                own = np.asarray(seen[k][n].value, dtype=float)
                yield Needed((k, n), own, agreement.signed(k, wanted))
                return


def _by_scale(now: Round, place: Place, node: ast.expr, parent: ast.AST, one: Needed) -> _Found:
    """Give a value times the number by which it is too small."""
    if isinstance(node, ast.Call) and "mean" in ast.unparse(node.func):
        return  # a sum is meant, of which the catalogue knows
    found = list(scales.rewrites(place, node, parent, one.made, one.wanted, _env(now, one)))
    least = min((r.cost for r in found), default=0.0)
    for r in found:
        if r.cost <= least + _AS_PLAIN:  # no product of sizes where one size is the number
            yield replace(r, cost=r.cost - 0.3 + _where(place, node, _env(now, one)))


def _completed(
    now: Round, value: Array, whole: bool = False
) -> Iterator[tuple[Array, tuple[Array, ...]]]:
    """Give the adjoints of which a value is some paths, and the paths that are added to it."""
    assert now.agreement is not None
    for one in now.agreement.adjoints.shared:
        lacking = one.lacking(value) if one.whole.shape == value.shape else ()
        least = len(lacking) if whole else 1
        for count in range(len(lacking), max(least, 1) - 1, -1):
            for some in itertools.combinations(lacking, count):
                yield value + np.sum(some, axis=0), some


def _operands(
    now: Round, place: Place, run: Run, result: Array | None, until: float
) -> Iterator[tuple[int, Array, Array, tuple[Array, ...]]]:
    """Give the values that a line reads, and adjoints with which it would give an adjoint.

    Or a `result`. With each to which degree that is one, and the paths that the value lacks.
    """
    agreement, env = now.agreement, now.recording.executions[run[0]][run[1]].env
    assert agreement is not None
    span = now.recording.sites[run[0]].span
    for read, text in _with_operand(place.source.data[slice(*span)] if span else b""):
        made = as_float_array(place.value(read, env))
        if made is None or made.size < _TELLING or agreement.of(made) is None:
            continue
        others = ((w, ()) for w in agreement.adjoints.of_shape(made.shape)[:_MOST_ADJOINTS])
        for wanted, paths in itertools.chain(_completed(now, made), others):
            if time.monotonic() > until:
                return
            if not _is(made, wanted):
                value = place.value(text, {**env, _OPERAND: wanted})
                if result is not None:
                    given = as_float_array(value)
                    degree = int(given is not None and _is(given, result))
                else:
                    degree = agreement.degree(agreement.signed(run[0], value))
                if degree:
                    yield from _of_whole(place, read, env, degree, made, wanted)
                    yield degree, made, wanted, paths


def _of_whole(
    place: Place, read: str, env: dict[str, Any], degree: int, made: Array, wanted: Array
) -> Iterator[tuple[int, Array, Array, tuple[Array, ...]]]:
    """Give what a part is taken of, times the number by which the part is too small."""
    node = ast.parse(read, mode="eval").body
    number = scales.ratio(made, wanted) if isinstance(node, ast.Subscript) else None
    if number is not None and isinstance(node, ast.Subscript):
        whole = as_float_array(place.value(ast.unparse(node.value), env))
        if whole is not None:
            yield degree, whole, whole * number, ()


def _makers(now: Round, before: Run, value: Array) -> list[Run]:
    """Return the runs that have given a value, before a run, the last first."""
    seen = now.recording.executions
    last = seen[before[0]][before[1]].order
    found = []
    for k, runs in seen.items():
        site = now.recording.sites[k]
        if site.span is None or site.role not in _ROLES:
            continue
        for n, execution in enumerate(runs):
            mine = as_float_array(execution.value)
            if execution.order >= last or mine is None or mine.shape != value.shape:
                continue
            if np.allclose(mine, value, rtol=_NEAR, atol=0.0):
                found.append((execution.order, (k, n)))
    return [run for _, run in sorted(found, reverse=True)][:_MOST_MAKERS]


def _of_catalogue(now: Round, place: Place, node: ast.expr, _: ast.AST, one: Needed) -> _Found:
    """Give the edits of the catalogue with which a line gives the value that is needed."""
    env, (start, end) = _env(now, one), place.source.span(node)
    for rewrite in common(place):
        if all(start <= s.start and s.end <= end for s in rewrite.splices):
            text = place.source.between(start, end, rewrite.splices).decode()
            value = as_float_array(place.value(f"({text})", env))
            if value is not None and _is(value, one.wanted):
                yield rewrite


def _is(value: Array, wanted: Array) -> bool:
    if value.shape != wanted.shape:
        return False
    size = float(np.max(np.abs(wanted), initial=0.0))
    first = wanted.flat[:1]  # most values differ there already
    if np.any(np.abs(value.flat[:1] - first) > 1e-7 * np.abs(first) + 1e-9 * size):
        return False
    return bool(np.allclose(value, wanted, rtol=1e-7, atol=1e-9 * size))


def _by_name(now: Round, place: Place, node: ast.expr, parent: ast.AST, one: Needed) -> _Found:
    """Give what holds the value that is needed, where another is handed on."""
    old, env = place.text(node), _env(now, one)
    for new, cost in by_lookup.equal_to(old, by_lookup.known_at(place, env), one.wanted):
        yield place.rewrite(node, inside(parent, new), naming(old, new), f"{new}, not {old}",
                            cost + 0.3 * unlike(old, new))  # fmt: skip


def _by_paths(now: Round, place: Place, node: ast.expr, parent: ast.AST, one: Needed) -> _Found:
    """Give the paths that a sum lacks, each by itself."""
    texts = [_texts(place, path, _env(now, one)) for path in one.paths]
    each = [_likeliest(place, itertools.islice(of_path, _MOST_TEXTS)) for of_path in texts]
    if not each or not all(each):
        return
    for terms in itertools.islice(itertools.product(*each), _EACH):
        added = " + ".join(terms)
        new = inside(parent, f"{place.text(node)} + {added}")
        cost = 0.6 + 0.15 * len(terms) + _where(place, node, _env(now, one))
        yield place.rewrite(node, new, "missing path", f"+ {added}", cost)


def _likeliest(place: Place, texts: Iterable[str]) -> list[str]:
    """Return the shortest texts; last what reads sums, which are their first term at first."""
    sums = {
        node.id
        for statement in walked(place.function)
        if isinstance(statement, ast.AugAssign)
        for node in ast.walk(statement.target)
        if isinstance(node, ast.Name) and node.id not in place.counters
    }
    words = {text: set(re.findall(r"\w+", text)) for text in texts}
    return sorted(words, key=lambda text: (not words[text].isdisjoint(sums), len(text)))[:_EACH]


def _texts(place: Place, value: Array, env: dict[str, Any]) -> Iterator[str]:
    """Give products that are a value: of numbers, and of matrices."""
    known = quotients.known_here(place, env, value.shape)
    everywhere = np.ones(value.shape, bool)
    for texts in quotients.Products(known, value).of(value, everywhere, 3):
        yield " * ".join(texts)
    yield from contractions.of(contractions.arrays_at(place, env), value)


def _by_numbers(now: Round, place: Place, node: ast.expr, parent: ast.AST, one: Needed) -> _Found:
    """Give factors and terms with which a value is the one that is needed."""
    env = _env(now, one)
    for r in quotients.rewrites(place, node, parent, one.made, [one.wanted], env, most=3):
        copies = node is getattr(place.statement, "value", None) and isinstance(node, ast.Name)
        more = -_HANDED if copies else _where(place, node, _env(now, one))
        yield replace(r, cost=r.cost - 0.5 + more)


def _where(place: Place, node: ast.expr, env: dict[str, Any]) -> float:
    """Return what an edit costs more where a value is handed on: it is made elsewhere."""
    if isinstance(node, ast.Call):
        base = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        held = place.value(ast.unparse(base), env)
        return 0.0 if isinstance(held, np.ndarray | types.ModuleType) else _HANDED
    return _HANDED if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else 0.0


def _env(now: Round, one: Needed) -> dict[str, Any]:
    return now.recording.executions[one.run[0]][one.run[1]].env


def _with_operand(text: bytes) -> Iterator[tuple[str, str]]:
    """Give the things that an expression reads, and it with a name in the place of each."""
    try:
        tree = ast.parse(b"(" + text + b")", mode="eval")
    except SyntaxError:
        return
    for read in dict.fromkeys(map(ast.unparse, places_in(tree.body))):
        other = _Replaced(read).visit(ast.parse(b"(" + text + b")", mode="eval"))
        yield read, ast.unparse(other)


class _Replaced(ast.NodeTransformer):
    """Puts a name in the place of what is read."""

    def __init__(self, read: str) -> None:
        self.read = read

    def generic_visit(self, node: ast.AST) -> ast.AST:
        is_read = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        if is_read and ast.unparse(node) == self.read:
            return ast.Name(_OPERAND, ast.Load())
        return super().generic_visit(node)
