"""What a line reads of another time step: an index that wraps around, a value of a step beside.

No edit of one index mends it where the first step is a case of its own: it is told by the numbers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.naming.kinds_by_values import Said
from reference.debugger.repair import Place
from reference.debugger.running.program import as_float_array
from reference.debugger.running.timing import in_words
from reference.debugger.searching.round import Round, times_of
from reference.debugger.values.evidence import Evidence, at_one_step

_OTHER = "__other__"
_EQUAL = 1e-6
_MOST = 60  # entries of an operand


def by_neighbours(now: Round, place: Place, e: Evidence) -> Said | None:
    """Return "index off by one" for a line that reads what belongs to another step, or None.

    Parameters
    ----------
    now : Round
    place : Place
    e : Evidence
        What the solve for a value of the line says.
    """
    if now.jacobian is None or not (e.full and e.linear):
        return None
    return _wraps(now, place, e) or _is_shifted(now, place, e)


def _wraps(now: Round, place: Place, e: Evidence) -> Said | None:
    """Name an index that is negative at one step alone, which explains everything."""
    seen, times = now.recording.executions[e.site], times_of(now.recording, e.site)
    for base, node in _indices(place):
        held = place.value(place.text(base), seen[0].env)
        if isinstance(held, np.ndarray | list) and len(held) > len(set(times)):
            continue  # a row more than there are steps: the last is that of the initial state
        numbers = [place.value(place.text(node), run.env) for run in seen]
        below = [n for n, index in enumerate(numbers) if _is_below(index)]
        if not 0 < len(below) < len(seen) or len({times[n] for n in below}) > 1:
            continue
        assert now.jacobian is not None
        if at_one_step(now.jacobian, now.residual, list(e.outputs), [below], e.site) is None:
            continue
        first = times[below[0]] == min(times)
        why = f"{place.text(node)} is -1 at t = {times[below[0]]}, which is the last entry"
        pattern = "t=0" if first else "the last" if times[below[0]] == max(times) else ""
        return Said("index off by one", why, pattern=pattern, steps=(times[below[0]],))
    return None


def _indices(place: Place) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(place.statement):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            inner = ast.walk(node.slice)
            yield from ((node.value, n) for n in inner if isinstance(n, ast.BinOp))


def _is_below(index: object) -> bool:
    return isinstance(index, int | np.integer) and bool(index < 0)


def _is_shifted(now: Round, place: Place, e: Evidence) -> Said | None:
    """Name an operand that should be the one of the step before or after, at the inner steps."""
    site, seen = now.recording.sites[e.site], now.recording.executions[e.site]
    times = times_of(now.recording, e.site)
    if site.span is None or site.within or len(seen) < 3 or len(set(times)) < len(times):
        return None
    for node, _ in place.loaded:
        start, end = place.source.span(node)
        if not (site.span[0] <= start and end <= site.span[1]):
            continue
        text = place.text(node)
        values = [as_float_array(place.value(text, run.env)) for run in seen]
        operands = [value for value in values if value is not None and np.any(value)]
        if len(operands) < len(seen):
            continue
        data = place.source.data
        around = data[site.span[0] : start], data[end : site.span[1]]
        whole = f"({around[0].decode()}{_OTHER}{around[1].decode()})"
        for apart in (1, -1):
            changed = _mends(now, place, e, whole, operands, apart)
            if changed:
                steps = tuple(sorted({times[n] for n in changed}))
                pattern = in_words(steps, tuple(sorted(times)))
                beside = "later" if (times[1] < times[0]) == (apart < 0) else "earlier"
                why = f"{text} should be the one of the step that is one {beside}"
                return Said("index off by one", why, pattern=pattern, steps=steps)
    return None


def _mends(
    now: Round,
    place: Place,
    e: Evidence,
    whole: str,
    operands: list[Array],
    apart: int,
) -> list[int]:
    """Return which executions change, if operands of others explain all, and one at the edge.

    That one, which is of no other execution, is not to explain it alone.
    """
    assert now.jacobian is not None
    spans, seen = now.jacobian.columns[e.site], now.recording.executions[e.site]
    if len(spans) != len(seen):
        return []

    def change(n: int, operand: Array) -> Array | None:
        value = as_float_array(place.value(whole, {**seen[n].env, _OTHER: operand}))
        made = np.asarray(seen[n].value, dtype=float)
        if value is None or value.shape != made.shape:
            return None
        assert now.jacobian is not None
        return now.jacobian.matrix[:, spans[n]] @ (value - made).ravel()

    lacks = np.zeros(len(now.jacobian.matrix))
    for name, rows in now.jacobian.rows.items():
        lacks[rows] = now.residual[name].ravel()
    edge = len(seen) - 1 if apart > 0 else 0
    if operands[edge].size > _MOST:
        return []
    inner = [change(n, operands[n + apart]) for n in range(len(seen)) if n != edge]
    each = np.eye(operands[edge].size).reshape(-1, *operands[edge].shape)
    none, *some = (change(edge, operand) for operand in (0 * operands[edge], *each))
    if none is None or any(x is None for x in (*inner, *some)):
        return []
    free = np.stack([x - none for x in some if x is not None], axis=1)
    at_edge = lacks - sum(x for x in inner if x is not None)
    least = _EQUAL * float(np.max(np.abs(lacks)))
    nothing = none + free @ operands[edge].ravel()
    numbers = np.isfinite(free).all() and np.isfinite(at_edge).all()
    if not numbers or np.max(np.abs(nothing)) > least:  # it is not linear in the operand
        return []
    if not _is_made_of(free, at_edge - none, least) or _is_made_of(free, lacks - none, least):
        return []
    inner.insert(edge, at_edge)
    return [n for n, x in enumerate(inner) if x is not None and np.max(np.abs(x)) > least]


def _is_made_of(columns: Array, wanted: Array, least: float) -> bool:
    try:
        found, *_ = np.linalg.lstsq(columns, wanted, rcond=1e-10)
    except np.linalg.LinAlgError:  # LAPACK's fast way fails on some matrices
        return False
    return bool(np.max(np.abs(wanted - columns @ found)) <= least)
