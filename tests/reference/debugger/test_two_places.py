"""Edits of two places at once, neither of which is right alone, and of one of several."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reference.debugger.repair import (
    brackets,
    conditions,
    halves,
    indices,
    late,
    layouts,
    loops,
    statements,
    together,
)
from reference.debugger.searching.places import _is_of_one_call

from .test_engine import debugged, loaded
from .test_wanted import place

X = np.random.default_rng(0).uniform(0.1, 0.9, size=(3, 5))
Y = X + 1


def edited(family, text: str, line: int, **env) -> list[str]:
    """Return the bodies of a function after the edits of a family."""
    here = place(text, line, **env)
    whole = (here.source.edited(rewrite.splices) for rewrite in family(here))
    bodies = ["\n".join(row.strip() for row in text.splitlines()[2:-1]) for text in whole]
    return bodies


@pytest.mark.parametrize(
    ("family", "text", "line", "meant", "env"),
    [
        (halves.rewrites, "a, b = x[:, n:], x[:, :n]", 0, "a, b = x[:, :-n], x[:, -n:]", {"n": 2}),
        (halves.rewrites, "a, b = x[:n], x[n:]", 0, "a, b = x[n:], x[:n]", {"n": 2}),
        (halves.rewrites, "a = x[:, :n]\nb = x[:, n:]", 0, "a = x[:, :m]\nb = x[:, m:]",
         {"n": 2, "m": 4}),
        (statements.rewrites, "x += y\nz -= y", 0, "x -= y\nz += y", {"y": Y, "z": Y}),
        (statements.rewrites, "x, z = f(y)", 0, "more, z = f(y)\nx = x + more", {"y": Y}),
        (brackets.rewrites, "d = x + y + 1\nd = f(d, m)", 1, "d = x + 1\nd = f(d, m) + y",
         {"y": Y, "m": Y}),
        (statements.rewrites, "for k in y:\n    y + 1\nx[0] = y", 1,
         "for k in y:\ny + 1\nx[0] += y", {"y": Y}),
        (layouts.rewrites, "d = np.cumsum(x, axis=1)", 0,
         "d = np.flip(np.cumsum(np.flip(x, 1), axis=1), 1)", {}),
        (layouts.rewrites, "d = x.cumsum(0)", 0,
         "d = np.flip(np.cumsum(np.flip(x, 0), axis=0), 0) - x", {}),
        (loops.rewrites, "for t in reversed(range(3)):\n    t + 1", 0,
         "for t in reversed(order):\nt + 1", {"order": [2, 0, 1], "y": [0.5, 1.5, 2.5]}),
        (late.rewrites, "d = [lambda v: v * x[i] for i in y]", 0,
         "d = [lambda v, i=i: v * x[i] for i in y]", {"y": Y}),
        (indices.rewrites, "d = z[:, t - 1].T @ y", 0,
         "d = (z[:, t - 1] if t > 0 else np.broadcast_to(x0, z[:, t - 1].shape)).T @ y",
         {"y": X, "z": np.ones((3, 4, 5)), "x0": X[0], "t": 1}),
        (together.rewrites, "d = f(x1, y1, dx1, dy1)", 0, "d = f(x, y, dx1, dy1)",
         {"x1": X, "y": X, "y1": X, "dx": X, "dy": X, "dx1": X, "dy1": X}),
        (together.rewrites, "d = dict(a=last_x, b=last_y)", 0, "d = dict(a=x, b=y)",
         {"y": X, "last_x": X, "last_y": X}),
    ],
)  # fmt: skip
def test_an_edit_of_two_places(family, text, line, meant, env):
    assert meant in edited(family, text, line, x=X, **env)


def test_the_parts_of_two_arrays_are_not_cut_together():
    assert edited(halves.rewrites, "a, b = x[:n], y[n:]", 0, x=X, y=Y, n=2) == []


def test_a_value_that_is_no_sum_has_no_part_without_a_factor():
    assert list(brackets.scaled(place("d = x * y\nd = f(d)", 1, x=X, y=Y))) == []


def test_a_loop_that_ends_before_the_first_step_and_an_element_from_the_other_end():
    body = "while t:\n    x[t] = y[t]\n    t -= 1"
    loop = place(body, 0, t=2, x=X, y=Y)
    assert isinstance(loop.statement, ast.While)
    assert "t >= 0" in [rewrite.splices[0].new for rewrite in conditions.rewrites(loop)]
    inner = place(body, 0, t=2, x=X, y=Y)
    inner.statement = loop.statement.body[0]
    assert "-1 - t" in [rewrite.splices[0].new for rewrite in indices.rewrites(inner)]


GATES = """\
import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


SLOPES = {sigmoid: lambda y: y * (1 - y), np.tanh: lambda y: 1 - y * y}


class Gate:
    def __init__(self, name, params, sums, function):
        self.w, self.v, self.function = params["w" + name], params["v" + name], function
        self.dw = sums["w" + name]
        self.dv = sums["v" + name]
        self.seen = []

    def forward(self, x, h):
        y = self.function(x * self.w + h * self.v)
        self.seen.append((x, h, y))
        return y

    def backward(self, dy):
        x, h, y = self.seen.pop()
        da = dy * SLOPES[self.function](y)
        self.dw += (da * x).sum(axis=0)
        self.dv += (da * h).sum(axis=0)
        return da * self.w, da * self.v


def network(params):
    sums = {name: np.zeros_like(value) for name, value in params.items()}
    return Gate("u", params, sums, sigmoid), Gate("c", params, sums, np.tanh)


def forward(gates, inputs):
    u, c = gates
    h, kept = inputs["h"], []
    for x in inputs["x"]:
        a, b = u.forward(x, h), c.forward(x, h)
        kept.append((a, b, h))
        h = a * h + (1 - a) * b
    return h, kept


def loss(params, inputs):
    return float(np.sum(forward(network(params), inputs)[0] ** 2) / 2)


def backward(params, inputs):
    u, c = network(params)
    dh, kept = forward((u, c), inputs)
    dx = np.zeros_like(inputs["x"])
    for t in range(len(kept) - 1, -1, -1):
        a, b, h = kept[t]
        dxu, dhu = u.backward(dh * (h - b))
        dxc, dhc = c.backward(dh * (1 - a))
        dx[t] = dxu + dxc
        dh = dh * a + dhu + dhc
    return {"wu": u.dw, "vu": u.dv, "wc": c.dw, "vc": c.dv, "x": dx, "h": dh}


def example(rng):
    params = {name: rng.normal(size=4) for name in ("wu", "vu", "wc", "vc")}
    return params, {"x": rng.normal(size=(5, 3, 4)), "h": rng.normal(size=(3, 4))}
"""


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("dh = dh * a + dhu + dhc", "dh = dh * a + dhu", "missing path"),
        (
            "sums = {name: np.zeros_like(value) for name, value in params.items()}",
            'each = {kind: np.zeros(4) for kind in "wv"}\n'
            "    sums = {name: each[name[0]] for name in params}",
            "aliasing",
        ),
    ],
)
def test_a_program_with_two_lambdas_on_a_line_is_mended(old, new, kind, tmp_path):
    assert GATES.count(old) == 1
    found = debugged(loaded(GATES.replace(old, new), tmp_path))
    assert found.fixes
    assert found.suspects[0].kind == kind


def test_a_value_that_is_wrong_for_one_of_two_calls_is_of_the_call():
    calls = [SimpleNamespace(caller=("a.py", line)) for line in (38, 39, 38, 39)]
    now: Any = SimpleNamespace(recording=SimpleNamespace(executions={0: calls}))

    def is_of_one_call(*steps: int) -> bool:
        evidence: Any = SimpleNamespace(site=0, steps=steps)
        return _is_of_one_call(now, evidence)

    assert is_of_one_call(1, 3)
    assert not is_of_one_call(0, 1)
    assert not is_of_one_call()


WHOLE = """\
import numpy as np


def loss(params, inputs):
    return float(np.sum((inputs["on"] * inputs["x"]) * params["w"]))


def backward(params, inputs):
    on, x = inputs["on"], inputs["x"]
    dx, dw = np.zeros_like(on), np.zeros_like(x)
    for t in range(len(x)):
        dw[t] += on[t] * x[t]
        dx[t] += on[t] * params["w"][t]
    return {"w": dw, "x": dx}


def example(rng):
    x = rng.normal(size=(4, 3))
    return {"w": rng.normal(size=(4, 3))}, {"x": x, "on": rng.integers(2, size=(4, 3))}
"""


def test_a_buffer_of_integers_is_named_before_the_line_that_raises(tmp_path):
    found = debugged(loaded(WHOLE, tmp_path))
    assert found.fixes
    first = found.suspects[0]
    assert (first.text[:6], first.kind) == ("dx, dw", "wrong dtype")
