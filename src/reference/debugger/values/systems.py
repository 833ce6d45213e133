"""The equations for sets of wrong outputs, made as few as they can be, and their least solution.

A gradient that is summed up over the steps depends on what is added at one step as on what is added
at any other: such unknowns are one. Equations that no unknown is in tell nothing, and one that has
its only unknown to itself is solved by a division. What is left is least squares, which at some
thousand unknowns takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.kept import kept
from reference.debugger.values.probe import Jacobian

_FEW = 300  # equations that are taken as they are
_TO_CHECK = 40  # mixtures of equations that a solution is not made of
_NOTHING = 1e-10  # of the largest singular value: less is rounding


@dataclass
class _Unknowns:
    """Some columns of the Jacobian, those that are alike as one.

    Parameters
    ----------
    matrix : ndarray
        A column for each of them, times the square root of how many it stands for: so the least
        solution stays the least, and the singular values are the same.
    of : ndarray of int
        Which of them every column is; -1 for one of zeros.
    alike : ndarray of int
        How many columns each stands for.
    """

    matrix: Array
    of: Array
    alike: Array

    def all_of(self, found: Array) -> Array:
        """Return the solution for every column from that for those told apart."""
        each = np.append(found / np.sqrt(self.alike), 0.0)
        return each[self.of]


def _told_apart(matrix: Array) -> _Unknowns:
    """Return the columns of a matrix without those that are there before, and those of zeros."""
    columns = np.ascontiguousarray(matrix.T) + 0.0  # one zero, not two
    first: dict[bytes, int] = {}
    of = np.full(len(columns), -1)
    for k in np.flatnonzero(np.any(columns, axis=1)):
        of[k] = first.setdefault(columns[k].tobytes(), len(first))
    apart = np.flatnonzero(of >= 0)
    _, where = np.unique(of[apart], return_index=True)
    alike = np.bincount(of[apart], minlength=len(first))
    return _Unknowns(matrix[:, apart[where]] * np.sqrt(alike), of, alike)


class Systems:
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
        self._asked: object = None  # the columns asked for last
        self._unknowns = _told_apart(np.zeros((0, 0)))
        self._parts: dict[str, tuple[Array, Array]] = {}
        self._mixed: dict[tuple[str, int], tuple[Array, Array]] = {}

    def solve(
        self, names: Sequence[str], columns: Sequence[slice | Array]
    ) -> tuple[Array, int, float]:
        """Return the solution, the rank, and which part of the squares is left, for some columns.

        The equations are those of the wrong outputs in `names` and of all right ones.
        """
        matrix, target, enough, rest = self._equations(names, columns)
        unknowns = self._unknowns
        total = float(target @ target) + rest or 1.0
        if not np.any(matrix) or not np.all(np.isfinite(matrix)):  # of mixtures: they overflow
            return np.zeros(len(unknowns.of)), 0, 1.0
        found, rank = least_squares(matrix[:enough], target[:enough])
        left = target - matrix @ found
        return unknowns.all_of(found), rank, (float(left @ left) + rest) / total

    def settles(self, names: Sequence[str], columns: slice, some: slice) -> bool:
        """Return whether the equations leave no freedom to some of the unknowns of a site."""
        matrix, _, enough, _ = self._equations(names, [columns])
        if not np.all(np.isfinite(matrix)):
            return False
        asked = self._unknowns.of[some]
        if np.any(asked < 0) or np.any(self._unknowns.alike[asked] > 1):
            return False
        return _are_settled(matrix[:enough], asked)

    def reaches(self, name: str, columns: slice) -> bool:
        """Return whether a site can move an output at all."""
        return bool(np.any(self._jac.matrix[self._jac.rows[name], columns]))

    def entries(self, names: Iterable[str]) -> int:
        """Return how many entries these outputs have."""
        return sum(len(self._target[name]) for name in names)

    def _equations(
        self, names: Sequence[str], columns: Sequence[slice | Array]
    ) -> tuple[Array, Array, int, float]:
        """Return equations for some columns, what they give, how many are enough, and the rest.

        The rest are the squares of what no unknown can do anything about.
        """
        key = tuple((c.start, c.stop) if isinstance(c, slice) else tuple(c) for c in columns)
        if key != self._asked:
            whole = [self._jac.matrix[:, span] for span in columns]
            self._unknowns = _told_apart(whole[0] if len(whole) == 1 else np.hstack(whole))
            self._parts, self._mixed, self._asked = {}, {}, key
        together = [*self._right, *names]
        parts = [self._part(name) for name in together]
        count = sum(len(target) for _, target in parts)
        rest = sum(float(self._target[name] @ self._target[name]) for name in together)
        rest -= sum(float(target @ target) for _, target in parts)
        rest = rest if rest > 1e-15 * self.entries(together) else 0.0
        enough = len(self._unknowns.alike) + 20  # any mixture is as good as another
        if count <= max(_FEW, enough + _TO_CHECK):
            matrices, targets = zip(*parts, strict=True)
            return np.concatenate(matrices), np.concatenate(targets), count, rest
        for name, (matrix, target) in zip(together, parts, strict=True):
            if (name, enough) not in self._mixed:
                mix = _mixtures(enough + _TO_CHECK, len(target), self._jac.rows[name].start)
                self._mixed[name, enough] = mix @ matrix, mix @ target
        matrices, targets = zip(*(self._mixed[name, enough] for name in together), strict=True)
        return np.sum(matrices, axis=0), np.sum(targets, axis=0), enough, rest

    def _part(self, name: str) -> tuple[Array, Array]:
        """Return the equations of an output in which there is any unknown."""
        if name not in self._parts:
            matrix = self._unknowns.matrix[self._jac.rows[name]]
            there = np.any(matrix, axis=1)
            self._parts[name] = matrix[there] * self._scale[name], self._target[name][there]
        return self._parts[name]


@kept(64)
def _mixtures(made: int, count: int, seed: int) -> Array:
    """Return by how much each of some rows is in each mixture."""
    return np.random.default_rng(seed).standard_normal((made, count)) / made**0.5


def _alone(matrix: Array) -> tuple[Array, Array]:
    """Return the rows and columns of the entries that are alone both in their row and column."""
    there = matrix != 0
    columns = np.flatnonzero(np.count_nonzero(there, axis=0) == 1)
    rows = np.argmax(there[:, columns], axis=0)
    single = np.count_nonzero(there[rows], axis=1) == 1
    return rows[single], columns[single]


def least_squares(matrix: Array, target: Array) -> tuple[Array, int]:
    """Return the least solution and the rank."""
    rows, columns = _alone(matrix)
    if not len(rows):
        return _least_squares(matrix, target)
    entries = matrix[rows, columns]
    others = np.delete(np.delete(matrix, rows, axis=0), columns, axis=1)
    counts = np.abs(entries) > _NOTHING * float(np.max(np.abs(matrix)))
    found = np.zeros(matrix.shape[1])
    found[columns[counts]] = target[rows[counts]] / entries[counts]
    rank = int(np.count_nonzero(counts))
    if others.size:
        rest = np.delete(np.arange(len(found)), columns)
        found[rest], more = _least_squares(others, np.delete(target, rows))
        rank += more
    return found, rank


def _least_squares(matrix: Array, target: Array) -> tuple[Array, int]:
    """Return the least solution and the rank.

    LAPACK's fast way fails on some matrices of low rank, and then only in one order of columns.
    """
    rng = np.random.default_rng(0)
    order = np.arange(matrix.shape[1])
    for _ in range(3):
        try:
            found, _, rank, _ = np.linalg.lstsq(matrix[:, order], target, rcond=_NOTHING)
        except np.linalg.LinAlgError:
            order = rng.permutation(order)
            continue
        delta = np.zeros(len(order))
        delta[order] = found
        return delta, int(rank)
    return np.zeros(len(order)), 0


def _are_settled(matrix: Array, some: Array) -> bool:
    """Return whether all solutions of equations agree in some of the unknowns."""
    rows, columns = _alone(matrix)
    counts = np.abs(matrix[rows, columns]) > _NOTHING * float(np.max(np.abs(matrix), initial=0.0))
    if np.any(np.isin(some, columns[~counts])):
        return False
    rest = np.setdiff1d(np.arange(matrix.shape[1]), columns)
    asked = np.isin(rest, some)
    if not asked.any():
        return True
    try:
        _, sizes, basis = np.linalg.svd(np.delete(matrix, rows, axis=0)[:, rest])
    except np.linalg.LinAlgError:
        return False
    rank = int(np.sum(sizes > _NOTHING * sizes[0])) if sizes.size else 0
    return bool(np.all(np.abs(basis[rank:][:, asked]) < 1e-7))
