"""The character model of the origin: index input, LSTM without bias, V, cross-entropy."""

from math import exp, log, tanh

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, named_leaves, tree_map

SIZES = {
    "plain": (5, 3, 6, 4),
    "T=1": (1, 3, 6, 4),
    "B=1": (5, 1, 6, 4),
    "K=1": (4, 2, 1, 3),
    "H=1": (5, 3, 6, 1),
    "most characters unseen": (2, 1, 30, 2),
}


def draw(T, B, K, H, dtype=np.float64, seed=0):
    """Return the model, its parameters, inputs and targets, and a nonzero state0, dstate_T."""
    rng = np.random.default_rng(seed)

    def normal(like):
        return rng.normal(size=like.shape).astype(dtype)

    model = ml.CharLM(K, H)
    params = tree_map(normal, model.init_params(rng, dtype))
    text = rng.integers(0, K, (T + 1, B))
    state0, dstate_T = (tree_map(normal, model.init_state(B, dtype)) for _ in range(2))
    return model, params, text, state0, dstate_T


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("case", SIZES)
def test_gradients_by_complex_step(case, reduction, read_only, complex_gradient, assert_same):
    model, params, text, state0, dstate_T = draw(*SIZES[case])
    params, text, state0, dstate_T = read_only((params, text, state0, dstate_T))

    def loss(variables):
        moved, start = variables
        value, state_T, _ = model.forward(moved, text[:-1], text[1:], start, reduction)
        return 1.5 * value + sum(
            (array * d).sum() for array, d in zip(state_T, dstate_T, strict=True)
        )

    _, _, tape = model.forward(params, text[:-1], text[1:], state0, reduction)
    gradients = model.backward(tape, 1.5, dstate_T)
    assert_same(tuple(gradients), complex_gradient(loss, (params, state0)), ulps=16)


def test_central_differences_along_random_directions():
    model, params, text, _, _ = draw(*SIZES["plain"])
    gradients = model.backward(model.forward(params, text[:-1], text[1:]).tape).params
    rng, eps = np.random.default_rng(1), 1e-5
    for _ in range(3):
        v = tree_map(lambda array: rng.normal(size=array.shape), params)
        ahead, behind = (
            model.forward(
                tree_map(lambda array, d, s=sign: array + s * eps * d, params, v),
                text[:-1],
                text[1:],
            ).loss
            for sign in (1, -1)
        )
        manual = sum((d * along).sum() for d, along in zip(gradients, v, strict=True))
        np.testing.assert_allclose(manual, (ahead - behind) / (2 * eps), rtol=1e-7)


def test_loss_by_hand():
    """Two characters, one unit, two steps, each number by math alone."""
    model = ml.CharLM(vocab_size=2, hidden_size=1)
    W_x = [[0.5, -0.4, 1.0, 0.3], [-0.2, 0.8, -1.5, 0.6]]
    W_h, V = [0.7, -0.1, 0.4, -0.9], [1.2, -0.8]
    h, c, nats = 0.0, 0.0, 0.0
    for character, target in [(1, 0), (0, 1)]:
        z_i, z_f, z_g, z_o = (w + h * u for w, u in zip(W_x[character], W_h, strict=True))
        c = c / (1 + exp(-z_f)) + tanh(z_g) / (1 + exp(-z_i))
        h = tanh(c) / (1 + exp(-z_o))
        nats += log(exp(h * V[0]) + exp(h * V[1])) - h * V[target]
    params = ml.CharLMParams(np.array(W_x), np.array([W_h]), np.array([V]))
    text = np.array([[1], [0], [1]])
    total = model.forward(params, text[:-1], text[1:], reduction="sum")
    np.testing.assert_allclose(total.loss, nats, rtol=1e-15)
    np.testing.assert_allclose(total.state_T.h, [[h]], rtol=1e-15)
    assert model.forward(params, text[:-1], text[1:]).loss == total.loss / 2


def test_sum_is_the_mean_times_the_count(assert_same):
    model, params, text, state0, _ = draw(4, 2, 6, 3)
    mean = model.forward(params, text[:-1], text[1:], state0)
    total = model.forward(params, text[:-1], text[1:], state0, "sum")
    np.testing.assert_allclose(total.loss, 8 * mean.loss, rtol=1e-15)
    assert_same(model.backward(mean.tape, 8), model.backward(total.tape))


def test_zero_weights_know_nothing():
    model, params, text, _, _ = draw(4, 2, 6, 3)
    loss = model.forward(tree_map(np.zeros_like, params), text[:-1], text[1:]).loss
    np.testing.assert_allclose(loss, log(6), rtol=1e-15)


def test_a_text_in_two_parts_equals_the_whole(assert_same):
    model, params, text, state0, dstate_T = draw(5, 3, 6, 4)
    whole = model.forward(params, text[:-1], text[1:], state0, "sum")
    gradients = model.backward(whole.tape, 1, dstate_T)
    first = model.forward(params, text[:2], text[1:3], state0, "sum")
    second = model.forward(params, text[2:-1], text[3:], first.state_T, "sum")
    np.testing.assert_allclose(first.loss + second.loss, whole.loss, rtol=1e-14)
    gradients_2 = model.backward(second.tape, 1, dstate_T)
    gradients_1 = model.backward(first.tape, 1, gradients_2.state0)
    assert_same(gradients_1.state0, gradients.state0, ulps=8)
    total = tree_map(np.add, gradients_1.params, gradients_2.params)
    assert_same(total, gradients.params, ulps=8)


def test_a_character_never_read_has_no_gradient():
    model, params, text, state0, _ = draw(2, 1, 30, 2)
    gradients = model.backward(model.forward(params, text[:-1], text[1:], state0).tape)
    unread = np.setdiff1d(np.arange(30), text[:-1])
    assert len(unread) >= 28
    assert not gradients.params.W_x[unread].any()
    assert gradients.params.W_x[text[:-1].ravel()].all()
    assert gradients.params.V.all()  # every score takes part in the softmax


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize("dloss", [1, np.float64(0.5)])
def test_results_keep_the_dtype_of_the_parameters(dtype, dloss):
    model, params, text, state0, dstate_T = draw(3, 2, 6, 4, dtype)
    loss, state_T, tape = model.forward(params, text[:-1], text[1:], state0)
    assert loss.dtype == dtype
    for array in leaves((state_T, model.backward(tape, dloss, dstate_T))):
        assert array.dtype == dtype


def test_a_tape_is_used_twice_and_results_share_nothing(assert_same):
    model, params, text, state0, dstate_T = draw(3, 2, 6, 4)
    before = {name: a.tobytes() for name, a in named_leaves((params, text, state0)).items()}
    inputs, targets = text[:-1].copy(), text[1:].copy()
    _, state_T, tape = model.forward(params, inputs, targets, state0)
    first = model.backward(tape, 1, dstate_T)
    kept = tree_map(np.copy, first)
    for array in leaves(first):
        for other in leaves((params, state0, dstate_T, state_T, tape.V, tape.hs)):
            assert not np.shares_memory(array, other)
        array.fill(np.nan)
    for array in leaves(state_T):
        array.fill(np.nan)
    targets.fill(0)  # the tape has its own targets
    assert_same(model.backward(tape, 1, dstate_T), kept)
    after = {name: a.tobytes() for name, a in named_leaves((params, text, state0)).items()}
    assert after == before


@pytest.mark.parametrize("changed", ["params.W_x", "params.W_h", "params.V", "state0.h", "xs"])
def test_a_change_since_the_forward_is_found(changed):
    model, params, text, state0, _ = draw(3, 2, 6, 4)
    inputs = text[:-1].copy()
    tape = model.forward(params, inputs, text[1:], state0).tape
    array = named_leaves({"params": params, "state0": state0, "xs": inputs})[changed]
    array[0, 0] += 1
    with pytest.raises(ValueError, match=f"^{changed} has other values than in the forward"):
        model.backward(tape)
    array[0, 0] -= 1


def test_init():
    model = ml.CharLM(6, 4)
    params = model.init_params(np.random.default_rng(0))
    assert [array.shape for array in params] == [(6, 16), (4, 16), (4, 6)]
    assert all(0.35 < np.abs(array).max() <= 0.5 for array in params)
    assert model == ml.CharLM(vocab_size=6, hidden_size=4)
    assert model.cell == ml.LSTM(6, 4, bias=False)
    assert not any(array.any() for array in model.init_state(2))
