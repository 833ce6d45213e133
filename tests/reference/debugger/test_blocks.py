"""The columns of one gate lack a factor that those of the others do not."""

import pytest
from tests.reference.debugger.programs import debugged, loaded

GRU = """\
import numpy as np

H = 3


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward(p, xs):
    h, kept = np.zeros((2, H)), []
    for x in xs:
        ax, ah = x @ p["W"], h @ p["U"] + p["b"]
        r = sigmoid(ax[:, :H] + ah[:, :H])
        z = sigmoid(ax[:, H:2 * H] + ah[:, H:2 * H])
        n = np.tanh(ax[:, 2 * H:] + r * ah[:, 2 * H:])
        kept.append((x, h, r, z, n, ah[:, 2 * H:]))
        h = z * h + (1 - z) * n
    return h, kept


def loss(params, inputs):
    return 0.5 * np.sum(forward(params, inputs["xs"])[0] ** 2)


def backward(params, inputs):
    dh, kept = forward(params, inputs["xs"])
    g = {name: np.zeros_like(value) for name, value in params.items()}
    for x, h, r, z, n, an in reversed(kept):
        dax = np.zeros((2, 3 * H))
        dn = dh * (1 - z) * (1 - n ** 2)
        dax[:, :H] = dn * an * r * (1 - r)
        dax[:, H:2 * H] = dh * (h - n) * z * (1 - z)
        dax[:, 2 * H:] = dn
        dah = dax.copy()
        dah[:, 2 * H:] *= r
        g["W"] += x.T @ dax
        g["U"] += h.T @ dah
        g["b"] += dah.sum(axis=0)
        dh = dh * z + dah @ params["U"].T
    return g


def example(rng):
    shapes = {"W": (4, 3 * H), "U": (H, 3 * H), "b": 3 * H}
    params = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
    return params, {"xs": rng.normal(size=(4, 2, 4))}
"""


@pytest.mark.parametrize("kept", ["dax.copy()", "dax"])
def test_a_factor_of_one_gate_is_put_back(tmp_path, kept):
    text = GRU.replace("        dah[:, 2 * H:] *= r\n", "").replace("dax.copy()", kept)
    found = debugged(loaded(text, tmp_path), seconds=12.0)
    first = found.suspects[0]
    assert first.text.startswith("dah = ")
    assert first.kind == "missing factor"
    assert any("dah[:, 2 * H:] *= r" in "".join(fix.edits[0].new) for fix in found.fixes)
