"""Errors by gradient × step × gate as tables of a bounded size, for the page."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array

_MOST = (48, 32)  # rows, columns
_LEVELS = (1e-9, 1e-6, 1e-3, 1e-1)


@dataclass(frozen=True)
class HeatMap:
    """Relative errors of one gradient: NaN where nothing is known.

    Parameters
    ----------
    name : str
    rows, columns : list of str
        Labels.
    row_axis, column_axis : str
        What the labels count, such as ``gate`` and ``t``; empty where unknown.
    errors : ndarray
        Of shape (rows, columns).
    """

    name: str
    rows: list[str]
    columns: list[str]
    row_axis: str
    column_axis: str
    errors: Array


def heat_map(name: str, heat: Any) -> HeatMap | None:
    """Return one entry of `Diagnosis.heat` as a table, or None if it is empty.

    Parameters
    ----------
    name : str
    heat : ndarray or mapping
        Either the errors alone, or ``errors`` with ``axes``, the name of each axis, and
        ``labels``, the names along some axes. The axis called ``t`` runs along the columns, or
        the last one if there is none; several others are taken together.
    """
    about = heat if isinstance(heat, Mapping) else {"errors": heat}
    errors = np.atleast_1d(np.asarray(about.get("errors", ()), np.float64))
    if errors.size == 0:
        return None
    axes = [str(axis) for axis in about.get("axes", ())]
    if len(axes) != errors.ndim:
        axes = [""] * errors.ndim
    along = axes.index("t") if "t" in axes else errors.ndim - 1
    labels = [
        _labels(about.get("labels", {}).get(axis), size)
        for axis, size in zip(axes, errors.shape, strict=True)
    ]
    others = [k for k in range(errors.ndim) if k != along]
    rows = [" ".join(parts) for parts in itertools.product(*(labels[k] for k in others))]
    table = np.moveaxis(errors, along, -1).reshape(-1, errors.shape[along])
    row_axis = " ".join(axes[k] for k in others).strip()
    table, rows = _pooled(table, rows, _MOST[0])
    turned, columns = _pooled(table.T, labels[along], _MOST[1])
    return HeatMap(name, rows, columns, row_axis, axes[along], turned.T)


def relative_errors(manual: Mapping[str, Any], reference: Mapping[str, Array]) -> dict[str, Any]:
    """Return the entries of `Diagnosis.heat` for gradients of which no axis is known.

    Parameters
    ----------
    manual, reference : mapping of str to ndarray
        Gradients by name; those whose shapes differ are left out.

    Returns
    -------
    dict
        Name to ``{"errors": ...}``: differences as parts of the reference's largest entry.
    """
    heat = {}
    for name, right in reference.items():
        mine = np.asarray(manual.get(name, np.nan), np.float64)
        if mine.shape == right.shape and right.size:
            error = np.abs(mine - right) / (np.abs(right).max() or 1.0)
            heat[name] = {"errors": np.where(np.isnan(error), np.inf, error)}
    return heat


def level(error: float) -> int:
    """Return how grave a relative error is, from 0 (rounding) to 4 (of the size of the value)."""
    return sum(error >= bound for bound in _LEVELS)


def error_text(error: float) -> str:
    """Return a relative error in at most four characters.

    Examples
    --------
    >>> [error_text(e) for e in (0.0, 3.2e-4, 0.25, 12.0, float("inf"), float("nan"))]
    ['0', '3e-4', '0.2', '12', '∞', '–']
    """
    if np.isnan(error):
        return "–"
    if np.isinf(error):
        return "∞"
    if error == 0:
        return "0"
    if 0.1 <= error < 1000:
        return f"{error:.1f}" if error < 10 else f"{error:.0f}"
    digits, exponent = f"{error:.0e}".split("e")
    return f"{digits}e{int(exponent)}"


def _labels(given: Any, size: int) -> list[str]:
    return [str(k) for k in (given if given is not None and len(given) == size else range(size))]


def _pooled(table: Array, labels: list[str], most: int) -> tuple[Array, list[str]]:
    """Return at most `most` rows: neighbours are taken together, and the worst of them shown."""
    if len(labels) <= most:
        return table, labels
    width = -(-len(labels) // most)
    starts = range(0, len(labels), width)
    blocks = [table[start : start + width] for start in starts]
    worst = [np.fmax.reduce(block, axis=0) for block in blocks]
    names = [f"{labels[s]}–{labels[min(s + width, len(labels)) - 1]}" for s in starts]
    return np.stack(worst), names
