"""What a call leaves behind: the line that changes an argument, or that keeps state."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import MODEL, RNN, STEPS, line_of, module, rnn_arguments

from reference.debugger.judging.verdict import judge


def found(source, *edits):
    program = module(source, *edits)
    return judge(program.loss, program.backward, *rnn_arguments()).findings


@pytest.mark.parametrize(
    ("source", "edit", "line"),
    [
        (STEPS, ("        da = (dh + dh_next)", "        dh += dh_next\n        da = dh"),
         "dh += dh_next"),
        (MODEL, ('self.params["W"].T @ da\n', 'self.params["W"].T @ da\n            dhs[t] = dh\n'),
         "dhs[t] = dh"),
        (RNN, ("        da = (", "        np.add(dh_next, 0, out=inputs['dh'][t])\n        da = ("),
         "np.add(dh_next, 0, out=inputs['dh'][t])"),
    ],
    ids=["in place", "a row", "out="],
)  # fmt: skip
def test_an_argument_that_is_changed(source, edit, line):
    (one,) = found(source, edit)
    assert (one.kind, one.variable, line_of(one)) == ("argument changed", "dh", line)


STATE = {
    "a default value": (
        RNN,
        [("def forward(params, inputs):", "def total(db, sums={}):\n"
          "    sums['b'] = sums.get('b', 0) + db\n    return sums['b']\n\n"
          "def forward(params, inputs):"), ('"b": db', '"b": total(db)')],
        "def total(db, sums={}):",
    ),
    "a global": (
        RNN,
        [("def forward(params", "total = []\n\ndef forward(params"),
         ("        db += da\n", "        total.append(da)\n"), ('"b": db', '"b": sum(total)')],
        "total.append(da)",
    ),
    "an attribute of the class": (
        MODEL,
        [('grads["b"] += da', 'self.total["b"] = self.total.get("b", 0) + da'),
         ("{**grads,", '{**grads, "b": self.total["b"],')],
        "total = {}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STATE)
def test_state_between_calls(case):
    source, edits, line = STATE[case]
    (one,) = found(source, *edits)
    assert (one.kind, line_of(one)) == ("state between calls", line)


def test_a_cache_that_every_call_fills_anew_is_no_state():
    edits = [("def forward(params", "cache = {}\n\ndef forward(params"),
             ("    return h\n", "    cache['h'] = h\n    return h\n"),
             ("    h = forward(params, inputs)\n    dU", "    forward(params, inputs)\n"
              "    h = cache['h']\n    dU")]  # fmt: skip
    assert found(RNN, *edits) == ()


class Settings:
    """Something among the inputs that no two of are equal."""

    scale = 2.0


@pytest.mark.parametrize("held", [Settings(), [Settings()], {"of": Settings()}])
def test_an_object_among_the_inputs_is_not_changed_by_being_copied(held):
    program = module(RNN)
    params, inputs = rnn_arguments()
    judgement = judge(program.loss, program.backward, params, {**inputs, "settings": held})
    assert (judgement.verdict, judgement.findings) == ("right", ())


def test_random_numbers_that_are_drawn_from_an_argument_change_it():
    def backward(params, inputs):
        inputs["rng"].standard_normal()
        return program.backward(params, inputs)

    program = module(RNN)
    params, inputs = rnn_arguments()
    judgement = judge(program.loss, backward, params, {**inputs, "rng": np.random.default_rng(0)})
    assert [one.variable for one in judgement.findings] == ["rng"]
