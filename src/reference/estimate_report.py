"""What is to be said of a numerical gradient: plain data, and its text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EstimateReport:
    """Verdict on a numerical gradient.

    Parameters
    ----------
    verdict : {"right", "wrong", "inconclusive"}
    kind : str
        What went wrong in taking it, such as "step too small"; empty if it is right or if no
        known cause gives these numbers.
    why : str
        The same in a sentence, with what to do.
    scheme, precision : str
        The difference that gives these numbers: "central", "forward", "backward"; "float64", ...
    step : float
        Its step, 0 where unknown.
    evidence : tuple of str
    errors : dict
        Name of each array to its worst difference from the exact derivative, as a part of the
        largest entry of the derivative.
    """

    verdict: str
    kind: str = ""
    why: str = ""
    scheme: str = ""
    precision: str = ""
    step: float = 0.0
    evidence: tuple[str, ...] = ()
    errors: dict[str, float] | None = None

    def __str__(self) -> str:
        head = f"{self.verdict}: {self.kind}" if self.kind else self.verdict
        lines = [f"estimate is {head}", *([f"  {self.why}"] if self.why else [])]
        worst = sorted((self.errors or {}).items(), key=lambda item: -item[1])
        lines += [f"  {name}: off by {error:.1e} of its largest entry" for name, error in worst[:6]]
        lines += [f"  and {len(worst) - 6} more"] if worst[6:] else []
        return "\n".join(lines + [f"  evidence: {text}" for text in self.evidence])
