"""Lines that the loss runs too, but is not made of, are searched as the backward's own."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.running.program import Program
from reference.debugger.running.source import Source
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.places import all_statements
from reference.debugger.values.for_backward import note

from .test_engine import debugged, loaded

# The slope is kept by the forward, and the last layer gives value and gradient at once.
KEPT = """\
import numpy as np


def squash(a):
    y = np.tanh(a)
    slope = 1 - y ** 2
    return y, slope


def misfit(h, V, goal):
    shown = np.zeros(len(h))
    e = V @ h - goal
    size = np.sqrt(1 + e @ e)
    de = e / size
    return size - 1, V.T @ de, np.outer(de, h)


def unroll(p, xs, h, goals):
    total, kept = 0.0, []
    for x, goal in zip(xs, goals):
        new, slope = squash(p["W"] @ x + p["U"] @ h + p["b"])
        value, dh, dV = misfit(new, p["V"], goal)
        kept.append((x, h, slope, dh, dV))
        total, h = total + value, new
    return total, kept


def loss(params, inputs):
    return float(unroll(params, inputs["xs"], inputs["h0"], inputs["goals"])[0])


def backward(params, inputs):
    _, kept = unroll(params, inputs["xs"], inputs["h0"], inputs["goals"])
    g = {name: np.zeros_like(value) for name, value in params.items()}
    carry = np.zeros_like(inputs["h0"])
    for x, h, slope, dh, dV in reversed(kept):
        da = (dh + carry) * slope
        g["W"] += np.outer(da, x)
        g["U"] += np.outer(da, h)
        g["b"] += da
        g["V"] += dV
        carry = params["U"].T @ da
    return g | {"h0": carry}


def example(rng):
    H, D, K, T = 4, 3, 2, int(rng.integers(3, 5))
    p = {"W": rng.normal(size=(H, D)), "U": rng.normal(size=(H, H)), "b": rng.normal(size=H),
         "V": rng.normal(size=(K, H))}
    return p, {"xs": rng.normal(size=(T, D)), "h0": rng.normal(size=H),
               "goals": rng.normal(size=(T, K))}
"""


def test_lines_of_which_the_loss_is_not_made_are_told_from_the_others(tmp_path):
    module = loaded(KEPT, tmp_path)
    with Watchdog() as watchdog:
        program = Program(module.loss, module.backward, watchdog)
        given = module.example(np.random.default_rng(0))
        program.discover(given, 5.0)
        alone = {line for _, line, _ in all_statements(program)}
        note(program, given, 1.0)
        found = {line for _, line, _ in all_statements(program)} - alone
    lines = KEPT.splitlines()
    texts = [lines[line - 1].strip() for line in sorted(found)]
    assert texts == [
        "slope = 1 - y ** 2", "de = e / size", "return size - 1, V.T @ de, np.outer(de, h)",
    ]  # fmt: skip


def test_values_on_several_lines_in_brackets_do_not_end_the_search(tmp_path):
    one = 'p["W"] @ x + p["U"] @ h + p["b"])'
    text = KEPT.replace(one, 'p["W"] @ x  # of this step\n                            + p["b"]'
                             ' + p["U"] @ h)')  # fmt: skip
    text = text.replace("return y, slope", "return (y\n            + 0.0), slope")
    text = text.replace("de = e / size", "de = e")
    assert text.count("\n") == KEPT.count("\n") + 2
    found = debugged(loaded(text, tmp_path))
    assert found.suspects[0].text.strip() == "de = e"
    assert found.fixes


def test_an_error_of_the_debugger_itself_is_told_as_one_and_the_search_goes_on(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("reference.debugger.debug.for_backward.note", lambda *_: ast.parse("("))
    wrong = KEPT.replace('g["b"] += da', 'g["b"] = da')
    found = debugged(loaded(wrong, tmp_path))
    assert found.suspects[0].text.strip() == 'g["b"] = da'
    (told,) = [reason for reason in found.reasons if "SyntaxError" in reason]
    assert told.startswith("lines that the loss runs too are left out")


def test_the_text_of_a_value_on_several_lines_is_one_line_without_comments():
    text = "y = (a  # of this step\n     + b)\n"
    source = Source("made.py", text)
    assert source.in_one_line(source.tree.body[0].value) == "a + b"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("slope = 1 - y ** 2", "slope = 1 - np.tanh(y) ** 2", "slope = 1 - np.tanh(y) ** 2"),
        ("de = e / size", "de = e", "de = e"),
    ],
)
def test_such_a_line_is_named_and_mended(old, new, line, tmp_path):
    found = debugged(loaded(KEPT.replace(old, new), tmp_path))
    assert found.suspects[0].text.strip() == line
    assert found.fixes
