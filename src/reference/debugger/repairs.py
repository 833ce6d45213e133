"""What a search keeps: edits that were accepted one after the other, and complete repairs."""

from __future__ import annotations

from dataclasses import dataclass

from reference.debugger.program import Program
from reference.debugger.repair import Place, Rewrite


@dataclass
class Step:
    """An edit that was accepted, and what was known when it was."""

    rewrite: Rewrite
    texts: dict[str, str]  # before the edit
    times: tuple[tuple[int, ...], tuple[int, ...]]  # where it changes a value; all there are
    telling: bool = True  # whether it makes whole outputs right, or gives just the value wanted


Ranked = tuple[tuple[float, ...], Rewrite]
Weighed = tuple[Place, float]


@dataclass
class Found:
    """A complete repair: the texts of all files, and the steps that led there."""

    texts: dict[str, str]
    steps: list[Step]
    cost: float


def made_of(steps: list[Step], program: Program) -> Found:
    """Return the repair of edits after the last of which the program, as it stands, is right."""
    texts = {file: source.text for file, source in program.sources.items()}
    return Found(texts, list(steps), max(step.rewrite.cost for step in steps))
