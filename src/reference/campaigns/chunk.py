"""One chunk of a campaign: what a worker is sent, does, and sends back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from reference.campaigns.tally import Failure, Tally
from reference.lane_check import can_have_lanes
from reference.load import load_cell
from reference.plan import BATCH, Plan, plan_for
from reference.subject import subject_of

# A worker may have threads; a cell that is traced sees another NumPy while it is, and so would any
# cell in another thread.
_ONE_AT_A_TIME = Lock()
LARGE = 4096  # problems in a chunk from which on the two compilations for lanes pay


@dataclass(frozen=True)
class Chunk:
    """A number of random problems for one cell; the problems follow from it.

    Parameters
    ----------
    cell : Cell, class of cells, or "FILE.py:NAME"
    cell_number, number : int
        Which cell of the campaign, and which chunk of that cell.
    first, count : int
        The number of its first problem, and how many problems.
    seed : int
        Of the campaign.
    """

    cell: Any
    cell_number: int
    number: int
    first: int
    count: int
    seed: int

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from every other chunk of its campaign."""
        return self.cell_number, self.number

    def __str__(self) -> str:
        last = self.first + self.count - 1
        return f"chunk {self.number} of cell {self.cell_number} (problems {self.first} to {last})"


@dataclass(frozen=True)
class Outcome:
    """What became of a chunk: problems compared, worst error of each result, failures."""

    compared: int
    worst: dict[str, float]
    failures: list[Failure]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Outcome:
        """Return what `to_json` was called on."""
        failures = [Failure(**failure) for failure in values["failures"]]
        return Outcome(values["compared"], values["worst"], failures)


def run_chunk(chunk: Chunk) -> Outcome:
    """Draw the problems of a chunk and compare them.

    A large chunk of a built-in class is drawn in lanes, but for one batch: that is run at sizes
    of all kinds, through `manual_lstm.forward`, as a control.
    """
    with _ONE_AT_A_TIME:
        return _run(chunk)


def _run(chunk: Chunk) -> Outcome:
    plan = plan_of(chunk.cell)
    rng = np.random.default_rng([chunk.seed, chunk.cell_number, chunk.number])
    tally = Tally(plan, rng)
    in_lanes = chunk.count >= LARGE and can_have_lanes(plan)
    batches = plan.batches(rng, first=chunk.number)
    while tally.compared < (BATCH if in_lanes else chunk.count):
        oracle, problems = next(batches)
        tally.add(problems[: chunk.count - tally.compared], oracle)
    turn = chunk.number
    while tally.compared < chunk.count:
        tally.add_lanes(turn % plan.subject.variants, chunk.count - tally.compared)
        turn += 1
    tally.look_again()
    failures = [replace(each, number=chunk.first + each.number) for each in tally.failures]
    return Outcome(tally.compared, tally.worst, sorted(failures, key=lambda each: each.number))


def plan_of(cell: Any) -> Plan:
    """Return the plan for a cell, made once in every worker if the cell can be a key."""
    return _kept_plan(cell) if isinstance(cell, Hashable) else _new_plan(cell)


def _new_plan(cell: Any) -> Plan:
    return plan_for(subject_of(load_cell(cell) if isinstance(cell, str) else cell))


_kept_plan = lru_cache(maxsize=64)(_new_plan)
