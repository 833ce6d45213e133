"""Which value, times one number at all of its executions, makes wrong gradients right.

With several faults no value explains everything, and a site with some freedom explains this or that
output by chance. One number has no freedom: a gradient of many entries that becomes right with it
says that the value has the wrong sign, or that it is or is not divided by a count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.debugger.searching.round import Round

_TELLING = 3  # entries that a gradient must have: fewer may agree by chance


@dataclass(frozen=True)
class Scale:
    """A factor that a site's value lacks, and the outputs that become right with it."""

    site: int
    factor: float
    outputs: tuple[str, ...]


def scale_of(now: Round, site: int) -> Scale | None:
    """Return the factor by which a site's value has to be multiplied, or None.

    Parameters
    ----------
    now : Round
    site : int
    """
    jacobian = now.jacobian
    if jacobian is None or site not in jacobian.columns:
        return None
    evidence = now.evidence_of(site)
    if evidence is not None and not evidence.linear:
        return None
    seen = now.recording.executions[site]
    made = np.concatenate([np.ravel(np.asarray(e.value, float)) for e in seen])
    change = jacobian.of(site) @ made
    best: Scale | None = None
    for name in jacobian.rows:
        more = _lacks(now, name, change)
        if more is None or abs(more) < 1e-6 or abs(more + 1) < 1e-6:  # nothing, or all of it
            continue
        outputs = _mended(now, more * change)
        if outputs and (best is None or len(outputs) > len(best.outputs)):
            best = Scale(site, 1 + more, outputs)
    return best


def _lacks(now: Round, name: str, change: np.ndarray) -> float | None:
    """Return how many times a change has to be added to an output, if that mends it."""
    assert now.jacobian is not None
    mine, left = change[now.jacobian.rows[name]], now.residual[name].ravel()
    size = float(mine @ mine)
    return float(mine @ left) / size if size > 0 and np.max(np.abs(left)) > now.nothing else None


def _mended(now: Round, change: np.ndarray) -> tuple[str, ...]:
    """Return the outputs that a change makes right; none, if it spoils one that is right."""
    assert now.jacobian is not None
    found = []
    for name, rows in now.jacobian.rows.items():
        left, mine = now.residual[name].ravel(), change[rows]
        largest = float(np.max(np.abs(left), initial=0.0))
        if largest < now.nothing:
            if np.max(np.abs(mine), initial=0.0) > 100 * now.nothing:
                return ()
        elif np.allclose(mine, left, rtol=1e-5, atol=1e-7 * largest) and (
            np.count_nonzero(np.abs(left) > 1e-6 * largest) >= _TELLING
        ):
            found.append(name)
    return tuple(found)
