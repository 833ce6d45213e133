"""Contributions that are computed and added nowhere: to a sum here, or of the function around."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.analogy import renamed_in, swap_of
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.closures import variables_of
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Splice


def rewrites(place: Place, unused: list[str], around: dict[str, Any]) -> Iterator[Rewrite]:
    """Give ``total = total + part`` after a statement that makes a part which nobody reads.

    Parameters
    ----------
    place : Place
    unused : list of str
        Names that the function makes and never reads.
    around : dict
        Variables of the function around, with values; empty where there is none.
    """
    statement, source = place.statement, place.source
    if not isinstance(statement, ast.Assign) or place.variable not in unused:
        return
    value = place.value(place.text(statement.value), place.env)
    if not isinstance(value, np.ndarray | float | np.floating):
        return
    function = place.function
    inside = variables_of(function) if isinstance(function, ast.FunctionDef) else [*place.env]
    held_here = {name: held for name, held in place.env.items() if name in inside}
    own = {name: held for name, held in held_here.items() if name != place.variable}
    for name, held in {**around, **own}.items():
        if not isinstance(held, np.ndarray | float) or shape_of(held) != shape_of(value):
            continue
        at = source.at((statement.end_lineno or statement.lineno) + 1)
        line = f"{source.indent(statement)}{name} = {name} + {place.variable}\n"
        splices = [Splice(at, at, line)]
        if name not in own and isinstance(place.function, ast.FunctionDef):
            first = place.function.body[0]
            top = source.at(first.lineno)
            scope = f"{source.indent(first)}nonlocal {name}\n"
            splices.insert(0, Splice(top, top, scope))
        alike = sum(letter in place.variable for letter in name) / len(name)
        yield place.splice(
            splices, "never returned", f"{place.variable}, which nobody reads, added to {name}",
            1.3 - 0.3 * alike,
        )  # fmt: skip


def alike(place: Place, unused: list[str]) -> Iterator[Rewrite]:
    """Give a statement once more, for a variable that nobody reads: ``dW += dw`` as ``db += db_t``.

    Parameters
    ----------
    place : Place
        A statement that adds to something or sets it.
    unused : list of str
        Names that the function makes and never reads.
    """
    statement, source = place.statement, place.source
    if not isinstance(statement, ast.AugAssign | ast.Assign | ast.Expr):
        return
    read = {n.id for n, _ in place.loaded if isinstance(n, ast.Name) and n.id in place.env}
    text = place.text(statement)
    for name in unused:
        for other in sorted(read):
            if other[:1] != name[:1] or swap_of(other, name) is None:
                continue
            more = renamed_in(source, statement, other.removeprefix("d"), name.removeprefix("d"))
            if more == text or name not in more:
                continue
            at = source.at((statement.end_lineno or statement.lineno) + 1)
            splice = Splice(at, at, f"{source.indent(statement)}{more}\n")
            yield place.splice([splice], "missing path", f"the same for {name}, which nobody "
                               "reads", 0.9)  # fmt: skip
