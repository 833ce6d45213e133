"""The entries of a numerical gradient that are looked at, and the derivative there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.evaluations import Entry, Evaluations, OutOfTime

_LEADING = 48  # entries from the beginning on, for what depends on the order
_SPREAD = 12  # further ones of each array
_BLANKS = 3  # of the zeros of an array in which there is little else


@dataclass(frozen=True)
class Exact:
    """The derivative at some entries.

    Parameters
    ----------
    entries : list of Entry
        Those for which there was time, in the order of the parameters.
    values, doubts : ndarray
        How far a value may be off.
    way : str
        How it was taken.
    is_analytic : bool
        Whether that is the complex step.
    """

    entries: list[Entry]
    values: Array
    doubts: Array
    way: str
    is_analytic: bool


def given_in(estimate: dict[str, Array]) -> dict[str, Array]:
    """Return by name where an entry is given: NaN is none, nor is 0 among few scattered entries."""
    filled = {name: ~np.isnan(value) & (value != 0) for name, value in estimate.items()}
    chosen = {name for name in estimate if _is_sample(filled[name])}
    if any(2 * filled[name].sum() < filled[name].size for name in chosen):
        return {name: filled[name] if name in chosen else ~np.isnan(value)
                for name, value in estimate.items()}  # fmt: skip
    return {name: ~np.isnan(value) for name, value in estimate.items()}


def _is_sample(filled: Array) -> bool:
    """Return whether entries of no regular place are filled: chosen, as by ``rng.choice``."""
    where = np.argwhere(filled)
    if not 0 < len(where) < filled.size:
        return False
    if len(where) == 1:
        return bool(where.any())
    flat = np.flatnonzero(filled)
    sides = [np.unique(column) for column in where.T]
    is_box = np.prod([side.size for side in sides]) == len(where)
    evenly = all(np.unique(np.diff(side)).size <= 1 for side in sides)
    return not (is_box and evenly) and bool(np.unique(np.diff(flat)).size > 1)


def looked_at(estimate: dict[str, Array], given: dict[str, Array]) -> list[Entry]:
    """Return entries of all arrays by turns: of each the largest first, then the leading ones.

    They alternate with others: the least, and some at random.
    """
    rng = np.random.default_rng(0)
    groups, leading = [], 0
    for name, value in estimate.items():
        flat, filled = np.abs(value.ravel()), np.flatnonzero(given[name])
        first = filled[: _LEADING - leading]
        leading += first.size
        rest = filled[first.size :]
        spread: list[int] = []
        if rest.size:
            drawn = rng.choice(rest, min(_SPREAD, rest.size), replace=False)
            spread = [int(rest[flat[rest].argmin()]), *map(int, drawn)]
        largest = [int(filled[flat[filled].argmax()])] if filled.size else []
        blank = np.flatnonzero(~given[name] & (value == 0))
        blanks = rng.choice(blank, min(_BLANKS, blank.size), replace=False) if blank.size else []
        order = [*largest, *_by_turns([list(map(int, first)), spread]), *map(int, blanks)]
        groups.append(
            [Entry(name, tuple(map(int, np.unravel_index(k, value.shape))))
             for k in dict.fromkeys(order)]
        )  # fmt: skip
    return list(_by_turns(groups))


def _by_turns(groups: list[list[Any]]) -> Iterator[Any]:
    for row in zip_longest(*groups):
        yield from (one for one in row if one is not None)


def exact_at(evaluations: Evaluations, entries: list[Entry]) -> Exact:
    """Return the derivative at as many of the entries as there is time for."""
    rows: list[tuple[Entry, float, float, float, float]] = []
    is_analytic, scale = True, 0.0
    disagree = "extrapolated differences (the complex step disagrees)"
    way = "the complex step"
    try:
        for entry in entries:
            rough, doubt = evaluations.richardson(entry)
            analytic = jump = np.nan
            if is_analytic:
                try:
                    analytic = evaluations.complex_step(entry.name, entry.index)
                    # A kink at the very place: one side's slope is as good as the other's.
                    jump = evaluations.jump(entry, 1e-6)
                    scale = max(scale, abs(rough))
                    near = abs(analytic - rough) <= 10 * doubt + 1e-7 * scale
                    if not near and not _agrees(evaluations, entry, analytic, scale):
                        is_analytic, way = False, disagree
                except OutOfTime:
                    raise
                except Exception:  # whatever a loss says to complex numbers
                    is_analytic, way = False, "extrapolated differences"
            rows.append((entry, rough, doubt, analytic, jump))
    except OutOfTime:
        pass
    names = list(evaluations.params)
    rows.sort(key=lambda row: (names.index(row[0].name), row[0].index))
    done = [row[0] for row in rows]
    rough, doubt, analytic, jumps = np.array([row[1:] for row in rows]).reshape(-1, 4).T
    if not is_analytic:
        return Exact(done, rough, doubt, way, False)
    here = evaluations.at(done[0], 0.0) if done else 0.0
    doubts = np.where(jumps > 1e-5 * scale + 1e-7 * abs(here), jumps, 0.0)
    return Exact(done, analytic, doubts, way, True)


def _agrees(evaluations: Evaluations, entry: Entry, analytic: float, scale: float) -> bool:
    """Return whether a derivative is that of differences so near that no kink is between."""
    size = abs(evaluations.at(entry, 0.0))
    for h in (1e-5, 1e-6, 1e-7):
        slope = (evaluations.at(entry, h) - evaluations.at(entry, -h)) / (2 * h)
        if abs(slope - analytic) <= 8 * np.finfo(float).eps * size / h + 1e-7 * scale:
            return True
    return False
