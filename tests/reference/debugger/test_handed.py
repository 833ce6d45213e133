"""A call of the user's own function is handed the value of another step."""

from tests.reference.debugger.programs import debugged, loaded

LSTM = """\
import numpy as np


def gates(x, h, p):
    a = p["W"] @ np.concatenate([x, h]) + p["b"]
    return 1 / (1 + np.exp(-a[:3])), 1 / (1 + np.exp(-a[3:6])), np.tanh(a[6:])


def back_one(dh, dc, x, h_before, c_before, c, gate, p, grads):
    i, f, g = gate
    dc = dc + dh * (1 - np.tanh(c) ** 2)
    di, df, dg = dc * g * i * (1 - i), dc * c_before, dc * i * (1 - g ** 2)
    df = df * f * (1 - f)
    da = np.concatenate([di, df, dg])
    grads["W"] += np.outer(da, np.concatenate([x, h_before]))
    grads["b"] += da
    return p["W"].T[2:] @ da, dc * f


def forward(p, xs):
    hs, cs, all_gates = {-1: np.zeros(3)}, {-1: np.zeros(3)}, {}
    for t in range(len(xs)):
        i, f, g = all_gates[t] = gates(xs[t], hs[t - 1], p)
        cs[t] = f * cs[t - 1] + i * g
        hs[t] = np.tanh(cs[t])
    return hs, cs, all_gates


def loss(params, inputs):
    hs, _, _ = forward(params, inputs["xs"])
    return 0.5 * sum(np.sum(hs[t] ** 2) for t in range(len(inputs["xs"])))


def backward(params, inputs):
    xs = inputs["xs"]
    hs, cs, all_gates = forward(params, xs)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh, dc = np.zeros(3), np.zeros(3)
    for t in reversed(range(len(xs))):
        dh, dc = back_one(dh + hs[t], dc, xs[t], hs[t - 1], cs[t - 1], cs[t], all_gates[t], params,
                          grads)
    return grads


def example(rng):
    params = {"W": rng.normal(size=(9, 5)) / 2, "b": rng.normal(size=9) / 2}
    return params, {"xs": rng.normal(size=(4, 2))}
"""


def test_an_argument_of_a_call_is_one_step_off(tmp_path):
    assert debugged(loaded(LSTM, tmp_path), seconds=10.0).verdict == "right"
    right = "hs[t - 1], cs[t - 1], cs[t]"
    for name, wrong in {"c": "hs[t - 1], cs[t], cs[t]", "h": "hs[t], cs[t - 1], cs[t]"}.items():
        text = LSTM.replace(right, wrong)
        found = debugged(loaded(text, tmp_path, f"off_{name}"), seconds=15.0)
        assert found.suspects[0].line == text[: text.index("(dh + hs[t]")].count("\n") + 1
        assert found.suspects[0].kind == "index off by one"
        assert right in found.fixes[0].apply_to(text)
