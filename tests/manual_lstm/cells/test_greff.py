"""The variants of Greff et al. 2017, each told by what it is a special case of."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=4, B=3, D=2, H=5, seed=4)
ORDER = "ifgo"
OPEN = 50.0  # σ(50) is 1 to the last bit but a few


def columns(gates):
    """Return the columns of the blocks `gates` among the blocks i, f, g, o."""
    return np.concatenate([5 * ORDER.index(gate) + np.arange(5) for gate in gates])


def as_peephole(problem, gates, missing):
    """Return the peephole LSTM whose gate `missing` is open, and whose others are `problem`'s."""
    own = problem.params._asdict()
    W_x, W_h, b = np.zeros((2, 20)), np.zeros((5, 20)), np.zeros(20)
    for full, name in ((W_x, "W_x"), (W_h, "W_h"), (b, "b")):
        full[..., columns(gates)] = own[name]
    b[columns(missing)] = OPEN
    peepholes = {name: own.get(name, np.zeros(5)) for name in ("p_i", "p_f", "p_o")}
    params = ml.PeepholeLSTMParams(W_x, W_h, b, **peepholes)
    return replace(problem, cell=ml.PeepholeLSTM(2, 5), params=params)


@pytest.mark.parametrize(
    ("variant", "gates", "missing"),
    [
        (ml.NoInputGateLSTM, "fgo", "i"),
        (ml.NoForgetGateLSTM, "igo", "f"),
        (ml.NoOutputGateLSTM, "ifg", "o"),
    ],
)
def test_a_gate_that_is_not_there_is_open(variant, gates, missing):
    assert variant.gates == gates
    problem = draw(variant(2, 5), CASE)
    hs, state_T, gradients = problem.manual()
    vanilla_hs, vanilla_T, vanilla = as_peephole(problem, gates, missing).manual()
    np.testing.assert_allclose(hs, vanilla_hs, rtol=0, atol=1e-13)
    np.testing.assert_allclose(state_T.c, vanilla_T.c, rtol=0, atol=1e-13)
    for name in gradients.params._fields:
        full = getattr(vanilla.params, name)
        same = full if name.startswith("p") else full[..., columns(gates)]
        np.testing.assert_allclose(getattr(gradients.params, name), same, rtol=0, atol=1e-12)
    np.testing.assert_allclose(gradients.state0.c, vanilla.state0.c, rtol=0, atol=1e-12)
    np.testing.assert_allclose(gradients.xs, vanilla.xs, rtol=0, atol=1e-12)


def test_coupled_gates_are_one_gate_read_in_two_ways():
    """CIFG is the vanilla LSTM whose forget gate has the input gate's weights with a minus.

    For 1 - σ(z) = σ(-z); and the gradient of a weight that is used twice is the sum of both.
    """
    problem = draw(ml.CoupledLSTM(2, 5), CASE)
    hs, _, gradients = problem.manual()
    vanilla = as_peephole(problem, "igo", "f")
    p = vanilla.params
    for array in (p.W_x, p.W_h, p.b):
        array[..., columns("f")] = -array[..., columns("i")]
    vanilla = replace(vanilla, params=p._replace(p_f=-p.p_i))
    vanilla_hs, _, twice = vanilla.manual()
    np.testing.assert_allclose(hs, vanilla_hs, rtol=0, atol=1e-13)
    for name in ("W_x", "W_h", "b"):
        full = getattr(twice.params, name)
        both = full[..., columns("i")] - full[..., columns("f")]
        own = getattr(gradients.params, name)
        np.testing.assert_allclose(own[..., :5], both, rtol=0, atol=1e-12)
        np.testing.assert_allclose(own[..., 5:], full[..., columns("go")], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        gradients.params.p_i, twice.params.p_i - twice.params.p_f, rtol=0, atol=1e-12
    )


def test_coupled_gates_start_with_as_much_memory_as_others():
    """1 - σ(-1) = σ(1), which is f where a forget bias starts at 1."""
    b = ml.CoupledLSTM(2, 5).init_params(np.random.default_rng(0)).b
    np.testing.assert_array_equal(b, np.repeat([-1.0, 0.0, 0.0], 5))


def test_a_linear_candidate_is_not_bounded():
    """One step of zeros but b_g = 6: c = f c_prev + i g = 1/2 · 8 + 1/2 · 6."""
    cell = ml.NoInputActivationLSTM(1, 1)
    zeros = cell.init_params(np.random.default_rng(0))
    params = type(zeros)(*(np.zeros_like(array) for array in zeros))
    params.b[2] = 6.0
    state0 = ml.LSTMState(np.zeros((1, 1)), np.full((1, 1), 8.0))
    run = ml.forward(cell, params, np.zeros((1, 1, 1)), state0)
    assert run.state_T.c.item() == 7.0
    gradients = ml.backward(run.tape, None, ml.LSTMState(None, np.ones((1, 1))))
    assert gradients.params.b[2] == 0.5  # dc/dz_g = i; tanh would have closed it


def test_a_linear_output_is_not_bounded():
    """One step of zeros: c = 1/2 · 8, h = o c = 2."""
    cell = ml.NoOutputActivationLSTM(1, 1)
    zeros = cell.init_params(np.random.default_rng(0))
    params = type(zeros)(*(np.zeros_like(array) for array in zeros))
    state0 = ml.LSTMState(np.zeros((1, 1)), np.full((1, 1), 8.0))
    run = ml.forward(cell, params, np.zeros((1, 1, 1)), state0)
    assert run.hs.item() == 2.0
    assert ml.backward(run.tape, np.ones((1, 1, 1))).state0.c.item() == 0.25  # o f


def test_no_input_and_no_output_activation_share_the_parameters_of_the_peephole_lstm():
    for cell in (ml.NoInputActivationLSTM(2, 5), ml.NoOutputActivationLSTM(2, 5)):
        assert cell.param_shapes == ml.PeepholeLSTM(2, 5).param_shapes


def test_full_gate_recurrence_without_its_matrices_is_the_peephole_lstm(assert_same):
    problem = draw(ml.FullGateLSTM(2, 5), CASE)
    params = problem.params._replace(W_r=np.zeros((15, 15)))
    hs, state_T, gradients = replace(problem, params=params).manual()
    fields = [name for name in params._fields if name != "W_r"]
    vanilla = replace(
        problem,
        cell=ml.PeepholeLSTM(2, 5),
        params=ml.PeepholeLSTMParams(*(getattr(params, name) for name in fields)),
        state0=ml.LSTMState(*problem.state0[:2]),
        dstate_T=ml.LSTMState(*problem.dstate_T[:2]),
    )
    vanilla_hs, vanilla_T, _ = vanilla.manual()
    assert_same(hs, vanilla_hs)
    assert_same(ml.LSTMState(*state_T[:2]), vanilla_T)
    assert np.abs(gradients.params.W_r).min() > 0  # zero now, but not without effect


def test_each_gate_sees_every_gate_of_the_step_before():
    """Row block: the gate that is seen; column block: the gate that sees it; both i, f, o."""
    cell = ml.FullGateLSTM(1, 1)
    zeros = cell.init_params(np.random.default_rng(0))
    params = type(zeros)(*(np.zeros_like(array) for array in zeros))
    gates = {"i": 0.25, "f": 0.5, "o": 0.75}
    state0 = cell.init_state(1)._replace(**{k: np.full((1, 1), v) for k, v in gates.items()})
    for row, seen in enumerate("ifo"):
        for column, sees in enumerate("ifo"):
            W_r = np.zeros((3, 3))
            W_r[row, column] = 4.0
            state_T = ml.forward(
                cell, params._replace(W_r=W_r), np.zeros((1, 1, 1)), state0
            ).state_T._asdict()
            for gate in "ifo":
                z = 4.0 * gates[seen] if gate == sees else 0.0
                np.testing.assert_allclose(state_T[gate].item(), 1 / (1 + np.exp(-z)), rtol=1e-15)
