"""Every cell in every layout: the framework computes what ours does, outputs and gradients.

One problem each: whether the blocks are where the framework has them shows at once. How closely
they agree is measured elsewhere, on many.
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read once, when keras is imported

from functools import partial
from typing import Any

import equinox
import flax.linen
import flax.nnx
import haiku
import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.trees import named_leaves, tree_map

pytestmark = pytest.mark.peers
T, B, D, H = 4, 3, 2, 5


def problem(model: Any) -> tuple[Any, Any, Any]:
    """Return parameters, inputs and a cotangent of the outputs, all of order one."""
    rng = np.random.default_rng(0)
    params = tree_map(lambda like: rng.normal(size=like.shape), model.init_params(rng))
    xs = rng.normal(size=(T, B, D))
    return params, xs, rng.normal(size=ml.forward(model, params, xs).hs.shape)


def assert_same(given: Any, expected: Any) -> None:
    """Compare two trees of arrays, entry by entry."""
    given, expected = (named_leaves({"it": tree}) for tree in (given, expected))
    assert given.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(given[name], array, rtol=1e-9, atol=1e-12, err_msg=name)


TORCH = {
    "LSTM": (ml.LSTM(D, H), torch.nn.LSTM, {}),
    "GRU": (ml.GRU(D, H), torch.nn.GRU, {}),
    "GRU without bias": (ml.GRU(D, H, bias=False), torch.nn.GRU, {"bias": False}),
    "RNN": (ml.RNN(D, H), torch.nn.RNN, {}),
    "RNN with ReLU": (ml.RNN(D, H, activation=ml.ReLU()), torch.nn.RNN, {"nonlinearity": "relu"}),
    "LSTMP": (ml.LSTMP(D, H, projection_size=3), torch.nn.LSTM, {"proj_size": 3}),
    "two directions": (ml.Bidirectional(ml.GRU(D, H)), torch.nn.GRU, {"bidirectional": True}),
    "stack": (
        ml.Stack((ml.Bidirectional(ml.LSTM(D, H)), ml.Bidirectional(ml.LSTM(2 * H, H)))),
        torch.nn.LSTM,
        {"bidirectional": True, "num_layers": 2},
    ),
}


@pytest.mark.parametrize("case", TORCH)
def test_torch(case, tmp_path):
    model, kind, options = TORCH[case]
    params, xs, dhs = problem(model)
    module = kind(D, H, dtype=torch.float64, **options)
    layouts.save(tmp_path / "it.safetensors", layouts.to_torch(params))
    module.load_state_dict(safetensors.torch.load_file(tmp_path / "it.safetensors"))
    hs, _ = module(torch.from_numpy(xs))
    hs.backward(torch.from_numpy(dhs))
    gradients = {name: weight.grad.numpy() for name, weight in module.named_parameters()}
    expected, _, tape = ml.forward(model, params, xs)
    assert_same(hs.detach().numpy(), expected)
    assert_same(layouts.from_torch(gradients, gradients=True), ml.backward(tape, dhs).params)
    weights = {name: weight.detach().numpy() for name, weight in module.named_parameters()}
    assert_same(layouts.from_torch(weights), params)


@keras.saving.register_keras_serializable()
def plain_tanh(x: Any) -> Any:
    """Return tanh; that of keras.ops rounds float64 to float32 on this backend."""
    return jnp.tanh(x)


def keras_run(layer: Any, weights: list[Any], xs: Any) -> Any:
    layer.build((None, None, D))
    others = [np.asarray(variable.value) for variable in layer.non_trainable_variables]
    return layer.stateless_call(weights, others, xs.swapaxes(0, 1))[0].swapaxes(0, 1)


KERAS = {
    "LSTM": (ml.LSTM(D, H), keras.layers.LSTM, {}),
    "GRU": (ml.GRU(D, H), keras.layers.GRU, {}),
    "GRU without bias": (ml.GRU(D, H, bias=False), keras.layers.GRU, {"use_bias": False}),
    "GRUResetBefore": (ml.GRUResetBefore(D, H), keras.layers.GRU, {"reset_after": False}),
    "RNN": (ml.RNN(D, H), keras.layers.SimpleRNN, {}),
    "two directions": (ml.Bidirectional(ml.LSTM(D, H)), keras.layers.LSTM, {}),
}


@pytest.mark.parametrize("case", KERAS)
def test_keras(case):
    model, kind, options = KERAS[case]
    params, xs, dhs = problem(model)
    layer = kind(H, activation=plain_tanh, return_sequences=True, dtype="float64", **options)
    if isinstance(model, ml.Bidirectional):
        layer = keras.layers.Bidirectional(layer, dtype="float64")
    # Keras adds a bias (4H,) to (B, 4H), and a float32 dropout rate of its own.
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        hs, pull_back = jax.vjp(lambda w: keras_run(layer, w, xs), layouts.to_keras(params))
        gradients = [np.asarray(part) for part in pull_back(jnp.asarray(dhs))[0]]
    expected, _, tape = ml.forward(model, params, xs)
    assert_same(np.asarray(hs), expected)
    reset_after = options.get("reset_after", True)
    assert_same(
        layouts.from_keras(gradients, gradients=True, reset_after=reset_after),
        ml.backward(tape, dhs).params,
    )


def scanned(step: Any, state0: Any) -> Any:
    """Return ``run(weights, xs) -> hs`` of ``step(weights, state, x) -> (state, h)``."""

    def run(weights: Any, xs: Any) -> Any:
        return jax.lax.scan(partial(step, weights), state0, xs)[1]

    return run


def flax_step(cell: Any, weights: Any, state: Any, x: Any) -> Any:
    return cell.apply({"params": weights}, state, x)


def nnx_step(kind: Any, weights: Any, state: Any, x: Any) -> Any:
    cell = kind(D, H, dtype=jnp.float64, param_dtype=jnp.float64, rngs=flax.nnx.Rngs(0))
    graph, theirs = flax.nnx.split(cell)
    flax.nnx.replace_by_pure_dict(theirs, weights)
    return flax.nnx.merge(graph, theirs)(state, x)


def without_b_hn(params: Any) -> Any:
    """Return a GRU's weights as nnx can have them."""
    return params._replace(b_hn=np.zeros_like(params.b_hn))


def haiku_step(kind: Any, wrap: Any, weights: Any, state: Any, x: Any) -> Any:
    def step(x: Any, state: Any) -> Any:
        return kind(H, name="it")(x, state)  # a module can be made within `transform` alone

    cell = haiku.without_apply_rng(haiku.transform(step))
    h, state = cell.apply(wrap(weights), x, state)
    return state, h


def equinox_step(empty: Any, weights: Any, state: Any, x: Any) -> Any:
    names = list(weights)
    cell = equinox.tree_at(lambda cell: [getattr(cell, name) for name in names], empty,
                           list(weights.values()))  # fmt: skip
    state = jax.vmap(cell)(x, state)
    return state, state[0] if isinstance(state, tuple) else state


zeros = np.zeros((B, H))
KEY = jax.random.key(0)
JAX = {
    "flax LSTM": (
        ml.LSTM(D, H),
        scanned(partial(flax_step, flax.linen.LSTMCell(H, param_dtype=jnp.float64)),
                (zeros, zeros)),
        layouts.to_flax,
        layouts.from_flax,
    ),
    "flax GRU": (
        ml.GRU(D, H),
        scanned(partial(flax_step, flax.linen.GRUCell(H, param_dtype=jnp.float64)), zeros),
        layouts.to_flax,
        layouts.from_flax,
    ),
    "flax RNN": (
        ml.RNN(D, H),
        scanned(partial(flax_step, flax.linen.SimpleCell(H, param_dtype=jnp.float64)), zeros),
        layouts.to_flax,
        layouts.from_flax,
    ),
    "nnx OptimizedLSTM": (
        ml.LSTM(D, H),
        scanned(partial(nnx_step, flax.nnx.OptimizedLSTMCell), (zeros, zeros)),
        layouts.to_flax_nnx,
        layouts.from_flax_nnx,
    ),
    "nnx LSTM": (
        ml.LSTM(D, H),
        scanned(partial(nnx_step, flax.nnx.LSTMCell), (zeros, zeros)),
        partial(layouts.to_flax_nnx, optimized=False),
        layouts.from_flax_nnx,
    ),
    "nnx GRU": (
        ml.GRU(D, H),
        scanned(partial(nnx_step, flax.nnx.GRUCell), zeros),
        layouts.to_flax_nnx,
        layouts.from_flax_nnx,
    ),
    "nnx RNN": (
        ml.RNN(D, H),
        scanned(partial(nnx_step, flax.nnx.SimpleCell), zeros),
        layouts.to_flax_nnx,
        layouts.from_flax_nnx,
    ),
    "haiku LSTM": (
        ml.LSTM(D, H),
        scanned(partial(haiku_step, haiku.LSTM, lambda weights: {"it/linear": weights}),
                haiku.LSTMState(zeros, zeros)),
        layouts.to_haiku,
        partial(layouts.from_haiku, gradients=True),
    ),
    "haiku GRU": (
        ml.GRUResetBefore(D, H, update_gate="replaces"),
        scanned(partial(haiku_step, haiku.GRU, lambda weights: {"it": weights}), zeros),
        layouts.to_haiku,
        partial(layouts.from_haiku, gradients=True),
    ),
    "equinox LSTM": (
        ml.LSTM(D, H),
        scanned(partial(equinox_step, equinox.nn.LSTMCell(D, H, key=KEY)), (zeros, zeros)),
        layouts.to_equinox,
        layouts.from_equinox,
    ),
    "equinox GRU": (
        ml.GRU(D, H),
        scanned(partial(equinox_step, equinox.nn.GRUCell(D, H, key=KEY)), zeros),
        layouts.to_equinox,
        layouts.from_equinox,
    ),
    "haiku RNN": (
        ml.RNN(D, H, activation=ml.ReLU()),
        scanned(
            partial(haiku_step, haiku.VanillaRNN,
                    lambda weights: {f"it/{name}": part for name, part in weights.items()}),
            zeros,
        ),
        layouts.to_haiku,
        partial(layouts.from_haiku, gradients=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", JAX)
def test_jax(case):
    model, run, to, back = JAX[case]
    params, xs, dhs = problem(model)
    if case == "nnx GRU":
        params = without_b_hn(params)
    with jax.numpy_rank_promotion("allow"):  # a bias (H,) is added to (B, H)
        hs, pull_back = jax.vjp(lambda weights: run(weights, xs), to(params))
        gradients = tree_map(np.asarray, pull_back(jnp.asarray(dhs))[0])
    expected, _, tape = ml.forward(model, params, xs)
    assert_same(np.asarray(hs), expected)
    ours = ml.backward(tape, dhs).params
    if case == "nnx GRU":  # a weight that it has not got, has no gradient
        assert np.abs(ours.b_hn).min() > 0
        ours = without_b_hn(ours)
    assert_same(back(gradients), ours)


ONNX = {
    "LSTM": (ml.LSTM(D, H), "LSTM", {}),
    "PeepholeLSTM": (ml.PeepholeLSTM(D, H), "LSTM", {}),
    "GRU": (ml.GRU(D, H), "GRU", {"linear_before_reset": 1}),
    "GRUResetBefore": (ml.GRUResetBefore(D, H), "GRU", {}),
    "RNN": (ml.RNN(D, H), "RNN", {}),
    "two directions": (ml.Bidirectional(ml.LSTM(D, H)), "LSTM", {"direction": "bidirectional"}),
}


@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("case", ONNX)
def test_onnx(case, layout):
    """Forward only: ONNX knows no gradients."""
    model, operator, attributes = ONNX[case]
    params, xs, _ = problem(model)
    rng = np.random.default_rng(1)
    state0 = tree_map(lambda like: rng.normal(size=like.shape), model.init_state(B))
    data = layouts.to_onnx_data(xs, state0, layout=layout) | layouts.to_onnx(params)
    names = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    given = [name if name in data else "" for name in names][: 8 if operator == "LSTM" else 6]
    outputs = ["Y", "Y_h", "Y_c"][: 3 if operator == "LSTM" else 2]
    node = helper.make_node(operator, given, outputs, hidden_size=H, layout=layout, **attributes)
    declared = [
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in side if name]
        for side in (given, outputs)
    ]
    run = ReferenceEvaluator(helper.make_model(helper.make_graph([node], "it", *declared)))
    hs, state_T = layouts.from_onnx_data(*run.run(None, data), layout=layout)
    expected, expected_T, _ = ml.forward(model, params, xs, state0)
    assert_same(hs, expected)
    assert_same(state_T, expected_T)


def test_files_of_the_package_safetensors(tmp_path):
    """Its files are read here, and ours there."""
    rng = np.random.default_rng(0)
    arrays = {
        "a": rng.normal(size=(2, 3)),
        "b": rng.normal(size=4).astype(np.float32),
        "c": np.arange(6, dtype=np.int64).reshape(3, 2),
        "d": np.array([[True, False]]),
        "e": np.zeros((0, 2), np.float16),
    }
    safetensors.numpy.save_file(arrays, tmp_path / "theirs", metadata={"key": "value"})
    loaded = layouts.load(tmp_path / "theirs")
    layouts.save(tmp_path / "ours", arrays, metadata={"key": "value"})
    read = safetensors.numpy.load_file(tmp_path / "ours")
    assert loaded.keys() == read.keys() == arrays.keys()
    for name, array in arrays.items():
        for other in (loaded[name], read[name]):
            assert other.dtype == array.dtype
            np.testing.assert_array_equal(other, array)


@pytest.mark.parametrize("kind", ["OptimizedLSTMCell", "LSTMCell", "GRUCell", "SimpleCell"])
def test_the_state_of_an_nnx_cell_comes_and_goes(kind):
    """From a cell that nnx has drawn to ours, and into a second cell, bit for bit."""
    first, second = (getattr(flax.nnx, kind)(D, H, rngs=flax.nnx.Rngs(seed)) for seed in (0, 1))
    drawn = jax.tree.map(np.asarray, flax.nnx.to_pure_dict(flax.nnx.state(first, flax.nnx.Param)))
    options = {"optimized": False} if kind == "LSTMCell" else {}
    state = flax.nnx.state(second, flax.nnx.Param)
    flax.nnx.replace_by_pure_dict(
        state, layouts.to_flax_nnx(layouts.from_flax_nnx(drawn), **options)
    )
    flax.nnx.update(second, state)
    for one, other in zip(
        jax.tree.leaves(flax.nnx.state(first, flax.nnx.Param)),
        jax.tree.leaves(flax.nnx.state(second, flax.nnx.Param)),
        strict=True,
    ):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
