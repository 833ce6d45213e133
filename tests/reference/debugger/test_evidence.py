"""The least squares behind the evidence, on equations whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.values.evidence import solve, solve_groups
from reference.debugger.values.probe import Jacobian
from reference.debugger.values.systems import Systems, least_squares

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
    used = Systems(jac, wrong, ["W", "b"])
    for names in (["W"], ["b"], ["W", "b"]):
        for columns in (slice(0, 6), slice(0, 14)):
            mine = used.solve(names, [columns])
            fresh = Systems(jac, wrong, ["W", "b"]).solve(names, [columns])
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


def test_what_is_added_at_every_step_is_one_unknown():
    parts = RNG.normal(size=(40, 5))
    jac = Jacobian(
        {"W": slice(0, 40)},
        {0: [slice(0, 5), slice(5, 10)], 1: [slice(10, 50)]},
        np.hstack([parts, parts, np.eye(40)]),
    )
    delta = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    systems = Systems(jac, {"W": parts @ delta}, ["W"])
    found, rank, left = systems.solve(["W"], [slice(0, 10)])
    np.testing.assert_allclose(found, np.tile(delta, 2) / 2)  # the least
    assert rank == 5
    assert left < 1e-20
    assert not systems.settles(["W"], slice(0, 10), slice(0, 5))
    assert systems.settles(["W"], slice(10, 50), slice(0, 5))


def test_an_equation_with_an_unknown_to_itself_is_solved_by_a_division():
    matrix = np.zeros((9, 8))
    matrix[[0, 2, 4], [1, 3, 0]] = 2.0, -4.0, 1e-15
    matrix[5:, 4:] = RNG.normal(size=(4, 4))
    target = RNG.normal(size=9)
    found, rank = least_squares(matrix, target)
    usual, _, usual_rank, _ = np.linalg.lstsq(matrix, target, rcond=1e-10)
    np.testing.assert_allclose(found, usual, atol=1e-12)
    assert rank == usual_rank == 6
