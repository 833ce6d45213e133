"""Mends that people would make: what is kept, where a factor belongs, which line of two it is."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.repair import (
    added,
    before,
    common,
    indices,
    inverses,
    kept,
    loops,
    orders,
    postponed,
    scales,
    statements,
    views,
)
from reference.debugger.repair.entries import in_cache
from reference.debugger.repair.place import Place
from reference.debugger.repair.quotients import known_here
from reference.debugger.running.source import Source
from reference.debugger.searching import by_case
from reference.debugger.searching.repairs import Found, likeliest

from .test_wanted import place, value_of

ONES = np.ones((2, 3))


def at(text: str, *path: int, **env) -> Place:
    """Return a statement inside others: the one that a path of numbers leads to."""
    here = place(text, path[0], **env)
    for k in path[1:]:
        around = here.statement
        assert isinstance(around, ast.For | ast.If)
        here.statement = around.body[k]
    return here


def edited(here: Place, rewrites) -> list[str]:
    """Return what becomes of the program by each edit."""
    return [here.source.edited(rewrite.splices) for rewrite in rewrites]


@pytest.mark.parametrize(
    ("line", "new", "env"),
    [
        ("y = 1 / root ** 2", "3", {"root": ONES}),
        ("y = (1 + z) ** -0.5", "-1.5", {"z": ONES}),
        ("y = x.swapaxes(0, 1)", "x", {"x": np.ones((2, 3, 4))}),
    ],
)
def test_a_plain_slip_is_undone(line, new, env):
    found = {r.splices[0].new: r.cost for r in common(place(line, 0, **env))}
    assert found[new] <= 1.4


def test_a_loop_may_begin_at_the_step_after_the_first():
    here = place("for t in reversed(range(n)): pass", 0, n=4)
    assert "range(1, n)" in [r.splices[0].new for r in loops.rewrites(here)]


def test_an_index_is_written_as_elsewhere_in_its_function():
    text = "for t in range(3):\n    dU += hs[t - lag] * d[t]\n    dhs[t - 1] += d[t]"
    here = at(text, 0, 1, t=2, lag=2, hs=ONES, dhs=ONES, d=ONES)
    found = [r.splices[0].new for r in indices.rewrites(here) if r.cost == 1.1]
    assert "t - lag" in found


def test_what_is_kept_has_no_factor_and_no_function_of_its_own():
    here = place("errors.append(e * np.exp(s))", 0, e=ONES, s=ONES, errors=[])
    assert "errors.append(e)" in "\n".join(edited(here, kept.rewrites(here)))
    here = place("cache['z'] = np.tanh(z)", 0, z=ONES, cache={})
    assert "cache['z'] = z" in "\n".join(edited(here, kept.rewrites(here)))
    here = place("y = e * np.exp(s)", 0, e=ONES, s=ONES)  # kept nowhere
    assert not list(kept.rewrites(here))


def test_what_is_refined_later_is_kept_refined():
    here = place("m.target = hot\ntarget = m.target + e", 0, m=None, hot=ONES, e=0.1)
    (text,) = edited(here, kept.rewrites(here))
    assert "    target = m.target + e\n    m.target = target\n" in text


def test_a_factor_of_a_carry_is_put_on_when_it_has_been_read():
    text = "for t in range(3):\n    d = (d + y[t]) * f\n    dW += d\n    d += d @ U"
    here = at(text, 0, 0, d=ONES, y=ONES, f=ONES)
    found = edited(here, postponed.rewrites(here))
    assert any("d = d + y[t]\n" in t and "dW += d\n        d = d * f\n" in t for t in found)
    assert any("d += d @ U\n        d = d * f\n" in t for t in found)
    text = "for t in range(3):\n    d = (d + y[t]) * f\n    W = W + y[t]"  # nobody reads it
    here = at(text, 0, 0, d=ONES, y=ONES, f=ONES)
    assert not list(postponed.rewrites(here))


def test_a_line_goes_before_what_changes_in_place_what_it_reads():
    text = "a *= g\nb *= g\nd = a + b"
    here = place(text, 2, a=ONES, b=ONES, g=2.0)
    costs = {r.why: r.cost for r in statements.moved(here)}
    assert costs["before line 3"] < 1.2


def test_the_line_that_reads_too_early_is_to_blame():
    here = place("d = y + c\nc = d @ W\nd *= s", 2, d=ONES, y=ONES, c=ONES, W=ONES, s=ONES)
    (rewrite,) = (r for r in statements.moved(here) if r.why == "before line 4")
    assert rewrite.line == 4


def test_results_are_added_to_the_sums_that_they_write_over():
    text = "for t in range(2):\n    d, dU, db = back(d)"
    here = at(text, 0, 0, d=ONES, dU=ONES, db=ONES)
    zeros = np.zeros((2, 3))
    here.envs = [{"d": ONES, "dU": zeros, "db": zeros}, {"d": ONES, "dU": ONES, "db": ONES}]
    (new,) = (r.splices[0].new for r in added.rewrites(here) if "dU, db" in r.why)
    lines = [line.strip() for line in new.splitlines()]
    assert lines == ["d, more_dU, more_db = back(d)", "dU += more_dU", "db += more_db"]


def test_what_is_taken_away_at_repeated_indices_is_taken_away_each_time():
    here = place("d[:, ks] -= p", 0, d=ONES, ks=[0, 0], p=ONES)
    assert "np.subtract.at(d, (slice(None), ks), p)" in [
        r.splices[0].new for r in added.rewrites(here)
    ]


def test_expressions_of_the_forward_are_read_in_what_it_keeps():
    env = {"step": {"raw": ONES, "s": ONES}, "x": ONES}
    found = in_cache(("raw[:, 1:]", "x * 2", "raw - other"), {"np": np}, env)
    assert found == ['step["raw"][:, 1:]']


def test_one_number_a_row_is_known_as_a_column():
    rows = np.array([0.5, 2.0])
    known = dict(known_here(place("y = x * 2", 0, x=ONES, rows=rows), {"rows": rows}, (2, 3)))
    np.testing.assert_array_equal(known["rows[:, None]"], rows[:, None] * ONES)


def test_a_mean_that_is_not_taken_away_is_seen():
    g = np.array([[1.0, 2.0, 4.0], [0.0, 3.0, -1.0]])
    here = place("y = g", 0, g=g)
    found = inverses.rewrites(here, *value_of(here), [g - g.mean()], here.env)
    assert "g - g.mean()" in [r.splices[0].new for r in found]


def test_a_factor_that_stands_there_already_is_one_too_many():
    one = np.ones(3)
    here = place("w = np.cumprod(np.full(3, rate))", 0, rate=0.7)
    found = {
        r.why: r.cost for r in scales.rewrites(here, *value_of(here), one, one / 0.7, here.env)
    }
    assert found["over rate"] < 1.0
    here = place("w = g", 0, g=one, rate=0.7)
    found = {
        r.why: r.cost for r in scales.rewrites(here, *value_of(here), one, one / 0.7, here.env)
    }
    assert found["over rate"] >= 1.0


def test_of_two_lines_that_may_be_exchanged_the_one_unlike_all_others_is_mended():
    text = """\
def f(U, b):
    dU, db = g(U, b)
    return dU, db


def g(U, b):
    return b, U
"""
    source = Source("subject.py", text)
    nodes = {node.lineno: node for node in ast.walk(source.tree) if isinstance(node, ast.Return)}
    cost = {}
    for line, node in nodes.items():
        here = Place(source, source.units[0], source.tree, node)
        assert isinstance(node.value, ast.Tuple)
        first, second = node.value.elts
        splices = [
            statements.Splice(*source.span(first), here.text(second)),
            statements.Splice(*source.span(second), here.text(first)),
        ]
        cost[line] = orders.beside(source, here.splice(splices, "wrong order", ""))
    assert cost[3] > 0 > cost[7]


def test_a_word_of_an_object_tells_turns_apart():
    class Layer:
        def __init__(self, act):
            self.act = act

    tanh, gate = Layer("tanh"), Layer("sigmoid")
    here = place("d = a", 0, self=tanh, a=ONES)
    envs = [{"self": tanh, "a": ONES}, {"self": gate, "a": ONES}]
    tests = [test for test, _ in by_case._telling(here, envs, {0})]
    assert tests[:1] == ["self.act == 'tanh'"]


def test_a_new_array_may_be_meant_where_one_is_written_into():
    here = place("h[...], o = step(h)", 0, h=ONES)
    assert "h" in [r.splices[0].new for r in views.rewrites(here)]


def test_what_is_counted_is_not_turned():
    edits = [r.splices[0].new for r in common(place("y = 1.0 / len(x)", 0, x=ONES))]
    assert "x.T" not in edits


def test_an_adjoint_that_is_made_of_wrong_numbers_speaks_for_no_repair():
    odd = Found({}, [], 0.6, wrong=8, favour=0.5)
    plain = Found({}, [], 1.3)
    assert likeliest([odd, plain]) is plain


def test_what_is_none_at_first_is_added_to_where_it_is_any():
    here = place("grads[i] = part", 0, grads=[None, ONES], i=0, part=ONES)
    new = "part if grads[i] is None else grads[i] + part"
    assert new in [r.splices[0].new for r in added.rewrites(here)]


def test_a_list_is_rather_turned_where_it_is_read():
    frames = [1, 2]
    read = place("y = fold(frames)", 0, frames=frames)
    made = place("y = list(frames)", 0, frames=frames)
    cost = [
        next(r.cost for r in indices.orders(here) if r.splices[0].new == new)
        for here, new in ((read, "frames[::-1]"), (made, "list(frames)[::-1]"))
    ]
    assert cost[0] < cost[1]


def test_over_an_array_is_no_scale():
    one = np.ones(3)
    costs = []
    for text in ("w = 1 / (1 + e)", "w = e / n"):
        here = place(text, 0, e=one, n=4, count=3)
        found = scales.rewrites(here, *value_of(here), one, one / 3, here.env)
        costs.append(min(r.cost for r in found if r.why == "over count"))
    assert costs[0] > costs[1]


def test_what_overwrites_is_to_blame_for_what_is_read_too_late():
    text = "d = M @ d\ng = d * p"
    source = place(text, 0, d=ONES, M=ONES, p=ONES).source
    lines = {r.line for r in before.reads(source, source.tree)}
    assert lines == {3}
