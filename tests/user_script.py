"""What a user may write, for a strict type checker: every public entry, and the types it gives.

`make lint` lets pyright read it in strict mode, and tests/test_user_script.py runs it.
"""
# pyright: strict

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from numpy.typing import DTypeLike, NDArray

import manual_lstm as ml
from reference import Problem, check, check_estimate, debug
from reference.pytest_plugin import assert_backward
from reference.strategies import cells, problems

Array = NDArray[Any]


def gradients_of_a_sequence() -> Array:
    rng = np.random.default_rng(0)
    cell = ml.LSTM(input_size=3, hidden_size=4)
    params = cell.init_params(rng)
    xs = rng.normal(size=(5, 2, 3))
    hs, state_T, tape = ml.forward(cell, params, xs, lengths=np.array([5, 3]))
    final: Array = state_T.c
    gradients = ml.backward(tape, dhs=hs)
    stepped = params._replace(W_h=params.W_h - 0.1 * gradients.params.W_h)
    state, cache = cell.step(stepped, cell.init_state(2), xs[0])
    dparams, dstate_prev, dx = cell.step_backward(stepped, cache, state)
    assert dx is not None
    print(dparams.W_x.shape, dstate_prev.h.shape, dx.shape, final.shape)
    return hs


def layers() -> None:
    model = ml.Stack((ml.Bidirectional(ml.GRU(3, 5)), ml.GRU(10, 5)))
    params = model.init_params(np.random.default_rng(0), np.float32)
    hs, _, tape = ml.forward(model, params, np.ones((4, 2, 3), np.float32))
    print(ml.backward(tape, hs).xs)
    print(ml.layouts.to_torch(params)["weight_ih_l0"].shape)


def character_model() -> None:
    model = ml.CharLM(vocab_size=7, hidden_size=4)
    params = model.init_params(np.random.default_rng(0))
    indices = np.zeros((5, 2), np.int64)
    loss, _, tape = model.forward(params, indices, indices)
    print(loss, model.backward(tape).params)


class LeakyParams(NamedTuple):
    W: Array


class LeakyState(NamedTuple):
    h: Array


class LeakyCache(NamedTuple):
    x: Array
    h: Array


@dataclass(frozen=True)
class Leaky:
    """A cell of somebody's own."""

    input_size: int
    hidden_size: int

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> LeakyParams:
        return LeakyParams(rng.normal(size=(self.input_size, self.hidden_size)).astype(dtype))

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> LeakyState:
        return LeakyState(np.zeros((batch_size, self.hidden_size), dtype))

    def step(
        self, params: LeakyParams, state: LeakyState, x: Array
    ) -> tuple[LeakyState, LeakyCache]:
        h = np.tanh(x @ params.W + 0.5 * state.h)
        return LeakyState(h), LeakyCache(x, h)

    def step_backward(
        self, params: LeakyParams, cache: LeakyCache, dstate: LeakyState
    ) -> tuple[LeakyParams, LeakyState, Array | None]:
        dz = dstate.h * (1 - cache.h**2)
        return LeakyParams(cache.x.T @ dz), LeakyState(0.5 * dz), dz @ params.W.T


def loss(params: Mapping[str, Array], inputs: Mapping[str, Array]) -> float:
    return float(np.tanh(inputs["x"] @ params["W"]).sum())


def backward(params: Mapping[str, Array], inputs: Mapping[str, Array]) -> dict[str, Array]:
    slope = 1 - np.tanh(inputs["x"] @ params["W"]) ** 2
    return {"W": inputs["x"].T @ slope}


def verdicts(params: dict[str, Array], inputs: dict[str, Array]) -> None:
    cell: ml.Cell[LeakyParams, LeakyState] = Leaky(3, 4)
    report = check(cell, cases=16)
    print(report.verdict, [mismatch.name for mismatch in report.mismatches])
    report.raise_if_wrong()
    diagnosis = debug(loss, backward, params, inputs, seconds=5)
    for suspect in diagnosis.suspects:
        print(suspect.file, suspect.line, suspect.should_be)
    for fix in diagnosis.fixes:
        print(fix.diff, fix.apply_to(Path(fix.edits[0].file).read_text()))
    print(diagnosis.wrong, diagnosis.to_json())
    print(check_estimate(loss, params, backward(params, inputs), inputs))
    assert assert_backward(loss, backward, params, inputs).verdict == "right"


@settings(max_examples=5)
@given(problems(ml.LSTM, max_T=4))
def drawn(problem: Problem) -> None:
    hs, _, gradients = problem.manual()
    print(hs.shape, gradients.params, cells())
