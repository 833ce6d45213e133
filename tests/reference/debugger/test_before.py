"""What is kept, or read, after it has been overwritten; what is made again with other arguments."""

from __future__ import annotations

import ast
import dataclasses
import textwrap

import numpy as np
import pytest

from reference.debugger.repair import before, brackets, layouts, masks, recalled
from reference.debugger.running.source import Source

from .test_wanted import place

RNG = np.random.default_rng(0)


def texts(family, text: str) -> list[str]:
    """Return what a family of edits makes of a function."""
    source = Source("before.py", textwrap.dedent(text))
    (function,) = (node for node in source.tree.body if isinstance(node, ast.FunctionDef))
    made = [source.edited(rewrite.splices) for rewrite in family(source, function)]
    for one in made:
        ast.parse(one)
    return made


KEPT = """
def run(xs, h, w):
    tape = []
    for x in xs:
        h = np.tanh(x + h @ w)
        tape.append({"x": x, "old": 2 * h})
    return tape
"""


def test_a_state_is_kept_as_it_was_before_the_step():
    made = texts(before.rewrites, KEPT)
    assert (
        KEPT.replace("        h = ", "        h_before = h\n        h = ").replace(
            "2 * h", "2 * h_before"
        )
        in made
    )
    lines = KEPT.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if "tape.append" in line)
    lines[at - 1], lines[at] = lines[at], lines[at - 1]
    assert "".join(lines) in made  # the whole statement, before it is overwritten


def test_what_is_changed_in_place_is_copied():
    text = KEPT.replace("h = np", "h[:] = np")
    assert any("h_before = h.copy()" in one for one in texts(before.rewrites, text))


def test_what_a_step_has_made_itself_is_no_state():
    text = KEPT.replace("h = np.tanh(x + h @ w)", "a = np.tanh(x + w)").replace("2 * h", "a")
    assert texts(before.rewrites, text) == []


def test_an_element_of_a_buffer_is_no_state():
    text = KEPT.replace("h = np.tanh(x + h @ w)", "hs[t] = np.tanh(x + hs[t - 1] @ w)")
    assert texts(before.rewrites, text.replace("2 * h", "hs[t]")) == []


def test_the_cache_that_is_returned_holds_what_the_step_began_with():
    text = """
    def step(self, x):
        self.h = np.tanh(x + self.h)
        return self.h, (x, self.h)
    """
    made = texts(before.rewrites, text)
    assert len(made) == 1
    assert "    h_before = self.h\n" in made[0]
    assert "return self.h, (x, h_before)" in made[0]


READ = """
def back(c, dc):
    c = np.tanh(c)
    do = dc * c
    for t in range(3):
        df = dc * c[t - 1]
    return do, df
"""


def test_a_line_reads_what_was_overwritten():
    made = texts(before.reads, READ)
    first = READ.replace("    c = np", "    c_before = c\n    c = np")
    assert first.replace("c[t - 1]", "c_before[t - 1]") in made
    assert first.replace("do = dc * c", "do = dc * c_before") in made


def test_a_new_value_is_not_what_was_overwritten():
    assert texts(before.reads, READ.replace("np.tanh(c)", "np.zeros(3)")) == []


def test_a_call_is_as_in_the_forward():
    hs = [RNG.normal(size=(2, 3)) for _ in range(4)]
    made = place("z = gate(h, w)", 0, h=hs[1], hs=np.array(hs), t=0, w=np.eye(3))
    envs = [{**made.env, "h": hs[t + 1], "old": hs[t], "t": t} for t in range(3)]
    called = dataclasses.replace(made, envs=envs)
    forward = dataclasses.replace(called, envs=[{"h": h, "w": np.eye(3)} for h in hs[:3]])
    known = recalled.calls_of([forward], {"gate"})
    assert [r.splices[0].new for r in recalled.rewrites(called, known)] == ["old"]
    right = dataclasses.replace(called, envs=[{**env, "h": env["old"]} for env in envs])
    assert list(recalled.rewrites(right, known)) == []
    assert recalled.calls_of([forward], {"other"}) == {}


def test_an_activated_value_is_left_to_its_derivative():
    c = RNG.normal(size=(2, 3))
    env = {"c": c, "tc": np.tanh(c)}
    forward, back = place("tc = np.tanh(c)", 0, **env), place("d = 1 - np.tanh(tc) ** 2", 0, **env)
    known = recalled.calls_of([forward], {"tanh"})
    assert known
    assert list(recalled.rewrites(back, known)) == []


X = RNG.normal(size=(4, 5, 6))


@pytest.mark.parametrize("line", ["a, b = np.moveaxis(x.reshape(4, 5, 3, 2), -1, 0)"])
def test_parts_are_split(line):
    made = [r.splices[0].new for r in layouts.rewrites(place(line, 0, x=X))]
    assert "np.split(x, 2, axis=-1)" in made


def test_a_factor_of_one_part_alone():
    made = place("d = a + b\nd *= m", 1, a=X, b=X, m=X)
    (source,) = {made.source}
    edited = [source.edited(r.splices) for r in brackets.rewrites(made)]
    assert any("    d = a\n    d *= m\n    d += b\n" in text for text in edited)
    assert any("    d = b\n    d *= m\n    d += a\n" in text for text in edited)


def test_a_mask_lets_a_carry_pass_beside_other_values():
    m = np.array([1.0, 0.0, 1.0])[:, None]
    line = "dx, dh_prev = dxh[:, :2], dxh[:, 2:]"
    made = place(line, 0, m=m, dh=np.ones((3, 4)), dxh=np.ones((3, 6)))
    assert any(r.splices[0].new == "dh * (1 - m) + dxh[:, 2:]" for r in masks.rewrites(made))
