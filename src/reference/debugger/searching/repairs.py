"""What a search keeps: edits that were accepted one after the other, and complete repairs."""

from __future__ import annotations

from dataclasses import dataclass

from reference.debugger.repair import Place, Rewrite
from reference.debugger.running.program import Program


@dataclass
class Step:
    """An edit that was accepted, and what was known when it was."""

    rewrite: Rewrite
    texts: dict[str, str]  # before the edit
    times: tuple[tuple[int, ...], tuple[int, ...]]  # where it changes a value; all there are
    telling: bool = True  # whether it makes whole outputs right, or gives just the value wanted


_LEFT_WRONG = 1.0  # what a repair costs more, as long as others are looked for, with which some are
_SPOILT = 0.4  # what it costs to make numbers wrong that another repair leaves right

Ranked = tuple[tuple[float, ...], Rewrite]
Weighed = tuple[Place, float]


@dataclass
class Found:
    """A complete repair: the texts of all files, and the steps that led there."""

    texts: dict[str, str]
    steps: list[Step]
    cost: float
    wrong: int = 0  # how many values of the backward are, once it is made, no adjoint of the loss
    favour: float = 0.0  # what of its cost is taken off for the adjoint that it makes


def least_cost(several: list[Found]) -> float:
    """Return what the best repair costs, more where numbers are wrong with it."""
    return min(found.cost + (_LEFT_WRONG if found.wrong else 0.0) for found in several)


def made_of(steps: list[Step], program: Program) -> Found:
    """Return the repair of edits after the last of which the program, as it stands, is right."""
    texts = program.texts
    return Found(texts, list(steps), max(step.rewrite.cost for step in steps))


def likeliest(several: list[Found]) -> Found:
    """Return the best repair; those by which more numbers than need be are wrong cost more.

    An adjoint that is made of numbers which are none speaks for no repair.
    """
    least = min(found.wrong for found in several)
    for found in several:
        if found.wrong > least:
            found.cost += _SPOILT + found.favour
            found.wrong, found.favour = least, 0.0
    return min(several, key=lambda found: found.cost)
