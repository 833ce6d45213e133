"""Texts unfolded, and what they are then named: the mistake counts, not the form around it."""

import ast
import textwrap

import numpy as np
import pytest

from reference.debugger.naming.harm import of_shape
from reference.debugger.naming.innocent import suspects
from reference.debugger.naming.joined import telling
from reference.debugger.naming.kinds import Seen, kind_of
from reference.debugger.naming.kinds_by_relation import relation_of
from reference.debugger.naming.kinds_by_runs import by_runs
from reference.debugger.naming.picked import Picks
from reference.debugger.naming.turns import Turns
from reference.debugger.running.same_answers import differ
from reference.debugger.texts.edited import edited
from reference.debugger.texts.passes import Apart, Pass
from reference.debugger.texts.unfolded import unfolded

HEAD = """\
def sig(a):
    return 1 / (1 + np.exp(-a))

{helper}

def backward(p, g, dhs, T):
    dh_next = np.zeros_like(dhs[0])
    for t in reversed(range(T)):
        x, i, f, c = tape[t]
        dh = dhs[t] + dh_next
{lines}
        dh_next = dz @ p["R"].T
    return g
"""


def program(lines, helper=""):
    lines = textwrap.indent(textwrap.dedent(lines).strip(), " " * 8)
    return HEAD.format(helper=helper, lines=lines)


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        (
            "for k, d in zip('if', (di, df)):\n    g['p' + k] += d * c",
            "g['pi'] += d_i * c\ng['pf'] += df * c_prev".replace("d_i", "di"),
            "wrong operand",
        ),
        (
            "dx = sum(p[k].T @ d for k, d in zip('fi', (di, df)))",
            "dx = p['i'].T @ di + p['f'].T @ df",
            "wrong order",
        ),
        (
            "dh_next, dc_next = (np.clip(d, -1, 1) for d in (dz @ U, dc * f))",
            "dh_next = dz @ U\ndc_next = dc * f",
            "clipped",
        ),
        (
            "self.dW, self.dU = x.T @ dz, h.T @ dz",
            "self.dW += x.T @ dz\nself.dU += h.T @ dz",
            "= for +=",
        ),
        (
            "o = gates[:, 2]\ndC[t] = o * dh * (1 - c ** 2)",
            "dC[t] += (1 - c ** 2) * (gates[:, 2] * dh)",
            "= for +=",
        ),
        (
            "du = ds * va\ndpre = du * (1 - u ** 2)\ndS = dS + du @ Wa.T",
            "dpre = ds * va * (1 - u ** 2)\ndS = dS + dpre @ Wa.T",
            "missing derivative",
        ),
        (
            "douts = [sig(y) - b for y, b in zip(outs, goal)]",
            "douts = [m * (sig(y) - b) for y, b, m in zip(outs, goal, masks)]",
            "missing factor",
        ),
        ("dz /= len(inputs['lengths'])", "dz /= len(tags)", "scale 1/B or 1/T"),
    ],
)
def test_a_mistake_has_its_name_whatever_the_form(wrong, right, kind):
    assert kind_of(program(wrong), program(right)) == kind


def test_a_small_function_of_one_text_is_its_formula():
    helper = "def slope_of(a):\n    s = sig(a)\n    return s * (1 - s)\n"
    wrong = program("dz = dh * slope_of(i)", helper)
    assert kind_of(wrong, program("dz = dh * i * (1 - i)")) == "derivative of an activated value"


def test_functions_of_both_texts_may_name_their_parts():
    old, new = (
        "def dsig(n):\n    a = sig(n)\n    return a * (1 - a)\n",
        ("def dsig(a):\n    return a * (1 - a)\n"),
    )
    line = "dz = dh * dsig(i)"
    kind = kind_of(program(line, old), program(line, new))
    assert kind == "derivative of an activated value"


def test_what_both_texts_fold_stays_folded():
    old, new = "for k in 'ab':\n    f(k)", "for k in 'ba':\n    f(k)"
    assert unfolded(old, new) == (old, new)


def test_a_line_that_sets_what_it_should_is_innocent():
    old, new = "a = x + y\nb = a * w", "a = y + x + 0\nb = a * v"
    found = edited(ast.parse(old), ast.parse(new))
    one, two = np.ones(2), np.arange(2.0)
    was: Pass = {"a": (None, one), "b": (None, one)}
    becomes: Pass = {"a": (None, one), "b": (None, two)}
    (guilty,) = suspects(found, Turns(passes={(0, 1): ([was], [becomes])}))
    assert ast.unparse(guilty.statement) == "b = a * v"
    assert suspects(found, None) == found


def test_whole_numbers_are_a_wrong_dtype():
    right = np.array([0.3, 1.7, -2.2, 4.0])
    assert relation_of([Apart("E", None, np.trunc(right), right)], {}) == "wrong dtype"
    assert relation_of([Apart("E", None, np.zeros(4), right)], {}) != "wrong dtype"


def test_late_binding_in_a_branch_of_a_loop():
    wrong = """\
for k in 'ig':
    if k == 'g':
        pulls[k] = tanh(a)
    else:
        pulls[k] = lambda dy: dy * acts[k]
"""
    right = "for k in 'ig':\n    pulls[k] = (tanh if k == 'g' else sig)(a)\n"
    assert kind_of(wrong, right) == "late binding"


def test_what_runs_tell_does_not_unsay_what_the_text_is_sure_of():
    assert by_runs("aliasing", "carry not added", Seen()) == "aliasing"
    seen = Seen(mends=("= for +=",))
    assert by_runs("accumulation outside the loop", "", seen) == "accumulation outside the loop"
    seen = Seen(mends=("overwritten too early",))
    assert by_runs("initial value", "", seen) == "initial value"


def test_a_view_is_no_copy():
    assert kind_of("d = given.reshape(n, b)", "d = given.copy()") == "aliasing"


def test_gradients_with_the_shapes_of_each_other_are_in_another_order():
    one, other = np.ones((2, 3)), np.ones((3, 2))
    turned = Turns(answers=({"W1": other, "W2": one}, {"W1": one, "W2": other}))
    assert of_shape("forward order", turned, {"W1": one, "W2": other}) == "forward order"
    cut = Turns(answers=({"W1": np.ones(2), "W2": other}, {"W1": one, "W2": other}))
    assert of_shape("forward order", cut, {"W1": one, "W2": other}) == "wrong shape"


def test_a_value_that_is_none_is_another_answer():
    assert differ({"W": None}, {"W": np.ones(2)})
    assert not differ({"W": None}, {"W": None})


def test_a_place_that_is_begun_and_filled_is_told_by_what_fills_it():
    old = "dx = d * (1 - f)\nfor t in ts:\n    g[t] = d\n"
    new = "dx = np.zeros_like(x)\nfor t in ts:\n    dx[t] = d[t] * f[t]\n    g[t] = d\n"
    found = telling(edited(ast.parse(old), ast.parse(new)), ast.parse(old), ast.parse(new))
    assert [one.old for one in found] == [None]


def test_several_things_that_are_shared_are_copied_at_once():
    picks = Picks(3)
    picks.put_into(ast.parse("hs.append(h[:2]); cs.append(c[:2])"))
    rows = {number: np.ones(3) for number, role in enumerate(picks.roles) if role == "value"}
    for number, value in rows.items():
        picks.value(number, value)
    kind, which, becomes = list(picks.trials())[-1]
    picks.active = which, becomes
    assert kind == "aliasing"
    assert all(picks.value(number, value) is not value for number, value in rows.items())
    lists = [number for number, role in enumerate(picks.roles) if role == "base"]
    assert len(lists) == 2
    grown: list[int] = []
    assert all(picks.value(number, grown) is grown for number in lists)


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("np.dot(a, b, out=z.reshape(3, -1))\ndW = top @ d",
         "np.dot(a, b, out=z.reshape(3, -1))\ndW = bottom @ d", "wrong operand"),
        ("np.add.at(dE.reshape(3, -1), k, d)\ndW = d",
         "np.add.at(dE.reshape(3, -1), k, d)\ndW += d", "= for +="),
        ("z.reshape(3, -1)[:] = d", "z.reshape(3, -1)[:] += d", "= for +="),
    ],
)  # fmt: skip
def test_what_is_written_into_a_view_needs_no_name(wrong, right, kind):
    assert kind_of(program(wrong), program(right)) == kind
