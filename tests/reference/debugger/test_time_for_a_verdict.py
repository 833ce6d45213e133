"""What a verdict of "wrong" may cost: the time is for the line."""

import time

import numpy as np
import pytest
from tests.reference.debugger.programs import RNN, module, rnn_arguments

from reference.debugger.judging import verdict


def _example(rng):
    params, inputs = rnn_arguments()
    return {name: 0.02 * rng.normal(size=p.shape) for name, p in params.items()}, inputs


@pytest.mark.parametrize(("wrong", "most"), [(True, 1.5), (False, 2.6)])
def test_a_proof_of_what_seems_wrong_is_not_waited_for(monkeypatch, wrong, most):
    took = []

    def slow(*arguments, **options):
        started = time.monotonic()
        try:
            while True:
                pass
        finally:
            took.append(time.monotonic() - started)

    monkeypatch.setattr(verdict, "prove", slow)
    program = module(RNN, *([("db += da", "db += 2 * da")] if wrong else []))
    judgement = verdict.judge(program.loss, program.backward, *rnn_arguments())
    assert judgement.verdict == ("wrong" if wrong else "right")
    assert took[0] < most
    assert any("not proved" in reason for reason in judgement.reasons) is not wrong


@pytest.mark.parametrize(("seconds", "draws"), [(2.0, 2), (100.0, 3)])
def test_two_draws_are_enough_where_each_takes_long(monkeypatch, seconds, draws):
    asked = verdict.opinion

    def slow(*arguments):
        time.sleep(0.3)
        return asked(*arguments)

    monkeypatch.setattr(verdict, "opinion", slow)
    program = module(RNN, ("db += da", "db += 2 * da"))
    small = _example(np.random.default_rng(0))
    judgement = verdict.judge(program.loss, program.backward, *small, example=_example,
                              seconds=100.0, enough=seconds)  # fmt: skip
    assert judgement.verdict == "wrong"
    assert judgement.evidence["draws"] == draws
