"""Edits that are written as what is there already, and which of several that pass is told first."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.repair import indices, results, terms, unused
from reference.debugger.repair.analogy import swap_of
from reference.debugger.repair.place import Place
from reference.debugger.running.source import Source

from .test_engine import debugged, loaded

SCORES = """\
import numpy as np


def run(params, inputs):
    hs, cs = inputs["hs"], inputs["cs"]
    att = np.exp(params["a"]) / np.exp(params["a"]).sum()
    return att, att @ hs, att @ cs


def loss(params, inputs):
    _, r_h, r_c = run(params, inputs)
    return np.sum(np.sin(r_h)) + np.sum(np.cos(r_c) * params["v"])


def backward(params, inputs):
    past_h, past_c = inputs["hs"], inputs["cs"]
    att, r_h, r_c = run(params, inputs)
    dh = np.cos(r_h)
    dc = -np.sin(r_c) * params["v"]
    total = 0.0
    datt = past_h @ dh + past_c @ dc
    da = att * (datt - np.sum(att * datt))
    return {"a": da, "v": np.cos(r_c), "hs": np.outer(att, dh), "cs": np.outer(att, dc)}


def example(rng):
    T, H = (int(n) for n in rng.permutation([4, 5, 6])[:2])
    params = {"a": rng.normal(size=T), "v": rng.normal(size=H)}
    return params, {"hs": rng.normal(size=(T, H)), "cs": rng.normal(size=(T, H))}
"""

BLOCKS = """\
import numpy as np

S, R = 2, 1


def states(params, inputs):
    h, hs, gates = inputs["h0"], [inputs["h0"]], []
    for x in inputs["x"]:
        s = np.tanh(params["w"] * x[:, None] + params["u"] * h)
        s = np.concatenate([1 / (1 + np.exp(-s[:2])), s[2:]])
        h = h * s[0] + s[1] * s[2]
        hs.append(h)
        gates.append(s)
    return hs, gates


def loss(params, inputs):
    hs, _ = states(params, inputs)
    return sum(np.sum(h * d) for h, d in zip(hs[1:], inputs["d"]))


def backward(params, inputs):
    hs, gates = states(params, inputs)
    dw, du = np.zeros_like(params["w"]), np.zeros_like(params["u"])
    dh = np.zeros_like(inputs["h0"])
    steps = list(zip(hs, gates, inputs["x"], inputs["d"]))
    for h, s, x, d in reversed(steps):
        dh = dh + d
        ds = np.stack([dh * h, dh * s[2], dh * s[R]])
        ds[:S] *= s[:S] * (1 - s[:S])
        pre = np.tanh(params["w"] * x[:, None] + params["u"] * h)
        dz = ds * (1 - pre**2)
        dw += dz * x[:, None]
        du += dz * h
        dh = dh * s[0]
        for k in range(3):
            dh += dz[k] * params["u"][k]
    return {"w": dw, "u": du, "h0": dh}


def example(rng):
    T, H = (int(n) for n in rng.permutation([4, 5, 6])[:2])
    params = {"w": rng.normal(size=(3, H)), "u": rng.normal(size=(3, H))}
    inputs = {"x": rng.normal(size=(T, 3)), "d": rng.normal(size=(T, H)), "h0": rng.normal(size=H)}
    return params, inputs
"""

PARTS = """\
import numpy as np


def run(params, inputs):
    x, r, H = inputs["x"], inputs["r"], len(inputs["x"])
    w, u = params["w"], params["u"]
    return w[:H] * x + u[:H] * x, w[H:] * x + r * u[H:] * x


def loss(params, inputs):
    a, b = run(params, inputs)
    return np.sum(np.sin(a) * inputs["d"]) + np.sum(np.cos(b) * inputs["d"])


def backward(params, inputs):
    r = inputs["r"]
    a, b = run(params, inputs)
    da = np.cos(a) * inputs["d"]
    db = -np.sin(b) * inputs["d"]
    gi = np.concatenate([da, db])
    gh = np.concatenate([da, db * r])
    both = np.concatenate([inputs["x"], inputs["x"]])
    return {"w": gi * both, "u": gh * both}


def example(rng):
    H = int(rng.integers(4, 7))
    params = {"w": rng.normal(size=2 * H), "u": rng.normal(size=2 * H)}
    return params, {name: rng.normal(size=H) for name in "xrd"}
"""


@pytest.mark.parametrize(
    ("source", "old", "new", "kind"),
    [
        (SCORES, "past_h @ dh + past_c @ dc", "past_h @ dh", "missing path"),
        (BLOCKS, "in reversed(steps):", "in steps:", "forward order"),
        (BLOCKS, "ds[:S] *= s[:S] * (1 - s[:S])", "ds[:R] *= s[:R] * (1 - s[:R])", None),
        (PARTS, "gh = np.concatenate([da, db * r])", "gh = gi", "missing factor"),
    ],
    ids=["another state", "reversed", "another index", "parts"],
)
def test_what_is_written_for_one_is_written_for_the_other(source, old, new, kind, tmp_path):
    wrong = source.replace(old, new)
    assert wrong != source
    found = debugged(loaded(wrong, tmp_path), seconds=40)
    assert found.fixes
    assert kind in (None, found.suspects[0].kind)
    assert new in found.suspects[0].text


def test_a_sum_that_is_not_begun_anew_is_told_at_the_line_that_adds(tmp_path):
    wrong = BLOCKS
    for old, new in {
        'dh = np.zeros_like(inputs["h0"])': 'dh = back = np.zeros_like(inputs["h0"])',
        "dh = dh * s[0]\n": "carried = dh * s[0]\n",
        "dh += dz[k] * params": "back += dz[k] * params",
        '    return {"w": dw': '        dh = carried + back\n    return {"w": dw',
    }.items():
        assert wrong.count(old) == 1
        wrong = wrong.replace(old, new)
    found = debugged(loaded(wrong, tmp_path))
    assert found.fixes
    assert "back" in found.suspects[0].text


@pytest.mark.parametrize(
    ("old", "new", "swap"),
    [("past_h", "past_c", ("h", "c")), ("dhr", "dcr", ("h", "c")), ("h", "c", ("h", "c")),
     ("dh", "x", None), ("dh", "dh", None)],
)  # fmt: skip
def test_one_letter_or_word_tells_two_states_apart(old, new, swap):
    assert swap_of(old, new) == swap


def place(line: str, **env) -> Place:
    """Return a statement of a function with the values of its variables."""
    source = Source("subject.py", f"def f({', '.join(env)}):\n    {line}\n    return 0\n")
    unit = source.units[0]
    function = unit.tree
    assert isinstance(function, ast.FunctionDef)
    return Place(source, unit, function, function.body[0], [env], {"np": np})


def texts(rewrites) -> list[str]:
    return [rewrite.splices[0].new for rewrite in rewrites]


def test_what_a_mask_of_integers_lets_by_is_a_term():
    on = np.array([[1], [0], [1]])
    here = place("dh = dn", dn=np.ones((3, 2)), dh=np.full((3, 2), 0.5), on=on)
    given = [text for text, _ in terms.donated(here, (3, 2))]
    assert {"dh * on", "dh * (1 - on)"} <= set(given)


def test_both_bounds_of_a_slice_are_moved_together():
    assert "1:-n" in texts(indices.rewrites(place("dx = dz[:-n - 1]", dz=np.ones(7), n=2)))
    assert ":-n - 1" in texts(indices.rewrites(place("dx = dz[1:-n]", dz=np.ones(7), n=2)))


def test_a_name_that_is_missing_may_stand_where_another_is_set_twice():
    here = place("g['w'] = dh", g={"w": np.ones(3)}, dh=np.ones(3))
    assert texts(results.keys(here, ["b"])) == ['"b"']


def test_a_variable_that_nobody_reads_may_be_a_factor_of_one_term():
    env = {"a": np.ones((2, 3)), "b": np.ones((2, 3)), "hm": np.full((2, 3), 0.5)}
    assert "b * hm" in texts(unused.rewrites(place("dh = a + b", **env), ["hm"]))
