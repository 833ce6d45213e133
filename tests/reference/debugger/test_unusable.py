"""What `debug` cannot work with is refused in one sentence; a bad example is done without."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import RNN, module, rnn_arguments

from reference.debugger.debug import debug

PROGRAM = module(RNN)
PARAMS, INPUTS = rnn_arguments()
QUESTION = {"loss": PROGRAM.loss, "backward": PROGRAM.backward, "params": PARAMS, "inputs": INPUTS}

UNUSABLE = {
    "no backward": ({"backward": None}, "backward has no value, but must be a function"),
    "no params": ({"params": None}, "params has no value, but must be a dict of arrays"),
    "no inputs": ({"inputs": None}, "inputs has no value, but must be a dict of arrays"),
    "loss": ({"loss": 3}, "loss has type int, but must be a function"),
    "backward": ({"backward": {}}, "backward has type dict, but must be a function"),
    "params": ({"params": [1.0]}, "params has type list, but must be a dict of arrays"),
    "names": (
        {"params": {0: np.ones(2)}},
        "params has the name 0, but must be a dict with strings",
    ),
    "seconds": ({"seconds": 0}, "seconds has the value 0, but must be a number above 0"),
    "seconds in words": ({"seconds": "1"}, "seconds has the value '1', but must be a number"),
    "seed": ({"seed": -1}, "seed has the value -1, but must be an integer from 0 on"),
    "example": ({"example": lambda _: 3}, "example(rng) has type int, but must be a pair"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_it_is_refused(name):
    change, complaint = UNUSABLE[name]
    with pytest.raises((TypeError, ValueError)) as error:
        debug(**QUESTION | change)
    assert str(error.value).startswith(complaint)


def raises(_):
    raise OSError("the disc is full")


def leaves(_):
    raise SystemExit(1)


def hangs(_):
    while True:
        pass


@pytest.mark.parametrize(
    ("example", "reason"),
    [(raises, "OSError: the disc is full"), (leaves, "it calls sys.exit(1)"),
     (hangs, "example did not end in 0.1 s; it was at line")],
)  # fmt: skip
@pytest.mark.parametrize("edit", [(), (("db += da", "db = da"),)], ids=["right", "wrong"])
def test_an_example_that_fails_is_done_without(monkeypatch, example, reason, edit):
    monkeypatch.setattr("reference.debugger.judging.examples._SECONDS", 0.1)
    program = module(RNN, *edit)
    diagnosis = debug(program.loss, program.backward, PARAMS, INPUTS, example=example)
    assert diagnosis.verdict == ("wrong" if edit else "right")
    assert bool(diagnosis.fixes) == bool(edit)
    assert any(reason in told for told in diagnosis.reasons)
