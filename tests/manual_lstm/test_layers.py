"""Layers are what they are made of: cells run by hand, in order, give the same."""

# ruff: noqa: E501  (a row of a table is one line: its message can be read and searched as it is)

from __future__ import annotations

import re

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, named_leaves, tree_map

T, B = 5, 3
LENGTHS = np.array([3, 0, 5])

LAYERS = {
    "stack": ml.Stack([ml.LSTM(2, 3), ml.GRU(3, 4)]),
    "bidirectional": ml.Bidirectional(ml.LSTM(2, 3), ml.GRU(2, 4)),
    "sum": ml.Bidirectional(ml.LSTM(2, 3), merge="sum"),
    "residual": ml.Residual(ml.LSTM(3, 3)),
    "deep": ml.Stack(
        [
            ml.Bidirectional(ml.LSTM(2, 2), merge="mul"),
            ml.Residual(ml.Stack([ml.RNN(2, 3), ml.RNN(3, 2)])),
        ]
    ),
}


def drawn(layer, lengths=None, dtype=np.float64, seed=0, T=T):
    """Return params, xs, state0, dhs and dstate_T, all of order one."""
    rng = np.random.default_rng(seed)

    def like(array):
        return rng.normal(size=array.shape).astype(dtype)

    params = tree_map(like, layer.init_params(rng))
    xs = rng.normal(size=(T, B, layer.input_size)).astype(dtype)
    state = layer.init_state(B, dtype)
    dhs = rng.normal(size=(T, B, layer.output_size)).astype(dtype)
    return params, xs, tree_map(like, state), dhs, tree_map(like, state)


def test_a_stack_runs_one_layer_after_the_other(assert_same):
    layer = LAYERS["stack"]
    params, xs, state0, dhs, dstate_T = drawn(layer)
    hs, state_T, tape = ml.forward(layer, params, xs, state0, LENGTHS)
    below = ml.forward(layer.layers[0], params[0], xs, state0[0], LENGTHS)
    above = ml.forward(layer.layers[1], params[1], below.hs, state0[1], LENGTHS)
    assert_same((hs, state_T), (above.hs, (below.state_T, above.state_T)))
    gradients = ml.backward(tape, dhs, dstate_T)
    of_above = ml.backward(above.tape, dhs, dstate_T[1])
    of_below = ml.backward(below.tape, of_above.xs, dstate_T[0])
    assert_same(gradients.params, (of_below.params, of_above.params))
    assert_same(gradients.state0, (of_below.state0, of_above.state0))
    assert_same(gradients.xs, of_below.xs)


def reversed_rows(xs, lengths):
    """Return each row with its live steps in the opposite order, row by row."""
    turned = xs.copy()
    for n, length in enumerate(lengths):
        turned[:length, n] = xs[:length, n][::-1]
    return turned


def test_the_second_direction_reads_each_row_from_its_own_end(assert_same):
    layer = LAYERS["bidirectional"]
    params, xs, state0, dhs, dstate_T = drawn(layer)
    hs, state_T, tape = ml.forward(layer, params, xs, state0, LENGTHS)
    ahead = ml.forward(layer.forward_layer, params.forward, xs, state0.forward, LENGTHS)
    back = ml.forward(
        layer.backward_layer, params.backward, reversed_rows(xs, LENGTHS), state0.backward, LENGTHS
    )
    assert_same(hs[..., :3], ahead.hs)
    assert_same(hs[..., 3:], reversed_rows(back.hs, LENGTHS))
    assert_same(state_T, ml.BidirectionalState(ahead.state_T, back.state_T))
    gradients = ml.backward(tape, dhs, dstate_T)
    of_ahead = ml.backward(ahead.tape, dhs[..., :3].copy(), dstate_T.forward)
    of_back = ml.backward(back.tape, reversed_rows(dhs[..., 3:], LENGTHS), dstate_T.backward)
    assert_same(gradients.params, ml.BidirectionalParams(of_ahead.params, of_back.params))
    assert_same(gradients.xs, of_ahead.xs + reversed_rows(of_back.xs, LENGTHS))


@pytest.mark.parametrize(
    ("merge", "merged"),
    [
        ("concat", lambda a, b: np.concatenate([a, b], axis=-1)),
        ("sum", np.add),
        ("mean", lambda a, b: (a + b) / 2),
        ("mul", np.multiply),
    ],
)
def test_merges(assert_same, merge, merged):
    layer = ml.Bidirectional(ml.LSTM(2, 3), merge=merge)
    params, xs, *_ = drawn(layer)
    back = ml.forward(ml.LSTM(2, 3), params.backward, xs[::-1].copy()).hs[::-1]
    ahead = ml.forward(ml.LSTM(2, 3), params.forward, xs).hs
    hs = ml.forward(layer, params, xs).hs
    assert_same(hs, merged(ahead, back))
    assert hs.shape == (T, B, layer.output_size)


def test_a_residual_adds_its_inputs_where_rows_live(assert_same):
    layer = LAYERS["residual"]
    params, xs, state0, dhs, dstate_T = drawn(layer)
    hs, _, tape = ml.forward(layer, params, xs, state0, LENGTHS)
    inner = ml.forward(layer.layer, params, xs, state0, LENGTHS)
    is_alive = (np.arange(T)[:, None] < LENGTHS)[..., None]
    assert_same(hs, inner.hs + np.where(is_alive, xs, 0))
    gradients, of_inner = ml.backward(tape, dhs, dstate_T), ml.backward(inner.tape, dhs, dstate_T)
    assert_same(gradients.params, of_inner.params)
    assert_same(gradients.xs, of_inner.xs + np.where(is_alive, dhs, 0))


@pytest.fixture(params=LAYERS.values(), ids=LAYERS.keys())
def layer(request):
    return request.param


def test_what_stands_in_the_padding_is_never_read(layer, assert_same):
    params, xs, state0, dhs, dstate_T = drawn(layer)
    padding = np.arange(T)[:, None] >= LENGTHS
    results = []
    for filler in (0.0, np.nan):
        xs[padding], dhs[padding] = filler, filler
        hs, state_T, tape = ml.forward(layer, params, xs, state0, LENGTHS)
        results.append((hs, state_T, ml.backward(tape, dhs, dstate_T)))
        assert not hs[padding].any()
        assert not results[-1][2].xs[padding].any()
    assert_same(*results)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_lengths_of_any_integer_dtype(layer, dtype, assert_same):
    params, xs, *_ = drawn(layer)
    hs = ml.forward(layer, params, xs, lengths=LENGTHS.astype(dtype)).hs
    assert_same(hs, ml.forward(layer, params, xs, lengths=LENGTHS).hs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_have_the_dtype_of_the_parameters(layer, dtype):
    params, xs, state0, dhs, dstate_T = drawn(layer, dtype=dtype)
    hs, state_T, tape = ml.forward(layer, params, xs, state0, LENGTHS)
    gradients = ml.backward(tape, dhs, dstate_T)
    assert {array.dtype for array in leaves((hs, state_T, *gradients))} == {np.dtype(dtype)}


def test_nothing_passed_in_is_changed_and_a_tape_serves_twice(layer, read_only, assert_same):
    given = read_only(drawn(layer))
    params, xs, state0, dhs, dstate_T = given
    hs, state_T, tape = ml.forward(layer, params, xs, state0, LENGTHS)
    first = ml.backward(tape, dhs, dstate_T)
    for array in leaves((hs, state_T)):  # they are the caller's own
        array[...] = np.nan
    assert_same(ml.backward(tape, dhs, dstate_T), first)
    for array in leaves(first):
        assert not any(np.shares_memory(array, other) for other in leaves(given))


def test_no_steps_at_all(layer, assert_same):
    params, xs, state0, dhs, dstate_T = drawn(layer, T=0)
    hs, state_T, tape = ml.forward(layer, params, xs, state0)
    gradients = ml.backward(tape, dhs, dstate_T)
    assert hs.shape == (0, B, layer.output_size)
    assert_same(state_T, state0)
    assert_same(gradients.state0, dstate_T)
    assert not any(array.any() for array in leaves(gradients.params))


def test_cotangents_that_are_left_out_are_zero(layer, assert_same):
    params, xs, state0, dhs, dstate_T = drawn(layer)
    tape = ml.forward(layer, params, xs, state0).tape
    zeros = tree_map(np.zeros_like, dstate_T)
    assert_same(ml.backward(tape, dhs), ml.backward(tape, dhs, zeros))
    assert_same(ml.backward(tape, None, dstate_T), ml.backward(tape, np.zeros_like(dhs), dstate_T))
    if not isinstance(layer, ml.Residual):
        first, second = dstate_T
        half = type(dstate_T)(first, None) if hasattr(dstate_T, "_fields") else (first, None)
        whole = (first, tree_map(np.zeros_like, second))
        whole = type(dstate_T)(*whole) if hasattr(dstate_T, "_fields") else whole
        assert_same(ml.backward(tape, dhs, half), ml.backward(tape, dhs, whole))


def test_index_inputs_are_one_hot_inputs(assert_same):
    layer = LAYERS["bidirectional"]
    params, _, state0, dhs, dstate_T = drawn(layer)
    indices = np.random.default_rng(1).integers(0, 2, (T, B))
    results = []
    for xs in (indices, np.eye(2)[indices]):
        hs, state_T, tape = ml.forward(layer, params, xs, state0, LENGTHS)
        gradients = ml.backward(tape, dhs, dstate_T)
        results.append((hs, state_T, gradients.params, gradients.state0))
    assert ml.backward(ml.forward(layer, params, indices).tape, dhs).xs is None
    assert_same(*results, ulps=16)


def test_a_change_between_forward_and_backward_is_found():
    layer = LAYERS["deep"]
    params, xs, _, dhs, _ = drawn(layer)
    tape = ml.forward(layer, params, xs).tape
    params[0].backward.W_h[0, 0] += 1
    with pytest.raises(ValueError, match=re.escape("params.0.backward.W_h has other values")):
        ml.backward(tape, dhs)


def test_parameters_are_named_by_their_place():
    names = named_leaves(LAYERS["deep"].init_params(np.random.default_rng(0)))
    assert list(names)[:4] == ["0.forward.W_x", "0.forward.W_h", "0.forward.b", "0.backward.W_x"]
    assert "1.0.W_h" in names


def test_layers_are_equal_by_value():
    assert ml.Stack([ml.LSTM(2, 3)]) == ml.Stack((ml.LSTM(2, 3),))
    assert len({ml.Bidirectional(ml.LSTM(2, 3)), ml.Bidirectional(ml.LSTM(2, 3))}) == 1


STACK, BOTH = LAYERS["stack"], LAYERS["bidirectional"]
GOOD = {name: drawn(layer) for name, layer in LAYERS.items()}

BAD = [
    (lambda: ml.Stack([]), TypeError, "layers has the value [], but must be a list of cells or layers, because each reads the outputs of the one before."),
    (lambda: ml.Stack(ml.LSTM(2, 3)), TypeError, "layers has type LSTM, but must be a list of cells or layers, because each reads the outputs of the one before."),
    (lambda: ml.Stack([ml.LSTM]), TypeError, "layers[0] has the class LSTM, but must be a cell, because only an instance has sizes and steps.\nHINT: pass LSTM(...)"),
    (lambda: ml.Stack([ml.LSTM(2, 3), ml.LSTM(4, 3)]), ValueError, "layers[1] has input size 4, but must be 3, because layers[0] gives outputs of that size."),
    (lambda: ml.Stack([ml.Bidirectional(ml.LSTM(2, 3)), ml.LSTM(3, 3)]), ValueError, "layers[1] has input size 3, but must be 6, because layers[0] gives outputs of that size."),
    (lambda: ml.Bidirectional(ml.LSTM(2, 3), merge="ave"), ValueError, "merge has the value 'ave', but must be 'concat' or 'sum' or 'mean' or 'mul', because no other meaning is defined."),
    (lambda: ml.Bidirectional(3), TypeError, "forward_layer has type int without init_state, but must be a cell, because a cell has init_state, step, step_backward."),
    (lambda: ml.Bidirectional(ml.LSTM(2, 3), ml.LSTM(3, 3)), ValueError, "backward_layer has input size 3, but must be 2, because both layers read the same inputs."),
    (lambda: ml.Bidirectional(ml.LSTM(2, 3), ml.LSTM(2, 4), merge="sum"), ValueError, "backward_layer has output size 4, but must be 3, because the merge 'sum' takes outputs of one size."),
    (lambda: ml.Residual(ml.LSTM(2, 3)), ValueError, "layer has output size 3, but must be 2, because its inputs, of that size, are added to its outputs."),
    (lambda: ml.forward(STACK, list(GOOD["stack"][0]), GOOD["stack"][1]), TypeError, "params has type list, but must be of type tuple, because its arrays are read by name."),
    (lambda: ml.forward(STACK, GOOD["stack"][0][:1], GOOD["stack"][1]), ValueError, "params has 1 entries, but must be 2, because each layer has its own parameters."),
    (lambda: ml.forward(STACK, GOOD["stack"][0][::-1], GOOD["stack"][1]), TypeError, "params.0 has type GRUParams, but must be of type LSTMParams, because its arrays are read by name."),
    (lambda: ml.forward(BOTH, tuple(GOOD["bidirectional"][0]), GOOD["bidirectional"][1]), TypeError, "params has type tuple, but must be of type BidirectionalParams, because its arrays are read by name."),
    (lambda: ml.forward(STACK, mixed_precision(), GOOD["stack"][1]), TypeError, "params.1 has dtype float32, but must be float64, because params.0 has dtype float64 and precision is never mixed."),
    (lambda: ml.forward(STACK, GOOD["stack"][0], GOOD["stack"][1][..., :1]), ValueError, "xs has shape (5, 3, 1), but must be (T, B, D) = (5, 3, 2), because the cell has input size D = 2."),
    (lambda: ml.forward(STACK, GOOD["stack"][0], GOOD["stack"][1], GOOD["stack"][2][:1]), TypeError, "state0 has the arrays 0.h, 0.c, but must be 0.h, 0.c, 1.h, because that is the state of the cell."),
    (lambda: ml.forward(LAYERS["residual"], GOOD["residual"][0], np.zeros((T, B), int)), TypeError, "xs has dtype int64, but must be dense (T, B, D), because inputs are added to outputs, and an index is no number to add."),
    (lambda: ml.backward(ml.forward(BOTH, *GOOD["bidirectional"][:2]).tape, np.zeros((T, B, 3))), ValueError, "dhs has shape (5, 3, 3), but must be (T, B, H) = (5, 3, 7), because hs has that shape."),
]  # fmt: skip


def mixed_precision():
    below, above = GOOD["stack"][0]
    return below, tree_map(lambda array: array.astype(np.float32), above)


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=lambda part: None)
def test_bad_input(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
