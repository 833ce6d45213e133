"""Every mutant of the hand-written backward is caught by JAX alone and by the prover alone."""

from __future__ import annotations

import pytest
from tests.mutation.campaign import run
from tests.mutation.equivalent import ANY, EQUIVALENT, entry_of
from tests.mutation.subjects import SUBJECTS


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_mutant_is_caught_by_both_judges(subject, record_property):
    result = run(subject)
    record_property("seconds", result.seconds)
    missed = [o for o in result.survivors if entry_of(o.mutant.key) is None]
    assert not missed, "not caught:\n" + "\n".join(
        f"  by {' and '.join(outcome.survivor_of)}: {outcome.mutant}" for outcome in missed
    )
    # One that computes the same function is right for both judges; anything else would be a
    # difference that one of them overlooks.
    halves = [o for o in result.survivors if len(o.survivor_of) == 1]
    assert not halves, "caught by one judge alone:\n" + "\n".join(map(str, halves))
    listed = {key for key in EQUIVALENT if key.function == subject.function.__qualname__}
    assert listed == result.entries, f"no longer needed: {listed - result.entries}"
    # An entry for a whole line claims that the line is never run.
    whole_lines = {(key.function, key.line) for key in listed if key.mutation == ANY}
    of_them = [o for o in result.outcomes if (o.mutant.function, o.mutant.line) in whole_lines]
    assert all(outcome.survivor_of for outcome in of_them)
    assert len(result.outcomes) > len(result.survivors)


def test_every_entry_belongs_to_a_subject():
    assert {key.function for key in EQUIVALENT} <= {
        subject.function.__qualname__ for subject in SUBJECTS
    }
