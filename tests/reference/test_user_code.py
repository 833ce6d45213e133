"""Which functions somebody's function reaches: no warning and no error leaves the search."""

from __future__ import annotations

import types
import warnings
from typing import Any

import numpy as np
from tests.reference.debugger.programs import module

from reference.debugger.debug import debug
from reference.user_code import functions_reached

# Names that NumPy had once, and a text with an escape that Python does not know.
PROGRAM = r"""
import numpy as np

def loss(params, inputs):
    "A loss, \d."
    text = np.asarray(params["w"]).dtype.str
    return np.sum(np.tanh(params["w"]) * inputs["x"])

def backward(params, inputs):
    return {"w": inputs["x"] * (1 - np.tanh(params["w"]))}
"""


def test_no_warning_is_given():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = module(PROGRAM)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert program.loss in functions_reached(program.loss)
        found = debug(
            program.loss, program.backward, {"w": np.arange(3.0)}, {"x": np.ones(3)}, seconds=5
        )
    assert found.verdict == "wrong"
    assert found.fixes


def test_a_module_that_makes_its_attributes_late():
    def late(name: str) -> Any:
        if name == "helper":
            return helper
        raise RuntimeError(name)

    def helper() -> None: ...

    made = types.ModuleType("theirs")
    made.__dict__["__getattr__"] = late
    names: dict[str, Any] = {"theirs": made}
    exec("def f():\n    theirs.helper()\n    theirs.other()\n", names)
    reached = functions_reached(names["f"])
    assert helper in reached
