"""Pullbacks: functions in functions, which hold only the variables that they use."""

import pytest
from tests.reference.debugger.programs import debugged, loaded, recorded

PULLBACKS = """\
import numpy as np


def affine(W, U, x, h):
    return W @ x + U @ h, lambda d: (np.outer(d, x), np.outer(d, h), U.T @ d)


def squash(z):
    y = np.tanh(z)
    return y, lambda d: d * (1 - y ** 2)


def mix(w, new, old):
    return w * new + (1 - w) * old, lambda d: (d * (new - old), d * w, d * (1 - w))


def scaled(by):
    def times(d):
        return d * by
    return times


twice = scaled(2.0)


def run(params, inputs):
    h, pullbacks = inputs["h0"], []
    for x in inputs["xs"]:
        z, back_z = affine(params["W"], params["U"], x, h)
        n, back_n = squash(z)
        h, back_h = mix(params["w"], n, h)
        pullbacks.append((back_z, back_n, back_h))
    return h, pullbacks


def loss(params, inputs):
    return np.sum(run(params, inputs)[0] ** 2)


def backward(params, inputs):
    h, pullbacks = run(params, inputs)
    dW, dU, dw = (np.zeros_like(params[name]) for name in ("W", "U", "w"))
    dh = twice(h)
    for back_z, back_n, back_h in reversed(pullbacks):
        own, dn, kept = back_h(dh)
        dw += own
        more_W, more_U, dh = back_z(back_n(dn))
        dW += more_W
        dU += more_U
        dh = dh + kept
    return {"W": dW, "U": dU, "w": dw}


def example(rng):
    params = {"W": rng.normal(size=(4, 3)), "U": rng.normal(size=(4, 4)), "w": rng.normal(size=4)}
    return params, {"xs": rng.normal(size=(5, 3)), "h0": rng.normal(size=4)}
"""


def test_a_term_of_a_variable_that_a_pullback_does_not_hold_is_found(tmp_path):
    wrong = PULLBACKS.replace("d * (new - old)", "d * new")
    diagnosis = debugged(loaded(wrong, tmp_path), seconds=15)
    assert diagnosis.fixes
    (edit,) = diagnosis.fixes[0].edits
    assert "old" in edit.new[0].partition("lambda")[2]


@pytest.mark.parametrize(
    ("text", "names"), [("d * w", {"d", "w", "new", "old"}), ("d * by", {"d", "by"})]
)
def test_functions_in_functions_see_what_is_around_them(tmp_path, text, names):
    module = loaded(PULLBACKS.replace("d * (new - old)", "d * new"), tmp_path)
    recording, source = recorded(module)
    assert recording.error is None
    seen = [
        set(execution.env) for k, executions in recording.executions.items()
        if (span := recording.sites[k].span) is not None
        and source.data[slice(*span)].decode() == text for execution in executions
    ]  # fmt: skip
    # What lives on cannot hold more than it does, and runs all the same.
    assert seen
    assert all(env >= names for env in seen)


COMPOSED = PULLBACKS.replace(
    "pullbacks.append((back_z, back_n, back_h))",
    "pullbacks = [(back_z, back_n, back_h)] + pullbacks",
).replace("reversed(pullbacks)", "pullbacks")


def test_a_tape_that_is_put_together_the_other_way_round_is_found(tmp_path):
    right = "[(back_z, back_n, back_h)] + pullbacks"
    wrong = COMPOSED.replace(right, "pullbacks + [(back_z, back_n, back_h)]")
    diagnosis = debugged(loaded(wrong, tmp_path), seconds=15)
    assert diagnosis.fixes
    assert any(right in edit.new[0] for fix in diagnosis.fixes for edit in fix.edits)
