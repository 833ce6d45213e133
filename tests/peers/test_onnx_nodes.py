"""The test cases that onnx publishes for its operators LSTM, GRU and RNN."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from onnx import helper

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.layers.direction import reverse

pytestmark = pytest.mark.peers

NODES = {
    "LSTM": ("defaults", "with_initial_bias", "with_peepholes", "batchwise", "reverse",
             "bidirectional"),
    "GRU": ("defaults", "with_initial_bias", "seq_length", "batchwise", "reverse", "bidirectional"),
    "RNN": ("simple_rnn_defaults", "simple_rnn_with_initial_bias", "rnn_seq_length",
            "simple_rnn_batchwise", "simple_rnn_reverse", "simple_rnn_bidirectional"),
}  # fmt: skip
NAMES = [
    f"test_{name}" if operator == "RNN" else f"test_{operator.lower()}_{name}"
    for operator, names in NODES.items()
    for name in names
]
CELLS = {
    ml.LSTMParams: ml.LSTM, ml.PeepholeLSTMParams: ml.PeepholeLSTM, ml.GRUParams: ml.GRU,
    ml.GRUResetBeforeParams: ml.GRUResetBefore, ml.RNNParams: ml.RNN,
}  # fmt: skip


@cache
def published() -> dict[str, Any]:
    """Return the cases by name."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():  # other operators' cases divide by zero
        warnings.simplefilter("ignore")
        cases = collect_testcases("")  # of all operators: a second call would collect nothing
    return {case.name: case for case in cases if case.model.graph.node[0].op_type in NODES}


def cell_of(params: Any, D: int, H: int) -> Any:
    """Return the cell of our own that has these parameters."""
    if isinstance(params, ml.BidirectionalParams):
        return ml.Bidirectional(cell_of(params.forward, D, H))
    options = {} if "b" not in params._fields or params.b is not None else {"bias": False}
    return CELLS[type(params)](D, H, **options)


def run_ours(node: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return Y, Y_h and Y_c of a node by our own forward."""
    options = {part.name: helper.get_attribute_value(part) for part in node.attribute}
    batch_first = options.get("layout", 0) == 1
    weights = {name: given[name] for name in ("W", "R", "B", "P") if name in given}
    params = layouts.from_onnx(weights, linear_before_reset=options.get("linear_before_reset", 0))
    xs = given["X"].swapaxes(0, 1) if batch_first else given["X"]
    cell = cell_of(params, xs.shape[2], options["hidden_size"])
    state0 = cell.init_state(xs.shape[1], xs.dtype)
    if "initial_h" in given:
        starts = [given[name][0] for name in ("initial_h", "initial_c") if name in given]
        state0 = type(state0)(*starts)
    lengths = given.get("sequence_lens")
    backwards = options.get("direction", b"forward") == b"reverse"
    hs, state_T, _ = ml.forward(
        cell, params, reverse(xs, lengths) if backwards else xs, state0, lengths
    )
    hs = reverse(hs, lengths) if backwards else hs
    both = isinstance(cell, ml.Bidirectional)
    directions = np.split(hs, 2, axis=2) if both else [hs]
    states = list(state_T) if both else [state_T]
    made = {
        "Y": np.stack(directions, axis=1),
        "Y_h": np.stack([state.h for state in states]),
        "Y_c": np.stack([getattr(state, "c", state.h) for state in states]),
    }
    if batch_first:
        made = {name: np.moveaxis(array, -2, 0) for name, array in made.items()}
    return made


@pytest.mark.parametrize("name", NAMES)
def test_published_case(name):
    case = published()[name]
    (node,) = case.model.graph.node
    inputs, outputs = case.data_sets[0]
    given = dict(zip([name for name in node.input if name], inputs, strict=True))
    expected = dict(zip([name for name in node.output if name], outputs, strict=True))
    ours = run_ours(node, given)
    for output, array in expected.items():
        assert ours[output].dtype == array.dtype
        np.testing.assert_allclose(ours[output], array, rtol=2e-6, atol=1e-7, err_msg=output)


def test_these_are_all_that_there_are():
    assert set(published()) == set(NAMES)
    assert len(NAMES) == 18
