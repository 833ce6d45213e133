"""The verdict on a numerical gradient: at entries, and along directions of large arrays."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.estimate_entries import Exact, exact_at, given_in, looked_at
from reference.estimate_report import EstimateReport
from reference.estimate_search import Question
from reference.estimate_slopes import along
from reference.evaluations import Entry, Evaluations

MORE_TIME = "give it more `seconds`, or smaller arrays"
# What a sound difference attains: a part of an array's largest entry, and of the loss.
_AGREES = 1e-6
_ROUNDING = 1e-9
_FOR_ENTRIES, _FOR_SLOPES = 0.5, 0.7  # of the time; the rest is for the cause


@dataclass
class Judged:
    """A numerical gradient that is judged.

    Parameters
    ----------
    evaluations : Evaluations
        With the deadline of the whole.
    estimate : mapping of str to ndarray
    here : float
        The loss.
    evidence : list of str
        More is added to it.
    """

    evaluations: Evaluations
    estimate: dict[str, Array]
    here: float
    evidence: list[str]
    given: dict[str, Array] = field(init=False)
    end: float = field(init=False)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.given = given_in(self.estimate)
        self.end, self.started = self.evaluations.deadline, time.monotonic()

    def report(self, inputs: Mapping[str, Any] | None, keeps: bool) -> EstimateReport:
        """Return the verdict, with the cause if it is wrong."""
        self._until(_FOR_ENTRIES)
        exact = self._without_blanks(
            exact_at(self.evaluations, looked_at(self.estimate, self.given))
        )
        if not exact.entries:
            return EstimateReport("inconclusive", why=f"There was no time for any derivative: "
                                  f"{MORE_TIME}.", evidence=tuple(self.evidence))  # fmt: skip
        seen = _Seen(self.estimate, self.here, exact)
        told = dict.fromkeys(self.estimate, None)
        if (seen.off <= seen.allowed).all():
            self._until(_FOR_SLOPES)
            told = self._slopes(exact, seen)
            found = [one.entry for one in told.values() if one and one.entry]
            if found:
                self.evaluations.deadline = self.end
                more = exact_at(self.evaluations, [*exact.entries, *found])
                exact = more if more.entries else exact
                seen = _Seen(self.estimate, self.here, exact)
        self._say_what_was_looked_at(exact, told)
        astray = [name for name, one in told.items() if one and one.agrees is False]
        report = EstimateReport("right", why=self._not_given(), evidence=tuple(self.evidence),
                                errors=seen.errors())  # fmt: skip
        unclear = seen.unclear()
        if unclear is not None:
            return replace(report, verdict="inconclusive", errors=None, why=self._unclear(unclear))
        if (seen.off <= seen.allowed).all():
            return self._right(report, seen, exact, told, astray)
        self.evaluations.deadline = self.end
        about = Question(self.evaluations, exact.entries, seen.mine, exact.values, seen.allowed,
                         self.here)  # fmt: skip
        answer = about.answered(report, inputs, keeps)
        return replace(answer, why=f"{answer.why} {self._not_given()}".strip())

    def _until(self, part: float) -> None:
        self.evaluations.deadline = self.started + part * (self.end - self.started)

    def _without_blanks(self, exact: Exact) -> Exact:
        """Leave out zeros of arrays where few entries are filled; these are given if they hold."""
        blank = [not self.given[e.name][e.index] for e in exact.entries]
        for name in {e.name for e, b in zip(exact.entries, blank, strict=True) if b}:
            at = [k for k, e in enumerate(exact.entries) if e.name == name]
            size = np.abs(exact.values[at]).max()
            zeros = [k for k in at if blank[k]]
            if (np.abs(exact.values[zeros]) <= _AGREES * size + _ROUNDING * abs(self.here)).all():
                self.given[name] = ~np.isnan(self.estimate[name])
        kept = [k for k, e in enumerate(exact.entries) if self.given[e.name][e.index]]
        return replace(exact, entries=[exact.entries[k] for k in kept],
                       values=exact.values[kept], doubts=exact.doubts[kept])  # fmt: skip

    def _slopes(self, exact: Exact, seen: _Seen) -> dict[str, Any]:
        """Return what is seen along a direction of each array that was not looked at as a whole."""
        told: dict[str, Any] = dict.fromkeys(self.estimate, None)
        for name, value in self.estimate.items():
            count = sum(entry.name == name for entry in exact.entries)
            if count >= self.given[name].sum():
                continue
            largest = max(seen.scales[name], float(np.abs(value[self.given[name]]).max()))
            each = _AGREES * largest + _ROUNDING * abs(self.here)
            told[name] = along(
                self.evaluations, name, value, self.given[name], lambda n, each=each: n * each,
                is_analytic=exact.is_analytic,
            )  # fmt: skip
        return told

    def _say_what_was_looked_at(self, exact: Exact, told: dict[str, Any]) -> None:
        total = sum(value.size for value in self.estimate.values())
        text = f"exact derivative by {exact.way} at {len(exact.entries)} of {total} entries"
        names = [name for name, one in told.items() if one and one.agrees is not None]
        if names:
            text += f", and along a direction of {', '.join(names)}"
        self.evidence.append(text)

    def _not_given(self) -> str:
        """Return which entries are not given, if any, and so not judged."""
        parts = [
            f"{int(given.sum())} of the {given.size} entries of {name}"
            for name, given in self.given.items()
            if not given.all()
        ]
        if not parts:
            return ""
        listed = "; ".join(parts[:3]) + (f"; and {len(parts) - 3} more" if parts[3:] else "")
        return f"Not all entries are given, and only these are judged: {listed}."

    def _unclear(self, entry: Entry) -> str:
        reason = "a kink, or low precision"
        if self.evaluations.is_short:
            reason += ": it computes in float32 (let its arrays have the dtype of params)"
        return f"loss has no derivative that can be told at {entry}: {reason}."

    def _right(
        self, report: EstimateReport, seen: _Seen, exact: Exact, told: dict[str, Any],
        astray: list[str],
    ) -> EstimateReport:  # fmt: skip
        """Return the report where every entry that was looked at is right."""
        if astray:
            why = (f"Along a direction of {astray[0]} the loss has another slope, so that entries "
                   f"which were not looked at are wrong, or at a kink: {MORE_TIME}.")  # fmt: skip
            return replace(report, verdict="inconclusive", why=why)
        looked = {entry.name for entry in exact.entries}
        looked |= {name for name, one in told.items() if one and one.agrees}
        unseen = [name for name in self.estimate
                  if name not in looked and self.given[name].any()]  # fmt: skip
        if unseen:
            return replace(report, verdict="inconclusive", why=f"There was no time for "
                           f"{', '.join(unseen)}: {MORE_TIME}.")  # fmt: skip
        faint = seen.faint()
        if faint:
            text = f"too small beside the loss for differences to tell: {', '.join(faint)}"
            report = replace(report, evidence=(*report.evidence, text))
        if len(faint) < len(self.estimate):
            return report
        why = "The gradient is too small beside the loss for differences to tell."
        return replace(report, verdict="inconclusive", why=why)


class _Seen:
    """An estimate beside the derivative, at the entries that were looked at."""

    def __init__(self, estimate: dict[str, Array], here: float, exact: Exact) -> None:
        self.exact, self.here = exact, here
        self.mine = np.array([estimate[entry.name][entry.index] for entry in exact.entries])
        self.scales = dict.fromkeys(estimate, 0.0)
        for entry, value in zip(exact.entries, exact.values, strict=True):
            self.scales[entry.name] = max(self.scales[entry.name], abs(value))
        self._scale = np.array([self.scales[entry.name] for entry in exact.entries])
        self._attained = _AGREES * self._scale + _ROUNDING * abs(here)
        self.allowed = self._attained + exact.doubts
        self.off = np.where(np.isfinite(self.mine), np.abs(self.mine - exact.values), np.inf)

    def errors(self) -> dict[str, float]:
        """Return the worst difference of each array, as a part of its largest entry."""
        errors: dict[str, float] = {}
        for k, entry in enumerate(self.exact.entries):
            if self._scale[k]:
                part = float(self.off[k] / self._scale[k])
            else:
                part = np.inf if self.off[k] > self.allowed[k] else 0.0
            errors[entry.name] = max(errors.get(entry.name, 0.0), part)
        return errors

    def faint(self) -> list[str]:
        """Return the names of arrays whose gradient is beneath what differences can show."""
        return [name for name, scale in self.scales.items()
                if 0 < 1e-2 * scale < _ROUNDING * abs(self.here)]  # fmt: skip

    def unclear(self) -> Entry | None:
        """Return an entry at which the loss has no derivative that can be told, if any."""
        values, doubts = self.exact.values, self.exact.doubts
        if np.isfinite(values).all() and not (doubts > self._attained).any():
            return None
        return self.exact.entries[int(np.argmax(np.where(np.isfinite(values), doubts, np.inf)))]
