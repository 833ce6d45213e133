"""Lines that are written anew as a whole: named by the plain mistake that does the same."""

import ast
import time

import numpy as np
import pytest

from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.meant_by_former import owned
from reference.debugger.naming.patterns import seen_in
from reference.debugger.naming.plain_mistakes import plain_mistakes
from reference.debugger.naming.turns import turns
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog

from .programs import module

RIGHT = """\
import numpy as np


def forward(params, inputs):
    h, tape = inputs["h0"], []
    for x in inputs["xs"]:
        a = np.tanh(x + h @ params["U"])
        b = 1 / (1 + np.exp(-h @ params["V"]))
        tape.append((h, a, b))
        h = a * b + 0.5 * h
    return h, tape


def loss(params, inputs):
    h, tape = forward(params, inputs)
    states = zip(tape, inputs["dhs"])
    return np.sum(h * inputs["dh"]) + sum(np.sum(step[0] * d) for step, d in states)


def backward(params, inputs):
    _, tape = forward(params, inputs)
    U, V = params["U"], params["V"]
    T, B, H = inputs["xs"].shape
    dU, dV, dxs = np.zeros_like(U), np.zeros_like(V), np.zeros((T, B, H))
    dh = inputs["dh"]
    for t in range(T - 1, -1, -1):
        h, a, b = tape[t]
        da = dh * b * (1 - a**2)
        db = dh * a * b * (1 - b)
        dU += h.T @ da
        dV += h.T @ db
        dxs[t] = da
        direct = 0.5 * dh
        dh = direct + inputs["dhs"][t] + da @ U.T + db @ V.T
    rows = inputs["xs"].reshape(T * B, H).T @ dxs.reshape(T * B, H)
    return {"U": dU, "V": dV, "xs": dxs, "h0": dh, "rows": rows}
"""
T, B, H = 4, 3, 2
SLOPES = "        da = dh * b * (1 - a**2)\n        db = dh * a * b * (1 - b)\n"
SUMS = "        dU += h.T @ da\n        dV += h.T @ db\n"
BACK = '        dh = direct + inputs["dhs"][t] + da @ U.T + db @ V.T\n'
ROWS = 'inputs["xs"].reshape(T * B, H).T @ dxs.reshape(T * B, H)'
WRONG = [
    (SLOPES, "        both = np.stack([dh * b, dh * a])\n        gates = np.stack([a, b])\n"
     "        da, db = both * gates * (1 - gates)\n", "wrong derivative"),
    (SLOPES, "        slopes = np.stack([1 - a**2, np.ones_like(b)])\n"
     "        da, db = np.stack([dh * b, dh * a]) * slopes\n", "missing derivative"),
    (BACK, '        dh = direct + inputs["dhs"][t]\n'
     "        dh = dh + np.hstack([da, db]) @ np.vstack([V.T, U.T])\n", "wrong order"),
    (BACK, '        back = [inputs["dhs"][t], da @ U.T, db @ V.T]\n        dh = sum(back)\n',
     "missing path"),
    (BACK, '        ways = [direct, inputs["dhs"][t], da @ U.T]\n        ways.append(-(db @ V.T))\n'
     "        dh = sum(ways)\n", "wrong sign"),
    ("        direct = 0.5 * dh\n" + BACK,
     '        ways = [dh, inputs["dhs"][t], da @ U.T, db @ V.T]\n        dh = sum(ways)\n',
     "missing factor"),
    (SUMS, "        for d, total in zip((db, da), (dU, dV)):\n            total += h.T @ d\n",
     "wrong order"),
    ("        direct = 0.5 * dh\n" + BACK, '        dh = inputs["dhs"][t] + da @ U.T + db @ V.T\n'
     "        dh = dh + 0.5 * dh\n", "overwritten too early"),
    (ROWS, 'inputs["xs"].swapaxes(0, 1).reshape(-1, H).T @ dxs.reshape(-1, H)', "wrong order"),
    (ROWS, 'sum(inputs["xs"][t].T @ dxs[t] for t in range(1, T))', "loop bounds"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "kind"), WRONG)
def test_what_is_written_anew_is_named_by_what_does_the_same(right, wrong, kind):
    assert RIGHT.count(right) == 1
    made = module(RIGHT, (right, wrong))
    draw = np.random.default_rng(0)
    params = {name: draw.normal(size=(H, H)) for name in "UV"}
    inputs = {"xs": draw.normal(size=(T, B, H)), "h0": draw.normal(size=(B, H)),
              "dh": draw.normal(size=(B, H)), "dhs": draw.normal(size=(T, B, H))}  # fmt: skip
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog, None)
        try:
            program.discover((params, inputs), 5.0)
            ((file, source),) = program.sources.items()
            text = source.text
            with program.quiet():
                seen = turns(program, (params, inputs), file, text, RIGHT, time.monotonic() + 5.0)
            assert kind_of(text, RIGHT, seen_in(seen)) == kind
        finally:
            program.restore()


def test_only_arrays_of_one_shape_stand_for_each_other():
    tree = ast.parse("dx.insert(0, d @ W)")
    known = {"d": np.ones(2), "W": np.eye(2), "c": np.zeros(2), "n": np.array(3)}
    others = [ast.parse("c * n").body[0]]
    made = [ast.unparse(value[1] if isinstance(value, list) else value)
            for meant in plain_mistakes([(tree.body[0], (tree,))], others, known)
            for _, _, value in meant.slots]  # fmt: skip
    assert "c" in made
    assert not {"dx", "n"} & set(made)


def test_who_writes_into_a_value_may_need_one_of_its_own():
    tree = ast.parse("carry.h, rows[0] = h, 1\nself.x = 2")
    assert [meant.kind for s in tree.body for meant in owned(s, (tree,))] == ["aliasing"] * 2
