"""Right values in wrong places: slices, axes, rows for matrices, indices, and masks left out."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.naming.kinds import kind_of
from reference.debugger.repair import common

from .test_engine import debugged, loaded
from .test_wanted import place

RNG = np.random.default_rng(0)

# Batch first; one matrix for bias, input and state; steps that are masked hand their state on.
MASKED = """\
import numpy as np


def turned(x, lengths):
    made = x.copy()
    for b, n in enumerate(lengths):
        made[b, :n] = x[b, :n][::-1]
    return made


def run(params, inputs):
    x = turned(inputs["x"], inputs["lengths"])
    B, T, D = x.shape
    H = params["W"].shape[1] // 3
    h, z, s = np.zeros((T + 1, B, H)), np.zeros((T, B, 1 + D + H)), np.zeros((T, B, 3 * H))
    for t in range(T):
        m = (t < inputs["lengths"]).astype(float)[:, None]
        z[t] = np.concatenate([np.ones((B, 1)), x[:, t], h[t]], axis=1)
        a = z[t] @ params["W"]
        s[t] = 1 / (1 + np.exp(-a))
        s[t, :, H:2 * H] = np.tanh(a[:, H:2 * H])
        new = s[t, :, :H] * s[t, :, H:2 * H] + np.abs(a[:, 2 * H:]) * s[t, :, 2 * H:]
        h[t + 1] = m * new + (1 - m) * h[t]
    return h, z, s


def loss(params, inputs):
    return float(np.sum(run(params, inputs)[0][1:] * inputs["g"]))


def backward(params, inputs):
    h, z, s = run(params, inputs)
    B, T, D = inputs["x"].shape
    H = h.shape[2]
    dW, dh = np.zeros_like(params["W"]), np.zeros((B, H))
    dz = np.zeros_like(z)
    for t in range(T - 1, -1, -1):
        m = (t < inputs["lengths"]).astype(float)[:, None]
        dh = dh + inputs["g"][t]
        dnew = m * dh
        a = z[t] @ params["W"]
        ds = np.zeros_like(s[t])
        ds[:, :H] = dnew * s[t, :, H:2 * H]
        ds[:, H:2 * H] = dnew * s[t, :, :H]
        ds[:, 2 * H:] = dnew * np.abs(a[:, 2 * H:])
        slope = s[t] * (1 - s[t])
        slope[:, H:2 * H] = 1 - s[t, :, H:2 * H] ** 2
        da = ds * slope
        da[:, 2 * H:] += dnew * s[t, :, 2 * H:] * np.sign(a[:, 2 * H:])
        dW += z[t].T @ da
        dz[t] = da @ params["W"].T
        dh = dz[t, :, D + 1:] + (1 - m) * dh
    dx = dz[:, :, 1:D + 1].swapaxes(0, 1)
    return {"W": dW, "x": turned(dx, inputs["lengths"])}


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([2, 3, 4, 5]))
    lengths = rng.permutation(np.arange(B) % (T - 1) + 2)
    inputs = {"x": rng.normal(size=(B, T, D)), "g": rng.normal(size=(T, B, H)), "lengths": lengths}
    return {"W": 0.7 * rng.normal(size=(1 + D + H, 3 * H))}, inputs
"""

# One word after another, a matrix for each.
WORDS = """\
import numpy as np


def run(params, word):
    h = [params["h0"]]
    for t in range(len(word) - 1):
        k = word[t]
        h.append(np.tanh(params["A"][k] @ h[t] + params["b"][k]))
    return h


def loss(params, inputs):
    return sum(float(run(params, word)[-1] @ params["w"]) for word in inputs["words"])


def backward(params, inputs):
    dA, db = np.zeros_like(params["A"]), np.zeros_like(params["b"])
    dw, dh0 = np.zeros_like(params["w"]), np.zeros_like(params["h0"])
    for word in inputs["words"]:
        h = run(params, word)
        dw += h[-1]
        dh = params["w"]
        for t in reversed(range(len(word) - 1)):
            k = word[t]
            da = dh * (1 - h[t + 1] ** 2)
            dA[k] += np.outer(da, h[t])
            db[k] += da
            dh = params["A"][k].T @ da
        dh0 += dh
    return {"A": dA, "b": db, "w": dw, "h0": dh0}


def example(rng):
    K, H = 3, int(rng.integers(3, 6))
    params = {"A": rng.normal(size=(K, H, H)), "b": rng.normal(size=(K, H))}
    params |= {"w": rng.normal(size=H), "h0": rng.normal(size=H)}
    return params, {"words": rng.integers(K, size=(2, 5))}
"""


@pytest.mark.parametrize(
    ("right", "old", "new", "kind"),
    [
        (MASKED, "dz[:, :, 1:D + 1]", "dz[:, :, :D]", "index off by one"),
        (MASKED, "1:D + 1].swapaxes(0, 1)", "1:D + 1].reshape(B, T, D)", None),
        (MASKED, "D + 1:] + (1 - m) * dh", "D + 1:]", "missing path"),
        (MASKED, "dnew = m * dh", "dnew = dh", "missing factor"),
        (MASKED, 'turned(dx, inputs["lengths"])', "dx[:, ::-1]", None),
        (WORDS, "np.outer(da, h[t])", "da * h[t]", "dot for outer"),
        (WORDS, "k = word[t]\n            da", "k = word[t + 1]\n            da",
         "index off by one"),
    ],
)  # fmt: skip
def test_a_value_in_the_wrong_place_is_put_right(right, old, new, kind, tmp_path):
    assert right.count(old) == 1
    source = right.replace(old, new)
    line = source[: source.index(new)].count("\n") + 1
    found = debugged(loaded(source, tmp_path))
    assert found.suspects[0].line == line
    assert kind is None or found.suspects[0].kind == kind
    assert found.fixes


@pytest.mark.parametrize(
    ("line", "new", "env"),
    [
        ("y = x[:n]", "1:n + 1", {"x": np.arange(9.0), "n": 3}),
        ("y = x[:-n - 1]", "1:-n", {"x": np.arange(9.0), "n": 3}),
        ("y = x.reshape(n, -1)", "x.reshape(-1, n).T", {"x": np.ones((2, 3, 4)), "n": 4}),
        ("y = np.stack(x)", "np.stack(x, axis=1)", {"x": np.ones((2, 3, 4))}),
        ("y = x[::-1]", "x[:, ::-1]", {"x": np.ones((2, 3))}),
        ("y = np.repeat(x, n)", "np.tile", {"x": np.ones(3), "n": 4}),
        ("y = a * b", "np.outer(a, b)", {"a": np.ones(3), "b": np.ones(3)}),
        ("y = a * b", "a @ b", {"a": np.ones((2, 3)), "b": np.ones(3)}),
        ("y = x / (1 + x * x)", "((1 + x) ** 2)", {"x": np.ones(3)}),
        ("y = x / n * n", "x / (n * n)", {"x": np.ones(3), "n": 4}),
        ("y = x * (np.abs(s) > 1)", "x * (np.abs(s) > 1) * np.sign(s)",
         {"x": RNG.normal(size=3), "s": np.array([2.0, -3.0, 0.5])}),
    ],
)  # fmt: skip
def test_another_layout_is_in_the_catalogue(line, new, env):
    edits = [rewrite.splices[0].new for rewrite in common(place(line, 0, **env)) if rewrite.splices]
    assert new in edits


def test_what_is_added_as_a_row_may_have_to_be_a_matrix(tmp_path):
    source = WORDS.replace("np.outer(da, h[t])", "da * h[t]")
    assert debugged(loaded(source, tmp_path)).fixes[0].edits[0].new[0].strip() == (
        "dA[k] += np.outer(da, h[t])"
    )


def test_a_mask_is_no_size_and_a_block_has_a_slope_of_its_own():
    step = "def f(dh, m, mask):\n    for t in range(3):\n        m = mask[t]\n        d = dh\n"
    assert kind_of(step, step.replace("= dh", "= dh * (1 - m)")) == "missing factor"
    whole = "d[t] *= s[t] * (1 - s[t])"
    parted = "d[t, :G] *= s[t, :G] * (1 - s[t, :G])\nd[t, G] *= 1 - s[t, G] ** 2"
    assert kind_of(whole, parted) == "wrong derivative"
