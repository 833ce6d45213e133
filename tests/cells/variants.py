"""Every built-in cell in every variant, each with the oracle that is asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reference.cells import TWINS
from reference.oracles import Oracle
from reference.plan import SHAPES, Plan
from reference.problem import Case, Problem
from reference.subject import subject_of, takes_indices


@dataclass(frozen=True)
class Variant:
    """One row of the table of twins, under one set of its options."""

    kind: type
    number: int

    def __str__(self) -> str:
        options = TWINS[self.kind].variants[self.number]
        told = ", ".join(f"{name}={value!r}" for name, value in options.items())
        return f"{self.kind.__name__}({told})"

    @cached_property
    def plan(self) -> Plan:
        return Plan(subject_of(self.kind))

    @property
    def any_size(self) -> bool:
        """Whether problems of any size share one compilation; else those of `SHAPES[0]` do."""
        return self.plan.pads

    @cached_property
    def takes_indices(self) -> bool:
        return takes_indices(self.plan.subject)

    @property
    def oracle(self) -> Oracle:
        """The one that ``check`` compiles: asked of a new variant, it takes half a second."""
        return self.plan.oracle(SHAPES[0], self.number)

    def make(self, D: int, H: int) -> Any:
        return self.plan.subject.make(D, H, self.number)

    def draw(self, case: Case) -> Problem:
        return self.plan.draw(case, self.number)


VARIANTS = [
    Variant(kind, number) for kind, twin in TWINS.items() for number in range(len(twin.variants))
]
