"""Verdicts: for each gradient its own, with reasons, and nothing that was passed in is changed."""

from __future__ import annotations

import copy
import re
import warnings

import numpy as np
import pytest

import manual_lstm as ml
from reference.exact import Proof, prove

rng = np.random.default_rng(7)
PARAMS = {"W": rng.normal(size=(4, 3)), "b": rng.normal(size=4)}
INPUTS = {"x": rng.normal(size=(5, 3)), "r": rng.normal(size=(5, 4)), "k": np.arange(5)}


def forward(params, inputs):
    return np.tanh(inputs["x"] @ params["W"].T + params["b"])


def loss(params, inputs):
    return np.sum(forward(params, inputs) * inputs["r"])


def backward(params, inputs):
    dz = inputs["r"] * (1 - forward(params, inputs) ** 2)
    return {"W": dz.T @ inputs["x"], "b": dz.sum(axis=0), "x": dz @ params["W"]}


def with_change(**changes):
    """Return a backward with some gradients put through functions, or replaced."""

    def changed(params, inputs):
        gradients = backward(params, inputs)
        for name, change in changes.items():
            gradients[name] = change(gradients[name]) if callable(change) else change
        return gradients

    return changed


def verdict_of(backward, **options) -> Proof:
    return prove(loss, backward, PARAMS, INPUTS, **options)


def test_a_proof_says_what_it_is_for():
    proof = verdict_of(backward)
    assert proof.verdict == "proved"
    assert dict(proof.gradients) == dict.fromkeys(["W", "b", "x"], "proved")
    assert proof.refuted == []
    assert proof.reason == ""
    assert proof.sizes == {"W": (4, 3), "b": (4,), "x": (5, 3), "r": (5, 4)}
    assert 0 < proof.seconds < 10
    assert str(proof).startswith("proved: W, b, x (W = (4, 3), b = (4,)")


@pytest.mark.parametrize("name", ["W", "b", "x"])
def test_only_the_wrong_gradient_is_refuted(name):
    for change in (lambda g: g * 1.0000000000000002, lambda g: -g, lambda g: g * 0, np.zeros_like):
        proof = verdict_of(with_change(**{name: change}))
        assert proof.verdict == "refuted"
        assert proof.refuted == [name]
    proof = verdict_of(with_change(**{name: lambda g: g + 0.0}))
    assert proof.verdict == "proved"


def test_a_single_wrong_entry_is_enough():
    def change(gradient):
        gradient = gradient.copy()
        gradient[2, 1] = gradient[2, 1] + 2.0**-60
        return gradient

    assert verdict_of(with_change(W=change)).refuted == ["W"]


@pytest.mark.parametrize("seed", range(5))
def test_two_mistakes_do_not_cancel(seed):
    swapped = with_change(W=lambda g: g * 2, x=lambda g: g * 0)
    assert verdict_of(swapped, seed=seed).refuted == ["W", "x"]


FAULTS = {
    "shape": (lambda g: g.T, r"the gradient of W has shape \(3, 4\), but must be \(4, 3\)"),
    "broadcast": (lambda g: g.sum(), r"shape \(\), but must be \(4, 3\)"),
    "word": (np.full((4, 3), "a", dtype=object), "an entry that is no number"),
    "nan": (np.full((4, 3), np.nan), "an entry that is no number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_some_gradients_need_no_comparison(fault):
    change, reason = FAULTS[fault]
    proof = verdict_of(with_change(W=change))
    assert proof.refuted == ["W"]
    assert proof.gradients["b"] == "proved"
    assert re.search(reason, proof.reason)


def test_wrong_shapes_inside_are_refuted_at_their_line():
    def mistaken(params, inputs):
        return {"W": inputs["x"] @ inputs["r"]}

    proof = verdict_of(mistaken)
    assert proof.verdict == "refuted"
    assert "test_exact_prove.py, line " in proof.reason
    assert 'return {"W": inputs["x"] @ inputs["r"]} (ValueError: matmul' in proof.reason


def test_names_are_asked_for():
    wrong_x = with_change(x=lambda g: g * 2)
    assert verdict_of(wrong_x, wrt=["W", "b"]).verdict == "proved"
    assert list(verdict_of(wrong_x, wrt=["W", "b"]).gradients) == ["W", "b"]
    proof = verdict_of(backward, wrt=["W", "r"])
    assert proof.refuted == ["r"]
    assert proof.reason == "backward returns no gradient of r"


def test_a_gradient_of_none_is_left_out():
    assert list(verdict_of(with_change(x=None)).gradients) == ["W", "b"]


@pytest.mark.parametrize("name", ["dW", "k"])
def test_a_name_without_floats_is_not_applicable(name):
    def renamed(params, inputs):
        gradients = backward(params, inputs)
        return {"b": gradients["b"], name: gradients["W"]}

    proof = verdict_of(renamed)
    assert proof.verdict == "not applicable"
    assert proof.gradients[name] == "not applicable"
    assert proof.gradients["b"] == "proved"
    assert proof.reason == f"{name} is not the name of an array of floats"


def test_arrays_stay_as_they_are():
    def destructive(params, inputs):
        gradients = backward(params, inputs)
        params["W"] *= 0
        inputs["x"][0] = 1
        inputs["k"][:] = 0
        del params["b"]
        return gradients

    params, inputs = copy.deepcopy((PARAMS, INPUTS))
    assert prove(loss, destructive, params, inputs).verdict == "proved"
    for now, before in ((params, PARAMS), (inputs, INPUTS)):
        assert now.keys() == before.keys()
        assert all(np.array_equal(now[name], before[name]) for name in before)


def test_read_only_arrays_will_do():
    params, inputs = copy.deepcopy((PARAMS, INPUTS))
    for array in (*params.values(), *inputs.values()):
        array.flags.writeable = False
    assert prove(loss, backward, params, inputs).verdict == "proved"


def test_seeds_repeat_and_trials_all_have_to_agree():
    first, second = (verdict_of(backward, seed=3, trials=3) for _ in range(2))
    assert first.gradients == second.gradients
    assert first.trials == 3
    assert verdict_of(with_change(b=lambda g: 2 * g), trials=3).refuted == ["b"]


def test_real_values_of_other_inputs_count():
    def squared(params, inputs):
        return np.sum(params["a"] * inputs["m"] ** 2)

    def gradient(params, inputs):
        return {"a": inputs["m"]}

    arrays = {"a": np.ones(3)}, {"m": np.array([0.0, 1.0, 1.0])}
    assert prove(squared, gradient, *arrays).verdict == "proved"
    assert prove(squared, gradient, *arrays, generic=["m"]).verdict == "refuted"


def test_the_branch_is_that_of_the_real_numbers():
    def relu(params, inputs):
        return np.sum(np.maximum(params["a"], 0))

    def positive_only(params, inputs):
        return {"a": np.ones_like(params["a"])}

    assert prove(relu, positive_only, {"a": np.array([1.0, 2.0])}, {}).verdict == "proved"
    assert prove(relu, positive_only, {"a": np.array([1.0, -2.0])}, {}).verdict == "refuted"


def test_float32_scalars_and_lists_of_gradients():
    params = {"a": np.ones(3, np.float32), "s": 2.0}

    def scaled(params, inputs):
        return params["s"] * params["a"].sum()

    def gradients(params, inputs):
        return {"a": [params["s"]] * 3, "s": params["a"].sum()}

    proof = prove(scaled, gradients, params, {})
    assert proof.verdict == "proved", proof


def test_the_final_state_counts():
    cell = ml.LSTM(2, 3)
    draw = np.random.default_rng(0)
    params = cell.init_params(draw)._asdict()
    inputs = {"xs": draw.normal(size=(3, 2, 2)), "dc": draw.normal(size=(2, 3))}

    def final(params, inputs):
        _, state_T, _ = ml.forward(cell, ml.LSTMParams(**params), inputs["xs"])
        return np.sum(state_T.c * inputs["dc"])

    def gradients(dstate):
        def run(params, inputs):
            _, _, tape = ml.forward(cell, ml.LSTMParams(**params), inputs["xs"])
            return ml.backward(tape, None, dstate(inputs["dc"])).params._asdict()

        return run

    right = prove(final, gradients(lambda dc: ml.LSTMState(None, dc)), params, inputs)
    assert right.verdict == "proved", right
    ignored = prove(final, gradients(lambda dc: None), params, inputs)
    assert set(ignored.refuted) == {"W_x", "W_h", "b"}


def spread(params, inputs):
    return np.sum(np.sqrt(np.sum(params["a"] ** 2, axis=1) + 1))


def by_root(params, inputs):
    return {"a": params["a"] / np.sqrt(np.sum(params["a"] ** 2, axis=1, keepdims=True) + 1)}


def by_square(params, inputs):
    square = np.sum(params["a"] ** 2, axis=1, keepdims=True) + 1
    return {"a": params["a"] * np.sqrt(square) / square}


def too_large(params, inputs):
    return {"a": 2 * by_root(params, inputs)["a"]}


@pytest.mark.parametrize(
    ("gradient", "rows", "verdict"),
    [
        (by_root, 3, "proved"),
        (by_root, 40, "proved"),  # holds for made-up roots
        (by_square, 3, "proved"),  # needs that a root squared is its square
        (too_large, 3, "refuted"),
        (too_large, 40, "not applicable"),
    ],
)
def test_square_roots_that_may_not_exist(gradient, rows, verdict):
    params = {"a": np.random.default_rng(0).normal(size=(rows, 2))}
    proof = prove(spread, gradient, params, {})
    assert proof.verdict == verdict
    if verdict == "not applicable":
        assert proof.reason == "in 64 draws there was none with all the square roots needed"


def _calls():
    count = [0]

    def counting(params, inputs):
        count[0] += 1
        return loss(params, inputs) * count[0]

    return counting


BUFFER = np.zeros(4)


def _into_module_buffer(params, inputs):
    BUFFER[:] = params["b"]
    return loss(params, inputs)


def _as_type(params, inputs):
    return np.sum(forward(params, inputs).astype(np.float64))


def _fails(params, inputs):
    raise KeyError("missing")


def _vector(params, inputs):
    return forward(params, inputs).sum(axis=0)


def _determinant(params, inputs):
    return np.linalg.det(params["W"] @ params["W"].T)


def _whole_dtype(params, inputs):
    assert params["W"].dtype == np.float64
    return loss(params, inputs)


def _only_wrong_exactly(params, inputs):
    if params["W"].dtype == object:
        return np.nan
    return loss(params, inputs)


NOT_APPLICABLE = {
    "module buffer": (_into_module_buffer, r'BUFFER\[:\] = params\["b"\] \(Detached: an exact'),
    "astype": (_as_type, r"astype\(np.float64\)\) \(Detached: an exact number cannot become a"),
    "raises": (_fails, r'on floats, test_exact_prove.py, line \d+: raise KeyError\("missing"\)'),
    "vector": (_vector, r"the loss has shape \(4,\), but must be a scalar"),
    "floats only": (_determinant, r"np.linalg.det"),
    "asks for float64": (_whole_dtype, r'assert params\["W"\].dtype == np.float64'),
    "state": (_calls(), "the loss differs from call to call with the same arguments"),
    "nan": (_only_wrong_exactly, "NaN"),
}


@pytest.mark.parametrize("kind", NOT_APPLICABLE)
def test_not_applicable_with_the_reason(kind):
    function, reason = NOT_APPLICABLE[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proof = prove(function, backward, PARAMS, INPUTS)
    assert proof.verdict == "not applicable", proof
    assert set(proof.gradients.values()) <= {"not applicable"}
    assert re.search(reason, proof.reason)
    assert np.zeros(1).dtype == np.float64


def test_it_gives_up_in_time():
    wide = {"W": np.ones((300, 300)), "b": np.ones(300)}, {"x": np.ones((30, 300)), "r": 1.0}
    proof = prove(loss, backward, *wide, seconds=0.1)
    assert proof.verdict == "not applicable"
    assert proof.reason == "it takes too long at these sizes"
    assert proof.seconds < 60


def test_backward_must_return_a_mapping():
    proof = verdict_of(lambda params, inputs: tuple(backward(params, inputs).values()))
    assert proof.verdict == "not applicable"
    assert proof.reason == "backward returns a tuple, but must return a mapping"


def test_nothing_to_prove():
    proof = prove(loss, lambda params, inputs: {}, PARAMS, INPUTS)
    assert proof.verdict == "not applicable"
    assert proof.reason == "backward returns no gradient"
    assert str(proof).startswith("not applicable: no gradient")
