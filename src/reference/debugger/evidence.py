"""Which sites alone can explain the wrong gradients: least squares on what the probes saw.

A site that explains every wrong output is a candidate for the one fault there is. Where there are
several faults, the one that lies last on the way of an output still explains that output alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.probe import Jacobian

SOLVED = 1e-6
_MIXTURES = 300
_MOST_KEPT = 30_000_000  # numbers in equations that are kept: there are many sets of outputs


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
    systems = _Systems(jac, residual, wrong)
    everything = systems.of(frozenset(wrong))
    found = []
    for k in jac.columns:
        columns = jac.span(k)
        delta, rank, left = everything.solve([columns])
        if not rank:
            continue
        explains, outputs = 1 - left / everything.total, tuple(wrong)
        system, part = everything, rank
        if explains <= 1 - SOLVED:
            outputs = _explained(systems, columns, wrong)
            system = systems.of(frozenset(outputs))
            if outputs:
                delta, part, _ = system.solve([columns])
        steps = _steps(delta, jac.columns[k])
        unique = part == len(delta) or (
            bool(outputs and steps) and system.settles(columns, _first(jac.columns[k], steps))
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
    systems = _Systems(jac, residual, wrong)
    everything = systems.of(frozenset(wrong) - {without})
    until = time.monotonic() + seconds
    found = []
    for group in itertools.combinations(sites, size):
        if time.monotonic() > until:
            break
        spans = [jac.span(k) for k in group]
        if sum(span.stop - span.start for span in spans) >= systems.rows:
            continue
        delta, rank, left = everything.solve(spans)
        if left > SOLVED * everything.total or rank < len(delta):
            continue
        cuts = np.cumsum([span.stop - span.start for span in spans])[:-1]
        together = tuple(
            Evidence(k, 1.0, tuple(wrong), rank / systems.rows, _steps(part, jac.columns[k]), part,
                     unique=True)
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
    systems = _Systems(jac, residual, wrong)
    everything = systems.of(frozenset(wrong))
    for columns in parts:
        delta, rank, left = everything.solve([columns])
        only = rank == len(delta) < systems.rows
        yield delta if only and left <= SOLVED * everything.total else None


def _explained(systems: _Systems, columns: slice, wrong: list[str]) -> tuple[str, ...]:
    """Return wrong outputs that one change explains together, found one by one."""
    together: tuple[str, ...] = ()
    for name in wrong:
        if not systems.reaches(name, columns):
            continue
        more = (*together, name)
        system = systems.of(frozenset(more))
        _, rank, left = system.solve([columns])
        # As many free unknowns as entries explain anything.
        if left < SOLVED * system.total and rank < systems.entries(more):
            together = more
    return together


def _steps(delta: Array, spans: list[slice]) -> tuple[int, ...]:
    offset = spans[0].start
    sizes = [float(np.max(np.abs(delta[s.start - offset : s.stop - offset]))) for s in spans]
    largest = max(sizes)
    return tuple(n for n, size in enumerate(sizes) if size > max(SOLVED * largest, 1e-12))


def _first(spans: list[slice], steps: tuple[int, ...]) -> slice:
    """Return where a site's first wrong execution is, and all before it, among its unknowns."""
    return slice(0, spans[steps[0]].stop - spans[0].start)


class _Systems:
    """The equations for sets of wrong outputs; what is right stays right in each of them."""

    def __init__(self, jac: Jacobian, residual: Mapping[str, Array], wrong: list[str]) -> None:
        self._jac = jac
        parts, scales = [], []
        for name, rows in jac.rows.items():
            size = float(np.max(np.abs(residual[name]), initial=0.0)) if name in wrong else 0.0
            size = size or float(np.max(np.abs(jac.matrix[rows]), initial=0.0)) or 1.0
            parts.append(residual[name].ravel() / size)
            scales.append(np.full(residual[name].size, 1 / size))
        self._target, self._scale = np.concatenate(parts), np.concatenate(scales)
        self.rows = len(self._target)
        self._right = np.ones(self.rows, bool)
        for name in wrong:
            self._right[jac.rows[name]] = False
        self._made: dict[frozenset[str], _Sketch] = {}

    def of(self, names: frozenset[str]) -> _Sketch:
        """Return the equations of these wrong outputs and of all right ones."""
        if names not in self._made:
            while sum(sketch.size for sketch in self._made.values()) > _MOST_KEPT:
                del self._made[next(iter(self._made))]  # the oldest
            rows = self._right.copy()
            for name in names:
                rows[self._jac.rows[name]] = True
            self._made[names] = _Sketch(self._jac.matrix, self._target, self._scale, rows)
        return self._made[names]

    def reaches(self, name: str, columns: slice) -> bool:
        """Return whether a site can move an output at all."""
        return bool(np.any(self._jac.matrix[self._jac.rows[name], columns]))

    def entries(self, names: tuple[str, ...]) -> int:
        """Return how many entries these outputs have."""
        return sum(self._jac.rows[n].stop - self._jac.rows[n].start for n in names)


class _Sketch:
    """Least squares; of many rows, random mixtures of them, which are as telling and fewer."""

    def __init__(self, matrix: Array, target: Array, scale: Array, rows: Array) -> None:
        count = int(rows.sum())
        self._mixed = count > _MIXTURES
        self._matrix, self._target = matrix[rows] * scale[rows, None], target[rows]
        if self._mixed:
            mix = np.random.default_rng(0).standard_normal((_MIXTURES, count)) / _MIXTURES**0.5
            self._matrix, self._target = mix @ self._matrix, mix @ self._target
        self.total = float(self._target @ self._target) or 1.0
        self.size = self._matrix.size

    def solve(self, columns: Sequence[slice | Array]) -> tuple[Array, int, float]:
        """Return the solution, the rank, and the squared rest, for some of the columns."""
        target = self._target
        matrix = np.concatenate([self._matrix[:, span] for span in columns], axis=1)
        count = matrix.shape[1]
        if not np.any(matrix) or not np.all(np.isfinite(matrix)):  # of mixtures: they overflow
            return np.zeros(count), 0, self.total
        rows = count + 20 if self._mixed else len(target)  # any mixture is as good as another
        delta, rank = _least_squares(matrix[:rows], target[:rows])
        left = target - matrix @ delta
        return delta, rank, float(left @ left)

    def settles(self, columns: slice, some: slice) -> bool:
        """Return whether the equations leave no freedom to some of the unknowns of a site."""
        matrix = self._matrix[:, columns]
        matrix = matrix[: matrix.shape[1] + 20] if self._mixed else matrix
        if not np.all(np.isfinite(matrix)):
            return False
        try:
            _, sizes, basis = np.linalg.svd(matrix, full_matrices=True)
        except np.linalg.LinAlgError:
            return False
        rank = int(np.sum(sizes > 1e-10 * sizes[0])) if sizes.size else 0
        free = basis[rank:]
        return bool(np.all(np.abs(free[:, some]) < 1e-7))


def _least_squares(matrix: Array, target: Array) -> tuple[Array, int]:
    """Return the least solution and the rank.

    LAPACK's fast way fails on some matrices of low rank, and then only in one order of columns.
    """
    rng = np.random.default_rng(0)
    order = np.arange(matrix.shape[1])
    for _ in range(3):
        try:
            found, _, rank, _ = np.linalg.lstsq(matrix[:, order], target, rcond=1e-10)
        except np.linalg.LinAlgError:
            order = rng.permutation(order)
            continue
        delta = np.zeros(len(order))
        delta[order] = found
        return delta, int(rank)
    return np.zeros(len(order)), 0
