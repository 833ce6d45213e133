"""A statement that two states need, and that is there for one of them alone.

``dh += n.next.dh_before`` where ``dc += n.next.dc_before`` has been forgotten: the same line for
the other state, each of its names with the other letter or word.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.analogy import renamed_in, swap_of
from reference.debugger.repair.insertions import put
from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.shapes import shape_of

_MOST = 6


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give the same addition for another variable that its function sets, after a statement."""
    statement, target = place.statement, place.target
    if not isinstance(statement, ast.AugAssign) or not isinstance(target, ast.Name):
        return
    if not isinstance(statement.op, ast.Add | ast.Sub):
        return
    shape = place.shape(target.id)
    written = {place.text(node) for node in walked(place.function) if isinstance(node, ast.stmt)}
    others = {
        name.id
        for node in walked(place.function)
        if isinstance(node, ast.Assign)
        for name in node.targets
        if isinstance(name, ast.Name) and name.id != target.id
    }
    given = 0
    for other in sorted(others):
        if given == _MOST or shape_of(place.env.get(other)) != shape:
            continue
        swap = swap_of(target.id, other)
        if swap is not None:
            value = renamed_in(place.source, statement.value, *swap)
            sign = "-" if isinstance(statement.op, ast.Sub) else "+"
            line = f"{other} {sign}= {value}"
            if value == place.text(statement.value) or line in written:
                continue
            values = (place.value(value, env) for env in place.envs)
            found = next((v for v in values if isinstance(v, np.ndarray)), None)
            if found is not None and found.shape == shape:
                given += 1
                yield put(place, line, "missing path", 1.3, other, statement)
