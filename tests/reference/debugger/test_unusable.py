"""What `debug` cannot work with is refused in one sentence; a bad example is done without."""

from __future__ import annotations

import dataclasses

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
    "params": ({"params": {1.0}}, "params has type set, but must be a dict of arrays"),
    "params of words": ({"params": ["W"]}, "params has type list, but must be a dict of arrays"),
    "names": (
        {"params": {0: np.ones(2)}},
        "params has the name 0, but must be a dict with strings",
    ),
    "loss of three": (
        {"loss": lambda p, xs, h: 0.0},
        "loss has the signature (p, xs, h), but must be a function of two arguments",
    ),
    "loss and what it keeps": (
        {"loss": lambda params, inputs: (0.5, {}), "params": PARAMS},
        "loss(params, inputs) has type tuple, but must be a real scalar, because a gradient is the "
        "derivative of one number.\nHINT: return its part [0] alone",
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


@dataclasses.dataclass
class Weights:
    W: np.ndarray


class Parameter:
    def __init__(self, value):
        self.data = value


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


ONES = np.ones(2)


@pytest.mark.parametrize(
    ("params", "hint"),
    [
        (Parameter(ONES), "{'data': params.data, ...}"),
        (Parameter({"W": ONES}), "hand over net.data; in loss and backward set net.data = params"),
        ({"W": Parameter(ONES)}, "{name: p.data for name, p in params.items()}"),
        ({"W": Slotted(ONES)}, "{name: p.value for name, p in params.items()}"),
    ],
)
def test_the_line_that_would_do_is_told(params, hint):
    with pytest.raises(TypeError) as error:
        debug(**QUESTION | {"params": params})
    assert hint in str(error.value).split("HINT: ")[1]


@pytest.mark.parametrize("params", [3, {"W": "a"}, {"W": None}, {"W": max}, {"W": Weights}])
def test_of_other_things_no_line_is_known(params):
    with pytest.raises(TypeError) as error:
        debug(**QUESTION | {"params": params})
    assert "HINT" not in str(error.value)


@pytest.mark.parametrize(
    ("returned", "hint"),
    [(lambda g: (1.0, g), "return its part [1] alone"),
     (lambda g: tuple(g.values()), "return dict(zip(['"), (lambda _: 3, None)],
)  # fmt: skip
def test_a_backward_that_returns_more_than_a_dict_is_told_what_to_return(returned, hint):
    def backward(params, inputs):
        gradients = PROGRAM.backward(params, inputs)
        return returned({name: gradients[name] for name in params})

    with pytest.raises(TypeError, match="must be a dict of gradients") as error:
        debug(**QUESTION | {"backward": backward})
    assert (hint in str(error.value)) if hint else ("HINT" not in str(error.value))
