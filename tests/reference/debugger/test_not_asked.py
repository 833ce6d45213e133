"""Where the backward is not to blame no edit of it is offered."""

import pytest
from tests.reference.debugger.programs import debugged, loaded

MODULE = """\
import numpy as np

W, U = np.ones((3, 2)) / 5, np.eye(3) / 2
rate, memory = 0.1, np.zeros((3, 3))


def run(xs):
    hs = [np.zeros(3)]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1]))
    value = 0.5 * np.sum(hs[-1] ** 2)
    dh, dW, dU = hs[-1], np.zeros_like(W), np.zeros_like(U)
    for t in reversed(range(len(xs))):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(dz, xs[t])
        dU += np.outer(dz, hs[t])
        dh = U.T @ dz
    return value, dW, dU


def loss(params, inputs):
    SET_IN_LOSS
    return run(inputs["xs"])[0]


def backward(params, inputs):
    SET_IN_BACKWARD
    _, dW, dU = run(inputs["xs"])
    AFTERWARDS
    return {"W": dW, "U": dU}


def example(rng):
    params = {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(3, 3)) / 2}
    return params, {"xs": rng.normal(size=(4, 2))}
"""
SETS = "globals().update(params)"


def program(in_loss, in_backward, afterwards="pass"):
    text = MODULE.replace("SET_IN_LOSS", in_loss).replace("SET_IN_BACKWARD", in_backward)
    return text.replace("AFTERWARDS", afterwards)


def test_all_is_right_where_the_globals_are_set(tmp_path):
    assert debugged(loaded(program(SETS, SETS), tmp_path)).verdict == "right"


CASES = {
    "neither": ("pass", "pass", ("does not depend on any of params", "globals")),
    "locals": (
        "W, U = params['W'], params['U']",
        SETS,
        ("does not depend on any of params", "globals"),
    ),
    "backward forgets": (SETS, "pass", ("globals", "W")),
}


@pytest.mark.parametrize("name", CASES)
def test_params_that_do_not_reach_the_globals_are_told(name, tmp_path):
    in_loss, in_backward, said = CASES[name]
    text = program(in_loss, in_backward)
    found = debugged(loaded(text, tmp_path, name.replace(" ", "_")), seconds=10.0)
    assert found.verdict == "wrong"
    assert not found.fixes
    words = str(found)
    assert all(word in words for word in said)


@pytest.mark.parametrize("step", ["params['U'] -= rate * dU", "params['U'] += -rate * dU",
                                  "params['U'] -= rate * dU / np.sqrt(memory + 1e-8)"])  # fmt: skip
def test_a_step_of_an_optimiser_is_told_and_not_taken_out(step, tmp_path):
    found = debugged(loaded(program(SETS, SETS, step), tmp_path, f"step_{len(step)}"))
    assert found.verdict == "wrong"
    assert not found.fixes
    assert "step of training" in str(found)
    assert found.suspects[0].text == step


def test_an_argument_that_is_changed_by_no_step_is_mended(tmp_path):
    step = "inputs['xs'] *= 2"
    found = debugged(loaded(program(SETS, SETS, step), tmp_path, "doubled"))
    assert found.suspects[0].kind == "argument changed"


HANDED_ON = """\
import numpy as np

last = {"h": np.zeros(3), "c": np.zeros(3)}


def run(params, xs):
    W, U = params["W"], params["U"]
    hs, cs = [last["h"]], [last["c"]]
    for x in xs:
        cs.append(0.5 * cs[-1] + np.tanh(W @ x + U @ hs[-1]))
        hs.append(np.sin(cs[-1]))
    h, c = hs[-1], cs[-1]
    value = np.sum(hs[-1])
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    dh, dc = np.ones(3), np.zeros(3)
    for t in reversed(range(len(xs))):
        dc = dc + dh * np.cos(cs[t + 1])
        dz = dc * (1 - (cs[t + 1] - 0.5 * cs[t]) ** 2)
        dW += np.outer(dz, xs[t])
        dU += np.outer(dz, hs[t])
        dh, dc = U.T @ dz, 0.5 * dc
    last["h"], last["c"] = h, c
    return value, {"W": dW, "U": dU}


def loss(params, inputs):
    return run(params, inputs["xs"])[0]


def backward(params, inputs):
    return run(params, inputs["xs"])[1]


def example(rng):
    params = {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(3, 3)) / 2}
    return params, {"xs": rng.normal(size=(4, 2))}
"""


def test_a_state_that_is_handed_on_goes_on_being_so(tmp_path):
    found = debugged(loaded(HANDED_ON, tmp_path), seconds=6.0)
    assert found.verdict == "wrong"
    assert found.suspects[0].kind == "state between calls"
    for fix in found.fixes:
        assert fix.apply_to(HANDED_ON).count('    last["h"], last["c"] = h, c\n    return') == 1
