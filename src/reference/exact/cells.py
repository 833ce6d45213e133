"""Proofs of cells over a sequence, and of the character model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from manual_lstm import CharLM, CharLMParams, backward, forward
from manual_lstm.checks import Array
from manual_lstm.sequence import by_steps, runner_of
from manual_lstm.steps import Steps
from manual_lstm.trees import leaves, named_leaves, tree_map
from reference.exact.proof import Proof
from reference.exact.prove import prove
from reference.problem import Case, Problem, draw

_LARGE = 6  # sizes from here on are shrunk: they cost time and prove no more


def prove_cell(
    cell: Any,
    *,
    T: int = 3,
    B: int = 2,
    index_inputs: bool = False,
    lengths: bool = False,
    seed: int = 0,
    trials: int = 1,
    seconds: float = 30.0,
) -> Proof:
    """Prove `manual_lstm.backward` of `cell` over a sequence, with a cotangent on every output.

    Where a cell has a fast path, both it and the path of single steps have to be proved.

    Parameters
    ----------
    cell : Cell or Layer
        A dataclass with the fields input_size and hidden_size is shrunk if it is large.
    T, B : int
        Steps and batch size.
    index_inputs : bool, default False
        Whether xs are integers.
    lengths : bool, default False
        Whether rows end early; row 1 then has no step at all.
    seed, trials : int
        As in `prove`.
    seconds : float, default 30
        As in `prove`: what is too large to be shrunk is not applicable.

    Returns
    -------
    Proof
        Gradients are named as in `manual_lstm.Gradients`: ``params.W_x``, ``xs``, ``state0.c``.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> prove_cell(ml.LSTM(input_size=3, hidden_size=4)).verdict
    'proved'
    """
    cell = _small(cell)
    D, H = _size(cell, "D", "input_size"), _size(cell, "H", "hidden_size")
    case = Case(T=T, B=B, D=D, H=H, seed=seed, index_inputs=index_inputs, ragged=False)
    problem = draw(cell, case)
    if lengths:
        problem = dataclasses.replace(problem, lengths=_ragged(T, B))
    options: dict[str, Any] = {"seed": seed, "trials": trials, "seconds": seconds}
    proof = prove_problem(problem, **options)
    if proof.verdict == "proved" and not isinstance(runner_of(cell, problem.params), Steps):
        with by_steps():  # the fast path is proved: now the one that is read
            proof = prove_problem(problem, **options)
    return proof


def prove_problem(
    problem: Problem, *, seed: int = 0, trials: int = 1, seconds: float = math.inf
) -> Proof:
    """Prove the gradients of one problem, for all its parameters, inputs, states, cotangents."""
    cell, lengths = problem.cell, problem.lengths
    given = {"xs": problem.xs, "state0": problem.state0}
    cotangents = {"dhs": problem.dhs, "dstate_T": problem.dstate_T}

    def arguments(params: Any, inputs: Any) -> tuple[Any, Any, Any, Any]:
        inputs = _nested(given | cotangents, inputs)
        run = forward(
            cell, _nested({"params": problem.params}, params)["params"],
            inputs["xs"], inputs["state0"], lengths,
        )  # fmt: skip
        return run, inputs["dhs"], inputs["dstate_T"], inputs

    def loss(params: Any, inputs: Any) -> Any:
        (hs, state_T, _), dhs, dstate_T, _ = arguments(params, inputs)
        return _product([hs, *leaves(state_T)], [dhs, *leaves(dstate_T)])

    def gradients(params: Any, inputs: Any) -> dict[str, Any]:
        (_, _, tape), dhs, dstate_T, _ = arguments(params, inputs)
        return named_leaves(backward(tape, dhs, dstate_T))

    T, B = problem.xs.shape[:2]
    proof = prove(
        loss,
        gradients,
        named_leaves({"params": problem.params}),
        named_leaves(given | cotangents),
        seed=seed,
        trials=trials,
        generic=list(named_leaves(cotangents)),
        code=[type(cell)],
        seconds=seconds,
    )
    sizes = {"T": T, "B": B} | dict(getattr(cell, "sizes", {}))
    return dataclasses.replace(proof, sizes=sizes)


def prove_char_lm(
    *,
    vocab_size: int = 5,
    hidden_size: int = 3,
    T: int = 3,
    B: int = 2,
    reduction: str = "mean",
    seed: int = 0,
    trials: int = 1,
) -> Proof:
    """Prove the character model: every gradient of its loss, and of its initial state.

    Parameters
    ----------
    vocab_size, hidden_size, T, B : int
        Sizes, best small and all different.
    reduction : {"mean", "sum"}
        As in `manual_lstm.CharLM.forward`.
    seed, trials : int
        As in `prove`.

    Returns
    -------
    Proof

    Examples
    --------
    >>> proof = prove_char_lm(T=2, B=1)
    >>> print(proof.verdict, *proof.gradients)
    proved params.W_x params.W_h params.V state0.h state0.c
    """
    model = CharLM(vocab_size, hidden_size)
    rng = np.random.default_rng(seed)
    text = rng.integers(0, vocab_size, size=(T + 1, B))

    def normal_like(array: Array) -> Array:
        return rng.standard_normal(array.shape)

    params = tree_map(normal_like, model.init_params(rng))
    states = {name: tree_map(normal_like, model.init_state(B)) for name in ("state0", "dstate_T")}

    def run(weights: Any, inputs: Any) -> Any:
        weights = CharLMParams(*weights.values())
        state0 = _nested(states, inputs)["state0"]
        return model.forward(weights, text[:-1], text[1:], state0, reduction)

    def loss(weights: Any, inputs: Any) -> Any:
        nats, state_T, _ = run(weights, inputs)
        return nats + _product(state_T, _nested(states, inputs)["dstate_T"])

    def gradients(weights: Any, inputs: Any) -> dict[str, Any]:
        dstate_T = _nested(states, inputs)["dstate_T"]
        return named_leaves(model.backward(run(weights, inputs).tape, dstate_T=dstate_T)._asdict())

    proof = prove(
        loss,
        gradients,
        named_leaves({"params": params}),
        named_leaves(states),
        seed=seed,
        trials=trials,
        generic=["dstate_T.h", "dstate_T.c"],
    )
    sizes = {"T": T, "B": B, "K": vocab_size, "H": hidden_size}
    return dataclasses.replace(proof, sizes=sizes)


def _product(values: Iterable[Array], cotangents: Iterable[Array]) -> Any:
    pairs = zip(values, cotangents, strict=True)
    return sum((value * dvalue).sum() for value, dvalue in pairs)


def _nested(template: dict[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree like `template` whose arrays are those of `named`, in their order."""
    remaining = iter(named.values())
    return tree_map(lambda _: next(remaining), template)


def _ragged(T: int, B: int) -> Array:
    """Return lengths T, 0, T-1, T-2, ... for B rows."""
    return np.array([T, 0, *range(T - 1, 0, -1)] * B)[:B]


def _small(cell: Any) -> Any:
    if not dataclasses.is_dataclass(cell) or isinstance(cell, type):
        return cell
    stated = {part.name for part in dataclasses.fields(cell)}
    small = {name: k for name, k in (("input_size", 2), ("hidden_size", 3)) if name in stated}
    if any(getattr(cell, name) >= _LARGE for name in small):
        return dataclasses.replace(cell, **small)
    return cell


def _size(cell: Any, letter: str, name: str) -> int:
    return dict(getattr(cell, "sizes", {})).get(letter) or getattr(cell, name, 1)
