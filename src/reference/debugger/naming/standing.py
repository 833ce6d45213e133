"""How a line stands where no fix was found: as surely at fault, or as what explains anything."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from reference.debugger.naming.kinds_by_values import Said
from reference.debugger.naming.steps_by_numbers import unchanged
from reference.debugger.running.program import Inputs, Program
from reference.debugger.searching.round import Round
from reference.debugger.values.evidence import Evidence

SURE = "repeated indices"  # whatever else is wrong: parts are lost there
WEAK = ("", "missing path", "spurious term", "wrong derivative")  # as good as any other value
_ENTRIES = 2  # of a value: a single number may be among those of the loss by chance


def only_begins(now: Round, e: Evidence, said: Said) -> bool:
    """Return whether a line only makes the zeros that a sum begins with.

    What is added later is added there, so that it explains all that any of it has wrong.
    """
    site, seen = now.recording.sites[e.site], now.recording.executions[e.site]
    if site.plain or site.role == "argument" or said.kind not in ("", "missing path"):
        return False  # what is handed on may be zero because of the fault
    return not any(np.any(run.value) for run in seen)


def only_hands_on(program: Program, inputs: Inputs, now: Round, e: Evidence, said: Said) -> bool:
    """Return whether a line only gives back what is made elsewhere, or reads what was given.

    Other gradients in the result, and other params, explain whatever is wrong; so does another
    vector that all gradients are joined to.
    """
    site, seen = now.recording.sites[e.site], now.recording.executions[e.site]
    if said.kind not in WEAK:
        return False
    statement = unchanged(now.recording, site.file, site.statement).statement
    if not site.plain:
        whole = any(
            np.array_equal(seen[-1].value, output) for output in now.recording.outputs.values()
        )
        return len(seen) == 1 and whole and _only_joins(getattr(statement, "value", None))
    if isinstance(statement, ast.Return) and site.function == program.backward.__name__:
        return True
    given = [v for group in inputs for v in group.values() if isinstance(v, np.ndarray)]
    return bool(seen) and all(
        any(np.array_equal(run.value, value) for value in given) for run in seen
    )


def _only_joins(node: ast.expr | None) -> bool:
    """Return whether an expression computes nothing, but puts arrays into one."""
    inner = [] if node is None else list(ast.walk(node))
    calls = [getattr(n.func, "attr", "") for n in inner if isinstance(n, ast.Call)]
    computes = any(isinstance(n, ast.BinOp | ast.UnaryOp) for n in inner)
    return _JOINS.intersection(calls) != set() and _LAYS_OUT.issuperset(calls) and not computes


_JOINS = {"concatenate", "hstack", "vstack", "stack", "append"}
_LAYS_OUT = _JOINS | {"ravel", "flatten", "reshape", "copy", "array", "asarray", "items", "values"}


def makes_what_is_right(now: Round, file: str, line: int) -> bool:
    """Return whether all gradients that the values of a line go into are right.

    If its values were wrong, those would be.
    """
    if now.jacobian is None:
        return False
    sites = now.recording.sites
    mine = [k for k in now.jacobian.columns if (sites[k].file, sites[k].statement) == (file, line)]
    reached = {
        name
        for k in mine
        for name, rows in now.jacobian.rows.items()
        if np.any(now.jacobian.of(k)[rows])
    }
    off = {name for name, rest in now.residual.items() if np.max(np.abs(rest)) > now.nothing}
    return bool(reached) and not reached & off


def reads_another(now: Round, of_line: Sequence[Evidence]) -> Evidence | None:
    """Return the value of a line that should have been another one that the loss makes.

    Parameters
    ----------
    now : Round
    of_line : sequence of Evidence
        What the solves for the values of one line say.
    """
    if now.agreement is None:
        return None
    for e in of_line:
        if not e.full or now.wanted(e.site) is None:
            continue
        made = np.ravel(np.asarray(now.recording.executions[e.site][e.steps[0]].value, float))
        wanted = made + now.first_delta(e)
        there = np.abs(wanted) > 1e-7 * np.max(np.abs(wanted), initial=0.0)
        known = now.agreement.adjoints.is_of_loss
        if there.sum() >= _ENTRIES and known(made).all() and known(wanted[there]).all():
            return e
    return None
