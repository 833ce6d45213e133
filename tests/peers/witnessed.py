"""Who bears witness to which cell or layer: one table, read by the tests and by the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from tests.peers import jax_cells, torch_cells, torch_modules
from tests.peers.torch_program import ask_program, by_steps
from tests.peers.witness import Witness, alive_problem

import manual_lstm as ml
from manual_lstm.trees import output_of, tree_map, with_output
from reference.problem import Case, Problem


@dataclass(frozen=True)
class Witnessed:
    """A cell or layer, and a peer that computes the same.

    Parameters
    ----------
    name : str
    make : callable
        ``make(D, H)``.
    witness : Witness
    h_alone : bool
        Whether they agree for losses that read the output alone.
    """

    name: str
    make: Callable[[int, int], Any]
    witness: Witness
    h_alone: bool = False

    def __str__(self) -> str:
        return f"{self.name} and {self.witness.name}"

    def draw(self, case: Case) -> Problem:
        problem = alive_problem(case, cell=self.make(case.D, case.H))
        if not self.h_alone:
            return problem
        zeros = tree_map(np.zeros_like, problem.dstate_T)
        return replace(problem, dstate_T=with_output(zeros, output_of(problem.dstate_T)))


def _torch_modules() -> Iterator[Witnessed]:
    makers: dict[str, Callable[[int, int], Any]] = {
        "LSTM": ml.LSTM,
        "GRU": ml.GRU,
        "GRU without bias": partial(ml.GRU, bias=False),
        "RNN": ml.RNN,
        "RNN with ReLU": partial(ml.RNN, activation=ml.ReLU()),
        # Torch wants fewer projected units than units.
        "LSTMP": lambda D, H: ml.LSTMP(D, max(H, 2), projection_size=max(H, 2) - 1),
        "bidirectional LSTM": lambda D, H: ml.Bidirectional(ml.LSTM(D, H)),
        "two LSTMs": lambda D, H: ml.Stack([ml.LSTM(D, H), ml.LSTM(H, H)]),
        "two bidirectional GRUs": lambda D, H: ml.Stack(
            [ml.Bidirectional(ml.GRU(D, H)), ml.Bidirectional(ml.GRU(2 * H, H))]
        ),
    }
    for name, make in makers.items():
        kind = type(torch_modules.module_of(make(4, 3))).__name__
        yield Witnessed(name, make, Witness(f"torch.nn.{kind}", torch_modules.ask_module))


def _torch_cells() -> Iterator[Witnessed]:
    for kind, (name, step) in torch_cells.STEPS.items():
        witness = Witness(name, partial(ask_program, by_steps(step)))
        alone = kind in torch_cells.READS_H_ALONE
        yield Witnessed(kind.__name__, kind, witness, h_alone=alone)


def _jax_cells() -> Iterator[Witnessed]:
    for name, make, peer, step in jax_cells.STEPS:
        yield Witnessed(name, make, Witness(peer, partial(jax_cells.ask_step, step)))


WITNESSED = [*_torch_modules(), *_torch_cells(), *_jax_cells()]
