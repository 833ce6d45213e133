"""Time steps of mistakes that only show where several places or steps have the wrong text."""

import importlib.util
import time

import numpy as np
import pytest

from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.patterns import pattern_of_edit, seen_in
from reference.debugger.naming.turns import turns
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog

RIGHT = """\
import numpy as np


def forward(params, inputs):
    h, tape = inputs["h0"], []
    for x in inputs["xs"]:
        step = {}
        step.update(x=x, before=h)
        h = np.tanh(x @ params["W"] + h @ params["U"])
        step.update(h=h)
        tape.append(step)
    return tape


def loss(params, inputs):
    return sum(np.sum(s["h"] * d) for s, d in zip(forward(params, inputs), inputs["dhs"]))


def backward(params, inputs):
    tape, dhs, mask = forward(params, inputs), inputs["dhs"], inputs["mask"]
    total = {"W": np.zeros_like(params["W"]), "U": np.zeros_like(params["U"])}
    before = [s["before"] for s in tape]
    dh, decay = np.zeros_like(dhs[0]), np.zeros_like(dhs[0])
    t = len(tape)
    while t > 0:
        t -= 1
        dh = dh + dhs[t]
        decay = decay + dhs[t]
        kept = np.where(mask[t, :, None] > 0, dh, 0.0)
        left = np.where(mask[t, :, None] > 0, 0.0, dh)
        dh = kept + left
        dz = dh * (1 - tape[t]["h"] ** 2)
        here = {"W": tape[t]["x"].T @ dz, "U": before[t].T @ dz}
        for name in total:
            total[name] += here[name]
        decay = 0.5 * decay + 0.0
        dh = dz @ params["U"].T
    dh0 = dh.sum(axis=0)
    for layer in (0, 1):
        dh0 = dh0 * (layer + 1) + layer
    return {**total, "h0": dh0, "decay": decay}
"""
T, B, D, H = 5, 3, 2, 4


def example(rng):
    mask = np.ones((T, B))
    mask[2, 1] = mask[4, 0] = 0
    inputs = {"xs": rng.normal(size=(T, B, D)), "h0": rng.normal(size=(B, H)), "mask": mask,
              "dhs": rng.normal(size=(T, B, H))}  # fmt: skip
    return {"W": rng.normal(size=(D, H)), "U": 0.5 * rng.normal(size=(H, H))}, inputs


@pytest.fixture
def steps(tmp_path):
    """Return a function that plants a mistake and tells its steps, in words."""

    def ask(*edits):
        wrong = RIGHT
        for right_text, wrong_text in edits:
            assert wrong.count(right_text) == 1
            wrong = wrong.replace(right_text, wrong_text)
        path = tmp_path / "subject.py"
        path.write_text(wrong)
        spec = importlib.util.spec_from_file_location("subject", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        given = example(np.random.default_rng(0))
        with Watchdog() as watchdog:
            program = Program(module.loss, module.backward, watchdog)
            program.discover(given, 5.0)
            found = turns(program, given, str(path), wrong, RIGHT, time.monotonic() + 20)
            program.restore()
        found.mends = tuple  # while loops that never end take their time
        kind = kind_of(wrong, RIGHT, seen_in(found))
        return pattern_of_edit(kind, wrong, RIGHT, found, given)[0]

    return ask


LOOP = '    for x in inputs["xs"]:\n'
BEGINS = "dh, decay = np.zeros_like(dhs[0]), np.zeros_like(dhs[0])"
CASES = {
    "a list made before the loop, which the mended one does without": (
        [("    t = len(tape)\n",
          "    t = len(tape)\n    rolled = np.roll([s['h'] for s in tape], 1, axis=0)\n"),
         ("before[t].T", "rolled[t].T")], "t=0",
    ),
    "one record for all steps": (
        [(f"{LOOP}        step = {{}}\n", f"    step = {{}}\n{LOOP}")], "all but the last",
    ),
    "two names of one array, until the loop makes new ones": (
        [(BEGINS, "dh = decay = np.zeros_like(dhs[0])"), ("dh = dh + dhs[t]", "dh += dhs[t]")],
        "the last",
    ),
    "a while loop that ends too early": (
        [("    t = len(tape)\n", "    t = len(tape) - 1\n"), ("        t -= 1\n", ""),
         ('dh = dz @ params["U"].T\n', 'dh = dz @ params["U"].T\n        t -= 1\n')], "t=0",
    ),
    "many sums replaced at once": (
        [("        for name in total:\n            total[name] += here[name]\n",
          "        total.update(here)\n")], "all but the last",
    ),
    "one sum replaced": ([("total[name] += here", "total[name] = here")], "all but t=0"),
    "what the loop leaves": ([("dh.sum(axis=0)", "dh[0]")], "none"),
    "rows cleared in another name of an array": (
        [("kept = np.where(mask[t, :, None] > 0, dh, 0.0)",
          "kept = dh\n        kept[mask[t] == 0] = 0.0")], "where the mask is 0",
    ),
    "another order of what is no time": (
        [("for layer in (0, 1)", "for layer in (1, 0)")], "none",
    ),
    "a value of the mask that one text alone sets": (
        [("        left = np.where(mask[t, :, None] > 0, 0.0, dh)\n        dh = kept + left\n",
          "        dh = kept\n")], "where the mask is 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_steps_that_are_wrong_together(steps, name):
    edits, expected = CASES[name]
    assert steps(*edits) == expected


def test_what_is_left_from_another_call_is_of_no_step():
    kind, old, new = "state between calls", "def f(a=[]): pass", "def f(): a = []"
    assert pattern_of_edit(kind, old, new, None, ({}, {}))[0] == "none"
