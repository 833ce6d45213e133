"""The least squares behind the evidence, on equations whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.values.evidence import _Systems, solve, solve_groups
from reference.debugger.values.probe import Jacobian

RNG = np.random.default_rng(3)


def equations(rows: int):
    """Two outputs; site 0 moves the first only, site 1 the last rows of the second, site 2 both."""
    half = rows // 2
    jac = Jacobian(
        {"W": slice(0, half), "b": slice(half, rows)},
        {0: [slice(0, 3), slice(3, 6)], 1: [slice(6, 10)], 2: [slice(10, 14)]},
        np.zeros((rows, 14)),
    )
    jac.matrix[:half, :6] = RNG.normal(size=(half, 6))
    jac.matrix[-10:, 6:10] = RNG.normal(size=(10, 4))
    jac.matrix[:, 10:] = RNG.normal(size=(rows, 4))
    return jac


def residual(jac: Jacobian, delta) -> dict[str, np.ndarray]:
    change = jac.matrix @ delta
    return {name: change[rows] for name, rows in jac.rows.items()}


@pytest.mark.parametrize("rows", [60, 1000])  # few are solved as they are, many as mixtures
def test_the_site_that_moved_explains_everything_and_no_other_does(rows):
    jac = equations(rows)
    delta = np.zeros(14)
    delta[6:10] = [1, -2, 0.5, 3]
    by_site = {e.site: e for e in solve(jac, residual(jac, delta), ["b"], {0, 1, 2})}
    assert by_site[1].full
    assert by_site[1].unique
    assert by_site[1].steps == (0,)
    np.testing.assert_allclose(by_site[1].delta, delta[6:10], rtol=1e-9)
    assert not by_site[0].full
    assert not by_site[2].full
    assert by_site[2].outputs == ()


@pytest.mark.parametrize("rows", [60, 1000])
def test_of_two_faults_each_explains_its_own_output_and_both_explain_all(rows):
    jac = equations(rows)
    delta = np.zeros(14)
    delta[3:6] = [2, 1, -1]  # the second execution of site 0
    delta[6:10] = [1, -2, 0.5, 3]
    wrong = residual(jac, delta)
    by_site = {e.site: e for e in solve(jac, wrong, ["W", "b"], {0, 1, 2})}
    assert (by_site[0].full, by_site[0].outputs, by_site[0].steps) == (False, ("W",), (1,))
    assert (by_site[1].full, by_site[1].outputs) == (False, ("b",))
    ((first, second),) = solve_groups(jac, wrong, ["W", "b"], [0, 1, 2], 2, 10.0)
    assert (first.site, second.site) == (0, 1)
    np.testing.assert_allclose(first.delta, delta[:6], atol=1e-9)
    np.testing.assert_allclose(second.delta, delta[6:10], rtol=1e-9)


@pytest.mark.parametrize("rows", [60, 1000])
def test_equations_of_a_set_of_outputs_do_not_depend_on_what_was_asked_before(rows):
    jac = equations(rows)
    wrong = residual(jac, np.ones(14))
    used = _Systems(jac, wrong, ["W", "b"])
    for names in (["W"], ["b"], ["W", "b"]):
        for columns in (slice(0, 6), slice(0, 14)):
            mine = used.solve(names, [columns])
            fresh = _Systems(jac, wrong, ["W", "b"]).solve(names, [columns])
            np.testing.assert_array_equal(mine[0], fresh[0])
            assert mine[1:] == fresh[1:]


def test_of_more_unknowns_than_equations_that_are_taken_as_they_are_none_explains_by_chance():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((2000, 500))
    jac = Jacobian({"W": slice(0, 1000), "b": slice(1000, 2000)}, {0: [slice(0, 500)]}, matrix)
    wrong = {name: rng.standard_normal(1000) for name in jac.rows}
    (found,) = solve(jac, wrong, ["W", "b"], {0})
    assert not found.full
    assert found.outputs == ()
