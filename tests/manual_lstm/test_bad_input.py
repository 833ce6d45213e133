"""Bad input: one table of invalid calls, each with the whole message it must raise."""

# ruff: noqa: E501  (a row of a table is one line: its message can be read and searched as it is)

import re
from types import SimpleNamespace

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import named_leaves

T, B, D, H, K = 4, 2, 3, 5, 6

NOT_GUESSED = "because shapes and dtypes are taken as they are, never guessed."
DIFFERENTIATED = "but must be float64 or float32, because it is differentiated."
INDEX_INPUTS = "but must be (T, B), because integers are index inputs, one for each step and row."
TIME_MAJOR = "but must be (T, B, D), because inputs are time-major batches."


@pytest.fixture
def good() -> SimpleNamespace:
    """Return valid arguments of every public function; a case spoils one of them."""
    rng = np.random.default_rng(0)
    cell = ml.LSTM(D, H)
    params = cell.init_params(rng)
    xs = rng.normal(size=(T, B, D))
    state0 = ml.LSTMState(rng.normal(size=(B, H)), rng.normal(size=(B, H)))
    hs, state_T, tape = ml.forward(cell, params, xs, state0)
    model = ml.CharLM(K, H)
    return SimpleNamespace(
        rng=rng,
        cell=cell,
        params=params,
        xs=xs,
        index=rng.integers(0, D, (T, B)),
        state0=state0,
        lengths=np.array([T, 1]),
        hs=hs,
        dstate_T=state_T,
        tape=tape,
        logits=rng.normal(size=(T, B, K)),
        model=model,
        model_params=model.init_params(rng),
        inputs=rng.integers(0, K, (T, B)),
        targets=rng.integers(0, K, (T, B)),
    )


def forward(good, **changed):
    """Run `ml.forward` on good arguments but for those that are `changed`."""
    arguments = {name: getattr(good, name) for name in ("cell", "params", "xs", "state0")}
    return ml.forward(**{**arguments, **changed})


def cross_entropy(good, **changed):
    return ml.softmax_cross_entropy(**{"logits": good.logits, "targets": good.targets, **changed})


def cross_entropy_backward(good, dloss):
    return ml.softmax_cross_entropy_backward(cross_entropy(good)[1], dloss)


def model_forward(good, **changed):
    arguments = {"params": good.model_params, "inputs": good.inputs, "targets": good.targets}
    return good.model.forward(**{**arguments, **changed})


def at(array, place, value):
    """Return a copy of `array` with `value` at `place`."""
    changed = array.copy()
    changed[place] = value
    return changed


SIZES = [
    ("input_size 0", lambda _: ml.LSTM(0, H), ValueError, "input_size has the value 0, but must be a positive integer, because it is a size."),
    ("hidden_size negative", lambda _: ml.LSTM(D, -1), ValueError, "hidden_size has the value -1, but must be a positive integer, because it is a size."),
    ("input_size True", lambda _: ml.LSTM(True, H), TypeError, "input_size has the value True, but must be a positive integer, because it is a size."),
    ("hidden_size NumPy bool", lambda _: ml.LSTM(D, np.True_), TypeError, "hidden_size has the value np.True_, but must be a positive integer, because it is a size."),
    ("input_size 3.0", lambda _: ml.LSTM(3.0, H), TypeError, "input_size has the value 3.0, but must be a positive integer, because it is a size."),
    ("hidden_size text", lambda _: ml.LSTM(D, "5"), TypeError, "hidden_size has the value '5', but must be a positive integer, because it is a size."),
    ("bias word", lambda _: ml.LSTM(D, H, bias="no"), TypeError, "bias has the value 'no', but must be True or False, because it is a switch."),
    ("vocab_size 0", lambda _: ml.CharLM(0, H), ValueError, "vocab_size has the value 0, but must be a positive integer, because it is a size."),
    ("hidden_size None", lambda _: ml.CharLM(K, None), TypeError, "hidden_size has the value None, but must be a positive integer, because it is a size."),
    ("batch_size negative", lambda good: good.cell.init_state(-1), ValueError, "batch_size has the value -1, but must be an integer of at least 0, because it is a size."),
    ("batch_size 2.0", lambda good: good.model.init_state(2.0), TypeError, "batch_size has the value 2.0, but must be an integer of at least 0, because it is a size."),
    ("seed for rng", lambda good: good.cell.init_params(0), TypeError, "rng has the value 0, but must be a numpy.random.Generator, because the weights are drawn from it.\nHINT: pass np.random.default_rng(0)"),
    ("weights of int", lambda good: good.cell.init_params(good.rng, "int64"), TypeError, "dtype has the value 'int64', but must be float64 or float32, because weights are differentiated."),
    ("weights of nonsense", lambda good: good.model.init_params(good.rng, "real"), TypeError, "dtype has the value 'real', but must be float64 or float32, because weights are differentiated."),
]  # fmt: skip

CELLS = [
    ("class", lambda good: forward(good, cell=ml.LSTM), TypeError, "cell has the class LSTM, but must be a cell, because only an instance has sizes and steps.\nHINT: pass LSTM(...)"),
    ("swapped", lambda good: forward(good, cell=good.params, params=good.cell), TypeError, "cell has type LSTMParams without init_state, but must be a cell, because a cell has init_state, step, step_backward."),
]  # fmt: skip

PARAMS = [
    ("None", lambda good: forward(good, params=None), TypeError, "params has type NoneType, but must be of type LSTMParams, because its arrays are read by name."),
    ("dict", lambda good: forward(good, params=good.params._asdict()), TypeError, "params has type dict, but must be of type LSTMParams, because its arrays are read by name."),
    ("list", lambda good: forward(good, params=list(good.params)), TypeError, "params has type list, but must be of type LSTMParams, because its arrays are read by name."),
    ("no bias", lambda good: forward(good, params=good.params._replace(b=None)), TypeError, "params has the arrays W_x, W_h, but must be W_x, W_h, b, because those are the parameters of the cell."),
    ("bias not wanted", lambda good: forward(good, cell=ml.LSTM(D, H, bias=False)), TypeError, "params has the arrays W_x, W_h, b, but must be W_x, W_h, because those are the parameters of the cell."),
    ("weights a list", lambda good: forward(good, params=good.params._replace(W_x=good.params.W_x.tolist())), TypeError, f"params.W_x has type list, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(params.W_x, dtype=...)"),
    ("weights transposed", lambda good: forward(good, params=good.params._replace(W_x=good.params.W_x.T)), ValueError, "params.W_x has shape (20, 3), but must be (D, 4H) = (3, 20), because the cell has D = 3, H = 5."),
    ("weights of rank 3", lambda good: forward(good, params=good.params._replace(W_h=good.params.W_h[None])), ValueError, "params.W_h has shape (1, 5, 20), but must be (H, 4H) = (5, 20), because the cell has H = 5."),
    ("bias a row", lambda good: forward(good, params=good.params._replace(b=good.params.b[None])), ValueError, "params.b has shape (1, 20), but must be (4H,) = (20,), because the cell has H = 5."),
    ("weights integers", lambda good: forward(good, params=good.params._replace(W_x=good.params.W_x.astype(np.int64))), TypeError, f"params.W_x has dtype int64, {DIFFERENTIATED}\nHINT: pass params.W_x.astype(np.float64)"),
    ("weights strings", lambda good: forward(good, params=good.params._replace(W_h=good.params.W_h.astype(str))), TypeError, f"params.W_h has dtype <U32, {DIFFERENTIATED}"),
    ("weights dates", lambda good: forward(good, params=good.params._replace(b=np.zeros(4 * H, "M8[s]"))), TypeError, f"params.b has dtype datetime64[s], {DIFFERENTIATED}"),
    ("mixed precision", lambda good: forward(good, params=good.params._replace(b=good.params.b.astype(np.float32))), TypeError, "params.b has dtype float32, but must be float64, because params.W_x has dtype float64 and precision is never mixed.\nHINT: pass params.b.astype(np.float64)"),
    ("objects of floats", lambda good: forward(good, params=good.params._replace(W_x=good.params.W_x.astype(object))), TypeError, "params.W_x has dtype object with an entry of type float, but must be float64 or float32, because an object array is for exact numbers that know their own exp and tanh.\nHINT: pass params.W_x.astype(np.float64)"),
    ("objects of None", lambda good: forward(good, params=good.params._replace(b=np.full(4 * H, None))), TypeError, "params.b has dtype object with an entry of type NoneType, but must be float64 or float32, because an object array is for exact numbers that know their own exp and tanh."),
]  # fmt: skip

INPUTS = [
    ("rank 2", lambda good: forward(good, xs=good.xs[0]), ValueError, f"xs has shape (2, 3), {TIME_MAJOR}"),
    ("rank 4", lambda good: forward(good, xs=good.xs[None]), ValueError, f"xs has shape (1, 4, 2, 3), {TIME_MAJOR}"),
    ("other D", lambda good: forward(good, xs=good.xs[..., :2]), ValueError, "xs has shape (4, 2, 2), but must be (T, B, D) = (4, 2, 3), because the cell has input size D = 3."),
    ("list", lambda good: forward(good, xs=good.xs.tolist()), TypeError, f"xs has type list, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(xs, dtype=...)"),
    ("text", lambda good: forward(good, xs="to be"), TypeError, f"xs has type str, but must be a NumPy array, {NOT_GUESSED}"),
    ("integers of rank 3", lambda good: forward(good, xs=good.xs.astype(np.int64)), ValueError, f"xs has dtype int64 and shape (4, 2, 3), {INDEX_INPUTS}\nHINT: for dense inputs: xs.astype(np.float64), shape (T, B, D)"),
    ("booleans", lambda good: forward(good, xs=good.xs > 0), TypeError, f"xs has dtype bool, {DIFFERENTIATED}\nHINT: pass xs.astype(np.float64)"),
    ("strings", lambda good: forward(good, xs=good.xs.astype(str)), TypeError, f"xs has dtype <U32, {DIFFERENTIATED}"),
    ("other precision", lambda good: forward(good, xs=good.xs.astype(np.float32)), TypeError, "xs has dtype float32, but must be float64, because the parameters have dtype float64.\nHINT: pass xs.astype(np.float64)"),
    ("masked", lambda good: forward(good, xs=np.ma.masked_array(good.xs)), TypeError, "xs has type MaskedArray, but must be a plain NumPy array, because its operators mean something else."),
    ("index too large", lambda good: forward(good, xs=at(good.index, (1, 0), D)), ValueError, "xs has the value 3 at [1, 0], but must be between 0 and 2, because the cell has input size D = 3."),
    ("index negative", lambda good: forward(good, xs=at(good.index, (3, 1), -1)), ValueError, "xs has the value -1 at [3, 1], but must be between 0 and 2, because the cell has input size D = 3."),
    ("index at the last living step", lambda good: forward(good, xs=at(good.index, (0, 1), 99), lengths=good.lengths), ValueError, "xs has the value 99 at [0, 1], but must be between 0 and 2, because the cell has input size D = 3."),
    ("index of rank 1", lambda good: forward(good, xs=good.index[:, 0]), ValueError, f"xs has dtype int64 and shape (4,), {INDEX_INPUTS}\nHINT: for dense inputs: xs.astype(np.float64), shape (T, B, D)"),
]  # fmt: skip

SEGMENT = [
    (
        "zero",
        lambda good: forward(good, segment=0),
        ValueError,
        "segment has the value 0, but must be a positive integer, 'auto' or None, because it is a size.",
    ),
    (
        "float",
        lambda good: forward(good, segment=2.0),
        TypeError,
        "segment has the value 2.0, but must be a positive integer, 'auto' or None, because it is a size.",
    ),
    (
        "True",
        lambda good: forward(good, segment=True),
        TypeError,
        "segment has the value True, but must be a positive integer, 'auto' or None, because it is a size.",
    ),
    (
        "another word",
        lambda good: forward(good, segment="sqrt"),
        TypeError,
        "segment has the value 'sqrt', but must be a positive integer, 'auto' or None, because it is a size.",
    ),
    (
        "a layer that reads ahead",
        lambda good: forward(
            good,
            cell=ml.Stack([ml.Bidirectional(good.cell)]),
            params=(ml.BidirectionalParams(good.params, good.params),),
            state0=None,
            segment=2,
        ),
        ValueError,
        "segment has the value 2, but must be None, because a layer that reads the sequence from its end cannot read it in parts.",
    ),
]

LENGTHS = [
    ("too long", lambda good: forward(good, lengths=np.array([0, 5])), ValueError, "lengths has the value 5 at [1], but must be between 0 and 4, because xs has T = 4 steps."),
    ("negative", lambda good: forward(good, lengths=np.array([-1, 4])), ValueError, "lengths has the value -1 at [0], but must be between 0 and 4, because xs has T = 4 steps."),
    ("floats", lambda good: forward(good, lengths=np.array([1.0, 4.0])), TypeError, "lengths has dtype float64, but must be an array of integers, because its entries count steps."),
    ("booleans", lambda good: forward(good, lengths=np.array([True, False])), TypeError, "lengths has dtype bool, but must be an array of integers, because its entries count steps."),
    ("list", lambda good: forward(good, lengths=[1, 4]), TypeError, f"lengths has type list, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(lengths, dtype=...)"),
    ("too many", lambda good: forward(good, lengths=np.array([1, 2, 3])), ValueError, "lengths has shape (3,), but must be (B,) = (2,), because xs has a batch of B = 2."),
    ("mask", lambda good: forward(good, lengths=np.ones((T, B), np.int64)), ValueError, "lengths has shape (4, 2), but must be (B,) = (2,), because xs has a batch of B = 2."),
]  # fmt: skip

STATES = [
    ("tuple", lambda good: forward(good, state0=tuple(good.state0)), TypeError, "state0 has type tuple, but must be of type LSTMState, because that is the state of the cell."),
    ("array", lambda good: forward(good, state0=good.state0.h), TypeError, "state0 has type ndarray, but must be of type LSTMState, because that is the state of the cell."),
    ("field missing", lambda good: forward(good, state0=ml.LSTMState(good.state0.h, None)), TypeError, "state0 has the arrays h, but must be h, c, because that is the state of the cell."),
    ("field a list", lambda good: forward(good, state0=good.state0._replace(c=good.state0.c.tolist())), TypeError, f"state0.c has type list, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(state0.c, dtype=...)"),
    ("one row", lambda good: forward(good, state0=good.state0._replace(h=good.state0.h[:1])), ValueError, "state0.h has shape (1, 5), but must be (B, H) = (2, 5), because xs has a batch of B = 2."),
    ("no batch axis", lambda good: forward(good, state0=good.state0._replace(c=good.state0.c[0])), ValueError, "state0.c has shape (5,), but must be (B, H) = (2, 5), because xs has a batch of B = 2."),
    ("other precision", lambda good: forward(good, state0=good.cell.init_state(B, np.float32)), TypeError, "state0.h has dtype float32, but must be float64, because the parameters have dtype float64.\nHINT: pass state0.h.astype(np.float64)"),
    ("integers", lambda good: forward(good, state0=good.cell.init_state(B, np.int64)), TypeError, "state0.h has dtype int64, but must be float64, because the parameters have dtype float64.\nHINT: pass state0.h.astype(np.float64)"),
]  # fmt: skip

COTANGENTS = [
    ("dhs one step", lambda good: ml.backward(good.tape, good.hs[0]), ValueError, "dhs has shape (2, 5), but must be (T, B, H) = (4, 2, 5), because hs has that shape."),
    ("dhs batch-major", lambda good: ml.backward(good.tape, good.hs.swapaxes(0, 1)), ValueError, "dhs has shape (2, 4, 5), but must be (T, B, H) = (4, 2, 5), because hs has that shape."),
    ("dhs other precision", lambda good: ml.backward(good.tape, good.hs.astype(np.float32)), TypeError, "dhs has dtype float32, but must be float64, because hs has dtype float64.\nHINT: pass dhs.astype(np.float64)"),
    ("dhs integers", lambda good: ml.backward(good.tape, np.ones(good.hs.shape, np.int64)), TypeError, "dhs has dtype int64, but must be float64, because hs has dtype float64.\nHINT: pass dhs.astype(np.float64)"),
    ("dhs scalar", lambda good: ml.backward(good.tape, 1.0), TypeError, f"dhs has type float, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(dhs, dtype=...)"),
    ("dstate_T array", lambda good: ml.backward(good.tape, good.hs, good.hs[-1]), TypeError, "dstate_T has type ndarray, but must be of type LSTMState, because that is the state of the cell."),
    ("dstate_T one row", lambda good: ml.backward(good.tape, good.hs, ml.LSTMState(None, good.dstate_T.c[:1])), ValueError, "dstate_T.c has shape (1, 5), but must be (B, H) = (2, 5), because xs has a batch of B = 2."),
    ("dstate_T other precision", lambda good: ml.backward(good.tape, good.hs, good.cell.init_state(B, np.float32)), TypeError, "dstate_T.h has dtype float32, but must be float64, because the parameters have dtype float64.\nHINT: pass dstate_T.h.astype(np.float64)"),
    ("tape a whole result", lambda good: ml.backward(forward(good), good.hs), TypeError, "tape has type Forward, but must be of type Tape, because it is made by forward.\nHINT: pass the third result of forward"),
    ("tape None", lambda good: ml.backward(None, good.hs), TypeError, "tape has type NoneType, but must be of type Tape, because it is made by forward."),
    ("tape of the LSTM alone", lambda good: good.model.backward(good.tape), TypeError, "tape has type Tape, but must be of type CharLMTape, because it is made by CharLM.forward."),
]  # fmt: skip

LOSSES = [
    ("reduction word", lambda good: cross_entropy(good, reduction="none"), ValueError, "reduction has the value 'none', but must be 'mean' or 'sum', because no other meaning is defined."),
    ("reduction None", lambda good: model_forward(good, reduction=None), ValueError, "reduction has the value None, but must be 'mean' or 'sum', because no other meaning is defined."),
    ("reduction array", lambda good: cross_entropy(good, reduction=np.array([1, 2])), ValueError, "reduction has the value array([1, 2]), but must be 'mean' or 'sum', because no other meaning is defined."),
    ("target too large", lambda good: cross_entropy(good, targets=at(good.targets, (2, 1), K)), ValueError, "targets has the value 6 at [2, 1], but must be between 0 and 5, because logits has K = 6 classes."),
    ("target negative", lambda good: cross_entropy(good, targets=at(good.targets, (0, 0), -1)), ValueError, "targets has the value -1 at [0, 0], but must be between 0 and 5, because logits has K = 6 classes."),
    ("targets one-hot", lambda good: cross_entropy(good, targets=np.eye(K)[good.targets]), TypeError, "targets has dtype float64, but must be an array of integers, because its entries are classes."),
    ("targets int", lambda good: cross_entropy(good, targets=1), TypeError, f"targets has type int, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(targets, dtype=...)"),
    ("targets shape", lambda good: cross_entropy(good, targets=good.targets[1:]), ValueError, "targets has shape (3, 2), but must be (...) = (4, 2), because logits has shape (4, 2, 6)."),
    ("logits integers", lambda good: cross_entropy(good, logits=good.logits.astype(np.int64)), TypeError, f"logits has dtype int64, {DIFFERENTIATED}\nHINT: pass logits.astype(np.float64)"),
    ("logits list", lambda good: cross_entropy(good, logits=good.logits.tolist()), TypeError, f"logits has type list, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(logits, dtype=...)"),
    ("logits scalar", lambda good: cross_entropy(good, logits=np.array(1.0)), ValueError, "logits has shape (), but must be (..., K), because the last axis holds the scores of K classes."),
    ("no class", lambda good: cross_entropy(good, logits=good.logits[..., :0]), ValueError, "logits has shape (4, 2, 0), but must be (..., K) with K >= 1, because softmax needs a class."),
    ("mean of nothing", lambda good: cross_entropy(good, logits=good.logits[:0], targets=good.targets[:0]), ValueError, "targets has no entry, but must be at least one, because the mean of nothing is undefined."),
    ("dloss array", lambda good: cross_entropy_backward(good, np.ones(K)), ValueError, "dloss has shape (6,), but must be a scalar, because it is the cotangent of the loss."),
    ("dloss word", lambda good: cross_entropy_backward(good, "mean"), TypeError, "dloss has the value 'mean', but must be a number, because it is the cotangent of the loss."),
    ("dloss None", lambda good: cross_entropy_backward(good, None), TypeError, "dloss has the value None, but must be a number, because it is the cotangent of the loss."),
]  # fmt: skip

MODEL = [
    ("params of the LSTM", lambda good: model_forward(good, params=good.params), TypeError, "params has type LSTMParams, but must be of type CharLMParams, because its arrays are read by name."),
    ("V transposed", lambda good: model_forward(good, params=good.model_params._replace(V=good.model_params.V.T)), ValueError, "params.V has shape (6, 5), but must be (H, K) = (5, 6), because the model has H = 5, K = 6."),
    ("V None", lambda good: model_forward(good, params=good.model_params._replace(V=None)), TypeError, f"params.V has type NoneType, but must be a NumPy array, {NOT_GUESSED}"),
    ("V other precision", lambda good: model_forward(good, params=good.model_params._replace(V=good.model_params.V.astype(np.float32))), TypeError, "params.V has dtype float32, but must be float64, because params.W_x has dtype float64.\nHINT: pass params.V.astype(np.float64)"),
    ("W_x list", lambda good: model_forward(good, params=good.model_params._replace(W_x=good.model_params.W_x.tolist())), TypeError, f"params.W_x has type list, but must be a NumPy array, {NOT_GUESSED}\nHINT: pass np.asarray(params.W_x, dtype=...)"),
    ("W_h shape", lambda good: model_forward(good, params=good.model_params._replace(W_h=good.model_params.W_h[:1])), ValueError, "params.W_h has shape (1, 20), but must be (H, 4H) = (5, 20), because the cell has H = 5."),
    ("inputs floats", lambda good: model_forward(good, inputs=good.inputs.astype(float)), TypeError, "inputs has dtype float64, but must be an array of integers, because its entries are characters."),
    ("inputs text", lambda good: model_forward(good, inputs="to be"), TypeError, f"inputs has type str, but must be a NumPy array, {NOT_GUESSED}"),
    ("inputs of rank 1", lambda good: model_forward(good, inputs=good.inputs[:, 0]), ValueError, "inputs has shape (4,), but must be (T, B), because a character stands for each step and row."),
    ("input out of range", lambda good: model_forward(good, inputs=at(good.inputs, (3, 0), K)), ValueError, "inputs has the value 6 at [3, 0], but must be between 0 and 5, because the model has K = 6 characters."),
    ("target out of range", lambda good: model_forward(good, targets=at(good.targets, (0, 1), -2)), ValueError, "targets has the value -2 at [0, 1], but must be between 0 and 5, because the model has K = 6 characters."),
    ("targets shorter", lambda good: model_forward(good, targets=good.targets[1:]), ValueError, "targets has shape (3, 2), but must be (T, B) = (4, 2), because inputs has that shape."),
    ("state of another batch", lambda good: model_forward(good, state0=good.model.init_state(1)), ValueError, "state0.h has shape (1, 5), but must be (B, H) = (2, 5), because xs has a batch of B = 2."),
    ("mean of no character", lambda good: model_forward(good, inputs=good.inputs[:0], targets=good.targets[:0]), ValueError, "targets has no entry, but must be at least one, because the mean of nothing is undefined."),
]  # fmt: skip

TABLES = {
    "size": SIZES,
    "cell": CELLS,
    "params": PARAMS,
    "xs": INPUTS,
    "segment": SEGMENT,
    "lengths": LENGTHS,
    "state0": STATES,
    "cotangent": COTANGENTS,
    "loss": LOSSES,
    "model": MODEL,
}
CALLS = [
    pytest.param(call, error, message, id=f"{table}: {title}")
    for table, rows in TABLES.items()
    for title, call, error, message in rows
]


def contents(good: SimpleNamespace) -> dict[str, bytes]:
    """Return the bytes of every array that a call could have reached."""
    arrays = named_leaves(vars(good))
    arrays |= named_leaves({"tape": (good.tape.params, good.tape.xs, good.tape.state0)})
    return {
        name: array.tobytes() for name, array in arrays.items() if isinstance(array, np.ndarray)
    }


@pytest.mark.parametrize(("call", "error", "message"), CALLS)
def test_invalid_call_is_refused_and_changes_nothing(good, call, error, message):
    before = contents(good)
    assert len(before) > 20
    with pytest.raises(error) as caught:
        call(good)
    assert str(caught.value) == message
    assert type(caught.value) is error
    assert contents(good) == before


@pytest.mark.parametrize(("call", "error", "message"), CALLS)
def test_message_is_one_sentence_and_perhaps_a_hint(call, error, message):
    pattern = r"[\w.]+ has .+, but must be .+, because .+[^.]\.(\nHINT: [^\n]+[^.])?"
    assert re.fullmatch(pattern, message), message


def test_good_arguments_are_good(good):
    """The table spoils one thing at a time only if nothing is spoilt to begin with."""
    forward(good)
    forward(good, xs=good.index)
    forward(good, lengths=good.lengths)
    ml.backward(good.tape, good.hs, good.dstate_T)
    cross_entropy_backward(good, 1)
    good.model.backward(model_forward(good).tape)
