"""A call that has another argument than all calls alike beside it makes a program raise."""

from tests.reference.debugger.programs import debugged, loaded

NET = """\
import numpy as np


def run(P, x):
    hs = [np.zeros((4, x.shape[2]))]
    for t in range(len(x)):
        z = np.concatenate([hs[-1], x[t]], axis=0)
        hs.append(np.tanh(P["A"] @ z + P["a"]) * (P["C"] @ z + P["c"]) + P["e"])
    return hs


def loss(params, inputs):
    return 0.5 * np.sum(run(params, inputs["x"])[-1] ** 2)


def back(P, dh, z):
    u, v = np.tanh(P["A"] @ z + P["a"]), P["C"] @ z + P["c"]
    du, dv = dh * v * (1 - u ** 2), dh * u
    da = np.sum(du, axis=1, keepdims=True)
    dc = np.sum(dv, axis=1, keepdims=True)
    de = np.sum(dh, axis=1, keepdims=True)
    dz = P["A"].T @ du + P["C"].T @ dv
    return dz[:4], {"A": du @ z.T, "C": dv @ z.T, "a": da, "c": dc, "e": de}


def backward(params, inputs):
    hs = run(params, inputs["x"])
    total = {k: np.zeros_like(v) for k, v in params.items()}
    dh = hs[-1]
    for t in range(len(inputs["x"]) - 1, -1, -1):
        dh, some = back(params, dh, np.concatenate([hs[t], inputs["x"][t]], axis=0))
        for k in total:
            total[k] += some[k]
    return total


def example(rng):
    shapes = {"A": (4, 6), "C": (4, 6), "a": (4, 1), "c": (4, 1), "e": (4, 1)}
    params = {k: 0.5 * rng.normal(size=s) for k, s in shapes.items()}
    return params, {"x": rng.normal(size=(3, 2, 7))}
"""


def test_an_axis_that_differs_from_those_beside_it_is_named(tmp_path):
    text = NET.replace("dc = np.sum(dv, axis=1", "dc = np.sum(dv, axis=0")
    found = debugged(loaded(text, tmp_path))
    assert found.suspects[0].line == 1 + text.splitlines().index(
        "    dc = np.sum(dv, axis=0, keepdims=True)"
    )
    assert found.fixes[0].apply_to(text) == NET
