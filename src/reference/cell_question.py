"""A cell as a question for the debugger: loss and backward over a few steps, with named arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.layer import Layer
from manual_lstm.steps import rows_alive
from manual_lstm.trees import (
    leaves,
    named_leaves,
    output_of,
    put_rows,
    take_rows,
    tree_map,
    with_output,
    zeros_like,
)
from reference.problem import Case, draw
from reference.subject import Subject, subject_of

_DISTINCT = (2, 3, 4, 5)  # sizes that differ show what is transposed


class Question(NamedTuple):
    """The arguments of `debug`; and the cell, where the question is about one."""

    loss: Callable[..., Any]
    backward: Callable[..., Any]
    params: Mapping[str, Any]
    inputs: Mapping[str, Any]
    example: Callable[..., Any] | None
    cell: Any = None


def question_of(cell: Any, seed: int = 0, like: Case | None = None) -> Question:
    """Return loss and backward of a cell, a class of cells or a layer, over a short sequence.

    Parameters
    ----------
    cell : Cell, class of cells, or Layer
    seed : int
    like : Case, optional
        The problem that is given, and the kind of about half of the examples. The others, and all
        without it, have dense inputs, sizes that differ, and rows that live to the end.

    Returns
    -------
    Question
        ``loss`` weighs every output and the final state at random; ``backward`` runs
        ``step_backward`` from the last step to the first and adds up. Parameters have their own
        names, such as ``W_x``; the inputs are ``xs``, ``state0.h`` and so on, whose gradients are
        compared too, the weights ``dhs``, ``dstate_T.h`` and so on, the sizes of the cell, and
        ``lengths`` where rows end early.

    Raises
    ------
    TypeError
        If it is no cell.
    """
    subject = subject_of(cell)
    some = subject.make(*(subject.sizes or (2, 3)))
    trees = _Trees(subject, some.init_params(np.random.default_rng(0)), some.init_state(1))

    def example(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
        if like is not None and rng.random() < 0.5:
            return trees.named(replace(like, seed=int(rng.integers(2**31))))
        return trees.named(_any_case(rng, like))

    def loss(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        made, weights, state, dstate = trees.parts(params, inputs)
        xs, dhs, lengths = inputs["xs"], inputs["dhs"], _lengths(inputs)
        total: Any = 0.0
        if isinstance(made, Layer):
            hs, state, _ = made.run(weights, xs, state, lengths)
            total = np.sum(hs * dhs)
        else:
            for t, rows in enumerate(rows_alive(lengths, len(xs))):
                moved, _ = made.step(weights, take_rows(state, rows), xs[t][rows])
                state = put_rows(state, rows, moved)
                total = total + np.sum(output_of(moved) * dhs[t][rows])
        for part, dpart in zip(leaves(state), leaves(dstate), strict=True):
            total = total + np.sum(part * dpart)
        return total

    def backward(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Array]:
        made, weights, state, dstate = trees.parts(params, inputs)
        xs, dhs, lengths = inputs["xs"], inputs["dhs"], _lengths(inputs)
        if isinstance(made, Layer):
            _, _, cache = made.run(weights, xs, state, lengths)
            dweights, dxs, dstate = made.run_backward(cache, dhs, dstate)
            return _answer(dweights, dxs, dstate)
        caches = []
        for t, rows in enumerate(rows_alive(lengths, len(xs))):
            moved, cache = made.step(weights, take_rows(state, rows), xs[t][rows])
            state = put_rows(state, rows, moved)
            caches.append((rows, cache))
        dweights: Any = None
        dxs = [np.zeros_like(x) for x in xs]
        for t in reversed(range(len(caches))):
            rows, cache = caches[t]
            dstate_t = take_rows(dstate, rows)
            dh = output_of(dstate_t) + dhs[t][rows]
            dparams, dstate_prev, dx = made.step_backward(weights, cache, with_output(dstate_t, dh))
            dweights = dparams if dweights is None else tree_map(np.add, dweights, dparams)
            dstate = put_rows(dstate, rows, dstate_prev)
            dxs[t] = put_rows(dxs[t], rows, dx)
        if dweights is None:
            dweights = zeros_like(weights)
        is_dense = xs.dtype.kind not in "iu"
        return _answer(dweights, np.stack(dxs) if is_dense else None, dstate)

    given = example(np.random.default_rng(seed)) if like is None else trees.named(like)
    return Question(loss, backward, *given, example, cell)


@dataclass(frozen=True)
class _Trees:
    """Trees and their names: parameters and a state of any size, so that a loss draws nothing."""

    subject: Subject
    params: Any
    state: Any

    def named(self, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return params and inputs of the problem of a case."""
        D, H = self.subject.sizes or (case.D, case.H)
        drawn = draw(self.subject.make(D, H), replace(case, D=D, H=H))
        states = named_leaves({"state0": drawn.state0, "dstate_T": drawn.dstate_T})
        inputs = {"xs": drawn.xs, "dhs": drawn.dhs, **states, "input_size": D, "hidden_size": H}
        if drawn.lengths is not None:
            inputs["lengths"] = drawn.lengths
        return named_leaves(drawn.params), inputs

    def parts(self, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        """Return the cell of these sizes, with parameters, states and weights as it has them."""
        names = named_leaves(self.state)
        return (
            self.subject.make(inputs["input_size"], inputs["hidden_size"]),
            _filled(self.params, [params[name] for name in named_leaves(self.params)]),
            _filled(self.state, [inputs[f"state0.{name}"] for name in names]),
            _filled(self.state, [inputs[f"dstate_T.{name}"] for name in names]),
        )


def _any_case(rng: np.random.Generator, like: Case | None) -> Case:
    """Draw a case of dense inputs, whose rows live to the end; larger than `like` in every size.

    The debugger searches on the smallest example, and that has to be one that shows the fault.
    """
    D, H, B, T = (int(size) for size in rng.permutation(_DISTINCT))
    T = max(3, T)
    if like is not None:
        D, H, B, T = D + like.D, H + like.H, B + like.B, T + like.T
    return Case(T=T, B=B, D=D, H=H, seed=int(rng.integers(2**31)), ragged=False)


def _lengths(inputs: Mapping[str, Any]) -> Array | None:
    """Return the lengths, of a sequence that may have been cut."""
    return np.minimum(inputs["lengths"], len(inputs["xs"])) if "lengths" in inputs else None


def _answer(dweights: Any, dxs: Any, dstate0: Any) -> dict[str, Array]:
    """Return gradients by name; index inputs have none."""
    named = {**named_leaves(dweights), **({} if dxs is None else {"xs": dxs})}
    return {**named, **named_leaves({"state0": dstate0})}


def _filled(template: Any, values: list[Any]) -> Any:
    """Return a tree like `template` with other leaves."""
    following = iter(values)
    return tree_map(lambda _: next(following), template)
