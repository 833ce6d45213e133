"""Counts what is compared with each peer, and prints the worst errors at the end of the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from reference.batch import BatchComparison

_COUNTED = pytest.StashKey["Tally"]()


@dataclass
class Agreement:
    """Problems compared with one peer, and for each result the two worst errors seen.

    The first in ulps of the result's largest entry; the second divided by 1 + p, p being how
    many of those ulps the result itself moves when its inputs move by one.
    """

    problems: int = 0
    worst: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, name: str, ulps: float, explained: float) -> None:
        before = self.worst.get(name, (0.0, 0.0))
        self.worst[name] = (max(before[0], ulps), max(before[1], explained))


class Tally:
    """The agreement of every pair of sides."""

    def __init__(self) -> None:
        self.pairs: defaultdict[str, Agreement] = defaultdict(Agreement)

    def add(self, pair: str, comparison: BatchComparison) -> None:
        agreement = self.pairs[pair]
        agreement.problems += comparison.eps.size
        for name, errors in comparison.errors.items():
            unit = comparison.eps * comparison.scales[name]
            ulps = np.divide(errors, unit, where=unit > 0, out=np.zeros_like(errors))
            agreement.add(name, ulps.max(), comparison.in_ulps(name).max())


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Collect errors over the whole run."""
    request.config.stash[_COUNTED] = counted = Tally()
    return counted


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how closely each peer agrees."""
    counted = config.stash.get(_COUNTED, None)
    if counted is None or not counted.pairs:
        return
    terminalreporter.section("agreement with peers, float64")
    terminalreporter.line(
        "Worst error in ulps of the result's largest entry (divided by 1 + p; 32 is allowed)"
    )
    for pair, agreement in counted.pairs.items():
        terminalreporter.line(f"{pair}: {agreement.problems:,} problems")
        for name, (ulps, explained) in sorted(agreement.worst.items()):
            terminalreporter.line(f"    {name:<11} {ulps:>9.1f} ({explained:.1f})")
