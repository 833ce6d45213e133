"""Numbers with tangents: what draws random floats draws plain ones."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import module

from reference.debugger.judging.verdict import judge

THINNED = """
import numpy as np


def kept(params, inputs):
    h = np.tanh(inputs["x"] @ params["W"])
    return h, NOISE


def loss(params, inputs):
    h, noise = kept(params, inputs)
    return np.sum((h * noise) ** 2)


def backward(params, inputs):
    h, noise = kept(params, inputs)
    return {"W": inputs["x"].T @ (2 * h * noise**2 * (1 - h**2))}
"""


@pytest.mark.parametrize(
    "noise",
    [
        "np.random.RandomState(3).rand(*h.shape)",
        "np.random.default_rng(3).normal(size=h.shape)",
        "np.random.default_rng(3).uniform(0.5, 1.5, h.shape)",
    ],
)
def test_floats_that_a_forward_draws_from_a_seed_are_plain(noise):
    program = module(THINNED, ("NOISE", noise))
    rng = np.random.default_rng(0)
    params, inputs = {"W": rng.normal(size=(3, 4))}, {"x": rng.normal(size=(2, 3))}
    judgement = judge(program.loss, program.backward, params, inputs)
    assert judgement.verdict == "right"
    assert "tangents" in judgement.evidence["voters"]
