"""Mistakes in the backward of any cell or layer: JAX alone catches them, and the prover alone.

All of them are tried by ``python -m benchmarks.mutation``, which writes docs/mutation.md. Here a
share of each backward's is, another share in every run but in those of CI.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import settings
from tests.mutation.campaign import run
from tests.mutation.cell_subjects import cell_subjects
from tests.mutation.equivalent_cells import CELL_EQUIVALENT, reason_for
from tests.mutation.layer_subjects import LAYER_SUBJECTS
from tests.mutation.mutator import EVERY, Share
from tests.mutation.subjects import SUBJECTS, Subject

SUBJECTS_HERE = [*cell_subjects(), *LAYER_SUBJECTS]
THOROUGH = settings().max_examples > 1000
ONE_IN = 100  # of the backward of a cell: 10 to 60 mutants
ONE_IN_SLOW = 20  # of what takes longer: whole sequences, and square roots


def share_of(subject: Subject) -> Share:
    """Return all mutants of a short function, and some of those of a long one."""
    every = 1
    if subject.name.endswith("step_backward"):
        every = ONE_IN
    elif subject.name.endswith("_backward"):
        every = ONE_IN_SLOW
    if THOROUGH or every == 1:
        return EVERY
    return Share(every, 0 if settings().derandomize else random.randrange(every))


@pytest.mark.parametrize("subject", SUBJECTS_HERE, ids=lambda subject: subject.name)
@pytest.mark.usefixtures("compiled")
def test_mutants_are_caught_by_both_judges(subject):
    result = run(subject, share_of(subject))
    missed = [o for o in result.survivors if reason_for(o.mutant.key) is None]
    assert not missed, "not caught:\n" + "\n".join(
        f"  by {' and '.join(outcome.survivor_of)}: {outcome.mutant}" for outcome in missed
    )
    assert len(result.outcomes) > len(result.survivors)


def test_every_entry_belongs_to_a_function():
    known = {subject.function.__qualname__ for subject in (*SUBJECTS, *SUBJECTS_HERE)}
    assert {key.function for key in CELL_EQUIVALENT} <= known
