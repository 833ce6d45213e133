"""Layouts of others: there and back is exact, gradients move as the parameters do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.trees import leaves, named_leaves, tree_map


def both(name: str, takes_gradients: bool):
    """Return functions to and from a layout that all take the argument `gradients`."""
    to, back = getattr(layouts, f"to_{name}"), getattr(layouts, f"from_{name}")
    if takes_gradients:
        return to, back
    return (lambda params, gradients=False: to(params)), (
        lambda named, gradients=False: back(named)
    )


LAYOUTS = {
    "torch": both("torch", True),
    "keras": both("keras", False),
    "flax": both("flax", False),
    "haiku": both("haiku", True),
    "equinox": both("equinox", False),
    "onnx": both("onnx", True),
    "cs231n": both("cs231n", False),
    "ifog": both("ifog", False),
}
WITHOUT_BIAS = ("torch", "keras", "equinox", "onnx")
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float64, np.float32])


def draw(cell: ml.LSTM, seed: int, dtype=np.float64) -> ml.LSTMParams:
    rng = np.random.default_rng(seed)
    return tree_map(
        lambda like: rng.normal(size=like.shape).astype(dtype), cell.init_params(rng, dtype)
    )


def arrays_in(weights) -> list[np.ndarray]:
    """Return the arrays of a layout, which may be a list, a mapping of mappings or one array."""
    if isinstance(weights, np.ndarray):
        return [weights]
    return leaves(tuple(weights) if isinstance(weights, list) else weights)


@pytest.mark.parametrize("name", LAYOUTS)
@given(D=sizes, H=sizes, bias=st.booleans(), seed=seeds, dtype=dtypes, gradients=st.booleans())
def test_there_and_back_is_exact(name, D, H, bias, seed, dtype, gradients):
    to, back = LAYOUTS[name]
    params = draw(ml.LSTM(D, H, bias=bias), seed, dtype)
    returned = back(to(params, gradients=gradients), gradients=gradients)
    if not bias and name not in WITHOUT_BIAS:
        params = params._replace(b=np.zeros(4 * H, dtype))
    for place, array in named_leaves(params).items():
        other = getattr(returned, place)
        assert other.dtype == dtype
        if name == "haiku" and place == "b" and not gradients:
            # (b - 1) + 1 is rounded twice, each time by at most half an ulp of a number near b or 1
            ulp = np.spacing(np.maximum(np.abs(array), 1) + 1)
            assert (np.abs(other - array) <= ulp).all()
            others = np.r_[0:H, 2 * H : 4 * H]
            other, array = other[others], array[others]
        np.testing.assert_array_equal(other, array)
    assert (returned.b is None) == (params.b is None)


@pytest.mark.parametrize("name", LAYOUTS)
@given(D=sizes, H=sizes, seed=seeds)
def test_back_and_there_is_exact(name, D, H, seed):
    """From theirs to ours and again theirs, where theirs says nothing that ours cannot."""
    to, back = LAYOUTS[name]
    theirs = to(draw(ml.LSTM(D, H), seed), gradients=True)
    again = to(back(theirs, gradients=True), gradients=True)
    for one, other in zip(arrays_in(theirs), arrays_in(again), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", LAYOUTS)
@given(D=sizes, H=sizes, seed=seeds)
def test_gradients_go_the_way_opposite_to_parameters(name, D, H, seed):
    """⟨to(gradient), their step⟩ = ⟨gradient, our step⟩ for every step of their parameters."""
    to, back = LAYOUTS[name]
    cell = ml.LSTM(D, H)
    gradient = draw(cell, seed)
    theirs = to(draw(cell, seed + 1))
    rng = np.random.default_rng(seed)
    zeros = to(tree_map(np.zeros_like, gradient), gradients=True)
    step = _map(lambda like: rng.normal(size=like.shape), theirs)
    ours = [a - b for a, b in zip(leaves(back(step)), leaves(back(zeros)), strict=True)]
    left = sum(
        (a * b).sum()
        for a, b in zip(arrays_in(to(gradient, gradients=True)), arrays_in(step), strict=True)
    )
    right = sum((a * b).sum() for a, b in zip(leaves(gradient), ours, strict=True))
    scale = sum(np.abs(a * b).sum() for a, b in zip(leaves(gradient), ours, strict=True))
    assert abs(left - right) <= 32 * np.finfo(float).eps * (scale + H)


def _map(function, weights):
    if isinstance(weights, list):
        return [function(array) for array in weights]
    return function(weights) if isinstance(weights, np.ndarray) else tree_map(function, weights)


@pytest.mark.parametrize("name", LAYOUTS)
def test_nothing_is_shared_and_nothing_changed(name, read_only):
    to, back = LAYOUTS[name]
    params = read_only(draw(ml.LSTM(3, 5), 0))
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
    torch = layouts.to_torch(params, layer=1, reverse=True)
    assert list(torch) == [f"{part}_l1_reverse" for part in
                           ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]  # fmt: skip
    assert torch["weight_ih_l1_reverse"][2 * 1 + 1, 2] == 11.2  # gate f, unit 1, input 2
    onnx = layouts.to_onnx(params)
    assert onnx["B"][0].tolist() == [0, 1, 30, 31, 10, 11, 20, 21, *[0] * 8]  # i, o, f, c
    assert onnx["R"][0, 2 * 1, 1] == 30.01  # gate o, unit 0, from unit 1
    assert layouts.to_haiku(params)["b"].tolist() == [0, 1, 20, 21, 9, 10, 30, 31]  # i, g, f - 1, o
    assert layouts.to_haiku(params)["w"][3 + 1, 2] == 20.01  # gate g, unit 0, from unit 1
    assert layouts.to_ifog(params)[0].tolist() == [0, 1, 10, 11, 30, 31, 20, 21]  # i, f, o, g
    assert layouts.to_cs231n(params)["Wx"][2].tolist() == [0.2, 1.2, 10.2, 11.2, 30.2, 31.2,
                                                           20.2, 21.2]  # fmt: skip
    assert layouts.to_flax(params)["hg"]["kernel"].tolist() == [[20, 21], [20.01, 21.01]]


def test_torch_biases_are_added_and_share_a_gradient():
    params = draw(ml.LSTM(3, 5), 0)
    named = layouts.to_torch(params)
    named["bias_hh_l0"] = named["bias_hh_l0"] + 2
    np.testing.assert_array_equal(layouts.from_torch(named).b, params.b + 2)
    gradient = layouts.to_torch(params, gradients=True)
    np.testing.assert_array_equal(gradient["bias_hh_l0"], params.b)


def test_layers_of_torch_are_put_together_and_taken_apart():
    named = {}
    cells = {(0, False): ml.LSTM(3, 5), (0, True): ml.LSTM(3, 5), (1, False): ml.LSTM(10, 5)}
    expected = {key: draw(cell, 7 + len(named)) for key, cell in cells.items()}
    for (layer, reverse), params in expected.items():
        named |= layouts.to_torch(params, layer=layer, reverse=reverse)
    assert len(named) == 12
    for (layer, reverse), params in expected.items():
        returned = layouts.from_torch(named, layer=layer, reverse=reverse)
        for one, other in zip(returned, params, strict=True):
            np.testing.assert_array_equal(one, other)


def test_two_directions_of_onnx():
    forward, reverse = draw(ml.LSTM(3, 5), 0), draw(ml.LSTM(3, 5), 1)
    named = layouts.to_onnx(forward, reverse)
    assert {name: array.shape for name, array in named.items()} == {
        "W": (2, 20, 3),
        "R": (2, 20, 5),
        "B": (2, 40),
    }
    for direction, params in enumerate((forward, reverse)):
        returned = layouts.from_onnx(named, direction=direction)
        np.testing.assert_array_equal(returned.W_h, params.W_h)


@pytest.mark.parametrize("layout", [0, 1])
def test_data_of_onnx(layout):
    rng = np.random.default_rng(0)
    xs, state = rng.normal(size=(4, 2, 3)), ml.LSTMState(*rng.normal(size=(2, 2, 5)))
    data = layouts.to_onnx_data(xs, state, np.array([4, 2]), layout=layout)
    assert data["X"].shape == ((2, 4, 3) if layout else (4, 2, 3))
    assert data["initial_c"].shape == ((2, 1, 5) if layout else (1, 2, 5))
    assert data["sequence_lens"].dtype == np.int32
    hs = rng.normal(size=(4, 2, 5))
    Y = hs.swapaxes(0, 1)[:, :, None] if layout else hs[:, None]
    returned, state_T = layouts.from_onnx_data(
        Y, data["initial_h"], data["initial_c"], layout=layout
    )
    np.testing.assert_array_equal(returned, hs)
    np.testing.assert_array_equal(state_T.c, state.c)


@pytest.mark.parametrize("name", LAYOUTS)
@given(D=sizes, H=st.integers(2, 6), seed=seeds)
def test_each_layout_is_recognized(name, D, H, seed):
    to, _ = LAYOUTS[name]
    assert name in layouts.recognize(to(draw(ml.LSTM(D, H), seed)))


def weights_in(name: str, D: int = 3, H: int = 5):
    return LAYOUTS[name][0](draw(ml.LSTM(D, H), 0))


RENAMED = {"weight_ih_l0": weights_in("keras")[0], "weight_hh_l0": weights_in("keras")[1]}
WRONG = {
    "Keras's given to torch": (
        lambda: layouts.from_torch(RENAMED),
        "weight_hh_l0 has shape (5, 20), but must be (4H, H) = (80, 20), because that is its "
        "shape in the layout of torch.\nHINT: these shapes are those of keras or cs231n or "
        "manual_lstm: use layouts.from_keras or from_cs231n",
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
    "no such layer": (
        lambda: layouts.from_torch(weights_in("torch"), layer=1),
        "named has the names weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, but must be named "
        "weight_hh_l1, weight_ih_l1, because those are the arrays of one layer in the layout of "
        "torch.",
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
        "params has type list, but must be of type LSTMParams, because its arrays are read by name",
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
    "direction": (
        lambda: layouts.from_onnx(weights_in("onnx"), direction=1),
        "direction has the value 1, but must be 0, because W has N = 1.",
    ),
    "layout of ONNX": (
        lambda: layouts.to_onnx_data(np.zeros((2, 3, 4)), layout=2),
        "layout has the value 2, but must be 0 or 1",
    ),
    "one direction without bias": (
        lambda: layouts.to_onnx(draw(ml.LSTM(3, 5), 0), draw(ml.LSTM(3, 5, bias=False), 0)),
        "reverse.b has no array, but must be like params.b",
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
