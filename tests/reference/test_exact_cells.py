"""What this package computes is proved; mistakes down to one unit in the last place are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import named_leaves, tree_map
from reference.exact import prove_cell, prove_char_lm

EVERY = {"params.W_x", "params.W_h", "params.b", "xs", "state0.h", "state0.c"}
RIGHT = {
    "dense": ({}, {}, EVERY),
    "without bias": ({"bias": False}, {}, EVERY - {"params.b"}),
    "ragged lengths": ({}, {"lengths": True, "T": 4, "B": 5}, EVERY),
    "index inputs": ({}, {"index_inputs": True}, EVERY - {"xs"}),
    "ragged index inputs": (
        {"bias": False}, {"index_inputs": True, "lengths": True},
        EVERY - {"xs", "params.b"},
    ),
    "one step": ({}, {"T": 1}, EVERY),
    "no step": ({}, {"T": 0}, EVERY),
    "one row": ({}, {"B": 1}, EVERY),
    "one unit": ({"hidden_size": 1}, {}, EVERY),
}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_every_gradient_of_the_lstm_is_proved(kind):
    fields, options, names = RIGHT[kind]
    cell = ml.LSTM(**{"input_size": 3, "hidden_size": 4} | fields)
    proof = prove_cell(cell, **options, trials=2)
    assert proof.verdict == "proved", proof
    assert dict(proof.gradients) == dict.fromkeys(names, "proved")
    assert proof.sizes["T"] == options.get("T", 3)
    assert proof.trials == 2


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_every_gradient_of_the_character_model_is_proved(reduction):
    proof = prove_char_lm(reduction=reduction)
    assert proof.verdict == "proved", proof
    names = ["params.W_x", "params.W_h", "params.V", "state0.h", "state0.c"]
    assert list(proof.gradients) == names
    assert proof.sizes == {"T": 3, "B": 2, "K": 5, "H": 3}


def test_a_large_cell_is_shrunk():
    proof = prove_cell(ml.LSTM(input_size=500, hidden_size=300, bias=False))
    assert proof.sizes == {"T": 3, "B": 2, "D": 2, "H": 3}
    assert proof.verdict == "proved"
    assert str(proof).startswith("proved: params.W_x, params.W_h, xs")


class Altered(ml.LSTM):
    """An LSTM whose step_backward returns altered gradients."""

    def alter(self, cache, dstate, dparams, dprev, dx):
        return dparams, dprev, dx

    def step_backward(self, params, cache, dstate):
        return self.alter(cache, dstate, *super().step_backward(params, cache, dstate))


def altered(alter):
    return type("Altered", (Altered,), {"alter": alter})(input_size=3, hidden_size=4)


def test_a_subclass_is_a_fair_copy():
    assert prove_cell(altered(Altered.alter)).verdict == "proved"


ONE_ULP = np.nextafter(1.0, 2.0)


def _scaled(where):
    def alter(self, cache, dstate, dparams, dprev, dx):
        def scale(name, leaf):
            return leaf * ONE_ULP if name == where else leaf

        names = iter(named_leaves({"params": dparams, "state": dprev, "dx": dx}))
        dparams, dprev, dx = tree_map(lambda leaf: scale(next(names), leaf), (dparams, dprev, dx))
        return dparams, dprev, dx

    return alter


ULPS = {
    "params.W_x": {"params.W_x"},
    "params.W_h": {"params.W_h"},
    "params.b": {"params.b"},
    "dx": {"xs"},
    "state.h": EVERY,
    "state.c": EVERY,
}


@pytest.mark.parametrize("where", ULPS)
def test_one_unit_in_the_last_place_is_refuted_where_it_counts(where):
    proof = prove_cell(altered(_scaled(where)))
    assert proof.verdict == "refuted"
    assert set(proof.refuted) == ULPS[where]
    assert set(proof.gradients) == EVERY


def test_one_unit_in_the_last_place_of_dz_is_refuted():
    def alter(self, cache, dstate, dparams, dprev, dx):
        return tree_map(lambda leaf: leaf * 1.0000000000000002, (dparams, dprev, dx))

    assert set(prove_cell(altered(alter)).refuted) == EVERY


def test_a_missing_carousel_is_refuted():
    def alter(self, cache, dstate, dparams, dprev, dx):
        return dparams, dprev._replace(c=dprev.c * 0), dx

    proof = prove_cell(altered(alter))
    assert set(proof.refuted) == EVERY
    # A single step has nothing to carry, except to the initial state.
    assert prove_cell(altered(alter), T=1).refuted == ["state0.c"]


@dataclasses.dataclass(frozen=True)
class Elman:
    """Somebody's own cell: no sizes stated, a dict for parameters, float buffers inside."""

    input_size: int
    hidden_size: int
    slip: bool = False

    def init_params(self, rng, dtype=np.float64):
        D, H = self.input_size, self.hidden_size
        return {"W": rng.normal(size=(D + H, H)).astype(dtype), "b": np.ones(H, dtype)}

    def init_state(self, batch_size, dtype=np.float64):
        return (np.zeros((batch_size, self.hidden_size), dtype),)

    def step(self, params, state, x):
        joined = np.zeros((len(x), self.input_size + self.hidden_size))
        joined[:, : self.input_size] = x
        joined[:, self.input_size :] = state[0]
        h = np.tanh(joined @ params["W"] + params["b"])
        return (h,), (joined, h)

    def step_backward(self, params, cache, dstate):
        joined, h = cache
        dz = dstate[0] * (1 - (np.tanh(h) if self.slip else h) ** 2)
        djoined = dz @ params["W"].T
        D = self.input_size
        return {"W": joined.T @ dz, "b": dz.sum(0)}, (djoined[:, D:],), djoined[:, :D]


def test_a_users_own_cell():
    right = prove_cell(Elman(20, 30), lengths=True)
    assert right.verdict == "proved", right
    assert list(right.gradients) == ["params.W", "params.b", "xs", "state0.0"]
    assert set(prove_cell(Elman(2, 3, slip=True)).refuted) == set(right.gradients)
