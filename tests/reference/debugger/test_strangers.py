"""Mistakes of memory, shape and type in strangers' programs: the line, the kind, and a fix."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import line_of, module
from tests.reference.debugger.strangers import (
    BUFFERS,
    ELMAN,
    GATES,
    LAYERS,
    LEAKY,
    LSTM,
    NORM,
    TAPE,
)

from reference.debugger.debug import debug
from reference.debugger.judging.verdict import judge

# Program, edits, lines that may be blamed, kinds.
MISTAKES = {
    "a buffer is kept at every step": (
        ELMAN, [("pres.append(work.copy())", "pres.append(work)")],
        ["pres.append(work)"], ["aliasing"]),
    "scaled before the last read": (
        LSTM, [("        au = gc * i * (1 - u ** 2)\n        gc *= f\n",
                "        gc *= f\n        au = gc * i * (1 - u ** 2)\n")],
        ["gc *= f", "au = gc * i * (1 - u ** 2)"],
        ["overwritten too early", "spurious factor", "wrong order", "aliasing"]),
    "summed into the caller's array": (
        LSTM, [('gh, gc = inputs["target"].copy(), c.copy()', 'gh, gc = inputs["target"], c'),
               ("        gh = gz[:, n:]\n", "        gh[:] = gz[:, n:]\n")],
        ['gh, gc = inputs["target"], c', "gh[:] = gz[:, n:]"], ["argument changed", "aliasing"]),
    "a dict as default value": (
        LEAKY, [("acc=None", "acc={}"), ("    acc = {} if acc is None else acc\n", "")],
        ["def derivs(net, words, start, aim, acc={}):"], ["state between calls"]),
    "no sum over the batch": (
        LEAKY, [("np.sum(back * (out[k - 1] if k else start), axis=0)",
                 "back * (out[k - 1] if k else start)")],
        ['acc["leak"] = acc.get("leak", 0) + back * (out[k - 1] if k else start)'],
        ["wrong shape"]),
    "an axis of one": (
        LEAKY, [("out[k - 1] if k else start), axis=0)",
                 "out[k - 1] if k else start), axis=0, keepdims=True)")],
        ['acc["leak"] = acc.get("leak", 0) + np.sum(back * (out[k - 1] if k else start), axis=0, '
         "keepdims=True)"], ["wrong shape"]),
    "a product the wrong way round": (
        LEAKY, [('words[k].T @ (back * (words[k] @ net["E"] > 0))',
                 '(back * (words[k] @ net["E"] > 0)).T @ words[k]')],
        ['acc["E"] = acc.get("E", 0) + (back * (words[k] @ net["E"] > 0)).T @ words[k]'],
        ["wrong shape", "transposed"]),
    "a tape that is never cleared": (
        TAPE, [("    TAPE.clear()\n", "")], ["TAPE.append([x, h, r, z, q])"],
        ["state between calls"]),
    "a second name for what is scaled": (
        TAPE, [("        keep = delta * (1 - z)\n",
                "        keep = delta\n        keep *= 1 - z\n")],
        ["keep = delta", "keep *= 1 - z"], ["aliasing", "overwritten too early"]),
    "centred in place": (
        NORM, [("            u = x - x.mean(axis=-1, keepdims=True)\n",
                "            x -= x.mean(axis=-1, keepdims=True)\n            u = x\n")],
        ["x -= x.mean(axis=-1, keepdims=True)"], ["argument changed"]),
    "a number without its sum": (
        NORM, [('out["off"] = out["off"] + e.sum()', 'out["off"] = out["off"] + e')],
        ['out["off"] = out["off"] + e'], ["wrong shape"]),
    "lists of the class": (
        NORM, [("    def __init__(self, p):\n        self.p = p\n        self.kept = {}\n",
                "    xs, ss = [], []\n\n    def __init__(self, p):\n        self.p = p\n"),
               ('self.kept["x"], self.kept["s"] = [], [s]\n', "self.ss.append(s)\n"),
               ('self.kept["x"].append(u)', "self.xs.append(u)"),
               ('self.kept["s"].append(s)', "self.ss.append(s)"),
               ('zip(self.kept["x"][::-1], self.kept["s"][-2::-1], self.kept["s"][:0:-1])',
                "zip(self.xs[::-1], self.ss[-2::-1], self.ss[:0:-1])")],
        ["xs, ss = [], []"], ["state between calls"]),
    "one list element for all steps": (
        BUFFERS, [("[np.zeros((B, H)) for _ in range(T)]", "[np.zeros((B, H))] * T")],
        ["da = [np.zeros((B, H))] * T"], ["aliasing"]),
    "a buffer of integers": (
        BUFFERS, [("    dlogit = prob.copy()\n",
                   "    dlogit = np.zeros(prob.shape, dtype=int)\n    dlogit[:] = prob\n"),
                  ("    dlogit /= B\n", "    dlogit = dlogit / B\n")],
        ["dlogit = np.zeros(prob.shape, dtype=int)", "dlogit[:] = prob"], ["wrong dtype"]),
    "a second name for the gates": (
        GATES, [("            slope = gates * (1 - gates)\n",
                 "            slope = gates\n            slope *= 1 - gates\n")],
        ["slope = gates", "slope *= 1 - gates"], ["aliasing", "overwritten too early"]),
    "a cell that is changed in place": (
        GATES, [("            c = c * f + i * g\n",
                 "            c *= f\n            c += i * g\n")],
        ["c *= f", "c += i * g", "c_in, h_in = c, h"], ["argument changed", "aliasing"]),
    "a buffer that is handed out": (
        GATES, [("        dxs = []\n",
                 "        dxs, dx = [], np.zeros(self.saved[0][0].shape)\n"),
                ("dxs.append(dz @ W.T)", "dxs.append(np.matmul(dz, W.T, out=dx))")],
        ["dxs.append(np.matmul(dz, W.T, out=dx))"], ["aliasing"]),
    "a contribution that is added nowhere": (
        LAYERS, [("nonlocal dw, dk", "nonlocal dk"),
                 ("        dw = dw + np.outer(da, s)\n", "        part = np.outer(da, s)\n")],
        ["part = np.outer(da, s)"], ["never returned"]),
    "a carry from the layer above": (
        LAYERS, [("    for layer, s in ((1, second), (0, first)):\n        ds = np.zeros(len(w))\n",
                  "    ds = np.zeros(len(w))\n    for layer, s in ((1, second), (0, first)):\n")],
        ["ds = np.zeros(len(w))"], ["initial value"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_the_line_the_kind_and_a_fix(name):
    source, edits, lines, kinds = MISTAKES[name]
    program = module(source, *edits)
    params, inputs = program.example(np.random.default_rng(0))
    found = debug(
        program.loss, program.backward, params, inputs, example=program.example, seconds=30
    )
    assert found.verdict == "wrong"
    first = found.suspects[0]
    assert line_of(first) in lines
    assert first.kind in kinds
    for old, new in edits:
        source = source.replace(old, new)
    mended = module(found.fixes[0].apply_to(source))
    again = judge(mended.loss, mended.backward, params, inputs, example=mended.example)
    assert again.verdict == "right"
    assert not again.findings
