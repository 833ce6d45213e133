"""Edits that are written from values: counts, starts, other parts of arrays, the step before."""

from __future__ import annotations

import ast
import time

import numpy as np
import pytest

from reference.debugger.judging.oracle import gradients
from reference.debugger.repair import common, indices, inverses, loops, passed, scales, starts
from reference.debugger.repair.place import Place
from reference.debugger.running.program import Program
from reference.debugger.running.source import Source
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching import known_value, wanted
from reference.debugger.searching.cases import Case, score
from reference.debugger.searching.places import place_at
from reference.debugger.searching.round import probed
from reference.debugger.values.divided import adjoints_of_sum

from .test_engine import loaded
from .test_wanted import place, texts, value_of

RNG = np.random.default_rng(0)
H, S, X = (RNG.uniform(0.1, 0.9, size=(3, 4)) for _ in range(3))


class Model:
    """An object with a count."""

    def __init__(self) -> None:
        self.count = 6


def test_one_count_is_replaced_by_another_that_an_object_holds():
    here = place("d = x / (n * m)", 0, x=X, n=3, m=4, model=Model())
    made, target = X / 12, X / 6
    given = texts(scales.rewrites(here, *value_of(here), made, target, here.env))
    assert "model.count" in given


@pytest.mark.parametrize(
    ("line", "new"),
    [("y = (x + h) * s", "x * s + h"), ("y = x * s + h", "(x + h) * s"),
     ("y = (x - h) / s", "x / s - h")],
)  # fmt: skip
def test_a_factor_is_one_of_a_term_or_of_the_sum(line, new):
    here = place(line, 0, x=X, h=H, s=S)
    assert new in [rewrite.splices[0].new for rewrite in common(here) if rewrite.splices]


def test_what_a_slice_leaves_out_is_an_operand():
    here = place("a = x[:, n:]\nb = x[..., :2]", 0, x=X, n=2)
    assert {"x[:, :n]", "x[..., 2:]"} <= {atom.text for atom in here.atoms}


def test_what_a_start_should_be_is_looked_up_among_sums_over_an_axis():
    here = place("rate = np.exp(x)\ng = np.zeros(3)", 1, x=X)
    given = texts(wanted._of_known(here, *value_of(here), np.exp(X).sum(axis=1), here.env))
    assert "np.exp(x).sum(axis=1)" in given


def _in_a_loop(line: str, head: str = "for t in range(3):") -> Place:
    source = Source("subject.py", f"def f(h, h0, g):\n    {head}\n        {line}\n    return 0\n")
    unit = source.units[0]
    assert isinstance(unit.tree, ast.FunctionDef)
    loop = unit.tree.body[0]
    assert isinstance(loop, ast.For | ast.While)
    arrays = {"h": RNG.normal(size=(2, 3)), "h0": np.ones(2), "g": S}
    envs = [{**arrays, "t": t} for t in (2, 1, 0)]
    return Place(source, unit, unit.tree, loop.body[0], envs, {"np": np})


def test_the_first_step_of_any_axis_has_a_start():
    given = texts(indices.wrapping(_in_a_loop("y = h[:, t - 1]")))
    assert "(h[:, t - 1] if t > 0 else h0)" in given
    assert "(h[:, [t - 1]] if t > 0 else np.zeros_like(h[:, [t - 1]]))" in texts(
        indices.wrapping(_in_a_loop("y = h[:, [t - 1]]"))
    )


@pytest.mark.parametrize("head", ["for t in range(3):", "while t >= 0:"])
def test_the_step_before_may_be_meant_and_has_a_start(head):
    given = texts(indices.rewrites(_in_a_loop("y = h[:, t]", head)))
    assert "(h[:, t - 1] if t > 0 else h0)" in given


def test_a_factor_of_what_comes_is_one_of_what_is_given_and_back():
    source = Source(
        "subject.py",
        "def pull(x, g, into):\n    into += g\n    return g * x\n\n\ndef f(x, g, c, into):\n"
        "    a = c * pull(x, g, into)\n    b = pull(x, g / c, into)\n    return a + b\n",
    )
    unit = source.units[1]
    assert isinstance(unit.tree, ast.FunctionDef)
    names: dict = {}
    exec(source.text, names)
    env = {"x": X, "g": H, "c": 0.5, "into": S}
    first, second = (
        Place(source, unit, unit.tree, statement, [env], names) for statement in unit.tree.body[:2]
    )
    assert "pull(x, g * c, into)" in texts(passed.rewrites(first))
    assert "pull(x, g, into) / c" in texts(passed.rewrites(second))


def test_a_number_that_bounds_a_loop_is_one_more_or_less():
    here = place("hi = min(lo + k, T - 1)", 0, lo=0, k=2, T=5)
    given = texts(loops.rewrites(here))
    assert {"T", "T - 1 - 1", "lo + k + 1"} <= set(given)
    assert not texts(loops.rewrites(place("x = a - b", 0, a=S, b=H)))


def _cost(rewrites, part: str) -> float:
    return min(rewrite.cost for rewrite in rewrites if part in rewrite.splices[-1].new)


def test_an_argument_beside_one_that_runs_backwards_runs_backwards_too():
    rows = [S, H]
    beside = indices.orders(place("y = f(h, x[::-1])", 0, h=rows, x=rows))
    alone = indices.orders(place("y = f(h, x)", 0, h=rows, x=rows))
    assert _cost(beside, "h[::-1]") < _cost(alone, "h[::-1]")


def test_buffers_that_are_made_together_are_hardly_all_to_be_made_anew():
    loop = "for t in range(3):\n    y = t"
    one = starts.anew(place(f"a = np.zeros(3)\n{loop}", 0))
    two = starts.anew(place(f"a, b = np.zeros((2, 3))\n{loop}", 0))
    assert _cost(one, "zeros") < _cost(two, "zeros")


def test_a_carry_that_a_sum_in_the_loop_goes_on_with_is_to_blame_at_the_sum():
    text = "d = np.zeros(3)\nfor t in range(3):\n    {}\n    for w in ws:\n        d += w"
    for first, blamed in (("e = d * 2", 7), ("e = t", 3)):
        outer = place(text.format(first), 1)
        assert isinstance(outer.statement, ast.For)
        inner = outer.statement.body[1]
        here = Place(outer.source, outer.unit, outer.function, inner, outer.envs, outer.names)
        assert [rewrite.line for rewrite in starts.again(here)] == [blamed]


def test_a_missing_factor_costs_the_same_however_it_is_found():
    here = place("y = x", 0, x=X, h=H)
    given = inverses.rewrites(here, *value_of(here), [X * H], here.env)
    assert _cost(given, " * ") >= 1.5


# Nothing of the last step, the first of the backward, counts, and of the next one row alone.
MASKED = """\
import numpy as np


def forward(p, xs, h):
    hs, us = [h], []
    for x in xs:
        us.append(hs[-1] @ p["U"])
        hs.append(np.tanh(p["a"] * x * us[-1] + p["k"] * us[-1] + x))
    return hs, us


def loss(params, inputs):
    hs, _ = forward(params, inputs["xs"], inputs["h0"])
    return float(sum(np.sum(m[:, None] * h ** 2) for m, h in zip(inputs["m"], hs[1:])))


def backward(params, inputs):
    hs, us = forward(params, inputs["xs"], inputs["h0"])
    g = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros_like(inputs["h0"])
    for t in reversed(range(len(us))):
        x, u = inputs["xs"][t], us[t]
        dh = dh + 2 * inputs["m"][t][:, None] * hs[t + 1]
        da = dh * (1 - hs[t + 1] ** 2)
        g["a"] += (da * x * u).sum(axis=0)
        g["k"] += (da * u).sum(axis=0)
        du = da * (params["a"] * x + params["k"])
        g["U"] += hs[t].T @ du
        dh = du @ params["U"].T
    return g | {"h0": dh}


def example(rng):
    T, B, n = int(rng.integers(4, 6)), 2, 3
    p = {"U": rng.normal(size=(n, n)), "a": rng.normal(size=n), "k": rng.normal(size=n)}
    m = np.ones((T, B), int)
    m[-1] = m[-2, 1] = 0
    return p, {"xs": rng.normal(size=(T, B, n)), "h0": rng.normal(size=(B, n)), "m": m}
"""


def test_a_sum_is_written_from_a_step_that_says_enough(tmp_path):
    wrong = 'du = da * params["a"] * x'
    module = loaded(MASKED.replace('du = da * (params["a"] * x + params["k"])', wrong), tmp_path)
    given = module.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(module.loss, module.backward, watchdog)
        program.discover(given, 5.0)
        names = ["U", "a", "k", "h0"]
        case = Case(given, program.value(given), gradients(program, given, names, 5.0), {})
        base = score(program.run(given), case)
        adjoints = adjoints_of_sum(program, given, 3.0)
        now = probed(program, case, base, time.monotonic() + 20.0, adjoints)
        (file,) = program.sources
        line = next(n for n, text in enumerate(program.sources[file].text.splitlines(), 1)
                    if text.strip() == wrong)  # fmt: skip
        here = place_at(program, now, file, line)
        assert here is not None
        by_first = texts(wanted.rewrites(program, now, here))
        by_all = texts(known_value.by_course(program, given, now, here))
    assert not any("k" in text and "+" in text for text in by_first)
    assert any("k" in text and "+" in text for text in by_all)


@pytest.mark.parametrize(
    ("line", "new"),
    [("d[j] = d[j] + w[j][k] * e[k]", ["d[k]", "d[k]"]), ("d[j] -= w[j][k] * e[k]", ["d[k]"]),
     ("g[j][n + k] = e[j] + g[j][n + k]", ["g[j][n + j]", "g[j][n + j]"])],
)  # fmt: skip
def test_a_sum_element_by_element_has_another_index(line, new):
    text = "def f(d, e, g, w, n):\n    for j in range(3):\n        for k in range(3):\n"
    source = Source("subject.py", f"{text}            {line}\n")
    unit = source.units[0]
    statement = next(n for n in ast.walk(unit.tree) if isinstance(n, ast.Assign | ast.AugAssign))
    env = {"d": [0.0] * 3, "e": [1.0, 2.0, 3.0], "g": S, "w": S, "n": 1, "j": 1, "k": 2}
    here = Place(source, unit, unit.tree, statement, [env], {})
    assert new in [[splice.new for splice in rewrite.splices] for rewrite in common(here)]
