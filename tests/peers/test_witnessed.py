"""Every cell and layer against every library that has it: outputs, final states, all gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.peers.witness import SHAPES, SIDES, assert_agreement
from tests.peers.witnessed import WITNESSED

pytestmark = pytest.mark.peers
SEEDS = range(4)
SHORT = {name: case for name, case in SHAPES.items() if case.T < 10}


@pytest.mark.parametrize("case", SHORT.values(), ids=SHORT.keys())
@pytest.mark.parametrize("witnessed", WITNESSED, ids=str)
def test_numpy(tally, witnessed, case):
    for ragged in (True, False):
        problems = [witnessed.draw(replace(case, seed=seed, ragged=ragged)) for seed in SEEDS]
        comparison = assert_agreement(problems, witnessed.witness, "NumPy")
        tally.add(f"NumPy: {witnessed}", comparison)


@pytest.mark.parametrize("witnessed", WITNESSED, ids=str)
def test_many_steps(tally, witnessed):
    case = replace(SHAPES["T=60"], weight_scale=0.5)
    comparison = assert_agreement([witnessed.draw(case)], witnessed.witness, "NumPy")
    tally.add(f"NumPy: {witnessed}", comparison)


@pytest.mark.parametrize("witnessed", WITNESSED, ids=str)
def test_jax(tally, witnessed):
    """At one size, because JAX compiles each."""
    problems = [witnessed.draw(replace(SHAPES["T=4"], seed=seed)) for seed in SEEDS]
    tally.add(f"JAX: {witnessed}", assert_agreement(problems, witnessed.witness, "JAX"))


def test_both_sides_are_asked():
    assert set(SIDES) == {"NumPy", "JAX"}
