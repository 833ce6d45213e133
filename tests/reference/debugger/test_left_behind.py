"""Scripts as they are: weights in globals, a step of training in the function, clipping."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from reference.debugger.answering.left_behind import as_known
from reference.debugger.answering.limits import unreached
from reference.debugger.debug import debug
from reference.debugger.diagnosis import Diagnosis, Edit, Fix, Suspect
from reference.debugger.naming.harm import effect

A, b = np.full((3, 2), 0.1), np.zeros(3)  # the weights of the script below
RNG = np.random.default_rng(8)
PARAMS = {"A": RNG.standard_normal((3, 2)), "b": RNG.standard_normal(3)}
INPUTS = {"x": RNG.standard_normal((4, 2))}
learning_rate = 0.1
memory = {"h": np.zeros(3)}


def script(x):
    """Value and gradients at the weights of this module."""
    value, dA, db = 0.0, np.zeros_like(A), np.zeros_like(b)
    for t in range(len(x)):
        h = np.tanh(A @ x[t] + b)
        value += np.sum(h)
        d = 1 - h * h
        dA += np.outer(d, x[t])
        db += d
    return value, {"A": dA, "b": db}


def unset_loss(params, inputs):
    return script(inputs["x"])[0]


def set_loss(params, inputs):
    globals().update(params)
    return script(inputs["x"])[0]


def unset_backward(params, inputs):
    return script(inputs["x"])[1]


def set_backward(params, inputs):
    globals().update(params)
    return script(inputs["x"])[1]


@pytest.fixture(autouse=True)
def weights():
    before = A, b
    yield
    globals().update(A=before[0], b=before[1])


def test_a_loss_that_reads_no_params_is_told_and_no_line_of_the_backward_is_mended():
    found = debug(unset_loss, unset_backward, PARAMS, INPUTS, seconds=8)
    assert found.verdict == "wrong"
    assert not found.fixes
    assert not found.suspects
    (said,) = found.remarks
    assert said.startswith("the loss does not depend on any of params")
    assert "script reads the globals A and b" in said
    assert said in " ".join(str(found).split())


def test_a_backward_that_reads_the_weights_of_the_last_call_is_told_as_one_line():
    found = debug(set_loss, unset_backward, PARAMS, INPUTS, seconds=8)
    (suspect,) = found.suspects
    assert suspect.variable.split(", ") == ["A", "b"]
    assert "A and b live on between calls as globals that are set from params here" in suspect.why
    assert not found.fixes
    assert found.advice == ("for the check set them in loss and in backward, before they run",)
    assert "A and b are kept from call to call" in str(found)


def trained(params, inputs):
    globals().update(params)
    _, grads = script(inputs["x"])
    for name in grads:
        params[name] -= learning_rate * grads[name]
    return grads


def test_a_step_of_training_is_no_mistake_to_be_mended():
    found = debug(set_loss, trained, PARAMS, INPUTS, seconds=8)
    assert found.suspects[0].kind == "argument changed"
    assert "a step of training" in found.suspects[0].why
    assert not found.fixes
    assert found.advice == ("for the check call it without the update",)


@pytest.mark.parametrize(
    ("text", "names", "is_one"),
    [("p -= learning_rate * dp", "A", True), ("globals()[n] -= 0.1 * d[n]", "A", True),
     ("p -= v / np.sqrt(m)", "A, b", True), ("A *= mask", "A", False), ("A -= mean", "A", False),
     ("x -= 0.1 * mean", "x", False), ("params[n] = params[n] - lr * g[n]", "A, b", True)],
)  # fmt: skip
def test_what_a_step_of_training_looks_like(text, names, is_one):
    changed = Suspect("a.py", 1, text, "f", variable=names, kind="argument changed", why="why")
    told = as_known(Diagnosis("wrong", suspects=(changed,)), PARAMS)
    assert ("step of training" in told.suspects[0].why) == is_one


def test_beside_clipping_that_is_left_out_its_condition_is_not_turned_round():
    line = "for g in grads: np.clip(g, -5, 5, out=g)"
    source = f"if clip:\n    {line}\n"
    out = Fix((Edit("a.py", 1, 2, ("if clip:", f"    {line}"), ()),), "without it", "", source)
    turned = Fix((Edit("a.py", 1, 1, ("if clip:",), ("if not clip:",)),), "", "", source)
    inner = Suspect("a.py", 2, line, "f", kind="clipped")
    suspects = inner, replace(inner, line=1, text="if clip:", should_be="if not clip:")
    told = as_known(Diagnosis("wrong", suspects=suspects, fixes=(out, turned)), PARAMS)
    assert (told.fixes, told.suspects) == ((out,), suspects[:1])


def shifted(params, inputs):
    inputs["x"] -= 1.0
    return {"A": 0 * params["A"], "b": 0 * params["b"]}


def test_another_argument_that_is_changed_has_its_fix():
    def loss(params, inputs):
        return float(np.sum(inputs["x"]))

    found = debug(loss, shifted, PARAMS, INPUTS, seconds=8)
    assert found.suspects[0].kind == "argument changed"
    assert "training" not in found.suspects[0].why


def carried(params, inputs):
    """Return the loss; the state goes on to the next call."""
    h = memory["h"]
    for t in range(len(inputs["x"])):
        h = np.tanh(params["A"] @ inputs["x"][t] + params["b"] + h)
    memory["h"] = h
    return float(np.sum(h))


def of_carried(params, inputs):
    h, hs = memory["h"], []
    for t in range(len(inputs["x"])):
        h = np.tanh(params["A"] @ inputs["x"][t] + params["b"] + h)
        hs.append(h)
    memory["h"] = h
    dA, db, d = np.zeros_like(params["A"]), np.zeros_like(params["b"]), np.ones(3)
    for t in reversed(range(len(inputs["x"]))):
        d = d * (1 - hs[t] ** 2)
        dA += np.outer(d, inputs["x"][t])
        db += d
    return {"A": dA, "b": db}


def test_a_state_that_is_handed_on_is_not_frozen_by_a_fix():
    found = debug(carried, of_carried, PARAMS, INPUTS, seconds=8)
    assert found.suspects[0].kind == "state between calls"
    assert "set it anew in loss and in backward for the check" in found.suspects[0].why
    assert all(fix.why != "move it" for fix in found.fixes)


def limited(params, inputs):
    globals().update(params)
    _, grads = script(inputs["x"])
    for name in grads:
        np.clip(grads[name], -50, 50, out=grads[name])
    return grads


def test_clipping_that_nothing_has_reached_is_told_beside_right():
    found = debug(set_loss, limited, PARAMS, INPUTS, seconds=8)
    assert found.verdict == "right"
    at = limited.__code__.co_firstlineno + 4
    assert f"the clipping of gradients at line {at} (limited) has changed nothing" in str(found)
    assert "clipping" not in str(debug(set_loss, set_backward, PARAMS, INPUTS, seconds=8))


def safe(params, inputs):
    x = np.clip(inputs["x"], -9, 9)
    data = x.clip(-3, 3)
    return np.clip(data, 0, 1)


def test_clipping_of_values_is_no_clipping_of_gradients():
    assert unreached(safe) == ""


def many(names):
    before = {name: np.zeros(2) for name in names}
    return SimpleNamespace(answers=(before, {name: np.arange(2.0) for name in names}))


def test_long_lists_of_names_are_not_told_again():
    right = {name: np.arange(2.0) for name in "abcdefgh"}
    spoiled = many("abcdefgh")
    spoiled.answers[0].update({name: np.array([3.0, 1.5]) for name in "abcdefgh"})
    assert effect(spoiled, right) == "all gradients that are wrong become right with it"
    spoiled.answers[0]["a"] = np.zeros(2)
    assert effect(spoiled, right) == (
        "a is zero throughout; b, c, d, e and 3 more become right with it"
    )
