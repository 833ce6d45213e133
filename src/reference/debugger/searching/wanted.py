"""Edits by numbers: what turns the values of a line into those that it should have had."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import (
    Place,
    Rewrite,
    blocks,
    inverses,
    quotients,
    scales,
    sums,
    updates,
)
from reference.debugger.repair.operands import naming
from reference.debugger.repair.place import inside
from reference.debugger.running.program import Program
from reference.debugger.running.shapes import shape_of
from reference.debugger.searching import by_case, by_lookup
from reference.debugger.searching.places import place_at
from reference.debugger.searching.round import Round
from reference.debugger.values.evidence import Evidence, solve_part

_NOTHING = 1e-9  # of a value, what is left of it by rounding
_ZEROS = 1.0  # the cost of leaving nothing of a line
_ADJOINT = 0.3  # that an edit costs less which makes an adjoint that is made nowhere
_MOST = 12  # factors and terms that are run
_TELLING = 3  # entries that are the same by no chance
_BEGINS = re.compile(r"zeros|empty")


def rewrites(program: Program, now: Round, place: Place) -> Iterator[Rewrite]:
    """Give what turns the values of a line into those that they should have had."""
    for e in now.evidence:
        site = now.recording.sites[e.site]
        if (site.file, site.statement) != (place.source.file, place.statement.lineno):
            continue
        yield from _of_one_number(now, place, e)
        if now.wanted(e.site) is None:
            yield from _of_blocks(now, place, e)
            yield from _of_updates(program, now, place, e)
            yield from _of_adjoints(now, place, e)
            continue
        execution = now.recording.executions[e.site][e.steps[0]]
        made = np.asarray(execution.value, dtype=float)
        wanted = made + now.first_delta(e).reshape(made.shape)
        if site.span is None:
            if site.role == "scaled":
                yield from _of_scaled(place, now, e, wanted)
            continue
        found = next(((n, p) for n, p in place.nodes if place.source.span(n) == site.span), None)
        yield from _of_updates(program, now, place, e)
        if found is not None and np.max(np.abs(wanted)) <= _NOTHING * np.max(np.abs(made)):
            if now.agreement is None or True not in now.agreement.at_sites[e.site]:
                yield from _of_nothing(place, found[0], made.shape)
        elif found is not None:
            yield from scales.rewrites(place, *found, made, wanted, execution.env)
            yield from quotients.rewrites(place, *found, made, [wanted], execution.env)
            yield from inverses.rewrites(place, *found, [wanted], execution.env)
            yield from blocks.of_value(place, found[0], made, wanted, execution.env)
            yield from sums.rewrites(place, *found, wanted, execution.env)
        if found is not None:
            yield from _of_known(place, *found, wanted, execution.env)
        yield from by_case.rewrites(now, place, e, wanted)


def _of_one_number(now: Round, place: Place, e: Evidence) -> Iterator[Rewrite]:
    """Give a value times one number, where that mends everything.

    One unknown is solved for even where the value has too many entries to know each.
    """
    number = _number(now, e) if e.full and e.linear else None
    site, execution = now.recording.sites[e.site], now.recording.executions[e.site][0]
    statement, node = place.statement, None
    if number is None:
        return
    if site.role == "scaled" and isinstance(statement, ast.AugAssign):
        node, parent = statement.value, statement
        number = 1 / number if isinstance(statement.op, ast.Div) else number
    else:
        found = ((n, p) for n, p in place.nodes if place.source.span(n) == site.span)
        node, parent = next(found, (None, statement))
    if node is not None:
        one = np.ones(1)
        yield from scales.rewrites(place, node, parent, one, number * one, execution.env)


def _of_adjoints(now: Round, place: Place, e: Evidence) -> Iterator[Rewrite]:
    """Give factors and terms with which the first wrong value is an adjoint that is made nowhere.

    Where some of its entries go nowhere, more than one value would do: but one is an adjoint.
    """
    site = now.recording.sites[e.site]
    found = next(((n, p) for n, p in place.nodes if place.source.span(n) == site.span), None)
    if now.agreement is None or found is None or not (e.full and e.linear and e.steps):
        return
    execution = now.recording.executions[e.site][e.steps[0]]
    made = np.asarray(execution.value, dtype=float)
    lacking = now.agreement.lacking(made.shape)
    several = quotients.rewrites(place, *found, made, lacking, execution.env, most=2)
    for rewrite in itertools.islice(several, _MOST):
        yield replace(rewrite, cost=rewrite.cost - _ADJOINT)


def _of_nothing(place: Place, node: ast.expr, shape: tuple[int, ...]) -> Iterator[Rewrite]:
    """Give zeros for the derivative with respect to what nothing is made of."""
    if not isinstance(place.statement, ast.Assign) or node is not place.statement.value:
        return
    names = (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in place.env)
    alike = next((name for name in names if shape_of(place.env[name]) == shape), None)
    if alike is not None:
        yield place.rewrite(node, f"np.zeros_like({alike})", "wrong derivative",
                            f"zeros: {place.text(place.statement.targets[0])} is the derivative "
                            "with respect to what nothing is made of", _ZEROS)  # fmt: skip


def _of_known(
    place: Place, node: ast.expr, parent: ast.AST, wanted: Array, env: dict[str, Any]
) -> Iterator[Rewrite]:
    """Give what has the value that is wanted, or a sum over an axis of it, or a sum of two."""
    if wanted.size < _TELLING or not np.any(wanted):
        return
    old = place.text(node)
    for new, cost in by_lookup.equal_to(old, by_lookup.known_at(place, env), wanted):
        kind = "initial value" if _BEGINS.search(old) else naming(old, new)
        yield place.rewrite(node, inside(parent, new), kind, f"{new}, not {old}", cost + 0.3)


def _number(now: Round, e: Evidence) -> float | None:
    """Return the number of which it mends all if a site's values are multiplied by it."""
    jac = now.jacobian
    if jac is None:
        return None
    seen = now.recording.executions[e.site]
    made = np.concatenate([np.ravel(np.asarray(x.value, dtype=float)) for x in seen])
    change = jac.of(e.site) @ made
    lacking = np.zeros(len(change))
    for name, rows in jac.rows.items():
        lacking[rows] = now.residual[name].ravel()
    if not np.any(change):
        return None
    more = float(change @ lacking) / float(change @ change)
    near = np.abs(lacking - more * change) <= 1e-6 * np.max(np.abs(lacking))
    return 1 + more if near.all() and abs(1 + more) > 1e-6 else None


def _of_blocks(now: Round, place: Place, e: Evidence) -> Iterator[Rewrite]:
    """Give another value for a block of columns, where that alone explains all.

    The whole value may have too many entries to know each.
    """
    site, jac = now.recording.sites[e.site], now.jacobian
    seen = now.recording.executions[e.site]
    shape = shape_of(seen[0].value)
    if jac is None or not (e.full and e.linear) or site.role not in ("scaled", "assigned"):
        return
    if not shape or any(shape_of(x.value) != shape for x in seen):
        return
    masks = list(blocks.masks(place, shape, seen[0].env))
    parts = [
        np.concatenate([span.start + np.flatnonzero(mask) for span in jac.columns[e.site]])
        for mask in masks
    ]
    found = solve_part(jac, now.residual, list(e.outputs), parts)
    for mask, delta in zip(masks, found, strict=True):
        if delta is None:
            continue
        each = delta.reshape(len(seen), -1)
        n = int(np.argmax(np.max(np.abs(each), axis=1) > 1e-9 * np.max(np.abs(delta))))
        made = np.asarray(seen[n].value, dtype=float)
        wanted = made.copy()
        wanted[mask] += each[n]
        node = next((n for n, _ in place.nodes if place.source.span(n) == site.span), None)
        if site.role == "scaled":
            yield from _of_scaled(place, now, replace(e, steps=(n,)), wanted)
        elif node is not None:
            yield from blocks.of_value(place, node, made, wanted, seen[n].env)


def _of_updates(program: Program, now: Round, place: Place, e: Evidence) -> Iterator[Rewrite]:
    """Give another change of the value by the statement after the one that makes it."""
    statement = updates.following(place) if e.full and e.linear else None
    if statement is None:
        return
    after = place_at(program, now, place.source.file, statement.lineno)
    seen = now.recording.executions[e.site]
    if after is None:
        return
    made = [np.asarray(x.value, dtype=float) for x in seen]
    for rewrite, deltas in updates.rewrites(place, after, made, [x.env for x in seen]):
        if _mends(now, e, np.concatenate([np.ravel(delta) for delta in deltas])):
            yield rewrite


def _mends(now: Round, e: Evidence, delta: Array) -> bool:
    """Return whether a change of all values of a site is what everything lacks."""
    assert now.jacobian is not None
    change = now.jacobian.of(e.site) @ delta
    return all(
        np.allclose(change[rows], lacking.ravel(), rtol=1e-5, atol=1e-7 * _size(lacking))
        for name, rows in now.jacobian.rows.items()
        if _size(lacking := now.residual[name]) > now.nothing
    )


def _size(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0.0))


def _of_scaled(place: Place, now: Round, e: Evidence, wanted: Array) -> Iterator[Rewrite]:
    """Give other factors for ``x *= factor``, where it is known what x should have become."""
    statement = place.statement
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.op, ast.Mult | ast.Div):
        return
    env = _env_before(now, e)
    before = place.value(place.text(statement.target), env)
    old = place.value(place.text(statement.value), env)
    if not isinstance(before, np.ndarray) or before.shape != wanted.shape:
        return
    if not isinstance(old, int | float | np.number | np.ndarray):
        return
    product = isinstance(statement.op, ast.Mult)
    factor = inverses.over(wanted, before) if product else inverses.over(before, wanted)
    known = np.isfinite(factor)
    if known.any():
        number = np.broadcast_to(np.asarray(old, float), factor.shape)
        yield from scales.rewrites(place, statement.value, statement, number[known], factor[known],
                                   env)  # fmt: skip
    yield from inverses.rewrites(place, statement.value, statement, [factor], env)
    yield from blocks.of_product(place, before, wanted, env)


def _env_before(now: Round, e: Evidence) -> dict[str, Any]:
    """Return the variables before ``x *= factor``: those that its factor is made of."""
    site = now.recording.sites[e.site]
    for k, other in enumerate(now.recording.sites):
        same = (other.file, other.statement, other.role) == (site.file, site.statement, "added")
        seen = now.recording.executions.get(k, [])
        if same and len(seen) > e.steps[0]:
            return seen[e.steps[0]].env
    return now.recording.executions[e.site][e.steps[0]].env
