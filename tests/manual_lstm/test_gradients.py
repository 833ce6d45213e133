"""Every gradient of the LSTM over a sequence against the complex step of its own forward.

The complex step is exact to rounding and shares no line with the hand-written backward, so the
tolerance is a few ulps of the largest entry. Central differences are a third, blunter opinion.
"""

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.sequence import runner_of
from manual_lstm.trees import leaves, tree_map

pytestmark = pytest.mark.usefixtures("either_path")

CASES = {
    "plain": {},
    "no bias": {"bias": False},
    "T=0": {"T": 0},
    "T=1": {"T": 1},
    "B=0": {"B": 0},
    "B=1": {"B": 1},
    "D=1": {"D": 1},
    "H=1": {"H": 1},
    "D=H": {"D": 4, "H": 4},
    "all sizes 1": {"T": 1, "B": 1, "D": 1, "H": 1},
    "long": {"T": 25, "B": 2, "H": 3},
    "ragged": {"lengths": [2, 5, 3]},
    "a row of length 0": {"lengths": [4, 0, 1]},
    "every row of length 0": {"lengths": [0, 0, 0]},
    "no row lives to the end": {"lengths": [2, 1, 3]},
    "no bias, ragged": {"bias": False, "lengths": [5, 1, 2]},
    "indices": {"indices": True},  # 5 x 3 draws of 2 indices: they repeat in a step and over time
    "indices of one kind": {"indices": True, "D": 1},
    "indices, most never seen": {"indices": True, "D": 40, "H": 2},
    "indices, no bias, ragged": {"indices": True, "bias": False, "lengths": [0, 5, 3]},
}


def loss(problem, variables):
    """Weigh every output with its cotangent, so that the gradient is the one `backward` gives.

    The forward is the one of the path under test, also for complex variables: it rounds as that
    path does.
    """
    runner = runner_of(problem.cell, problem.params)
    xs = variables.get("xs", problem.xs)
    hs, (h_T, c_T), _ = runner.run(variables["params"], xs, variables["state0"], problem.lengths)
    dh_T, dc_T = problem.dstate_T
    return (hs * problem.dhs).sum() + (h_T * dh_T).sum() + (c_T * dc_T).sum()


def variables_of(problem):
    variables = {"params": problem.params, "state0": problem.state0}
    if problem.xs.dtype.kind == "f":
        variables["xs"] = problem.xs
    return variables


def gradients_of(problem, run):
    _, _, gradients = run(problem)
    return {name: getattr(gradients, name) for name in variables_of(problem)}


@pytest.mark.parametrize("case", CASES)
def test_complex_step(case, draw_problem, run, complex_gradient, assert_same):
    problem = draw_problem(**CASES[case])
    reference = complex_gradient(lambda moved: loss(problem, moved), variables_of(problem))
    assert_same(gradients_of(problem, run), reference, ulps=16)


@pytest.mark.parametrize("case", CASES)
def test_central_differences(case, draw_problem, run):
    problem = draw_problem(**CASES[case], seed=1)
    at, gradients, eps = variables_of(problem), gradients_of(problem, run), 1e-5
    rng = np.random.default_rng(2)
    for _ in range(3):
        direction = tree_map(lambda array: rng.normal(size=array.shape), at)
        ahead = loss(problem, tree_map(lambda array, v: array + eps * v, at, direction))
        behind = loss(problem, tree_map(lambda array, v: array - eps * v, at, direction))
        terms = [d * v for d, v in zip(leaves(gradients), leaves(direction), strict=True)]
        manual = sum(term.sum() for term in terms)
        size = sum(np.abs(term).sum() for term in terms)
        assert abs(manual - (ahead - behind) / (2 * eps)) <= 1e-7 * size


def test_repeated_indices_add_up(draw_problem, run):
    """A row of W_x that is picked k times in one step gets the sum of k gradients."""
    problem = draw_problem(T=1, B=3, D=2, indices=True)
    problem = problem._replace(xs=np.array([[1, 1, 1]]))
    together = run(problem)[2].params.W_x
    assert np.all(together[0] == 0)
    alone = []
    for n in range(3):
        row = slice(n, n + 1)
        one = problem._replace(
            xs=problem.xs[:, row],
            state0=tree_map(lambda array, row=row: array[row], problem.state0),
            dhs=problem.dhs[:, row],
            dstate_T=tree_map(lambda array, row=row: array[row], problem.dstate_T),
        )
        alone.append(run(one)[2].params.W_x[1])
    np.testing.assert_allclose(together[1], sum(alone), rtol=0, atol=1e-14)
    assert np.abs(together[1] - alone[2]).max() > 1e-2  # not the last one alone


@pytest.mark.parametrize("bias", [30.0, -30.0])
def test_saturated_gates(bias, draw_problem, complex_gradient, assert_same):
    problem = draw_problem()
    b = problem.params.b.copy()
    b[:4] = b[4:8] = b[12:] = bias  # i, f and o; g stays free
    variables = {**variables_of(problem), "params": problem.params._replace(b=b)}
    hs, _, tape = ml.forward(
        problem.cell, variables["params"], problem.xs, problem.state0, problem.lengths
    )
    assert np.isfinite(hs).all()
    gradients = ml.backward(tape, problem.dhs, problem.dstate_T)._asdict()
    reference = complex_gradient(lambda moved: loss(problem, moved), variables)
    manual = {name: gradients[name] for name in variables}
    # The blocks differ by thirteen orders of magnitude: each is compared with its own size.
    for gate in range(4):
        block = slice(4 * gate, 4 * gate + 4)
        for name in ("W_x", "W_h", "b"):
            here = getattr(manual["params"], name)[..., block]
            there = getattr(reference["params"], name)[..., block]
            assert np.abs(here - there).max() <= 1e-2 * np.abs(there).max()
            assert np.abs(there).max() > 0
    assert_same(manual, reference, ulps=16)


def test_zero_weights(draw_problem, run):
    """All gates are 1/2 and g is 0: c halves each step, and its gradient with it."""
    T, B, H = 5, 3, 4
    problem = draw_problem(T=T, B=B, H=H)
    problem = problem._replace(
        params=tree_map(np.zeros_like, problem.params),
        dhs=None,
        dstate_T=ml.LSTMState(None, problem.dstate_T.c),
    )
    hs, state_T, gradients = run(problem)
    cs = problem.state0.c * 0.5 ** np.arange(1, T + 1)[:, None, None]
    np.testing.assert_array_equal(state_T.c, cs[-1])
    np.testing.assert_array_equal(hs, 0.5 * np.tanh(cs))
    np.testing.assert_array_equal(gradients.state0.c, problem.dstate_T.c / 2**T)
    assert not gradients.state0.h.any()
    assert not gradients.xs.any()
    assert gradients.params.b[2 * H : 3 * H].any()  # dg = dc * i is alive
