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
from tests.mutation.subjects import SUBJECTS

SUBJECTS_HERE = [*cell_subjects(), *LAYER_SUBJECTS]
THOROUGH = settings().max_examples > 1000
ONE_IN = 60  # of the backward of a cell: 30 to 100 mutants


def share_of(name: str) -> Share:
    """Return all mutants of a short function, and some of those of a long one."""
    if THOROUGH or not name.endswith("step_backward"):
        return EVERY
    return Share(ONE_IN, 0 if settings().derandomize else random.randrange(ONE_IN))


@pytest.mark.parametrize("subject", SUBJECTS_HERE, ids=lambda subject: subject.name)
@pytest.mark.usefixtures("compiled")
def test_mutants_are_caught_by_both_judges(subject):
    result = run(subject, share_of(subject.name))
    missed = [o for o in result.survivors if reason_for(o.mutant.key) is None]
    assert not missed, "not caught:\n" + "\n".join(
        f"  by {' and '.join(outcome.survivor_of)}: {outcome.mutant}" for outcome in missed
    )
    assert len(result.outcomes) > len(result.survivors)


def test_every_entry_belongs_to_a_function():
    known = {subject.function.__qualname__ for subject in (*SUBJECTS, *SUBJECTS_HERE)}
    assert {key.function for key in CELL_EQUIVALENT} <= known
