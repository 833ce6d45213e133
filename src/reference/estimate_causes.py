"""What goes wrong in numerical gradients, each as a prediction of the numbers that it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.evaluations import Entry, Evaluations, scalar

DECADES = tuple(10.0**-k for k in range(1, 16))
BETWEEN = (*(m * 10.0**-k for k in range(1, 16) for m in (2, 5)), *(2.0**-k for k in (26, 17, 10)),
           *(m * 10.0**-k for k in range(1, 14) for m in (3, 4, 6, 7, 8, 9)))  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """A constant that an estimate is multiplied by, and how that comes about."""

    value: float | Array
    kind: str
    why: str


@dataclass(frozen=True)
class Cause:
    """A way to compute an estimate, with what it gives.

    Parameters
    ----------
    kind, why : str
        Empty for a difference that is taken as it should be.
    scheme, precision : str
    step : float
    values : ndarray
        One for each entry; NaN where it says nothing.
    """

    values: Array
    scheme: str = ""
    step: float = 0.0
    precision: str = "float64"
    kind: str = ""
    why: str = ""


def differences(
    evaluations: Evaluations, entries: list[Entry], steps: tuple[float, ...], precision: str
) -> Iterator[Cause]:
    """Yield what central and one-sided differences give at each step, in one precision."""
    dtype = np.float64 if precision == "float64" else np.float32
    here = float(evaluations.value(evaluations.fresh(dtype), precision))
    for h in steps:
        if precision != "float64" and h < 1e-9:
            continue  # nothing moves
        ahead = np.array([evaluations.at(entry, h, precision) for entry in entries])
        behind = np.array([evaluations.at(entry, -h, precision) for entry in entries])
        yield Cause((ahead - behind) / (2 * h), "central", h, precision)
        yield Cause((ahead - here) / h, "forward", h, precision)
        yield Cause((here - behind) / h, "backward", h, precision)


def not_undone(evaluations: Evaluations, entries: list[Entry]) -> Iterator[Cause]:
    """Yield what comes of perturbations that stay: entries in order, one array after the other."""
    in_order = _leading(evaluations, entries)
    why = "each entry is left moved by the step, so later entries are taken at other parameters"
    for h in DECADES[1:8]:
        for scheme in ("forward from one base value", "forward", "central"):
            params = evaluations.fresh()
            base = evaluations.value(params)
            values = np.full(len(entries), np.nan)
            for k, entry in enumerate(in_order):
                if scheme == "forward":
                    base = evaluations.value(params)
                params[entry.name][entry.index] += h
                ahead = evaluations.value(params)
                if scheme == "central":
                    params[entry.name][entry.index] -= 2 * h
                    values[k] = (ahead - evaluations.value(params)) / (2 * h)
                else:
                    values[k] = (ahead - base) / h
            yield Cause(values, scheme, h, kind="perturbation not undone", why=why)


def state_kept(evaluations: Evaluations, entries: list[Entry]) -> Iterator[Cause]:
    """Yield what comes of a loss that starts from where the evaluation before it ended."""
    in_order = _leading(evaluations, entries)
    why = "an evaluation starts from the state that the one before it left"
    for h in DECADES[1:9]:
        for scheme in ("central", "forward", "backward"):
            for called_before in (0, 1):
                evaluations.restore()
                inputs = evaluations.copied_inputs()

                def moved(entry: Entry, by: float, inputs: Any = inputs) -> float:
                    params = evaluations.fresh()
                    params[entry.name][entry.index] += by
                    return float(scalar(evaluations.call(params, inputs)))

                here = float("nan")
                if called_before or scheme != "central":
                    here = float(scalar(evaluations.call(evaluations.fresh(), inputs)))
                values = np.full(len(entries), np.nan)
                for k, entry in enumerate(in_order):
                    if scheme == "central":
                        values[k] = (moved(entry, h) - moved(entry, -h)) / (2 * h)
                    elif scheme == "forward":
                        values[k] = (moved(entry, h) - here) / h
                    else:
                        values[k] = (here - moved(entry, -h)) / h
                yield Cause(values, scheme, h, kind="state kept between evaluations", why=why)
    evaluations.restore()


def factors(
    params: Mapping[str, Array], inputs: Mapping[str, Any] | None, entries: list[Entry]
) -> list[Factor]:
    """Return the constants by which estimates are off, the likeliest first."""
    found = [
        Factor(1.0, "", ""),
        Factor(-1.0, "wrong sign", "it is f(x - h) - f(x + h), or that of minus the loss"),
        Factor(2.0, "factor 2", "the two-sided difference is divided by h, but spans 2h"),
        Factor(0.5, "factor 1/2", "the difference is divided by 2h, but spans h"),
        Factor(-2.0, "wrong sign and factor 2", "two-sided, backwards, and divided by h"),
    ]
    sizes: dict[int, list[str]] = {}
    for name, value in {**(inputs or {}), **params}.items():
        for axis, size in enumerate(np.shape(value)):
            sizes.setdefault(size, []).append(f"{name}.shape[{axis}]")
        sizes.setdefault(int(np.size(value)), []).append(f"{name}.size")
        if np.ndim(value) > 2:
            two = int(np.prod(np.shape(value)[:2]))
            sizes.setdefault(two, []).append(f"{name}.shape[0] * {name}.shape[1]")
    total = sum(int(np.size(value)) for value in params.values())
    sizes.setdefault(total, []).append("the number of all parameters")
    for size, names in sorted(sizes.items()):
        if size >= 2:
            said = f"{size} is {' and '.join(names[:3])}"
            found.append(
                Factor(1 / size, f"averaged: 1/{size}", f"a mean where loss has a sum; {said}")
            )
            found.append(
                Factor(float(size), f"factor {size}", f"a sum where loss has a mean; {said}")
            )
    own = np.array([1 / max(1, params[entry.name].size) for entry in entries])
    if len(set(own)) > 1:
        found.append(Factor(own, "averaged", "each array is divided by its own size"))
    return found


def quantum(estimate: Array, value: float, step: float, span: float) -> bool:
    """Return whether every entry is a small multiple of one unit in the last place of the loss.

    That is what is left of a difference when the step is too small: digits of the loss.
    """
    if value == 0 or not estimate.any():
        return False
    in_units = estimate * (span * step) / (np.spacing(abs(value)) / 2)
    near = np.round(in_units)
    few = np.abs(in_units) < 2e4
    return bool((np.abs(in_units - near) < 1e-3).all() and few.all())


def _leading(evaluations: Evaluations, entries: list[Entry]) -> list[Entry]:
    """Return the entries that are the first ones of all, in order and without a gap."""
    everything = (
        Entry(name, index)
        for name, value in evaluations.params.items()
        if value.dtype.kind == "f"
        for index in np.ndindex(value.shape)
    )
    leading = []
    for entry, expected in zip(entries, everything, strict=False):
        if entry != expected:
            break
        leading.append(entry)
    return leading
