"""Many random problems for many cells, spread over any ``concurrent.futures.Executor``.

A campaign is cut into chunks, each a cell, a number and a count: every problem in it follows from
those and the seed, so a chunk gives the same answer wherever and however often it is computed. A
chunk whose worker was lost is handed out again, and its answer is counted by its number, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from manual_lstm import checks
from reference.campaigns.chunk import Chunk, Outcome, plan_of, run_chunk
from reference.campaigns.handing_out import computed
from reference.campaigns.journal import Journal, Key, Undertaking, source_of
from reference.campaigns.tally import Failure

_CHUNK = 512
_LARGE_CHUNK = 8192
_MANY = 40_000
_ENOUGH = 100  # failures after which no more of a cell is handed out

Progress = Callable[[int, int], None]


@dataclass
class CellResult:
    """What a campaign found of one cell.

    Parameters
    ----------
    name : str
    compared : int
        Random problems that were compared, each once.
    worst : dict
        Result name to the worst error seen, in the units of `Report.worst`: 32 is allowed.
    failures : list of Failure
        Every problem that failed, with its seed.
    """

    name: str
    compared: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The verdict "right", "wrong" or "inconclusive".

        Wrong if on any failure the oracles agreed with each other against the cell.
        """
        if any(failure.accused for failure in self.failures):
            return "wrong"
        return "inconclusive" if self.failures or not self.compared else "right"

    def add(self, outcome: Outcome) -> None:
        """Count the outcome of one chunk."""
        self.compared += outcome.compared
        self.failures += outcome.failures
        for name, worst in outcome.worst.items():
            self.worst[name] = max(self.worst.get(name, 0.0), worst)


@dataclass(frozen=True)
class CampaignResult:
    """What a campaign found, cell by cell.

    Parameters
    ----------
    cells : tuple of CellResult
    seed : int
    seconds : float
        Of this run; what a journal already held took none.
    """

    cells: tuple[CellResult, ...]
    seed: int
    seconds: float

    @property
    def compared(self) -> int:
        """All random problems that were compared."""
        return sum(cell.compared for cell in self.cells)

    @property
    def failures(self) -> list[Failure]:
        """Every problem that failed."""
        return [failure for cell in self.cells for failure in cell.failures]

    def __str__(self) -> str:
        lines = []
        for cell in self.cells:
            worst = max(cell.worst.values(), default=0.0)
            lines.append(
                f"{cell.name}: {cell.verdict}; {cell.compared:,} random problems, "
                f"{len(cell.failures):,} failures, worst error {worst:.1f} of 32 allowed"
            )
            lines += [f"  {failure}" for failure in cell.failures[:10]]
            if len(cell.failures) > 10:
                lines.append(f"  and {len(cell.failures) - 10:,} more")
        return "\n".join(lines)


def campaign(
    cells: Sequence[Any],
    cases: int,
    executor: Executor | None = None,
    *,
    seed: int = 0,
    journal: Path | str | None = None,
    progress: Progress | None = None,
    chunk: int | None = None,
) -> CampaignResult:
    """Compare cells with their oracles on many random problems.

    Parameters
    ----------
    cells : sequence of Cell, class of cells, or str
        As for `reference.check`; a str is ``"FILE.py:NAME"``, which every worker loads itself.
    cases : int
        Random problems for each cell.
    executor : concurrent.futures.Executor, optional
        Who computes: such as a ``ProcessPoolExecutor``, or Dask's ``Client.get_executor()``. Not
        given, this process does.
    seed : int, default 0
        The same seed draws the same problems, whoever computes them.
    journal : path, optional
        File that outcomes are appended to as they come. One that is already there is continued:
        what it holds is not computed again.
    progress : callable, optional
        Called with (problems done, problems in all).
    chunk : int, optional
        Problems that are handed out together: a second of work or so. From 4096 on, built-in
        classes are run in lanes (`reference.lanes`), many times faster; so they are, by default,
        where `cases` are enough for the compilations that it takes.

    Returns
    -------
    CampaignResult

    Raises
    ------
    ValueError
        If the journal is of another campaign, or no journal at all.
    WorkLostError
        If the workers on one chunk are lost, or fail, four times. The journal holds the rest.

    Notes
    -----
    No more of a cell is handed out after 100 failures: ``compared`` says how far it came.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> result = campaign([ml.LSTM, ml.LSTM(2, 3, bias=False)], cases=100)
    >>> [(cell.verdict, cell.compared) for cell in result.cells]
    [('right', 100), ('right', 100)]
    """
    started = time.perf_counter()
    checks.positive_int("cases", cases)
    if chunk is None:
        chunk = _LARGE_CHUNK if cases >= _MANY else _CHUNK
    checks.positive_int("chunk", chunk)
    results = [CellResult(plan_of(cell).subject.name) for cell in cells]
    total = cases * len(results)
    done: set[Key] = set()

    def count(key: Key, outcome: Outcome) -> None:
        if key in done:
            return
        done.add(key)
        results[key[0]].add(outcome)
        if progress is not None:
            progress(sum(result.compared for result in results), total)

    names = [
        f"{result.name} {source_of(cell)}" for result, cell in zip(results, cells, strict=True)
    ]
    undertaking = Undertaking(names, cases, seed, chunk)
    with Journal(journal, undertaking) as kept:
        for key, outcome in kept.outcomes.items():
            count(key, outcome)
        waiting = (
            each
            for each in chunks_of(cells, cases, seed, chunk)
            if each.key not in done and len(results[each.cell_number].failures) < _ENOUGH
        )
        for done_now, outcome in computed(run_chunk, waiting, executor):
            kept.append(done_now.key, outcome)
            count(done_now.key, outcome)
    for result in results:
        result.failures.sort(key=lambda failure: failure.number)
    return CampaignResult(tuple(results), seed, time.perf_counter() - started)


def chunks_of(cells: Sequence[Any], cases: int, seed: int, size: int) -> Iterator[Chunk]:
    """Yield the chunks of a campaign, every cell's first before any cell's second."""
    for number, first in enumerate(range(0, cases, size)):
        for cell_number, cell in enumerate(cells):
            yield Chunk(cell, cell_number, number, first, min(size, cases - first), seed)
