"""Numbers that others have published for the same equations."""

import numpy as np
import pytest

import manual_lstm as ml

# ---------------------------------------------------------------- Keras
# keras/src/layers/rnn/lstm_test.py: kernel .01, recurrent kernel .02, bias .03 but 1 for the
# forget gate, inputs 0, 1, 2, ... in the order (batch, time, feature). Blocks i, f, c, o.


def keras(D, H, *, bias=0.03, forget=1.0):
    b = None if bias is None else np.full(4 * H, bias)
    if b is not None:
        b[H : 2 * H] = forget
    params = ml.LSTMParams(np.full((D, 4 * H), 0.01), np.full((H, 4 * H), 0.02), b)
    return ml.LSTM(D, H, bias=b is not None), params


def counted(B, T, D):
    return np.arange(float(B * T * D)).reshape(B, T, D).swapaxes(0, 1)


@pytest.mark.parametrize(
    ("options", "backwards", "published"),
    [
        ({}, False, [0.6288687, 0.86899155, 0.9460773]),
        ({}, True, [0.35622165, 0.74789524, 0.8872726]),
        ({"forget": 0.03}, False, [0.57019705, 0.8661914, 0.9459622]),
        ({"bias": None}, False, [0.54986924, 0.86226785, 0.9443936]),
    ],
)
def test_keras_final_output(options, backwards, published):
    xs = counted(3, 6, 4)[:: -1 if backwards else 1]
    h_T = ml.forward(*keras(4, 3, **options), xs).state_T.h
    np.testing.assert_allclose(h_T, np.repeat(published, 3).reshape(3, 3), atol=1e-6)


def test_keras_stateful():
    cell, params = keras(4, 4)
    xs = counted(2, 3, 4)
    state = ml.forward(cell, params, xs).state_T
    h_T = ml.forward(cell, params, xs, state).state_T.h
    np.testing.assert_allclose(h_T, np.repeat([0.3124785, 0.6863672], 4).reshape(2, 4), atol=1e-6)


@pytest.mark.parametrize(
    ("backwards", "published"),
    [
        (False, [[0.20574439, 0.3558822], [0.64930826, 0.66276]]),
        (True, [[0.13281618, 0.2790356], [0.5839337, 0.5992567]]),
    ],
)
def test_keras_initial_state(backwards, published):
    xs = counted(2, 4, 3)[:: -1 if backwards else 1]
    start = np.arange(4.0).reshape(2, 2)
    h_T = ml.forward(*keras(3, 2), xs, ml.LSTMState(start, start)).state_T.h
    np.testing.assert_allclose(h_T, published, atol=1e-6)


def test_keras_mask():
    """Mask 1110 / 1100 and zero output past the end; the state is carried."""
    run = ml.forward(*keras(3, 2), counted(2, 4, 3), lengths=np.array([3, 2]))
    published = [[0.01588910, 0.05552048, 0.11755939, 0], [0.14185596, 0.28556206, 0, 0]]
    np.testing.assert_allclose(run.hs[..., 0].T, published, atol=1e-6)
    np.testing.assert_allclose(run.state_T.h[:, 1], [0.11755939, 0.28556206], atol=1e-6)


def test_keras_mask_backwards():
    """Mask 0111 / 0011 in time order, read from the end."""
    xs = counted(2, 4, 3)[::-1]
    h_T = ml.forward(*keras(3, 2), xs, lengths=np.array([3, 2])).state_T.h
    np.testing.assert_allclose(h_T[:, 0], [0.15341201, 0.3844719], atol=1e-6)


# ---------------------------------------------------------------- PyTorch
# test/cpp/api/rnn.cpp, CheckOutputValuesMatchPyTorch: every parameter is k / numel in the order
# of its memory; W_ih and W_hh are (4H, D) and (4H, H), two biases; blocks i, f, g, o.


def test_pytorch():
    def ramp(*shape):
        return (np.arange(np.prod(shape)) / np.prod(shape)).reshape(shape)

    params = ml.LSTMParams(ramp(8, 2).T, ramp(8, 2).T, ramp(8) + ramp(8))
    xs = (24 - np.arange(24.0)).reshape(3, 4, 2) / 24
    hs, state_T, _ = ml.forward(ml.LSTM(2, 2), params, xs)
    published = """
        .4391 .5402 .4330 .5324 .4261 .5239 .4183 .5147
        .6822 .8064 .6726 .7968 .6620 .7860 .6501 .7741
        .7889 .9003 .7769 .8905 .7635 .8794 .7484 .8666
    """
    np.testing.assert_allclose(hs.ravel(), [float(n) for n in published.split()], atol=1e-4)
    published_c = [1.1647, 1.6106, 1.1425, 1.5726, 1.1187, 1.5329, 1.0931, 1.4911]
    np.testing.assert_allclose(state_T.c.ravel(), published_c, atol=1e-4)


# ---------------------------------------------------------------- a course (deeplearning.ai)
# Features are rows and examples are columns; each gate has its own W (5, 8), acting on [a; x],
# and its own b (5, 1); they are drawn in the order f, i, c or o (below), after the inputs.

A = 5


def course_normal():
    return np.random.RandomState(1).randn  # the stream they were published with


def course_params(gates):
    """Return the course's gates as ours; its c is the candidate g."""
    named = {f"W{gate}": W for gate, (W, _) in gates.items()}
    return ml.layouts.from_columns(named | {f"b{gate}": b for gate, (_, b) in gates.items()})


def course_names(dparams):
    """Return the entries of the gradients that the course prints, under its names."""
    block = {"i": 0, "f": A, "c": 2 * A, "o": 3 * A}
    printed = {"f": (3, 1), "i": (1, 2), "c": (3, 1), "o": (1, 2)}
    named = {}
    for gate, (unit, column) in printed.items():
        named[f"dW{gate}"] = dparams.W_h[column, block[gate] + unit]  # columns < 5 act on a
        named[f"db{gate}"] = dparams.b[block[gate] + 4]
    return named


def assert_close(named, published, tolerance):
    assert named.keys() == published.keys()
    for name, value in published.items():
        np.testing.assert_allclose(named[name], value, atol=tolerance, rtol=0, err_msg=name)


def test_course_cell_gradients():
    draw = course_normal()
    x, a_prev, c_prev = draw(3, 10), draw(A, 10), draw(A, 10)
    gates = {gate: (draw(A, 8), draw(A, 1)) for gate in "fioc"}
    draw(2, A), draw(2, 1)  # Wy and by, not used here
    da_next, dc_next = draw(A, 10), draw(A, 10)

    cell, params = ml.LSTM(3, A), course_params(gates)
    _, cache = cell.step(params, ml.LSTMState(a_prev.T, c_prev.T), x.T)
    dparams, dstate, dx = cell.step_backward(params, cache, ml.LSTMState(da_next.T, dc_next.T))

    named = course_names(dparams)
    named |= {"dxt": dx[2, 1], "da_prev": dstate.h[3, 2], "dc_prev": dstate.c[3, 2]}
    published = {
        "dWf": -0.147954838164, "dWi": 1.05749805523, "dWc": 2.30456216369, "dWo": 0.331311595289,
        "dbf": 0.18864637, "dbi": -0.40142491, "dbc": 0.25587763, "dbo": 0.13893342,
        "dxt": 3.23055911511, "da_prev": -0.0639621419711, "dc_prev": 0.797522038797,
    }  # fmt: skip
    assert_close(named, published, 6e-9)


@pytest.fixture(scope="module")
def course_sequence():
    """Return what the course prints of its sequence, from our backward."""
    draw = course_normal()
    x, a0 = draw(3, 10, 7), draw(A, 10)
    gates = {gate: (draw(A, 8), draw(A, 1)) for gate in "fioc"}
    da = np.zeros((A, 10, 7))
    da[..., :4] = draw(A, 10, 4)  # the loss reads the first 4 of 7 steps

    state0 = ml.LSTMState(a0.T.copy(), np.zeros((10, A)))
    tape = ml.forward(ml.LSTM(3, A), course_params(gates), x.transpose(2, 1, 0), state0).tape
    dparams, dxs, dstate0 = ml.backward(tape, da.transpose(2, 1, 0).copy())
    assert not dxs[4:].any()
    return course_names(dparams) | {"da0": dstate0.h[3, 2], "dx": dxs[:4, 2, 1]}


def test_course_sequence_gradients(course_sequence):
    """The right table: central differences agree with it."""
    published = {
        "dWf": -0.08098023109383466, "dWi": 0.40512433092981825, "dWc": -0.07937467355121496,
        "dWo": 0.038948775762986956, "dbf": -0.15745657, "dbi": -0.50848333, "dbc": -0.42510818,
        "dbo": -0.17958196, "da0": 0.3127703102572602,
        "dx": [0.00218254, 0.28205375, -0.48292508, -0.43281115],
    }  # fmt: skip
    assert_close(course_sequence, published, 6e-9)


def test_course_sequence_gradients_are_not_those_first_printed(course_sequence):
    """The first table left out what the state carries back; only the last step of dx is right."""
    first_printed = {
        "dWf": -0.0698198561274, "dWi": 0.102371820249, "dWc": -0.0624983794927,
        "dWo": 0.0484389131444, "dbf": -0.0565788, "dbi": -0.06997391, "dbc": -0.27441821,
        "dbo": 0.16532821, "da0": -0.095911501954,
        "dx": [-0.00173313, 0.08287442, -0.30545663, -0.43281115],
    }  # fmt: skip
    assert first_printed.keys() == course_sequence.keys()
    for name, wrong in first_printed.items():
        difference = np.abs(course_sequence[name] - np.array(wrong))
        if name == "dx":
            assert difference[3] < 6e-9
            difference = difference[:3]
        assert np.all(difference > 3e-3), name
