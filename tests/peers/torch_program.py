"""A problem as a torch program: our arrays are its leaves, and its gradients are in our layout.

What stands between our parameters and a peer's cell, transposes and reordered blocks, is done with
torch's own operations, so that autograd brings the gradients back by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from tests.peers.witness import float_inputs, lengths_of

from manual_lstm.trees import leaves, named_leaves, output_of, tree_map
from reference.oracles import Named
from reference.problem import Problem

Step = Callable[[Any, Any, Any, torch.Tensor], Any]
"""``step(cell, params, state, x) -> state`` of tensors, for a batch."""

Run = Callable[[Problem, Any, torch.Tensor, Any], tuple[torch.Tensor, Any]]
"""``run(problem, params, xs, state0) -> (hs, state_T)`` of tensors."""


def ask_program(run: Run, problem: Problem) -> Named:
    """Return what a torch program says, outputs and gradients."""

    def leaf(array: Any) -> torch.Tensor:
        return torch.tensor(array, requires_grad=True)

    params, state0 = tree_map(leaf, problem.params), tree_map(leaf, problem.state0)
    xs = leaf(float_inputs(problem))
    hs, state_T = run(problem, params, xs, state0)
    results = [hs, *leaves(state_T)]
    cotangents = [problem.dhs, *leaves(problem.dstate_T)]
    # A result that nothing differentiable reaches has no gradient to give.
    pairs = [(r, torch.tensor(c)) for r, c in zip(results, cotangents, strict=True)
             if r.requires_grad]  # fmt: skip
    torch.autograd.backward(*map(list, zip(*pairs, strict=True)))

    def gradient(tensor: torch.Tensor) -> Any:
        return np.zeros(tuple(tensor.shape)) if tensor.grad is None else tensor.grad.numpy()

    def number(tensor: torch.Tensor) -> Any:
        return tensor.detach().numpy()

    dxs = None if problem.xs.dtype.kind in "iu" else gradient(xs)
    return named_leaves(
        {
            "hs": number(hs),
            "state_T": tree_map(number, state_T),
            "params": tree_map(gradient, params),
            "xs": dxs,
            "state0": tree_map(gradient, state0),
        }
    )


def by_steps(step: Step) -> Run:
    """Return the program that runs a step over a sequence, and lets rows end at their lengths."""

    def run(
        problem: Problem, params: Any, xs: torch.Tensor, state0: Any
    ) -> tuple[torch.Tensor, Any]:
        lengths = torch.tensor(lengths_of(problem))
        state, hs = state0, []
        for t, x in enumerate(xs):
            alive = lengths > t
            moved = step(problem.cell, params, state, x)

            def choose(new: Any, old: Any, alive: torch.Tensor = alive) -> Any:
                return torch.where(alive.reshape(-1, *[1] * (old.ndim - 1)), new, old)

            state = tree_map(choose, moved, state)
            h = output_of(moved)
            hs.append(choose(h, torch.zeros_like(h)))
        return torch.stack(hs), state

    return run
