"""A cell as a question for the debugger: loss and backward over a few steps, with named arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import leaves, named_leaves, tree_map
from reference.problem import Case, draw
from reference.subject import subject_of

_DISTINCT = (2, 3, 4, 5)  # sizes that differ show what is transposed


class Question(NamedTuple):
    """The arguments of `debug`."""

    loss: Callable[..., Any]
    backward: Callable[..., Any]
    params: Mapping[str, Any]
    inputs: Mapping[str, Any]
    example: Callable[..., Any]


def question_of(cell: Any, seed: int = 0) -> Question:
    """Return loss and backward of a cell, or a class of cells, over a short sequence.

    Parameters
    ----------
    cell : Cell or type
    seed : int

    Returns
    -------
    Question
        ``loss`` weighs every output and the final state at random; ``backward`` runs
        ``step_backward`` from the last step to the first and adds up. Parameters have their own
        names, such as ``W_x``; the inputs are ``xs``, ``state0.h`` and so on, whose gradients are
        compared too, and the weights ``dhs``, ``dstate_T.h`` and so on.

    Raises
    ------
    TypeError
        If it is no cell.
    """
    subject = subject_of(cell)

    # Trees of the right kind; their sizes do not matter, and nothing is drawn within a loss.
    some = subject.make(*(subject.sizes or (2, 3)))
    some_params, some_state = some.init_params(np.random.default_rng(0)), some.init_state(1)
    names, state_names = list(named_leaves(some_params)), list(named_leaves(some_state))

    def example(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
        D, H, B, T = (int(size) for size in rng.permutation(_DISTINCT))
        if subject.sizes is not None:
            D, H = subject.sizes
        case = Case(T=max(3, T), B=B, D=D, H=H, seed=int(rng.integers(2**31)), ragged=False)
        drawn = draw(subject.make(D, H), case)
        named = {"state0": drawn.state0, "dstate_T": drawn.dstate_T}
        return named_leaves(drawn.params), {"xs": drawn.xs, "dhs": drawn.dhs, **named_leaves(named)}

    def parts(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        """Return the cell of these sizes, with parameters, states and weights as it has them."""
        return (
            subject.make(inputs["xs"].shape[2], inputs["dhs"].shape[2]),
            _filled(some_params, [params[name] for name in names]),
            _filled(some_state, [inputs[f"state0.{name}"] for name in state_names]),
            _filled(some_state, [inputs[f"dstate_T.{name}"] for name in state_names]),
        )

    def loss(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        made, weights, state, dstate = parts(params, inputs)
        total: Any = 0.0
        for x, dh in zip(inputs["xs"], inputs["dhs"], strict=True):
            state, _ = made.step(weights, state, x)
            total = total + np.sum(state[0] * dh)
        for part, dpart in zip(leaves(state), leaves(dstate), strict=True):
            total = total + np.sum(part * dpart)
        return total

    def backward(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Array]:
        made, weights, state, dstate = parts(params, inputs)
        caches = []
        for x in inputs["xs"]:
            state, cache = made.step(weights, state, x)
            caches.append(cache)
        dweights: Any = None
        dxs = []
        for cache, dh in zip(reversed(caches), inputs["dhs"][::-1], strict=True):
            dstate = _filled(dstate, [dstate[0] + dh, *leaves(dstate)[1:]])
            dparams, dstate, dx = made.step_backward(weights, cache, dstate)
            dweights = dparams if dweights is None else tree_map(np.add, dweights, dparams)
            dxs.insert(0, dx)
        return {
            **named_leaves(dweights),
            "xs": np.stack(dxs),
            **named_leaves({"state0": dstate}),
        }

    return Question(loss, backward, *example(np.random.default_rng(seed)), example)


def _filled(template: Any, values: list[Any]) -> Any:
    """Return a tree like `template` with other leaves."""
    following = iter(values)
    return tree_map(lambda _: next(following), template)
