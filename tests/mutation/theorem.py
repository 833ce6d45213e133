"""A theorem: a statement that the exact prover can decide with a mistake in the backward.

No JAX here, and no tolerance: `reference.exact` runs the forward and the backward of the copy in
a prime field.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from reference.exact import Proof, prove

# Few names here: in a proof each is looked at, for code that takes floats.
if TYPE_CHECKING:
    from tests.mutation.tasks import Named, Plant, Task

Answer = Literal["proved", "refuted", "raises", "undecided"]
TRIALS = (0, 1000, 2000, 3000)  # while square roots are missing
NO_ROOTS = "draws there was none with all the square roots needed"


@dataclass(frozen=True)
class Theorem:
    """The backward of a task gives every gradient of its loss, at the first use and the second."""

    task: Task

    def answer(self, plant: Plant = nullcontext) -> Answer:
        """Prove it, or not, with the mistake of `plant` in the backward."""
        for use in range(2):
            answer = self._answer(plant, use)
            if answer != "proved":
                return answer
        return "proved"

    def _answer(self, plant: Plant, use: int) -> Answer:
        for seed in TRIALS:
            proof = self._proof(plant, use, seed)
            if not proof.reason.endswith(NO_ROOTS):
                return "raises" if proof.verdict == "not applicable" else proof.verdict
        return "undecided"

    def _proof(self, plant: Plant, use: int, seed: int) -> Proof:
        task = self.task
        names = set(task.primals)

        def loss(params: Named, inputs: Named) -> Any:
            return task.at(params | inputs).loss()

        def backward(params: Named, inputs: Named) -> Named:
            gradients = task.at(params | inputs).gradients(plant)[use]
            if gradients.keys() != names:
                raise KeyError(f"gradients of {set(gradients)}, not of {names}")
            return gradients

        cotangents = task.cotangents
        return prove(loss, backward, task.primals, cotangents, generic=list(cotangents), seed=seed)


def first_refuted(theorems: Iterable[Theorem], plant: Plant) -> Answer:
    """Return the answer of the first theorem that does not hold, or "proved".

    One that lacks the square roots for a refutation leaves the decision to the next.
    """
    last: Answer = "proved"
    for theorem in theorems:
        answer = theorem.answer(plant)
        if answer not in ("proved", "undecided"):
            return answer
        last = answer if last == "proved" else last
    return last
