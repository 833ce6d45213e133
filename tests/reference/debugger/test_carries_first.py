"""A line that makes a carry is looked at before the line that reads it at the next step."""

import time

import numpy as np
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.cases import Case, score
from reference.debugger.searching.places import ordered_statements
from reference.debugger.searching.round import probed

JOINED = """\
import numpy as np

H, D = 4, 3


def run(p, xs):
    h, c, tape = np.zeros(H), np.zeros(H), []
    for x in xs:
        xh = np.concatenate([x, h])
        a = xh @ p["W"] + p["b"]
        f, g = 1 / (1 + np.exp(-a[:H])), np.tanh(a[H:])
        c_old = c
        c = f * c_old + (1 - f) * g
        h = np.tanh(c)
        tape.append((xh, f, g, c_old, h))
    return h, tape


def loss(params, inputs):
    _, tape = run(params, inputs["xs"])
    return sum(np.sum(h * w) for (*_, h), w in zip(tape, inputs["ws"]))


def backward(params, inputs):
    _, tape = run(params, inputs["xs"])
    g_W, g_b = np.zeros_like(params["W"]), np.zeros_like(params["b"])
    dh, dc = np.zeros(H), np.zeros(H)
    for t in range(len(tape) - 1, -1, -1):
        xh, f, g, c_old, h = tape[t]
        dh = dh + inputs["ws"][t]
        dc = dc + dh * (1 - h ** 2)
        da = np.concatenate([dc * (c_old - g) * f * (1 - f), dc * (1 - f) * (1 - g ** 2)])
        g_W += np.outer(xh, da)
        g_b += da
        dxh = params["W"] @ da
        dh = dxh[D:]
        dc = dc * f
    return {"W": g_W, "b": g_b}


def example(rng):
    params = {"W": rng.normal(size=(D + H, 2 * H)), "b": rng.normal(size=2 * H)}
    return params, {"xs": rng.normal(size=(5, D)), "ws": rng.normal(size=(5, H))}
"""


def test_the_maker_of_a_carry_comes_before_its_reader(tmp_path):
    text = JOINED.replace("dh = dxh[D:]", "dh = dxh[:H]")
    made, right = loaded(text, tmp_path), loaded(JOINED, tmp_path, "right")
    given = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given, 5.0)
        case = Case(given, made.loss(*given), right.backward(*given))
        outcome = program.run(given, 5.0)
        now = probed(program, case, score(outcome, case), time.monotonic() + 20.0)
        lines = [line for _, line, _ in ordered_statements(program, now, outcome)]
    texts = [text.splitlines()[line - 1].strip() for line in lines]
    assert texts.index("dh = dxh[:H]") < texts.index('dh = dh + inputs["ws"][t]')


def test_a_carry_of_the_wrong_columns_is_mended_where_it_is_made(tmp_path):
    found = debugged(loaded(JOINED.replace("dh = dxh[D:]", "dh = dxh[:H]"), tmp_path))
    assert found.suspects[0].text.strip() == "dh = dxh[:H]"
    assert found.fixes
