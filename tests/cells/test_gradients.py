"""Every gradient of every built-in cell against JAX, over random problems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.cells.variants import VARIANTS, Variant

from reference.batch import compare_batch
from reference.compare import axes_of, compare
from reference.oracles import JaxOracle
from reference.plan import SHAPES, WIDEST
from reference.problem import Case, Problem
from reference.report.text import mismatch_lines
from reference.rounding import run_sequence
from reference.stacking import SameShape
from reference.strategies import cases

THOROUGH = settings().max_examples > 1000
TOGETHER = 16  # problems in one call of the oracle

pytestmark = pytest.mark.usefixtures("compiled")


def cases_of(variant: Variant) -> SearchStrategy[Case]:
    """Return cases of any size; of one D and H where each size costs a compilation."""

    def accepted(case: Case) -> Case:
        if not variant.any_size:
            case = replace(case, D=SHAPES[0].D, H=SHAPES[0].H)
        indices = case.index_inputs and variant.takes_indices
        return replace(case, index_inputs=indices)

    return cases().map(accepted)


def explain(problem: Problem) -> str:
    """Tell every mismatch of a problem, at its own size."""
    alone = JaxOracle(SameShape(cell=problem.cell))
    answers = compare_batch([problem], alone, np.random.default_rng(0))
    manual = run_sequence(problem)
    lines = [f"{problem.cell!r}, {problem.case!r}"]
    for name, bounds in answers.bounds.items():
        mismatch = compare(
            "TOTAL", name, manual[name], answers.reference[name][0], float(bounds[0]),
            axes=axes_of(name, problem.cell), gates=getattr(problem.cell, "gates", None),
        )  # fmt: skip
        lines += mismatch_lines(mismatch) if mismatch else []
    return "\n".join(lines)


def assert_right(variant: Variant, problems: list[Problem], seed: int = 0) -> None:
    comparison = compare_batch(problems, variant.oracle, np.random.default_rng(seed))
    for n in comparison.failing:
        raise AssertionError(explain(problems[n]))


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_random_problems(variant):
    """Sizes, lengths, scales, inputs, states and cotangents are drawn."""

    @settings(
        max_examples=600 if THOROUGH else 1,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(cases_of(variant), min_size=TOGETHER, max_size=TOGETHER))
    def check(drawn: list[Case]) -> None:
        assert_right(variant, [variant.draw(case) for case in drawn], seed=drawn[0].seed)

    check()


SIZES = SHAPES[0]
EDGES = {
    "T=0": replace(SIZES, T=0, ragged=False),
    "T=1": replace(SIZES, T=1, ragged=False),
    "B=1": replace(SIZES, B=1),
    "longest": replace(SIZES, T=WIDEST.T, ragged=False),
    "float32": replace(SIZES, float32=True),
    "zero weights": replace(SIZES, weight_scale=0.0),
    "zero weights and biases": replace(SIZES, weight_scale=0.0, bias_scale=0.0),
    "zero state": replace(SIZES, state_scale=0.0),
    "large weights": replace(SIZES, weight_scale=4.0),
    "saturated": replace(SIZES, bias_scale=30.0),
}


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_edges(variant):
    problems = [variant.draw(replace(case, seed=1)) for case in EDGES.values()]
    if variant.takes_indices:
        problems.append(variant.draw(replace(SIZES, T=7, index_inputs=True)))
    full = variant.draw(replace(SIZES, ragged=False))
    rows = ([0, 0, 0], [0, 4, 2], [4, 4, 4], [1, 0, 0])
    problems += [replace(full, lengths=np.array(lengths)) for lengths in rows]
    assert_right(variant, problems)
