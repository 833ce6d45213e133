"""Programs that run one sequence after another and divide in the end: each fault is mended."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.values.adjoints import adjoints_of
from reference.debugger.values.divided import divided_later

from .test_engine import debugged, loaded

TWO_WAYS = """\
import numpy as np

GATES = ("u", "c")


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def before(words):
    read = np.roll(words, 1)
    read[0] = 0
    return read


def keep(a, mask):
    return a * mask / 0.5


class Tape:
    def __init__(self):
        self.rows = []

    def put(self, *row):
        self.rows.append(row)


def run(P, side, xs, tape):
    states = np.zeros((len(xs) + 1, P["s0"].size))
    states[-1] = P["s0"]
    for t, x in enumerate(xs):
        prev = states[t - 1]
        u = sigmoid(x @ P[f"{side}_Xu"] + prev @ P[f"{side}_Su"])
        c = np.tanh(x @ P[f"{side}_Xc"] + prev @ P[f"{side}_Sc"])
        states[t] = (1 - u) * prev + u * c
        tape.put(x, t, {"u": u, "c": c})
    return states


def step_back(P, side, ds, x, prev, g, G):
    d = {"u": ds * (g["c"] - prev), "c": ds * g["u"]}
    dx, d_prev = 0.0, ds * (1 - g["u"])
    for k in GATES:
        da = d[k] * (g[k] * (1 - g[k]) if k == "u" else 1 - g[k] ** 2)
        G[f"{side}_X{k}"] += np.outer(x, da)
        G[f"{side}_S{k}"] += np.outer(prev, da)
        dx = dx + P[f"{side}_X{k}"] @ da
        d_prev = d_prev + P[f"{side}_S{k}"] @ da
    return dx, d_prev


def forward(P, words, goal, mask):
    tapes = Tape(), Tape()
    xs = P["emb"][before(words)]
    there = run(P, "a", xs, tapes[0])
    back = run(P, "b", xs[::-1], tapes[1])
    y = np.array([keep(s, m) @ P["Va"] for s, m in zip(there, mask)])
    y = y + back[:len(xs)][::-1] @ P["Vb"]
    return y - goal, there, back, tapes


def add(P, words, goal, mask, G):
    err, there, back, tapes = forward(P, words, goal, mask)
    dxs = np.zeros((len(words), P["emb"].shape[1]))
    ds = np.zeros_like(P["s0"])
    for n, (x, t, g) in reversed(list(enumerate(tapes[0].rows))):
        G["Va"] += np.outer(keep(there[t], mask[t]), err[n])
        ds = keep(P["Va"] @ err[n], mask[t]) + ds
        dxs[n], ds = step_back(P, "a", ds, x, there[t - 1], g, G)
    G["s0"] += ds
    ds = np.zeros_like(P["s0"])
    for x, t, g in tapes[1].rows[::-1]:
        G["Vb"] += np.outer(back[t], err[-1 - t])
        ds = ds + P["Vb"] @ err[-1 - t]
        dx, ds = step_back(P, "b", ds, x, back[t - 1], g, G)
        dxs[-1 - t] += dx
    G["s0"] += ds
    np.add.at(G["emb"], before(words), dxs)


def loss(params, inputs):
    each = zip(inputs["words"], inputs["goal"], inputs["mask"])
    return sum(0.5 * np.sum(forward(params, *one)[0] ** 2) for one in each) / len(inputs["goal"])


def backward(params, inputs):
    G = {k: np.zeros_like(v) for k, v in params.items()}
    for one in zip(inputs["words"], inputs["goal"], inputs["mask"]):
        add(params, *one, G)
    for k in G:
        G[k] /= len(inputs["goal"])
    return G


def example(rng):
    N, T = (int(n) for n in rng.permutation([2, 3]))
    D, H, K = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {"emb": rng.normal(size=(4, D)), "s0": rng.normal(size=H)}
    params |= {"Va": rng.normal(size=(H, K)), "Vb": rng.normal(size=(H, K))}
    for side in "ab":
        for k in "uc":
            params[f"{side}_X{k}"] = rng.normal(size=(D, H))
            params[f"{side}_S{k}"] = 0.7 * rng.normal(size=(H, H))
    inputs = {"words": rng.integers(4, size=(N, T)), "goal": rng.normal(size=(N, T, K))}
    return params, inputs | {"mask": rng.integers(2, size=(N, T, H))}
"""

SECOND = """\
    ds = np.zeros_like(P["s0"])
    for x, t"""
SLOPES = 'da = d[k] * (g[k] * (1 - g[k]) if k == "u" else 1 - g[k] ** 2)'
GATED = """\
    d = {"u": ds * (g["c"] - prev), "c": ds * g["u"]}
    dx, d_prev = 0.0, ds * (1 - g["u"])
"""
GATED_TOO_EARLY = """\
    d = {"u": ds * (g["c"] - prev)}
    ds = ds * g["u"]
    d["c"] = ds
    dx, d_prev = 0.0, ds * (1 - g["u"])
"""
END = '    G["s0"] += ds\n    ds'

FAULTS = [
    (SECOND, "    for x, t"),
    (END, "    G.update(s0=ds)\n    ds"),
    (SLOPES, "da = d[k] * g[k] * (1 - g[k])"),
    (SLOPES, "da = d[k] * (1 - g[k] ** 2)"),
    ("    def __init__(self):\n        self.rows = []\n",
     "    rows = []\n\n    def __init__(self):\n        self.size = 0\n"),
    ("np.zeros((len(xs) + 1, ", "np.zeros((len(xs), "),
    ('np.add.at(G["emb"], before(words), dxs)', 'np.add.at(G["emb"], words, dxs)'),
    ("keep(P[\"Va\"] @ err[n], mask[t]) + ds", "keep(P[\"Va\"] @ err[n] + ds, mask[t])"),
    ("reversed(list(enumerate(tapes[0].rows)))", "enumerate(reversed(tapes[0].rows))"),
    (GATED, GATED_TOO_EARLY),
    ("    for k in G:\n        G[k] /=",
     "    for k in G:\n        np.clip(G[k], -1, 1, out=G[k])\n    for k in G:\n        G[k] /="),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), FAULTS)
def test_a_fault_in_a_program_of_one_sequence_after_another_is_mended(old, new, tmp_path):
    assert TWO_WAYS.count(old) == 1
    found = debugged(loaded(TWO_WAYS.replace(old, new), tmp_path))
    assert found.fixes


@pytest.mark.parametrize("divides", [True, False])
def test_what_is_divided_in_the_end_is_compared_before(divides, tmp_path):
    end = '        G[k] /= len(inputs["goal"])'
    assert TWO_WAYS.count(end) == 1
    made = loaded(TWO_WAYS if divides else TWO_WAYS.replace(end, "        G[k] /= 1"), tmp_path)
    given = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            adjoints = adjoints_of(program, given, 5.0)
            assert adjoints is not None
            assert (divided_later(program, given, adjoints) is not adjoints) == divides
