"""What became of the mutants of each function, in plain values that can be kept in a file."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tests.mutation.campaign import Result, run
from tests.mutation.cell_subjects import cell_subjects
from tests.mutation.equivalent_cells import reason_for
from tests.mutation.layer_subjects import LAYER_SUBJECTS
from tests.mutation.mutator import Key
from tests.mutation.subjects import SUBJECTS, Subject


@dataclass(frozen=True)
class Summary:
    """One function.

    Parameters
    ----------
    name : str
    mutants, sampled, exact : int
        How many there are, and how many were caught by JAX alone and by the prover alone.
    raised : int
        Of those that JAX caught, how many raised or returned something of another shape.
    weakest : float
        The smallest error of the others, in multiples of what rounding explains.
    equivalent : list of (line, mutation, reason)
        Those that passed; the reason is "" where nobody has written one.
    kinds : dict
        Mutants by kind of mistake.
    seconds : dict
        Processor time by part.
    """

    name: str
    mutants: int
    sampled: int
    exact: int
    raised: int
    weakest: float
    equivalent: list[tuple[str, str, str]]
    kinds: dict[str, int]
    seconds: dict[str, float]

    @property
    def unexplained(self) -> list[str]:
        return [f"{line} → {mutation}" for line, mutation, why in self.equivalent if not why]


def all_subjects() -> list[Subject]:
    """Return every function in which mistakes are planted."""
    return [*SUBJECTS, *cell_subjects(), *LAYER_SUBJECTS]


def summary_of(result: Result) -> Summary:
    outcomes = result.outcomes
    return Summary(
        name=result.subject.function.__qualname__,
        mutants=len(outcomes),
        sampled=result.caught("sampled"),
        exact=result.caught("exact"),
        raised=int(sum(np.isinf(outcome.times) for outcome in outcomes)),
        weakest=float(result.weakest),
        equivalent=[
            (o.mutant.line, o.mutant.mutation, reason_for(o.mutant.key) or "")
            for o in result.survivors
        ],
        kinds=dict(Counter(o.mutant.operator for o in outcomes)),
        seconds=result.seconds,
    )


def measure(
    subjects: Sequence[Subject], tell: Callable[[str], None], processes: int | None = None
) -> list[Summary]:
    """Try all mutants of the functions, one function a process."""
    names = [subject.name for subject in subjects]
    processes = processes or os.cpu_count() or 1
    # Fresh interpreters: JAX has threads, which a fork would leave behind.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        done = []
        for name, summary in zip(names, pool.map(_measured, names), strict=True):
            done.append(summary)
            tell(f"{len(done)}/{len(names)}: {name}")
    return done


def _measured(name: str) -> Summary:
    (subject,) = (subject for subject in all_subjects() if subject.name == name)
    return summary_of(run(subject))


def save(summaries: list[Summary], path: Path) -> None:
    path.write_text(json.dumps([asdict(summary) for summary in summaries], indent=1) + "\n")


def load(path: Path) -> list[Summary]:
    """Return what was saved, with the reasons as they are written today."""
    summaries = []
    for entry in json.loads(path.read_text()):
        survivors = [(line, mutation) for line, mutation, _ in entry["equivalent"]]
        entry["equivalent"] = [
            (*survivor, reason_for(Key(entry["name"], *survivor)) or "") for survivor in survivors
        ]
        summaries.append(Summary(**entry))
    return summaries
