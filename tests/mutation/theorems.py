"""What the exact prover is asked: true of the right program, and of no mutant."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from tests.mutation.cell_tasks import Setting
from tests.mutation.model_tasks import draw_logits, draw_text
from tests.mutation.theorem import Theorem

from manual_lstm import LSTM
from reference.problem import Case

# A refutation at the smallest sizes is a refutation. What survives meets larger ones.
SMALL = Case(T=1, B=2, D=1, H=1, ragged=False)


@lru_cache
def step_theorems() -> tuple[Theorem, ...]:
    """Return one step: with and without a bias, for dense and index inputs."""
    larger = replace(SMALL, B=2, D=3, H=2)
    indices = replace(SMALL, B=4, D=3, index_inputs=True)
    return stated(
        Setting(LSTM(1, 1), SMALL, alone=True),
        Setting(LSTM(3, 1, bias=False), indices, alone=True),
        Setting(LSTM(3, 2), larger, alone=True),
    )


@lru_cache
def sequence_theorems() -> tuple[Theorem, ...]:
    """Return sequences: ragged, with index inputs, other containers, cotangents left out."""
    case = replace(SMALL, T=3, B=2, D=2)
    cell = LSTM(2, 1)
    ragged = Setting(cell, replace(case, B=3), lengths=(2, 0, 1))  # nobody lives to the last step
    two_steps = replace(case, T=2)
    settings = [
        ragged,
        *(Setting(cell, two_steps, container=name) for name in ("dict", "tuple", "fields")),
        Setting(cell, case),
        Setting(LSTM(3, 1, bias=False), replace(case, D=3, index_inputs=True)),
        replace(ragged, omit=True),
        Setting(cell, replace(case, T=0)),
        Setting(LSTM(3, 2), replace(case, B=4, D=3, H=2)),
    ]
    return stated(*settings)


def stated(*settings: Setting) -> tuple[Theorem, ...]:
    """Return the theorems that the backward is right in these settings."""
    return tuple(Theorem(setting.task()) for setting in settings)


@lru_cache
def char_lm_theorems() -> tuple[Theorem, ...]:
    """Return the character model: either of T and B larger, both reductions, a cotangent."""
    wide, long = draw_text(2, 3, 4, 1, seed=0), draw_text(3, 2, 4, 1, seed=1)
    return Theorem(wide), Theorem(replace(long, dloss=3, reduction="sum"))


@lru_cache
def cross_entropy_theorems() -> tuple[Theorem, ...]:
    """Return the loss alone: logits of one and three axes."""
    logits, vector = draw_logits((3, 2, 4), seed=0), draw_logits((3,), seed=1)
    return Theorem(logits), Theorem(replace(vector, reduction="sum", dloss=-3))
