"""What mistakes are planted in, and the checks that have to see them. A new cell is one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.mutation import scenes
from tests.mutation.package_copy import in_copy
from tests.mutation.scenes import Scene


@dataclass(frozen=True)
class Subject:
    """A hand-written backward.

    Parameters
    ----------
    module, name : str
        Where it is defined in ``manual_lstm``.
    scenes : tuple of callables
        Each returns problems that JAX has solved.
    """

    module: str
    name: str
    scenes: tuple[Callable[[], tuple[Scene, ...]], ...] = (scenes.sequence_scenes,)

    @property
    def function(self) -> Any:
        return in_copy(self.module, self.name)

    @property
    def all_scenes(self) -> list[Scene]:
        return [scene for make in self.scenes for scene in make()]


STEP = (scenes.step_scenes, scenes.sequence_scenes)

SUBJECTS = (
    Subject("cells.lstm", "LSTM.step_backward", STEP),
    Subject("input_product", "input_product_backward", STEP),
    Subject("gate_blocks", "join_gates", STEP),
    Subject("sequence", "backward"),
    Subject("trees", "zeros_like"),
    Subject("trees", "accumulate"),
    Subject("trees", "take_rows"),
    Subject("trees", "put_rows"),
    Subject("trees", "output_of"),
    Subject("trees", "with_output"),
    Subject("losses", "softmax_cross_entropy_backward", (scenes.cross_entropy_scenes,)),
    Subject("char_lm", "CharLM.backward", (scenes.char_lm_scenes,)),
)
