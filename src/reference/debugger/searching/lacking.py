"""Whether a term is just what the values of a line lack, by what the probes know.

Where the right value is known, the term is compared with it. Where it is not, since some of its
entries go nowhere, the term is taken at the first turn at which it is not zero: what all gradients
lack without its effect must be what some values at the turns after that have for an effect.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place
from reference.debugger.running.program import as_float_array
from reference.debugger.running.shapes import entries, shape_of
from reference.debugger.searching.round import Round

_NEAR = 1e-6  # of what is lacking, what rounding may leave
_TELLING = 1e-2  # of it, what the turns after the first must leave for the first to tell anything


def lacks(now: Round, site: int, place: Place, term: str) -> bool:
    """Return whether a term that is added to a site's value, later, is just what it lacks.

    Parameters
    ----------
    now : Round
    site : int
    place : Place
        Where the term can be computed.
    term : str
    """
    if now.jacobian is None or site not in now.jacobian.columns:
        return False
    seen = now.recording.executions[site]
    if len(seen) == 1:
        value = place.value(term, place.env)
        return value is not None and _mends(now, site, value)
    if len(place.envs) != len(seen):
        return False
    wanted = now.wanted(site)
    if wanted is None:
        return _begins_to_mend(now, site, place, term)
    n = wanted.steps[0]
    value = place.value(term, place.envs[n])
    if value is None or entries(value) != entries(seen[n].value):
        return False
    size = float(np.max(np.abs(wanted.delta)))
    return np.allclose(np.ravel(value), now.first_delta(wanted), rtol=1e-5, atol=1e-7 * size)


def _mends(now: Round, site: int, value: Any) -> bool:
    """Whether a value that is added at the only execution of a site mends everything."""
    assert now.jacobian is not None
    columns = now.jacobian.of(site)
    if entries(value) != columns.shape[1]:
        return False
    change = columns @ np.ravel(value)
    return all(
        np.allclose(change[rows], lacking.ravel(), rtol=1e-5, atol=1e-7 * np.max(np.abs(lacking)))
        for name, rows in now.jacobian.rows.items()
        if np.any(np.abs(lacking := now.residual[name]) > now.nothing)
    )


def _begins_to_mend(now: Round, site: int, place: Place, term: str) -> bool:
    """Whether a term is what the first turn lacks at which it is not zero."""
    e = now.evidence_of(site)
    if e is None or not (e.full and e.linear) or now.jacobian is None:
        return False
    seen = now.recording.executions[site]
    for n, env in enumerate(place.envs):
        value = as_float_array(place.value(term, env))
        if value is None or value.shape != shape_of(seen[n].value):
            return False
        if np.any(value):
            return _is_left(now, site, n, value.ravel())
    return False


def _is_left(now: Round, site: int, n: int, value: Array) -> bool:
    """Whether the turns after one may have what is left to be mended after its value."""
    assert now.jacobian is not None
    rows, lacking = _lacking(now)
    span = now.jacobian.columns[site][n]
    basis = _later(now, site, n, rows)

    def beyond(change: Array) -> Array:
        return change - basis @ (basis.T @ change)

    scale = np.max(np.abs(lacking))
    alone = np.max(np.abs(beyond(lacking)))
    left = np.max(np.abs(beyond(lacking - now.jacobian.matrix[rows, span] @ value)))
    return bool(alone > _TELLING * scale and left <= _NEAR * scale)


def _lacking(now: Round) -> tuple[Array, Array]:
    """Return the rows of all that can be mended, and what is lacking there."""
    assert now.jacobian is not None
    rows = np.concatenate([np.arange(s.start, s.stop) for s in now.jacobian.rows.values()])
    lacking = np.concatenate([now.residual[name].ravel() for name in now.jacobian.rows])
    return rows, lacking


def _later(now: Round, site: int, n: int, rows: Array) -> Array:
    """Return a basis of what values of a site after an execution can change."""
    assert now.jacobian is not None
    if (site, n) not in now.bases:
        spans = now.jacobian.columns[site]
        columns = now.jacobian.matrix[rows, spans[n].stop : spans[-1].stop]
        basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
        kept = sizes > 1e-10 * np.max(sizes, initial=0.0)
        now.bases[site, n] = basis[:, kept]
    return now.bases[site, n]
