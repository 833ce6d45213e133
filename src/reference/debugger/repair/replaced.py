"""What a call's results replace, though one of them belongs to a sum: ``dx, dh = back(dh)``.

Where a state goes on past a step, as by a residual connection or while a mask is 0, its gradient
is what comes back through the step and what goes straight on. A name that is unpacked into can only
be set; what it held is lost.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair import masks
from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.source import Splice

_KIND = "missing path"
_COST, _MASKED = 1.1, 1.3


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give ``dx, more = back(dh); dh = dh + more`` for what is unpacked, also under a mask."""
    statement = place.statement
    if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Tuple):
        return
    target = statement.targets[0]
    if len(statement.targets) > 1 or not isinstance(target, ast.Tuple) or not _in_a_loop(place):
        return
    known: list[str] | None = None
    for element in target.elts:
        held = place.env.get(element.id) if isinstance(element, ast.Name) else None
        if not isinstance(held, np.ndarray) or held.dtype.kind != "f" or not held.ndim:
            continue
        if not isinstance(element, ast.Name) or not _is_read(place, element.id):
            continue
        known = masks.known(place) if known is None else known
        yield _added(place, element, "", _COST)
        for factor in masks.factors(place, known, held.shape):
            yield _added(place, element, f" * {factor}", _MASKED)


def _in_a_loop(place: Place) -> bool:
    return any(_holds(loop, place.statement) for loop in walked(place.function))


def _holds(loop: ast.AST, statement: ast.stmt) -> bool:
    if not isinstance(loop, ast.For | ast.While):
        return False
    return loop.lineno < statement.lineno <= (loop.end_lineno or 0)


def _is_read(place: Place, name: str) -> bool:
    """Return whether a loop around reads a name before the statement is done: it holds a carry."""
    last = place.statement.end_lineno or place.statement.lineno
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and node.lineno <= last
        for loop in walked(place.function)
        if _holds(loop, place.statement)
        for node in ast.walk(loop)
    )


def _added(place: Place, element: ast.Name, factor: str, cost: float) -> Rewrite:
    name, statement = element.id, place.statement
    end = place.source.span(statement)[1]
    line = f"\n{place.source.indent(statement)}{name} = {name}{factor} + {name}_more"
    splices = [Splice(*place.source.span(element), f"{name}_more"), Splice(end, end, line)]
    return place.splice(splices, _KIND, f"added to {name}{factor}", cost)
