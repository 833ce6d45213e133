"""What a statement takes away from, or adds to, a part of a value: by what it should have been.

``d = p.copy(); d[y] -= 1`` makes the slope of a loss with one right answer. Where d is known to
be wrong after both, and what is taken away is no value of its own, all that should have been taken
away is a number like any other: it is looked up among the variables, and the calls of the file.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.calls import Calls
from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import blocks_of


def following(place: Place) -> ast.AugAssign | None:
    """Return the statement after one that adds a constant to a part of what it makes."""
    name = place.variable
    for block in blocks_of(walked(place.function)):
        for statement, after in itertools.pairwise(block):
            if statement is not place.statement or not isinstance(after, ast.AugAssign):
                continue
            target = after.target
            constant = isinstance(after.value, ast.Constant | ast.UnaryOp)
            if (
                isinstance(after.op, ast.Add | ast.Sub)
                and isinstance(target, ast.Subscript)
                and place.text(target.value) == name
                and constant
            ):
                return after
    return None


def rewrites(
    place: Place, after: Place, made: list[Array], envs: list[dict[str, Any]]
) -> Iterator[tuple[Rewrite, list[Array]]]:
    """Give ``x -= E`` for ``x[i] -= 1``, for every E at hand that has the shape of x.

    Parameters
    ----------
    place : Place
        The statement that makes x.
    after : Place
        The one that changes a part of it.
    made : list of ndarray
        What x is before the change, at each execution.
    envs : list of dict
        The variables before the first statement, at each execution.

    Returns
    -------
    iterator of (Rewrite, list of ndarray)
        With by how much x is another after it, at each execution.
    """
    statement, name = after.statement, place.variable
    if not isinstance(statement, ast.AugAssign) or not name.isidentifier():
        return
    sign = -1.0 if isinstance(statement.op, ast.Sub) else 1.0
    changes = [_change(statement, after, name, x, env) for x, env in zip(made, envs, strict=True)]
    if any(change is None for change in changes):
        return
    first = [text for text, _ in Calls(place, envs[0]).of_shape(made[0].shape)]
    first += [a.text for a in (*place.alike(made[0]), *place.donors) if a.shape == made[0].shape]
    for text in dict.fromkeys(first):
        values = [place.value(text, env) for env in envs]
        if any(shape_of(v) != x.shape for v, x in zip(values, made, strict=True)):
            continue
        deltas = [
            sign * np.asarray(value, dtype=float) - change
            for value, change in zip(values, changes, strict=True)
        ]
        new = f"{name} {'+' if sign > 0 else '-'}= {text}"
        yield after.rewrite(statement, new, "wrong operand", f"{text}, not just one entry",
                            1.3), deltas  # fmt: skip


def _change(
    statement: ast.AugAssign, after: Place, name: str, made: Array, env: dict[str, Any]
) -> Any:
    """Return what a statement adds to a variable; None where it does not run."""
    known = {**env, name: made.copy()}
    try:
        exec(compile(ast.Module([statement], []), "", "exec"), dict(after.names), known)
    except Exception:
        return None
    return known[name] - made
