"""Statements that run at the wrong turns: an ``if`` too few, too many, or about another turn."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.telling import told
from reference.debugger.repair import conditions
from reference.debugger.repair.place import Place
from reference.debugger.running.source import Source
from reference.debugger.searching import guards

from .test_engine import debugged, loaded

DEEP = """\
import numpy as np


def forward(p, xs):
    s, tape = np.zeros((xs.shape[1], p["R"].shape[1])), []
    ys = []
    for t in range(len(xs)):
        for k in range(len(p["R"])):
            a = s @ p["R"][k] + p["b"][k]
            if k == 0:
                a = a + xs[t] @ p["W"]
            new = np.tanh(a)
            tape.append((s, new))
            s = new
        if t > 0:
            s = s + ys[-1] * p["v"]
        ys.append(s)
    return ys, tape


def loss(p, inputs):
    ys, _ = forward(p, inputs["xs"])
    return sum(np.sum(y * w) for y, w in zip(ys, inputs["ws"]))


def backward(p, inputs):
    xs = inputs["xs"]
    ys, tape = forward(p, xs)
    depth = len(p["R"])
    dW, dR, db, dv = (np.zeros_like(p[name]) for name in ("W", "R", "b", "v"))
    ds = np.zeros_like(ys[0])
    later = np.zeros_like(ys[0])
    for t in reversed(range(len(xs))):
        ds = ds + inputs["ws"][t] + later
        later = np.zeros_like(ds)
        if t > 0:
            dv += (ds * ys[t - 1]).sum(axis=0)
            later = ds * p["v"]
        for k in reversed(range(depth)):
            s, new = tape[t * depth + k]
            da = ds * (1 - new ** 2)
            if k == 0:
                dW += xs[t].T @ da
            dR[k] += s.T @ da
            db[k] += da.sum(axis=0)
            ds = da @ p["R"][k].T
    return {"W": dW, "R": dR, "b": db, "v": dv}


def example(rng):
    T, B, D, H, depth = 4, 2, 3, 4, 3
    if rng.random() < 0.5:
        T, B, D, H, depth = 3, 3, 2, 5, 2
    p = {
        "W": rng.normal(size=(D, H)), "R": rng.normal(size=(depth, H, H)),
        "b": rng.normal(size=(depth, H)), "v": rng.normal(size=H),
    }
    return p, {"xs": rng.normal(size=(T, B, D)), "ws": rng.normal(size=(T, B, H))}
"""

GUARDED = "            if k == 0:\n                dW += xs[t].T @ da\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "kind"),
    [
        (GUARDED, "            dW += xs[t].T @ da\n", "dW += xs[t].T @ da", "spurious term"),
        (GUARDED, GUARDED.replace("0", "1"), "if k == 1:", "index off by one"),
        ("    if t > 0:\n            dv", "    if t > 1:\n            dv", "if t > 1:",
         "index off by one"),
    ],
)  # fmt: skip
def test_a_wrong_condition_is_named_and_mended(old, new, line, kind, tmp_path):
    assert DEEP.count(old) == 1
    source = DEEP.replace(old, new)
    found = debugged(loaded(source, tmp_path))
    assert (found.suspects[0].text, found.suspects[0].kind) == (line, kind)
    mended = ast.unparse(ast.parse(found.fixes[0].apply_to(source)))
    assert mended == ast.unparse(ast.parse(DEEP))


def place(text: str, of: int, **env) -> Place:
    body = "\n".join(f"    {line}" for line in text.splitlines())
    source = Source("subject.py", f"def f():\n{body}\n")
    unit = source.units[0]
    assert isinstance(unit.tree, ast.FunctionDef)
    return Place(source, unit, unit.tree, unit.tree.body[of], [env], {"np": np})


def edited(here: Place) -> list[str]:
    return [here.source.edited(r.splices) for r in conditions.rewrites(here)]


def test_a_comparison_has_neighbours():
    texts = edited(place("if t > 1:\n    x += y", 0, t=3))
    for test in ("t >= 1", "t <= 1", "t > 0", "t > 2"):
        assert f"def f():\n    if {test}:\n        x += y\n" in texts
    texts = edited(place("d = a if t < T - 1 else b", 0, t=3, T=5))
    for value in ("a if t <= T - 1 else b", "a if t < T else b", "b if t < T - 1 else a"):
        assert f"def f():\n    d = {value}\n" in texts


def test_a_question_about_a_shape_is_left_alone():
    assert edited(place("if x.shape[1] == 1:\n    y = 2", 0, x=np.ones((2, 1)))) == []


@pytest.mark.parametrize("text", ["if t:\n    x += y\n    z = 1", "if t: x += y; z = 1"])
def test_what_is_under_a_condition_is_taken_out_of_it(text):
    texts = [ast.unparse(ast.parse(t)) for t in edited(place(text, 0, t=3))]
    assert "def f():\n    x += y\n    z = 1" in texts


def test_a_second_statement_goes_under_the_same_condition():
    here = place("if k == 0:\n    x += y\nz += y", 1)
    rewrite = conditions.under(here, "k == 0", 1.0)
    assert here.source.edited(rewrite.splices) == (
        "def f():\n    if k == 0:\n        x += y\n        z += y\n"
    )


def test_conditions_have_names_and_sentences():
    whole = "for t in range(9):\n    d += x\n    e = 1\n"
    part = whole.replace("    d += x", "    if t > 0:\n        d += x")
    assert kind_of(whole, part) == "spurious term"
    assert told("spurious term", whole, part).mend == "run it only if t > 0"
    assert kind_of(part, whole) == "missing path"
    assert told("missing path", part, whole).wrong == "d += x is run only if t > 0"
    assert kind_of(part, part.replace(">", ">=")) == "index off by one"
    assert told("index off by one", part, part.replace(">", ">=")).mend == "use t >= 0, not t > 0"


def test_the_last_turn_is_told_by_the_length_that_the_loop_runs_over():
    here = place("for l in reversed(range(L)):\n    d = x", 0, L=2, D=2, x=1.0)
    tests = [test for test, _ in guards.of_counter(here, "l", [1, 0], {"D": 2, "L": 2})]
    assert "l == L - 1" in tests
    assert "l == D - 1" not in tests
