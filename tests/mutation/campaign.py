"""Plant every mutant of a function and ask both judges, each without the other."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from tests.mutation.equivalent import entry_of
from tests.mutation.mutator import EVERY, Key, Mutant, Share, mutants_of, planted
from tests.mutation.scenes import first_caught
from tests.mutation.subjects import Subject
from tests.mutation.theorem import Answer, first_refuted

# One that runs longer than this hangs, and counts as caught.
SECONDS_PER_MUTANT = 20


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Parameters
    ----------
    mutant : Mutant
    times : float
        Its error by the sampled comparison, in multiples of what rounding explains; 0 where no
        scene caught it, infinity where it raised or returned something else than numbers.
    answer : str
        What the exact prover said.
    """

    mutant: Mutant
    times: float
    answer: Answer

    @property
    def survivor_of(self) -> list[str]:
        """The judges that it passed."""
        passed = {"sampled": self.times == 0, "exact": self.answer in ("proved", "undecided")}
        return [judge for judge, survived in passed.items() if survived]


@dataclass
class Result:
    """What became of all mutants of a function, and the processor seconds that each judge took."""

    subject: Subject
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def caught(self, judge: str) -> int:
        """Return the number of mutants that a judge ("sampled" or "exact") has caught."""
        return sum(judge not in outcome.survivor_of for outcome in self.outcomes)

    @property
    def survivors(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.survivor_of]

    @property
    def entries(self) -> set[Key]:
        """The entries of `equivalent` that excuse a survivor."""
        found = (entry_of(outcome.mutant.key) for outcome in self.survivors)
        return {key for key in found if key is not None}

    @property
    def weakest(self) -> float:
        """The smallest error at which a mutant was caught, in multiples of the bound."""
        return min((o.times for o in self.outcomes if o.times), default=np.inf)


def run(subject: Subject, share: Share = EVERY) -> Result:
    """Ask both judges about the mutants of a function, and about the function as it is."""
    result = Result(subject)
    with _quiet(), _timed(result, "references"):
        for scene in subject.checks.scenes:
            times = scene.times(partial(planted, subject.function, None))
            assert times <= 1, f"the right program differs from JAX: {scene.task}"
    with _quiet(), _timed(result, "proofs of the right program"):
        for theorem in subject.checks.theorems:
            assert theorem.answer() == "proved", f"not proved: {theorem.task}"
    with _timed(result, "mutants"):
        mutants = mutants_of(subject.function, share)
    with _quiet(), _timed(result, "sampled"):
        times = [_boxed(first_caught, np.inf, subject.checks.scenes, subject, m) for m in mutants]
    with _quiet(), _timed(result, "exact"):
        answers = [
            _boxed(first_refuted, "raises", subject.checks.theorems, subject, m) for m in mutants
        ]
    result.outcomes = list(map(Outcome, mutants, times, answers))
    return result


def _boxed(judge: Any, if_late: Any, checks: Any, subject: Subject, mutant: Mutant) -> Any:
    """Ask a judge about a mutant that may never come back."""
    try:
        with _alarm(SECONDS_PER_MUTANT):
            return judge(checks, partial(planted, subject.function, mutant))
    except TimeoutError:
        return if_late


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _timed(result: Result, part: str) -> Iterator[None]:
    started = time.process_time()  # of all threads, and not of the neighbours
    yield
    result.seconds[part] = time.process_time() - started


@contextmanager
def _quiet() -> Iterator[None]:
    """Let mutants overflow and divide by zero in silence: they are judged by their results."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
