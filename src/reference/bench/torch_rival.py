"""``torch.nn.LSTM``, forward and backward."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

import manual_lstm as ml
from reference.bench.rivals import Prepared
from reference.bench.sizes import Task


def lstm(task: Task) -> Prepared:
    """Return torch's LSTM with the weights of the task; its gates have our order i, f, g, o."""
    torch: Any = import_module("torch")
    (W_x, W_h, b), (_, _, D), H = task.params, task.xs.shape, task.params.W_h.shape[0]
    module = torch.nn.LSTM(D, H, dtype=getattr(torch, task.xs.dtype.name))
    with torch.no_grad():
        for tensor, array in zip(
            module.parameters(), (W_x.T, W_h.T, b, np.zeros_like(b)), strict=True
        ):
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))

    def variable(array: Any) -> Any:
        return torch.from_numpy(array.copy()).requires_grad_()

    xs = variable(task.xs)
    state0 = tuple(variable(part[None]) for part in task.state0)
    dhs = torch.from_numpy(task.dhs)
    inputs = [*module.parameters(), xs, *state0]

    def run() -> Any:
        hs, _ = module(xs, state0)
        return torch.autograd.grad(hs, inputs, dhs)

    def gradients(results: Any) -> ml.Gradients:
        dW_x, dW_h, db, _, dxs, dh, dc = (part.numpy() for part in results)
        params = ml.LSTMParams(dW_x.T, dW_h.T, db)
        return ml.Gradients(params, dxs, ml.LSTMState(dh[0], dc[0]))

    return Prepared(run, gradients)
