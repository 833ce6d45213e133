"""Gradients left out, misnamed, of another shape or no numbers: each has its line."""

from __future__ import annotations

import pytest
from tests.reference.debugger.programs import MODEL, RNN, STEPS, line_of, module, rnn_arguments

from reference.debugger.judging.verdict import judge

RETURN = 'return {"U": dU, "W": dW, "b": db, "h0": dh_next}'
FAULTS = {
    "left out": (RNN, ('"b": db, ', ""), "never returned", "b", RETURN.replace('"b": db, ', "")),
    "nothing": (
        RNN, (RETURN, "pass"), "never returned", "U, W, b", "def backward(params, inputs):"),
    "names of their own": (
        STEPS, ("    return grads", "    return {'d' + k: v for k, v in grads.items()}"),
        "wrong name", "U, W, b", "return {'d' + k: v for k, v in grads.items()}"),
    "not summed": (
        MODEL, ('grads["b"] += da', 'grads["b"] = np.outer(da, da)'),
        "wrong shape", "b", 'grads["b"] = np.outer(da, da)'),
    "put there in another shape": (
        STEPS, ('grads["h0"] = dh_next', 'grads["h0"] = dh_next[:, None]'),
        "wrong shape", "h0", 'grads["h0"] = dh_next[:, None]'),
    "no array": (
        RNN, ('"b": db', '"b": "db"'), "wrong shape", "b", "def backward(params, inputs):"),
    "the root of what is negative": (
        RNN, ("(1 - h[t] ** 2)", "np.sqrt(h[t] - 1)"), "not finite", "U, W, b, h0",
        'da = (inputs["dh"][t] + dh_next) * np.sqrt(h[t] - 1)'),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_line_is_named(name):
    source, edit, kind, variable, line = FAULTS[name]
    program = module(source, edit)
    judgement = judge(program.loss, program.backward, *rnn_arguments())
    assert judgement.verdict == "wrong"
    (finding,) = judgement.findings
    assert (finding.kind, line_of(finding)) == (kind, line)
    assert set(finding.variable.split(", ")) == set(variable.split(", "))
