"""What is turned round along an axis that is not the first."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.repair import turned

from .test_engine import debugged, loaded
from .test_wanted import place

# Batch first: the second direction reads its steps turned round along the second axis.
BOTH_WAYS = """\
import numpy as np


def scan(x, w, u):
    B, T, _ = x.shape
    h = np.zeros((B, T + 1, len(u)))
    for t in range(T):
        h[:, t + 1] = np.tanh(x[:, t] @ w + h[:, t] @ u)
    return h


def back(x, h, w, u, g):
    dx, dw, du, dh = np.zeros_like(x), np.zeros_like(w), np.zeros_like(u), 0.0
    for t in reversed(range(x.shape[1])):
        da = (g[:, t] + dh) * (1 - h[:, t + 1] ** 2)
        dw += x[:, t].T @ da
        du += h[:, t].T @ da
        dx[:, t] = da @ w.T
        dh = da @ u.T
    return dx, dw, du


def loss(p, inputs):
    x, g = p["x"], inputs["g"]
    there, here = scan(x, p["w"], p["u"]), scan(x[:, ::-1], p["v"], p["s"])
    return float(np.sum(g * np.dstack([there[:, 1:], here[:, 1:][:, ::-1]])))


def backward(p, inputs):
    x, g, n = p["x"], inputs["g"], len(p["u"])
    xr = x[:, ::-1]
    there, here = scan(x, p["w"], p["u"]), scan(xr, p["v"], p["s"])
    dx, dw, du = back(x, there, p["w"], p["u"], g[:, :, :n])
    dxr, dv, ds = back(xr, here, p["v"], p["s"], g[:, ::-1, n:])
    return {"x": dx + dxr[:, ::-1], "w": dw, "u": du, "v": dv, "s": ds}


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([2, 3, 4, 5]))
    p = {"x": rng.normal(size=(B, T, D))}
    p |= {k: rng.normal(size=(D, H)) / 2 for k in "wv"}
    p |= {k: rng.normal(size=(H, H)) / 2 for k in "us"}
    return p, {"g": rng.normal(size=(B, T, 2 * H))}
"""


@pytest.mark.parametrize(
    ("old", "new"), [("dxr[:, ::-1],", "dxr,"), ("g[:, ::-1, n:]", "g[:, :, n:]")]
)
def test_what_comes_back_from_the_second_direction_is_turned_round(old, new, tmp_path):
    assert BOTH_WAYS.count(old) == 1
    found = debugged(loaded(BOTH_WAYS.replace(old, new), tmp_path))
    assert found.fixes[0].apply_to(BOTH_WAYS.replace(old, new)) == BOTH_WAYS


def test_a_kernel_is_turned_round_along_its_last_axis():
    here = place(
        "dx = np.einsum('nwk,ock->ncw', d, w)", 0, d=np.ones((2, 5, 3)), w=np.ones((4, 2, 3))
    )
    given = {r.splices[0].new: r.cost for r in turned.rewrites(here)}
    assert given["w[:, :, ::-1]"] > 1.2  # no axis of the file is turned round
