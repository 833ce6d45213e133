"""What every cell of the table of twins is asked with a mistake in it: one step, alone.

A cell needs nothing here: its settings follow from its row of the table.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from tests.mutation.cell_tasks import Setting
from tests.mutation.scenes import Scene, solved
from tests.mutation.theorem import Theorem
from tests.mutation.theorems import SMALL, stated

from reference.plan import SHAPES, Plan
from reference.problem import Case
from reference.subject import Subject, subject_of, takes_indices

STEP = replace(SHAPES[0], T=1, ragged=False)
# Steps of one size, because some cells cost a compilation for each size.
STEPS = (
    replace(STEP, seed=100),
    replace(STEP, seed=101, B=4, index_inputs=True),
    replace(STEP, seed=102, bias_scale=3.0, weight_scale=0.7),
    replace(STEP, seed=103, weight_scale=1.5, state_scale=2.0),
    # So many rows that comparisons of all kinds come out either way.
    *(replace(STEP, seed=seed, B=4, weight_scale=0.5, bias_scale=1.5) for seed in range(104, 116)),
)


@lru_cache
def scenes_of(kind: type) -> tuple[Scene, ...]:
    """Return one step of a cell in each of its variants, solved by the oracle of `check`."""
    subject = subject_of(kind)
    plan = Plan(subject)
    scenes: tuple[Scene, ...] = ()
    for variant in range(subject.variants):
        settings = [_setting(subject, case, variant) for case in _accepted(subject, STEPS)]
        scenes += solved(settings, plan.oracle(STEP, variant))
    return scenes


@lru_cache
def theorems_of(kind: type) -> tuple[Theorem, ...]:
    """Return that the backward of one step is right, in each variant, for each kind of input."""
    subject = subject_of(kind)
    sizes = (
        replace(SMALL, B=1, H=2),  # a refutation needs every square root to exist: few of them
        SMALL,
        replace(SMALL, H=2),
        replace(SMALL, B=4, D=3, index_inputs=True),
        replace(SMALL, B=4, D=3, H=2),
    )
    return stated(
        *(
            _setting(subject, case, variant)
            for case in _accepted(subject, sizes)
            for variant in range(subject.variants)
        )
    )


def _accepted(subject: Subject, cases: tuple[Case, ...]) -> list[Case]:
    """Leave out index inputs where the cell does not take them."""
    indices = takes_indices(subject)
    return [case for case in cases if indices or not case.index_inputs]


def _setting(subject: Subject, case: Case, variant: int) -> Setting:
    return Setting(subject.make(case.D, case.H, variant), case, alone=True)
