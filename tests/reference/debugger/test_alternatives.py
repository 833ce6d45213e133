"""Fixes beside the first: only those that say something else."""

import ast

import pytest

from reference.debugger.answering.answer import (
    edits_between,
    is_as_likely,
    one_way,
    says_it_longer,
)
from reference.debugger.diagnosis import Fix
from reference.debugger.repair import Place, Rewrite, loops
from reference.debugger.running.source import Source
from reference.debugger.searching.repairs import Found, Step

SOURCE = "d = e / B\ng += d\n"


def fix(line, at=1):
    lines = SOURCE.splitlines()
    lines[at - 1] = line
    return Fix(edits_between("a.py", SOURCE, "\n".join(lines) + "\n"), "", "", SOURCE)


@pytest.mark.parametrize(
    ("line", "at", "longer"),
    [("d = e / B * B / n.sum()", 1, True), ("d = e * c / n.sum() + e * (1 - c) / n.sum()", 1, True),
     ("d = 0.5 * e", 1, False), ("d = e / m.sum()", 1, False), ("d = e / n.size / 2", 1, False),
     ("g += d * B / n.sum() / 1.0", 2, False), ("d = e / (x.shape[0] * x.shape[1])", 1, False),
     ("d = e / np.exp(np.log(a) + np.log(b))", 1, True), ("d = e / (a * b * (c + B))", 1, False),
     ("d = (1 - np.tanh(e) ** 2) / (a * b + c)", 1, True),
     ("d = e / (a * (b + c) * 12)", 1, False)],
)  # fmt: skip
def test_the_same_in_more_words_is_no_other_fix(line, at, longer):
    assert says_it_longer(fix(line, at), fix("d = e / n.sum()")) == longer


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("g = g + x", "g += x", True), ("h[t-1]", "h[t - 1]", True), ("g += (x)", "g += x", True),
     ("g = x + g", "g += x", False), ("g = g - x", "g += x", False),
     ("g *= a * b", "g = g * (b * a)", True),
     ("d = a * ((r) * (1 - r))", "d = r * (1 - r) * a", True),
     ("d = a * r @ w", "d = a * (r @ w)", False), ("d = a / (b * c)", "d = a / b * c", False)],
)  # fmt: skip
def test_one_fix_in_two_ways_of_writing(one, other, alike):
    assert (one_way(one) == one_way(other)) == alike


def repair(line, cost, kind="wrong sign"):
    return Found({}, [Step(Rewrite("a.py", (), kind, "", cost, line), {}, ((), ()))], cost)


@pytest.mark.parametrize(
    ("line", "cost", "kind", "likely"),
    [(7, 1.8, "wrong sign", True), (7, 2.2, "wrong sign", False), (9, 1.3, "wrong sign", True),
     (9, 1.8, "wrong sign", False), (7, 1.8, "wrong order", False)],
)  # fmt: skip
def test_what_costs_much_more_is_no_other_fix_least_of_all_elsewhere(line, cost, kind, likely):
    assert is_as_likely(repair(line, cost, kind), repair(7, 1.0)) == likely


@pytest.mark.parametrize("steps", ["range(T)", "range(1, T)", "range(T - 1, -1, -1)"])
def test_a_loop_that_runs_backwards_is_turned_by_taking_that_away(steps):
    text = f"def back(T, d):\n    for t in reversed({steps}):\n        d[t] = t\n"
    source = Source("f", text)
    loop = next(n for n in ast.walk(source.tree) if isinstance(n, ast.For))
    place = Place(source, source.units[0], source.tree.body[0], loop, [{"T": 4}])
    turned = {source.edited(r.splices) for r in loops.rewrites(place) if r.kind == "forward order"}
    assert text.replace(f"reversed({steps})", steps) in turned
    assert not any("reversed(range" in one and "-1)" in one for one in turned - {text})
