"""`aliasing`: the line at which memory is shared; nothing in right programs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import MODEL, RNN, STEPS, line_of, module, rnn_arguments

from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.effects import aliasing, combined
from reference.debugger.judging.verdict import judge
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog


def found_in(program):
    judgement = judge(program.loss, program.backward, *rnn_arguments())
    with Watchdog() as watchdog:
        watched = Program(program.loss, program.backward, watchdog)
        inputs = judgement.params, judgement.inputs
        watched.discover(inputs, 2.0)
        try:
            return aliasing(watched, inputs, judgement.reference)
        finally:
            watched.restore()


def watched(source, *edits):
    return found_in(module(source, *edits))


@pytest.mark.parametrize("source", [RNN, STEPS, MODEL], ids=["buffers", "steps", "a model"])
def test_nothing_in_right_programs(source):
    assert watched(source) == []


@pytest.mark.parametrize(
    "edit",
    [("db += da", "db += 2 * da"), ("h[t] ** 2)", "h[t])"), ("dh_next = params", "dh = params")],
    ids=["factor", "derivative", "carry"],
)
def test_nothing_where_a_formula_is_wrong(edit):
    assert watched(RNN, edit) == []


ALIASING = {
    "a view of the first column": (
        STEPS,
        [("hs = np.zeros((len(h), len(inputs[\"xs\"])))",
          "hs = np.zeros((len(h), len(inputs[\"xs\"])))\n    hs[:, 0] = h\n    h = hs[:, 0]")],
        ["h = hs[:, 0]"],
    ),
    "one buffer for all states": (
        STEPS,
        [('h, caches = inputs["h0"], []', 'h, caches = inputs["h0"].copy(), []'),
         ("h, cache = step(params, x, h)", "h[:], cache = step(params, x, h)")],
        ["h[:], cache = step(params, x, h)", 'return h, {"x": x, "h_prev": h_prev, "h": h}'],
    ),
    "one array in a list": (
        MODEL,
        [("self.h = np.zeros((T + 1, H))", "self.h = [np.zeros(H)] * (T + 1)"),
         ("self.h[0] = h0", "self.h[0][:] = h0"),
         ("        for t in range(T):\n", "        hs = []\n        for t in range(T):\n"),
         ("self.h[t + 1] = np.tanh(z)",
          "self.h[t + 1][:] = np.tanh(z)\n            hs.append(self.h[t + 1].copy())"),
         ("return self.h[1:]", "return np.array(hs)")],
        ["self.h = [np.zeros(H)] * (T + 1)"],
    ),
    "the initial state in the last row": (
        RNN, [("(T + 1, H)", "(T, H)"), ("h[:-1] * inputs", "h * inputs")], ["h[-1] = h0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ALIASING)
def test_aliasing_is_named_where_the_alias_is_bound(case):
    source, edits, lines = ALIASING[case]
    found = watched(source, *edits)
    assert found
    assert found[0].kind == "aliasing"
    assert line_of(found[0]) in lines


def test_the_line_that_overwrites_is_told():
    source, edits, _ = ALIASING["a view of the first column"]
    found = watched(source, *edits)
    (writer,) = [one for one in found if line_of(one) == "hs[:, t] = h"]
    assert f"line {writer.line} overwrites it" in found[0].why
    assert found[0].steps == (0,)


def test_everything_is_as_it_was():
    source, edits, _ = ALIASING["a view of the first column"]
    program = module(source, *edits)
    before = {name: vars(program)[name] for name in vars(program)}
    codes = {name: f.__code__ for name, f in before.items() if hasattr(f, "__code__")}
    params, inputs = rnn_arguments()
    copies = {name: array.copy() for name, array in (params | inputs).items()}
    assert found_in(program)
    assert vars(program) == before
    for name, code in codes.items():
        assert before[name].__code__ is code
    for name, array in (params | inputs).items():
        np.testing.assert_array_equal(array, copies[name])


@pytest.mark.parametrize(("confidence", "kind"), [(0.95, "aliasing"), (0.4, "wrong operand")])
def test_a_fix_keeps_its_kind_where_a_copy_only_makes_it_better(confidence, kind):
    def suspect(kind, confidence, engine):
        return Suspect(
            file="cell.py", line=3, text="", function="", variable="dh", steps=(), pattern="all",
            kind=kind, why="", should_be="", confidence=confidence, engines=(engine,),
        )  # fmt: skip

    of_fix = suspect("wrong operand", 0.95, "repair")
    (both,) = combined([of_fix], [suspect("aliasing", confidence, "memory")])
    assert both.kind == kind
