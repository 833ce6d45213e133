"""The cause of a wrong numerical gradient: the one whose prediction leaves least of the error."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.estimate_causes import (
    BETWEEN,
    DECADES,
    Cause,
    Factor,
    differences,
    factors,
    not_undone,
    quantum,
    state_kept,
)
from reference.estimate_report import EstimateReport
from reference.evaluations import AS_WRITTEN, Entry, Evaluations, OutOfTime

_EXPLAINED = 0.02  # of the error may be left by a cause
_TO_THE_DIGIT = 1e-9  # that little is left where the very numbers are had again
_SEVEN = 0.05  # of the largest entry may be off where a loss has seven digits
_CALLS = 60  # of the loss for each entry, for the causes of one or two precisions
_LEAST = 4  # entries at which causes are tried, however slow the loss is
_FEW = 12  # entries on which unusual steps are tried
_LIKELY = "take about 1e-5"


@dataclass
class Question:
    """An estimate that is wrong, and what may have given it."""

    evaluations: Evaluations
    entries: list[Entry]
    mine: Array
    exact: Array
    allowed: Array
    here: float

    def answered(self, report: EstimateReport, inputs: Any, keeps: bool) -> EstimateReport:
        """Return the report with the cause, if one gives these numbers."""
        report = replace(report, verdict="wrong")
        untouched = (self.mine == 0) | ~np.isfinite(self.mine)
        notable = np.abs(self.exact) > self.allowed
        missing = untouched & (notable | ~np.isfinite(self.mine))
        if not notable.any() and not untouched.all():
            return replace(report, kind="loss without params", why="The loss does not depend on "
                           "these params, and the estimate is not 0: it was taken of a loss that "
                           "reads other arrays, such as those of an object.")  # fmt: skip
        if (missing | ~notable).all():
            return self._empty(report)
        done = ~missing
        if (np.abs(self.mine - np.abs(self.exact)) <= self.allowed).all():
            return replace(report, kind="absolute value", why="Every entry is the absolute value "
                           "of the derivative: the sign is lost.")  # fmt: skip
        known = factors(self.evaluations.params, inputs, self.entries)
        constant = self._constant(report, known, done)
        if constant is not None:
            return constant
        tried = self._affordable(done, missing)
        few = self._at(tried)
        if few.entries != self.entries:
            known, done = factors(self.evaluations.params, inputs, few.entries), done[tried]
        best = few._best(known, done, keeps)
        if best is None:
            report = self._unexplained(report, ~missing)
            if time.monotonic() < self.evaluations.deadline:
                return report
            cut = "the search for the cause was cut: give it more `seconds`"
            return replace(report, evidence=(*report.evidence, cut))
        cause, factor, left = best
        # A step that is far too small gives zeros of its own.
        unlike = ~(np.abs(cause.values * factor.value - few.mine) <= few.allowed)
        missing[tried] &= unlike
        if len(few.entries) < len(self.entries) and not missing[tried].any():
            missing[:] = False
        empty = [entry for entry, is_empty in zip(self.entries, missing, strict=True) if is_empty]
        return few._told(report, cause, factor, left, empty, len(self.entries))

    def _at(self, few: Array) -> Question:
        """Return the question at some of the entries."""
        return replace(self, entries=[self.entries[k] for k in few], mine=self.mine[few],
                       exact=self.exact[few], allowed=self.allowed[few])  # fmt: skip

    def _affordable(self, done: Array, missing: Array) -> Array:
        """Return the entries for which there is time where a loss is slow.

        Half of them are the leading ones, for what depends on the order, half those that are off
        by most; the first of those that are missing are among them.
        """
        left = self.evaluations.deadline - time.monotonic()
        count = max(_LEAST, int(left / (_CALLS * self.evaluations.seconds_a_call + 1e-9)))
        if count >= len(self.entries):
            return np.arange(len(self.entries))
        where = np.flatnonzero(done)
        worst = where[np.argsort(-np.abs(self.mine - self.exact)[where], kind="stable")]
        picked = dict.fromkeys([*worst[: (count + 1) // 2], *where])
        return np.sort(np.array([*list(picked)[:count], *np.flatnonzero(missing)[:2]]))

    def _empty(self, report: EstimateReport) -> EstimateReport:
        if np.isfinite(self.mine).all():
            return replace(report, kind="all zero", why="No entry is other than 0: the loss is "
                           "taken at parameters that are not the perturbed ones, or the step is "
                           "lost in rounding.")  # fmt: skip
        return replace(report, kind="not finite", why="No entry is a number.")

    def _best(
        self, known: list[Factor], done: Array, keeps: bool
    ) -> tuple[Cause, Factor, float] | None:
        """Return the cause that leaves least of the error; the plainer one among equals."""
        asked, entries = self.evaluations, self.entries
        groups = [
            *([state_kept(asked, entries)] if keeps else []),
            [Cause(self.exact)],
            *(differences(asked, entries, DECADES, precision) for precision in asked.precisions),
            not_undone(asked, entries),
        ]
        found: list[tuple[Cause, Factor, float]] = []
        for causes in groups:
            found += self._fits(causes, known, done)
            if min((left for _, _, left in found), default=1.0) < _TO_THE_DIGIT:
                break
        if not found:
            likely = self._on_a_few(done, known)
            found = [
                one
                for step, precision in likely
                for one in self._fits(differences(asked, entries, (step,), precision), known, done)
            ]
        # A difference of sound step matches as well as the exact derivative does: take the latter.
        sharpest = min((left for _, _, left in found), default=0.0)
        near = [one for one in found if one[2] <= max(10 * sharpest, _TO_THE_DIGIT)]
        return min(
            near, key=lambda one: (one[2] > _TO_THE_DIGIT, *_plainness(one), one[2]), default=None
        )

    def _on_a_few(self, done: Array, known: list[Factor]) -> list[tuple[float, str]]:
        """Return unusual steps, with their precision, that fit on a few entries."""
        few = [k for k in range(len(self.entries)) if done[k]][:_FEW]
        part = self._at(np.array(few, int))
        # A factor of each array's own size has a value for each entry.
        known = [
            replace(factor, value=np.broadcast_to(factor.value, self.mine.shape)[few])
            for factor in known
        ]
        for precision in self.evaluations.precisions:
            causes = differences(self.evaluations, part.entries, BETWEEN, precision)
            fitting = part._fits(causes, known, np.ones(len(few), bool))
            if fitting:
                return sorted({(cause.step, precision) for cause, _, _ in fitting})
        return []

    def _fits(
        self, causes: Iterable[Cause], known: list[Factor], done: Array
    ) -> list[tuple[Cause, Factor, float]]:
        """Return causes and factors that leave next to nothing of the error."""
        found = []
        for cause in self._in_time(causes):
            told = done & np.isfinite(cause.values)
            if told.sum() < min(3, done.sum()):
                continue
            size = np.abs(self.mine[told] - self.exact[told]).max()
            size = min(size, np.abs(self.mine[told]).max())  # else 0 explains all that is small
            size = max(size, float(self.allowed[told].min()))
            for factor in known:
                values = (cause.values * factor.value)[told]
                left = float(np.abs(self.mine[told] - values).max() / size)
                if left <= _EXPLAINED:
                    found.append((cause, factor, left))
        return found

    def _in_time(self, causes: Iterable[Cause]) -> Iterator[Cause]:
        try:
            yield from causes
        except OutOfTime:
            return  # with what was found so far
        except (TypeError, ValueError, ArithmeticError):
            return  # arrays that the loss keeps have no room for the other precision

    def _constant(
        self, report: EstimateReport, known: list[Factor], done: Array
    ) -> EstimateReport | None:
        """Return the report where all is a constant times the derivative, and an unusual one."""
        mine, exact = self.mine[done], self.exact[done]
        ratio = float(mine @ exact / (exact @ exact)) if exact.any() else 0.0
        if not np.abs(mine - ratio * exact).max() <= 1e-6 * np.abs(mine).max():
            return None
        usual = [1.0, *(float(f.value) for f in known if np.ndim(f.value) == 0)]
        if min(abs(ratio / value - 1) for value in usual) < 1e-3:
            return None  # which says more
        part = Fraction(ratio).limit_denominator(100)
        exactly = abs(float(part) - ratio) <= 1e-6 * abs(ratio)
        told = f"{ratio:.6g}" + (f" ({part})" if exactly and part.denominator > 1 else "")
        mean = exactly and part.numerator == 1
        why = f"Every entry is {told} times the derivative" + (
            f": a mean over {part.denominator} where the loss has a sum?" if mean else "."
        )
        return replace(report, kind="constant factor", why=why)

    def _told(
        self, report: EstimateReport, cause: Cause, factor: Factor, left: float,
        empty: list[Entry], total: int,
    ) -> EstimateReport:  # fmt: skip
        kinds, whys = [], []
        if empty:
            kinds.append("only some entries computed")
            whys.append(f"{len(empty)} of the {total} entries looked at are 0 or no "
                        f"number, {empty[0]} to {empty[-1]}")  # fmt: skip
        if factor.kind:
            kinds.append(factor.kind)
            whys.append(factor.why)
        if cause.kind:
            kinds.append(cause.kind)
            whys.append(cause.why)
        elif cause.scheme and self._matters(cause):
            kind, why = self._of_difference(cause)
            kinds.append(kind)
            whys.append(why)
        count = int(np.isfinite(cause.values).sum())
        at = f"all {count} entries" if count == total else f"{count} entries"
        way = (f"the {cause.scheme} difference with step {cause.step:g} in {cause.precision}"
               if cause.scheme else "the exact derivative")  # fmt: skip
        times = f" times {factor.kind.removeprefix('averaged: ')}" if factor.kind else ""
        evidence = f"it is {way}{times} at {at}"
        if cause.scheme and left > 1e-6:
            evidence += f", up to {left:.0e} of the error"
        return replace(
            report,
            kind=" and ".join(kinds),
            why=_sentence("; ".join(whys)),
            scheme=cause.scheme,
            step=cause.step,
            precision=cause.precision if cause.scheme else "",
            evidence=(evidence, *report.evidence),
        )

    def _matters(self, cause: Cause) -> bool:
        """Whether a difference is off by itself, without any factor."""
        told = np.isfinite(cause.values)
        return bool((np.abs(cause.values - self.exact[told]) > self.allowed[told]).any())

    def _of_difference(self, cause: Cause) -> tuple[str, str]:
        """Return what is wrong with a difference: precision, sides or step."""
        h, eps = cause.step, np.finfo(np.float64).eps
        if cause.precision != "float64":
            if cause.precision == AS_WRITTEN:
                return "float32", (f"loss computes in float32: its value of {self.here:.3g} has "
                                   f"7 digits, of which a step of {h:g} leaves few; let its "
                                   "arrays have the dtype of params, in float64")  # fmt: skip
            return "float32", (f"in float32, a loss of {self.here:.3g} has 7 digits, of which a "
                               f"step of {h:g} leaves few; evaluate in float64")  # fmt: skip
        rounding = eps * max(abs(self.here), 1e-300) / h
        error = np.abs(cause.values - self.exact[: cause.values.size]).max()
        if error <= 100 * rounding and h < 1e-4:
            return "step too small", (f"a step of {h:g} leaves only the last digits of the loss "
                                      f"(cancellation); {_LIKELY}")  # fmt: skip
        if cause.scheme == "central":
            return "step too large", (f"a step of {h:g} is off by order h² (truncation); "
                                      f"{_LIKELY}")  # fmt: skip
        sides = "(f(x + h) - f(x))" if cause.scheme == "forward" else "(f(x) - f(x - h))"
        return "one-sided difference", (f"{sides} / h with h = {h:g} is off by order h; take "
                                        "(f(x + h) - f(x - h)) / 2h")  # fmt: skip

    def _unexplained(self, report: EstimateReport, done: Array) -> EstimateReport:
        """Return what can be said where no cause gives the very numbers."""
        mine, exact = self.mine[done], self.exact[done]
        for h in DECADES[6:]:
            for span in (2, 1):
                if quantum(mine, self.here, h, span):
                    why = (f"every entry is a small multiple of the last digit of the loss by "
                           f"{span}·{h:g}: cancellation; {_LIKELY}")  # fmt: skip
                    return replace(report, kind="step too small", why=f"{why}.", step=h)
        ratio = float(mine @ exact / (exact @ exact)) if exact.any() else 0.0
        left = np.abs(mine - ratio * exact).max()
        if left <= 1e-4 * np.abs(mine - exact).max():
            return replace(report, kind="constant factor",
                           why=f"Every entry is {ratio:.6g} times the derivative.")  # fmt: skip
        k = int(np.argmax(np.abs(self.mine - self.exact)))
        why = (f"{self.entries[k]} is {self.mine[k]:.9g}, but must be {self.exact[k]:.9g}; no "
               "known cause gives these numbers.")  # fmt: skip
        if self.evaluations.is_short and abs(mine - exact).max() <= _SEVEN * abs(exact).max():
            why += (" They may be what seven digits leave: it computes in float32, so take the "
                    "differences in float64.")  # fmt: skip
        return replace(report, why=why)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _plainness(found: tuple[Cause, Factor, float]) -> tuple[float, ...]:
    """Return the order of explanations that fit alike: to the digit, then the plainest first."""
    cause, factor, left = found
    schemes = ("", "central", "forward", "backward")
    return (
        left > _TO_THE_DIGIT,
        bool(cause.kind) and not cause.kind.startswith("state"),
        bool(factor.kind) + (cause.scheme != ""),
        factor.value != 0.5 if np.ndim(factor.value) == 0 else True,
        cause.precision != "float64",
        schemes.index(cause.scheme) if cause.scheme in schemes else 9,
        left,
    )
