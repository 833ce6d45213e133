"""Layouts of others: there and back is exact, gradients move as the parameters do."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.trees import leaves, named_leaves, tree_map


def both(name: str, takes_gradients: bool, **options):
    """Return functions to and from a layout that all take the argument `gradients`."""
    to, back = getattr(layouts, f"to_{name}"), getattr(layouts, f"from_{name}")
    if takes_gradients:
        return to, partial(back, **options)
    return (lambda params, gradients=False: to(params)), (
        lambda named, gradients=False: back(named)
    )


def nnx_gates():
    """Return functions to and from the layout of nnx.LSTMCell."""
    return (
        lambda params, gradients=False: layouts.to_flax_nnx(params, optimized=False),
        lambda named, gradients=False: layouts.from_flax_nnx(named),
    )


# By layout and cell: the functions, and whether they know the cell without a bias.
GRU_BEFORE = ml.GRUResetBefore
CASES = {
    "torch LSTM": (ml.LSTM, *both("torch", True), True),
    "torch GRU": (ml.GRU, *both("torch", True), True),
    "torch RNN": (ml.RNN, *both("torch", True), True),
    "torch LSTMP": (partial(ml.LSTMP, projection_size=3), *both("torch", True), True),
    "keras LSTM": (ml.LSTM, *both("keras", True), True),
    "keras GRU": (ml.GRU, *both("keras", True), True),
    "keras GRUResetBefore": (GRU_BEFORE, *both("keras", True, reset_after=False), True),
    "keras RNN": (ml.RNN, *both("keras", True), True),
    "flax LSTM": (ml.LSTM, *both("flax", False), False),
    "flax GRU": (ml.GRU, *both("flax", False), False),
    "flax RNN": (ml.RNN, *both("flax", False), False),
    "flax_nnx LSTM": (ml.LSTM, *both("flax_nnx", False), False),
    "flax_nnx LSTM, a matrix a gate": (ml.LSTM, *nnx_gates(), False),
    "flax_nnx RNN": (ml.RNN, *both("flax_nnx", False), False),
    "haiku LSTM": (ml.LSTM, *both("haiku", True), False),
    "haiku GRUResetBefore": (GRU_BEFORE, *both("haiku", True), False),
    "haiku RNN": (ml.RNN, *both("haiku", True), False),
    "equinox LSTM": (ml.LSTM, *both("equinox", False), True),
    "equinox GRU": (ml.GRU, *both("equinox", False), True),
    "onnx LSTM": (ml.LSTM, *both("onnx", True), True),
    "onnx PeepholeLSTM": (ml.PeepholeLSTM, *both("onnx", True), False),
    "onnx GRU": (ml.GRU, *both("onnx", True, linear_before_reset=1), True),
    "onnx GRUResetBefore": (GRU_BEFORE, *both("onnx", True), True),
    "onnx RNN": (ml.RNN, *both("onnx", True), True),
    "cs231n LSTM": (ml.LSTM, *both("cs231n", False), False),
    "ifog LSTM": (ml.LSTM, *both("ifog", False), False),
    "columns LSTM": (ml.LSTM, *both("columns", False), False),
}
# A plain RNN's are a matrix (H, H) and one (D, H): whose, cannot be told.
UNRECOGNIZED = ("flax RNN", "haiku GRUResetBefore", "haiku RNN", "torch LSTMP")
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)
# Every case is asked by every test: together they are many.
FEW = settings(max_examples=max(1, settings.default.max_examples // 10))
dtypes = st.sampled_from([np.float64, np.float32])


def draw(cell, seed: int, dtype=np.float64):
    """Draw parameters of order one, biases too."""
    rng = np.random.default_rng(seed)
    return tree_map(
        lambda like: rng.normal(size=like.shape).astype(dtype), cell.init_params(rng, dtype)
    )


def without_bias(params):
    return params._replace(**{name: None for name in ("b", "b_hn") if name in params._fields})


def with_zeros(params, like):
    """Return `params` with zeros for biases that are None."""
    zeros = {name: np.zeros_like(array) for name, array in like._asdict().items()}
    return params._replace(**{name: zeros[name] for name, array in params._asdict().items()
                              if array is None})  # fmt: skip


def arrays_in(weights) -> list[np.ndarray]:
    """Return the arrays of a layout, which may be a list, a mapping of mappings or one array."""
    if isinstance(weights, np.ndarray):
        return [weights]
    return leaves(tuple(weights) if isinstance(weights, list) else weights)


@pytest.mark.parametrize("case", CASES)
@FEW
@given(D=sizes, H=sizes, bias=st.booleans(), seed=seeds, dtype=dtypes, gradients=st.booleans())
def test_there_and_back_is_exact(case, D, H, bias, seed, dtype, gradients):
    cell, to, back, knows_no_bias = CASES[case]
    params = full = draw(cell(D, H), seed, dtype)
    if not bias and case != "onnx PeepholeLSTM":
        params = without_bias(params)
    returned = back(to(params, gradients=gradients), gradients=gradients)
    assert type(returned) is type(params)
    expected = params if knows_no_bias else with_zeros(params, full)
    for place, array in expected._asdict().items():
        other = getattr(returned, place)
        if array is None:
            assert other is None
            continue
        assert other.dtype == dtype
        if case == "haiku LSTM" and place == "b" and not gradients:
            # (b - 1) + 1 is rounded twice, each time by half an ulp of a number near b or 1
            ulp = np.spacing(np.maximum(np.abs(array), 1) + 1)
            assert (np.abs(other - array) <= ulp).all()
            others = np.r_[0:H, 2 * H : 4 * H]
            other, array = other[others], array[others]
        np.testing.assert_array_equal(other, array)


@pytest.mark.parametrize("case", CASES)
@FEW
@given(D=sizes, H=sizes, seed=seeds)
def test_back_and_there_is_exact(case, D, H, seed):
    """From theirs to ours and again theirs, where theirs says nothing that ours cannot."""
    cell, to, back, _ = CASES[case]
    theirs = to(draw(cell(D, H), seed), gradients=True)
    again = to(back(theirs, gradients=True), gradients=True)
    for one, other in zip(arrays_in(theirs), arrays_in(again), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("case", CASES)
@FEW
@given(D=sizes, H=sizes, seed=seeds)
def test_gradients_go_the_way_opposite_to_parameters(case, D, H, seed):
    """⟨to(gradient), their step⟩ = ⟨gradient, our step⟩ for every step of their parameters."""
    cell, to, back, _ = CASES[case]
    gradient = draw(cell(D, H), seed)
    theirs = to(draw(cell(D, H), seed + 1))
    rng = np.random.default_rng(seed)
    step = _map(lambda like: rng.normal(size=like.shape), theirs)
    zeros = _map(np.zeros_like, theirs)
    ours = [a - b for a, b in zip(leaves(back(step)), leaves(back(zeros)), strict=True)]
    left = sum(
        (a * b).sum()
        for a, b in zip(arrays_in(to(gradient, gradients=True)), arrays_in(step), strict=True)
    )
    products = [a * b for a, b in zip(leaves(gradient), ours, strict=True)]
    right = sum(product.sum() for product in products)
    scale = sum(np.abs(product).sum() for product in products)
    assert abs(left - right) <= 32 * np.finfo(float).eps * (scale + H)


def _map(function, weights):
    if isinstance(weights, list):
        return [function(array) for array in weights]
    return function(weights) if isinstance(weights, np.ndarray) else tree_map(function, weights)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_shared_and_nothing_changed(case, read_only):
    cell, to, back, _ = CASES[case]
    params = read_only(draw(cell(3, 5), 0))
    theirs = to(params)
    for array in arrays_in(theirs):
        assert not any(np.shares_memory(array, own) for own in leaves(params))
        assert array.flags.writeable
        assert array.flags.c_contiguous
        array.flags.writeable = False
    for array in leaves(back(theirs)):
        assert not any(np.shares_memory(array, other) for other in arrays_in(theirs))
        assert array.flags.writeable


def test_every_entry_is_where_the_framework_has_it():
    """Each weight is a number that tells its gate, unit and source; written out by hand."""
    H, D = 2, 3
    params = ml.LSTMParams(
        W_x=np.array([[10 * gate + unit + d / 10 for gate in range(4) for unit in range(H)]
                      for d in range(D)]),
        W_h=np.array([[10 * gate + unit + k / 100 for gate in range(4) for unit in range(H)]
                      for k in range(H)]),
        b=np.array([0.0, 1, 10, 11, 20, 21, 30, 31]),  # i, f, g, o
    )  # fmt: skip
    torch = layouts.to_torch(params, prefix="lstm.")
    assert list(torch) == [f"lstm.{part}_l0" for part in
                           ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]  # fmt: skip
    assert torch["lstm.weight_ih_l0"][2 * 1 + 1, 2] == 11.2  # gate f, unit 1, input 2
    onnx = layouts.to_onnx(params)
    assert onnx["B"][0].tolist() == [0, 1, 30, 31, 10, 11, 20, 21, *[0] * 8]  # i, o, f, c
    assert onnx["R"][0, 2 * 1, 1] == 30.01  # gate o, unit 0, from unit 1
    assert layouts.to_haiku(params)["b"].tolist() == [0, 1, 20, 21, 9, 10, 30, 31]  # i, g, f - 1, o
    assert layouts.to_haiku(params)["w"][3 + 1, 2] == 20.01  # gate g, unit 0, from unit 1
    assert layouts.to_ifog(params)[0].tolist() == [0, 1, 10, 11, 30, 31, 20, 21]  # i, f, o, g
    assert layouts.to_cs231n(params)["Wx"][2].tolist() == [0.2, 1.2, 10.2, 11.2, 30.2, 31.2,
                                                           20.2, 21.2]  # fmt: skip
    assert layouts.to_columns(params)["Wc"][1].tolist() == [21, 21.01, 21, 21.1, 21.2]  # h, then x
    assert layouts.to_columns(params)["bo"].tolist() == [[30], [31]]
    assert layouts.to_flax(params)["hg"]["kernel"].tolist() == [[20, 21], [20.01, 21.01]]


@FEW
@given(D=sizes, H=sizes, bias=st.booleans(), seed=seeds, dtype=dtypes)
def test_a_gru_of_nnx_is_one_without_b_hn(D, H, bias, seed, dtype):
    full = draw(ml.GRU(D, H), seed, dtype)
    params = full._replace(b_hn=np.zeros_like(full.b_hn))
    given = params if bias else without_bias(params)
    expected = params if bias else with_zeros(given, params)
    returned = layouts.from_flax_nnx(layouts.to_flax_nnx(given))
    assert type(returned) is ml.GRUParams
    for array, other in zip(expected, returned, strict=True):
        np.testing.assert_array_equal(array, other)
        assert array.dtype == other.dtype
    theirs = layouts.to_flax_nnx(full, gradients=True)
    assert same(theirs, layouts.to_flax_nnx(params))
    assert same(layouts.to_flax_nnx(layouts.from_flax_nnx(theirs)), theirs)
    with pytest.raises(ValueError, match="b_hn has entries that are not zero"):
        layouts.to_flax_nnx(full)


def test_torch_biases_are_added_and_share_a_gradient():
    params = draw(ml.LSTM(3, 5), 0)
    named = layouts.to_torch(params)
    named["bias_hh_l0"] = named["bias_hh_l0"] + 2
    np.testing.assert_array_equal(layouts.from_torch(named).b, params.b + 2)
    gradient = layouts.to_torch(params, gradients=True)
    np.testing.assert_array_equal(gradient["bias_hh_l0"], params.b)


def same(one, other) -> bool:
    """Tell whether two trees are of the same kind and equal in every array."""
    one, other = ({"tree": tree} for tree in (one, other))
    names = named_leaves(one)
    return list(names) == list(named_leaves(other)) and all(
        np.array_equal(array, named_leaves(other)[name]) for name, array in names.items()
    )


@pytest.mark.parametrize("cell", [ml.LSTM, ml.GRU, ml.RNN])
def test_a_stack_of_two_directions_in_torch(cell):
    model = ml.Stack((ml.Bidirectional(cell(3, 5)), ml.Bidirectional(cell(10, 4))))
    params = draw(model, 0)
    named = layouts.to_torch(params, prefix="rnn.")
    assert len(named) == 16
    assert "rnn.bias_hh_l1_reverse" in named
    returned = layouts.from_torch({**named, "head.weight": np.zeros((2, 8))}, prefix="rnn.")
    assert isinstance(returned, tuple)
    assert isinstance(returned[1], ml.BidirectionalParams)
    assert same(returned, params)


def test_two_directions_of_keras_and_onnx():
    params = draw(ml.Bidirectional(ml.GRU(3, 5)), 0)
    listed = layouts.to_keras(params)
    assert [array.shape for array in listed] == [(3, 15), (5, 15), (2, 15)] * 2
    assert same(layouts.from_keras(listed), params)
    named = layouts.to_onnx(params)
    assert {name: array.shape for name, array in named.items()} == {
        "W": (2, 15, 3),
        "R": (2, 15, 5),
        "B": (2, 30),
    }
    assert same(layouts.from_onnx(named, linear_before_reset=1), params)


@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("cell", [ml.LSTM, ml.GRU])
def test_data_of_onnx(layout, cell):
    model = ml.Bidirectional(cell(3, 5))
    rng = np.random.default_rng(0)
    xs, state = rng.normal(size=(4, 2, 3)), draw_state(model, 2)
    data = layouts.to_onnx_data(xs, state, np.array([4, 2]), layout=layout)
    assert data["X"].shape == ((2, 4, 3) if layout else (4, 2, 3))
    np.testing.assert_array_equal(
        data["initial_h"][:, 1] if layout else data["initial_h"][1], state.backward.h
    )
    assert data["sequence_lens"].dtype == np.int32
    hs = rng.normal(size=(4, 2, 10))
    parts = np.stack(np.split(hs, 2, axis=-1))  # (N, T, B, H)
    Y = np.einsum("ntbh->btnh" if layout else "ntbh->tnbh", parts)
    returned, state_T = layouts.from_onnx_data(
        Y, data["initial_h"], data.get("initial_c"), layout=layout
    )
    np.testing.assert_array_equal(returned, hs)
    assert type(state_T) is type(state)
    assert same(state_T, state)


@pytest.mark.parametrize("layout", [0, 1])
def test_data_of_one_direction(layout):
    state = draw_state(ml.LSTM(3, 5), 2)
    data = layouts.to_onnx_data(np.zeros((4, 2, 3)), state, layout=layout)
    assert list(data) == ["X", "initial_h", "initial_c"]
    assert data["initial_c"].shape == ((2, 1, 5) if layout else (1, 2, 5))
    Y = np.zeros((2, 4, 1, 5) if layout else (4, 1, 2, 5))
    hs, state_T = layouts.from_onnx_data(Y, data["initial_h"], data["initial_c"], layout=layout)
    assert hs.shape == (4, 2, 5)
    assert same(state_T, state)


def draw_state(model, batch_size: int):
    rng = np.random.default_rng(1)
    return tree_map(lambda like: rng.normal(size=like.shape), model.init_state(batch_size))


@pytest.mark.parametrize("cell", [ml.GRU, ml.GRUResetBefore])
@pytest.mark.parametrize("bias", [True, False])
def test_the_other_update_gate_is_the_same_function(cell, bias):
    """And its gradient is the one of the weights that were negated."""
    keeps, replaces = (cell(3, 5, bias=bias, update_gate=gate) for gate in ("keeps", "replaces"))
    params = draw(keeps, 0)
    other = layouts.other_update_gate(params)
    xs = np.random.default_rng(2).normal(size=(4, 2, 3))
    hs, _, tape = ml.forward(keeps, params, xs)
    other_hs, _, other_tape = ml.forward(replaces, other, xs)
    np.testing.assert_allclose(other_hs, hs, rtol=0, atol=1e-14)
    gradient = ml.backward(tape, hs).params
    other_gradient = layouts.other_update_gate(ml.backward(other_tape, other_hs).params)
    for one, two in zip(leaves(gradient), leaves(other_gradient), strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if case not in UNRECOGNIZED])
@FEW
@given(D=sizes, H=st.integers(2, 6), seed=seeds)
def test_each_layout_is_recognized(case, D, H, seed):
    cell, to, *_ = CASES[case]
    assert case.split()[0] in layouts.recognize(to(draw(cell(D, H), seed)))


def weights_in(name: str, D: int = 3, H: int = 5):
    return CASES[f"{name} LSTM"][1](draw(ml.LSTM(D, H), 0))


RENAMED = {"weight_ih_l0": weights_in("keras")[0], "weight_hh_l0": weights_in("keras")[1]}
WRONG = {
    "Keras's given to torch": (
        lambda: layouts.from_torch(RENAMED),
        "weight_hh_l0 has shape (5, 20), but must be (4H, H) = (80, 20), because that is its "
        "shape in the layout of torch.\nHINT: these shapes are those of keras or cs231n or "
        "flax_nnx or manual_lstm: use layouts.from_keras or from_cs231n or from_flax_nnx",
    ),
    "torch's given to Keras": (
        lambda: layouts.from_keras(list(weights_in("torch").values())[:3]),
        "recurrent_kernel has shape (20, 5), but must be (H, 4H) = (20, 80), because that is its "
        "shape in the layout of keras.\nHINT: these shapes are those of torch or equinox: use "
        "layouts.from_torch or from_equinox",
    ),
    "ONNX's given to Haiku": (
        lambda: layouts.from_haiku(weights_in("onnx")),
        "named has the names W, R, B, but must be named w, b, because those are the arrays of one "
        "layer in the layout of haiku.\nHINT: these shapes are those of onnx: use "
        "layouts.from_onnx",
    ),
    "Haiku's given to IFOG": (
        lambda: layouts.from_ifog(weights_in("haiku")["w"][:5]),
        "matrix has shape (5, 20), but must be (1+D+H, 4H) = (5, 20)",
    ),
    "a layer is missing": (
        lambda: layouts.from_torch({"weight_ih_l2": np.zeros((20, 3))}),
        "named has the layers 0, 2, but must be layers 0, 1, 2, ..., because each layer reads the "
        "one below it.",
    ),
    "another prefix": (
        lambda: layouts.from_torch(weights_in("torch"), prefix="lstm."),
        "named has the names (none), but must be named weight_ih_l0, weight_hh_l0, and optionally "
        "weight_hr_l0, because those are the arrays of one layer in the layout of torch.",
    ),
    "one bias of two": (
        lambda: layouts.from_torch({**RENAMED, "bias_ih_l0": np.zeros(20)}),
        "named has the names weight_ih_l0, weight_hh_l0, bias_ih_l0, but must be named",
    ),
    "no mapping": (
        lambda: layouts.from_torch(weights_in("keras")),
        "named has type list, but must be a mapping of names to arrays",
    ),
    "another dtype": (
        lambda: layouts.from_keras([*weights_in("keras")[:2], np.zeros(20, np.float32)]),
        "bias has dtype float32, but must be float64, because kernel has dtype float64.",
    ),
    "a bias that does not fit": (
        lambda: layouts.from_keras([*weights_in("keras")[:2], np.zeros(15)]),
        "bias has shape (15,), but must be (4H,) = (20,), because that is its shape in the layout "
        "of keras.",
    ),
    "no parameters of ours": (
        lambda: layouts.to_torch(weights_in("keras")),
        "params has type list, but must be of type LSTMParams or GRUParams or RNNParams or "
        "LSTMPParams, because the layout of torch has these cells.",
    ),
    "a cell that it lacks": (
        lambda: layouts.to_ifog(draw(ml.GRU(3, 5), 0)),
        "params has type GRUParams, but must be of type LSTMParams, because the layout of ifog "
        "has these cells.",
    ),
    "a GRU of the other kind": (
        lambda: layouts.from_keras(layouts.to_keras(draw(ml.GRU(3, 5), 0)), reset_after=False),
        "bias has shape (2, 15), but must be (3H,), because that is its shape in the layout of "
        "keras.",
    ),
    "ours, transposed": (
        lambda: layouts.to_keras(ml.LSTMParams(np.zeros((20, 3)), np.zeros((20, 5)), None)),
        "W_h has shape (20, 5), but must be (H, 4H) = (20, 80)",
    ),
    "a tensor": (
        lambda: layouts.from_keras([Tensor(), Tensor()]),
        "kernel has type Tensor, but must be a NumPy array, because layouts are rearranged in "
        "NumPy alone.\nHINT: pass kernel.detach().cpu().numpy()",
    ),
    "three directions": (
        lambda: layouts.from_onnx({"W": np.zeros((3, 20, 2)), "R": np.zeros((3, 20, 5))}),
        "W has N = 3, but must be N = 1 or 2, because there are two directions.",
    ),
    "no switch": (
        lambda: layouts.from_onnx(weights_in("onnx"), linear_before_reset=2),
        "linear_before_reset has the value 2, but must be 0 or 1",
    ),
    "layout of ONNX": (
        lambda: layouts.to_onnx_data(np.zeros((2, 3, 4)), layout=2),
        "layout has the value 2, but must be 0 or 1",
    ),
    "one direction without bias": (
        lambda: layouts.to_onnx(
            ml.BidirectionalParams(draw(ml.LSTM(3, 5), 0), draw(ml.LSTM(3, 5, bias=False), 0))
        ),
        "params.backward has ('LSTMParams', {'W': (20, 3), 'R': (20, 5)}), but must be like",
    ),
}


class Tensor:
    """Something like torch's: no NumPy array, but it can become one."""

    shape = (3, 20)

    def __array__(self):
        raise AssertionError

    def detach(self):
        raise AssertionError


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_refused(case):
    call, message = WRONG[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_forward_says_whose_weights_it_was_given():
    theirs = ml.LSTMParams(*weights_in("equinox").values())
    with pytest.raises(ValueError, match=r"params\.W_x has shape") as caught:
        ml.forward(ml.LSTM(3, 5), theirs, np.zeros((4, 2, 3)))
    assert str(caught.value) == (
        "params.W_x has shape (20, 3), but must be (D, 4H) = (3, 20), because the cell has D = 3, "
        "H = 5.\nHINT: these shapes are those of torch or equinox: use layouts.from_torch or "
        "from_equinox"
    )
