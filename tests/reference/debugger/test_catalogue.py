"""What is in the catalogue of edits: for each slip the edit that undoes it."""

from __future__ import annotations

import ast
import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from reference.debugger.answering.answer import edits_between
from reference.debugger.answering.pruning import line_by_line
from reference.debugger.repair import common, rich, unused
from reference.debugger.searching.repairs import Found, likeliest

from .test_engine import debugged, loaded
from .test_wanted import place

RNG = np.random.default_rng(0)
H, S, X = (RNG.uniform(0.1, 0.9, size=(3, 4)) for _ in range(3))


class Cell:
    """An object that can be called, and holds weights and flags all the same."""

    def __init__(self) -> None:
        self.W_x, self.W_h = np.ones((5, 4)), np.ones((3, 4))
        self.units, self.reset_after = 3, True

    def __call__(self, x):
        """Do nothing."""
        return x


@pytest.mark.parametrize(
    ("line", "new", "env"),
    [
        ("y = n + h", "s", {"n": 3, "h": H, "s": S}),  # a number is broadcast
        ("y = b * h", "s", {"b": H[0], "h": H, "s": S}),  # and so is a row
        ("y = h * b * (1 - b ** 2)", "s", {"b": H[0], "h": H, "s": S}),
        ("y = x @ cell.W_h", "cell.W_x", {"x": np.ones((2, 5)), "cell": Cell()}),
        ("y = 2.0 if cell.units else 1.0", "cell.reset_after", {"cell": Cell()}),
        ("y = x * s * (1)", "(1 - s)", {"x": X, "s": S}),
        ("y = x * (s * s)", "(1 - s * s)", {"x": X, "s": S}),
        ("y = x * s ** 2", "(1 - s ** 2)", {"x": X, "s": S}),
        ("y = np.einsum('kab,kb->a', w, x)", "'kab,ka->b'", {"w": np.ones((2, 3, 3)), "x": X}),
        ("y = x / n", "k[:, None]", {"x": X, "n": 5, "k": np.arange(2, 2 + len(X))}),
        (
            "y = x / n",
            "o.k",
            {"x": X, "n": 5, "o": SimpleNamespace(k=np.arange(2, 2 + len(X))[:, None])},
        ),
        ("y = np.where(x, 0.0, x + h)", "np.where(x, 0.0, x) + h", {"x": X, "h": H}),
    ],
)
def test_an_edit_is_in_the_catalogue(line, new, env):
    edits = [rewrite.splices[0].new for rewrite in common(place(line, 0, **env)) if rewrite.splices]
    assert new in edits


@pytest.mark.parametrize(
    ("line", "news", "env"),
    [
        ("a, b = m['c_prev'], m['n_prev']", ["m['c']", "m['n']"],
         {"m": {"c_prev": H, "c": S, "n_prev": H, "n": X}}),
        ("a = c * h", ["c_new", "h_new"], {"c": H, "h": S, "c_new": X, "h_new": X}),
        ("a = x - x.mean(axis=0) - np.mean(h, axis=0)",
         ["x.mean(axis=1, keepdims=True)", "np.mean(h, axis=1, keepdims=True)"],
         {"x": X, "h": H}),
    ],
)  # fmt: skip
def test_one_change_is_made_at_all_places_of_a_statement(line, news, env):
    here = place(line, 0, **env)
    here.function.body.append(ast.parse("read = c_new, h_new").body[0])
    assert news in [[splice.new for splice in rewrite.splices] for rewrite in common(here)]


def test_an_entry_that_the_backward_never_reads_is_what_a_carry_begins_with():
    given = {"x": X, "last": H}
    here = place("dh, dc = (np.zeros_like(x) for _ in range(2))", 0, inputs=given, x=X)
    names = unused.entries(here, {"x"}.__contains__)
    assert names == ["inputs['last']"]
    news = [rewrite.splices[0].new.strip() for rewrite in unused.rewrites(here, names)]
    assert "dc = inputs['last']" in news
    here = place("dc = np.zeros_like(x)", 0, inputs=given, x=X)
    news = [rewrite.splices[0].new.strip() for rewrite in unused.rewrites(here, names)]
    assert "inputs['last']" in news


def test_an_index_that_nobody_reads_is_meant_where_another_stands():
    here = place("g[tgt[t]] += x", 0, g=H, tgt=[2, 0], t=1, prev=1, x=X)
    news = [rewrite.splices[0].new for rewrite in unused.rewrites(here, ["prev"])]
    assert "prev" in news


def test_what_is_added_to_is_masked_as_a_whole():
    text = "m = (x > 0.5) * 1.0\ny = h * m\nd += x"
    here = place(text, 2, x=X, h=H, d=S, m=(X > 0.5) * 1.0)
    assert "d = (d + x) * m" in [rewrite.splices[0].new for rewrite in common(here)]


def test_what_is_scaled_by_half_a_slope_is_scaled_by_the_whole():
    cheapest = common(place("x *= 1 - s", 0, x=X, s=S))[0]
    assert cheapest.splices[0].new == "s * (1 - s)"


def test_two_factors_are_far_fetched_and_come_in_turns_with_the_others():
    edits = [rewrite.splices[0].new for rewrite in rich(place("y = h + x", 0, h=H, x=X, s=S))]
    (first,) = [k for k, new in enumerate(edits) if new == "x * h * s"]
    assert any(" + " in new for new in edits[first + 1 :])


ELEMENTS = """\
import numpy as np


def loss(params, inputs):
    return sum(np.sum(np.sin(x @ params["W"]) * m) for x, m in zip(inputs["xs"], inputs["ms"]))


def backward(params, inputs):
    pairs = list(zip(inputs["xs"], inputs["ms"]))
    deltas = [np.cos(x @ params["W"]) for x, m in pairs]
    dW = sum(x.T @ d for (x, _), d in zip(pairs, deltas))
    return {"W": dW, "xs": np.array([d @ params["W"].T for d in deltas])}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    inputs = {"xs": rng.normal(size=(T, B, D)), "ms": rng.normal(size=(T, B, H))}
    return {"W": rng.normal(size=(D, H))}, inputs
"""


def test_an_element_of_a_comprehension_is_mended(tmp_path):
    found = debugged(loaded(ELEMENTS, tmp_path))
    assert found.suspects[0].text.startswith("deltas = ")
    (edit,) = found.fixes[0].edits
    assert edit.new[0].strip() == 'deltas = [np.cos(x @ params["W"]) * m for x, m in pairs]'


SUMS = """\
import numpy as np


def loss(params, inputs):
    total = 0.0
    for t in range(len(inputs["X"])):
        x = inputs["X"][t]
        total = total + np.sum(np.sin(x @ params["W"])) + np.sum(np.cos(x @ params["V"]))
    return total


def backward(params, inputs):
    X = inputs["X"]
    dW, dV = np.zeros_like(params["W"]), np.zeros_like(params["V"])
    dX = np.zeros_like(X)
    for t in range(len(X)):
        x = X[t]
        da = np.cos(x @ params["W"])
        dX[t] = da @ params["W"].T
        dW += x.T @ da
        db = -np.sin(x @ params["V"])
        dV += x.T @ db
        dX[t] += db @ params["V"].T
    return {"W": dW, "V": dV, "X": dX}


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([2, 3, 4, 5, 6]))
    params = {"W": rng.normal(size=(D, H)), "V": rng.normal(size=(D, K))}
    return params, {"X": rng.normal(size=(T, B, D))}
"""


def test_a_part_of_a_sum_that_is_lost_beside_others_is_put_back(tmp_path):
    lost = '        dX[t] += db @ params["V"].T\n'
    found = debugged(loaded(SUMS.replace(lost, ""), tmp_path))
    (edit,) = found.fixes[0].edits
    assert edit.new[-1].replace("'", '"') == lost.rstrip("\n")
    assert found.suspects[0].text.startswith("dX[t] = ")


def test_edits_of_neighbouring_lines_are_taken_out_one_by_one():
    (edit,) = edits_between("f.py", "a\nb\nc\nd\n", "a\nB\nC\nd\n")
    assert [(one.first, one.last, one.new) for one in line_by_line([edit])] == [
        (2, 2, ("B",)),
        (3, 3, ("C",)),
    ]
    (edit,) = edits_between("f.py", "a\nb\nd\n", "a\nB\nC\nd\n")
    assert line_by_line([edit]) == [edit]


def test_of_repairs_that_of_the_fewest_wrong_numbers_is_the_likeliest():
    several = [Found({}, [], 1.0, wrong=5), Found({}, [], 1.2, wrong=3), Found({}, [], 2.0)]
    assert likeliest(several[:2]) is several[1]
    assert likeliest(several[:2]) is several[1]  # asked again, nothing is added again
    assert likeliest([several[0], several[2]]) is several[0]  # by so much less far-fetched


def test_a_line_that_does_nothing_is_where_a_term_is_missing(tmp_path):
    text = SUMS.replace('dX[t] = da @ params["W"].T\n', 'dx = da @ params["W"].T\n').replace(
        'dX[t] += db @ params["V"].T\n', "dx = dx\n        dX[t] = dx\n"
    )
    found = debugged(loaded(text, tmp_path))
    assert found.suspects[0].text == "dx = dx"
    (edit,) = found.fixes[0].edits
    assert edit.new[0].replace("'", '"').strip() == 'dx = dx + db @ params["V"].T'


def test_steps_are_taken_of_attributes_and_of_what_is_long_enough():
    body = "for t in range(3):\n    y = cell.hs[:, t]"
    cell = Cell()
    cell.hs, cell.xs = np.ones((2, 4)), np.ones((2, 3))
    envs = [{"cell": cell, "t": t, "few": np.ones((2, 2))} for t in range(3)]
    loop = place(body, 0, **envs[0])
    assert isinstance(loop.statement, ast.For)
    here = dataclasses.replace(loop, statement=loop.statement.body[0], envs=envs)
    texts = {atom.text for atom in here.atoms}
    assert "cell.xs[:, t]" in texts
    assert not texts & {"few[t]", "few[:, t]", "cell.xs[t]"}


TWO_LOOPS = """\
import numpy as np


def run(p, xs, ys):
    hs = [np.zeros(4)]
    for x in xs:
        hs.append(np.tanh(x @ p["W"] + hs[-1] @ p["U"]))
    for y in ys:
        hs.append(np.tanh(y @ p["V"] + hs[-1] @ p["R"]))
    return hs


def loss(params, inputs):
    return np.sum(run(params, inputs["xs"], inputs["ys"])[-1] ** 2) / 2


def backward(params, inputs):
    xs, ys = inputs["xs"], inputs["ys"]
    hs = run(params, xs, ys)
    g = {name: np.zeros_like(value) for name, value in params.items()}
    dh = hs[-1]
    for t in range(len(ys) - 1, -1, -1):
        da = dh * (1 - hs[len(xs) + t + 1] ** 2)
        g["V"] += np.outer(ys[t], da)
        g["R"] += np.outer(hs[len(xs) + t], da)
        dh = params["R"] @ da
    dh = np.zeros_like(hs[0])
    for t in range(len(xs) - 1, -1, -1):
        da = dh * (1 - hs[t + 1] ** 2)
        g["W"] += np.outer(xs[t], da)
        g["U"] += np.outer(hs[t], da)
        dh = params["U"] @ da
    return g


def example(rng):
    shapes = {"W": (3, 4), "U": (4, 4), "V": (2, 4), "R": (4, 4)}
    params = {n: rng.normal(size=s) for n, s in shapes.items()}
    return params, {"xs": rng.normal(size=(6, 3)), "ys": rng.normal(size=(5, 2))}
"""


def test_a_line_that_sets_a_carry_to_zeros_is_taken_out_rather_than_added(tmp_path):
    found = debugged(loaded(TWO_LOOPS, tmp_path))
    assert found.suspects[0].text.strip() == "dh = np.zeros_like(hs[0])"
    assert found.suspects[0].kind == "carry lost"
    assert "what it held before is lost" in found.suspects[0].why
    mended = found.fixes[0].apply_to(TWO_LOOPS)
    assert mended == TWO_LOOPS.replace("    dh = np.zeros_like(hs[0])\n", "")
