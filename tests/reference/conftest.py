"""Counts what the property tests compare, and prints it at the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from reference.batch import BatchComparison

_COUNTED = pytest.StashKey["Tally"]()


class Tally:
    """Random problems compared with JAX, and the worst error of each gradient seen."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.worst: dict[str, float] = {}

    def add(self, kind: str, comparison: BatchComparison, count: int) -> None:
        self.cases[kind] += count
        for name in comparison.errors:
            worst = float(comparison.in_ulps(name).max(initial=0))
            self.worst[name] = max(self.worst.get(name, 0.0), worst)


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Collect counts over the whole run."""
    request.config.stash[_COUNTED] = counted = Tally()
    return counted


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many random problems were compared, and how closely they agreed."""
    counted = config.stash.get(_COUNTED, None)
    if counted is None or not counted.cases:
        return
    terminalreporter.section("gradients against JAX")
    for kind, count in counted.cases.items():
        terminalreporter.line(f"{count:>9,} random problems: {kind}")
    terminalreporter.line(
        "Worst error in units of (ε·largest entry + response to one-ulp changes); 32 is allowed:"
    )
    terminalreporter.line(
        ", ".join(f"{name} {worst:.1f}" for name, worst in sorted(counted.worst.items()))
    )
