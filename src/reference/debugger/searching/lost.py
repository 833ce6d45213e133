"""Statements that are not there: what a gradient lacks, and where it could be added.

A gradient that is all zeros is one that nobody adds to, and one that is not may lack a part. The
sums of products that have its shape are computed from the variables at each step, and one whose sum
over the steps is what the gradient lacks is the lost statement, whatever it was called. A buffer
that is to hold one row a step is looked up row by row.
"""

from __future__ import annotations

import ast
import difflib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, contractions
from reference.debugger.repair.entries import fields
from reference.debugger.repair.insertions import put
from reference.debugger.repair.pure import is_pure
from reference.debugger.repair.quotients import Products, known_here
from reference.debugger.running.program import Program
from reference.debugger.searching.places import functions_in, place_at
from reference.debugger.searching.round import Round

_KIND = "missing path"
_NEAR = 1e-6
_MOST_PARTS = 3
_MOST_SUMS = 20
_SAME_SUM = 0.6  # how much more a line is like another that adds to the same dict
_OF_NOTHING = 0.25  # what less an edit costs that gives a gradient all that it has
_WORD = re.compile(r"[A-Za-z_]\w*")


def rewrites(program: Program, now: Round, seconds: float) -> Iterator[Rewrite]:
    """Give the statements that fill what gradients lack, first those which nothing is added to.

    Parameters
    ----------
    program : Program
    now : Round
    seconds : float
    """
    until = time.monotonic() + seconds
    outputs = {name: np.asarray(now.recording.outputs[name], float) for name in now.residual}
    lacking = [
        _Lacking(wanted, outputs[name])
        for name, wanted in now.residual.items()
        if np.max(np.abs(wanted), initial=0.0) > _NEAR * np.max(np.abs(outputs[name]), initial=0.0)
    ]
    lacking.sort(key=lambda one: bool(np.any(one.given)))
    empty = sum(not np.any(one.given) for one in lacking)
    found: set[int] = set()
    if 2 * empty > len(now.residual):
        return  # nothing comes back at all: no sum is to blame
    if not empty and len(lacking) > _MOST_PARTS:
        return  # so many lack more than a sum
    for gap in _gaps(program, now) if lacking else ():
        if time.monotonic() > until:
            return
        for k, one in enumerate(lacking):
            for target, term, cost in _contributions(gap.place, one) if k not in found else ():
                if time.monotonic() > until:
                    return
                found.add(k)
                line = f"{target} {term}"
                cost -= 0.0 if np.any(one.given) else _OF_NOTHING
                edits = [put(gap.place, line, _KIND, cost + 0.2, target, gap.after)]
                beside = _beside(program, now, gap, line)
                if beside is not None and not np.any(one.given):
                    edits.insert(0, put(beside, line, _KIND, cost, target))
                made = _made(gap.place, target)
                yield from edits if made is None else (replace(e, line=made) for e in edits)


@dataclass
class _Lacking:
    """What a gradient lacks, and what it is."""

    wanted: Array
    given: Array


@dataclass
class _Gap:
    """Where a line may be lost: before a statement, or after one, in a block."""

    block: list[ast.stmt]
    place: Place  # the variables there
    after: ast.stmt | None = None


def _gaps(program: Program, now: Round) -> Iterator[_Gap]:
    """Give the gaps of every loop and function, from its end."""
    for unit in program.live_units:
        for function in functions_in(unit.tree) if program.searched(unit) else ():
            if not program.is_searched(unit.file, function.lineno):
                continue
            loops = [n for n in ast.walk(function) if isinstance(n, ast.For | ast.While)]
            for around in (*loops, function):
                for statement in reversed(around.body):
                    place = place_at(program, now, unit.file, statement.lineno)
                    if place is None or not place.envs:
                        continue
                    if statement is around.body[-1]:
                        last = statement
                        if isinstance(last, ast.For | ast.While):
                            last = last.body[-1]
                        ended = _after(place_at(program, now, unit.file, last.lineno))
                        if ended is not None and last is not statement:
                            ended = replace(ended, envs=ended.envs[-1:])
                        if ended is not None:
                            yield _Gap(around.body, ended, statement)
                    yield _Gap(around.body, place)


def _after(place: Place | None) -> Place | None:
    """Return a place with the variables as its statement leaves them, None where it calls more."""
    if place is None or not isinstance(place.statement, ast.Assign | ast.AugAssign):
        return None
    if not is_pure(place.statement):
        return None
    code = compile(ast.Module([place.statement], []), "", "exec")
    envs = []
    for env in place.envs:
        copied = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in env.items()}
        try:
            with np.errstate(all="ignore"):
                exec(code, place.names, copied)
        except Exception:
            return None
        envs.append(copied)
    return replace(place, envs=envs, edits=None)


def _beside(program: Program, now: Round, gap: _Gap, line: str) -> Place | None:
    """Return the statement before a gap that reads the same, and is written like a line."""
    source, end = gap.place.source, gap.place.statement.lineno
    texts = {
        s.lineno: source.of(s)
        for s in gap.block
        if isinstance(s, ast.AugAssign | ast.Assign | ast.Expr) and s.lineno <= end
    }
    words = {n: set(_WORD.findall(text)) for n, text in texts.items()}
    wanted = set(_WORD.findall(line))
    count = {w: sum(w in of for of in words.values()) for w in wanted}
    worth = {w: 1 / n for w, n in count.items() if n}

    def likeness(n: int) -> float:
        shared = sum(worth.get(w, 0.0) for w in words[n]) / (sum(worth.values()) or 1)
        shared += _SAME_SUM * (_container(texts[n]) == _container(line) != "")
        return 0.5 * shared + difflib.SequenceMatcher(None, line, texts[n]).ratio()

    best = max(reversed(sorted(texts)), key=likeness, default=None)
    if best is None or likeness(best) < 0.5:
        return None
    return place_at(program, now, source.file, best)


def _container(line: str) -> str:
    """Return what a line writes an entry of: the g of ``g["W"] += x``."""
    head, bracket, _ = line.partition("[")
    return head if bracket and "=" in line and head.replace(".", "").isidentifier() else ""


def _made(place: Place, target: str) -> int | None:
    """Return the line of the function that makes a variable which nothing is added to."""
    found = None
    for statement in ast.walk(place.function):
        if isinstance(statement, ast.Assign) and statement.lineno < place.statement.lineno:
            for node in ast.walk(ast.Tuple(statement.targets)):
                text = place.text(node) if isinstance(node, ast.Name | ast.Attribute) else ""
                if text and (target == text or target.startswith(f"{text}[")):
                    found = statement.lineno
    return found


def _contributions(place: Place, one: _Lacking) -> Iterator[tuple[str, str, float]]:
    """Give targets and what is to be added to, or set in, each: ``dW``, ``+= x.T @ da``."""
    wanted = one.wanted
    added = one.given if np.any(one.given) else None
    targets = [
        text
        for text, held in _held(place.env if added is None else place.envs[-1])
        if held.shape in (wanted.shape, ()) and held.dtype.kind == "f" and _is_sum(held, added)
    ]
    if not targets:
        return
    terms = [(f"+= {term}", 1.6) for term in _whole(place, wanted)]
    for target in targets:
        for term, cost in terms:
            yield target, term, cost
        for t in place.counters:
            yield from _rows(place, target, t, wanted, "=" if added is None else "+=")


def _is_sum(held: Array | np.float64, given: Array | None) -> bool:
    """Return whether an array is what a gradient is, or, of one that is nothing, nothing."""
    if given is None:
        return not np.any(held)
    if held.shape != given.shape:
        return False
    near = np.isclose(held, given, rtol=_NEAR, atol=0.0)
    return bool(np.all(near | (held == 0)) and np.any(held))  # the rest may be added later


def _held(env: dict[str, Any]) -> Iterator[tuple[str, Array | np.float64]]:
    """Give the arrays that variables hold, and attributes and entries of theirs, as written."""

    def visit(text: str, held: Any, depth: int) -> Iterator[tuple[str, Array | np.float64]]:
        if isinstance(held, np.ndarray):
            yield text, held
        elif depth and type(held) is float and not held:
            yield text, np.float64(held)  # a sum that nothing has been added to
        elif isinstance(held, dict) and depth < 3 and len(held) < 60:
            for key, value in held.items():
                if isinstance(key, str):
                    yield from visit(f'{text}["{key}"]', value, depth + 1)
        elif depth < 3:
            for key, value in fields(held).items():
                yield from visit(f"{text}.{key}", value, depth + 1)

    for name, value in env.items():
        if not name.startswith("_"):
            yield from visit(name, value, 0)


def _whole(place: Place, wanted: Array) -> Iterator[str]:
    """Give terms whose sum over all steps is what is wanted."""
    arrays = contractions.arrays_at(place, place.env)
    written = place.source.of(place.function)
    arrays += [
        (atom.text, atom.value)
        for atom in place.donors
        if ".sum(" in atom.text and atom.text in written and np.ndim(atom.value)
    ][:_MOST_SUMS]
    known = [contractions.named(arrays, env, place) for env in place.envs]
    size = float(np.max(np.abs(wanted)))

    def fits(values: list[Array | None]) -> bool:
        if any(v is None or v.shape != wanted.shape for v in values):
            return False
        total = np.sum([v for v in values if v is not None], axis=0)
        return bool(np.allclose(total, wanted, rtol=_NEAR, atol=_NEAR * size))

    for a, b, rule, text in contractions.texts_of_shape(arrays, wanted.shape):
        if fits([contractions.product(rule, env.get(a), env.get(b)) for env in known]):
            yield text
    for a, x in arrays:
        if x.shape == wanted.shape and fits([env.get(a) for env in known]):
            yield a
        for axes in contractions.summed(x.shape, wanted.shape):
            if fits([_sum(env.get(a), axes) for env in known]):
                yield f"{a}.sum(axis={axes[0] if len(axes) == 1 else axes})"
    alike = [a for a, x in arrays if x.shape == wanted.shape]
    wide = [a for a, x in arrays if x.shape[1:] == wanted.shape]
    for k, a in enumerate(alike):
        for b in alike[k:]:
            if fits([_times(env.get(a), env.get(b)) for env in known]):
                yield f"{a} * {b}"
    for k, a in enumerate(wide):
        for b in wide[k:]:
            if fits([_sum(_times(env.get(a), env.get(b)), (0,)) for env in known]):
                yield f"({a} * {b}).sum(axis=0)"


def _rows(
    place: Place, target: str, t: str, wanted: Array, sign: str
) -> Iterator[tuple[str, str, float]]:
    """Give the values for ``dX[t]`` or ``dX[:, t]`` that are a row of what is wanted."""
    step = place.env.get(t)
    if wanted.ndim < 2 or not isinstance(step, int | np.integer):
        return
    for lead, row in (("", wanted), (":, ", np.swapaxes(wanted, 0, 1))):
        if not -len(row) <= step < len(row):
            continue
        goal = row[step]
        where = np.ones(goal.shape, bool)
        if not np.all(goal):
            continue
        for texts in Products(known_here(place, place.env, goal.shape), goal).of(goal, where, 2):
            yield f"{target}[{lead}{t}]", f"{sign} {' * '.join(texts)}", 1.3 + 0.2 * len(texts)
        for text in contractions.of(contractions.arrays_at(place, place.env), goal):
            yield f"{target}[{lead}{t}]", f"{sign} {text}", 1.5


def _sum(value: Array | None, axes: tuple[int, ...]) -> Array | None:
    return None if value is None or value.ndim <= max(axes) else value.sum(axis=axes)


def _times(a: Array | None, b: Array | None) -> Array | None:
    return None if a is None or b is None or a.shape != b.shape else a * b
