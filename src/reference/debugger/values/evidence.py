"""Which sites alone can explain the wrong gradients: least squares on what the probes saw.

A site that explains every wrong output is a candidate for the one fault there is. Where there are
several faults, the one that lies last on the way of an output still explains that output alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.values.probe import Jacobian
from reference.debugger.values.systems import Systems

SOLVED = 1e-6


@dataclass(frozen=True)
class Evidence:
    """What the solve for one site says.

    Parameters
    ----------
    site : int
    explains : float
        Which part of the squared residual it explains, at most 1, which is everything.
    outputs : tuple of str
        Wrong outputs that one change of it explains wholly, while the right ones stay right.
    rank : float
        Rank of J over its number of rows: low is telling.
    steps : tuple of int
        Executions whose value has to change.
    delta : ndarray
        The least change that explains `outputs`, or as much as can be; all executions in one row.
    unique : bool
        Whether no other change does, at the first execution that has to change.
    linear : bool
        Whether the outputs are linear in its value; if not, `delta` is no more than a direction.
    """

    site: int
    explains: float
    outputs: tuple[str, ...]
    rank: float
    steps: tuple[int, ...]
    delta: Array
    unique: bool = False
    linear: bool = True

    @property
    def full(self) -> bool:
        """Whether it explains every wrong output."""
        return self.explains > 1 - SOLVED


def solve(
    jac: Jacobian, residual: Mapping[str, Array], wrong: list[str], linear: set[int]
) -> list[Evidence]:
    """Solve for every site and return the evidence, in the order of the sites."""
    wrong = [name for name in wrong if name in jac.rows]
    systems = Systems(jac, residual, wrong)
    found = []
    for k in jac.columns:
        columns = jac.span(k)
        delta, rank, left = systems.solve(wrong, [columns])
        if not rank:
            continue
        explains, outputs, part = 1 - left, tuple(wrong), rank
        if explains <= 1 - SOLVED:
            outputs = _explained(systems, columns, wrong)
            if outputs:
                delta, part, _ = systems.solve(outputs, [columns])
        steps = _steps(delta, jac.columns[k], systems.least)
        unique = part == len(delta) or (
            bool(outputs and steps)
            and systems.settles(outputs, columns, _first(jac.columns[k], steps))
        )
        found.append(
            Evidence(k, explains, outputs, rank / systems.rows, steps, delta, unique, k in linear)
        )
    return found


def solve_groups(
    jac: Jacobian,
    residual: Mapping[str, Array],
    wrong: list[str],
    sites: list[int],
    size: int,
    seconds: float,
    without: str = "",
) -> list[tuple[Evidence, ...]]:
    """Return the groups of sites that explain everything together, the telling ones first.

    Only those in which one change alone does it: they say what each value should have been.
    The output `without` is left out of account, as one that has a fault of its own besides.
    """
    wrong = [name for name in wrong if name in jac.rows]
    systems = Systems(jac, residual, wrong)
    counted = [name for name in wrong if name != without]
    until = time.monotonic() + seconds
    found = []
    for group in itertools.combinations(sites, size):
        if time.monotonic() > until:
            break
        spans = [jac.span(k) for k in group]
        if sum(span.stop - span.start for span in spans) >= systems.rows:
            continue
        delta, rank, left = systems.solve(counted, spans)
        if left > SOLVED or rank < len(delta):
            continue
        cuts = np.cumsum([span.stop - span.start for span in spans])[:-1]
        together = tuple(
            Evidence(k, 1.0, tuple(wrong), rank / systems.rows,
                     _steps(part, jac.columns[k], systems.least), part, unique=True)
            for k, part in zip(group, np.split(delta, cuts), strict=True)
        )  # fmt: skip
        if all(e.steps for e in together):
            found.append((rank, together))
    found.sort(key=lambda ranked: ranked[0])
    return [together for _, together in found]


def solve_part(
    jac: Jacobian, residual: Mapping[str, Array], wrong: list[str], parts: list[Array]
) -> Iterator[Array | None]:
    """Give, for some entries of a site alone, by how much they are to change to explain all.

    Parameters
    ----------
    jac : Jacobian
    residual : mapping of str to ndarray
    wrong : list of str
    parts : list of ndarray of int
        The columns of entries, those of the first execution first.

    Returns
    -------
    iterator of ndarray or None
        None where no change does, or more than one.
    """
    systems = Systems(jac, residual, wrong)
    for columns in parts:
        delta, rank, left = systems.solve(wrong, [columns])
        only = rank == len(delta) < systems.rows
        yield delta if only and left <= SOLVED else None


def at_one_step(
    jac: Jacobian,
    residual: Mapping[str, Array],
    wrong: list[str],
    turns: list[list[int]],
    site: int,
) -> int | None:
    """Return which of some sets of executions of a site explains everything alone, if one does.

    Of many unknowns the least change is told, which is one of all of them.
    """
    systems = Systems(jac, residual, [name for name in wrong if name in jac.rows])
    found = []
    for n, turn in enumerate(turns):
        columns = [jac.columns[site][k] for k in turn]
        _, rank, left = systems.solve(wrong, columns)
        if 0 < rank < systems.rows and left <= SOLVED:
            found.append(n)
    return found[0] if len(found) == 1 else None


def _explained(systems: Systems, columns: slice, wrong: list[str]) -> tuple[str, ...]:
    """Return wrong outputs that one change explains together, found one by one."""
    together: tuple[str, ...] = ()
    for name in wrong:
        if not systems.reaches(name, columns):
            continue
        more = (*together, name)
        _, rank, left = systems.solve(more, [columns])
        # As many free unknowns as entries explain anything.
        if left < SOLVED and rank < systems.entries(more):
            together = more
    return together


def _steps(delta: Array, spans: list[slice], least: float) -> tuple[int, ...]:
    offset = spans[0].start
    sizes = [float(np.max(np.abs(delta[s.start - offset : s.stop - offset]))) for s in spans]
    largest = max(sizes)
    return tuple(n for n, size in enumerate(sizes) if size > max(SOLVED * largest, least))


def _first(spans: list[slice], steps: tuple[int, ...]) -> slice:
    """Return where a site's first wrong execution is, and all before it, among its unknowns."""
    return slice(0, spans[steps[0]].stop - spans[0].start)
