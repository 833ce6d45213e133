"""Our cells as models of one ONNX operator, run by onnxruntime in float32, forward alone."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from tests.peers.witness import Witness, alive_problem, lengths_of

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.layers import Bidirectional, BidirectionalState
from manual_lstm.trees import named_leaves
from reference.oracles import Named
from reference.problem import Case, Problem
from reference.rounding import run_sequence

EPS = float(np.finfo(np.float32).eps)
OPERATORS = {
    ml.LSTM: "LSTM", ml.PeepholeLSTM: "LSTM", ml.CoupledLSTM: "LSTM", ml.ActivationLSTM: "LSTM",
    ml.GRU: "GRU", ml.GRUResetBefore: "GRU", ml.RNN: "RNN",
}  # fmt: skip


@lru_cache
def session(operator: str, inputs: tuple[str, ...], **attributes: Any) -> Any:
    """Return a model of one operator with all its tensors as inputs."""
    outputs = ["Y", "Y_h", "Y_c"] if operator == "LSTM" else ["Y", "Y_h"]
    node = helper.make_node(operator, list(inputs), outputs, **attributes)

    def declared(names: list[str]) -> list[Any]:
        return [
            helper.make_tensor_value_info(
                name, TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT, None
            )
            for name in names
            if name
        ]

    graph = helper.make_graph([node], "one", declared(list(inputs)), declared(outputs))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def attributes_of(cell: Any, directions: int) -> dict[str, Any]:
    """Return the attributes of the operator that is this cell, in so many directions."""
    names = {
        ml.ActivationLSTM: ("gate_activation", "candidate_activation", "output_activation"),
        ml.GRU: ("gate_activation", "candidate_activation"),
        ml.GRUResetBefore: ("gate_activation", "candidate_activation"),
        ml.RNN: ("activation",),
    }.get(type(cell), ())
    attributes: dict[str, Any] = {}
    if names:
        activations = [getattr(cell, name) for name in names] * directions
        told = [type(activation).__name__ for activation in activations]
        attributes["activations"] = tuple("Relu" if name == "ReLU" else name for name in told)
        # Those that have none take none from the lists.
        with_numbers = [activation for activation in activations if hasattr(activation, "alpha")]
        if with_numbers:
            attributes["activation_alpha"] = tuple(one.alpha for one in with_numbers)
            attributes["activation_beta"] = tuple(one.beta for one in with_numbers)
    if isinstance(cell, ml.GRU):
        attributes["linear_before_reset"] = 1
    if isinstance(cell, ml.CoupledLSTM):
        attributes["input_forget"] = 1
    return attributes


def as_plain(params: Any) -> Any:
    """Return parameters that the layout knows: of CIFG with a forget gate, which is not used."""
    if not isinstance(params, ml.CoupledLSTMParams):
        return params

    def with_forget_gate(array: Any) -> Any:
        i, g, o = np.split(array, 3, axis=-1)
        return np.concatenate([i, np.zeros_like(i), g, o], axis=-1)

    W_x, W_h, b = (with_forget_gate(array) for array in params[:3])
    return ml.PeepholeLSTMParams(W_x, W_h, b, params.p_i, np.zeros_like(params.p_i), params.p_o)


def ask_runtime(problem: Problem) -> Named:
    """Return outputs and final state; the operators know no gradients."""
    model = problem.cell
    both = isinstance(model, Bidirectional)
    cell = model.forward_layer if both else model
    weights = layouts.to_onnx(as_plain(problem.params))
    given: dict[str, Any] = {"X": problem.xs, **weights}
    states = list(problem.state0) if both else [problem.state0]
    given["initial_h"] = np.stack([state.h for state in states])
    if OPERATORS[type(cell)] == "LSTM":
        given["initial_c"] = np.stack([state.c for state in states])
    given = {name: array.astype(np.float32) for name, array in given.items()}
    given["sequence_lens"] = lengths_of(problem).astype(np.int32)

    order = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
    inputs = tuple(name if name in given else "" for name in order)
    inputs = inputs[: 8 if "P" in given else 7 if "initial_c" in given else 6]
    direction = "bidirectional" if both else "forward"
    attributes = attributes_of(cell, len(states)) | {
        "hidden_size": cell.hidden_size,
        "direction": direction,
    }
    hs, *ends = session(OPERATORS[type(cell)], inputs, **attributes).run(None, given)
    kind = type(states[0])
    state_T: Any = [kind(*(end[n] for end in ends)) for n in range(len(states))]
    state_T = BidirectionalState(*state_T) if both else state_T[0]
    hs = np.concatenate(list(hs.swapaxes(0, 1)), axis=-1).astype(np.float64)
    return {"hs": hs} | {
        name: array.astype(np.float64) for name, array in named_leaves({"state_T": state_T}).items()
    }


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


def draw_single(make: Any, case: Case) -> Problem:
    """Draw a problem whose numbers are those of single precision."""
    problem = alive_problem(replace(case, weight_scale=0.7), cell=make(case.D, case.H))
    return problem.map_floats(lambda array: array.astype(np.float32).astype(np.float64))


def run_forward(problem: Problem) -> Named:
    """Return our outputs and final state."""
    everything = run_sequence(problem)
    return {n: array for n, array in everything.items() if n.startswith(("hs", "state_T"))}
