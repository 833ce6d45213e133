"""Which sites alone can explain the wrong gradients: least squares on what the probes saw.

A site that explains every wrong output is a candidate for the one fault there is. Where there are
several faults, the one that lies last on the way of an output still explains that output alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.kept import kept
from reference.debugger.values.probe import Jacobian

SOLVED = 1e-6
_FEW = 300  # equations that are taken as they are
_TO_CHECK = 40  # mixtures of equations that a solution is not made of


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
    systems = _Systems(jac, residual, wrong)
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
    systems = _Systems(jac, residual, wrong)
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
    systems = _Systems(jac, residual, [name for name in wrong if name in jac.rows])
    found = []
    for n, turn in enumerate(turns):
        columns = [jac.columns[site][k] for k in turn]
        _, rank, left = systems.solve(wrong, columns)
        if 0 < rank < systems.rows and left <= SOLVED:
            found.append(n)
    return found[0] if len(found) == 1 else None


def _explained(systems: _Systems, columns: slice, wrong: list[str]) -> tuple[str, ...]:
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


class _Systems:
    """The equations for sets of wrong outputs; what is right stays right in each of them.

    Least squares; of many rows, random mixtures of them, which are as telling and fewer.
    """

    def __init__(self, jac: Jacobian, residual: Mapping[str, Array], wrong: Iterable[str]) -> None:
        self._jac = jac
        self._target, self._scale = {}, {}
        lacking = (float(np.max(np.abs(residual[name]), initial=0.0)) for name in wrong)
        self.least = 1e-12 * min(1.0, max(lacking, default=1.0))  # less is what rounding leaves
        for name, rows in jac.rows.items():
            size = float(np.max(np.abs(residual[name]), initial=0.0)) if name in wrong else 0.0
            size = size or float(np.max(np.abs(jac.matrix[rows]), initial=0.0)) or 1.0
            self._target[name], self._scale[name] = residual[name].ravel() / size, 1 / size
        self.rows = sum(map(len, self._target.values()))
        self._right = [name for name in jac.rows if name not in wrong]
        self._mixed: dict[str, tuple[Array, Array]] = {}  # of the columns asked for last
        self._mixed_for: object = None

    def solve(
        self, names: Sequence[str], columns: Sequence[slice | Array]
    ) -> tuple[Array, int, float]:
        """Return the solution, the rank, and which part of the squares is left, for some columns.

        The equations are those of the wrong outputs in `names` and of all right ones.
        """
        matrix, target, enough = self._equations(names, columns)
        total = float(target @ target) or 1.0
        if not np.any(matrix) or not np.all(np.isfinite(matrix)):  # of mixtures: they overflow
            return np.zeros(matrix.shape[1]), 0, 1.0
        delta, rank = _least_squares(matrix[:enough], target[:enough])
        left = target - matrix @ delta
        return delta, rank, float(left @ left) / total

    def settles(self, names: Sequence[str], columns: slice, some: slice) -> bool:
        """Return whether the equations leave no freedom to some of the unknowns of a site."""
        matrix, _, enough = self._equations(names, [columns])
        if not np.all(np.isfinite(matrix)):
            return False
        try:
            _, sizes, basis = np.linalg.svd(matrix[:enough], full_matrices=True)
        except np.linalg.LinAlgError:
            return False
        rank = int(np.sum(sizes > 1e-10 * sizes[0])) if sizes.size else 0
        free = basis[rank:]
        return bool(np.all(np.abs(free[:, some]) < 1e-7))

    def reaches(self, name: str, columns: slice) -> bool:
        """Return whether a site can move an output at all."""
        return bool(np.any(self._jac.matrix[self._jac.rows[name], columns]))

    def entries(self, names: Iterable[str]) -> int:
        """Return how many entries these outputs have."""
        return sum(len(self._target[name]) for name in names)

    def _equations(
        self, names: Sequence[str], columns: Sequence[slice | Array]
    ) -> tuple[Array, Array, int]:
        """Return equations for some columns, what they give, and how many of them are enough."""
        together = [*self._right, *names]
        count = self.entries(together)
        enough = _count(columns) + 20  # any mixture is as good as another
        if count <= max(_FEW, enough + _TO_CHECK):
            matrices, targets = zip(*(self._part(name, columns) for name in together), strict=True)
            return np.concatenate(matrices), np.concatenate(targets), count
        key = tuple((c.start, c.stop) if isinstance(c, slice) else tuple(c) for c in columns)
        if key != self._mixed_for:
            self._mixed, self._mixed_for = {}, key
        for name in together:
            if name not in self._mixed:
                matrix, target = self._part(name, columns)
                first = self._jac.rows[name].start
                mix = _mixtures(enough + _TO_CHECK, len(target), first)
                self._mixed[name] = mix @ matrix, mix @ target
        matrices, targets = zip(*(self._mixed[name] for name in together), strict=True)
        return np.sum(matrices, axis=0), np.sum(targets, axis=0), enough

    def _part(self, name: str, columns: Sequence[slice | Array]) -> tuple[Array, Array]:
        matrix = self._jac.matrix[self._jac.rows[name]]
        some = np.concatenate([matrix[:, span] for span in columns], axis=1)
        return some * self._scale[name], self._target[name]


def _count(columns: Sequence[slice | Array]) -> int:
    return sum(c.stop - c.start if isinstance(c, slice) else len(c) for c in columns)


@kept(64)
def _mixtures(made: int, count: int, seed: int) -> Array:
    """Return by how much each of some rows is in each mixture."""
    return np.random.default_rng(seed).standard_normal((made, count)) / made**0.5


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
