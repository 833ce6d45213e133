"""Edits of what is handed on from step to step: only their first change is known beforehand.

What the line reads at later steps is made of what it gave at the first, so that its later values
are others than those recorded, in a way that no probe tells. But the first change is exact: an edit
may help only if some later changes, whatever they are, explain what it leaves.
"""

from __future__ import annotations

import ast

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.kept import kept
from reference.debugger.values.evidence import Evidence
from reference.debugger.values.probe import Jacobian

_VAGUE = 0.6  # with more freedom than that, over the number of entries, anything is explained
_NEAR = 1e-6
_MOST = 400  # unknowns: of more it takes too long to tell


def may_begin(
    jacobian: Jacobian, residual: dict[str, Array], evidence: Evidence, deltas: list[Array]
) -> bool:
    """Return whether the first change of an edit may be that of a value that explains outputs.

    Parameters
    ----------
    jacobian : Jacobian
    residual : dict of str to ndarray
        What the outputs lack.
    evidence : Evidence
        Of the site that is edited: the outputs that it explains.
    deltas : list of ndarray
        By how much the edit changes each value of the site.

    Returns
    -------
    bool
        False as well where later changes would explain anything.
    """
    spans = jacobian.columns[evidence.site]
    if spans[-1].stop - spans[0].start > _MOST:
        return False
    first = next((n for n, delta in enumerate(deltas) if np.any(delta)), None)
    if first is None or first + 1 >= len(spans) or not evidence.outputs:
        return False
    lacking = {name: residual[name].ravel() for name in evidence.outputs if name in jacobian.rows}
    sizes = {name: float(np.max(np.abs(value), initial=0.0)) for name, value in lacking.items()}
    scaled = {name: size for name, size in sizes.items() if size}
    if not scaled:
        return False
    key = evidence.site, first, tuple(scaled)
    if key not in jacobian.begun:
        matrix = np.concatenate([jacobian.matrix[jacobian.rows[n]] / scaled[n] for n in scaled])
        later = matrix[:, spans[first + 1].start : spans[-1].stop]
        jacobian.begun[key] = matrix[:, spans[first]], _basis(later)
    now, basis = jacobian.begun[key]
    target = np.concatenate([lacking[name] / scaled[name] for name in scaled])
    if basis.shape[1] > _VAGUE * len(target):
        return False
    left = target - now @ np.ravel(deltas[first])
    rest = left - basis @ (basis.T @ left)
    return bool(np.linalg.norm(rest) <= _NEAR * np.linalg.norm(target))


def _basis(matrix: Array) -> Array:
    """Return columns at right angles that span what those of a matrix do."""
    try:
        basis, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        return np.eye(len(matrix))
    return basis[:, sizes > 1e-10 * float(sizes.max(initial=0.0))]


@kept(256)
def carried(tree: ast.Module, line: int) -> frozenset[str]:
    """Return the names that a line may get from the step before."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.While) and node.lineno < line <= (node.end_lineno or 0):
            found |= {
                _root(inner)
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name | ast.Subscript | ast.Attribute)
                and isinstance(inner.ctx, ast.Store)
                and inner.lineno >= line
            }
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            found |= {a.arg for a in node.args.args if a.arg.startswith(("d", "grad", "g_"))}
    return frozenset(found)


def _root(node: ast.expr) -> str:
    """Return the name of a variable, of an attribute, or of what a subscript is taken of."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
