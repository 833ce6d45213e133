"""The forward of the NumPy LSTM and of the JAX reference against the ONNX operator LSTM."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from tests.peers import layouts
from tests.peers.witness import SHAPES, SIDES, Witness, alive_problem

from manual_lstm import LSTMState
from manual_lstm.trees import named_leaves
from reference.batch import compare_batch
from reference.oracles import Named
from reference.problem import Problem

pytestmark = pytest.mark.peers
SEEDS = range(12)
FORWARD = ("hs", "state_T.h", "state_T.c")


@cache
def onnx_lstm(H: int, bias: bool) -> ReferenceEvaluator:
    """Return a model of one LSTM operator with the weights as inputs."""
    inputs = ["X", "W", "R", "B" if bias else "", "", "initial_h", "initial_c"]
    outputs = ["Y", "Y_h", "Y_c"]
    node = helper.make_node("LSTM", inputs, outputs, hidden_size=H)

    def declare(names: list[str]):
        return [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in names if n]

    graph = helper.make_graph([node], "lstm", declare(inputs), declare(outputs))
    return ReferenceEvaluator(helper.make_model(graph))


def ask_onnx(problem: Problem) -> Named:
    """Return outputs and final state; ONNX knows no gradients."""
    weights = layouts.to_onnx(problem.params)
    start = {"initial_h": problem.state0.h[None], "initial_c": problem.state0.c[None]}
    evaluator = onnx_lstm(problem.cell.hidden_size, problem.cell.bias)
    hs, h, c = evaluator.run(None, {"X": problem.xs, **weights, **start})
    return named_leaves({"hs": hs[:, 0], "state_T": LSTMState(h[0], c[0])})


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES.keys())
def test_forward(tally, case, bias, side):
    """Without lengths: the reference evaluator of onnx does not read ``sequence_lens``."""

    def run(problem: Problem) -> Named:
        everything = SIDES[side](problem)
        return {name: everything[name] for name in FORWARD}

    problems = [alive_problem(replace(case, seed=seed, ragged=False), bias=bias) for seed in SEEDS]
    witness = Witness("the ONNX operator LSTM", ask_onnx)
    comparison = compare_batch(problems, witness, np.random.default_rng(0), run)
    assert tuple(comparison.errors) == FORWARD
    assert comparison.failing == []
    tally.add(f"{side} and {witness.name}", comparison)
