"""Outputs and final states against onnxruntime, which reads lengths, peepholes and activations."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from tests.peers.onnx_runtime import EPS, ask_runtime
from tests.peers.witness import SHAPES, SIDES, Witness, alive_problem

import manual_lstm as ml
from reference.batch import compare_batch
from reference.oracles import Named
from reference.problem import Problem

pytestmark = pytest.mark.peers
SEEDS = range(8)
RUNTIME = Witness("onnxruntime", ask_runtime, precision=EPS)

CELLS: dict[str, Any] = {
    "LSTM": ml.LSTM,
    "PeepholeLSTM": ml.PeepholeLSTM,
    "CoupledLSTM": ml.CoupledLSTM,
    "LSTM, hard sigmoid": partial(ml.ActivationLSTM, gate_activation=ml.HardSigmoid(0.2)),
    "LSTM, softsign": partial(
        ml.ActivationLSTM, candidate_activation=ml.Softsign(), output_activation=ml.ScaledTanh()
    ),
    "LSTM, ReLU": partial(ml.ActivationLSTM, candidate_activation=ml.ReLU()),
    "GRU": ml.GRU,
    "GRUResetBefore": ml.GRUResetBefore,
    "GRU, hard sigmoid": partial(
        ml.GRUResetBefore, gate_activation=ml.HardSigmoid(0.2), candidate_activation=ml.Softsign()
    ),
    "RNN": ml.RNN,
    "RNN, ReLU": partial(ml.RNN, activation=ml.ReLU()),
    "bidirectional LSTM": lambda D, H: ml.Bidirectional(ml.LSTM(D, H)),
    "bidirectional GRU": lambda D, H: ml.Bidirectional(ml.GRU(D, H)),
}


@pytest.mark.parametrize("case", [SHAPES["T=4"], SHAPES["T=7"]], ids=["T=4", "T=7"])
@pytest.mark.parametrize("name", CELLS)
def test_forward(tally, name, case):
    def run(problem: Problem) -> Named:
        everything = SIDES["NumPy"](problem)
        return {n: array for n, array in everything.items() if n.startswith(("hs", "state_T"))}

    for ragged in (True, False):
        cases = [replace(case, seed=seed, ragged=ragged, weight_scale=0.7) for seed in SEEDS]
        problems = [
            alive_problem(each, cell=CELLS[name](each.D, each.H)).map_floats(
                lambda array: array.astype(np.float32).astype(np.float64)
            )
            for each in cases
        ]
        comparison = compare_batch(problems, RUNTIME, np.random.default_rng(0), run)
        assert set(comparison.errors) == set(run(problems[0]))
        assert comparison.failing == []
        tally.add(f"NumPy: {name} and onnxruntime in float32, forward", comparison)
