"""What mistakes are planted in, and the checks that have to see them. A new cell is one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.mutation import scenes, theorems
from tests.mutation.package_copy import in_copy
from tests.mutation.scenes import Scene
from tests.mutation.theorem import Theorem


@dataclass(frozen=True)
class Checks:
    """Tasks for the sampled comparison and statements for the prover, made when asked for."""

    sampled: tuple[Callable[[], tuple[Scene, ...]], ...]
    exact: tuple[Callable[[], tuple[Theorem, ...]], ...]

    @property
    def scenes(self) -> list[Scene]:
        return [scene for make in self.sampled for scene in make()]

    @property
    def theorems(self) -> list[Theorem]:
        return [theorem for make in self.exact for theorem in make()]


SEQUENCE = Checks((scenes.sequence_scenes,), (theorems.sequence_theorems,))
STEP = Checks(
    (scenes.step_scenes, scenes.sequence_scenes),
    (theorems.step_theorems, theorems.sequence_theorems),
)
CROSS_ENTROPY = Checks((scenes.cross_entropy_scenes,), (theorems.cross_entropy_theorems,))
CHAR_LM = Checks((scenes.char_lm_scenes,), (theorems.char_lm_theorems,))


@dataclass(frozen=True)
class Subject:
    """A function of a hand-written backward: where ``manual_lstm`` defines it, and its checks."""

    module: str
    name: str
    checks: Checks

    @property
    def function(self) -> Any:
        return in_copy(self.module, self.name)


SUBJECTS = (
    Subject("cells.lstm", "LSTM.step_backward", STEP),
    Subject("input_product", "input_product_backward", STEP),
    Subject("gate_blocks", "join_gates", STEP),
    Subject("steps", "Steps.run_backward", SEQUENCE),
    Subject("trees", "zeros_like", SEQUENCE),
    Subject("trees", "accumulate", SEQUENCE),
    Subject("trees", "take_rows", SEQUENCE),
    Subject("trees", "put_rows", SEQUENCE),
    Subject("trees", "output_of", SEQUENCE),
    Subject("trees", "with_output", SEQUENCE),
    Subject("losses", "softmax_cross_entropy_backward", CROSS_ENTROPY),
    Subject("char_lm", "CharLM.backward", CHAR_LM),
)
