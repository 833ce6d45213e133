"""How a program is put together: blocks, orders, copies, parts; every formula is right."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.naming.kinds import kind_of
from reference.debugger.repair import (
    exchanged,
    indices,
    loops,
    moves,
    parts,
    statements,
    taken,
    views,
)
from reference.debugger.repair.independent import depend

from .test_engine import debugged, loaded
from .test_wanted import place

GATED = """\
import numpy as np

DECAY = 0.3


def views_of(theta, H):
    out, at = {}, 0
    for name, size in (("U", H * H), ("V", H * H), ("b", H)):
        out[name] = theta[at:at + size].reshape((H, H) if size > H else H)
        at += size
    return out


def step(p, x, s, stack):
    a = np.tanh(x + s @ p["U"] + p["b"])
    r = np.tanh(s @ p["V"])
    new = s * r + a * (1 - r)
    stack.append((s, a, r))
    return new


def step_back(p, d_new, stack):
    s, a, r = stack.pop()
    da = d_new * (1 - r) * (1 - a ** 2)
    dr = d_new * (s - a) * (1 - r ** 2)
    grads = {"U": s.T @ da, "V": s.T @ dr, "b": da.sum(axis=0)}
    return d_new * r + da @ p["U"].T + dr @ p["V"].T, da, grads


def loss(params, inputs):
    theta, H = params["theta"], inputs["s0"].shape[1]
    p, stack, s, total = views_of(theta, H), [], inputs["s0"], 0.0
    for x in inputs["xs"]:
        s = step(p, x, s, stack)
        total += np.sum(s[:, 0] ** 2)
    return total + 0.5 * DECAY * (np.sum(p["U"] ** 2) + np.sum(p["V"] ** 2))


def backward(params, inputs):
    theta, H = params["theta"], inputs["s0"].shape[1]
    p, stack, s = views_of(theta, H), [], inputs["s0"]
    states = []
    for x in inputs["xs"]:
        s = step(p, x, s, stack)
        states.append(s)
    d_theta = np.zeros_like(theta)
    d = views_of(d_theta, H)
    dxs = np.zeros_like(inputs["xs"])
    ds = np.zeros_like(s)
    for t in np.arange(len(dxs))[::-1]:
        ds[:, 0] += 2 * states[t][:, 0]
        ds, dxs[t], grads = step_back(p, ds, stack)
        for name in grads:
            d[name] += grads[name]
    for name in d:
        if name != "b":
            d[name] += DECAY * p[name]
    return {"theta": d_theta, "xs": dxs, "s0": ds}


def example(rng):
    T, B, H = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {"theta": 0.5 * rng.normal(size=2 * H * H + H)}
    return params, {"xs": rng.normal(size=(T, B, H)), "s0": rng.normal(size=(B, H))}
"""

LOOP = """\
        for name in grads:
            d[name] += grads[name]
"""
DECAY = """\
        if name != "b":
            d[name] += DECAY * p[name]
"""

FAULTS = [
    (LOOP, LOOP.replace("\n    ", "\n").replace("        for", "    for")),
    ("theta[at:at + size].reshape", "np.array(theta[at:at + size]).reshape"),
    ("stack.pop()", "stack[-1]"),
    ("stack.append((s, a, r))", "stack.append((s, r, a))"),
    ("stack.append((s, a, r))", "stack.append((new, a, r))"),
    ("[::-1]:", "[:0:-1]:"),
    (DECAY, DECAY.split("\n")[1][4:] + "\n"),
    ("        ds[:, 0] += 2 * states[t][:, 0]\n",
     "        ds = ds + 2 * states[t][:, :1]\n"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), FAULTS)
def test_a_program_put_together_wrongly_is_mended(old, new, tmp_path):
    assert GATED.count(old) == 1
    found = debugged(loaded(GATED.replace(old, new), tmp_path))
    assert found.fixes


CHANGED = """\
import numpy as np


def shifted(y):
    out = y
    out[1:] = y[:-1].copy()
    out[0] = 0
    return out


def loss(params, inputs):
    before = shifted(inputs["y"])
    return np.sum((before @ params["W"] - inputs["y"]) ** 2)


def backward(params, inputs):
    before = shifted(inputs["y"])
    e = 2 * (before @ params["W"] - inputs["y"])
    return {"W": before.T @ e}


def example(rng):
    return {"W": rng.normal(size=(3, 3))}, {"y": rng.normal(size=(4, 3))}
"""


def test_a_loss_that_changes_what_it_reads_later_is_mended_though_it_is_another_then(tmp_path):
    found = debugged(loaded(CHANGED, tmp_path))
    (edit,) = found.fixes[0].edits
    assert edit.new[0].strip() == "out = y.copy()"


def texts(family, line, **env):
    """Return what the edits of a family put in, each in one text."""
    return ["; ".join(s.new for s in r.splices) for r in family(place(line, 0, **env))]


def test_elements_are_taken_and_put_in_at_the_other_end_too():
    assert texts(taken.rewrites, "a = xs[-1]", xs=[1, 2]) == ["xs.pop()", "xs.pop(0)"]
    assert "xs.insert(0, y)" in texts(taken.rewrites, "xs.append(y)", xs=[1, 2], y=3)
    assert "xs[1:]" in texts(taken.cut_short, "for x in xs: pass", xs=[1, 2, 3])


def test_what_a_loop_numbers_or_pairs_is_turned_round_as_a_whole():
    numbered = "enumerate(xs, start=1)"
    found = texts(loops.rewrites, f"for t, x in {numbered}: pass", xs=[1, 2])
    assert f"reversed(list({numbered}))" in found
    assert "reversed(list(zip(xs, ys)))" in texts(
        loops.rewrites, "for x, y in zip(xs, ys): pass", xs=[1, 2], ys=[3, 4]
    )
    assert texts(loops.rewrites, "for x in enumerate(xs): pass", xs=[1]) == []


def test_what_is_longer_than_what_it_is_paired_with_is_turned_without_its_end():
    found = texts(indices.orders, "for x, y in zip(xs[::-1], ys): pass", xs=[1, 2], ys=[1, 2, 3])
    assert {"ys[::-1]", "ys[-2::-1]", "ys[:0:-1]"} <= set(found)
    found = texts(indices.orders, "for x, y in zip(xs[::-1], ys): pass", xs=[1, 2], ys=[1, 2])
    assert "ys[-2::-1]" not in found


def test_elements_are_exchanged_if_they_have_one_shape():
    a, b = np.ones(3), np.ones((3, 2))
    assert texts(exchanged.rewrites, "keep((x, y))", x=a, y=a, keep=None) == ["y; x"]
    assert texts(exchanged.rewrites, "keep((x, y))", x=a, y=b, keep=None) == []


def test_what_is_broadcast_may_be_meant_for_one_entry():
    (first, *_) = texts(parts.rewrites, "d = d + 2 * (h[0] - y)", d=np.ones(3), h=np.ones(3), y=1.0)
    assert " ".join(first.split()) == "d = d.copy() d[0] += 2 * (h[0] - y)"


def test_a_copy_may_be_one_too_many():
    assert texts(views.rewrites, "v = np.array(x[1:])", x=np.ones(3)) == ["x[1:]"]


def test_runs_of_statements_go_out_of_a_block_together():
    text = "if a:\n    b = 1\n    c = 2\n    d = 3\n"
    moved = [r.splices[1].new for r in moves.rewrites(place(text, 0))]
    assert "    c = 2\n    d = 3\n" in moved
    assert "    b = 1\n" in moved


def test_a_statement_is_not_moved_past_what_has_nothing_to_do_with_it():
    a, b, c = ast.parse("dW += x.T @ d\nd = d @ W.T\ndb += e").body
    assert depend(a, b)
    assert not depend(a, c)
    assert depend(*ast.parse("z = np.zeros(3)\nnp.add.at(z, i, x)").body)
    block = place("if a:\n    b = 1\n    c = 2\n    d = 3\n    e = b\n", 0)
    first = block.function.body[0].body[0]
    block.statement = first
    why = [r.why for r in statements.rewrites(block)]
    assert not [w for w in why if w.startswith("before line")]
    assert "at the end of the block" in why


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("s, a = stack[-1]", "s, a = stack.pop()", "wrong operand"),
        ("v = np.array(x[1:]).reshape(2)", "v = x[1:].reshape(2)", "aliasing"),
        ("for t in x[:0:-1]:\n    f(t)", "for t in x[::-1]:\n    f(t)", "loop bounds"),
        ("d = d + 2 * y", "d = d.copy()\nd[0] += 2 * y", "wrong shape"),
        ("n = c * f + i\ns.append((x, n))", "n = c * f + i\ns.append((x, c))", "wrong operand"),
    ],
)
def test_a_kind(old, new, kind):
    assert kind_of(old, new) == kind
