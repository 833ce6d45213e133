"""Both GRUs: published numbers, the two conventions of each, and what one is of the other.

The numbers are those of Keras 3, ``keras/src/layers/rnn/gru_test.py``: all weights constant, the
kernel 0.01, the recurrent kernel 0.02, the bias 0.03, which with ``reset_after`` Keras adds on
both sides. All units of a row are then equal.
"""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

BOTH = (ml.GRU, ml.GRUResetBefore)


def keras_params(cell, bias=0.03):
    """Return constant weights; r and u see both biases of Keras, the candidate one on each side."""
    D, H = cell.input_size, cell.hidden_size
    W_x, W_h, b = np.full((D, 3 * H), 0.01), np.full((H, 3 * H), 0.02), np.full(3 * H, bias)
    if isinstance(cell, ml.GRUResetBefore):
        return ml.GRUResetBeforeParams(W_x, W_h, b)
    b[: 2 * H] *= 2
    return ml.GRUParams(W_x, W_h, b, np.full(H, bias))


def ascending(*shape):
    """Return inputs (T, B, D) of Keras's (B, T, D) numbers 0, 1, 2, ..."""
    return np.arange(float(np.prod(shape))).reshape(shape).transpose(1, 0, 2)


@pytest.mark.parametrize(
    ("kind", "bias", "direction", "published"),
    [
        (ml.GRU, 0.03, 1, [0.5217289, 0.6371659, 0.39384964]),
        (ml.GRU, 0.03, -1, [0.24406259, 0.611516, 0.3928808]),
        (ml.GRU, 0.0, 1, [0.49988455, 0.64701194, 0.4103359]),
        (ml.GRUResetBefore, 0.03, 1, [0.51447755, 0.6426879, 0.40208298]),
    ],
)
def test_keras_numbers(kind, bias, direction, published):
    cell = kind(4, 3)
    xs = ascending(3, 6, 4)[::direction]
    hs, state_T, _ = ml.forward(cell, keras_params(cell, bias), xs)
    np.testing.assert_allclose(hs[-1], np.outer(published, np.ones(3)), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(state_T.h, hs[-1])


@pytest.mark.parametrize(
    ("direction", "published"),
    [
        (1, [[0.23774096, 0.33508456], [0.83659905, 1.0227708]]),
        (-1, [[0.13486053, 0.23261218], [0.78257304, 0.9691353]]),
    ],
)
def test_keras_numbers_from_an_initial_state(direction, published):
    cell = ml.GRU(3, 2)
    state0 = ml.HiddenState(np.arange(4.0).reshape(2, 2))
    hs, _, _ = ml.forward(cell, keras_params(cell), ascending(2, 4, 3)[::direction], state0)
    np.testing.assert_allclose(hs[-1], published, rtol=0, atol=1e-6)


def test_keras_numbers_of_a_second_segment():
    cell, xs = ml.GRU(4, 4), ascending(2, 3, 4)
    _, state, _ = ml.forward(cell, keras_params(cell), xs)
    hs, _, _ = ml.forward(cell, keras_params(cell), xs, state)
    published = np.outer([0.29542392, 0.5885018], np.ones(4))
    np.testing.assert_allclose(hs[-1], published, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("direction", "row0", "row1"),
    [
        (1, [0.03606692, 0.09497581, 0.09497581, 0.19393763], [0.16051409] * 3 + [0.30818558]),
        (-1, [0.11669192], [0.28380975]),
    ],
)
def test_keras_numbers_with_holes_in_the_mask(direction, row0, row1):
    """A masked step carries the state over: that is a zoneout of every unit."""
    cell = ml.Zoneout(3, 2, of=ml.GRU)
    seen = np.array([[1.0, 1, 0, 1], [1, 0, 0, 1]]).T[:, :, None]
    inputs = ml.with_masks(ascending(2, 4, 3), np.repeat(1 - seen, 2, axis=2))[::direction]
    hs, _, _ = ml.forward(cell, keras_params(cell.cell), inputs)
    for row, published in enumerate((row0, row1)):
        last = hs[-len(published) :, row]
        np.testing.assert_allclose(last, np.outer(published, np.ones(2)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", BOTH)
def test_the_conventions_differ_by_the_sign_of_the_update_gates_weights(kind, assert_same):
    """σ(-z) = 1 - σ(z); the gradient of the block changes its sign with it."""
    kept = draw(kind(2, 5), Case(T=4, B=3, D=2, H=5, seed=1))
    turn = np.repeat([1.0, -1.0, 1.0], 5)
    params = kept.params._replace(
        W_x=kept.params.W_x * turn, W_h=kept.params.W_h * turn, b=kept.params.b * turn
    )
    replaced = replace(kept, cell=kind(2, 5, update_gate="replaces"), params=params)
    (hs, state_T, manual), (other_hs, other_T, other) = kept.manual(), replaced.manual()
    assert_same((hs, state_T), (other_hs, other_T), ulps=8)
    assert_same((manual.xs, manual.state0), (other.xs, other.state0), ulps=32)
    for name in ("W_x", "W_h", "b"):
        assert_same(getattr(manual.params, name), getattr(other.params, name) * turn, ulps=32)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("convention", "old"), [("keeps", 1.0), ("replaces", 0.0)])
def test_what_an_update_gate_of_one_does(kind, convention, old):
    cell = kind(2, 3, update_gate=convention)
    params = cell.init_params(np.random.default_rng(0))
    params.b[3:6] = 50  # σ(50) = 1
    state0 = ml.HiddenState(np.array([[0.25, -3.0, 7.0]]))
    h = cell.step(params, state0, np.zeros((1, 2)))[0].h
    np.testing.assert_array_equal(h == state0.h, bool(old))
    assert old or np.abs(h).max() <= 1  # the candidate alone


def test_the_two_agree_where_nothing_is_reset(assert_same):
    """With r = 1 it does not matter where r stands; with r as it is, it does."""
    before = draw(ml.GRUResetBefore(2, 5), Case(T=4, B=3, D=2, H=5, seed=2))
    W_x, W_h, b = before.params

    def gru(r_bias):
        bias = np.concatenate((np.full(5, r_bias), b[5:]))
        after = replace(before, cell=ml.GRU(2, 5), params=ml.GRUParams(W_x, W_h, bias, np.zeros(5)))
        return replace(before, params=before.params._replace(b=bias)).manual(), after.manual()

    one, two = gru(50.0)
    assert_same(one[:2], two[:2], ulps=8)
    for name in ("W_x", "W_h", "b"):
        # Blocks u and n; that of r has a gradient of rounding size.
        same = [getattr(gradients.params, name)[..., 5:] for _, _, gradients in (one, two)]
        assert_same(*same, ulps=64)
    one, two = gru(0.3)
    assert np.abs(one[0] - two[0]).max() > 0.01


def test_the_bias_inside_the_bracket_is_its_own():
    """Its gradient carries r: that of the bias outside does not, and the two differ."""
    problem = draw(ml.GRU(2, 5), Case(T=4, B=3, D=2, H=5, seed=3))
    gradients = problem.manual()[2].params
    assert np.abs(gradients.b_hn - gradients.b[10:]).min() > 1e-4
    open_reset = problem.params.b.copy()
    open_reset[:5] = 50
    problem = replace(problem, params=problem.params._replace(b=open_reset))
    gradients = problem.manual()[2].params
    np.testing.assert_allclose(gradients.b_hn, gradients.b[10:], rtol=1e-12)


@pytest.mark.parametrize("kind", BOTH)
def test_bad_options_are_refused(kind):
    message = "update_gate has the value 'z', but must be 'keeps' or 'replaces', because"
    with pytest.raises(ValueError, match=message):
        kind(2, 3, update_gate="z")
    message = r"gate_activation has the value 'sigmoid', but must be an activation such as Sigm"
    with pytest.raises(TypeError, match=message):
        kind(2, 3, gate_activation="sigmoid")
    with pytest.raises(TypeError, match="candidate_activation has the value <class"):
        kind(2, 3, candidate_activation=ml.Tanh)
    with pytest.raises(TypeError, match="bias has the value 1, but must be True or False"):
        kind(2, 3, bias=1)
