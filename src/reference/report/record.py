"""What a check found: plain data, to be rendered elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reference.compare import Mismatch

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis
    from reference.exact import Proof
    from reference.problem import Case


class BackwardIsWrongError(AssertionError):
    """Raised by `Report.raise_if_wrong`; the message is the report."""


@dataclass(frozen=True)
class Evidence:
    """What a verdict stands on.

    Parameters
    ----------
    proofs : dict
        Kind of input to the proof in exact arithmetic: "proved", "refuted" or "not applicable".
    sampled : int
        Random problems that were compared.
    oracle : str
        With what.
    """

    proofs: dict[str, Proof]
    sampled: int
    oracle: str

    @property
    def proved(self) -> bool:
        """Whether exact arithmetic proved every kind of input."""
        return bool(self.proofs) and all(p.verdict == "proved" for p in self.proofs.values())

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        proofs = {
            kind: {
                "verdict": proof.verdict,
                "gradients": dict(proof.gradients),
                "reason": proof.reason,
                "seconds": proof.seconds,
            }
            for kind, proof in self.proofs.items()
        }
        return {"proofs": proofs, "sampled": self.sampled, "oracle": self.oracle}


@dataclass(frozen=True)
class Report:
    """Verdict on a cell, with the evidence.

    Parameters
    ----------
    name : str
    verdict : {"right", "wrong", "inconclusive"}
    evidence : Evidence
    mismatches : tuple of Mismatch
        In the order of the checks: VALUE, EFFECT, LOCAL, CARRY, ACCUM, TOTAL.
    reasons : tuple of str
        Why a verdict is inconclusive, and how the oracles voted on a mismatch.
    notes : tuple of str
        What else was seen.
    worst : dict
        Result name to the worst difference from the oracle seen, in multiples of ``ε·max|ref|``
        plus the response to one-ulp perturbations; rounding explains up to 32.
    seed : int
    seconds : float
    diagnosis : Diagnosis or None
        What the debugger says of a cell that is wrong, where it was asked.
    failing : Case or None
        The smallest of the random problems that failed, for `reference.draw`; not part of the JSON.
    """

    name: str
    verdict: str
    evidence: Evidence
    mismatches: tuple[Mismatch, ...] = ()
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    worst: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    seconds: float = 0.0
    diagnosis: Diagnosis | None = None
    failing: Case | None = None

    def raise_if_wrong(self) -> None:
        """Raise `BackwardIsWrongError` with the whole report if the verdict is "wrong"."""
        if self.verdict == "wrong":
            raise BackwardIsWrongError(f"\n{self}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "evidence": self.evidence.to_json(),
            "mismatches": [mismatch.to_json() for mismatch in self.mismatches],
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "worst": self.worst,
            "seed": self.seed,
            "seconds": self.seconds,
            "diagnosis": None if self.diagnosis is None else self.diagnosis.to_json(),
        }

    def __str__(self) -> str:
        from reference.report.text import report_text

        return report_text(self)

    def __repr__(self) -> str:
        return f"<Report: {self.name}: {self.verdict}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from reference.report.in_short import for_notebook

        return for_notebook(str(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print what IPython shows in a terminal."""
        printer.text(str(self))
