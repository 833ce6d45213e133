"""Losses of few digits, tiny ones and slow ones: their noise accuses nobody, and hides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import module

from reference.debugger.judging.differences import slope_of
from reference.debugger.judging.precisions import judge_in_double_too
from reference.debugger.judging.verdict import judge

ELMAN = """
import numpy as np
import time

SCALE = 1.0


def states(params, xs):
    made = np.zeros((len(xs) + 1, len(params["b"])))
    for t, x in enumerate(xs):
        made[t + 1] = np.tanh(params["A"] @ x + params["R"] @ made[t] + params["b"])
    return made


def loss(params, inputs):
    made = states(params, inputs["xs"])
    off = params["V"] @ made[-1] - inputs["y"]
    return SCALE * np.mean(off ** 2) / 2


def backward(params, inputs):
    xs = inputs["xs"]
    made = states(params, xs)
    off = SCALE * (params["V"] @ made[-1] - inputs["y"]) / len(inputs["y"])
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    grads["V"] += np.outer(off, made[-1])
    back = params["V"].T @ off
    for t in reversed(range(len(xs))):
        inner = back * (1 - made[t + 1] ** 2)
        grads["A"] += np.outer(inner, xs[t])
        grads["R"] += np.outer(inner, made[t])
        grads["b"] += inner
        back = params["R"].T @ inner
    return grads
"""
WRONG = ("+= np.outer(inner, made[t])", "+= np.outer(inner, made[t + 1])")
RETURNED = "return SCALE * np.mean(off ** 2) / 2"
SHORT = {
    "a loss of float32": (RETURNED, RETURNED.replace("SCALE *", "np.float32(SCALE *") + ")"),
    "cast by name": (RETURNED, RETURNED.replace("return ", "return (") + ").astype('float32')"),
    "a buffer": ('len(params["b"])))', 'len(params["b"])), np.float32)'),
    "a buffer of the inputs' dtype": ('len(params["b"])))', 'len(params["b"])), xs.dtype)'),
}


def arguments(dtype=float, scale=0.3):
    rng = np.random.default_rng(5)
    shapes = {"A": (4, 3), "R": (4, 4), "b": (4,), "V": (2, 4)}
    params = {name: (scale * rng.normal(size=s)).astype(dtype) for name, s in shapes.items()}
    inputs = {"xs": 0.02 * rng.normal(size=(5, 3)), "y": rng.normal(size=2)}
    return params, {name: value.astype(dtype) for name, value in inputs.items()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("short", SHORT)
def test_the_noise_of_a_short_loss_accuses_nobody(short, dtype):
    right = module(ELMAN, SHORT[short])
    found = judge(right.loss, right.backward, *arguments(dtype))
    assert found.verdict != "wrong"
    asked = right.loss, right.backward, arguments(dtype), None, 0, 20.0
    assert judge_in_double_too(*asked).verdict == "right"
    wrong = module(ELMAN, SHORT[short], WRONG)
    found = judge_in_double_too(wrong.loss, wrong.backward, arguments(dtype), None, 0, 20.0)
    assert found.verdict == "wrong"
    assert list(found.wrong) == ["R"]


@pytest.mark.parametrize(("digits", "verdicts"), [(1, {"inconclusive"}), (3, {"inconclusive"}),
                                                  (6, {"inconclusive", "right"})])  # fmt: skip
def test_a_loss_that_is_rounded_to_steps_tells_nothing_or_the_truth(digits, verdicts):
    rounded = f"return round(float(np.mean(off ** 2)) / 2, {digits})"
    program = module(ELMAN, (RETURNED, rounded))
    asked = program.loss, program.backward, *arguments()
    assert {judge(*asked, seed=seed).verdict for seed in range(4)} <= verdicts


@pytest.mark.parametrize(
    ("edit", "wrong"), [(WRONG, ["R"]), (("return grads", "return {n: 0 * g for n, g in "
     "grads.items()}"), ["A", "R", "V", "b"])],
)  # fmt: skip
def test_a_tiny_loss_hides_nothing(edit, wrong):
    tiny = ("SCALE = 1.0", "SCALE = 1e-13")
    right = module(ELMAN, tiny)
    assert judge(right.loss, right.backward, *arguments()).verdict == "right"
    found = module(ELMAN, tiny, edit)
    found = judge(found.loss, found.backward, *arguments())
    assert found.verdict == "wrong"
    assert sorted(found.wrong) == wrong


def test_a_tiny_loss_that_only_differences_tell_hides_nothing():
    through_text = (RETURNED, "return float(f'{1e-13 * np.mean(off ** 2) / 2:.17g}')")
    edits = ("SCALE = 1.0", "SCALE = 1e-13"), through_text
    right = module(ELMAN, *edits)
    assert judge(right.loss, right.backward, *arguments()).verdict == "right"
    wrong = module(ELMAN, *edits, WRONG)
    found = judge(wrong.loss, wrong.backward, *arguments())
    assert list(found.wrong) == ["R"]


def test_a_slope_is_told_with_how_far_it_may_be_off():
    rounded = slope_of(lambda x: float(np.float32(0.5 + 0.01 * np.sin(3 * x))))
    assert rounded.short
    assert abs(rounded - 0.03) < rounded.error < 1e-3
    nearby = slope_of(lambda x: 1 + abs(x + 3e-5))
    assert abs(nearby - 1) < nearby.error < 1e-6
    assert slope_of(lambda x: 1 + abs(x)).kink
    assert slope_of(lambda x: round(0.2 + 1e-2 * x, 3)).error > 1e-2
    small = slope_of(lambda x: 3.5 + 4e-8 * np.sin(x) + 0.01 * x * x, need=1e-10)
    assert abs(small - 4e-8) < small.error <= 1e-10


def test_a_slow_loss_is_judged_in_few_calls():
    slow = ("    off = params", "    time.sleep(0.05)\n    off = params")
    for edits, verdict in (((), "right"), ((WRONG,), "wrong")):
        program = module(ELMAN, slow, *edits)
        params, inputs = arguments()
        params["A"] = np.random.default_rng(1).normal(size=(4, 2000)) / 40
        inputs["xs"] = np.random.default_rng(2).normal(size=(5, 2000))
        found = judge(program.loss, program.backward, params, inputs, seconds=4.0, enough=1.0)
        assert found.verdict == verdict
        assert found.seconds < 4.5


def test_a_loss_that_ends_is_not_said_not_to():
    slow = ("    off = params", "    time.sleep(0.1)\n    off = params")
    program = module(ELMAN, slow)
    found = judge(program.loss, program.backward, *arguments(), seconds=1.2)
    assert found.verdict == "inconclusive"
    assert any("a call of loss takes 0.1 s" in reason for reason in found.reasons)
    assert not any("did not end" in reason for reason in found.reasons)


def test_a_mistake_that_small_weights_hide_is_found_at_larger_ones():
    slope = ("(1 - made[t + 1] ** 2)", "(1 - np.tanh(made[t + 1]) ** 2)")
    wrong = module(ELMAN, slope)

    def example(rng):
        params, inputs = arguments(scale=1e-5)
        return {name: rng.permuted(value) for name, value in params.items()}, inputs

    found = judge(wrong.loss, wrong.backward, *example(np.random.default_rng(0)), example=example)
    assert found.verdict == "wrong"
    assert found.small
    assert np.abs(found.params["R"]).max() > 0.1
    right = module(ELMAN)
    given = example(np.random.default_rng(0))
    found = judge(right.loss, right.backward, *given, example=example)
    assert found.verdict == "right"
    assert not found.small


def test_a_number_is_moved_as_what_it_is():
    scaled = ("return SCALE *", "return params['scale'].sum().reshape(params['scale'].shape) *")
    scaled_too = ("off = SCALE *", "off = params['scale'] *")
    returned = ("    return grads", "    grads['scale'] = loss(params, inputs) / params['scale']\n"
                "    return grads")  # fmt: skip
    for scale in (np.array(0.7), np.float64(0.7)):
        program = module(ELMAN, scaled, scaled_too, returned)
        params, inputs = arguments()
        found = judge(program.loss, program.backward, params | {"scale": scale}, inputs)
        assert found.verdict == "right"
        assert "complex step" in found.evidence["voters"] or "tangents" in found.evidence["voters"]


def test_what_is_wrong_is_kept_when_the_time_is_up():
    slow = ("    off = params", "    time.sleep(0.02)\n    off = params")
    program = module(ELMAN, slow, WRONG)
    params, inputs = arguments()
    params["A"] = np.random.default_rng(1).normal(size=(4, 3000)) / 60
    inputs["xs"] = np.random.default_rng(2).normal(size=(5, 3000))
    params = {"R": params["R"], **params}
    found = judge(program.loss, program.backward, params, inputs, seconds=20.0, enough=0.1)
    assert found.verdict == "wrong"
    assert found.seconds < 5.0
    assert set(found.wrong) | set(found.right) | set(found.undecided) == set(params)


KEPT = """
import numpy as np


class Net:
    def __init__(self):
        self.W = np.random.default_rng(0).normal(size=(30, 200)) / 10


net = Net()


def loss(params, inputs):
    net.W = params["W"]
    return np.sum(np.tanh(net.W @ inputs["x"]) ** 2)


def backward(params, inputs):
    net.W = params["W"]
    y = np.tanh(net.W @ inputs["x"])
    return {"W": np.outer(2 * y * (1 - y**2), inputs["x"])}


def example(rng):
    return {"W": net.W + 0.01 * rng.normal(size=(30, 200))}, {"x": rng.normal(size=200)}
"""


def test_an_example_meets_no_complex_numbers_of_ours():
    program = module(KEPT)
    given = program.example(np.random.default_rng(0))
    found = judge(program.loss, program.backward, *given, example=program.example)
    assert found.verdict == "right"
    assert "complex step" in found.evidence["voters"]
    assert not any("example raises" in reason for reason in found.reasons)


CERTAIN = """
import numpy as np


def loss(params, inputs):
    p = 1 / (1 + np.exp(-params["w"]))
    return -np.sum(np.log(1 - p)) + 0.01 * np.sum(params["w"] ** 2)


def backward(params, inputs):
    p = 1 / (1 + np.exp(-params["w"]))
    return {"w": p + 0.02 * params["w"]}
"""


def test_a_term_that_stands_still_for_a_while_accuses_nobody():
    program = module(CERTAIN)
    for w in (29.0, 29.5, 30.0, 30.3):
        given = {"w": np.array([w, w + 0.1])}, {}
        found = judge(program.loss, program.backward, *given, example=lambda _, g=given: g)
        assert found.verdict != "wrong"
