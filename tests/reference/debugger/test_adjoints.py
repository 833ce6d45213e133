"""The adjoints of a loss, and what a backward's numbers and edits of it are by them."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.adjoints import adjoints_of
from reference.debugger.agreement import KEEPS, MAKES, SPOILS, UNKNOWN, Agreement
from reference.debugger.probe import record
from reference.debugger.program import Program
from reference.debugger.timebox import Watchdog

from .programs import RNN, module, rnn_arguments

TANH = "(1 - h[t] ** 2)"


def agreement(text: str) -> tuple[Agreement, list[str]]:
    """Return the agreement of a backward with its loss, and the program's lines."""
    made, given = module(text), rnn_arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            adjoints = adjoints_of(program, given, 5.0)
            assert adjoints is not None
            return Agreement(adjoints, record(program, given), program.sources), text.splitlines()


def site_of(found: Agreement, name: str, role: str) -> int:
    sites = found.recording.sites
    return next(k for k, site in enumerate(sites) if (site.name, site.role) == (name, role))


def test_every_number_of_a_right_backward_is_an_adjoint():
    found, _ = agreement(RNN)
    assert found.wrong == 0
    assert found.score > 40
    assert found.doubtful == []


@pytest.mark.parametrize(
    "new", ["(1 - h[t])", "h[t] * (1 - h[t])", "(1 - np.tanh(h[t]) ** 2)", "(1 - h[t - 1] ** 2)"]
)
def test_the_first_doubtful_line_is_the_wrong_one(new):
    found, lines = agreement(RNN.replace(TANH, new))
    assert found.wrong > 5
    assert new in lines[found.doubtful[0][1] - 1]


def test_a_lost_carry_is_seen_one_step_later():
    found, _ = agreement(RNN.replace(" + dh_next)", ")"))
    right = found.at_sites[site_of(found, "da", "assigned")]
    assert right[0] is True  # at the last step there is nothing to be lost
    assert False in right


def test_numbers_of_the_loss_itself_and_zeros_say_nothing():
    found, _ = agreement(RNN)
    _, given = rnn_arguments()
    assert found.of(np.zeros(3)) is None
    assert found.of(given["h0"]) is None
    assert found.of(np.arange(3)) is None  # no floats


def test_what_a_comprehension_names_itself_is_no_variable_of_the_line():
    da = f'da = (inputs["dh"][t] + dh_next) * {TANH}'
    assert da in RNN
    wrong = da.replace(TANH, "np.array([x for x in (1 - h[t])])")
    found, lines = agreement(RNN.replace(da, wrong))
    assert wrong in lines[found.doubtful[0][1] - 1]
    listed = "dhs = [dh_next]\n        " + da.replace("dh_next", "sum(x for x in dhs)")
    found, _ = agreement(RNN.replace(da, listed))
    assert found.wrong == 0


def test_an_edit_makes_keeps_and_spoils():
    wrong, _ = agreement(RNN.replace(TANH, "(1 - h[t])"))
    right, _ = agreement(RNN)
    k = site_of(right, "da", "assigned")
    values = [np.asarray(e.value) for e in right.recording.executions[k]]
    olds = [np.asarray(e.value) for e in wrong.recording.executions[k]]
    first = [values[0] - olds[0], *(np.zeros(3) for _ in values[1:])]
    assert wrong.change(k, first) == MAKES
    assert right.change(k, [2 * v for v in values]) == SPOILS
    assert right.change(k, [values[1] - values[0], *first[1:]]) == KEEPS
    assert right.change(k, [np.zeros(3)] * len(values)) == UNKNOWN


def test_a_loss_that_does_not_run_on_other_numbers_has_no_adjoints():
    text = RNN.replace('return np.sum(h[:-1] * inputs["dh"])',
                       "return float(np.linalg.det(np.outer(h[0], h[0]) + np.eye(3)))")  # fmt: skip
    made, given = module(text), rnn_arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            assert adjoints_of(program, given, 5.0) is None
