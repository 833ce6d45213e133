"""A backward that raises: the line, the kind of mistake, and what should stand there."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import MODEL, RNN, STEPS, line_of, module, rnn_arguments

from reference.debugger.debug import debug
from reference.debugger.judging.verdict import judge

RAISING = {
    "a misspelt name": (
        RNN, ("db += da", "db += dda"), "wrong name", "db += dda", "perhaps da"),
    "dot for outer": (
        STEPS, ("np.outer(da, cache[\"h_prev\"])", "da.dot(cache[\"h_prev\"][:2])"),
        "dot for outer", "grads[\"W\"] += da.dot(cache[\"h_prev\"][:2])",
        "np.outer(da, cache['h_prev'][:2])"),
    "a transpose forgotten": (
        RNN, ("dh_next = params[\"W\"].T @ da", "dh_next = params[\"U\"] @ da"),
        "transposed", "dh_next = params[\"U\"] @ da", "params['U'].T @ da"),
    "shapes that do not fit": (
        RNN, ("db += da", "db += da[:2]"), "wrong shape", "db += da[:2]", "fit together"),
    "a buffer of integers": (
        MODEL, ("dh = np.zeros(len(self.h[0]))", "dh = np.zeros(len(self.h[0]), int)"),
        "wrong dtype", "dh += dhs[t]", "a buffer of floats"),
    "an index too many": (
        RNN, ("reversed(range(len(xs)))", "range(len(xs), -1, -1)"),
        "raises", "da = (inputs[\"dh\"][t] + dh_next) * (1 - h[t] ** 2)", ""),
    "an exit": (
        RNN, ("    return {\"U\"", "    exit(3)\n    return {\"U\""), "raises", "exit(3)", ""),
    "no end of calls": (
        RNN, ("    return {\"U\"", "    again = backward(params, inputs)\n    return {\"U\""),
        "raises", "again = backward(params, inputs)", "a recursion that ends"),
}  # fmt: skip


@pytest.mark.parametrize("name", RAISING)
def test_the_line_and_the_kind(name):
    source, edit, kind, line, should_be = RAISING[name]
    program = module(source, edit)
    judgement = judge(program.loss, program.backward, *rnn_arguments())
    assert judgement.verdict == "wrong"
    (finding,) = judgement.findings
    assert (finding.kind, line_of(finding)) == (kind, line)
    assert should_be in finding.should_be
    assert finding.why.startswith("backward raises here: ")


# Loss and gradients in one function; the loss is the first of its results.
BOTH = """
import numpy as np

def step_back(d, w, x):
    return np.outer(x, d), w @ d

def compute(w, x, scale):
    y = np.tanh(x @ w)
    total = 0.5 * scale * np.sum(y ** 2)
    dw, dx = step_back(scale * y * (1 - y ** 2), w, x)
    return {RESULT}

def loss(params, inputs):
    return compute(params["w"], inputs["x"], 2.0){OF}

def backward(params, inputs):
    return {GRADIENTS}
"""
IN_ONE = {
    "a tuple": ('total, {"w": dw, "x": dx}', "[0]", 'compute(params["w"], inputs["x"], 2.0)[1]'),
    "a dict": ('{"loss": total, "w": dw, "x": dx}', '["loss"]',
               '{k: v for k, v in compute(params["w"], inputs["x"], 2.0).items() if k != "loss"}'),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_ONE)
def test_a_loss_that_raises_in_the_part_for_the_gradients(name):
    result, of, gradients = IN_ONE[name]
    source = BOTH.replace("{RESULT}", result).replace("{OF}", of)
    source = source.replace("{GRADIENTS}", gradients).replace("w @ d", "d @ w")
    program = module(source)
    rng = np.random.default_rng(0)
    given = {"w": rng.standard_normal((3, 2))}, {"x": rng.standard_normal(3)}
    found = debug(program.loss, program.backward, *given, seconds=10)
    assert found.verdict == "wrong"
    assert line_of(found.suspects[0]) == "return np.outer(x, d), d @ w"
    assert found.suspects[0].kind == "transposed"
    mended = module(found.fixes[0].apply_to(source))
    assert judge(mended.loss, mended.backward, *given).verdict == "right"


def test_a_loss_that_needs_what_raises():
    source = BOTH.replace("{RESULT}", "total + np.sum(dw ** 2), dw, dx").replace("{OF}", "[0]")
    source = source.replace("{GRADIENTS}", "{}").replace("w @ d", "d @ w")
    program = module(source)
    given = {"w": np.ones((3, 2))}, {"x": np.ones(3)}
    with pytest.raises(ValueError, match="has an error of its own"):
        debug(program.loss, program.backward, *given)


def test_a_loss_that_raises_on_other_values_only():
    source = RNN.replace("def loss(params, inputs):\n", """def loss(params, inputs):
    if np.sum(params["b"]) > 1e-3:
        raise ValueError("too large")
""")  # fmt: skip
    params, inputs = rnn_arguments()
    params["b"] = np.zeros_like(params["b"])
    program = module(source, ("db += da", "db = da"))

    def example(rng: np.random.Generator):
        drawn = {name: rng.standard_normal(value.shape) for name, value in params.items()}
        return {**drawn, "b": np.ones_like(params["b"])}, inputs

    found = debug(program.loss, program.backward, params, inputs, example=example, seconds=10)
    assert found.verdict == "wrong"
    assert list(found.wrong) == ["b"]
    assert line_of(found.suspects[0]) == "db = da"
