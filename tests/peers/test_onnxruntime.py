"""Outputs and final states against onnxruntime, which reads lengths, peepholes and activations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.peers.onnx_runtime import CELLS, RUNTIME, draw_single, run_forward
from tests.peers.witness import SHAPES

from reference.batch import compare_batch

pytestmark = pytest.mark.peers
SEEDS = range(8)


@pytest.mark.parametrize("case", [SHAPES["T=4"], SHAPES["T=7"]], ids=["T=4", "T=7"])
@pytest.mark.parametrize("name", CELLS)
def test_forward(tally, name, case):
    for ragged in (True, False):
        cases = [replace(case, seed=seed, ragged=ragged) for seed in SEEDS]
        problems = [draw_single(CELLS[name], each) for each in cases]
        comparison = compare_batch(problems, RUNTIME, np.random.default_rng(0), run_forward)
        assert set(comparison.errors) == set(run_forward(problems[0]))
        assert comparison.failing == []
        tally.add(f"NumPy: {name} and onnxruntime in float32, forward", comparison)
