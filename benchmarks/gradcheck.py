"""``torch.autograd.gradcheck`` of the hand-written backward, as its users would run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import manual_lstm as ml
from manual_lstm.trees import leaves
from reference.problem import Problem

Alter = Callable[[ml.Gradients], ml.Gradients]


class Sequence(torch.autograd.Function):
    """`ml.forward` and `ml.backward` as one differentiable function of torch."""

    @staticmethod
    def forward(ctx: Any, problem: Problem, alter: Alter, *primals: torch.Tensor) -> Any:
        arrays = [primal.detach().numpy() for primal in primals]
        *params, xs, h, c = arrays
        W_x, W_h, *b = params
        params = ml.LSTMParams(W_x, W_h, b[0] if b else None)
        hs, state_T, tape = ml.forward(
            problem.cell, params, xs, ml.LSTMState(h, c), problem.lengths
        )
        ctx.tape, ctx.alter = tape, alter
        return tuple(map(torch.from_numpy, (hs, *state_T)))

    @staticmethod
    def backward(ctx: Any, dhs: Any, dh_T: Any, dc_T: Any) -> Any:
        dhs, dh_T, dc_T = (np.ascontiguousarray(part.numpy()) for part in (dhs, dh_T, dc_T))
        gradients = ctx.alter(ml.backward(ctx.tape, dhs, ml.LSTMState(dh_T, dc_T)))
        return None, None, *map(torch.from_numpy, leaves(gradients))


def gradcheck(problem: Problem, alter: Alter, *, of_loss: bool, fast_mode: bool) -> bool:
    """Return whether gradcheck passes, with its own tolerances.

    Parameters
    ----------
    problem : Problem
        In float64, with dense inputs.
    alter : callable
        What a planted mistake does to the gradients.
    of_loss : bool
        Whether to check the gradient of the problem's loss, as everybody else here does, and not
        the whole Jacobian of all outputs.
    fast_mode : bool
        Whether to compare one random projection and not every entry.
    """
    cotangents = [torch.from_numpy(part) for part in (problem.dhs, *problem.dstate_T)]

    def function(*primals: torch.Tensor) -> Any:
        results = Sequence.apply(problem, alter, *primals)
        if not of_loss:
            return results
        return sum((result * d).sum() for result, d in zip(results, cotangents, strict=True))

    primals = [
        torch.from_numpy(array).requires_grad_()
        for array in leaves((problem.params, problem.xs, problem.state0))
    ]
    return torch.autograd.gradcheck(function, primals, fast_mode=fast_mode, raise_exception=False)
