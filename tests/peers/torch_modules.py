"""``torch.nn.LSTM``, ``GRU`` and ``RNN`` as they are, with layers, directions and projections."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from tests.peers.witness import float_inputs, lengths_of
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.layers import Bidirectional, BidirectionalState, Stack
from manual_lstm.trees import named_leaves
from reference.oracles import Named
from reference.problem import Problem

KINDS = {
    ml.LSTM: torch.nn.LSTM, ml.LSTMP: torch.nn.LSTM, ml.GRU: torch.nn.GRU, ml.RNN: torch.nn.RNN,
}  # fmt: skip


def cells_of(model: Any) -> list[Any]:
    """Return the cells of a model in torch's order: layer by layer, forward first."""
    if isinstance(model, Stack):
        return [cell for layer in model.layers for cell in cells_of(layer)]
    if isinstance(model, Bidirectional):
        return [*cells_of(model.forward_layer), *cells_of(model.backward_layer)]
    return [model]


def states_of(model: Any, state: Any) -> list[Any]:
    """Return the states of the cells, in the same order."""
    if isinstance(model, Stack):
        return [s for layer, part in zip(model.layers, state, strict=True)
                for s in states_of(layer, part)]  # fmt: skip
    return list(state) if isinstance(model, Bidirectional) else [state]


def nested(model: Any, states: list[Any]) -> Any:
    """Put the states of cells together as the model has them; takes them off the list."""
    if isinstance(model, Stack):
        return tuple(nested(layer, states) for layer in model.layers)
    if isinstance(model, Bidirectional):
        return BidirectionalState(states.pop(0), states.pop(0))
    return states.pop(0)


def module_of(model: Any) -> torch.nn.Module:
    first, *_ = cells = cells_of(model)
    both = any(isinstance(part, Bidirectional) for part in getattr(model, "layers", [model]))
    options: dict[str, Any] = {}
    if isinstance(first, ml.LSTMP):
        options["proj_size"] = first.sizes["P"]
    if isinstance(first, ml.RNN) and isinstance(first.activation, ml.ReLU):
        options["nonlinearity"] = "relu"
    return KINDS[type(first)](
        first.input_size,
        first.hidden_size,
        num_layers=len(cells) // (2 if both else 1),
        bidirectional=both,
        bias=getattr(first, "bias", True),
        dtype=torch.float64,
        **options,
    )


def ask_module(problem: Problem) -> Named:
    """Return what torch's fused kernels say; ragged problems are packed."""
    model, module = problem.cell, module_of(problem.cell)
    weights = layouts.to_torch(problem.params)
    module.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})

    xs = torch.tensor(float_inputs(problem), requires_grad=True)
    start = [
        torch.tensor(np.stack(parts), requires_grad=True)
        for parts in zip(*states_of(model, problem.state0), strict=True)
    ]
    given = tuple(start) if len(start) == 2 else start[0]
    if problem.lengths is None:
        hs, end = module(xs, given)
    else:
        packed = pack_padded_sequence(xs, torch.tensor(problem.lengths), enforce_sorted=False)
        hs, end = module(packed, given)
        hs, lengths = pad_packed_sequence(hs, total_length=len(xs))
        assert lengths.tolist() == lengths_of(problem).tolist()
    ends = list(end) if isinstance(end, tuple) else [end]
    cotangents = [np.stack(parts) for parts in zip(*states_of(model, problem.dstate_T),
                                                    strict=True)]  # fmt: skip
    torch.autograd.backward(
        [hs, *ends], [torch.tensor(array) for array in (problem.dhs, *cotangents)]
    )

    def states(arrays: list[Any]) -> Any:
        kind = type(states_of(model, problem.state0)[0])
        return nested(model, [kind(*parts) for parts in zip(*arrays, strict=True)])

    gradients = {name: weight.grad.numpy() for name, weight in module.named_parameters()}
    return named_leaves(
        {
            "hs": hs.detach().numpy(),
            "state_T": states([part.detach().numpy() for part in ends]),
            "params": layouts.from_torch(gradients, gradients=True),
            "xs": None if problem.xs.dtype.kind in "iu" else xs.grad.numpy(),
            "state0": states([part.grad.numpy() for part in start]),
        }
    )
