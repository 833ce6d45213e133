"""A backward that raises: the line, the kind of mistake, and what should stand there."""

from __future__ import annotations

import pytest
from tests.reference.debugger.programs import MODEL, RNN, STEPS, line_of, module, rnn_arguments

from reference.debugger.verdict import judge

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
