"""Tasks of a cell or layer: a sequence, one step alone, and the settings that they are met in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from tests.mutation.package_copy import COPY, of_copy
from tests.mutation.tasks import Named, Plant, filled, product

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves
from reference.problem import Case, Problem, draw


@dataclass(frozen=True)
class Sequence:
    """A cell over a sequence.

    Parameters
    ----------
    problem : Problem
        Its cell is one of the copy, or stands on one.
    omit : bool
        Whether the cotangents of the outputs and of all but the first field of the final state,
        which are then zero, are left out in the call.
    """

    problem: Problem
    omit: bool = False

    @property
    def primals(self) -> Named:
        named = named_leaves(self.problem.primals)
        return {name: array for name, array in named.items() if array.dtype.kind not in "iu"}

    @property
    def cotangents(self) -> Named:
        named = named_leaves({"dhs": self.problem.dhs, "dstate_T": self.problem.dstate_T})
        if not self.omit:
            return named
        output, *_ = named_leaves(self.problem.dstate_T)
        return {f"dstate_T.{output}": named[f"dstate_T.{output}"]}

    def at(self, named: Named) -> Self:
        p = self.problem
        given = p.primals | {"dhs": p.dhs, "dstate_T": p.dstate_T}
        return replace(self, problem=replace(p, **filled(given, named_leaves(given) | named)))

    def _forward(self) -> Any:
        p = self.problem
        return COPY.forward(p.cell, p.params, p.xs, p.state0, p.lengths)

    def values(self) -> Named:
        hs, state_T, _ = self._forward()
        return named_leaves({"hs": hs, "state_T": state_T})

    def loss(self) -> Any:
        hs, state_T, _ = self._forward()
        return product((hs, state_T), (self.problem.dhs, self.problem.dstate_T))

    def gradients(self, plant: Plant) -> tuple[Named, Named]:
        dhs, dstate_T = self.problem.dhs, self.problem.dstate_T
        if self.omit:
            dhs, dstate_T = None, type(dstate_T)(dstate_T[0], None)
        _, _, tape = self._forward()
        with plant():
            first = named_leaves(COPY.backward(tape, dhs, dstate_T))
            return first, named_leaves(COPY.backward(tape, dhs, dstate_T))


class Step(Sequence):
    """One step of a cell, with nothing around it."""

    def _step(self) -> Any:
        p = self.problem
        return p.cell.step(p.params, p.state0, p.xs[0])

    def values(self) -> Named:
        state, _ = self._step()
        return named_leaves({"hs": state[0][None], "state_T": state})

    def loss(self) -> Any:
        state, _ = self._step()
        return product(state, self.problem.dstate_T)

    def gradients(self, plant: Plant) -> tuple[Named, Named]:
        p = self.problem
        _, cache = self._step()

        def backward() -> Named:
            dparams, dstate0, dx = p.cell.step_backward(p.params, cache, p.dstate_T)
            dxs = None if dx is None else dx[None]
            return named_leaves({"params": dparams, "xs": dxs, "state0": dstate0})

        with plant():
            return backward(), backward()


@dataclass(frozen=True)
class Repacked:
    """An LSTM of the copy with its state in another container.

    Parameters
    ----------
    cell : LSTM of the copy
    container : {"dict", "tuple", "fields"}
        The last is the NamedTuple that it has anyway, read by the names of its fields.
    """

    cell: Any
    container: str

    @property
    def sizes(self) -> dict[str, int]:
        return self.cell.sizes

    @property
    def param_shapes(self) -> Any:
        return self.cell.param_shapes

    def pack(self, state: Any) -> Any:
        h, c = state
        return {"dict": {"h": h, "c": c}, "tuple": (h, c)}.get(self.container, COPY.LSTMState(h, c))

    def unpack(self, state: Any) -> Any:
        if self.container == "fields":
            return COPY.LSTMState(state.h, state.c)
        h, c = state.values() if self.container == "dict" else state
        return COPY.LSTMState(h, c)

    def init_params(self, rng: Any, dtype: Any = np.float64) -> Any:
        return self.cell.init_params(rng, dtype)

    def init_state(self, batch_size: int, dtype: Any = np.float64) -> Any:
        return self.pack(self.cell.init_state(batch_size, dtype))

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Any]:
        state, cache = self.cell.step(params, self.unpack(state), x)
        return self.pack(state), cache

    def step_backward(self, params: Any, cache: Any, dstate: Any) -> tuple[Any, Any, Any]:
        dparams, dprev, dx = self.cell.step_backward(params, cache, self.unpack(dstate))
        return dparams, self.pack(dprev), dx


@dataclass(frozen=True)
class Setting:
    """A cell or layer, a case of it, and how it is met.

    Parameters
    ----------
    cell : Cell or Layer
        One of the original package.
    case : Case
    container : str
        What the state is kept in, as in `Repacked`; nothing special if empty.
    omit : bool
        As in `Sequence`.
    alone : bool
        Whether it is one step with nothing around it.
    lengths : tuple of int, optional
        In place of those that the case draws.
    """

    cell: Any
    case: Case
    container: str = ""
    omit: bool = False
    alone: bool = False
    lengths: tuple[int, ...] | None = None

    @property
    def original(self) -> Problem:
        """The problem, which the oracle knows."""
        problem = draw(self.cell, self.case)
        if self.lengths is not None:
            problem = replace(problem, lengths=np.array(self.lengths))
        if self.omit or self.alone:
            problem = replace(problem, dhs=np.zeros_like(problem.dhs))
        if self.omit:
            kept, *left_out = problem.dstate_T
            zeros = map(np.zeros_like, left_out)
            problem = replace(problem, dstate_T=type(problem.dstate_T)(kept, *zeros))
        return problem

    def task(self) -> Sequence:
        """Return the same problem for the copy of the cell, in the copy's containers."""
        original, cell = self.original, of_copy(self.cell)
        state = cell.init_state(self.case.B)
        if self.container:
            cell = Repacked(cell, self.container)

        def packed(arrays: Any) -> Any:
            repacked = filled(state, named_leaves(arrays))
            return cell.pack(repacked) if self.container else repacked

        problem = replace(
            original,
            cell=cell,
            params=filled(
                cell.init_params(np.random.default_rng(0)), named_leaves(original.params)
            ),
            state0=packed(original.state0),
            dstate_T=packed(original.dstate_T),
        )
        return Step(problem) if self.alone else Sequence(problem, self.omit)
