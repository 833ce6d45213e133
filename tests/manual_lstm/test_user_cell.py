"""A cell that somebody else wrote runs through forward and backward as it is."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, tree_map


class RNNParams(NamedTuple):
    W: Any
    U: Any


class RNNState(NamedTuple):
    h: Any


class TupleRNN:
    """h = tanh(x W + h_prev U), with NamedTuples, and no sizes stated anywhere."""

    def __init__(self, D, H):
        self.D, self.H = D, H

    def init_params(self, rng, dtype=np.float64):
        return RNNParams(
            rng.normal(size=(self.D, self.H)).astype(dtype),
            rng.normal(size=(self.H, self.H)).astype(dtype),
        )

    def init_state(self, batch_size, dtype=np.float64):
        return RNNState(np.zeros((batch_size, self.H), dtype))

    def step(self, params, state, x):
        h = np.tanh(x @ params.W + state.h @ params.U)
        return RNNState(h), (x, state.h, h)

    def step_backward(self, params, cache, dstate):
        x, h_prev, h = cache
        dz = dstate.h * (1 - h**2)
        return RNNParams(x.T @ dz, h_prev.T @ dz), RNNState(dz @ params.U.T), dz @ params.W.T


class DictRNN:
    """The same with dicts, nested parameters, and a second state that counts nothing but h."""

    def __init__(self, D, H):
        self.D, self.H = D, H

    def init_params(self, rng, dtype=np.float64):
        W, U = TupleRNN(self.D, self.H).init_params(rng, dtype)
        return {"input": {"W": W}, "recurrent": {"U": U}, "bias": None}

    def init_state(self, batch_size, dtype=np.float64):
        zeros = np.zeros((batch_size, self.H), dtype)
        return {"h": zeros, "total": zeros.copy()}

    def step(self, params, state, x):
        h = np.tanh(x @ params["input"]["W"] + state["h"] @ params["recurrent"]["U"])
        return {"h": h, "total": state["total"] + h}, (x, state["h"], h)

    def step_backward(self, params, cache, dstate):
        x, h_prev, h = cache
        dz = (dstate["h"] + dstate["total"]) * (1 - h**2)
        dparams = {"input": {"W": x.T @ dz}, "recurrent": {"U": h_prev.T @ dz}, "bias": None}
        dh_prev = dz @ params["recurrent"]["U"].T
        # The cotangent itself is handed on: backward must not write into it.
        return dparams, {"h": dh_prev, "total": dstate["total"]}, dz @ params["input"]["W"].T


CELLS = {"tuples": TupleRNN, "dicts": DictRNN}
T, B, D, H = 5, 3, 2, 4


def draw(cell, lengths, read_only):
    rng = np.random.default_rng(0)
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    state0, dstate_T = (
        tree_map(lambda array: rng.normal(size=array.shape), cell.init_state(B)) for _ in range(2)
    )
    params = cell.init_params(rng)
    return read_only((params, xs, state0, None if lengths is None else np.array(lengths))), (
        read_only((dhs, dstate_T))
    )


@pytest.mark.parametrize("lengths", [None, [2, 5, 0], [1, 2, 3]])
@pytest.mark.parametrize("kind", CELLS)
def test_gradients_by_complex_step(kind, lengths, read_only, complex_gradient, assert_same):
    cell = CELLS[kind](D, H)
    (params, xs, state0, lengths), (dhs, dstate_T) = draw(cell, lengths, read_only)

    def loss(variables):
        hs, state_T, _ = ml.forward(cell, *variables, lengths)
        pairs = zip(leaves(state_T), leaves(dstate_T), strict=True)
        return (hs * dhs).sum() + sum((array * d).sum() for array, d in pairs)

    hs, state_T, tape = ml.forward(cell, params, xs, state0, lengths)
    manual = ml.backward(tape, dhs, dstate_T)
    assert_same(tuple(manual), complex_gradient(loss, (params, xs, state0)), ulps=16)
    assert_same(tuple(ml.backward(tape, dhs, dstate_T)), tuple(manual))
    for array in leaves((hs, state_T, manual)):
        for other in leaves((params, xs, state0, dhs, dstate_T)):
            assert not np.shares_memory(array, other)


def test_gradients_of_the_two_spellings_agree(read_only, assert_same):
    (params, xs, state0, _), (dhs, _) = draw(TupleRNN(D, H), None, read_only)
    one = ml.backward(ml.forward(TupleRNN(D, H), params, xs, state0).tape, dhs)
    nested = {"input": {"W": params.W}, "recurrent": {"U": params.U}, "bias": None}
    start = {"h": state0.h, "total": np.zeros((B, H))}
    two = ml.backward(ml.forward(DictRNN(D, H), nested, xs, start).tape, dhs)
    assert_same(two.params["input"]["W"], one.params.W)
    assert_same(two.xs, one.xs)
    assert_same(two.state0["h"], one.state0.h)
    assert two.params["bias"] is None


def test_a_dict_state_must_begin_with_h(read_only):
    """Its first entry is the output: another order would be another output."""
    cell = DictRNN(D, H)
    (params, xs, state0, _), _ = draw(cell, None, read_only)
    turned = dict(reversed(state0.items()))
    message = "state0 has the arrays total, h, but must be h, total, because"
    with pytest.raises(TypeError, match=message):
        ml.forward(cell, params, xs, turned)


def test_the_shape_of_a_state_is_checked_without_sizes(read_only):
    cell = TupleRNN(D, H)
    (params, xs, _, _), _ = draw(cell, None, read_only)
    message = r"state0.h has shape \(2, 4\), but must be the shape = \(3, 4\), because xs has"
    with pytest.raises(ValueError, match=message):
        ml.forward(cell, params, xs, cell.init_state(2))


def test_parameters_must_hold_arrays(read_only):
    cell = TupleRNN(D, H)
    (params, xs, _, _), _ = draw(cell, None, read_only)
    for bad, has in [(params.W, "type ndarray"), (RNNParams(None, None), "no arrays"), ({}, "no")]:
        with pytest.raises(TypeError, match=f"params has {has}.* but must be a NamedTuple"):
            ml.forward(cell, bad, xs)


class StatedRNN(DictRNN):
    """Shapes in letters, in dicts like those of the parameters: errors name them."""

    param_shapes = {"input": {"W": ("D", "H")}, "recurrent": {"U": ("H", "H")}, "bias": None}  # noqa: RUF012
    state_shapes = {"h": ("B", "H"), "total": ("B", "H")}  # noqa: RUF012

    @property
    def sizes(self):
        return {"D": self.D, "H": self.H}


def test_stated_shapes_are_named_in_errors(read_only):
    cell = StatedRNN(D, H)
    (params, xs, state0, _), _ = draw(cell, None, read_only)
    ml.forward(cell, params, xs, state0)
    message = (
        r"params.input.W has shape \(4, 2\), but must be \(D, H\) = \(2, 4\), because the cell"
    )
    with pytest.raises(ValueError, match=message):
        ml.forward(cell, {**params, "input": {"W": params["input"]["W"].T}}, xs)
    message = r"state0.total has shape \(3, 1\), but must be \(B, H\) = \(3, 4\), because xs"
    with pytest.raises(ValueError, match=message):
        ml.forward(cell, params, xs, {**state0, "total": state0["total"][:, :1]})


def test_the_order_of_parameters_in_a_dict_is_free(read_only, assert_same):
    cell = StatedRNN(D, H)
    (params, xs, _, _), _ = draw(cell, None, read_only)
    turned = dict(reversed(params.items()))
    assert_same(ml.forward(cell, turned, xs).hs, ml.forward(cell, params, xs).hs)
