"""The backward of the layers: a stack, both directions with each merge, a path around."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from tests.mutation.cell_tasks import Setting
from tests.mutation.scenes import Scene, solved
from tests.mutation.subjects import Checks, Subject
from tests.mutation.theorem import Theorem
from tests.mutation.theorems import stated

from manual_lstm import RNN, Bidirectional, Layer, Residual, Stack
from manual_lstm.layers.merge import MERGES
from reference.oracles import JaxOracle
from reference.plan import BATCH, WIDEST
from reference.problem import Case
from reference.stacking import SameShape

# Small cells, because layers are asked about here and not what they are made of.
STACKS: tuple[Layer, ...] = (Stack([RNN(2, 3), RNN(3, 4)]),)
BIDIRECTIONAL: tuple[Layer, ...] = tuple(
    Bidirectional(RNN(2, 3), RNN(2, 4) if merge == "concat" else None, merge) for merge in MERGES
)
RESIDUAL: tuple[Layer, ...] = (Residual(RNN(3, 3)),)


@lru_cache
def scenes_of(layers: tuple[Layer, ...]) -> tuple[Scene, ...]:
    """Return the layers over sequences: ragged, whole and longest, index inputs, none at all."""
    scenes: tuple[Scene, ...] = ()
    for layer in layers:
        oracle = JaxOracle(SameShape(cell=layer, T=WIDEST.T, B=WIDEST.B), count=BATCH)
        scenes += solved(_settings(layer, T=5), oracle)
    return scenes


@lru_cache
def theorems_of(layers: tuple[Layer, ...]) -> tuple[Theorem, ...]:
    """Return that their backward is right, for the same kinds of sequences."""
    return stated(*(setting for layer in layers for setting in _settings(layer, T=3)))


def _settings(layer: Layer, T: int) -> list[Setting]:
    D = layer.sizes["D"]
    case = Case(T=T, B=4, D=D, ragged=False)
    settings = [
        Setting(layer, replace(case, B=3, seed=1), lengths=(T, 0, T - 1)),
        Setting(layer, replace(case, seed=2)),
        Setting(layer, replace(case, B=3, seed=3), lengths=(1, 2, 0)),  # nobody to the last step
        Setting(layer, replace(case, T=0, seed=4)),
    ]
    if not isinstance(layer, Residual):
        settings.append(Setting(layer, replace(case, index_inputs=True, seed=5)))
    return settings


def _subject(module: str, name: str, layers: tuple[Layer, ...]) -> Subject:
    return Subject(
        f"layers.{module}",
        name,
        Checks((lambda: scenes_of(layers),), (lambda: theorems_of(layers),)),
    )


LAYER_SUBJECTS = (
    _subject("stack", "Stack.run_backward", STACKS),
    _subject("bidirectional", "Bidirectional.run_backward", BIDIRECTIONAL),
    _subject("merge", "merge_backward", BIDIRECTIONAL),
    _subject("direction", "reverse", BIDIRECTIONAL),
    _subject("residual", "Residual.run_backward", RESIDUAL),
)
