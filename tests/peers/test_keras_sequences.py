"""What Keras does with a sequence: masks with holes, the other direction, both."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read once, when keras is imported

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.peers.jax_cells import plain_tanh

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.trees import leaves, named_leaves, tree_map

pytestmark = pytest.mark.peers
T, B, D, H = 7, 4, 3, 5

LAYERS: dict[str, tuple[Callable[..., Any], Any, dict[str, Any]]] = {
    "LSTM": (ml.LSTM, keras.layers.LSTM, {}),
    "GRU": (ml.GRU, keras.layers.GRU, {}),
    "GRUResetBefore": (ml.GRUResetBefore, keras.layers.GRU, {"reset_after": False}),
    "RNN": (ml.RNN, keras.layers.SimpleRNN, {}),
}


def close_up(mask: Any) -> Any:
    """Return, for each row, the steps that are not masked, and then the others: (T, B)."""
    return np.argsort(~mask, axis=0, kind="stable")


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("name", LAYERS)
def test_masks_with_holes(name, backwards):
    """A masked step changes nothing, so that the row closes up and ends earlier."""
    kind, theirs, options = LAYERS[name]
    rng = np.random.default_rng(0)
    cell = kind(D, H)
    params = tree_map(lambda like: rng.normal(size=like.shape), cell.init_params(rng))
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    state0 = tree_map(lambda like: rng.normal(size=like.shape), cell.init_state(B))
    dstate_T = tree_map(lambda like: rng.normal(size=like.shape), state0)
    mask = rng.random((T, B)) < 0.6
    mask[0, 0], mask[1, 0], mask[2, 0] = True, False, True  # a hole

    # Ours: gathered, run with lengths, and scattered back.
    order = close_up(mask[::-1] if backwards else mask)
    order = T - 1 - order if backwards else order
    columns = np.arange(B)
    hs, state_T, tape = ml.forward(cell, params, xs[order, columns], state0, mask.sum(axis=0))
    scattered = np.zeros_like(hs)
    scattered[order, columns] = hs
    gradients = ml.backward(tape, dhs[order, columns], dstate_T)
    dxs = np.zeros_like(xs)
    dxs[order, columns] = gradients.xs

    layer = theirs(
        H, activation=plain_tanh, return_sequences=True, return_state=True, dtype="float64",
        zero_output_for_mask=True, go_backwards=backwards, **options,
    )  # fmt: skip
    with jax.numpy_rank_promotion("allow"):
        layer.build((None, T, D))
    others = [np.asarray(variable.value) for variable in layer.non_trainable_variables]

    def run(weights: Any, xs: Any, state0: Any) -> Any:
        (hs, *states), _ = layer.stateless_call(
            weights, others, xs.swapaxes(0, 1), initial_state=list(state0), mask=mask.T
        )
        hs = hs.swapaxes(0, 1)
        return (hs[::-1] if backwards else hs), type(state0)(*states)

    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        results, pull_back = jax.vjp(run, layouts.to_keras(params), jnp.asarray(xs), state0)
        dweights, dxs_keras, dstate0 = pull_back((jnp.asarray(dhs), dstate_T))
    theirs_named = named_leaves(
        {
            "hs": results[0],
            "state_T": results[1],
            "params": layouts.from_keras(
                [np.asarray(part) for part in dweights], gradients=True, **options
            ),
            "xs": dxs_keras,
            "state0": dstate0,
        }
    )
    ours_named = named_leaves(
        {
            "hs": scattered,
            "state_T": state_T,
            "params": gradients.params,
            "xs": dxs,
            "state0": gradients.state0,
        }
    )
    assert ours_named.keys() == theirs_named.keys()
    assert all(np.abs(array).max() > 0.1 for array in leaves(ours_named))
    for part, array in ours_named.items():
        np.testing.assert_allclose(array, theirs_named[part], rtol=1e-9, atol=1e-11, err_msg=part)
