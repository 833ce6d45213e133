"""`Proof`: what was proved, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["proved", "refuted", "not applicable"]


@dataclass(frozen=True)
class Proof:
    """The outcome of a proof in exact arithmetic.

    Parameters
    ----------
    verdict : {"proved", "refuted", "not applicable"}
        *proved*: every gradient equals the derivative of the loss, for all real inputs of these
        sizes that take the branches taken here, but for a chance far below 10^-9. *refuted*:
        some gradient does not, as far as exp, log and roots are known by the relations of
        `reference.exact.formal`; a claim of wrongness needs a disagreement in floats as well.
        *not applicable*: the code does not run on exact numbers.
    gradients : mapping of str to verdict
        For every name that backward returns.
    reason : str
        Why not applicable, or refuted without a comparison.
    seconds : float
        Wall-clock time.
    sizes : mapping
        The sizes for which it holds: shape by name, or number by letter for a cell.
    trials : int
        Independent random draws; each alone has the chance of error above.
    """

    verdict: Verdict
    gradients: Mapping[str, Verdict]
    reason: str = ""
    seconds: float = 0.0
    sizes: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 1

    @property
    def refuted(self) -> list[str]:
        """The names of the refuted gradients."""
        return [name for name, verdict in self.gradients.items() if verdict == "refuted"]

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} = {size}" for name, size in self.sizes.items())
        what = ", ".join(self.refuted if self.verdict == "refuted" else self.gradients)
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.verdict}: {what or 'no gradient'} ({sizes}; {self.seconds:.3f} s){reason}"
