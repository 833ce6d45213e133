"""Lines after the loss itself: terms by the uses of a number, and those that a line lacks."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.adjoints import adjoints_of
from reference.debugger.agreement import Agreement
from reference.debugger.derived import of_lines
from reference.debugger.places import all_statements, place_at
from reference.debugger.probe import record
from reference.debugger.program import Program
from reference.debugger.round import Round
from reference.debugger.timebox import Watchdog

from .programs import module

HELD = """\
import numpy as np

def scan(p, xs, mask, h):
    hs = [h]
    for x, m in zip(xs, mask):
        h = m[:, None] * np.tanh(x @ p["U"] + h @ p["W"]) + (1 - m[:, None]) * h
        hs.append(h)
    return hs

def loss(params, inputs):
    hs = scan(params, inputs["x"], inputs["mask"], inputs["h0"])
    return 0.5 * np.sum((hs[-1] - inputs["aim"]) ** 2) + 0.5 * np.sum(hs[2] ** 2)

def backward(params, inputs):
    hs = scan(params, inputs["x"], inputs["mask"], inputs["h0"])
    dU, dW = np.zeros_like(params["U"]), np.zeros_like(params["W"])
    dh = hs[-1] - inputs["aim"]
    for t in range(len(inputs["x"]))[::-1]:
        if t == 1:
            dh = dh + hs[2]
        m, x, h = inputs["mask"][t][:, None], inputs["x"][t], hs[t]
        new = np.tanh(x @ params["U"] + h @ params["W"])
        dnew = dh * m
        da = dnew * (1 - new ** 2)
        dU += x.T @ da
        dW += h.T @ da
        dh = da @ params["W"].T + (1 - m) * dh
    return {"U": dU, "W": dW, "h0": dh}
"""


def arguments():
    rng = np.random.default_rng(0)
    params = {"U": rng.normal(size=(3, 4)), "W": rng.normal(size=(4, 4))}
    mask = np.ones((5, 2))
    mask[3:, 0] = 0
    inputs = {"x": rng.normal(size=(5, 2, 3)), "mask": mask, "h0": rng.normal(size=(2, 4)),
              "aim": rng.normal(size=(2, 4))}  # fmt: skip
    return params, inputs


def edits(text: str) -> dict[str, list[str]]:
    """Return the edits of each line of a backward, as the texts that they put in."""
    made, given = module(text), arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            adjoints = adjoints_of(program, given, 5.0)
            assert adjoints is not None
            now = Round(record(program, given))
            now.agreement = Agreement(adjoints, now.recording, program.sources)
            found = {}
            for file, line, _ in all_statements(program):
                place = place_at(program, now, file, line)
                assert place is not None
                found[text.splitlines()[line - 1].strip()] = [
                    splice.new for r in of_lines(now, [place], 5.0) for splice in r.splices
                ]
            return found


def test_the_uses_of_a_state_are_the_terms_of_its_adjoint():
    made, given = module(HELD), arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given, 5.0)
        adjoints = adjoints_of(program, given, 5.0)
    assert adjoints is not None
    assert adjoints.uses is not None
    states = adjoints.uses.of_shape((2, 4))
    # hs[2] is in the loss, too; hs[3] and hs[4] are held in a row.
    assert sum(len(whole.terms) == 2 for whole in states) == 3
    for whole in states:
        np.testing.assert_allclose(np.sum(whole.terms, axis=0), whole.adjoint)
    dh0 = made.backward(*given)["h0"]
    assert any(np.allclose(whole.adjoint, dh0) for whole in states)


def test_a_right_backward_lacks_nothing():
    assert not any(edits(HELD).values())


@pytest.mark.parametrize(
    ("old", "line", "new"),
    [
        (" + (1 - m) * dh", 'dh = da @ params["W"].T', 'da @ params["W"].T + dh * (1 - m)'),
        ('da @ params["W"].T + ', "dh = (1 - m) * dh", '(1 - m) * dh + da @ params["W"].T'),
    ],
)
def test_a_line_without_one_of_its_terms(old, line, new):
    assert new in edits(HELD.replace(old, ""))[line]


def test_a_term_that_is_wrong_is_written_anew_beside_one_that_is_right():
    wrong = HELD.replace("(1 - m) * dh", "m * dh")
    found = edits(wrong)['dh = da @ params["W"].T + m * dh']
    assert "(1 - m)" in found or "dh * (1 - m)" in found


def test_a_line_that_makes_nothing_of_use_is_written_anew():
    wrong = HELD.replace('da @ params["W"].T + (1 - m) * dh', "np.where(m, da, dh)")
    found = edits(wrong)["dh = np.where(m, da, dh)"]
    assert 'dh * (1 - m) + da @ params["W"].T' in found


def test_a_contribution_to_a_weight_is_what_one_step_contributes():
    wrong = HELD.replace("dW += h.T @ da", "dW += new.T @ (da * (1 - new))")
    found = edits(wrong)["dW += new.T @ (da * (1 - new))"]
    assert "h.T @ da" in found


def test_a_scale_that_a_variable_lacks_is_put_before_it_is_read():
    mean = HELD.replace("0.5 * np.sum((hs[-1]", "0.5 * np.mean((hs[-1]")
    mean = mean.replace(" + 0.5 * np.sum(hs[2] ** 2)", "").replace("dh = dh + hs[2]", "pass")
    found = edits(mean)["dnew = dh * m"]
    assert "dh = dh / dh.size" in [text.strip() for text in found]
