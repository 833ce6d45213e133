"""A memory that is written and read, and what its stabiliser and ε do."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=5, B=3, D=2, H=4, seed=11, ragged=False)


def without_stabiliser(params, xs, C, n, epsilon):
    """Return hs of the equations as they are without m, row by row."""
    hs = np.zeros((*xs.shape[:2], 4), params.b.dtype)
    for row in range(xs.shape[1]):
        memory, normaliser = C[row], n[row]
        for t, x in enumerate(xs[:, row]):
            z_q, z_k, z_v, z_o = np.split(x @ params.W_x, 4)
            b_q, b_k, b_v, b_o = np.split(params.b, 4)
            q, k, v = z_q + b_q, z_k / 2 + b_k, z_v + b_v
            s_i, s_f = x @ params.W_s + params.b_s
            i, f = np.exp(s_i), 1 / (1 + np.exp(-s_f))
            memory = f * memory + i * np.outer(v, k)
            normaliser = f * normaliser + i * k
            r = normaliser @ q
            size = r if r.real >= 0 else -r
            size = size if size.real >= 1 else 1
            hs[t, row] = memory @ q / (size + epsilon) / (1 + np.exp(-(z_o + b_o)))
    return hs


@pytest.mark.parametrize("seed", range(3))
def test_the_output_and_its_gradients_are_those_without_stabiliser(seed, complex_gradient):
    problem = draw(ml.MLSTM(2, 4), replace(CASE, seed=seed))
    state0 = problem.state0._replace(m=np.zeros(3))

    def loss(tree):
        state = tree["state0"]
        hs = without_stabiliser(tree["params"], problem.xs, state.C, state.n, 0.0)
        return (hs * problem.dhs).sum()

    run = ml.forward(problem.cell, problem.params, problem.xs, state0)
    plain = without_stabiliser(problem.params, problem.xs, state0.C, state0.n, 0.0)
    np.testing.assert_allclose(run.hs, plain, rtol=1e-11)
    gradients = ml.backward(run.tape, problem.dhs)
    by_step = complex_gradient(loss, {"params": problem.params, "state0": state0})
    for manual, reference in (
        *zip(gradients.params, by_step["params"], strict=True),
        (gradients.state0.C, by_step["state0"].C),
        (gradients.state0.n, by_step["state0"].n),
    ):
        np.testing.assert_allclose(manual, reference, atol=1e-11 * np.abs(reference).max())


def test_with_epsilon_the_stabiliser_is_seen():
    problem = draw(ml.MLSTM(2, 4, epsilon=0.1), CASE)
    state0 = problem.state0._replace(m=np.zeros(3))
    hs = ml.forward(problem.cell, problem.params, problem.xs, state0).hs
    plain = without_stabiliser(problem.params, problem.xs, state0.C, state0.n, 0.1)
    assert np.abs(hs - plain).max() > 1e-3


def keys_and_values(*pairs, query):
    """Return a cell, its parameters and index inputs that write `pairs` and then ask `query`.

    Input k writes value v[k] under key e_k with gates open; the last input writes nothing.
    """
    H, D = 3, len(pairs) + 1
    zeros = ml.MLSTM(D, H).init_params(np.random.default_rng(0))
    params = ml.MLSTMParams(*(np.zeros_like(array) for array in zeros))
    for row, (key, value) in enumerate(pairs):
        params.W_x[row, H + key] = H**0.5
        params.W_x[row, 2 * H : 3 * H] = value
    params.W_x[-1, query] = 1.0
    params.b[3 * H :] = 50.0  # o = 1
    params.b_s[1] = 50.0  # f = 1
    return ml.MLSTM(D, H), params, np.arange(D)[:, None]


def test_what_was_written_under_a_key_is_read_under_it():
    values = [[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]]
    pairs = list(zip((0, 2), values, strict=True))
    for key, value in pairs:
        run = ml.forward(*keys_and_values(*pairs, query=key))
        np.testing.assert_allclose(run.hs[-1, 0], value, rtol=1e-14)
    nothing = ml.forward(*keys_and_values(*pairs, query=1))
    np.testing.assert_array_equal(nothing.hs[-1, 0], 0)


def test_the_output_of_a_step_is_not_read_by_the_next():
    problem = draw(ml.MLSTM(2, 4), CASE)
    hs, _, gradients = problem.manual()
    np.testing.assert_array_equal(gradients.state0.h, 0)
    other = problem.state0._replace(h=problem.state0.h + 1)
    np.testing.assert_array_equal(replace(problem, state0=other).manual()[0], hs)


@pytest.mark.parametrize("s_i", [1000.0, -1000.0])
def test_exponential_gates_stay_finite(s_i):
    problem = draw(ml.MLSTM(2, 4), CASE)
    params = problem.params._replace(b_s=np.array([s_i, 0.0]))
    hs, _, gradients = replace(problem, params=params).manual()
    assert np.isfinite(hs).all()
    assert all(np.isfinite(array).all() for array in (*gradients.params, *gradients.state0))


def test_the_sides_taken_at_the_kinks():
    """All zero but n·q = 1 = exp(-m): the side of |n·q|; and e = s_i: the side of the memory."""
    cell = ml.MLSTM(1, 1)
    half = np.array([[0.5]])
    zeros = cell.init_params(np.random.default_rng(0))
    params = ml.MLSTMParams(*(np.zeros_like(array) for array in zeros))
    params.b[0] = 1.0  # q = 1; k = v = 0
    state0 = ml.MLSTMState(np.zeros((1, 1)), half[None], np.ones((1, 1)), np.log([2.0]))
    run = ml.forward(cell, params, np.zeros((1, 1, 1)), state0)
    assert (run.state_T.m.item(), run.state_T.n.item(), run.hs.item()) == (0.0, 1.0, 0.25)
    gradients = ml.backward(run.tape, np.ones((1, 1, 1)))
    assert gradients.state0.n.item() == -0.25  # d(o C q / n q)/dn; the other side gives 0
    # C f, n f and |r| have no derivative by m; the other side would have had: exp(-m) has.
    assert gradients.state0.m.item() == 0.0
    of_m = ml.backward(run.tape, None, ml.MLSTMState(None, None, None, np.ones(1)))
    assert of_m.state0.m.item() == 1.0
    np.testing.assert_array_equal(of_m.params.b_s, [0.0, 0.5])


@pytest.mark.parametrize(("epsilon", "error"), [(-1e-6, ValueError), ("0", TypeError)])
def test_an_epsilon_below_zero_is_refused(epsilon, error):
    with pytest.raises(error, match=f"epsilon has the value {epsilon!r}, but must be a"):
        ml.MLSTM(2, 3, epsilon=epsilon)


def test_the_root_of_a_small_unsigned_size_keeps_its_precision():
    sizes = (np.uint8(2), np.uint8(5))
    problem = draw(ml.MLSTM(2, 5), replace(CASE, H=5))
    hs, _, _ = problem.manual()
    np.testing.assert_array_equal(replace(problem, cell=ml.MLSTM(*sizes)).manual()[0], hs)
