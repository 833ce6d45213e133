"""What is asked of a search: gradients that must be right, and inputs at which they are wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reference.debugger.judging.oracle import gradients
from reference.debugger.judging.verdict import Judgement
from reference.debugger.running.program import Inputs, Outcome, Program
from reference.debugger.searching.cases import Case, score, settled

_MOST_TIMES = 1e6  # of the loss at the given inputs: a loss larger than that is one of nonsense


@dataclass
class Question:
    """A program whose gradients are wrong.

    Parameters
    ----------
    program : Program
    judgement : Judgement
    given : (params, inputs)
    until : float
        When the answer is due, by the monotonic clock.
    """

    program: Program
    judgement: Judgement
    given: Inputs
    until: float

    @cached_property
    def outcome(self) -> Outcome:
        """What the backward gives at the given inputs."""
        return self.program.run(self.given, 5.0)

    @cached_property
    def names(self) -> list[str]:
        """What must be right in the end: what is returned, and parameters left out."""
        known = dict(self.given[1]) | dict(self.given[0])
        names = [name for name in self.outcome.outputs if name in known]
        kinds = {finding.kind for finding in self.judgement.findings}
        if not names or kinds & {"never returned", "wrong name"}:
            names += [name for name in self.given[0] if name not in names]
        return names

    @property
    def also(self) -> list[str]:
        """What must be right if it is returned: of a program that raises no more is known."""
        if self.outcome.outputs:
            return []
        return [name for name in self.given[1] if name not in self.names]

    def case(self, inputs: Inputs) -> Case | None:
        """Return what is right at some inputs, or None where that is not to be had (in time)."""
        left = self.until - time.monotonic()
        if left < 0.3:
            return None
        found = gradients(self.program, inputs, [*self.names, *self.also], min(5.0, left / 2))
        oracle = {name: found[name] for name in self.names if name in found}
        more = {name: found[name] for name in self.also if name in found}
        loss = self.program.value(inputs)
        return Case(inputs, loss, oracle, more) if oracle and np.isfinite(loss) else None

    def showing(self, asked: list[Inputs]) -> tuple[Inputs, Case | None]:
        """Return the first inputs at which the gradients are wrong, and what is right there.

        A mistake may show at few inputs, as where a letter repeats. Where none shows one, as with
        an argument that is changed, the first inputs do.
        """
        cases = []
        for inputs in asked:
            case = self.case(inputs)
            cases.append(case)
            if case is not None and not settled(self.program.run(inputs, 5.0), case):
                return inputs, case
        return asked[0], cases[0]

    def is_alike(self, value: float, outcome: Outcome) -> bool:
        """Return whether a loss is no nonsense, and a backward runs, or raises, as the given."""
        usual = self.program.value(self.given)
        if not np.isfinite(value) or abs(value) > _MOST_TIMES * (1 + abs(usual)):
            return False
        alike = type(outcome.error) is type(self.outcome.error)
        return alike and (outcome.error is None or outcome.line == self.outcome.line)

    def goes_wrong_alike(self, inputs: Inputs) -> bool:
        """Return whether the program goes wrong at some inputs as it does at the given ones."""
        outcome = self.program.run(inputs, 5.0)
        if not self.is_alike(self.program.value(inputs), outcome):
            return False
        if outcome.error is not None:
            return True
        case = self.case(inputs)
        if case is None:
            return False
        if not any(case.oracle[name].any() for name in case.oracle):
            return False  # nothing the program does counts there
        wrong = case.oracle.keys() - score(outcome, case).right
        return wrong.isdisjoint(self.judgement.right) and bool(wrong or not self.judgement.wrong)
