"""The derivative of all outputs by the values of sites, taken in one run or in several."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.running.program import Program
from reference.debugger.running.recording import record
from reference.debugger.running.timebox import Watchdog
from reference.debugger.values import probe

from .programs import RNN, module, rnn_arguments


def derivatives(source=RNN):
    made = module(source)
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog, None)
        arguments = rnn_arguments()
        program.discover(arguments, 5.0)
        try:
            recording = record(program, arguments)
            return probe.jacobian(program, arguments, recording, 20.0)
        finally:
            program.restore()


def test_derivatives_that_are_taken_in_parts_are_those_of_one_run(monkeypatch):
    whole = derivatives()
    assert whole is not None
    monkeypatch.setattr(probe, "_AT_ONCE", 40)
    parts = derivatives()
    assert parts is not None
    assert set(parts.columns) == set(whole.columns)
    for k in whole.columns:
        np.testing.assert_array_equal(parts.of(k), whole.of(k))


def test_a_value_that_has_to_be_a_plain_number_is_left_out():
    # Weights are drawn with a width that depends on nothing, and then replaced.
    drawn = RNN.replace(
        "def backward(params, inputs):\n",
        """def backward(params, inputs):
    width = 1 / np.sqrt(len(inputs["dh"]))
    np.random.default_rng(0).normal(0, width, 3)
""",
    )
    assert drawn != RNN
    found, whole = derivatives(drawn), derivatives()
    assert found is not None
    assert whole is not None
    assert len(found.columns) == len(whole.columns)


@pytest.mark.parametrize("most", [50, 150])
def test_of_too_many_unknowns_those_are_left_out_that_only_hand_a_value_on(most, monkeypatch):
    whole = derivatives()
    assert whole is not None
    assert whole.matrix.shape[1] > 150
    monkeypatch.setattr(probe, "_MOST_UNKNOWNS", most)
    some = derivatives()
    assert some is not None
    assert some.matrix.shape[1] <= most
    assert set(some.columns) < set(whole.columns)


def test_what_has_no_derivative_moves_nothing():
    rows, columns = {"W": slice(0, 2)}, {0: [slice(0, 1)], 3: [slice(1, 3)]}
    part = probe.Jacobian(rows, columns, np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 5.0]]))
    whole = probe._joined([part])
    np.testing.assert_array_equal(whole.matrix, [[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]])
