"""Repairs of several lines are looked at again: fewer edits may do the same."""

import time

import numpy as np

from reference.debugger.answering.fewer import with_fewer
from reference.debugger.answering.gathering import gather
from reference.debugger.judging.oracle import gradients
from reference.debugger.repair import Rewrite
from reference.debugger.running.program import Program
from reference.debugger.running.source import Splice
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.cases import Case
from reference.debugger.searching.patience import Patience
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.search import Search

from .programs import module

TEXT = """\
import numpy as np


def loss(params, inputs):
    h, total = np.zeros(len(params["U"])), 0.0
    for x, y in zip(inputs["xs"], inputs["ys"]):
        h = np.tanh(params["W"] @ x + params["U"] @ h)
        total += 0.5 * np.sum((params["V"] @ h + params["b"] - y) ** 2)
    return total / len(inputs["xs"])


def backward(params, inputs):
    xs, ys, W, U, V, b = inputs["xs"], inputs["ys"], *(params[k] for k in "WUVb")
    N = len(xs)
    hs = [np.zeros(len(U))]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1]))
    dW, dU, dV, db = (np.zeros_like(p) for p in (W, U, V, b))
    dys = np.stack([V @ h + b - y for h, y in zip(hs[1:], ys)])
    dys /= N
    dh_next = np.zeros(len(U))
    for t in reversed(range(N)):
        dV += np.outer(dys[t], hs[t + 1])
        db += dys[t]
        dh = V.T @ dys[t] + dh_next
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(dz, xs[t])
        dU += np.outer(dz, hs[t])
        dh_next = U.T @ dz
    return {"W": dW, "U": dU, "V": dV, "b": db}


def example(rng):
    T, D, H, K = rng.integers(3, 6), 2, 4, 3
    return ({"W": rng.normal(size=(H, D)), "U": rng.normal(size=(H, H)),
             "V": rng.normal(size=(K, H)), "b": rng.normal(size=K)},
            {"xs": rng.normal(size=(T, D)), "ys": rng.normal(size=(T, K))})
"""


WIDE = (
    ("np.outer(dys[t], hs[t + 1])", "np.outer(dys[t], hs[t + 1]) / N"),
    ("db += dys[t]", "db += dys[t] / N"),
    ("V.T @ dys[t] + dh_next", "V.T @ dys[t] / N + dh_next"),
)


def gathered(wrong: str, wide: tuple[tuple[str, str], ...], again=gather) -> tuple[str, list[int]]:
    """Return the text of a repair after it was looked at again, and the lines of its steps."""
    made = module(wrong)
    given = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            oracle = gradients(program, given, list(given[0]), 5.0)
            case = Case(given, program.value(given), oracle)
            search = Search(program, [case], time.monotonic() + 60)
            # The search for better repairs is over: that for simpler ones begins.
            began = time.monotonic() - 100
            search.patience = Patience(began=began, first=began + 10, best=began + 10)
            originals = program.texts
            ((file, text),) = originals.items()
            steps = []
            for old, new in wide:
                start = text.index(old)
                line = text[:start].count("\n") + 1
                splice = Splice(start, start + len(old), new)
                steps.append(
                    Step(Rewrite(file, (splice,), "", "", 1.0, line), {file: text}, ((), ()))
                )
                text = text.replace(old, new)
                assert text.count(new) == 1
            search.found = [Found({file: text}, steps, 1.0)]
            again(search, originals)
            assert program.sources[file].text == originals[file]
    (found,) = search.found
    return found.texts[file], [step.rewrite.line for step in found.steps]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_one_line_is_blamed_for_what_all_its_readers_lack():
    wrong = TEXT.replace("    dys /= N\n", "")
    text, lines = gathered(wrong, WIDE)
    made = "dys = np.stack([V @ h + b - y for h, y in zip(hs[1:], ys)])"
    assert text == wrong.replace(made, f"{made} / N")
    assert lines == [line_of(wrong, made)]


def test_the_line_that_scales_already_is_scaled_more():
    wrong = TEXT.replace("dys /= N", "dys /= 1")
    text, lines = gathered(wrong, WIDE)
    assert text == wrong.replace("dys /= 1", "dys /= 1 * N")
    assert lines == [line_of(wrong, "dys /= 1")]


def test_one_sign_for_all_readers():
    wrong = TEXT.replace("dys /= N", "dys /= -N")
    turned = tuple((old, old.replace("dys[t]", "-dys[t]")) for old, _ in WIDE)
    text, _ = gathered(wrong, turned)
    assert text == wrong.replace("dys /= -N", "dys /= N")


def test_what_some_readers_have_stays_where_it_is():
    wrong = TEXT.replace("db += dys[t]", "db += dys[t] * N").replace(
        "V.T @ dys[t] + dh", "V.T @ dys[t] * N + dh"
    )
    wide = (("db += dys[t] * N", "db += dys[t] * N / N"),
            ("V.T @ dys[t] * N", "V.T @ dys[t] * N / N"))  # fmt: skip
    text, lines = gathered(wrong, wide)
    assert len(lines) == 2
    assert text.count("* N / N") == 2


def test_two_edits_that_undo_each_other_in_part_are_one():
    wrong = TEXT.replace("+ dh_next", "- dh_next").replace("dys[t], hs[t + 1]", "dys[t], hs[t]")
    long = (("- dh_next", "+ dh_next / 2"), ("U.T @ dz", "2 * U.T @ dz"),
            ("dys[t], hs[t]", "dys[t], hs[t + 1]"))  # fmt: skip
    text, lines = gathered(wrong, long, with_fewer)
    assert text == TEXT
    assert sorted(lines) == sorted(line_of(wrong, part) for part in ("- dh_next", "dys[t], hs[t]"))


def test_three_faults_are_three_edits():
    wrong = TEXT.replace("+ dh_next", "- dh_next").replace("dys[t], hs[t + 1]", "dys[t], hs[t]")
    wrong = wrong.replace("(1 - hs[t + 1] ** 2)", "(1 - hs[t + 1])")
    all_three = (("- dh_next", "+ dh_next"), ("dys[t], hs[t]", "dys[t], hs[t + 1]"),
                 ("(1 - hs[t + 1])", "(1 - hs[t + 1] ** 2)"))  # fmt: skip
    text, lines = gathered(wrong, all_three, with_fewer)
    assert text == TEXT
    assert len(lines) == 3


def test_lines_that_were_moved_together_stay_together():
    lines = ("dW += np.outer", "dU += np.outer", "dh_next = U.T")
    wrong = TEXT
    for line in lines:
        wrong = wrong.replace(f"\n        {line}", f"\n    {line}")
    back = tuple((f"\n    {line}", f"\n        {line}") for line in lines)
    text, _ = gathered(wrong, back, with_fewer)
    assert text == TEXT
